"""Where a path may begin: places on the scalp, each with the outward normal of the skull there."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy.errors import GeometryError
from anatomy.geometry import Floats
from anatomy.surface import Surface
from surgery.lie import Outside


@dataclass(frozen=True, eq=False)
class Entries:
    """Places (n, 3) [mm] and unit outward skull normals (n, 3), neighbours next to each other."""

    points_mm: Floats
    normals: Floats

    def __post_init__(self) -> None:
        points, normals = (np.array(v, dtype=float) for v in (self.points_mm, self.normals))
        if points.ndim != 2 or points.shape[1:] != (3,) or points.shape != normals.shape:
            raise GeometryError("Each entry needs a place and a normal of three numbers.")
        if not len(points):
            raise GeometryError("No place on the scalp may be an entry; widen the region.")
        if not (np.isfinite(points).all() and np.isfinite(normals).all()):
            raise GeometryError("An entry is no finite place in mm.")
        if (np.abs(np.linalg.norm(normals, axis=1) - 1) > 1e-6).any():
            raise GeometryError("The normals of the skull must have length 1.")
        for name, value in (("points_mm", points), ("normals", normals)):
            value.flags.writeable = False
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.points_mm)


def ordered(points_mm: ArrayLike, normals: ArrayLike) -> Entries:
    """Entries by the direction from their middle, so that paths read the same memory in turn."""
    points, up = np.asarray(points_mm, float), np.asarray(normals, float)
    order = np.argsort(morton(points - points.mean(axis=0)), kind="stable")
    return Entries(points[order], up[order])


def morton(directions: ArrayLike) -> NDArray[np.uint64]:
    """Octahedral Morton code of directions (n, 3) of any length: near codes, near directions.

    The sphere is unfolded onto a square by way of the octahedron, whose 16-bit coordinates are
    then interleaved.
    """
    d = np.asarray(directions, float)
    d = d / np.maximum(np.abs(d).sum(axis=1, keepdims=True), 1e-12)
    flat = d[:, :2]
    folded = (1 - np.abs(flat[:, ::-1])) * np.where(flat >= 0, 1.0, -1.0)
    flat = np.where(d[:, 2:] >= 0, flat, folded)
    parts = ((flat + 1) / 2 * 65535).round().astype(np.uint64)
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        parts = (parts | (parts << np.uint64(shift))) & np.uint64(mask)
    return parts[:, 0] | (parts[:, 1] << np.uint64(1))


def entries_on(
    scalp: Surface, skull: Outside, *, count: int = 20_000, above_mm: float | None = None
) -> Entries:
    """`count` places spread over the scalp by area, with the normals of the nearest skull.

    Evenly, not by chance: every so many square millimetres along the faces in Morton order.
    `above_mm`: only where z is at least that.
    """
    if scalp.frame != skull.frame:
        raise GeometryError("The scalp and the skull lie in different frames.")
    corners = np.asarray(scalp.vertices_mm, float)[scalp.faces]
    if above_mm is not None:
        corners = corners[corners[:, :, 2].min(axis=1) >= above_mm]
    if not len(corners):
        raise GeometryError(f"No scalp lies above {above_mm} mm; lower the edge of the region.")
    middle = corners.mean(axis=1)
    corners = corners[np.argsort(morton(middle - middle.mean(axis=0)), kind="stable")]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.cumsum(np.linalg.norm(across, axis=1) / 2)
    wanted = (np.arange(count) + 0.5) / count * area[-1]
    face = np.searchsorted(area, wanted)
    # Where in the face: the rest of the area along one way, the golden ratio along the other.
    start = np.where(face > 0, area[face - 1], 0.0)
    u = np.sqrt((wanted - start) / (area[face] - start))
    v = (np.arange(count) * 0.6180339887498949) % 1
    weights = np.stack([1 - u, u * (1 - v), u * v], axis=1)
    points = np.einsum("nk,nkx->nx", weights, corners[face])
    return ordered(points, skull.planes_at(points).normals)
