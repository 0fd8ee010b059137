"""What procedures ask of a path and a device; each answer is a Reading with the place behind it.

`docs/evidence.md` has the definition, the limit and the source of each one.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np

from anatomy.errors import GeometryError, TermError
from anatomy.geometry import Point, point
from anatomy.terms import split
from surgery.crossing import KEPT
from surgery.ground import RISK_FULL_MM, RISK_NONE_MM
from surgery.plan import Placement, Trajectory, contact_points_mm
from surgery.scene import NOWHERE, STEP_MM, InnerTable, Scene
from surgery.score import Reading
from surgery.words import means

SULCI_FROM_MM = 10.0
"""docs/evidence.md#sulcus-clearance: the sulcus beside the entry is not counted."""
Measure = Callable[[Scene, Placement], Reading]


@lru_cache(KEPT)
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
            if inside.length_mm < skipped_mm + 1:
                raise TermError(f"the path ends within {skipped_mm:g} mm of the inner table")
            start = np.add(inside.entry_mm, skipped_mm * inside.direction)
            inside = inside.moved(entry_mm=point(start))
        label = scene.label_at(placement.trajectory.target_mm)
        without = frozenset({label}) if spare_target else frozenset[str]()
        radius_mm = placement.made_of.radius_mm
        reading = scene.clearance(word, inside, radius_mm, without=without)
        return replace(reading, note=table.note)

    return measure


def vessel_risk(scene: Scene, placement: Placement) -> Reading:
    """Mean of clip((10 - D) / 7, 0, 1) along the path inside the skull; 1 more if any D < 3 mm."""
    inside, _ = intracranial(scene, placement)
    near, far = RISK_FULL_MM, RISK_NONE_MM
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
    into = bone_entry(scene, way)
    plane = scene.skull_normal(into)
    across = np.linalg.norm(np.cross(way.direction, plane.normal))
    value = math.degrees(math.atan2(float(across), float(-way.direction @ plane.normal)))
    skull = scene.find("skull")[0]
    return Reading(
        value=value,
        point_mm=into,
        structure=skull.id,
        sigma_mm=plane.spread_mm,
        slope=plane.tilt_deg / plane.spread_mm if plane.spread_mm > 0 else 0.0,
        least=0.0,
        note="The skull is estimated, not seen." if skull.origin == "estimated" else "",
    )


def bone_entry(scene: Scene, way: Trajectory) -> Point:
    """Where a path goes into the skull [mm]; raises GeometryError where it does not."""
    into = next((c for c in scene.crossing("skull", way) if c.enters), None)
    if into is None:
        raise GeometryError("the path meets no skull")
    return into.point_mm


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
        labels = scene.labels_at(rings(placement))
        value = sum(map(_grey, labels)) / len(labels)
    else:
        inside, _ = intracranial(scene, placement)
        grey = [s.length_mm for s in scene.stretches(inside) if _grey(s.structure)]
        value = math.fsum(grey) / inside.length_mm
    return Reading(value=value, point_mm=placement.tip_mm)


def rings(placement: Placement) -> list[Point]:
    """Centres of the contacts from the tip on; sectors of one ring count once."""
    return list(dict.fromkeys(point(c) for c in contact_points_mm(placement)))


def _grey(structure: str) -> bool:
    return structure != NOWHERE and means("grey matter", split(structure)[0])


def _at(placement: Placement, along_mm: float) -> Point:
    way = placement.trajectory
    return point(np.add(way.entry_mm, along_mm * way.direction))
