"""Closest points of triangles, in closed form: to a point, and to a straight segment.

Kernels for numba on plain arrays [mm]; the method is chapter 5 of C. Ericson, "Real-Time Collision
Detection" (2005). Each distance is that of the point handed back, so it is never too small.

numba keeps machine code by the file that calls it: after a change here, remove the `*.nbi` of
the modules that import this one.
"""

import numpy as np
from numpy.typing import NDArray

from anatomy.compiled import inner
from anatomy.surface import Surface

Triangles = NDArray[np.float64]
"""Corners a, b, c of each triangle [mm], (m, 9)."""
FLAT = 1e-10
"""A triangle whose squared area is a smaller share of its edges' is as good as its edges."""


def triangles_of(surface: Surface) -> Triangles:
    """All corners of a surface [mm]."""
    corners = surface.vertices_mm.astype(np.float64)[surface.faces]
    return np.ascontiguousarray(corners.reshape(-1, 9))


@inner
def point_triangle(
    px: float, py: float, pz: float, triangles: Triangles, i: int
) -> tuple[float, float, float, float]:
    """Squared distance [mm2] and the closest point of triangle `i`."""
    ax, ay, az = triangles[i, 0], triangles[i, 1], triangles[i, 2]
    ux, uy, uz = triangles[i, 3] - ax, triangles[i, 4] - ay, triangles[i, 5] - az
    vx, vy, vz = triangles[i, 6] - ax, triangles[i, 7] - ay, triangles[i, 8] - az
    wx, wy, wz = px - ax, py - ay, pz - az
    uu, vv = ux * ux + uy * uy + uz * uz, vx * vx + vy * vy + vz * vz
    uv = ux * vx + uy * vy + uz * vz
    area = uu * vv - uv * uv
    if area <= FLAT * uu * vv:
        return _point_edges(px, py, pz, triangles, i)
    wu, wv = wx * ux + wy * uy + wz * uz, wx * vx + wy * vy + wz * vz
    bu, bv, cu, cv = wu - uu, wv - uv, wu - uv, wv - vv
    of_a, of_b, of_c = bu * cv - cu * bv, cu * wv - wu * cv, wu * bv - bu * wv
    s, t = 0.0, 0.0
    if wu <= 0.0 and wv <= 0.0:
        pass
    elif bu >= 0.0 and bv <= bu:
        s = 1.0
    elif cv >= 0.0 and cu <= cv:
        t = 1.0
    elif of_c <= 0.0 and wu >= 0.0 and bu <= 0.0:
        s = wu / uu
    elif of_b <= 0.0 and wv >= 0.0 and cv <= 0.0:
        t = wv / vv
    elif of_a <= 0.0 and bv >= bu and cu >= cv:
        t = (bv - bu) / ((bv - bu) + (cu - cv))
        s = 1.0 - t
    else:
        s = _share(of_b / area)
        t = min(_share(of_c / area), 1.0 - s)
    x, y, z = ax + s * ux + t * vx, ay + s * uy + t * vy, az + s * uz + t * vz
    return (px - x) ** 2 + (py - y) ** 2 + (pz - z) ** 2, x, y, z


@inner
def _point_edges(
    px: float, py: float, pz: float, triangles: Triangles, i: int
) -> tuple[float, float, float, float]:
    """As `point_triangle`, of the three edges alone."""
    best, x, y, z = 1e300, 0.0, 0.0, 0.0
    for edge in range(3):
        d2, _, ex, ey, ez = segment_edge(px, py, pz, 0.0, 0.0, 0.0, triangles, i, edge)
        if d2 < best:
            best, x, y, z = d2, ex, ey, ez
    return best, x, y, z


@inner
def _share(value: float) -> float:
    """`value` held between 0 and 1."""
    return min(max(value, 0.0), 1.0)


@inner
def segment_edge(
    ax: float,
    ay: float,
    az: float,
    dx: float,
    dy: float,
    dz: float,
    triangles: Triangles,
    i: int,
    edge: int,
) -> tuple[float, float, float, float, float]:
    """Squared distance, share s of the segment a to a + d, and the closest point of one edge."""
    p, q = 3 * edge, 3 * ((edge + 1) % 3)
    ox, oy, oz = triangles[i, p], triangles[i, p + 1], triangles[i, p + 2]
    ex, ey, ez = triangles[i, q] - ox, triangles[i, q + 1] - oy, triangles[i, q + 2] - oz
    rx, ry, rz = ax - ox, ay - oy, az - oz
    dd, ee = dx * dx + dy * dy + dz * dz, ex * ex + ey * ey + ez * ez
    de = dx * ex + dy * ey + dz * ez
    dr, er = dx * rx + dy * ry + dz * rz, ex * rx + ey * ry + ez * rz
    skew = dd * ee - de * de
    s = _share((de * er - dr * ee) / skew) if skew > 0.0 else 0.0
    t = _share((de * s + er) / ee) if ee > 0.0 else 0.0
    s = _share((de * t - dr) / dd) if dd > 0.0 else 0.0
    x, y, z = ox + t * ex, oy + t * ey, oz + t * ez
    return (ax + s * dx - x) ** 2 + (ay + s * dy - y) ** 2 + (az + s * dz - z) ** 2, s, x, y, z


@inner
def _crossing(
    ax: float, ay: float, az: float, dx: float, dy: float, dz: float, triangles: Triangles, i: int
) -> float:
    """Share of the segment a to a + d where it goes through triangle `i`; -1 if it does not."""
    ox, oy, oz = triangles[i, 0], triangles[i, 1], triangles[i, 2]
    ux, uy, uz = triangles[i, 3] - ox, triangles[i, 4] - oy, triangles[i, 5] - oz
    vx, vy, vz = triangles[i, 6] - ox, triangles[i, 7] - oy, triangles[i, 8] - oz
    nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    rx, ry, rz = ax - ox, ay - oy, az - oz
    here, along = nx * rx + ny * ry + nz * rz, nx * dx + ny * dy + nz * dz
    there = here + along
    if along == 0.0 or (here > 0.0 and there > 0.0) or (here < 0.0 and there < 0.0):
        return -1.0
    s = -here / along
    rx, ry, rz = rx + s * dx, ry + s * dy, rz + s * dz
    of_v = nx * (uy * rz - uz * ry) + ny * (uz * rx - ux * rz) + nz * (ux * ry - uy * rx)
    of_u = nx * (ry * vz - rz * vy) + ny * (rz * vx - rx * vz) + nz * (rx * vy - ry * vx)
    inside = of_u >= 0.0 and of_v >= 0.0 and of_u + of_v <= nx * nx + ny * ny + nz * nz
    return s if inside else -1.0


@inner
def segment_triangle(
    ax: float, ay: float, az: float, dx: float, dy: float, dz: float, triangles: Triangles, i: int
) -> tuple[float, float, float, float, float]:
    """Squared distance [mm2], share s of the segment a to a + d, closest point of triangle `i`."""
    s = _crossing(ax, ay, az, dx, dy, dz, triangles, i)
    if s >= 0.0:
        return 0.0, s, ax + s * dx, ay + s * dy, az + s * dz
    s = 0.0
    best, x, y, z = point_triangle(ax, ay, az, triangles, i)
    d2, px, py, pz = point_triangle(ax + dx, ay + dy, az + dz, triangles, i)
    if d2 < best:
        best, s, x, y, z = d2, 1.0, px, py, pz
    for edge in range(3):
        d2, share, px, py, pz = segment_edge(ax, ay, az, dx, dy, dz, triangles, i, edge)
        if d2 < best:
            best, s, x, y, z = d2, share, px, py, pz
    return best, s, x, y, z
