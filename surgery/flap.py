"""A craniotomy: the piece of bone that a closed line of points frees.

The line is projected along its own mean normal (Newell's: the one whose plane shows the largest
area) and cuts straight down, from above its highest point to a depth below its lowest. Solids are
cut by manifold3d, which needs closed surfaces.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy.errors import TwinError
from anatomy.exact import Exact
from anatomy.geometry import Floats, Point, point
from anatomy.surface import Surface

DEPTH_MM = 40.0
"""How far the cut goes below the lowest point: docs/evidence.md#craniotomy-flap"""
AWAY_MM = 30.0
"""A point further from the bone does not belong to it: docs/evidence.md#craniotomy-flap"""
LEAST_MM2 = 100.0
"""House value: a smaller opening is a burr hole."""
LEAST_SHARE = 0.5
"""House value: what frees less of its opening is no flap: docs/evidence.md#craniotomy-flap"""
ABOVE_MM = 100.0
"""Where the cut begins above the highest point: past any bulge of the vault between the points."""
FLAT_MM = 1e-3
"""Rounding of the surfaces' 32-bit vertices, and more."""


class FlapError(TwinError, ValueError):
    """A line that frees no piece of bone, or a surface that cannot be cut."""

    code = "surgery.flap"


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Flap:
    """The freed bone, what is left, and the cut. Volumes of both add up to the whole bone."""

    bone: Surface
    """All that the cut goes around and comes off, closed; bone that goes on deeper stays."""
    rest: Surface
    pieces: int
    """More than one where the line also frees what does not hang together."""
    normal: Point
    """Unit vector, out of the head."""
    opening_mm2: float
    """Area inside the line, seen along the normal."""
    outer_mm2: float
    """Bone surface of the piece that looks outwards."""
    inner_mm2: float
    """Bone surface of the piece that looks inwards, to the dura."""
    cut_mm2: float
    """Sawn surface."""
    rims_mm: tuple[Floats, ...]
    """Closed edges between bone surface and cut, (n, 3) each [mm]; the outer one first.

    Bone with hollows has more than two; those less than half as long as the longest come last.
    """
    rim_mm: float
    """Length of the outer one."""


def flap(line_mm: Sequence[Point], bone: Surface, *, title: str = "The skull") -> Flap:
    """The piece of `bone` inside the closed line of points [mm, RAS]; `title` is for refusals."""
    from manifold3d import Manifold

    corners = np.array([point(one) for one in line_mm])
    if len(corners) < 3:
        raise FlapError(f"A craniotomy needs at least 3 points, not {len(corners)}.")
    whole = _solid(bone, title)
    away_mm, _ = Exact(bone).points(corners)
    if away_mm.max() > AWAY_MM:
        raise FlapError(
            f"{title} is {away_mm.max():.0f} mm away from point {int(away_mm.argmax()) + 1} of the "
            f"craniotomy; at most {AWAY_MM:g} mm are possible."
        )
    axes = _axes(corners, bone)
    flat = (corners - corners.mean(axis=0)) @ axes
    opening_mm2 = _opening(flat)
    bottom_mm = float(flat[:, 2].min()) - DEPTH_MM
    cutter = _cutter(flat, bottom_mm).transform(np.column_stack([axes, corners.mean(axis=0)]))
    within = whole ^ cutter
    if within.is_empty():
        raise FlapError(f"{title} is not cut by the line: draw it on the bone.")
    bottom = np.add(corners.mean(axis=0) @ axes[:, 2], bottom_mm + FLAT_MM)
    free = [one for one in within.decompose() if _lowest(one, axes[:, 2]) > bottom]
    if not free:
        raise FlapError(
            f"The line frees no piece of bone: {DEPTH_MM:g} mm below its lowest point there still "
            "is bone. Move it off the skull base, or make it smaller."
        )
    piece = Manifold.compose(free)
    mesh = piece.to_mesh()
    vertices, faces, sawn = _parts(mesh, whole.original_id())
    a, b, c = (vertices[faces[:, n]] for n in range(3))
    vectors = np.cross(b - a, c - a) / 2
    areas, outward = np.linalg.norm(vectors, axis=1), vectors @ axes[:, 2] > 0
    seen_mm2 = float((vectors[~sawn & outward] @ axes[:, 2]).sum())
    if seen_mm2 < LEAST_SHARE * opening_mm2:
        raise FlapError(
            f"Of an opening of {opening_mm2 / 100:.1f} cm2 the line frees only "
            f"{seen_mm2 / 100:.1f} cm2 of bone; the rest goes on more than {DEPTH_MM:g} mm below "
            "its lowest point. Move it off the skull base, or make it smaller.",
            opening_mm2=opening_mm2,
            freed_mm2=seen_mm2,
        )
    rims = _rims(vertices, faces, sawn, axes[:, 2])
    return Flap(
        bone=_surface(mesh, bone),
        rest=_surface((whole - piece).to_mesh(), bone),
        pieces=len(free),
        normal=point(axes[:, 2]),
        opening_mm2=opening_mm2,
        outer_mm2=float(areas[~sawn & outward].sum()),
        inner_mm2=float(areas[~sawn & ~outward].sum()),
        cut_mm2=float(areas[sawn].sum()),
        rims_mm=rims,
        rim_mm=_length_mm(rims[0]),
    )


def _solid(bone: Surface, title: str) -> Any:
    from manifold3d import Error, Manifold, Mesh

    if not bone.closed:
        raise FlapError(f"{title} is an open surface and cannot be cut: draw it closed first.")
    solid = Manifold(Mesh(np.array(bone.vertices_mm), np.array(bone.faces)))
    if solid.status() != Error.NoError or solid.is_empty():
        raise FlapError(f"{title} is no solid and cannot be cut ({solid.status().name}).")
    return solid.as_original()


def _axes(corners: Floats, bone: Surface) -> Floats:
    """Two axes in the line's mean plane and its normal away from the bone's middle, (3, 3)."""
    around = corners - corners.mean(axis=0)
    area = np.cross(around, np.roll(around, -1, axis=0)).sum(axis=0) / 2
    if np.linalg.norm(area) < LEAST_MM2:
        raise FlapError(
            f"The line rings {np.linalg.norm(area):.0f} mm2; a craniotomy needs {LEAST_MM2:g} mm2 "
            "and a line that does not cross itself."
        )
    normal = area / np.linalg.norm(area)
    middle = bone.vertices_mm.mean(axis=0, dtype=float)
    if normal @ (corners.mean(axis=0) - middle) < 0:
        normal = -normal
    first = np.cross(normal, np.eye(3)[np.abs(normal).argmin()])
    first /= np.linalg.norm(first)
    return np.column_stack([first, np.cross(normal, first), normal])


def _opening(flat: Floats) -> float:
    """Area inside the line in its mean plane [mm2]; refuses a line that crosses itself there."""
    a, b = flat[:, :2], np.roll(flat[:, :2], -1, axis=0)
    n = len(a)
    for i in range(n):
        for j in range(i + 2, n - (i == 0)):
            sides = [_side(a[i], b[i], p) for p in (a[j], b[j])]
            others = [_side(a[j], b[j], p) for p in (a[i], b[i])]
            if sides[0] * sides[1] < 0 and others[0] * others[1] < 0:
                raise FlapError(
                    f"The line crosses itself between points {i + 1} and {j + 1}: draw one ring."
                )
    return abs(float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum())) / 2


def _side(a: Floats, b: Floats, p: Floats) -> float:
    return float((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]))


def _cutter(flat: Floats, bottom_mm: float) -> Any:
    from manifold3d import CrossSection, FillRule, Manifold

    ring = CrossSection([flat[:, :2]], FillRule.EvenOdd)
    height_mm = float(flat[:, 2].max()) + ABOVE_MM - bottom_mm
    return Manifold.extrude(ring, height_mm).translate((0, 0, bottom_mm))


def _lowest(solid: Any, normal: Floats) -> float:
    """How far the solid's lowest vertex lies along the normal [mm]."""
    vertices = np.asarray(solid.to_mesh().vert_properties, float)[:, :3]
    return float((vertices @ normal).min())


def _parts(mesh: Any, bone: int) -> tuple[Floats, NDArray[np.int64], NDArray[np.bool_]]:
    """Vertices [mm] and faces of a cut piece, and which faces are not the bone's own."""
    vertices = np.asarray(mesh.vert_properties, float)[:, :3]
    faces = np.asarray(mesh.tri_verts, np.int64)
    sawn = np.zeros(len(faces), bool)
    runs = np.asarray(mesh.run_index) // 3
    for start, stop, origin in zip(runs[:-1], runs[1:], mesh.run_original_id, strict=True):
        sawn[start:stop] = origin != bone
    return vertices, faces, sawn


def _rims(
    vertices: Floats, faces: NDArray[np.int64], sawn: NDArray[np.bool_], normal: Floats
) -> tuple[Floats, ...]:
    """The closed edges where the cut meets the bone's own surface, the outer one first."""
    own = faces[~sawn]
    edges = np.vstack([own[:, [0, 1]], own[:, [1, 2]], own[:, [2, 0]]])
    there = {(int(a), int(b)) for a, b in edges}
    border: dict[int, list[int]] = {}
    for a, b in sorted(there):
        if (b, a) not in there:
            border.setdefault(a, []).append(b)
    rims = []
    while border:
        start = min(border)
        ring, here = [start], _step(border, start)
        while here != start:
            ring.append(here)
            here = _step(border, here)
        rims.append(vertices[ring])
    least_mm = max(map(_length_mm, rims)) / 2
    return tuple(
        sorted(rims, key=lambda rim: (_length_mm(rim) < least_mm, -float((rim @ normal).mean())))
    )


def _length_mm(rim: Floats) -> float:
    return float(np.linalg.norm(rim - np.roll(rim, 1, axis=0), axis=1).sum())


def _step(border: dict[int, list[int]], here: int) -> int:
    """The next vertex of a ring, taken out of what is left to walk."""
    there = border[here].pop(0)
    if not border[here]:
        del border[here]
    return there


def _surface(mesh: Any, bone: Surface) -> Surface:
    vertices = np.asarray(mesh.vert_properties, np.float32)[:, :3]
    return Surface(vertices, np.asarray(mesh.tri_verts, np.uint32), bone.frame)
