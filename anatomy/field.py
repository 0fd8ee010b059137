"""Signed distance to a closed surface on a lattice of RAS millimetres, and eight of them packed.

A value between nodes comes by trilinear interpolation, which rounds thin structures off: near a
vessel it reads up to 0.5 mm too far at 1 mm spacing and 0.25 mm at 0.5 mm. So plans are searched
with GUARD_MM to spare, and what is shown is measured with `anatomy.exact`.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy import sweep
from anatomy.errors import GeometryError
from anatomy.exact import Tree, nearest, tree_of
from anatomy.geometry import Floats, FrameId, Point
from anatomy.grid import Grid
from anatomy.surface import Surface

Box = tuple[float, float, float, float, float, float]
"""x0, x1, y0, y1, z0, z1 [mm], as `Surface.bounds_mm`."""
MOST_NODES = 120_000_000
"""House value: a whole head at 0.5 mm; 9 bytes each while a field is made."""
CHANNELS = 8
LOWEST_MM, PART_MM = -5.0, 0.1
"""A packed byte b says LOWEST_MM + PART_MM * b; 0 and 255 also stand for all beyond."""
GUARD_MM = 0.15
"""What a margin needs to spare on a 1 mm lattice so that no plan with 3 mm passes wrongly: house
value, see `python -m benchmarks.fields`. Packing rounds down, so it needs no more."""


@dataclass(frozen=True, eq=False)
class Field:
    """Distance [mm], float32, negative inside, at the nodes of an upright lattice.

    Invariants: the grid runs along +x, +y, +z with one spacing; two nodes each way; no NaN.
    """

    grid: Grid
    values: NDArray[np.float32]

    def __post_init__(self) -> None:
        step = self.grid.ijk_to_ras[0, 0]
        if not np.array_equal(self.grid.ijk_to_ras[:3, :3], step * np.eye(3)) or step <= 0:
            raise GeometryError("A field's grid must run along x, y and z with one spacing.")
        if self.values.shape != self.grid.shape or min(self.grid.shape) < 2:
            raise GeometryError("A field needs a value at each node.", shape=self.values.shape)
        values = np.ascontiguousarray(self.values, dtype=np.float32)
        if np.isnan(values).any():
            raise GeometryError("A field holds a node without a distance.")
        values = values.view()
        values.flags.writeable = False
        object.__setattr__(self, "values", values)

    @property
    def origin_mm(self) -> Point:
        """The first node."""
        x, y, z = (float(v) for v in self.grid.ijk_to_ras[:3, 3])
        return x, y, z

    @property
    def spacing_mm(self) -> float:
        """From node to node."""
        return float(self.grid.ijk_to_ras[0, 0])

    def sample(self, points_mm: ArrayLike) -> Floats:
        """Distances (n,) [mm] at points (n, 3) [mm], trilinear; NaN outside of the box."""
        points = np.ascontiguousarray(points_mm, dtype=np.float64)
        if points.ndim != 2 or points.shape[1] != 3:
            raise GeometryError("Points need three coordinates in mm each.", shape=points.shape)
        out = np.empty(len(points))
        sweep.trilinear(self.values, np.array(self.origin_mm), self.spacing_mm, points, out)
        return out


@dataclass(frozen=True, eq=False)
class Packed:
    """Up to eight fields of one lattice, interleaved: `values` uint8 (nx, ny, nz, 8), see PART_MM.

    Rounded down, so that no byte promises more room than the field. Channels without a field
    say 255: nothing near.
    """

    origin_mm: Point
    spacing_mm: float
    shape: tuple[int, int, int]
    values: NDArray[np.uint8]


def lattice(box_mm: Box, spacing_mm: float, frame: FrameId) -> Grid:
    """The nodes at whole multiples of the spacing that hold a box; raises GeometryError.

    Boxes of one spacing share their nodes, wherever they begin.
    """
    if not np.isfinite(box_mm).all() or any(box_mm[n] >= box_mm[n + 1] for n in (0, 2, 4)):
        raise GeometryError("A box runs from low to high in x, y and z.", box_mm=box_mm)
    if not spacing_mm > 0:
        raise GeometryError("A field needs a positive spacing.", spacing_mm=spacing_mm)
    low = [math.floor(v / spacing_mm) for v in box_mm[::2]]
    high = [math.ceil(v / spacing_mm) for v in box_mm[1::2]]
    nx, ny, nz = (b - a + 1 for a, b in zip(low, high, strict=True))
    if nx * ny * nz > MOST_NODES:
        raise GeometryError(
            f"A field of {nx} x {ny} x {nz} nodes is too large; take a smaller box or a spacing "
            f"above {spacing_mm:g} mm.",
            box_mm=box_mm,
        )
    matrix = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    matrix[:3, 3] = np.array(low) * spacing_mm
    return Grid((nx, ny, nz), matrix, frame)


def distance_field(
    surface: Surface, *, box_mm: Box, spacing_mm: float = 1.0, name: str = "The surface"
) -> Field:
    """Distance to a closed surface over a box that may hold all of it, a part or none.

    `name` begins the refusal of an open surface; the rest is as in `nearest_field`.
    """
    if not surface.closed:
        raise GeometryError(
            f"{name} is open, so it has no inside to keep away from; close it first.",
            structure=name,
        )
    return nearest_field([tree_of(surface)], surface.frame, box_mm=box_mm, spacing_mm=spacing_mm)


def nearest_field(
    trees: Sequence[Tree], frame: FrameId, *, box_mm: Box, spacing_mm: float = 1.0
) -> Field:
    """Distance to the nearest of several surfaces, negative inside any; the caller knows them
    to be closed.

    Exact within a step of a surface; beyond, each node is measured to the best triangle that its
    neighbours found, never too near and at most about 0.2 mm too far. Where a surface leaves the
    box, the box's faces are measured exactly first.
    """
    grid = lattice(box_mm, spacing_mm, frame)
    start = np.array(grid.ijk_to_ras[:3, 3])
    distance = np.full(grid.shape, np.inf, np.float32)
    owner = np.full(grid.shape, -1, np.int32)
    end = start + spacing_mm * (np.array(grid.shape) - 1)
    low = np.min([tree.boxes[0, :3] for tree in trees], axis=0)
    high = np.max([tree.boxes[0, 3:] for tree in trees], axis=0)
    if (low < start).any() or (high > end).any():
        for i, j, k in _faces(grid.shape):
            points, first = start + spacing_mm * np.stack([i, j, k], axis=1), 0
            for tree in trees:
                away, _, one = nearest(tree, points)
                closer = away < distance[i, j, k]
                at = (i[closer], j[closer], k[closer])
                distance[at], owner[at] = away[closer], first + one[closer]
                first += len(tree.triangles)
    triangles = trees[0].triangles
    if len(trees) > 1:
        triangles = np.concatenate([tree.triangles for tree in trees])
    sweep.band(triangles, start, spacing_mm, distance, owner)
    sweep.sweep(triangles, start, spacing_mm, distance, owner)
    del owner
    count = np.zeros(grid.shape, np.int8)
    sweep.turns(triangles, start, spacing_mm, count)
    sweep.signed(distance, count)
    return Field(grid, distance)


def _faces(shape: tuple[int, int, int]) -> Iterator[tuple[NDArray[np.int64], ...]]:
    """Node numbers i, j, k of the six faces of a lattice, row by row."""
    for axis, n in enumerate(shape):
        for side in (0, n - 1):
            lines = [np.array([side]) if a == axis else np.arange(shape[a]) for a in range(3)]
            yield tuple(axis.ravel() for axis in np.meshgrid(*lines, indexing="ij"))


def pack(fields: Sequence[Field]) -> Packed:
    """One to eight fields of one lattice in one array, field n as channel n."""
    if not 1 <= len(fields) <= CHANNELS:
        raise GeometryError(f"Between 1 and {CHANNELS} fields are packed.", fields=len(fields))
    grid = fields[0].grid
    if any(field.grid.frame != grid.frame or not field.grid.same_as(grid) for field in fields):
        raise GeometryError("Fields of different boxes, spacings or frames cannot be packed.")
    values = np.full((*grid.shape, CHANNELS), 255, np.uint8)
    for channel, field in enumerate(fields):
        parts = np.floor((field.values - np.float32(LOWEST_MM)) / np.float32(PART_MM))
        values[..., channel] = parts.clip(0, 255)
    values.flags.writeable = False
    return Packed(fields[0].origin_mm, fields[0].spacing_mm, grid.shape, values)
