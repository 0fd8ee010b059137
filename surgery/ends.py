"""What a device ends in: target, contacts, window, ventricle; the activated tissue.

`docs/evidence.md` has the definition, the limit and the source of each one.
"""

import math
from collections.abc import Sequence

import numpy as np

from anatomy.errors import GeometryError, TermError
from anatomy.geometry import Point, point
from anatomy.terms import split, title
from surgery import vta
from surgery.metrics import Measure, rings, shaft
from surgery.plan import Placement, contact_points_mm
from surgery.scene import NOWHERE, Scene
from surgery.score import Reading
from surgery.words import means

REFERENCE_MA = 3.0
"""docs/evidence.md#reference-stimulation"""
WALL_MM = 1.0
"""docs/evidence.md#tip-wall: a tip nearer to its ventricle's wall is graded 1b."""


def tip_error(scene: Scene, placement: Placement) -> Reading:
    """Distance of the tip to the target [mm]."""
    _ = scene
    value = math.dist(placement.tip_mm, placement.trajectory.target_mm)
    return Reading(value=value, point_mm=placement.tip_mm, least=0.0)


def contact_error(scene: Scene, placement: Placement) -> Reading:
    """Distance of the nearest contact's centre to the target [mm]; of the tip if it has none."""
    _ = scene
    centres = rings(placement) or [placement.tip_mm]
    nearest = min(centres, key=lambda c: math.dist(c, placement.trajectory.target_mm))
    value = math.dist(nearest, placement.trajectory.target_mm)
    return Reading(value=value, point_mm=nearest, least=0.0)


def nearest_of(words: Sequence[str], scene: Scene, place_mm: Point) -> str:
    """Of the structures of `words` the one that holds a place, or is nearest to it."""
    found = [one.id for word in words for one in scene.find(word)]
    if not found:
        raise TermError(f"There is no {' and no '.join(words)} in this twin.")
    label = scene.label_at(place_mm)
    away = {id: float(scene.exact(id).points([place_mm])[0][0]) for id in found}
    return label if label in away else min(away, key=lambda id: away[id])


def contacts_in(*targets: str) -> Measure:
    """How many contacts have their centre in the structure of `targets` that is aimed at."""

    def measure(scene: Scene, placement: Placement) -> Reading:
        chosen = nearest_of(targets, scene, placement.trajectory.target_mm)
        centres, way = rings(placement), shaft(placement)
        along = np.array([math.dist(way.entry_mm, centre) for centre in centres])
        depth = scene.depths(chosen, way, along)
        inside = [centre for centre, d in zip(centres, depth, strict=True) if d < 0]
        place = inside[0] if inside else placement.trajectory.target_mm
        return Reading(value=float(len(inside)), point_mm=place, structure=chosen)

    return measure


def reference_sources(placement: Placement) -> tuple[vta.Source, ...]:
    """REFERENCE_MA from the ring nearest to the target, its sectors sharing it."""
    aim = placement.trajectory.target_mm
    apart = [math.dist(point(c), aim) for c in contact_points_mm(placement)]
    active = [n for n, distance in enumerate(apart) if distance <= min(apart) + 1e-6]
    return vta.sources(placement, dict.fromkeys(active, REFERENCE_MA / len(active)))


def activated_in(*targets: str) -> Measure:
    """Share of the tissue that REFERENCE_MA activates that lies in what is aimed at.

    The current leaves the ring nearest to the target and returns to the case.
    """

    def measure(scene: Scene, placement: Placement) -> Reading:
        chosen = nearest_of(targets, scene, placement.trajectory.target_mm)
        tissue = vta.activated(reference_sources(placement), frame=scene.anatomy.frame)
        whole_mm3 = tissue.volume.value
        covered = vta.coverage(tissue, scene.labelmap, chosen)
        return Reading(
            value=covered.in_target.value / whole_mm3,
            point_mm=tissue.volume.point_mm,
            structure=chosen,
            note=f"At {REFERENCE_MA:g} mA, monopolar, {tissue.conductivity_s_per_m:g} S/m: "
            f"{whole_mm3:.0f} mm3, {covered.covered.value:.0f} % of the nucleus.",
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
        return Reading(value=inside / total, point_mm=rings(placement)[0])

    return measure


def tip_wall(scene: Scene, placement: Placement) -> Reading:
    """Distance of the tip to the wall of the ventricle that it lies in [mm]; negative outside."""
    tip = placement.tip_mm
    nearest = nearest_of(("ventricles",), scene, tip)
    distance, place = scene.exact(nearest).points([tip])
    return Reading(
        value=float(distance[0]) * (1 if scene.label_at(tip) == nearest else -1),
        point_mm=point(place[0]),
        structure=nearest,
        sigma_mm=scene.anatomy[nearest].sigma_mm,
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
        if term.id == "lateral_ventricle" and tip_wall(scene, placement).value < WALL_MM:
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
