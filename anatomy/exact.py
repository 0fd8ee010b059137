"""Exact distances of points and straight segments to a surface, and where they are measured.

A tree of boxes over the triangles, searched by branch and bound. Serial kernels without the GIL:
safe from any thread, and two threads take half the time.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy.closest import Triangles, point_triangle, segment_triangle, triangles_of
from anatomy.compiled import inner, kernel
from anatomy.errors import GeometryError
from anatomy.geometry import Floats, Point, point
from anatomy.surface import Surface

LEAF = 4
"""Most triangles in one leaf, as timed."""
DEEPEST = 64
TOUCH_MM2 = 1e-18
"""Squared distance below which two things meet."""
SLACK_MM2 = 1e-9
"""What rounding may add to a lower bound, and more."""


class Tree(NamedTuple):
    """Triangles in the tree's order, and nodes with their boxes (x0 y0 z0 x1 y1 z1).

    A leaf holds `held` triangles from `first` on; an inner node holds 0, and its children are
    the nodes `first` and `first` + 1.
    """

    triangles: Triangles
    boxes: Floats
    first: NDArray[np.int32]
    held: NDArray[np.int32]


class Nearest(NamedTuple):
    """Distance [mm], 0 where they cross; the place on the surface; share of the way from a to b."""

    distance_mm: float
    point_mm: Point
    s: float


class Exact:
    """A surface that answers how near it is. Distances have no sign; the caller knows the side."""

    def __init__(self, surface: Surface) -> None:
        self.frame = surface.frame
        self.tree = tree_of(surface)

    def segment(self, a_mm: Point, b_mm: Point) -> Nearest:
        """Of one segment; of several crossings the first from `a_mm`."""
        distance, place, s = self.segments([point(a_mm)], [point(b_mm)])
        return Nearest(float(distance[0]), point(place[0]), float(s[0]))

    def segments(self, a_mm: ArrayLike, b_mm: ArrayLike) -> tuple[Floats, Floats, Floats]:
        """Of segments (n, 3) to (n, 3): distances (n,) [mm], places (n, 3) [mm], shares (n,)."""
        a, b = _points(a_mm), _points(b_mm)
        if len(a) != len(b):
            raise GeometryError("Segments need as many starts as ends.", starts=len(a), ends=len(b))
        found = np.empty((len(a), 5))
        _segments(self.tree, a, b, found)
        return found[:, 0], found[:, 1:4], found[:, 4]

    def near(self, a_mm: ArrayLike, b_mm: ArrayLike, within_mm: float) -> NDArray[np.bool_]:
        """Which segments (n, 3) to (n, 3) come nearer than `within_mm`: (n,), quicker than how
        near they come."""
        a, b = _points(a_mm), _points(b_mm)
        if len(a) != len(b):
            raise GeometryError("Segments need as many starts as ends.", starts=len(a), ends=len(b))
        found = np.zeros(len(a), np.bool_)
        _near(self.tree, a, b, within_mm * within_mm, found)
        return found

    def points(self, points_mm: ArrayLike) -> tuple[Floats, Floats]:
        """Of points (n, 3): distances (n,) [mm] and the nearest places (n, 3) [mm]."""
        points = _points(points_mm)
        distance, place, _ = nearest(self.tree, points)
        return distance, place


def _points(values: ArrayLike) -> Floats:
    array = np.ascontiguousarray(values, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != 3 or not np.isfinite(array).all():
        raise GeometryError("Points need three finite coordinates in mm each.", shape=array.shape)
    return array


def tree_of(surface: Surface) -> Tree:
    """The tree over all triangles of a surface; halves at the median of the longest side."""
    triangles = triangles_of(surface)
    corners = triangles.reshape(-1, 3, 3)
    low, high = corners.min(axis=1), corners.max(axis=1)
    order = np.arange(len(triangles))
    boxes = np.empty((2 * len(triangles), 6))
    first, held = np.zeros(len(boxes), np.int32), np.zeros(len(boxes), np.int32)
    used = _split(low, high, (low + high) / 2, order, boxes, first, held)
    return Tree(triangles[order], boxes[:used].copy(), first[:used].copy(), held[:used].copy())


@kernel
def _split(
    low: Floats, high: Floats, middle: Floats, order: NDArray[np.int64],
    boxes: Floats, first: NDArray[np.int32], held: NDArray[np.int32],
) -> int:  # fmt: skip
    """Fill the nodes and sort `order` by leaf; the number of nodes used."""
    first[0], held[0], used, node = 0, len(order), 1, 0
    centre_low, centre_high, wide = np.empty(3), np.empty(3), np.empty(3)
    while node < used:
        start, stop = first[node], first[node] + held[node]
        for axis in range(3):
            boxes[node, axis] = centre_low[axis] = np.inf
            boxes[node, axis + 3] = centre_high[axis] = -np.inf
        for place in range(start, stop):
            one = order[place]
            for axis in range(3):
                boxes[node, axis] = min(boxes[node, axis], low[one, axis])
                boxes[node, axis + 3] = max(boxes[node, axis + 3], high[one, axis])
                centre_low[axis] = min(centre_low[axis], middle[one, axis])
                centre_high[axis] = max(centre_high[axis], middle[one, axis])
        if stop - start > LEAF:
            half = (start + stop) // 2
            for axis in range(3):
                wide[axis] = centre_high[axis] - centre_low[axis]
            longest = 2 if wide[2] > wide[0] and wide[2] > wide[1] else int(wide[1] > wide[0])
            _halve(middle, longest, order, start, stop, half)
            first[used], held[used] = start, half - start
            first[used + 1], held[used + 1] = half, stop - half
            first[node], held[node] = used, 0
            used += 2
        node += 1
    return used


@inner
def _halve(
    middle: Floats, axis: int, order: NDArray[np.int64], start: int, stop: int, half: int
) -> None:
    """Sort `order` from start to stop just so far that none before `half` is larger than it."""
    low, high = start, stop - 1
    while low < high:
        pivot = middle[order[(low + high) // 2], axis]
        i, j = low, high
        while i <= j:
            while middle[order[i], axis] < pivot:
                i += 1
            while middle[order[j], axis] > pivot:
                j -= 1
            if i <= j:
                order[i], order[j] = order[j], order[i]
                i, j = i + 1, j - 1
        if half <= j:
            high = j
        elif half >= i:
            low = i
        else:
            return


@kernel
def nearest(tree: Tree, points: Floats) -> tuple[Floats, Floats, NDArray[np.int32]]:
    """Distances (n,) [mm], places (n, 3) [mm] and triangles (n,) of the tree nearest to points."""
    distance, place = np.empty(len(points)), np.empty((len(points), 3))
    owner = np.zeros(len(points), np.int32)
    stack, floor = np.empty(DEEPEST, np.int64), np.empty(DEEPEST)
    last = 0
    for n in range(len(points)):
        px, py, pz = points[n]
        best, x, y, z = point_triangle(px, py, pz, tree.triangles, last)
        stack[0], floor[0], height = 0, 0.0, 1
        while height > 0:
            height -= 1
            node = stack[height]
            if floor[height] >= best:
                continue
            if tree.held[node] > 0:
                for one in range(tree.first[node], tree.first[node] + tree.held[node]):
                    d2, ex, ey, ez = point_triangle(px, py, pz, tree.triangles, one)
                    if d2 < best:
                        best, x, y, z, last = d2, ex, ey, ez, one
                continue
            left = tree.first[node]
            here = _from_point(tree.boxes, left, px, py, pz)
            there = _from_point(tree.boxes, left + 1, px, py, pz)
            height = _push(stack, floor, height, left, here, there)
        distance[n], owner[n] = math.sqrt(best), last
        place[n, 0], place[n, 1], place[n, 2] = x, y, z
    return distance, place, owner


@inner
def _push(
    stack: NDArray[np.int64], floor: Floats, height: int, left: int, here: float, there: float
) -> int:
    """Put two children on the stack, the nearer one on top; the new height."""
    near = here <= there
    stack[height], floor[height] = (left + 1, there) if near else (left, here)
    stack[height + 1], floor[height + 1] = (left, here) if near else (left + 1, there)
    return height + 2


@inner
def _from_point(boxes: Floats, node: int, x: float, y: float, z: float) -> float:
    """Squared distance of a point to a box [mm2]."""
    gx = max(boxes[node, 0] - x, x - boxes[node, 3], 0.0)
    gy = max(boxes[node, 1] - y, y - boxes[node, 4], 0.0)
    gz = max(boxes[node, 2] - z, z - boxes[node, 5], 0.0)
    return gx * gx + gy * gy + gz * gz


@kernel
def _segments(tree: Tree, starts: Floats, ends: Floats, found: Floats) -> None:
    """Distance, place (3) and share of each segment into `found` (n, 5)."""
    stack, floor = np.empty(DEEPEST, np.int64), np.empty(DEEPEST)
    for n in range(len(starts)):
        ax, ay, az = starts[n]
        dx, dy, dz = ends[n] - starts[n]
        best, s, x, y, z = segment_triangle(ax, ay, az, dx, dy, dz, tree.triangles, 0)
        stack[0], floor[0], height = 0, 0.0, 1
        while height > 0:
            height -= 1
            node = stack[height]
            if floor[height] > best:
                continue
            if tree.held[node] > 0:
                for one in range(tree.first[node], tree.first[node] + tree.held[node]):
                    d2, share, ex, ey, ez = segment_triangle(
                        ax, ay, az, dx, dy, dz, tree.triangles, one
                    )
                    d2 = 0.0 if d2 < TOUCH_MM2 else d2
                    if d2 < best or (d2 == 0.0 and share < s):
                        best, s, x, y, z = d2, share, ex, ey, ez
                continue
            left = tree.first[node]
            here = _from_segment(tree.boxes, left, ax, ay, az, dx, dy, dz)
            there = _from_segment(tree.boxes, left + 1, ax, ay, az, dx, dy, dz)
            height = _push(stack, floor, height, left, here, there)
        found[n, 0], found[n, 4] = math.sqrt(best), s
        found[n, 1], found[n, 2], found[n, 3] = x, y, z


@kernel
def _near(
    tree: Tree, starts: Floats, ends: Floats, within: float, found: NDArray[np.bool_]
) -> None:
    """Set `found` (n,) where a segment comes nearer than the root of `within` [mm2]."""
    stack = np.empty(DEEPEST, np.int64)
    for n in range(len(starts)):
        ax, ay, az = starts[n]
        dx, dy, dz = ends[n] - starts[n]
        stack[0], height = 0, 1
        while height > 0:
            height -= 1
            node = stack[height]
            if _from_segment(tree.boxes, node, ax, ay, az, dx, dy, dz) >= within:
                continue
            if tree.held[node] == 0:
                stack[height], stack[height + 1] = tree.first[node], tree.first[node] + 1
                height += 2
                continue
            for one in range(tree.first[node], tree.first[node] + tree.held[node]):
                d2, _, _, _, _ = segment_triangle(ax, ay, az, dx, dy, dz, tree.triangles, one)
                if d2 < within:
                    found[n] = True
                    height = 0
                    break


@inner
def _from_segment(
    boxes: Floats, node: int, ax: float, ay: float, az: float, dx: float, dy: float, dz: float
) -> float:
    """Never more than the squared distance of a segment to a box [mm2].

    The squared distance is convex along the segment, so a tangent stays below it: taken where two
    Newton steps from the place nearest to the box's centre lead.
    """
    x0, y0, z0 = boxes[node, 0] - ax, boxes[node, 1] - ay, boxes[node, 2] - az
    x1, y1, z1 = boxes[node, 3] - ax, boxes[node, 4] - ay, boxes[node, 5] - az
    long = dx * dx + dy * dy + dz * dz
    s = 0.0
    if long > 0.0:
        s = ((x0 + x1) * dx + (y0 + y1) * dy + (z0 + z1) * dz) / (2.0 * long)
        s = min(max(s, 0.0), 1.0)
    for turn in range(3):
        gx, gy, gz = _beyond(s * dx, x0, x1), _beyond(s * dy, y0, y1), _beyond(s * dz, z0, z1)
        slope = gx * dx + gy * dy + gz * dz
        bend = (dx * dx if gx else 0.0) + (dy * dy if gy else 0.0) + (dz * dz if gz else 0.0)
        if turn == 2 or slope == 0.0 or bend == 0.0:  # the square of a tiny way is 0
            break
        s = min(max(s - slope / bend, 0.0), 1.0)
    ahead = -s if slope > 0.0 else 1.0 - s
    return max(gx * gx + gy * gy + gz * gz + 2.0 * slope * ahead - SLACK_MM2, 0.0)


@inner
def _beyond(x: float, low: float, high: float) -> float:
    """How far `x` lies above `high` or, negative, below `low`."""
    return max(x - high, 0.0) + min(x - low, 0.0)
