"""A device in place as closed triangles: its cylinders about the axis, and each contact.

RAS [mm], triangles counter-clockwise seen from outside. A polygon of SIDES stands for the circle,
corners on it, so that a shaft is nowhere thicker than the device.
"""

import math

import numpy as np

from anatomy.geometry import Floats
from anatomy.mesh_write import Part
from surgery.plan import Placement

SIDES = 48
"""The polygon lies at most 0.2 % of the radius inside the circle."""
PROUD_MM = 0.02
"""House value: contacts stand out of the shaft by this, so that a picture shows them."""


def shaft_of(placement: Placement) -> Part:
    """The whole device, from its tip to its back end, as one closed surface."""
    rings = list(
        dict.fromkeys(
            (where, segment.radius_mm)
            for segment in placement.made_of.segments
            for where in (segment.from_mm, segment.to_mm)
        )
    )
    angles = np.arange(SIDES, dtype=np.float64) * (2 * math.pi / SIDES)
    corners = np.concatenate([_ring(placement, *ring, angles) for ring in rings])
    ends = placement.at_mm([rings[0][0], rings[-1][0]])
    faces = []
    for n in range(len(rings) - 1):
        faces += _wall(n * SIDES, (n + 1) * SIDES, SIDES, closed=True)
    last, tip, back = (len(rings) - 1) * SIDES, len(corners), len(corners) + 1
    for k in range(SIDES):
        after = (k + 1) % SIDES
        faces += [(tip, k, after), (back, last + after, last + k)]
    return _part(placement.made_of.title, np.concatenate([corners, ends]), faces)


def contacts_of(placement: Placement) -> list[Part]:
    """Each contact as a closed wedge of the shaft, or a whole slice of it; tip first."""
    return [_contact(placement, number) for number in range(len(placement.made_of.contacts))]


def _contact(placement: Placement, number: int) -> Part:
    contact = placement.made_of.contacts[number]
    arc, whole = math.radians(contact.arc_deg), contact.arc_deg >= 360
    count = SIDES if whole else max(math.ceil(SIDES * contact.arc_deg / 360), 2) + 1
    first = math.radians(contact.facing_deg) - arc / 2
    step = 2 * math.pi / SIDES if whole else arc / (count - 1)
    angles = first + step * np.arange(count, dtype=np.float64)
    near, far = (contact.centre_mm + sign * contact.length_mm / 2 for sign in (-1, 1))
    radius = contact.radius_mm + PROUD_MM
    corners = [_ring(placement, where, radius, angles) for where in (near, far)]
    ends = placement.at_mm([near, far])
    a, b = 2 * count, 2 * count + 1  # The axis at both ends.
    faces = _wall(0, count, count, closed=whole)
    for k in range(count if whole else count - 1):
        after = (k + 1) % count
        faces += [(a, k, after), (b, count + after, count + k)]
    if not whole:
        faces += [(a, b, count), (a, count, 0)]
        faces += [(a, count - 1, 2 * count - 1), (a, 2 * count - 1, b)]
    return _part(f"Contact {number + 1}", np.concatenate([*corners, ends]), faces)


def _ring(placement: Placement, behind_mm: float, radius_mm: float, angles: Floats) -> Floats:
    """Corners (n, 3) at angles [rad] about entry to target, from the marker on."""
    marker, along = placement.facing(), placement.trajectory.direction
    around = np.outer(np.cos(angles), marker) + np.outer(np.sin(angles), np.cross(along, marker))
    return placement.at_mm([behind_mm]) + radius_mm * around


def _wall(near: int, far: int, count: int, *, closed: bool) -> list[tuple[int, int, int]]:
    """Triangles between two rings; `far` lies farther behind the tip."""
    faces = []
    for k in range(count if closed else count - 1):
        after = (k + 1) % count
        faces += [(near + k, far + k, far + after), (near + k, far + after, near + after)]
    return faces


def _part(name: str, corners: Floats, faces: list[tuple[int, int, int]]) -> Part:
    return Part(
        name=name,
        vertices_mm=corners.astype(np.float32),
        faces=np.array(faces, dtype=np.uint32),
    )
