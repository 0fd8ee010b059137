"""The valves of the catalogue in one annulus, ranked by how far they are oversized."""

import math
from dataclasses import dataclass

import numpy as np

from anatomy.errors import GeometryError, TermError
from anatomy.geometry import Floats, Point, point
from anatomy.structure import mask_of
from surgery import valve
from surgery.assess import assess
from surgery.device import Device
from surgery.offer import Offer, Offers, Request, found_or_told
from surgery.osteotomy import Cut, OsteotomyError, outlines
from surgery.plan import Placement, PlanError, Trajectory
from surgery.scene import Scene
from surgery.valve import Annulus

ANNULUS, AORTA = "aortic_annulus", "aorta"
APPROACH_MM = 40.0
"""House value: how far up the aorta the axis of a plan begins."""
BELOW = 0.2
"""docs/evidence.md#valve-depth: share of the valve's height that lies below the annulus."""
NEAR_MM = 40.0
"""House value: aorta within this of the annulus says which way is out of the heart."""
TURNS_DEG = (10.0, 5.0, 2.5, 1.25, 0.6)
"""Steps of the search for the plane across the vessel, about the best one so far."""
RUN, RUN_LEAST_MM = 2.5, 5.0
"""House values: how the vessel runs is read within so many of its radii, of this much at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """Where an annulus lies: a point in it and the direction out of the heart, a unit vector."""

    point_mm: Point
    outward: Point
    examined: int = 1


def annulus_at(scene: Scene, cut: Cut) -> tuple[Annulus, str]:
    """The annulus about a cut's point and the structure it was measured on; raises GeometryError.

    The outline of the labelled annulus where the point lies in one, else that of the aorta.
    """
    words = (ANNULUS, AORTA) if scene.holds(ANNULUS, cut.point_mm) else (AORTA,)
    for word in words:
        for one in scene.find(word):
            for outline in outlines(one.surfaces["fine"], cut):
                if _around(outline, cut):
                    return valve.annulus(outline), one.id
    raise GeometryError("the target does not lie in the aorta, so no annulus is around it")


def propose(scene: Scene, request: Request) -> Offers:
    """Every valve on offer at the annulus, the one nearest to the wanted oversize first.

    The target is the label of the annulus, whose own plane is taken, or a point in the aorta,
    through which the plane of the smallest section is sought.
    """
    if len(request.targets) != 1:
        raise PlanError("A valve is sized at one annulus: give one target.")
    plane = _plane(scene, request.targets[0])
    measured, on = annulus_at(scene, Cut(point_mm=plane.point_mm, normal=plane.outward))
    sizes = sorted(
        ((valve.sizing(measured, one), one) for one in request.devices),
        key=lambda pair: _rank(*pair),
    )
    offers: list[Offer] = []
    reasons: list[str] = []
    for sizing, made in sizes:
        placement = _placed(made, plane, scene.anatomy.frame)
        plan = request.plan(scene, [placement], number=len(offers) + 1)
        judged = assess(scene, plan, seed=request.seed)
        if judged.verdict == "rejected":
            reasons.append(f"{sizing.sentence} {judged.sentence}")
            continue
        words = (_said(measured, on, scene), sizing.sentence)
        offers.append(
            Offer(plan=plan, assessment=judged, words=words, facts=_facts(measured, on, sizing))
        )
    return Offers(
        examined=plane.examined * len(sizes),
        feasible=len(offers),
        offers=tuple(offers[: request.top]),
        rejected={"oversize_by_area": len(reasons)} if reasons else {},
        binding=None if offers else f"No valve fits. {_said(measured, on, scene)} {reasons[0]}",
    )


def _rank(sizing: valve.Sizing, made: Device) -> tuple[float, float, float, str]:
    """By area first, as the wanted window is set by it; then by mean diameter."""
    low, high = sizing.by_area.wanted
    off_middle = abs(sizing.by_area.percent.value - (low + high) / 2)
    return sizing.by_area.off, sizing.by_diameter.off, off_middle, made.id


def _placed(made: Device, plane: Plane, frame: str) -> Placement:
    """The valve on the plane's axis, from the aorta, BELOW of its height beyond the plane."""
    entry = np.add(plane.point_mm, APPROACH_MM * np.array(plane.outward))
    way = Trajectory(entry_mm=point(entry), target_mm=plane.point_mm, frame=frame)
    return Placement(device=made.id, trajectory=way, depth_mm=BELOW * made.length_mm)


def _plane(scene: Scene, target: str | Point) -> Plane:
    """The plane of the annulus; raises TermError, PlanError."""
    if isinstance(target, str):
        found = found_or_told(scene, target)
        if found[0].id != ANNULUS:
            raise TermError(
                f"{found[0].title} has no plane of its own. Bring the annulus as the label "
                f"{ANNULUS}, or set a point in its plane: --target R,A,S."
            )
    elif not scene.holds(ANNULUS, target):
        found_or_told(scene, AORTA)
        if not scene.holds(AORTA, target):
            raise PlanError(
                "The target lies outside the aorta. Set it into the annulus, or name its label.",
                target_mm=target,
            )
        return _across(scene, target)
    places = _places(scene, ANNULUS)
    middle = places.mean(axis=0)
    axes = np.linalg.svd(places - middle, full_matrices=False)[2]
    return Plane(point_mm=point(middle), outward=point(_outward(scene, middle, axes[2])))


def _across(scene: Scene, place: Point) -> Plane:
    """The plane through a point of the aorta that cuts the smallest section, so straight across."""
    surface = scene.find(AORTA)[0].surfaces["fine"]

    def area(normal: Floats) -> float:
        cut = Cut(point_mm=place, normal=point(normal))
        try:
            around = [one for one in outlines(surface, cut) if _around(one, cut)]
        except OsteotomyError:
            return math.inf
        return _area(around[0], normal) if around else math.inf

    best = _run_of(scene, place)
    least, examined = area(best), 1
    if not math.isfinite(least):
        raise PlanError("No section of the aorta runs around the target. Set it into the lumen.")
    for step in TURNS_DEG:
        side = np.cross(best, np.eye(3)[np.argmin(np.abs(best))])
        side /= np.linalg.norm(side)
        other, reach = np.cross(best, side), math.tan(math.radians(step))
        for across in (side, -side, other, -other, side + other, side - other, -side + other,
                       -side - other):  # fmt: skip
            normal = best + reach * across
            normal /= np.linalg.norm(normal)
            examined += 1
            if (found := area(normal)) < least:
                least, best = found, normal
    outward = _outward(scene, np.array(place), best)
    return Plane(point_mm=place, outward=point(outward), examined=examined)


def _run_of(scene: Scene, place: Point) -> Floats:
    """How the vessel runs about a point: where its voxels spread most, RUN lumens around."""
    places = _places(scene, AORTA) - place
    lumen_mm = float(scene.exact(AORTA).points([place])[0][0])
    near = places[np.linalg.norm(places, axis=1) < RUN * max(lumen_mm, RUN_LEAST_MM)]
    axes: Floats = np.linalg.svd(near - near.mean(axis=0), full_matrices=False)[2]
    return axes[0]


def _outward(scene: Scene, middle: Floats, normal: Floats) -> Floats:
    """The normal turned to where the aorta goes on; up where none is labelled.

    At a point within the ascending aorta that is the side on which more of it lies.
    """
    if scene.has(AORTA):
        places = _places(scene, AORTA) - middle
        near = places[np.linalg.norm(places, axis=1) < NEAR_MM]
        lean = float((near @ normal).sum()) if len(near) else 0.0
    else:
        lean = float(normal[2])
    return normal if lean >= 0 else -normal


def _places(scene: Scene, id: str) -> Floats:
    labels = scene.labelmap
    return np.asarray(labels.grid.ras(np.argwhere(mask_of(labels, id))), float)


def _around(outline: Floats, cut: Cut) -> bool:
    """True where an outline runs around the cut's point: it turns about it once."""
    from_point = outline - cut.point_mm
    ahead = np.roll(from_point, -1, axis=0)
    sine = np.cross(from_point, ahead) @ np.array(cut.normal)
    turned = np.arctan2(sine, (from_point * ahead).sum(axis=1)).sum()
    return bool(turned > np.pi)


def _area(outline: Floats, normal: Floats) -> float:
    """Area of a flat outline (n, 3) [mm2]."""
    return float(np.cross(outline, np.roll(outline, -1, axis=0)).sum(axis=0) @ normal) / 2


def _said(measured: Annulus, on: str, scene: Scene) -> str:
    what = "Annulus" if on == ANNULUS else "Section"
    return (
        f"{what} {measured.area.value:.0f} mm² ({scene.anatomy[on].title}): "
        f"{measured.narrowest.value:.1f} x {measured.widest.value:.1f} mm, diameter "
        f"{measured.area_diameter.value:.1f} mm by area and "
        f"{measured.perimeter_diameter.value:.1f} mm by perimeter."
    )


def _facts(measured: Annulus, on: str, sizing: valve.Sizing) -> dict[str, object]:
    return {
        "annulus": {
            "structure": on,
            "centre_mm": measured.centre_mm,
            "normal": measured.normal,
            "area_mm2": measured.area.value,
            "perimeter_mm": measured.perimeter.value,
            "area_diameter_mm": measured.area_diameter.value,
            "perimeter_diameter_mm": measured.perimeter_diameter.value,
            "narrowest_mm": measured.narrowest.value,
            "widest_mm": measured.widest.value,
            "eccentricity": measured.eccentricity.value,
        },
        "oversize_by_area_percent": sizing.by_area.percent.value,
        "oversize_by_diameter_percent": sizing.by_diameter.percent.value,
    }
