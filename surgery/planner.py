"""Plans for a procedure on one scene: the search's best paths, each scored and delivered."""

from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import ndimage

from anatomy.errors import GeometryError, TermError
from anatomy.geometry import Floats, Point
from anatomy.structure import mask_of
from surgery.assess import admit, assess
from surgery.delivery import delivery
from surgery.device import Device, devices
from surgery.metrics import bone_entry, shaft
from surgery.plan import Placement, Plan, PlanError
from surgery.procedure import Procedure
from surgery.scene import Scene
from surgery.score import Assessment
from surgery.search import Search, propose
from surgery.station import Station
from surgery.threads import Tell, silent
from surgery.tolerance import Aim, Deliveries, Scatter, deliveries

TARGETS = 60
"""House value: places tried inside a target structure."""
DEEP = 0.6
"""House value: a place inside a target lies at least this share of the greatest depth within."""
POOL = 4
"""House value: paths that are fully assessed for each one that is shown."""
SEARCHING = 0.7
"""About the share of the search in all the time; the rest is measured exactly."""
ORDER = {"accepted": 0, "incomplete": 1}
"""What is shown first: what could be judged whole."""


@dataclass(frozen=True, eq=False)
class Scored:
    """A plan with all its scores, and what became of it under its way of delivery."""

    plan: Plan
    assessment: Assessment
    deliveries: Deliveries | None = None
    """None where the plan is stale, or its procedure does not end in the brain."""

    def wire(self) -> dict[str, Any]:
        """JSON-ready. `tolerance` is that of the first placement."""
        made = self.assessment.wire()
        each = [one.wire() for one in self.deliveries.each] if self.deliveries else []
        return {
            "plan": self.plan.wire(),
            "digest": self.plan.digest,
            "verdict": made["verdict"],
            "sentence": made["sentence"],
            "total": made["total"],
            "vetoes": made["vetoes"],
            "gaps": made["gaps"],
            "metrics": made["scores"],
            "tolerance": each[0] if each else None,
            "tolerances": each,
            "any_hit": asdict(self.deliveries.any_hit) if self.deliveries else None,
            "engine": made["engine"],
            "seed": made["seed"],
        }


@dataclass(frozen=True, eq=False, kw_only=True)
class Proposal:
    """What a search found, the best first, each plan with all its scores."""

    search: Search
    plans: tuple[Scored, ...]
    turned_down: int
    """Certified by their clearances and still rejected by another hard limit."""
    binding: str | None
    """Where there is no plan: what stands in the way, and by how much."""

    def told(self) -> dict[str, Any]:
        """What the search says of itself, without its plans; JSON-ready."""
        return {
            "candidates_examined": self.search.examined,
            "feasible": self.search.feasible,
            "rejected_by": dict(self.search.rejected),
            "turned_down": self.search.refused + self.turned_down,
            "binding": self.binding,
        }


def default_device(asked: Procedure) -> Device:
    """The first device of the catalogue that the procedure takes; raises PlanError."""
    fit = [one for one in devices().values() if one.kind in asked.devices]
    if not fit:
        raise PlanError(f"The catalogue holds no device for {asked.title}.")
    return fit[0]


def targets_in(scene: Scene, structure: str, *, most: int = TARGETS) -> Floats:
    """Places (n, 3) [mm] deep inside a structure's voxels, spread evenly; raises TermError."""
    found = scene.find(structure)
    if not found:
        held = ", ".join(one.id for one in scene.anatomy)
        raise TermError(f"There is no {structure} in this twin; it holds {held}.")
    solid = np.logical_or.reduce([mask_of(scene.labelmap, one.id) for one in found])
    grid = scene.labelmap.grid
    (box,) = ndimage.find_objects(solid.astype(np.uint8))
    inner = np.pad(solid[box], 1)
    depth = ndimage.distance_transform_edt(inner, sampling=grid.spacing_mm)[1:-1, 1:-1, 1:-1]
    at = np.argwhere(depth >= max(DEEP * depth.max(), 1e-6)) + [one.start for one in box]
    order = np.argsort(-depth[tuple((at - [one.start for one in box]).T)], kind="stable")
    chosen = at[order][np.unique(np.linspace(0, len(at) - 1, min(most, len(at))).astype(int))]
    return np.asarray(grid.ras(chosen), float)


def scored(station: Station, plan: Plan, *, seed: int) -> Scored:
    """A plan's certified assessment, and each of its placements delivered many times.

    Raises PlanError where the plan cannot be carried out, or is not of the station's procedure
    and profile.
    """
    scene = station.scene
    station.owns(plan)
    if plan.anatomy != scene.digest or not station.grounded:
        return Scored(plan, assess(scene, plan, seed=seed))
    admit(scene, plan, station.asked)
    spread = deliveries(
        station.ground, [aim_of(scene, one) for one in plan.placements],
        scatter=Scatter.of(delivery(plan.delivery)), seed=seed, near=scene.near,
    )  # fmt: skip
    made = assess(scene, plan, seed=seed, deliveries=spread)
    return Scored(plan, made, spread)


def aim_of(scene: Scene, one: Placement) -> Aim:
    """What is delivered of a placement: its shaft, with the skull's normal and the inner table
    where they are known."""
    way, normal, outside_mm = shaft(one), None, 0.0
    with suppress(GeometryError, TermError):
        normal = scene.skull_normal(bone_entry(scene, way)).normal
    with suppress(GeometryError):
        outside_mm = scene.inner_table(way).along_mm
    return Aim(way.entry_mm, way.target_mm, one.made_of.radius_mm, normal, outside_mm)


def plans_for(
    station: Station, device: Device, targets_mm: Floats, *, way: str, seed: int, top: int = 5,
    tell: Tell = silent,
) -> Proposal:  # fmt: skip
    """Search every entry and target; the best `top` that keep every hard limit, fully scored.

    Every path shown is assessed with exact distances over the whole device, tip included. The
    limits and weights are those of the station's profile.
    """
    station.admit(device)
    scene, ground = station.scene, station.ground
    words = [one.structure for one in ground.channels if one.margin_mm is not None]

    def certify(entry: Point, target: Point) -> dict[str, float]:
        whole = shaft(station.placement(device, entry, target))
        return {word: scene.clearance(word, whole, device.radius_mm).value for word in words}

    looked = propose(
        ground, station.entries, targets_mm, reach=station.reach(device),
        scatter=Scatter.of(delivery(way)), certify=certify, seed=seed, top=POOL * top,
        tell=lambda share, words: tell(SEARCHING * share, words),
    )  # fmt: skip
    found: list[tuple[Plan, Assessment]] = []
    turned_down, reason = 0, ""
    for number, path in enumerate(looked.found, 1):
        share = SEARCHING + (1 - SEARCHING) * (number - 1) / len(looked.found)
        tell(share, f"Path {number} of the best {len(looked.found)} is measured.")
        name = f"{station.asked.id}-{number}"
        plan = station.plan(device, (path.entry_mm, path.target_mm), way=way, id=name)
        try:
            made = assess(scene, plan, seed=seed, reports=False)
        except PlanError as refused:  # As an entry that lies in a voxel of the brain.
            turned_down, reason = turned_down + 1, reason or refused.message
            continue
        if made.verdict == "rejected":
            turned_down, reason = turned_down + 1, reason or made.sentence
        else:
            found.append((plan, made))
    found.sort(key=lambda one: (ORDER[one[1].verdict], -(one[1].total or 0.0)))
    plans = tuple(scored(station, plan, seed=seed) for plan, _ in found[:top])
    binding = looked.binding.sentence if looked.binding else reason or None
    return Proposal(
        search=looked, plans=plans, turned_down=turned_down, binding=None if plans else binding
    )
