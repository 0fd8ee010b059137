"""What procedures ask of a path and a device; each answer is a Reading with the place behind it.

`docs/evidence.md` has the definition, the limit and the source of each one.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from anatomy.errors import GeometryError, TermError
from anatomy.geometry import Point, point
from anatomy.terms import split, title
from surgery.plan import Placement, Trajectory, contact_points_mm
from surgery.scene import NOWHERE, STEP_MM, InnerTable, Scene
from surgery.score import Reading
from surgery.words import means

RISK_MM = (3.0, 10.0)
"""docs/evidence.md#vessel-risk: full risk at the first distance, none from the second on."""
SULCI_FROM_MM = 10.0
"""docs/evidence.md#sulcus-clearance: the sulcus beside the entry is not counted."""
BOLT_MM = 10.0
"""docs/evidence.md#electrode-spacing: near their bolts electrodes may come closer."""
Measure = Callable[[Scene, Placement], Reading]


def shaft(placement: Placement) -> Trajectory:
    """From the entry to the tip."""
    return placement.trajectory.moved(target_mm=placement.tip_mm)


def intracranial(scene: Scene, placement: Placement) -> tuple[Trajectory, InnerTable]:
    """From the inner table to the tip."""
    whole = shaft(placement)
    table = scene.inner_table(whole)
    return whole.moved(entry_mm=table.point_mm), table


def clearance(word: str, *, skipped_mm: float = 0.0, spare_target: bool = False) -> Measure:
    """Device's side to the nearest structure of `word` inside the skull [mm].

    The first `skipped_mm` are left out; so is, with `spare_target`, what holds the target.
    """

    def measure(scene: Scene, placement: Placement) -> Reading:
        inside, table = intracranial(scene, placement)
        if skipped_mm:
            start = np.add(inside.entry_mm, skipped_mm * inside.direction)
            inside = inside.moved(entry_mm=point(start))
        label = scene.label_at(placement.trajectory.target_mm)
        without = frozenset({label}) if spare_target else frozenset[str]()
        radius_mm = placement.made_of.radius_mm
        reading = scene.clearance(word, inside, radius_mm, without=without)
        return replace(reading, note=_one_sided(scene, word) or table.note)

    return measure


def _one_sided(scene: Scene, word: str) -> str:
    """A sentence where only arteries or only veins are known."""
    if word != "vessels":
        return ""
    arteries, veins = scene.has("artery"), scene.has("vein")
    if arteries == veins:
        return ""
    return f"This twin has no {'veins' if arteries else 'arteries'}; they were not looked at."


def vessel_risk(scene: Scene, placement: Placement) -> Reading:
    """Mean of clip((10 - D) / 7, 0, 1) along the path inside the skull; 1 more if any D < 3 mm."""
    inside, _ = intracranial(scene, placement)
    near, far = RISK_MM
    along = np.linspace(0.0, inside.length_mm, math.ceil(inside.length_mm / STEP_MM) + 1)
    room = scene.depths("vessels", inside, along) - placement.made_of.radius_mm
    risk = ((far - room) / (far - near)).clip(0, 1)
    closest = scene.clearance("vessels", inside, placement.made_of.radius_mm)
    value = float((risk[1:] + risk[:-1]).mean()) / 2 + (1.0 if closest.value < near else 0.0)
    return replace(closest, value=value, slope=-1 / (far - near), least=0.0)


def intracranial_length(scene: Scene, placement: Placement) -> Reading:
    """From the inner table to the tip [mm]."""
    inside, table = intracranial(scene, placement)
    return Reading(
        value=inside.length_mm,
        point_mm=table.point_mm,
        structure=table.structure.id,
        sigma_mm=table.structure.sigma_mm,
        least=0.0,
        note=table.note,
    )


def incidence(scene: Scene, placement: Placement) -> Reading:
    """Angle between the path and the outer skull's normal [deg]; 0 is square to the bone."""
    way = shaft(placement)
    into = next((c for c in scene.crossing("skull", way) if c.enters), None)
    if into is None:
        raise GeometryError("the path meets no skull")
    plane = scene.skull_normal(into.point_mm)
    across = np.linalg.norm(np.cross(way.direction, plane.normal))
    value = math.degrees(math.atan2(float(across), float(-way.direction @ plane.normal)))
    skull = scene.find("skull")[0]
    return Reading(
        value=value,
        point_mm=into.point_mm,
        structure=skull.id,
        sigma_mm=plane.spread_mm,
        slope=plane.tilt_deg / plane.spread_mm if plane.spread_mm > 0 else 0.0,
        least=0.0,
        note="The skull is estimated, not seen." if skull.origin == "estimated" else "",
    )


def skin_gap(scene: Scene, placement: Placement) -> Reading:
    """How far the entry lies from the skin [mm]."""
    skin = scene.find("scalp")[0]
    distance, place = scene.exact(skin.id).points([placement.trajectory.entry_mm])
    return Reading(
        value=float(distance[0]),
        point_mm=point(place[0]),
        structure=skin.id,
        sigma_mm=skin.sigma_mm,
        least=0.0,
    )


def bone_thickness(scene: Scene, placement: Placement) -> Reading:
    """Length of the path in the skull [mm]."""
    through = [one for one in scene.stretches(shaft(placement)) if one.structure == "skull"]
    skull = scene.find("skull")[0]
    return Reading(
        value=math.fsum(one.length_mm for one in through),
        point_mm=_at(placement, through[0].from_mm) if through else None,
        structure=skull.id,
        sigma_mm=skull.sigma_mm,
        least=0.0,
        note="The skull is estimated, not seen." if skull.origin == "estimated" else "",
    )


def reach(scene: Scene, placement: Placement) -> Reading:
    """Length of the device that stays outside of the entry [mm]; negative: it is too short."""
    _ = scene
    value = placement.made_of.length_mm - shaft(placement).length_mm
    return Reading(value=value, point_mm=placement.trajectory.entry_mm)


def pial_entries(scene: Scene, placement: Placement) -> Reading:
    """How often the path goes into the brain's surface; once is the entry itself."""
    into = [c for c in scene.crossing("brain", shaft(placement)) if c.enters]
    place = into[-1].point_mm if into else None
    return Reading(value=float(len(into)), point_mm=place, structure="brain")


def grey_share(scene: Scene, placement: Placement) -> Reading:
    """Share of the contacts in grey matter; of the path's length where there are no contacts."""
    if placement.made_of.kind == "seeg_electrode":
        labels = scene.labels_at(_rings(placement))
        value = sum(map(_grey, labels)) / len(labels)
    else:
        inside, _ = intracranial(scene, placement)
        grey = [s.length_mm for s in scene.stretches(inside) if _grey(s.structure)]
        value = math.fsum(grey) / inside.length_mm
    return Reading(value=value, point_mm=placement.tip_mm)


def tip_error(scene: Scene, placement: Placement) -> Reading:
    """Distance of the tip to the target [mm]."""
    _ = scene
    value = math.dist(placement.tip_mm, placement.trajectory.target_mm)
    return Reading(value=value, point_mm=placement.tip_mm, least=0.0)


def contact_error(scene: Scene, placement: Placement) -> Reading:
    """Distance of the nearest contact's centre to the target [mm]."""
    _ = scene
    distances = [math.dist(c, placement.trajectory.target_mm) for c in _rings(placement)]
    nearest = int(np.argmin(distances))
    return Reading(value=distances[nearest], point_mm=_rings(placement)[nearest], least=0.0)


def contacts_in(*targets: str) -> Measure:
    """How many contacts have their centre in the structure of `targets` nearest to the target."""

    def measure(scene: Scene, placement: Placement) -> Reading:
        found = {one.id: one for word in targets for one in scene.find(word)}
        aim = placement.trajectory.target_mm
        away = {id: float(scene.exact(id).points([aim])[0][0]) for id in found}
        label = scene.label_at(aim)
        chosen = label if label in found else min(away, key=lambda id: away[id])
        rings, way = _rings(placement), shaft(placement)
        along = np.array([math.dist(way.entry_mm, centre) for centre in rings])
        depth = scene.depths(chosen, way, along)
        inside = [centre for centre, d in zip(rings, depth, strict=True) if d < 0]
        return Reading(
            value=float(len(inside)), point_mm=inside[0] if inside else aim, structure=chosen
        )

    return measure


def opening_in(word: str) -> Measure:
    """Share of the device's opening (window, holes) that lies in structures of `word`."""

    def measure(scene: Scene, placement: Placement) -> Reading:
        total, inside = 0.0, 0.0
        for contact in placement.made_of.contacts:
            half = contact.length_mm / 2
            back, front = placement.at_mm([contact.centre_mm + half, contact.centre_mm - half])
            opening = placement.trajectory.moved(entry_mm=point(back), target_mm=point(front))
            for one in scene.stretches(opening):
                total += one.length_mm
                if one.structure != NOWHERE and means(word, split(one.structure)[0]):
                    inside += one.length_mm
        if total == 0:
            raise GeometryError(f"{placement.made_of.title} has no opening")
        return Reading(value=inside / total, point_mm=_rings(placement)[0])

    return measure


def tip_wall(scene: Scene, placement: Placement) -> Reading:
    """Distance of the tip to the wall of the ventricle that it lies in [mm]; negative outside."""
    tip = placement.tip_mm
    label = scene.label_at(tip)
    found = {one.id: one for one in scene.find("ventricles")}
    away = {id: scene.exact(id).points([tip]) for id in found}
    nearest = label if label in found else min(away, key=lambda id: float(away[id][0][0]))
    distance, place = away[nearest]
    return Reading(
        value=float(distance[0]) * (1 if label in found else -1),
        point_mm=point(place[0]),
        structure=nearest,
        sigma_mm=found[nearest].sigma_mm,
    )


def kakarla(scene: Scene, placement: Placement) -> Reading:
    """Grade of a drain's tip by the label that it lies in: 1, 2 or 3."""
    tip = placement.tip_mm
    label = scene.label_at(tip)
    where = "outside of the head" if label == NOWHERE else title(label)
    note = f"The tip lies in: {where}."
    if label == NOWHERE:
        return Reading(value=3.0, point_mm=tip, note=note)
    term, side = split(label)
    if term.id == "third_ventricle" or (
        term.id == "lateral_ventricle" and side == entry_side(scene, placement)
    ):
        value = 1.0
        if term.id == "lateral_ventricle" and tip_wall(scene, placement).value < 1.0:
            note += " Its wall is nearer than 1 mm: grade 1b."
    elif term.id in ("lateral_ventricle", "corpus_callosum", "cavum_septi_pellucidi"):
        value = 2.0
    else:
        value = 3.0
        if term.group == "brain":
            note += " Eloquent and other tissue are not told apart there: the worse grade."
    return Reading(value=value, point_mm=tip, structure=label, note=note)


def entry_side(scene: Scene, placement: Placement) -> str:
    """`left` or `right`: the side whose lateral ventricle is nearer to the entry."""
    away = {
        one.side: float(scene.exact(one.id).points([placement.trajectory.entry_mm])[0][0])
        for one in scene.find("lateral_ventricle")
        if one.side in ("left", "right")
    }
    if len(away) < 2:
        raise TermError("the two lateral ventricles are not told apart in this twin")
    return "left" if away["left"] < away["right"] else "right"


def electrode_spacing(scene: Scene, placements: Sequence[Placement]) -> Reading:
    """Least distance of two axes [mm], the first BOLT_MM inside the skull left out."""
    deep = []
    for placement in placements:
        inside, _ = intracranial(scene, placement)
        start = np.add(inside.entry_mm, min(BOLT_MM, inside.length_mm - 1) * inside.direction)
        deep.append((point(start), inside.target_mm))
    return _closest(deep)


def bolt_spacing(scene: Scene, placements: Sequence[Placement]) -> Reading:
    """Least distance of two axes [mm] over their whole length."""
    _ = scene
    ways = [shaft(placement) for placement in placements]
    return _closest([(way.entry_mm, way.target_mm) for way in ways])


def _closest(axes: Sequence[tuple[Point, Point]]) -> Reading:
    if len(axes) < 2:
        raise GeometryError("one electrode alone is near no other")
    readings = []
    for one, other in combinations(axes, 2):
        value, place = between(one, other)
        readings.append(Reading(value=value, point_mm=place, least=0.0))
    return min(readings, key=lambda reading: reading.value)


def between(one: tuple[Point, Point], other: tuple[Point, Point]) -> tuple[float, Point]:
    """Distance of two straight segments [mm] and the middle of where they are nearest."""
    (a, b), (c, d) = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    u, v, w = b - a, d - c, a - c
    uu, uv, vv = float(u @ u), float(u @ v), float(v @ v)
    skew = uu * vv - uv * uv
    shares = [(0.0, _foot(a, c, v)), (1.0, _foot(b, c, v)), (_foot(c, a, u), 0.0)]
    shares.append((_foot(d, a, u), 1.0))
    if skew > 1e-12 * uu * vv:
        s, t = (uv * (v @ w) - vv * (u @ w)) / skew, (uu * (v @ w) - uv * (u @ w)) / skew
        if 0 <= s <= 1 and 0 <= t <= 1:
            shares.append((float(s), float(t)))
    pairs = [(a + s * u, c + t * v) for s, t in shares]
    p, q = min(pairs, key=lambda pair: float(np.linalg.norm(pair[0] - pair[1])))
    return float(np.linalg.norm(p - q)), point((p + q) / 2)


def _foot(p: np.ndarray, start: np.ndarray, way: np.ndarray) -> float:
    """Share of the segment where it is nearest to a point."""
    return min(max(float((p - start) @ way) / float(way @ way), 0.0), 1.0)


def _rings(placement: Placement) -> list[Point]:
    """Centres of the contacts from the tip on; sectors of one ring count once."""
    return list(dict.fromkeys(point(c) for c in contact_points_mm(placement)))


def _grey(structure: str) -> bool:
    return structure != NOWHERE and means("grey matter", split(structure)[0])


def _at(placement: Placement, along_mm: float) -> Point:
    way = placement.trajectory
    return point(np.add(way.entry_mm, along_mm * way.direction))
