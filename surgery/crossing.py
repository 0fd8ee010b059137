"""Where a straight axis goes into and out of a surface."""

import math
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from anatomy.compiled import inner, kernel
from anatomy.errors import GeometryError
from anatomy.exact import DEEPEST, Tree
from anatomy.geometry import Floats, Point, point
from surgery.plan import Trajectory

NUDGE_MM = (1.3e-7, 2.9e-7)
"""The axis is moved aside by this much, so that it meets no edge and no corner of the mesh."""
MOST = 64
"""Room for passages at first; an axis that needs more is asked again."""
KEPT = 64
"""Paths whose passages through one surface are remembered: an array of electrodes, and more."""


class Crossing(NamedTuple):
    """One passage through a surface: how far from the entry, where, and into or out of it."""

    along_mm: float
    point_mm: Point
    enters: bool


class Shell:
    """The tree of one surface, ready to be crossed by many axes."""

    def __init__(self, tree: Tree, *, closed: bool) -> None:
        self.tree = tree
        self.closed = closed
        # One path is asked for by many metrics.
        self._crossings = lru_cache(KEPT)(partial(_crossings, tree))

    def crossings(self, trajectory: Trajectory) -> tuple[Crossing, ...]:
        """Every one of the endless line through entry and target, in order."""
        return self._crossings(trajectory)

    def inside(self, trajectory: Trajectory) -> list[tuple[float, float]]:
        """The stretches from entry to target that lie inside, as from and to [mm] of the entry.

        Raises GeometryError where the surface is open and has no inside.
        """
        places = self._passed(trajectory)
        pairs = zip(places[::2], places[1::2], strict=False)
        clipped = ((max(a, 0.0), min(b, trajectory.length_mm)) for a, b in pairs)
        return [(a, b) for a, b in clipped if a < b]

    def holds(self, trajectory: Trajectory, along_mm: Floats) -> NDArray[np.bool_]:
        """True (n,) where a place of the endless line, n distances from the entry, lies inside.

        Raises GeometryError as `inside` does.
        """
        return np.searchsorted(self._passed(trajectory), along_mm) % 2 == 1

    def _passed(self, trajectory: Trajectory) -> list[float]:
        """Where the endless line goes through a closed surface [mm of the entry], in order."""
        if not self.closed:
            raise GeometryError("An open surface has no inside; close it first.")
        return [crossing.along_mm for crossing in self.crossings(trajectory)]


def _crossings(tree: Tree, trajectory: Trajectory) -> tuple[Crossing, ...]:
    start, axis = np.array(trajectory.entry_mm), trajectory.direction
    found, across = np.empty((MOST, 2)), square_to(axis)
    while (count := _crossed(tree, start, axis, across, found)) > len(found):
        found = np.empty((count, 2))
    along, into = found[:count, 0], found[:count, 1] < 0
    order = np.lexsort((into, along))
    return tuple(
        Crossing(t, point(start + t * axis), enters)
        for t, enters in zip(along[order].tolist(), into[order].tolist(), strict=True)
    )


@kernel
def square_to(axis: Floats) -> Floats:
    """Two unit vectors square to `axis` as rows (2, 3); with it they are right-handed."""
    x, y, z = abs(axis[0]), abs(axis[1]), abs(axis[2])
    least = 0 if x <= y and x <= z else 1 if y <= z else 2
    ahead, left = (least + 1) % 3, (least + 2) % 3
    size = math.hypot(axis[ahead], axis[left])
    across = np.zeros((2, 3))
    # The axis crossed with the unit vector that it is least along.
    across[0, ahead], across[0, left] = axis[left] / size, -axis[ahead] / size
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        across[1, i] = axis[j] * across[0, k] - axis[k] * across[0, j]
    return across


@kernel
def _crossed(tree: Tree, start: Floats, axis: Floats, across: Floats, found: Floats) -> int:
    """How often a line crosses; along [mm] and the sign of leaving into `found`, as far as it goes.

    Corners are taken square to the line, where it is a point: each corner in one way for all its
    triangles, so that neighbours agree on which of them is met.
    """
    stack = np.empty(DEEPEST, np.int64)
    stack[0], height, count = 0, 1, 0
    flat, deep = np.empty((3, 2)), np.empty(3)
    while height > 0:
        height -= 1
        node = stack[height]
        if not _meets(tree.boxes, node, start, across):
            continue
        if tree.held[node] == 0:
            stack[height], stack[height + 1] = tree.first[node], tree.first[node] + 1
            height += 2
            continue
        for one in range(tree.first[node], tree.first[node] + tree.held[node]):
            for corner in range(3):
                deep[corner], flat[corner, 0], flat[corner, 1] = 0.0, -NUDGE_MM[0], -NUDGE_MM[1]
                for i in range(3):
                    away = tree.triangles[one, 3 * corner + i] - start[i]
                    deep[corner] += away * axis[i]
                    flat[corner, 0] += away * across[0, i]
                    flat[corner, 1] += away * across[1, i]
            of_c, of_a, of_b = _turn(flat, 0, 1), _turn(flat, 1, 2), _turn(flat, 2, 0)
            if (of_a > 0 and of_b > 0 and of_c > 0) or (of_a < 0 and of_b < 0 and of_c < 0):
                area = of_a + of_b + of_c
                if count < len(found):
                    found[count, 0] = (of_a * deep[0] + of_b * deep[1] + of_c * deep[2]) / area
                    found[count, 1] = area
                count += 1
    return count


@inner
def _turn(flat: Floats, p: int, q: int) -> float:
    """Twice the area of the origin and two corners; its sign turns when they are swapped."""
    return flat[p, 0] * flat[q, 1] - flat[p, 1] * flat[q, 0]


@inner
def _meets(boxes: Floats, node: int, start: Floats, across: Floats) -> bool:
    """True where the line goes through a box, or within a micrometre of it."""
    for way in range(2):
        middle, half = 0.0, 1e-3
        for i in range(3):
            low, high = boxes[node, i], boxes[node, i + 3]
            middle += ((low + high) / 2 - start[i]) * across[way, i]
            half += (high - low) / 2 * abs(across[way, i])
        if abs(middle) > half:
            return False
    return True
