"""The picture of a scan on an axis-aligned RAS grid, as the browser draws it."""

import gzip
import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy.geometry import Point
from anatomy.grid import Grid
from anatomy.volume import LabelMap, Volume

PERCENTILES = (0.1, 1.0, 50.0, 99.0, 99.9)
ALIGNED_VOXELS = 0.1
"""A tilt that moves no corner by more than this share of a voxel is drawn without resampling."""
MOST_VOXELS = 512**3


@dataclass(frozen=True, eq=False, kw_only=True)
class Display:
    """Image and labels on one grid whose i, j, k run to +x, +y, +z: value = slope*stored+inter."""

    grid: Grid
    stored: NDArray[np.int16]
    labels: NDArray[np.uint16]
    slope: float
    inter: float
    percentiles: dict[str, float]
    range: tuple[float, float]
    resampled: bool

    @property
    def origin_mm(self) -> Point:
        """Centre of voxel 0,0,0 [RAS mm]."""
        x, y, z = self.grid.ijk_to_ras[:3, 3]
        return float(x), float(y), float(z)


def packed(array: NDArray[Any]) -> bytes:
    """Voxels as gzip of little-endian numbers, i fastest; the same bytes for the same voxels."""
    raw = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes(order="F")
    return gzip.compress(raw, compresslevel=4, mtime=0)


def display(volume: Volume, labelmap: LabelMap) -> Display:
    """The picture of `volume` with `labelmap`: flipped and permuted only, unless it is oblique."""
    turned, aligned = _turn(volume.grid)
    if aligned:
        image = turned.apply(volume.voxels)
        labels = turned.apply(labelmap.labels)
        grid = turned.grid(volume.grid)
    else:
        grid = _box(volume.grid)
        image = _resampled(volume.voxels, volume.grid, grid, order=1)
        labels = _resampled(labelmap.labels, volume.grid, grid, order=0)
    stored, slope, inter = _as_int16(image)
    levels = np.percentile(volume.voxels, PERCENTILES)
    return Display(
        grid=grid,
        stored=stored,
        labels=labels.astype(np.uint16, copy=False),
        slope=slope,
        inter=inter,
        percentiles={f"{p:g}": float(v) for p, v in zip(PERCENTILES, levels, strict=True)},
        range=(float(volume.voxels.min()), float(volume.voxels.max())),
        resampled=not aligned,
    )


@dataclass(frozen=True)
class _Turn:
    """Which voxel axis runs along x, y, z, and which of them run backwards."""

    order: tuple[int, ...]
    flipped: tuple[bool, ...]

    def apply(self, array: NDArray[Any]) -> NDArray[Any]:
        turned = array.transpose(self.order)
        return turned[tuple(slice(None, None, -1 if back else 1) for back in self.flipped)]

    def grid(self, source: Grid) -> Grid:
        shape = tuple(source.shape[axis] for axis in self.order)
        steps = np.array([source.spacing_mm[axis] for axis in self.order])
        first = np.zeros(3)
        for axis, back in zip(self.order, self.flipped, strict=True):
            first[axis] = source.shape[axis] - 1 if back else 0
        matrix = np.diag([*steps, 1.0])
        matrix[:3, 3] = source.ras(first)
        return Grid((shape[0], shape[1], shape[2]), matrix, source.frame)


def _turn(grid: Grid) -> tuple[_Turn, bool]:
    """The nearest turn of the voxel axes to RAS, and whether it puts every voxel in its place."""
    axes = grid.ijk_to_ras[:3, :3] / grid.spacing_mm
    order = max(
        itertools.permutations(range(3)),
        key=lambda axis: sum(abs(axes[world, axis[world]]) for world in range(3)),
    )
    flipped = tuple(bool(axes[world, order[world]] < 0) for world in range(3))
    turn = _Turn(order, flipped)
    straight = turn.grid(grid)
    ends = np.array(list(itertools.product(*[(0, n - 1) for n in straight.shape])), dtype=float)
    source = np.empty_like(ends)
    for world in range(3):
        along = ends[:, world]
        back = straight.shape[world] - 1 - along
        source[:, order[world]] = back if flipped[world] else along
    apart_mm = np.linalg.norm(straight.ras(ends) - grid.ras(source), axis=1).max()
    return turn, bool(apart_mm <= ALIGNED_VOXELS * min(grid.spacing_mm))


def _box(grid: Grid) -> Grid:
    """The smallest axis-aligned lattice around `grid`, stepping as finely as its nearest axis."""
    turn, _ = _turn(grid)
    steps = np.array([grid.spacing_mm[axis] for axis in turn.order])
    ends = np.array(list(itertools.product(*[(-0.5, n - 0.5) for n in grid.shape])))
    corners = grid.ras(ends)
    low, high = corners.min(axis=0), corners.max(axis=0)
    shape = np.ceil((high - low) / steps - 1e-6).astype(int)
    while int(np.prod(shape)) > MOST_VOXELS:
        steps = steps * 1.25
        shape = np.ceil((high - low) / steps - 1e-6).astype(int)
    matrix = np.diag([*steps, 1.0])
    matrix[:3, 3] = low + steps / 2
    return Grid((int(shape[0]), int(shape[1]), int(shape[2])), matrix, grid.frame)


def _resampled(array: NDArray[Any], source: Grid, target: Grid, *, order: int) -> NDArray[Any]:
    from scipy.ndimage import affine_transform

    across = source.ras_to_ijk @ target.ijk_to_ras
    outside = array.min() if order else 0
    return affine_transform(
        array,
        across[:3, :3],
        offset=across[:3, 3],
        output_shape=target.shape,
        order=order,
        mode="constant",
        cval=outside,
    )


def _as_int16(image: NDArray[Any]) -> tuple[NDArray[np.int16], float, float]:
    """Whole numbers that fit are stored as they are; else the range is spread over 16 bits."""
    low, high = float(image.min()), float(image.max())
    limits = np.iinfo(np.int16)
    if low >= limits.min and high <= limits.max and bool((image == np.rint(image)).all()):
        return image.astype(np.int16), 1.0, 0.0
    slope = (high - low) / 65535 or 1.0
    inter = low - limits.min * slope
    stored = np.rint((image.astype(np.float64) - inter) / slope)
    return stored.clip(limits.min, limits.max).astype(np.int16), slope, inter
