"""Views of screws in vertebrae and of cuts through long bones."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from anatomy.geometry import Floats
from anatomy.structure import Structure
from anatomy.surface import Surface
from anatomy.terms import split
from surgery.plan import Placement, Plan
from surgery.scene import Scene
from viewer.render import INK, Stage, View, bounds_of, fitted, mesh_of, outline

UP, AHEAD = np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0])
GLASS, GHOST = 0.6, 0.25
STEEL, HEAD, BLADE, GAP = "#c3ccd3", "#8fa3b0", "#7fd4ff", "#ff8f5f"
HEAD_MM = 5.0
"""A screw's head as drawn: it has none in the catalogue."""


def screws(scene: Scene, plan: Plan, facts: Mapping[str, Any]) -> list[View]:
    """From behind through glass; and from above, the bone cut along the screws."""
    _ = facts
    ways = [one.trajectory for one in plan.placements]
    bones = [one for one in scene.anatomy if split(one.id)[0].group == "spine"]
    held = [one for one in bones if any(scene.label_at(way.target_mm) == one.id for way in ways)]
    held = held or bones[:1]
    glass, cut = Stage(), Stage()
    for one in bones:
        opacity = GLASS if one in held else GHOST
        glass.structure(one, opacity=opacity, level="fine", box=bounds_of(held, room_mm=22.0))
    normal = _above(ways)
    middle = np.mean([way.entry_mm for way in ways] + [way.target_mm for way in ways], axis=0)
    # Where several levels are held, one is cut: the first, along its own screws.
    own = [way for way in ways if scene.label_at(way.target_mm) == held[0].id] or ways
    if len(held) > 1:
        normal = _above(own)
        middle = np.mean([way.entry_mm for way in own] + [way.target_mm for way in own], axis=0)
    half = mesh_of(held[0].surfaces["fine"]).clip_closed_surface(
        normal=tuple(-normal), origin=tuple(middle)
    )
    cut.add(half, color=tuple(c / 255 for c in held[0].colour), specular=0.1)
    for placement in plan.placements:
        _screw(glass, placement)
        if placement.trajectory in own:
            _screw(cut, placement)
    behind = np.array([-0.2, 1.0, -0.22])
    points = np.concatenate([outline(held), [way.entry_mm for way in ways]])
    first = np.concatenate([outline(held[:1]), [way.entry_mm for way in own]])
    return [
        View(title="From behind, through the bone", stage=glass, towards=behind, up=UP,
             **fitted(points, behind, UP)),
        View(title=f"{held[0].title} from above, cut along its screws", stage=cut, towards=-normal,
             up=AHEAD, **fitted(first, -normal, AHEAD)),
    ]  # fmt: skip


def _above(ways: list[Any]) -> Floats:
    """Upward and square to the screws and to left and right."""
    direction = np.mean([way.direction for way in ways], axis=0)
    normal = np.cross(np.array([1.0, 0.0, 0.0]), direction)
    return normal / np.linalg.norm(normal) * (1.0 if normal[2] > 0 else -1.0)


def _screw(stage: Stage, placement: Placement) -> None:
    """The thread's cylinder, whole, with a head outside of the bone and its size beside it."""
    made, direction = placement.made_of, placement.trajectory.direction
    head, tip = placement.at_mm([made.length_mm, 0.0])
    stage.rod((head, tip), made.radius_mm, STEEL)
    stage.rod((head - HEAD_MM * direction, head), 1.6 * made.radius_mm, HEAD)
    size = f"{2 * made.radius_mm:g} x {made.length_mm:g}"
    beside = head - 9.0 * direction + np.array([np.sign(head[0] - tip[0]) * 11.0, 0.0, -3.0])
    stage.words.append((beside, size, INK))
    stage.legend["Screw, the cylinder of its thread"] = (195, 204, 211)


def cuts(scene: Scene, plan: Plan, facts: Mapping[str, Any]) -> list[View]:
    """The bone with its cuts and after the correction, whole and close by.

    Without the facts of a correction, the bone with its cuts from two sides.
    """
    from surgery.procedures.osteotomy import blade

    (first, *_) = plan.placements
    bone = scene.anatomy[scene.label_at(first.trajectory.target_mm)]
    planes = [blade(one) for one in plan.placements]
    before, after = Stage(), Stage()
    before.structure(bone, opacity=1.0, level="fine")
    wide = _width(bone)
    for number, (cut, saw) in enumerate(zip(planes, plan.placements, strict=True), 1):
        _blade(before, np.array(cut.point_mm), np.array(cut.normal), wide)
        beside = np.subtract(cut.point_mm, 0.72 * wide * saw.trajectory.direction)
        beside = beside + 0.5 * wide * (1.5 - number) * np.array(cut.normal) * (len(planes) > 1)
        word = f"cut {number}" if len(planes) > 1 else "cut"
        before.words.append((beside, word, BLADE))
    towards = np.cross(planes[0].normal, first.trajectory.direction)
    towards = np.array(facts["axis"]) if "hinge_mm" in facts else towards
    towards = towards if towards @ AHEAD > 0 else -towards
    whole = fitted(outline([bone]), towards, UP)
    shaft_mm = 2 * float(np.sqrt(facts.get("section_mm2", wide**2) / np.pi))
    near = {"middle_mm": np.array(planes[0].point_mm), "height_mm": 2.4 * shaft_mm}
    if "hinge_mm" not in facts:
        shown = [("The bone with its cut", before, towards), ("From behind", before, -towards)]
    else:
        _corrected(after, bone, facts, before)
        word = str(facts["correction"]).replace(":", " by ")
        shown = [("Before", before, towards), (f"After: {word} degrees", after, towards)]
    return [
        View(title=title + close, stage=stage, towards=way, up=UP, **frame)
        for close, frame in (("", whole), (", close by", near))
        for title, stage, way in shown
    ]


def _width(bone: Structure) -> float:
    """How wide a long bone is where it is widest [mm]."""
    return float(np.sort(np.ptp(np.array(bone.surfaces["coarse"].bounds_mm).reshape(3, 2), 1))[1])


def _blade(stage: Stage, middle: Floats, normal: Floats, wide: float) -> None:
    """A saw's plane as a thin disc."""
    import pyvista

    disc = pyvista.Cylinder(
        center=middle, direction=normal, radius=0.62 * wide, height=0.8, resolution=96
    )
    stage.add(disc, color=BLADE, opacity=0.8, ambient=0.4)
    stage.legend["Plane of the saw"] = (127, 212, 255)


def _corrected(stage: Stage, bone: Structure, facts: Mapping[str, Any], before: Stage) -> None:
    """The near part, the far part in its new place, and the hinge in both pictures."""
    from surgery.osteotomy import Correction, Cut, corrected, divided

    parts = divided(bone.surfaces["fine"], Cut(**facts["cut"]))
    move = Correction(hinge_mm=facts["hinge_mm"], axis=facts["axis"], angle_deg=facts["angle_deg"])
    moved = corrected(parts, move).distal
    standing = parts.proximal
    if facts["kind"] == "closing":
        standing = _without(standing, moved)
    colour = tuple(c / 255 for c in bone.colour)
    stage.add(mesh_of(standing), color=colour, specular=0.1)
    stage.add(mesh_of(moved), color=tuple(0.82 * c for c in colour), specular=0.1)
    stage.legend[bone.title] = bone.colour
    hinge, axis = np.array(facts["hinge_mm"]), np.array(facts["axis"])
    reach = 0.8 * np.sqrt(facts["section_mm2"])
    for one in (stage, before):
        one.rod((hinge - reach * axis, hinge + reach * axis), 1.2, GAP)
        one.legend["Hinge"] = (255, 143, 95)


def _without(standing: Surface, moved: Surface) -> Surface:
    """The standing part less where the moved one comes to lie: the wedge that is taken out."""
    from manifold3d import Manifold, Mesh

    one, other = (Manifold(Mesh(s.vertices_mm.copy(), s.faces.copy())) for s in (standing, moved))
    left = (one - other).to_mesh()
    return Surface(
        np.asarray(left.vert_properties)[:, :3], np.asarray(left.tri_verts), standing.frame
    )
