"""Several electrodes at once: candidates of each target, a choice with proof, all of it scored."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from anatomy.geometry import Floats, point
from surgery import seeg
from surgery.assess import assess
from surgery.candidates import feasible_paths
from surgery.device import Device
from surgery.limits import Reach
from surgery.plan import Plan, PlanError
from surgery.planner import entries_of, ground_of, placement, reach_of, scatter_of
from surgery.procedure import Procedure
from surgery.profile import DEFAULT, under
from surgery.scene import Scene
from surgery.score import Assessment
from surgery.search import binding_of, different

CANDIDATES = 200
"""House value: of each electrode."""
APART_MM = 3.0
"""House value: candidates of one electrode differ by this at entry or target."""
TRIES = 30
"""House value: choices that are assessed before the search gives up."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Array:
    """The electrodes chosen, or why there is no choice."""

    examined: int
    feasible: int
    choice: seeg.Choice | None
    """None where one target has no feasible path at all."""
    plan: Plan | None
    assessment: Assessment | None
    turned_down: int
    """Candidates that the exact distances turned down after they had been chosen."""
    binding: str | None


def array_for(
    scene: Scene, asked: Procedure, device: Device, targets_mm: Mapping[str, Floats], *,
    way: str, seed: int, profile: str = DEFAULT,
) -> Array:  # fmt: skip
    """The cheapest electrodes to all targets that keep every hard limit and each other's distance.

    Each electrode takes one of CANDIDATES feasible paths; the choice is proven (surgery.seeg), then
    assessed as one plan; a path that an exact distance rejects leaves, and the choice is made anew.
    The limits and weights are those of the profile.
    """
    asked = under(asked, profile)
    if len(targets_mm) > asked.most_placements:
        raise PlanError(
            f"{asked.title} takes at most {asked.most_placements} placements, and "
            f"{len(targets_mm)} targets are given."
        )
    ground, entries = ground_of(scene, asked), entries_of(scene)
    reach: Reach = reach_of(asked, device)
    examined = feasible = 0
    groups: list[seeg.Group] = []
    for name, places in targets_mm.items():
        kept, counts = feasible_paths(ground, entries, places, reach=reach, scatter=scatter_of(way))
        examined, feasible = examined + len(entries) * len(places), feasible + counts["feasible"]
        if not counts["feasible"]:
            why = binding_of(ground, entries, places, reach).sentence
            return Array(
                examined=examined, feasible=feasible, choice=None, plan=None, assessment=None,
                turned_down=0, binding=f"{name}: {why}",
            )  # fmt: skip
        picked = kept.take(different(kept, entries, places, apart_mm=APART_MM, wanted=CANDIDATES))
        groups.append(
            seeg.Group(
                name=name, entries_mm=entries.points_mm[picked.entry],
                targets_mm=places[picked.target], costs=picked.cost,
            )
        )  # fmt: skip
    return _chosen(scene, asked, device, groups, way, seed, profile, examined, feasible)


def _chosen(
    scene: Scene, asked: Procedure, device: Device, groups: list[seeg.Group], way: str,
    seed: int, profile: str, examined: int, feasible: int,
) -> Array:  # fmt: skip
    apart = [m.limit.hard_low for m in asked.metrics if m.id == "electrode_spacing"]
    apart_mm = next((bound for bound in apart if bound is not None), seeg.APART_MM)
    turned_down, binding = 0, None
    choice: seeg.Choice | None = None
    for _ in range(TRIES):
        choice = seeg.choose(groups, apart_mm=apart_mm)
        if choice.chosen is None:
            binding = choice.sentence
            break
        ends = [
            (point(group.entries_mm[n]), point(group.targets_mm[n]))
            for group, n in zip(groups, choice.chosen, strict=True)
        ]
        frame = scene.anatomy.frame
        plan = Plan(
            id=f"{asked.id}-1", procedure=asked.id, anatomy=scene.digest,
            delivery=way, profile=profile,
            placements=tuple(placement(asked, device, *one, frame) for one in ends),
        )  # fmt: skip
        made = assess(scene, plan, seed=seed)
        if made.verdict != "rejected":
            return Array(
                examined=examined, feasible=feasible, choice=choice, plan=plan, assessment=made,
                turned_down=turned_down, binding=None,
            )  # fmt: skip
        bad = {veto.placement for veto in made.vetoes if veto.placement is not None}
        binding = made.sentence
        if not bad or any(len(groups[n].costs) == 1 for n in bad):
            break
        turned_down += len(bad)
        for n in bad:
            groups[n] = _without(groups[n], choice.chosen[n])
    return Array(
        examined=examined, feasible=feasible, choice=choice, plan=None, assessment=None,
        turned_down=turned_down, binding=binding,
    )  # fmt: skip


def _without(group: seeg.Group, candidate: int) -> seeg.Group:
    left = np.arange(len(group.costs)) != candidate
    return seeg.Group(
        name=group.name, entries_mm=group.entries_mm[left], targets_mm=group.targets_mm[left],
        costs=group.costs[left],
    )  # fmt: skip
