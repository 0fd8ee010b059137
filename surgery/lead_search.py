"""Where on the left ventricle one more lead shortens the activation most, by an eikonal model."""

from collections.abc import Sequence
from functools import partial, reduce

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy.errors import TermError
from anatomy.geometry import Floats, Point, point
from anatomy.grid import Grid
from anatomy.terms import split
from anatomy.volume import Mask, freeze
from surgery import activation
from surgery.activation import Activation, Change, Muscle, Site
from surgery.assess import assess
from surgery.device import Device
from surgery.offer import ORDER, Offer, Offers, Request, found_or_told
from surgery.plan import Placement, PlanError, Trajectory
from surgery.scene import Scene

MUSCLE, SCAR, CAVITY = "myocardium", "myocardial_scar", "heart_ventricle"
CHAMBERS = ("heart_ventricle", "heart_atrium")
RIGHT = "heart_ventricle_right"
SITES = 160
"""docs/evidence.md#lead-sites"""
COARSE_MM = 2.5
"""docs/evidence.md#lead-sites: sites are compared on voxels of about this size."""
WALL_MM = 4.0
"""docs/evidence.md#lead-sites: muscle nearer to a chamber than this is no outer wall."""
APART_MM = 10.0
"""House value: what the sites of two plans are apart."""
OUTSIDE_MM = 30.0
"""House value: how far outside the muscle the axis of a plan begins."""


def muscle_of(scene: Scene) -> Muscle:
    """The heart's muscle as it conducts: fast along its cavity, not at all in its scar."""
    labels = scene.labelmap

    def make() -> Muscle:
        own, scar = labels.mask(MUSCLE), labels.mask(SCAR)
        return activation.muscle(labels.grid, own, cavity=_union(scene, (CAVITY,)), scar=scar)

    return scene.once("muscle", MUSCLE, make)


def activated(scene: Scene, sites: Sequence[Site]) -> Activation:
    """Times from all sites together; those of each site alone are kept by the scene."""
    own = muscle_of(scene)
    alone: list[Activation] = [
        scene.once("activated", repr(site), partial(activation.activated, own, [site]))
        for site in sites
    ]
    times = np.minimum.reduce([one.times_ms for one in alone])
    placed = tuple(site for one in alone for site in one.sites)
    return Activation(muscle=own, sites=placed, times_ms=freeze(times))


def site_of(placement: Placement) -> Site:
    """Where a lead paces: its first electrode's centre, or its tip."""
    contacts = placement.made_of.contacts
    behind_mm = contacts[0].centre_mm if contacts else 0.0
    return Site(at_mm=point(placement.at_mm([behind_mm])[0]))


def propose(scene: Scene, request: Request) -> Offers:
    """Sites for one more lead, the one that shortens the total activation time most first.

    The last target is the muscle; points before it are where the beat begins (the lead that is
    there). Without one it begins in the septum, where the muscle lies nearest to the right
    ventricle's middle, as it does where the left bundle is blocked.
    """
    begins, notes = _begins(scene, request)
    own = muscle_of(scene)
    coarse = _coarsened(own)
    places = _sites(scene, own, count=SITES)
    scarred = _too_near_scar(scene, places, request)
    tried = places[~scarred] if not scarred.all() else places
    before = activation.activated(coarse, [Site(at_mm=one) for one in begins])
    alone = [activation.activated(coarse, [Site(at_mm=point(one))]).times_ms for one in tried]
    reached = np.isfinite(before.times_ms)
    after = np.array([np.minimum(before.times_ms, one)[reached].max() for one in alone])
    order = np.argsort(after, kind="stable")
    gain = before.total.value - after
    offers = _offers(scene, request, begins, tried[order[gain[order] > 0]])
    kept = [one for one in offers if one.assessment.verdict != "rejected"]
    kept.sort(key=lambda one: ORDER[one.assessment.verdict])
    reason = offers[0].assessment.sentence if offers else "No site shortens the activation."
    return Offers(
        examined=len(places),
        feasible=int(np.count_nonzero(gain > 0)),
        offers=tuple(kept[: request.top]),
        rejected={"scar_distance": int(scarred.sum())} if scarred.any() else {},
        turned_down=len(offers) - len(kept),
        binding=None if kept else reason,
        notes=notes,
    )


def _begins(scene: Scene, request: Request) -> tuple[list[Point], tuple[str, ...]]:
    """Where the beat begins, and a note where that was not said; raises PlanError, TermError."""
    *before, target = request.targets
    if not isinstance(target, str):
        raise PlanError(
            "A lead is searched over the whole muscle: let the last target be "
            f"{MUSCLE}, after the points where the beat begins."
        )
    if found_or_told(scene, target)[0].id != MUSCLE:
        raise PlanError(f"A lead is set on the {MUSCLE}: let the last target be {MUSCLE}.")
    points = [one for one in before if not isinstance(one, str)]
    if len(points) < len(before):
        raise PlanError("Where the beat begins is a place: --target R,A,S before the muscle.")
    if len(points) >= request.asked.most_placements:
        raise PlanError(f"At most {request.asked.most_placements - 1} leads may be there already.")
    if points:
        return points, ()
    if RIGHT not in scene.labelmap.key.values():
        raise TermError(
            "Nothing says where the beat begins: give the lead that is there as a place before the "
            f"muscle, --target R,A,S --target {MUSCLE}, or bring {RIGHT} as a label."
        )
    labels = scene.labelmap
    middle = labels.grid.ras(np.argwhere(labels.mask(RIGHT))).mean(axis=0)
    muscle = labels.grid.ras(np.argwhere(labels.mask(MUSCLE)))
    septal = muscle[np.argmin(np.linalg.norm(muscle - middle, axis=1))]
    note = (
        "The beat was taken to begin in the septum, where the muscle lies nearest to the right "
        "ventricle's middle; give the lead that is there to begin elsewhere."
    )
    return [point(septal)], (note,)


def _offers(scene: Scene, request: Request, begins: list[Point], places: Floats) -> list[Offer]:
    """Plans at the first places, no two within APART_MM, each solved on all voxels; best first."""
    first, added = _devices(request)
    frame, own = scene.anatomy.frame, muscle_of(scene)
    middle = own.grid.ras(np.argwhere(np.isfinite(own.slowness_ms_per_mm))).mean(axis=0)
    there = [_lead(first, one, middle, frame) for one in begins]
    chosen: list[Floats] = []
    for place in places:
        if len(chosen) == request.top:
            break
        if all(np.linalg.norm(place - one) >= APART_MM for one in chosen):
            chosen.append(place)
    found: list[tuple[Change, Placement]] = []
    for place in chosen:
        lead = _lead(added, point(place), middle, frame)
        sites = [site_of(one) for one in (*there, lead)]
        change = Change(before=activated(scene, sites[:-1]), after=activated(scene, sites))
        found.append((change, lead))
    found.sort(key=lambda pair: pair[0].after.total.value)
    return [
        _offer(scene, request, [*there, lead], change, number)
        for number, (change, lead) in enumerate(found, 1)
    ]


def _offer(
    scene: Scene, request: Request, leads: list[Placement], change: Change, number: int
) -> Offer:
    plan = request.plan(scene, leads, number=number)
    before, after = change.before.total, change.after.total
    words = (
        f"The muscle is activated in {after.value:.0f} ms instead of {before.value:.0f} ms "
        f"({change.gained.value:+.0f} ms, {change.percent.value:+.0f} %).",
    )
    facts = {
        "site_mm": leads[-1].trajectory.target_mm,
        "begins_mm": [one.trajectory.target_mm for one in leads[:-1]],
        "before_ms": before.value,
        "after_ms": after.value,
        "change_ms": change.gained.value,
        "change_percent": change.percent.value,
        "last_mm": after.point_mm,
        "unreached_mm3": change.after.unreached.value,
    }
    judged = assess(scene, plan, seed=request.seed)
    return Offer(plan=plan, assessment=judged, words=words, facts=facts)


def _devices(request: Request) -> tuple[Device, Device]:
    """The lead that is there, the one with the fewest electrodes, and the one to be added."""
    offered = sorted(request.devices, key=lambda one: (len(one.contacts), one.id))
    several = [one for one in offered if len(one.contacts) > 2]
    return offered[0], (several or offered)[0]


def _lead(made: Device, place: Point, middle: Floats, frame: str) -> Placement:
    """A lead whose first electrode lies at a place, coming from outside, away from the middle."""
    out = np.subtract(place, middle)
    out = out / max(float(np.linalg.norm(out)), 1e-9)
    entry = point(np.add(place, OUTSIDE_MM * out))
    way = Trajectory(entry_mm=entry, target_mm=place, frame=frame)
    depth = made.contacts[0].centre_mm if made.contacts else 0.0
    return Placement(device=made.id, trajectory=way, depth_mm=depth)


def _sites(scene: Scene, own: Muscle, *, count: int) -> Floats:
    """Places (n, 3) on the outer wall's surface, spread evenly; raises TermError."""
    conducts = np.isfinite(own.slowness_ms_per_mm)
    solid = conducts | scene.labelmap.mask(SCAR)
    wall = conducts & ~ndimage.binary_erosion(solid)
    chambers = _union(scene, CHAMBERS)
    if chambers is not None:
        away = ndimage.distance_transform_edt(~chambers, sampling=own.grid.spacing_mm)
        outer = wall & (away > WALL_MM)
        wall = outer if outer.any() else wall
    voxels = own.grid.ras(np.argwhere(wall))
    if not len(voxels):
        raise TermError("The muscle has no outer wall on which a lead could be set.")
    spread = _spread(voxels, count)
    return np.asarray(scene.exact(MUSCLE).points(spread)[1], float)


def _spread(places: Floats, count: int) -> Floats:
    """Up to `count` of the places, each next one farthest from those before."""
    chosen = [int(np.argmax(places @ (1.0, 1e-3, 1e-6)))]
    away = np.linalg.norm(places - places[chosen[0]], axis=1)
    while len(chosen) < min(count, len(places)):
        chosen.append(int(np.argmax(away)))
        away = np.minimum(away, np.linalg.norm(places - places[chosen[-1]], axis=1))
    return places[chosen]


def _too_near_scar(scene: Scene, places: Floats, request: Request) -> NDArray[np.bool_]:
    """True (n,) where a place keeps less than the wanted distance to the scar."""
    limits = {metric.id: metric.limit.good_low for metric in request.asked.metrics}
    least = limits.get("scar_distance")
    if least is None or not scene.has(SCAR):
        return np.zeros(len(places), bool)
    return np.asarray(scene.exact(SCAR).points(places)[0] < least)


def _coarsened(own: Muscle) -> Muscle:
    """The muscle on every k-th voxel, about COARSE_MM apart; as it is where it is coarser."""
    steps = [max(round(COARSE_MM / s), 1) for s in own.grid.spacing_mm]
    slowness = own.slowness_ms_per_mm[:: steps[0], :: steps[1], :: steps[2]]
    if slowness.shape == own.grid.shape or not np.isfinite(slowness).any():
        return own
    matrix = own.grid.ijk_to_ras @ np.diag([*steps, 1.0])
    shape = (slowness.shape[0], slowness.shape[1], slowness.shape[2])
    grid = Grid(shape, matrix, own.grid.frame)
    return Muscle(grid=grid, slowness_ms_per_mm=np.ascontiguousarray(slowness))


def _union(scene: Scene, words: tuple[str, ...]) -> Mask | None:
    """Voxels of all structures of these kinds; None where there are none."""
    masks = [
        scene.labelmap.mask(id) for id in scene.labelmap.key.values() if split(id)[0].id in words
    ]
    return reduce(np.logical_or, masks) if masks else None
