"""The devices of a plan as they lie, with the structures about them, as parts of one mesh file."""

from collections.abc import Sequence
from dataclasses import replace

from anatomy.errors import TermError
from anatomy.mesh_write import Part
from anatomy.structure import Structure
from anatomy.terms import split
from surgery.device_shape import contacts_of, shaft_of
from surgery.plan import Plan
from surgery.scene import Scene
from viewer.takeaway.slices import OUTLINED

DEVICE, CONTACT = (242, 246, 248), (240, 180, 92)
"""Colours of shafts and contacts, as in the pictures."""


def solids(scene: Scene, plan: Plan, structures: Sequence[str] | None) -> list[Part]:
    """Each device and contact, then the structures of those ids, by their fine surfaces.

    None: those of the groups that the slices outline. Raises TermError.
    """
    parts = []
    for n, placement in enumerate(plan.placements, 1):
        which = f" {n}" if len(plan.placements) > 1 else ""
        pairs = [(shaft_of(placement), DEVICE), *((c, CONTACT) for c in contacts_of(placement))]
        parts += [replace(one, name=one.name + which, colour=colour) for one, colour in pairs]
    return parts + [_part(one) for one in _chosen(scene, structures)]


def _chosen(scene: Scene, structures: Sequence[str] | None) -> list[Structure]:
    if structures is None:
        return [one for one in scene.anatomy if split(one.id)[0].group in OUTLINED]
    held = {one.id: one for one in scene.anatomy}
    if lost := [id for id in structures if id not in held]:
        raise TermError(f"There is no {lost[0]} in this twin; it holds {', '.join(held)}.")
    return [held[id] for id in dict.fromkeys(structures)]


def _part(one: Structure) -> Part:
    surface = one.surfaces["fine"]
    return Part(
        vertices_mm=surface.vertices_mm,
        faces=surface.faces,
        name=one.title,
        colour=one.colour,
        opacity=one.opacity,
    )
