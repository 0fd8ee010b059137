"""Which views show a plan of which procedure best, and what each one draws."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from anatomy.geometry import Floats
from anatomy.structure import Structure
from anatomy.surface import Surface
from anatomy.terms import split
from surgery.plan import Placement, Plan
from surgery.scene import Scene
from viewer.render import TARGET, Stage, View, fitted, mesh_of, outline
from viewer.scene import HIDDEN, TISSUE
from viewer.views_bone import cuts, screws
from viewer.views_heart import leads, valve

Facts = Mapping[str, Any]
UP = np.array([0.0, 0.0, 1.0])
FULL, GLASS, GHOST, VEIL = 1.0, 0.45, 0.2, 0.18
GYRI = (206, 196, 190)
CLOSE_MM = 34.0
"""How far from the target a close view reaches."""
FAR_MM = 1.3
"""In a view of the whole head contacts are at least of this radius, or nobody would see them."""
AROUND_MM = 12.0
"""What is drawn around the brain: vessels of neck and face beyond are left out."""


def views(scene: Scene, plan: Plan, facts: Facts) -> list[View]:
    """The views of a plan, the most telling one first; two at least."""
    return KINDS.get(plan.procedure, path)(scene, plan, facts)


def path(scene: Scene, plan: Plan, facts: Facts) -> list[View]:
    """The whole head from the side of the entry, and the target close by, across the path."""
    _ = facts
    (first, *_) = plan.placements
    way = first.trajectory
    target = np.array(way.target_mm)
    whole, near = Stage(), Stage()
    _head(whole, scene, plan, box=None)
    _head(near, scene, plan, box=np.array([target - CLOSE_MM, target + CLOSE_MM]))
    for placement in plan.placements:
        whole.device(placement, thick_mm=FAR_MM)
        near.device(placement)
    side = _across(way.direction)
    around = _around(scene)
    outer = np.subtract(way.entry_mm, 26.0 * way.direction)
    oblique = -side * _side_of(scene, first, side) * 0.8 + 0.45 * way.direction - 0.25 * UP
    return [
        View(
            title="From the side of the entry", stage=whole, towards=oblique, up=UP,
            **fitted(np.concatenate([around, outer[None]]), oblique, UP),
        ),
        View(
            title="Across the path, at the target", stage=near, towards=side, up=UP,
            middle_mm=target - 8.0 * way.direction, height_mm=1.6 * CLOSE_MM,
        ),
    ]  # fmt: skip


def array(scene: Scene, plan: Plan, facts: Facts) -> list[View]:
    """All electrodes, numbered, from the side of most entries and from above."""
    _ = facts
    stage = Stage()
    _head(stage, scene, plan, box=None)
    for number, placement in enumerate(plan.placements, 1):
        stage.device(placement, number=number, thick_mm=FAR_MM)
    outer = np.array([np.subtract(one.trajectory.entry_mm, 30.0 * one.trajectory.direction)
                      for one in plan.placements])  # fmt: skip
    points = np.concatenate([_around(scene), outer])
    middle = _field(scene).mean(axis=0)
    out = np.sign((outer.mean(axis=0) - middle)[0]) or 1.0
    lateral, above = np.array([-out, 0.25, -0.15]), np.array([0.0, 0.12, -1.0])
    return [
        View(
            title="From the " + ("right" if out > 0 else "left"), stage=stage, towards=lateral,
            up=UP, **fitted(points, lateral, UP),
        ),
        View(
            title="From above", stage=stage, towards=above, up=np.array([0.0, 1.0, 0.0]),
            **fitted(points, above, np.array([0.0, 1.0, 0.0])),
        ),
    ]  # fmt: skip


def opening(scene: Scene, plan: Plan, facts: Facts) -> list[View]:
    """The flap as the surgeon looks onto it, and from the side with the corridor to the lesion."""
    from surgery.procedures.craniotomy import radius_mm, ring_mm

    _ = facts
    (placement, *_) = plan.placements
    way = placement.trajectory
    ring = np.array(ring_mm(placement, radius_mm(scene, placement)))
    radius = float(np.linalg.norm(ring[0] - way.entry_mm))
    onto, beside = Stage(), Stage()
    for stage in (onto, beside):
        _head(stage, scene, plan, box=None)
        stage.ring(ring, 1.0, "#f0b45c")
        stage.rod((way.entry_mm, way.target_mm), 0.7, TARGET)
    beside.rod((way.entry_mm, way.target_mm), radius, "#f0b45c", opacity=0.12)
    for one in scene.find("grey_matter"):
        _gyri(onto, one, np.array(way.entry_mm), way.direction, radius)
    side = _across(way.direction)
    points = np.concatenate([_around(scene), ring])
    return [
        View(
            title="Onto the flap, along the approach", stage=onto, towards=way.direction,
            up=_upright(way.direction), **fitted(points, way.direction, _upright(way.direction)),
        ),
        View(
            title="Across the approach", stage=beside, towards=side, up=UP,
            **fitted(points, side, UP),
        ),
    ]  # fmt: skip


def _gyri(stage: Stage, one: Structure, entry: Floats, way: Floats, radius: float) -> None:
    """Grey matter, open where the flap is: through the window the lesion is seen."""
    surface = one.surfaces["fine"]
    off = surface.vertices_mm.astype(float) - entry
    aside = np.linalg.norm(np.cross(off, way), axis=1)
    closed = (aside[surface.faces] > radius).all(axis=1)
    rest = Surface(surface.vertices_mm, surface.faces[closed], surface.frame)
    stage.add(mesh_of(rest), color=tuple(c / 255 for c in GYRI), smooth_shading=True, specular=0.1)


def _head(stage: Stage, scene: Scene, plan: Plan, *, box: Floats | None) -> None:
    """A head: skin and brain as veils, what is aimed at whole, vessels whole, the rest as glass."""
    aims = {
        id
        for one in plan.placements
        for id in _parts(scene, scene.label_at(one.trajectory.target_mm))
    }
    field = _field(scene)
    for one in sorted(scene.anatomy, key=lambda one: _told(one, aims)):
        term, _ = split(one.id)
        if term.id in HIDDEN or term.group in ("spine", "other", "heart"):
            continue
        if term.group == "head" and (term.id != "scalp" or box is not None):
            continue
        if term.id in TISSUE:
            continue
        if term.id in ("scalp", "brain", "brainstem", "cerebellum"):
            veil = VEIL if term.id in ("scalp", "brain") else GHOST
            if box is None:
                stage.structure(one, opacity=veil, told=False)
            continue
        vessel = term.group == "vessels"
        opacity = FULL if one.id in aims or vessel or term.group == "pathology" else GLASS
        if term.id == "oedema" or (box is not None and not vessel and one.id not in aims):
            opacity = GHOST
        elif box is not None and not vessel:
            opacity = GLASS  # Close by, what is aimed at must not hide the device in it.
        stage.structure(one, opacity=opacity, box=box if box is not None else field)


def _told(one: Structure, aims: set[str]) -> tuple[bool, bool, bool]:
    """What the legend names first: what is aimed at, lesions, vessels."""
    group = split(one.id)[0].group
    return one.id not in aims, group != "pathology", group != "vessels"


def _parts(scene: Scene, label: str) -> tuple[str, ...]:
    """The label, and the parts of the tumour's core where it is one of them."""
    core = {one.id for one in scene.find("tumour_core")}
    return tuple(core) if label in core else (label,)


def _field(scene: Scene) -> Floats:
    """The box of what is drawn of a head: the brain with AROUND_MM about it, less below.

    A hundredth of the brain's surface at each end is left out: a map may hold strays in the neck.
    """
    points = outline(scene.find("brain") or tuple(scene.anatomy))
    low, high = np.percentile(points, (1.0, 99.0), axis=0)
    if floor := scene.find("cerebellum"):
        low[2] = max(low[2], float(floor[0].surfaces["coarse"].bounds_mm[4]))
    return np.array([low - (AROUND_MM, AROUND_MM, 0.0), high + AROUND_MM])


def _around(scene: Scene) -> Floats:
    """What a view of a head has to hold: the brain, or the skin as far down as that."""
    skin = scene.find("scalp") or scene.find("brain") or tuple(scene.anatomy)
    return outline(skin, _field(scene) + np.array([(-40.0, -40.0, 0.0), (40.0, 40.0, 40.0)]))


def _side_of(scene: Scene, placement: Placement, side: Floats) -> float:
    """On which side of the middle the entry lies, along `side`: 1 or -1."""
    off = np.array(placement.trajectory.entry_mm) - _field(scene).mean(axis=0)
    return float(np.sign(off @ side)) or 1.0


def _across(direction: Floats) -> Floats:
    """Level and square to a path; forward where the path is upright."""
    across = np.cross(direction, UP)
    length = float(np.linalg.norm(across))
    return across / length if length > 0.2 else np.array([0.0, 1.0, 0.0])


def _upright(direction: Floats) -> Floats:
    """What is up where one looks along a direction: Superior, or Anterior where that is level."""
    return UP if abs(float(direction[2])) < 0.9 else np.array([0.0, 1.0, 0.0])


KINDS: Mapping[str, Callable[[Scene, Plan, Facts], list[View]]] = {
    "pedicle_screw": screws,
    "osteotomy": cuts,
    "valve_sizing": valve,
    "pacing_lead": leads,
    "seeg_array": array,
    "craniotomy": opening,
}
