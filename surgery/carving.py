"""Carving a level set by strokes, and taking a stroke back. Kernels for numba on plain arrays.

Samples are float32 distances [mm]; a stroke is x0 y0 z0 x1 y1 z1 radius [mm], RAS.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from anatomy.geometry import Floats

Samples = NDArray[np.float32]
Corner = tuple[int, int, int]
Capsule = tuple[float, float, float, float, float, float, float]

EDGE = 24
"""Steps between samples along a block's edge; blocks share the samples on their borders."""


@njit(cache=True, nogil=True)
def _depth(x: float, y: float, z: float, c: Capsule) -> np.float32:
    """Signed distance of a point to the capsule's surface [mm], negative inside."""
    dx, dy, dz = c[3] - c[0], c[4] - c[1], c[5] - c[2]
    rx, ry, rz = x - c[0], y - c[1], z - c[2]
    dd = dx * dx + dy * dy + dz * dz
    s = min(max((rx * dx + ry * dy + rz * dz) / dd, 0.0), 1.0) if dd > 0.0 else 0.0
    away = np.sqrt((rx - s * dx) ** 2 + (ry - s * dy) ** 2 + (rz - s * dz) ** 2)
    return np.float32(away - c[6])


@njit(cache=True, nogil=True)
def _mark(marks: NDArray[np.bool_], i: int, j: int, k: int) -> None:
    """Marks each block that holds the sample; on a border these are several."""
    for bi in range((i - 1) // EDGE, i // EDGE + 1):
        for bj in range((j - 1) // EDGE, j // EDGE + 1):
            for bk in range((k - 1) // EDGE, k // EDGE + 1):
                marks[bi, bj, bk] = True


@njit(cache=True, nogil=True)
def carve(
    field: Samples,
    labels: NDArray[np.uint16],
    at: Floats,
    low: Corner,
    high: Corner,
    stroke: Capsule,
    removed: NDArray[np.int64],
    marks: NDArray[np.bool_],
) -> None:
    """Lowers `field` to the stroke's distance from sample `low` to `high` (excluded).

    `at` places samples, (4, 4). `removed` counts voxels by label; `marks` is set where something
    changed.
    """
    for i in range(low[0], high[0]):
        for j in range(low[1], high[1]):
            x = at[0, 0] * i + at[0, 1] * j + at[0, 3]
            y = at[1, 0] * i + at[1, 1] * j + at[1, 3]
            z = at[2, 0] * i + at[2, 1] * j + at[2, 3]
            for k in range(low[2], high[2]):
                here = _depth(x + at[0, 2] * k, y + at[1, 2] * k, z + at[2, 2] * k, stroke)
                if here < field[i, j, k]:
                    if here < 0.0 <= field[i, j, k]:
                        removed[labels[i, j, k]] += 1
                    field[i, j, k] = here
                    _mark(marks, i, j, k)


@njit(cache=True, nogil=True)
def restore(
    field: Samples,
    labels: NDArray[np.uint16],
    at: Floats,
    low: Corner,
    high: Corner,
    stroke: Capsule,
    others: Floats,
    boxes: NDArray[np.int64],
    band_mm: float,
    removed: NDArray[np.int64],
    marks: NDArray[np.bool_],
) -> None:
    """Undoes `carve`: where the stroke was the nearest, the nearest of `others`, (n, 7), counts.

    `boxes`, (n, 2, 3), are the first and last (excluded) samples that the others can reach.
    """
    near = np.empty(len(others), np.int64)
    for i in range(low[0], high[0]):
        for j in range(low[1], high[1]):
            x = at[0, 0] * i + at[0, 1] * j + at[0, 3]
            y = at[1, 0] * i + at[1, 1] * j + at[1, 3]
            z = at[2, 0] * i + at[2, 1] * j + at[2, 3]
            held = 0
            for n in range(len(others)):
                if boxes[n, 0, 0] <= i < boxes[n, 1, 0] and boxes[n, 0, 1] <= j < boxes[n, 1, 1]:
                    near[held] = n
                    held += 1
            for k in range(low[2], high[2]):
                px, py, pz = x + at[0, 2] * k, y + at[1, 2] * k, z + at[2, 2] * k
                here = field[i, j, k]
                if _depth(px, py, pz, stroke) != here:
                    continue
                rest = np.float32(band_mm)
                for n in near[:held]:
                    if boxes[n, 0, 2] <= k < boxes[n, 1, 2]:
                        o = others[n]
                        other = (o[0], o[1], o[2], o[3], o[4], o[5], o[6])
                        rest = min(rest, _depth(px, py, pz, other))
                if rest != here:
                    if here < 0.0 <= rest:
                        removed[labels[i, j, k]] -= 1
                    field[i, j, k] = rest
                    _mark(marks, i, j, k)
