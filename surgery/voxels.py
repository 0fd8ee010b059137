"""A straight axis through the voxels of a label map."""

import math

import numpy as np
from numpy.typing import NDArray

from anatomy.compiled import kernel
from anatomy.geometry import Floats

STILL = 1e-9
"""Voxels along one axis below which a path does not move along it."""


@kernel
def walk(
    labels: NDArray[np.uint16], start: Floats, end: Floats
) -> tuple[Floats, NDArray[np.uint16]]:
    """Where the label changes from `start` to `end` (3,) [voxels]: n + 1 shares of the way, from
    0 to 1, and the n labels between; 0 beyond the map.

    From face to face, after R. L. Siddon, Medical Physics 12:252 (1985).
    """
    cell, ahead, at = np.empty(3, np.int64), np.empty(3, np.int64), np.empty(3)
    way, most = np.empty(3), 2
    for axis in range(3):
        way[axis] = end[axis] - start[axis]
        cell[axis] = math.floor(start[axis] + 0.5)
        ahead[axis] = 1 if way[axis] > 0 else -1
        at[axis] = np.inf
        if abs(way[axis]) > STILL:
            at[axis] = (cell[axis] + 0.5 * ahead[axis] - start[axis]) / way[axis]
            most += int(abs(way[axis])) + 2
    shares, found = np.zeros(most + 1), np.zeros(most, np.uint16)
    here, count = 0.0, 0
    while True:
        axis = 0 if at[0] <= at[1] and at[0] <= at[2] else 1 if at[1] <= at[2] else 2
        there = min(at[axis], 1.0)
        if there > here:
            label = np.uint16(0)
            i, j, k = cell
            if 0 <= i < labels.shape[0] and 0 <= j < labels.shape[1] and 0 <= k < labels.shape[2]:
                label = labels[i, j, k]
            if count == 0 or found[count - 1] != label:
                found[count] = label
                count += 1
            shares[count] = here = there
        if there >= 1.0:
            return shares[: count + 1], found[:count]
        cell[axis] += ahead[axis]
        at[axis] = (cell[axis] + 0.5 * ahead[axis] - start[axis]) / way[axis]
