"""Osteotomy: a saw's plane through a long bone, square to its axis unless planned otherwise."""

import numpy as np

from anatomy.errors import GeometryError
from anatomy.geometry import Floats, point
from anatomy.structure import Structure
from surgery import osteotomy, wedge_search
from surgery.plan import Placement
from surgery.procedure import Procedure
from surgery.questions import EVIDENCE
from surgery.scene import Scene
from surgery.score import Limit, Metric, Reading

BONES = wedge_search.BONES


def blade(placement: Placement) -> osteotomy.Cut:
    """The blade's plane: it holds the path and the side that the saw's marker faces."""
    return osteotomy.Cut(
        point_mm=placement.trajectory.target_mm, normal=point(placement.facing(90.0))
    )


def cut_tilt(scene: Scene, placement: Placement) -> Reading:
    """Angle of the cut's normal and the bone's long axis [deg].

    The axis is the direction in which the surface's vertices scatter most.
    """
    bone = _bone(scene, placement)
    vertices = bone.surfaces["fine"].vertices_mm.astype(float)
    _, _, axes = np.linalg.svd(vertices - vertices.mean(axis=0), full_matrices=False)
    found = osteotomy.tilt(blade(placement), point(axes[0]))
    return Reading(value=found.value, point_mm=found.point_mm, structure=bone.id, least=0.0)


def section_area(scene: Scene, placement: Placement) -> Reading:
    """Area of the cut face [mm2]."""
    bone = _bone(scene, placement)
    found = osteotomy.divided(bone.surfaces["fine"], blade(placement)).section
    return Reading(value=found.value, point_mm=found.point_mm, structure=bone.id, least=0.0)


def saw_reach(scene: Scene, placement: Placement) -> Reading:
    """Length of the blade less the depth of the section from the bone's near side [mm]."""
    bone = _bone(scene, placement)
    outline: Floats = np.concatenate(osteotomy.outlines(bone.surfaces["fine"], blade(placement)))
    depth = outline @ placement.trajectory.direction
    value = placement.made_of.length_mm - float(depth.max() - depth.min())
    place = point(outline[np.argmax(depth)])
    return Reading(value=value, point_mm=place, structure=bone.id, sigma_mm=bone.sigma_mm)


def _bone(scene: Scene, placement: Placement) -> Structure:
    """The bone that holds the target."""
    label = scene.label_at(placement.trajectory.target_mm)
    for word in BONES:
        for one in scene.find(word):
            if one.id == label:
                return one
    raise GeometryError("the target lies in no bone that could be cut")


TILT = Metric(
    id="cut_tilt",
    title="Tilt of the cut",
    unit="deg",
    limit=Limit(),
    weight=0.0,
    source=EVIDENCE + "osteotomy-tilt",
    needs=BONES,
    measure=cut_tilt,
)
SECTION = Metric(
    id="section_area",
    title="Area of the cut face",
    unit="mm2",
    limit=Limit(),
    weight=0.0,
    source=EVIDENCE + "osteotomy-wedge",
    needs=BONES,
    measure=section_area,
)
REACH = Metric(
    id="saw_reach",
    title="Blade beyond the far side",
    unit="mm",
    limit=Limit(hard_low=0.0, good_low=2.0),
    weight=1.0,
    source=EVIDENCE + "saw-reach",
    needs=BONES,
    measure=saw_reach,
)
PROCEDURE = Procedure(
    id="osteotomy",
    title="Osteotomy",
    needs=BONES,
    targets=BONES,
    devices=("saw",),
    metrics=(TILT, SECTION, REACH),
    steps=("incision", "advance"),
    most_placements=2,
    outside=None,
    within=(),
    propose=wedge_search.propose,
    lesson="The plane decides the correction: a cut that is off by five degrees leaves a bone "
    "that is off by five degrees.",
    references=("PMC7336637 (angle error with augmented reality and freehand)",),
)
