"""A plane through a bone, and the far part moved: volumes, tilt, and the wedge that results."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from anatomy.errors import GeometryError, TwinError
from anatomy.geometry import Floats, Point, affine, point
from anatomy.surface import Surface
from surgery.quantity import Quantity

TILT, WEDGE = "docs/evidence.md#osteotomy-tilt", "docs/evidence.md#osteotomy-wedge"


class OsteotomyError(TwinError, ValueError):
    """A cut or a correction that cannot be made."""

    code = "surgery.osteotomy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A plane through `point_mm`. `normal` (any length) points to the distal part, which moves."""

    point_mm: Point
    normal: Point

    def __post_init__(self) -> None:
        object.__setattr__(self, "normal", point(_unit(self.normal, "A cut's normal")))
        object.__setattr__(self, "point_mm", point(self.point_mm))


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A rigid move of the distal part: a turn about a hinge, right-handed, then a shift [mm]."""

    hinge_mm: Point
    axis: Point
    angle_deg: float
    shift_mm: Point = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "axis", point(_unit(self.axis, "A hinge's axis")))
        point(self.hinge_mm), point(self.shift_mm)
        if not abs(self.angle_deg) < 90:
            raise OsteotomyError("A correction turns by less than 90 degrees to either side.")

    @property
    def matrix(self) -> Floats:
        """The move of points in RAS [mm], (4, 4); Rodrigues' formula."""
        x, y, z = self.axis
        k, angle = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]]), math.radians(self.angle_deg)
        out = np.eye(4)
        out[:3, :3] += math.sin(angle) * k + (1 - math.cos(angle)) * (k @ k)
        out[:3, 3] = np.add(self.hinge_mm, self.shift_mm) - out[:3, :3] @ self.hinge_mm
        return affine(out)


@dataclass(frozen=True, eq=False, kw_only=True)
class Parts:
    """A bone in two. Volumes [mm3] and section [mm2] have the section's centroid as their point."""

    cut: Cut
    proximal: Surface
    distal: Surface
    proximal_volume: Quantity
    distal_volume: Quantity
    section: Quantity
    _face: Floats
    """Triangles of the cut face, (m, 3, 3), RAS [mm]."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Corrected:
    """The distal part in its new place, and what that leaves between the cut faces."""

    distal: Surface
    opening: Quantity
    """Gap to be filled [mm3]; the point is where the faces are farthest apart."""
    closing: Quantity
    """Bone in the way of the moved part, to be removed [mm3]; the point is where it is deepest."""
    widest: Quantity
    """Largest gap between the cut faces, square to the cut [mm]."""
    deepest: Quantity
    """Largest overlap of the cut faces, square to the cut [mm]."""


def divided(bone: Surface, cut: Cut) -> Parts:
    """The two parts of a closed bone; raises OsteotomyError where the plane misses it."""
    whole = _solid(bone)
    offset = float(np.dot(cut.point_mm, cut.normal))
    distal, proximal = whole.split_by_plane(cut.normal, offset)
    if distal.is_empty() or proximal.is_empty():
        raise OsteotomyError(
            "The cut misses the bone: all of it lies on one side. Move the plane.",
            point_mm=cut.point_mm,
        )
    face = _face(whole, cut)
    vectors = np.cross(face[:, 1] - face[:, 0], face[:, 2] - face[:, 0]) / 2
    areas = vectors @ np.array(cut.normal)
    middle = point((face.mean(axis=1) * areas[:, None]).sum(axis=0) / areas.sum())

    def quantity(value: float, unit: str) -> Quantity:
        return Quantity(value=value, unit=unit, source=WEDGE, point_mm=middle)

    return Parts(
        cut=cut,
        proximal=_surface(proximal, bone.frame),
        distal=_surface(distal, bone.frame),
        proximal_volume=quantity(float(proximal.volume()), "mm3"),
        distal_volume=quantity(float(distal.volume()), "mm3"),
        section=quantity(float(areas.sum()), "mm2"),
        _face=face,
    )


def outlines(body: Surface, cut: Cut) -> tuple[Floats, ...]:
    """Closed outlines of a body's section, each (n, 3), RAS [mm]; raises OsteotomyError.

    Seen from the distal side outer ones run counter-clockwise and those of holes clockwise.
    """
    flat, turn = _section(_solid(body), cut)
    return tuple(one @ turn[:2] + cut.point_mm for one in flat)


def tilt(cut: Cut, axis: Point) -> Quantity:
    """Angle of the cut's normal and an anatomic axis [deg], 0 to 90; 0 cuts straight across."""
    return Quantity(
        value=min(angle_deg(cut.normal, axis), 180 - angle_deg(cut.normal, axis)),
        unit="deg",
        source=TILT,
        point_mm=cut.point_mm,
    )


def alignment(proximal_axis: Point, distal_axis: Point, correction: Correction) -> Quantity:
    """Angle between the axis of the proximal part and that of the moved distal one [deg]."""
    turned = correction.matrix[:3, :3] @ _unit(distal_axis, "An axis")
    return Quantity(
        value=angle_deg(proximal_axis, point(turned)),
        unit="deg",
        source=TILT,
        point_mm=correction.hinge_mm,
    )


def angle_deg(one: Point, other: Point) -> float:
    """Angle between two directions [deg], 0 to 180."""
    u, v = _unit(one, "An axis"), _unit(other, "An axis")
    return math.degrees(math.atan2(float(np.linalg.norm(np.cross(u, v))), float(u @ v)))


def corrected(parts: Parts, correction: Correction) -> Corrected:
    """The distal part moved, with the wedge; raises OsteotomyError.

    Opening: the room between each point p of the cut face and its new place p + u(p), where u
    leads away from the proximal part; exact for a flat face, as the volume is the integral of
    det(d/dx, d/dy, d/dt) of p + t u. Closing: the overlap of the two parts as solids.
    """
    matrix = correction.matrix
    standing, moving = _solid(parts.proximal), _solid(parts.distal).transform(matrix[:3])
    normal = np.array(parts.cut.normal)
    corners = parts._face.reshape(-1, 3)
    leaves = (_lift(corners, matrix) @ normal).reshape(-1, 3)
    first, last = int(np.argmax(leaves)), int(np.argmin(leaves))
    apart = [_clipped(face, gap) for face, gap in zip(parts._face, leaves, strict=True)]
    opening = math.fsum(_swept(face, matrix) for pieces in apart for face in pieces)
    overlap = float((standing ^ moving).volume())

    def quantity(value: float, unit: str, at: int) -> Quantity:
        return Quantity(value=max(value, 0.0), unit=unit, source=WEDGE, point_mm=point(corners[at]))

    return Corrected(
        distal=_surface(moving, parts.distal.frame),
        opening=quantity(opening, "mm3", first),
        closing=quantity(overlap, "mm3", last),
        widest=quantity(float(leaves.max()), "mm", first),
        deepest=quantity(-float(leaves.min()), "mm", last),
    )


def _unit(vector: Point, what: str) -> Floats:
    array = np.array(point(vector))
    length = float(np.linalg.norm(array))
    if length < 1e-9:
        raise GeometryError(f"{what} needs a direction.")
    return array / length


@lru_cache(maxsize=4)
def _solid(surface: Surface) -> Any:
    """A surface as a solid, which nothing changes: a search cuts the same one hundreds of times."""
    from manifold3d import Error, Manifold, Mesh

    # manifold3d takes no read-only array.
    solid = Manifold(Mesh(surface.vertices_mm.copy(), surface.faces.copy()))
    if solid.status() != Error.NoError or solid.is_empty():
        raise OsteotomyError(
            "The bone's surface is not closed, so it has no inside to cut. Close it first."
        )
    return solid


def _surface(solid: Any, frame: str) -> Surface:
    mesh = solid.to_mesh()
    return Surface(np.asarray(mesh.vert_properties)[:, :3], np.asarray(mesh.tri_verts), frame)


def _face(whole: Any, cut: Cut) -> Floats:
    """Triangles of the cut face, counter-clockwise seen from the distal side, (m, 3, 3)."""
    from manifold3d import triangulate

    flat, turn = _section(whole, cut)
    corners = np.concatenate(flat)[np.asarray(triangulate(flat))]
    return corners @ turn[:2] + cut.point_mm


def _section(whole: Any, cut: Cut) -> tuple[list[Floats], Floats]:
    """Outlines of the section about the cut's point, (n, 2), and their two axes and the normal."""
    normal = np.array(cut.normal)
    side = np.cross(normal, np.eye(3)[np.argmin(np.abs(normal))])
    side /= np.linalg.norm(side)
    turn = np.stack([side, np.cross(normal, side), normal])
    laid = whole.transform(np.column_stack([turn, -turn @ cut.point_mm]))
    flat = [np.asarray(one) for one in laid.slice(0.0).to_polygons()]
    if not flat:
        raise OsteotomyError(
            "The cut passes through no part of the body. Move the plane.", point_mm=cut.point_mm
        )
    return flat, turn


def _lift(points: Floats, matrix: Floats) -> Floats:
    """How far each point (n, 3) is moved [mm]."""
    return points @ matrix[:3, :3].T + matrix[:3, 3] - points


def _clipped(face: Floats, height: Floats) -> list[Floats]:
    """The part of a triangle (3, 3) with a height above 0, given at its corners, as triangles."""
    kept: list[Floats] = []
    for n in range(3):
        m = (n + 1) % 3
        if height[n] >= 0:
            kept.append(face[n])
        if height[n] * height[m] < 0:
            kept.append(face[n] + height[n] / (height[n] - height[m]) * (face[m] - face[n]))
    return [np.stack([kept[0], kept[n], kept[n + 1]]) for n in range(1, len(kept) - 1)]


def _swept(face: Floats, matrix: Floats) -> float:
    """Signed volume [mm3] between a triangle (3, 3) and its new place, joined by straight lines."""
    way = _lift(face.mean(axis=0)[None], matrix)[0]
    a, b = face[1] - face[0], face[2] - face[0]
    change = matrix[:3, :3] - np.eye(3)
    c, d = change @ a, change @ b
    triples = (_triple(a, b, way), _triple(c, b, way) + _triple(a, d, way), _triple(c, d, way))
    return (triples[0] + triples[1] / 2 + triples[2] / 3) / 2


def _triple(u: Floats, v: Floats, w: Floats) -> float:
    return float(np.cross(u, v) @ w)
