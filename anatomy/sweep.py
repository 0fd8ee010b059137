"""Signed distances on a lattice, as kernels for numba: band, sweeps, sign, and reading them.

Arrays: `distance` float32 (nx, ny, nz) [mm] with `owner` int32, the triangle each value is measured
to; `start` (3,) the first node [mm]; `step` the spacing [mm].
"""

import math

import numpy as np
from numpy.typing import NDArray

from anatomy.closest import Triangles, point_triangle
from anatomy.compiled import inner, kernel

Values = NDArray[np.float32]
Owners = NDArray[np.int32]
Floats = NDArray[np.float64]
QUANTUM = 1 << 14
"""Parts of a mm in which sides are told by whole numbers: exact for bodies up to 8 m."""


@kernel
def band(triangles: Triangles, start: Floats, step: float, distance: Values, owner: Owners) -> None:
    """Exact distances to the nearest triangle at every node within one step of its box."""
    first, last = np.empty(3, np.int64), np.empty(3, np.int64)
    for one in range(len(triangles)):
        for axis in range(3):
            a, b, c = triangles[one, axis], triangles[one, axis + 3], triangles[one, axis + 6]
            low, high = min(a, b, c) - step - start[axis], max(a, b, c) + step - start[axis]
            first[axis] = max(0, math.ceil(low / step))
            last[axis] = min(distance.shape[axis] - 1, math.floor(high / step))
        for i in range(first[0], last[0] + 1):
            x = start[0] + i * step
            for j in range(first[1], last[1] + 1):
                y = start[1] + j * step
                for k in range(first[2], last[2] + 1):
                    z = start[2] + k * step
                    away = math.sqrt(point_triangle(x, y, z, triangles, one)[0])
                    if away < distance[i, j, k]:
                        distance[i, j, k], owner[i, j, k] = away, one


@kernel
def sweep(
    triangles: Triangles, start: Floats, step: float, distance: Values, owner: Owners
) -> None:
    """Hand owners on from node to node, once in each of the eight diagonal directions.

    Each node looks at the three nodes behind it (m = 1, 2, 4 for x, y, z). A neighbour's owner is
    measured only if it is new since the node last looked there, and can be nearer: distance
    changes by at most a step. Nodes in corners between cells may end up to about 0.2 mm too far.
    """
    nx, ny, nz = distance.shape
    changed = np.zeros(distance.shape, np.int8)
    since = np.empty(5, np.int8)
    for way in range(8):
        for m in (1, 2, 4):
            since[m] = -1
            for earlier in range(way):
                if (earlier ^ way) & m == 0:
                    since[m] = earlier
        up_i, up_j, up_k = way & 1 == 0, way & 2 == 0, way & 4 == 0
        di, dj, dk = -1 if up_i else 1, -1 if up_j else 1, -1 if up_k else 1
        for one in range(nx):
            i = one if up_i else nx - 1 - one
            x = start[0] + i * step
            for two in range(ny):
                j = two if up_j else ny - 1 - two
                y = start[1] + j * step
                for three in range(nz):
                    k = three if up_k else nz - 1 - three
                    z, best, before = start[2] + k * step, distance[i, j, k], owner[i, j, k]
                    mine = before
                    for m in (1, 2, 4):
                        if (one if m == 1 else two if m == 2 else three) == 0:
                            continue
                        a, b, c = i + di * (m == 1), j + dj * (m == 2), k + dk * (m == 4)
                        if changed[a, b, c] <= since[m]:
                            continue
                        theirs = owner[a, b, c]
                        if theirs < 0 or theirs == mine or distance[a, b, c] - step >= best:
                            continue
                        away = np.float32(math.sqrt(point_triangle(x, y, z, triangles, theirs)[0]))
                        if away < best:
                            best, mine = away, theirs
                    if mine != before:
                        distance[i, j, k], owner[i, j, k], changed[i, j, k] = best, mine, way


@kernel
def turns(triangles: Triangles, start: Floats, step: float, count: NDArray[np.int8]) -> None:
    """How often the closed surface winds around each node, counted along the columns of z.

    Corners and columns are told apart in whole parts of a mm; a column that meets an edge is taken
    as lying a hair beside it, the same hair for both triangles: so no column slips through.
    """
    nx, ny, nz = count.shape
    q = np.empty(6, np.int64)
    for one in range(len(triangles)):
        for n in range(6):
            q[n] = round(triangles[one, n + n // 2] * QUANTUM)
        ax, ay, bx, by, cx, cy = q
        az, bz, cz = triangles[one, 2], triangles[one, 5], triangles[one, 8]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if area == 0:
            continue
        up = 1
        if area < 0:
            up, area = -1, -area
            bx, by, bz, cx, cy, cz = cx, cy, cz, bx, by, bz
        first = max(0, math.floor((min(ax, bx, cx) / QUANTUM - start[0]) / step))
        last = min(nx - 1, math.ceil((max(ax, bx, cx) / QUANTUM - start[0]) / step))
        low = max(0, math.floor((min(ay, by, cy) / QUANTUM - start[1]) / step))
        high = min(ny - 1, math.ceil((max(ay, by, cy) / QUANTUM - start[1]) / step))
        for i in range(first, last + 1):
            x = round((start[0] + i * step) * QUANTUM)
            for j in range(low, high + 1):
                y = round((start[1] + j * step) * QUANTUM)
                of_c = _left(ax, ay, bx, by, x, y)
                of_a = _left(bx, by, cx, cy, x, y)
                of_b = _left(cx, cy, ax, ay, x, y)
                if of_a >= 0 and of_b >= 0 and of_c >= 0:
                    z = (of_a * az + of_b * bz + of_c * cz) / area
                    k = max(0, math.floor((z - start[2]) / step) + 1)
                    if k < nz:
                        count[i, j, k] -= up
    for i in range(nx):
        for j in range(ny):
            for k in range(1, nz):
                count[i, j, k] += count[i, j, k - 1]


@inner
def _left(ax: int, ay: int, bx: int, by: int, x: int, y: int) -> int:
    """Twice the area of a, b and (x, y); -1 where the point, moved by a hair, is to the right."""
    dx, dy = bx - ax, by - ay
    side = dx * (y - ay) - dy * (x - ax)
    if side == 0 and not (dy < 0 or (dy == 0 and dx > 0)):
        return -1
    return side


@kernel
def signed(distance: Values, count: NDArray[np.int8]) -> None:
    """Make the distance negative wherever the surface winds around the node."""
    nx, ny, nz = distance.shape
    for i in range(nx):
        for j in range(ny):
            for k in range(nz):
                if count[i, j, k] != 0:
                    distance[i, j, k] = -distance[i, j, k]


@kernel
def trilinear(distance: Values, start: Floats, step: float, points: Floats, out: Floats) -> None:
    """The distance between the nodes at each of `points` (n, 3) [mm]; NaN outside of the box."""
    nx, ny, nz = distance.shape
    for n in range(len(points)):
        x, y = (points[n, 0] - start[0]) / step, (points[n, 1] - start[1]) / step
        z = (points[n, 2] - start[2]) / step
        if not (0 <= x <= nx - 1 and 0 <= y <= ny - 1 and 0 <= z <= nz - 1):
            out[n] = np.nan
            continue
        i, j, k = min(int(x), nx - 2), min(int(y), ny - 2), min(int(z), nz - 2)
        x, y, z = x - i, y - j, z - k
        near = _mixed(distance[i, j, k], distance[i, j, k + 1], z)
        far = _mixed(distance[i, j + 1, k], distance[i, j + 1, k + 1], z)
        here = _mixed(near, far, y)
        near = _mixed(distance[i + 1, j, k], distance[i + 1, j, k + 1], z)
        far = _mixed(distance[i + 1, j + 1, k], distance[i + 1, j + 1, k + 1], z)
        out[n] = _mixed(here, _mixed(near, far, y), x)


@inner
def _mixed(a: float, b: float, share: float) -> float:
    return a + (b - a) * share
