"""Plans for a procedure on one scene: what the search reads of it, and each result assessed."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from anatomy.errors import TermError
from anatomy.field import Box, Field, pack
from anatomy.geometry import Floats, Point
from anatomy.structure import mask_of
from surgery import ends
from surgery.assess import assess
from surgery.delivery import delivery
from surgery.device import Device, devices
from surgery.entries import Entries, entries_on
from surgery.ground import Channel, Ground
from surgery.limits import Reach
from surgery.plan import Placement, Plan, PlanError, Trajectory
from surgery.procedure import Procedure, procedure
from surgery.profile import DEFAULT, under
from surgery.scene import Scene
from surgery.score import Assessment
from surgery.search import Search, propose
from surgery.tolerance import Scatter, Tolerance, tolerance

ENTRIES = 20_000
TARGETS = 60
"""House value: places tried inside a target structure."""
DEEP = 0.6
"""House value: a place inside a target lies at least this share of the greatest depth within."""
VAULT = 0.4
"""House value: entries lie above this share of the brain's height: not on face, ears and neck."""
AROUND_MM = 12.0
"""Distances are read in the box of the brain with this much around it: vessel risk ends at 10."""
OFF_MM = 3.0
"""Without a scalp, entries lie so far outside of the brain's envelope."""
POOL = 4
"""House value: paths that are fully assessed for each one that is shown."""
ORDER = {"accepted": 0, "incomplete": 1}
"""What is shown first: what could be judged whole."""
SEARCHED = ("vessels", "ventricles")
"""Words whose hard limits the search keeps; the assessment keeps every one."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Proposal:
    """What a search found, the best first, each plan with all its scores."""

    search: Search
    plans: tuple[tuple[Plan, Assessment, Tolerance], ...]
    turned_down: int
    """Certified by their clearances and still rejected by another hard limit."""
    binding: str | None
    """Where there is no plan: what stands in the way, and by how much."""


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


def planning_box(scene: Scene) -> Box:
    """The brain's box with AROUND_MM around it [mm], on whole millimetres."""
    brain = scene.find("brain")
    if not brain:
        raise TermError("There is no brain in this twin, so no path into it can be searched.")
    vertices = brain[0].surfaces["fine"].vertices_mm
    low, high = vertices.min(axis=0) - AROUND_MM, vertices.max(axis=0) + AROUND_MM
    pairs = zip(np.floor(low), np.ceil(high), strict=True)
    x0, x1, y0, y1, z0, z1 = (float(v) for pair in pairs for v in pair)
    return x0, x1, y0, y1, z0, z1


def ground_of(scene: Scene, asked: Procedure) -> Ground:
    """Distances to the brain's envelope and to what the procedure keeps a hard distance from."""
    box = planning_box(scene)
    margins = {
        word: metric.limit.hard_low
        for metric in asked.metrics
        for word in metric.needs
        if word in SEARCHED and metric.unit == "mm" and metric.limit.hard_low is not None
    }
    words = [word for word in margins if scene.has(word)]
    fields = [_nearest(scene, "brain", box), *(_nearest(scene, word, box) for word in words)]
    channels = [
        Channel(structure="brain"),
        *(
            Channel(structure=word, margin_mm=margins[word], vessel=word == "vessels")
            for word in words
        ),
    ]
    return Ground(pack(fields), tuple(channels), hull=0)


def _nearest(scene: Scene, word: str, box: Box) -> Field:
    """Distance to the nearest structure of a word."""
    parts = [scene.field(one.id, box_mm=box) for one in scene.find(word)]
    values = parts[0].values
    for part in parts[1:]:
        values = np.minimum(values, part.values)
    return Field(parts[0].grid, values)


def entries_of(scene: Scene, *, count: int = ENTRIES) -> Entries:
    """Places over the vault with the normals of the skull; of the brain where there is no scalp."""
    brain = scene.find("brain")
    if not brain:
        raise TermError("There is no brain in this twin, so nothing says where its vault is.")
    envelope = brain[0].surfaces["fine"]
    low, high = envelope.vertices_mm[:, 2].min(), envelope.vertices_mm[:, 2].max()
    above = float(low + VAULT * (high - low))
    scalp, skull = scene.find("scalp"), scene.find("skull")
    if not scalp:
        bare = entries_on(envelope, envelope, count=count, above_mm=above)
        return Entries(bare.points_mm + OFF_MM * bare.normals, bare.normals)
    bone = skull[0].surfaces["fine"] if skull else envelope
    return entries_on(scalp[0].surfaces["fine"], bone, count=count, above_mm=above)


def reach_of(asked: Procedure, device: Device) -> Reach:
    """The hard limits on length and angle, from the procedure's metrics; else those of `Reach`."""
    hard = {metric.id: metric.limit.hard_high for metric in asked.metrics}
    named = {"longest_mm": "intracranial_length", "steepest_deg": "incidence"}
    given = {name: hard.get(metric) for name, metric in named.items()}
    limits = {name: bound for name, bound in given.items() if bound is not None}
    return Reach(radius_mm=device.radius_mm, **limits)


def scatter_of(way: str) -> Scatter:
    """The spread of a way of delivery."""
    by = delivery(way)
    return Scatter.even(entry_mm=by.sigma_entry_mm, target_mm=by.sigma_target_mm)


def placement(
    asked: Procedure, device: Device, entry: Point, target: Point, frame: str
) -> Placement:
    """The device on a path: its first contact's centre at the target where contacts are asked for,
    else its tip."""
    by_contact = any(metric.measure is ends.contact_error for metric in asked.metrics)
    depth = device.contact_centres_mm[0] if by_contact and device.contacts else 0.0
    way = Trajectory(entry_mm=entry, target_mm=target, frame=frame)
    return Placement(device=device.id, trajectory=way, depth_mm=depth)


def plan_of(
    scene: Scene, asked: Procedure, device: Device, entry: Point, target: Point, *,
    way: str, id: str, profile: str = DEFAULT,
) -> Plan:  # fmt: skip
    """A plan of one path on this scene's anatomy."""
    one = placement(asked, device, entry, target, scene.anatomy.frame)
    return Plan(
        id=id, procedure=asked.id, anatomy=scene.digest, placements=(one,), delivery=way,
        profile=profile,
    )  # fmt: skip


def plans_for(
    scene: Scene, asked: Procedure, device: Device, targets_mm: Floats, *,
    way: str, seed: int, top: int = 5, profile: str = DEFAULT,
) -> Proposal:  # fmt: skip
    """Search every entry and target; the best `top` that keep every hard limit, fully scored.

    Every path shown is assessed with exact distances over the whole device, tip included. The
    limits and weights are those of the profile.
    """
    asked = under(asked, profile)
    if device.kind not in asked.devices:
        raise PlanError(f"{asked.title} takes no {device.kind.replace('_', ' ')}.")
    ground, entries = ground_of(scene, asked), entries_of(scene)
    words = [one.structure for one in ground.channels if one.margin_mm is not None]

    def certify(entry: Point, target: Point) -> dict[str, float]:
        made = placement(asked, device, entry, target, scene.anatomy.frame)
        whole = made.trajectory.moved(target_mm=made.tip_mm)
        return {word: scene.clearance(word, whole, device.radius_mm).value for word in words}

    looked = propose(
        ground, entries, targets_mm, reach=reach_of(asked, device), scatter=scatter_of(way),
        certify=certify, seed=seed, top=POOL * top,
    )  # fmt: skip
    plans: list[tuple[Plan, Assessment, Tolerance]] = []
    turned_down, reason = 0, ""
    for number, path in enumerate(looked.found, 1):
        name = f"{asked.id}-{number}"
        plan = plan_of(
            scene, asked, device, path.entry_mm, path.target_mm, way=way, id=name, profile=profile
        )
        try:
            made = assess(scene, plan, seed=seed)
        except PlanError as refused:  # As an entry that lies in a voxel of the brain.
            turned_down, reason = turned_down + 1, reason or refused.message
            continue
        if made.verdict == "rejected":
            turned_down, reason = turned_down + 1, reason or made.sentence
        else:
            plans.append((plan, made, path.tolerance))
    plans.sort(key=lambda one: (ORDER[one[1].verdict], -(one[1].total or 0.0), one[0].id))
    binding = looked.binding.sentence if looked.binding else reason or None
    return Proposal(
        search=looked, plans=tuple(plans[:top]), turned_down=turned_down,
        binding=None if plans else binding,
    )  # fmt: skip


def scored(scene: Scene, plan: Plan, *, seed: int) -> tuple[Assessment, Tolerance | None]:
    """A plan's assessment and the tolerance of its first placement under its way of delivery.

    No tolerance where the plan is stale, or its procedure does not end in the brain.
    """
    made = assess(scene, plan, seed=seed)
    asked, one = under(procedure(plan.procedure), plan.profile), plan.placements[0]
    if made.verdict == "stale" or "brain" not in asked.needs or not scene.has("brain"):
        return made, None
    spread = tolerance(
        ground_of(scene, asked), one.trajectory.entry_mm, one.tip_mm,
        radius_mm=one.made_of.radius_mm, scatter=scatter_of(plan.delivery), seed=seed,
    )  # fmt: skip
    return made, spread
