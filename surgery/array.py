"""Several electrodes at once: candidates of each target, a choice with proof, all of it scored."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy.errors import TwinError
from anatomy.geometry import Floats, Point, point
from surgery import seeg
from surgery.assess import assess
from surgery.candidates import feasible_paths
from surgery.delivery import delivery
from surgery.device import Device
from surgery.plan import PlanError
from surgery.planner import Scored, scored
from surgery.search import binding_of, different
from surgery.spacing import below_bolt
from surgery.station import Station
from surgery.threads import Tell, silent
from surgery.tolerance import Scatter

CANDIDATES = 200
"""House value: of each electrode."""
DIFFERENT_MM = 3.0
"""House value: candidates of one electrode differ by this at entry or target."""
TRIES = 30
"""House value: choices that are assessed before the search gives up."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Array:
    """The electrodes chosen, or why there is no choice."""

    examined: int
    feasible: int
    choice: seeg.Choice | None = None
    """None where one target has no feasible path at all."""
    scored: Scored | None = None
    turned_down: int = 0
    """Candidates that the exact distances turned down after they had been chosen."""
    binding: str | None = None
    """Where there is no choice: what stands in the way."""

    def told(self) -> dict[str, Any]:
        """What the choice says of itself, without its plan; JSON-ready."""
        return {
            "candidates_examined": self.examined,
            "feasible": self.feasible,
            "turned_down": self.turned_down,
            "binding": self.binding,
            "choice": self.choice.sentence if self.choice else None,
        }


@dataclass(frozen=True, eq=False)
class _Electrode:
    """The candidates to one target: entries and targets [mm], (n, 3), and what is chosen from."""

    entries_mm: Floats
    targets_mm: Floats
    group: seeg.Group

    def take(self, kept: NDArray[np.bool_]) -> "_Electrode":
        """Only some of them."""
        shafts = self.group
        left = replace(
            shafts, entries_mm=shafts.entries_mm[kept], targets_mm=shafts.targets_mm[kept],
            costs=shafts.costs[kept],
        )  # fmt: skip
        return _Electrode(self.entries_mm[kept], self.targets_mm[kept], left)

    def ends_mm(self, candidate: int) -> tuple[Point, Point]:
        return point(self.entries_mm[candidate]), point(self.targets_mm[candidate])


def array_for(
    station: Station, device: Device, targets_mm: Mapping[str, Floats], *, way: str, seed: int,
    tell: Tell = silent,
) -> Array:  # fmt: skip
    """The cheapest electrodes to all targets that keep every hard limit and each other's distance.

    Each electrode takes one of CANDIDATES feasible paths; the choice is proven (surgery.seeg), then
    assessed as one plan; a path that an exact distance rejects leaves, and the choice is made anew.
    The limits and weights are those of the station's profile.
    """
    station.admit(device)
    asked = station.asked
    if len(targets_mm) > asked.most_placements:
        raise PlanError(
            f"{asked.title} takes at most {asked.most_placements} placements, and "
            f"{len(targets_mm)} targets are given."
        )
    ground, entries, reach = station.ground, station.entries, station.reach(device)
    scatter = Scatter.of(delivery(way))
    so_far = Array(examined=0, feasible=0)
    electrodes = []
    for number, (name, places) in enumerate(targets_mm.items()):
        tell(number / (len(targets_mm) + 1), f"Paths to {name} are looked at.")
        kept, counts = feasible_paths(ground, entries, places, reach=reach, scatter=scatter)
        so_far = replace(
            so_far, examined=so_far.examined + len(entries) * len(places),
            feasible=so_far.feasible + counts["feasible"],
        )  # fmt: skip
        if not counts["feasible"]:
            why = binding_of(ground, entries, places, reach).sentence
            return replace(so_far, binding=f"{name}: {why}")
        picked = kept.take(
            different(kept, entries, places, apart_mm=DIFFERENT_MM, wanted=CANDIDATES)
        )
        starts, ends = entries.points_mm[picked.entry], places[picked.target]
        electrodes.append(_electrode(station, device, name, starts, ends, picked.cost))
    tell(len(targets_mm) / (len(targets_mm) + 1), "Electrodes are chosen that keep apart.")
    return _chosen(station, device, electrodes, so_far, way, seed)


def _electrode(
    station: Station, device: Device, name: str, entries_mm: Floats, targets_mm: Floats,
    costs: Floats,
) -> _Electrode:  # fmt: skip
    """Candidates with the part of their shafts that must keep apart; without those that have
    none, as a path through an open part of the skull."""
    deep, kept = [], np.ones(len(costs), bool)
    for n, (entry, target) in enumerate(zip(entries_mm, targets_mm, strict=True)):
        try:
            one = station.placement(device, point(entry), point(target))
            deep.append(below_bolt(station.scene, one))
        except TwinError:
            kept[n] = False
    shafts = np.array(deep).reshape(-1, 2, 3)
    group = seeg.Group(
        name=name, entries_mm=shafts[:, 0], targets_mm=shafts[:, 1], costs=costs[kept]
    )
    return _Electrode(entries_mm[kept], targets_mm[kept], group)


def _chosen(
    station: Station, device: Device, electrodes: list[_Electrode], so_far: Array, way: str,
    seed: int,
) -> Array:  # fmt: skip
    asked, scene = station.asked, station.scene
    apart = [m.limit.hard_low for m in asked.metrics if m.id == "electrode_spacing"]
    apart_mm = next((bound for bound in apart if bound is not None), seeg.APART_MM)
    for _ in range(TRIES):
        choice = seeg.choose([one.group for one in electrodes], apart_mm=apart_mm)
        so_far = replace(so_far, choice=choice)
        if choice.chosen is None:
            return replace(so_far, binding=choice.sentence)
        ends = [one.ends_mm(n) for one, n in zip(electrodes, choice.chosen, strict=True)]
        plan = station.plan(device, *ends, way=way, id=f"{asked.id}-1")
        made = assess(scene, plan, seed=seed)
        if made.verdict != "rejected":
            return replace(so_far, scored=scored(station, plan, seed=seed), binding=None)
        so_far = replace(so_far, binding=made.sentence)
        bad = {veto.placement for veto in made.vetoes if veto.placement is not None}
        if not bad or any(len(electrodes[n].group.costs) == 1 for n in bad):
            break
        for n in bad:
            kept = np.arange(len(electrodes[n].group.costs)) != choice.chosen[n]
            electrodes[n] = electrodes[n].take(kept)
        so_far = replace(so_far, turned_down=so_far.turned_down + len(bad))
    return so_far
