"""The lattice that segmentation works on: the input's own axes, ordered R A S, at 1 mm.

The 48 ways to store one image give one and the same working image. Where the input's spacing is
1 mm the voxels are its own; else each axis is resampled on its own (cubic in, linear out).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy.grid import Grid
from anatomy.volume import Mask

Array = NDArray[Any]
SNAP = 0.02
"""Spacing this close to 1 mm (relative) keeps the input's voxels."""


@dataclass(frozen=True, eq=False)
class Lattice:
    """How an input grid maps to the working lattice.

    `order[a]` is the input axis that runs along working axis a, `flipped[a]` whether backwards;
    `counts` and `spacing_mm` are the input's along working axes; `shape` is the working shape.
    """

    grid: Grid
    order: tuple[int, int, int]
    flipped: tuple[bool, bool, bool]
    counts: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    shape: tuple[int, int, int]

    @property
    def resampled(self) -> tuple[bool, bool, bool]:
        """Which working axes differ from the input's."""
        a, b, c = (n != m for n, m in zip(self.counts, self.shape, strict=True))
        return a, b, c

    def working_to_ras(self) -> NDArray[np.float64]:
        """(4, 4): working voxel coordinates to RAS [mm]."""
        matrix = np.eye(4)
        start = np.zeros(3)
        for a in range(3):
            i = self.order[a]
            column = self.grid.ijk_to_ras[:3, i] * (-1 if self.flipped[a] else 1)
            if self.flipped[a]:
                start[i] = self.grid.shape[i] - 1
            step = self.counts[a] / self.shape[a]
            matrix[:3, a] = column * step
            matrix[:3, 3] += column * (0.5 * step - 0.5)
        matrix[:3, 3] += self.grid.ras(start)
        return matrix

    def view(self, array: Array) -> Array:
        """An array on the input grid with its axes in working order; no copy."""
        turned = array.transpose(self.order)
        return turned[tuple(slice(None, None, -1 if f else 1) for f in self.flipped)]

    def unview(self, array: Array) -> Array:
        """The inverse of `view`."""
        turned = array[tuple(slice(None, None, -1 if f else 1) for f in self.flipped)]
        return turned.transpose(np.argsort(self.order))

    def image(self, voxels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Voxels of the input as the working image."""
        result = np.ascontiguousarray(self.view(voxels), dtype=np.float32)
        low, high = float(result.min()), float(result.max())
        for a in range(3):
            if self.resampled[a]:
                weights = cubic_weights(self.counts[a], self.shape[a])
                result = along(result, weights, a)
        return np.clip(np.ascontiguousarray(result, dtype=np.float32), low, high)

    def mask(self, mask: Mask) -> Mask:
        """A mask on the input grid, on the working lattice (half-way boundary)."""
        if not any(self.resampled):
            return np.ascontiguousarray(self.view(mask))
        result = self.view(mask).astype(np.float32)
        for a in range(3):
            if self.resampled[a]:
                result = along(result, linear_weights(self.counts[a], self.shape[a]), a)
        return result > 0.5

    def labels(self, labels: NDArray[np.uint16], groups: Sequence[int]) -> NDArray[np.uint16]:
        """Working labels on the input grid; smooth between voxels: the most present label wins.

        `groups` lists the labels in order; a tie keeps the earlier one.
        """
        if not any(self.resampled):
            return np.ascontiguousarray(self.unview(labels))
        out = np.zeros(self.counts, np.uint16)
        best = np.full(self.counts, 0.0, np.float32)
        maps = [linear_weights(self.shape[a], self.counts[a]) for a in range(3)]
        for number in (0, *groups):
            box = bounds(labels == number, 1)
            if box is None:
                continue
            part = (labels[box] == number).astype(np.float32)
            place = []
            for a in range(3):
                if self.resampled[a]:
                    weights = maps[a][:, box[a]]
                    rows = np.flatnonzero(weights.any(axis=1))
                    span = slice(int(rows[0]), int(rows[-1]) + 1)
                    part = along(part, weights[span], a)
                else:
                    span = box[a]
                place.append(span)
            spot = tuple(place)
            wins = part > best[spot] + 1e-4
            out[spot][wins] = number
            best[spot][wins] = part[wins]
        return np.ascontiguousarray(self.unview(out))


def lattice_of(grid: Grid) -> Lattice:
    """The working lattice of an input grid."""
    import nibabel

    turns = nibabel.io_orientation(grid.ijk_to_ras)
    order, flipped = [0, 0, 0], [False, False, False]
    for i, (axis, direction) in enumerate(turns):
        order[int(axis)], flipped[int(axis)] = i, bool(direction < 0)
    counts = tuple(grid.shape[i] for i in order)
    spacing = tuple(grid.spacing_mm[i] for i in order)
    shape = tuple(
        n if abs(s - 1) < SNAP else max(round(n * s), 1)
        for n, s in zip(counts, spacing, strict=True)
    )
    return Lattice(grid, tuple(order), tuple(flipped), counts, spacing, shape)  # type: ignore[arg-type]


def along(array: Array, weights: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """`weights` (out, in) applied along one axis."""
    moved = np.tensordot(weights, array, axes=(1, axis))
    return np.ascontiguousarray(np.moveaxis(moved, 0, axis))


def _positions(n_in: int, n_out: int) -> NDArray[np.float64]:
    """Centres of n_out cells in the coordinates of n_in cells over the same length."""
    return np.asarray((np.arange(n_out) + 0.5) * n_in / n_out - 0.5)


def linear_weights(n_in: int, n_out: int) -> NDArray[np.float32]:
    """(n_out, n_in) linear interpolation; averaging where the output is coarser."""
    return _weights(n_in, n_out, lambda d: np.clip(1 - d, 0, None), 1)


def cubic_weights(n_in: int, n_out: int) -> NDArray[np.float32]:
    """(n_out, n_in) Catmull-Rom interpolation; averaging where the output is coarser."""

    def kernel(d: NDArray[np.float64]) -> NDArray[np.float64]:
        near = 1.5 * d**3 - 2.5 * d**2 + 1
        far = -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2
        return np.asarray(np.where(d < 1, near, np.where(d < 2, far, 0.0)))

    return _weights(n_in, n_out, kernel, 2)


def _weights(n_in: int, n_out: int, kernel: Any, reach: int) -> NDArray[np.float32]:
    width = max(n_in / n_out, 1.0)
    at = _positions(n_in, n_out)
    weights = np.zeros((n_out, n_in))
    for row, x in enumerate(at):
        span = np.arange(int(np.floor(x - reach * width)), int(np.ceil(x + reach * width)) + 1)
        value = kernel(np.abs(span - x) / width)
        np.add.at(weights[row], np.clip(span, 0, n_in - 1), value)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights.astype(np.float32)


def bounds(mask: Mask, pad: int) -> tuple[slice, slice, slice] | None:
    """The box of a mask grown by `pad` voxels within the array; None where it is empty."""
    box = []
    for a in range(3):
        other = tuple(b for b in range(3) if b != a)
        hit = np.flatnonzero(mask.any(axis=other))
        if hit.size == 0:
            return None
        box.append(slice(max(int(hit[0]) - pad, 0), min(int(hit[-1]) + 1 + pad, mask.shape[a])))
    return box[0], box[1], box[2]
