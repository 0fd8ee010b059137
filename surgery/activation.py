"""When each part of the heart's muscle is activated from one or more pacing sites (eikonal model).

|grad t| = 1 / speed, solved for each site: first along straight rays, which is exact where nothing
bends or stops the wave, then by sweeping the voxels in eight orders with plane waves through the
tetrahedra between neighbours, which carries it around corners. 1 m/s is 1 mm/ms.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from anatomy.errors import TwinError
from anatomy.geometry import Floats, Point, point
from anatomy.grid import Grid
from anatomy.volume import Mask, freeze
from surgery.quantity import Quantity

SPEED_M_PER_S, ENDOCARDIAL_FACTOR, ENDOCARDIAL_MM = 0.6, 3.0, 2.0
"""docs/evidence.md#activation-speed"""
OFF_MUSCLE_MM = 5.0
"""docs/evidence.md#activation-site"""
TIME = "docs/evidence.md#activation-time"
MOST_ROUNDS = 100
"""House value: a wave that turns a hundred corners is no wave in a heart."""
SETTLED_MS = 1e-4


class ActivationError(TwinError, ValueError):
    """A muscle or a site from which no activation can be computed."""

    code = "surgery.activation"


@dataclass(frozen=True, eq=False, kw_only=True)
class Muscle:
    """Voxels that conduct: their slowness [ms/mm], infinite where nothing conducts.

    Invariants: shaped like the grid, whose axes are square to each other; some voxel conducts.
    """

    grid: Grid
    slowness_ms_per_mm: NDArray[np.float64]

    def __post_init__(self) -> None:
        axes = self.grid.ijk_to_ras[:3, :3] / self.grid.spacing_mm
        if not np.allclose(axes.T @ axes, np.eye(3), atol=1e-6):
            raise ActivationError("The muscle's voxels are sheared. Resample them on a box.")
        if self.slowness_ms_per_mm.shape != self.grid.shape:
            raise ActivationError("Muscle and grid differ in shape.")
        if not np.isfinite(self.slowness_ms_per_mm).any():
            raise ActivationError("No voxel of the muscle conducts. Check the labels and the scar.")
        object.__setattr__(self, "slowness_ms_per_mm", freeze(self.slowness_ms_per_mm))


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a lead paces, RAS [mm], and how long after the beat's begin [ms]."""

    at_mm: Point
    delay_ms: float = 0.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Activation:
    """Time of activation of each voxel [ms], infinite where the wave never comes."""

    muscle: Muscle
    sites: tuple[Site, ...]
    """On the muscle: a site beside it has been moved to the nearest voxel."""
    times_ms: NDArray[np.float64]

    @property
    def total(self) -> Quantity:
        """Total activation time: from the first site's beat to the last voxel, and that voxel."""
        reached = np.where(np.isfinite(self.times_ms), self.times_ms, -1)
        last = np.unravel_index(np.argmax(reached), reached.shape)
        begin = min(site.delay_ms for site in self.sites)
        where = point(self.muscle.grid.ras(np.array(last, dtype=float)))
        value = float(self.times_ms[last]) - begin
        return Quantity(value=value, unit="ms", source=TIME, point_mm=where)

    @property
    def unreached(self) -> Quantity:
        """Muscle that conducts and yet is cut off from all sites [mm3]."""
        count = np.isfinite(self.muscle.slowness_ms_per_mm) & ~np.isfinite(self.times_ms)
        value = float(np.count_nonzero(count)) * self.muscle.grid.voxel_ml * 1000
        return Quantity(value=value, unit="mm3", source=TIME)


@dataclass(frozen=True, eq=False, kw_only=True)
class Change:
    """What one more lead does to the total activation time."""

    before: Activation
    after: Activation

    @property
    def gained(self) -> Quantity:
        """Change of the total activation time [ms], negative where the lead makes it shorter.

        The point is the voxel that is last with the lead.
        """
        before, after = self.before.total, self.after.total
        return Quantity(
            value=after.value - before.value, unit="ms", source=TIME, point_mm=after.point_mm
        )

    @property
    def percent(self) -> Quantity:
        """The same in percent of the time without the lead."""
        value = 100 * self.gained.value / self.before.total.value
        return Quantity(value=value, unit="%", source=TIME, point_mm=self.gained.point_mm)


def muscle(
    grid: Grid,
    mask: Mask,
    *,
    cavity: Mask | None = None,
    scar: Mask | None = None,
    speed_m_per_s: float = SPEED_M_PER_S,
    endocardial_factor: float = ENDOCARDIAL_FACTOR,
    endocardial_mm: float = ENDOCARDIAL_MM,
    scar_factor: float = 0.0,
) -> Muscle:
    """The muscle of `mask` on its grid; raises ActivationError.

    Within `endocardial_mm` of `cavity` (the blood pool) it conducts `endocardial_factor` times as
    fast. In `scar` it conducts `scar_factor` times as fast as elsewhere, 0: not at all.
    """
    if not all(math.isfinite(v) and v > 0 for v in (speed_m_per_s, endocardial_factor)):
        raise ActivationError("Speed (m/s) and the inner layer's factor must be above 0.")
    if not 0 <= scar_factor <= 1:
        raise ActivationError("A scar conducts 0 to 1 times as fast as muscle.")
    for name, other in (("muscle", mask), ("cavity", cavity), ("scar", scar)):
        if other is not None and other.shape != grid.shape:
            raise ActivationError(f"The {name} and the grid differ in shape.")
    speed = np.where(mask, speed_m_per_s, 0.0)
    if cavity is not None and cavity.any():
        depth_mm = distance_transform_edt(~cavity, sampling=grid.spacing_mm)
        speed[depth_mm <= endocardial_mm] *= endocardial_factor
    if scar is not None:
        speed[scar] *= scar_factor
    slowness = np.divide(1.0, speed, out=np.full(grid.shape, np.inf), where=speed > 0)
    return Muscle(grid=grid, slowness_ms_per_mm=slowness)


def activated(muscle: Muscle, sites: Sequence[Site]) -> Activation:
    """Times of activation from all sites together; raises ActivationError.

    Each voxel takes the wave that comes first, so the sites are solved one by one.
    """
    if not sites:
        raise ActivationError("Set at least one pacing site.")
    grid, slowness = muscle.grid, muscle.slowness_ms_per_mm
    conducts = np.argwhere(np.isfinite(slowness))
    start, stop = conducts.min(axis=0), conducts.max(axis=0) + 1
    box = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
    held = np.pad(slowness[box], 1, constant_values=np.inf)
    first = np.full(held.shape, np.inf)
    placed = [_on_muscle(muscle, site, conducts) for site in sites]
    for site in placed:
        time = np.full(held.shape, np.inf)
        at = grid.ijk(site.at_mm) - start + 1
        if _solve(held, np.array(grid.spacing_mm), at, time) == MOST_ROUNDS:
            raise ActivationError("The activation does not settle. Check the muscle's labels.")
        first = np.minimum(first, time + site.delay_ms)
    times = np.full(grid.shape, np.inf)
    times[box] = first[1:-1, 1:-1, 1:-1]
    return Activation(muscle=muscle, sites=tuple(placed), times_ms=freeze(times))


def change(muscle: Muscle, sites: Sequence[Site], lead: Site) -> Change:
    """Activation without and with one more lead; raises ActivationError."""
    before, alone = activated(muscle, sites), activated(muscle, [lead])
    after = Activation(
        muscle=muscle,
        sites=(*before.sites, *alone.sites),
        times_ms=freeze(np.minimum(before.times_ms, alone.times_ms)),
    )
    return Change(before=before, after=after)


def _on_muscle(muscle: Muscle, site: Site, conducts: NDArray[np.int64]) -> Site:
    """The site itself if it lies in a voxel that conducts, else at the centre of the nearest."""
    at_mm = point(site.at_mm)
    if not math.isfinite(site.delay_ms):
        raise ActivationError("A site's delay must be a finite number of ms.")
    # Not rint: halves go up wherever the box begins, as in `_straight`.
    ijk = np.floor(muscle.grid.ijk(at_mm) + 0.5).astype(int)
    if (conducts == ijk).all(axis=1).any():
        return Site(at_mm=at_mm, delay_ms=site.delay_ms)
    centres = muscle.grid.ras(conducts)
    away = np.linalg.norm(centres - at_mm, axis=1)
    nearest = int(np.argmin(away))
    if away[nearest] > OFF_MUSCLE_MM:
        raise ActivationError(
            f"The pacing site lies {away[nearest]:.1f} mm from muscle that conducts; "
            f"{OFF_MUSCLE_MM:g} mm are allowed. Move it onto the wall.",
            point_mm=at_mm,
        )
    return Site(at_mm=point(centres[nearest]), delay_ms=site.delay_ms)


@njit(cache=True, nogil=True)
def _solve(slowness: Floats, step: Floats, at: Floats, time: Floats) -> int:
    """Fills `time` from the source at voxel coordinates `at`; the number of rounds that it took.

    All arrays have a border that does not conduct. A voxel is looked at again only after one of
    its neighbours became earlier.
    """
    nx, ny, nz = slowness.shape
    awake = slowness < np.inf
    for i in range(1, nx - 1):
        for j in range(1, ny - 1):
            for k in range(1, nz - 1):
                if awake[i, j, k]:
                    time[i, j, k] = _straight(i, j, k, slowness, step, at)
    for turn in range(MOST_ROUNDS):
        moved = False
        for order in range(8):
            for a in range(1, nx - 1):
                i = a if order & 1 == 0 else nx - 1 - a
                for b in range(1, ny - 1):
                    j = b if order & 2 == 0 else ny - 1 - b
                    for c in range(1, nz - 1):
                        k = c if order & 4 == 0 else nz - 1 - c
                        if not awake[i, j, k]:
                            continue
                        awake[i, j, k] = False
                        if slowness[i, j, k] == np.inf:
                            continue
                        found = np.inf
                        for axis in range(3):
                            for way in (-1, 1):
                                wave = _through(i, j, k, axis, way, slowness, step, time)
                                found = min(found, wave)
                        if found < time[i, j, k] - SETTLED_MS:
                            time[i, j, k] = found
                            awake[i - 1 : i + 2, j - 1 : j + 2, k - 1 : k + 2] = True
                            moved = True
        if not moved:
            return turn
    return MOST_ROUNDS


@njit(cache=True, nogil=True)
def _straight(i: int, j: int, k: int, slowness: Floats, step: Floats, at: Floats) -> float:
    """Time along the straight ray from `at` to a voxel's centre; infinite if it leaves the muscle.

    The ray goes from voxel to voxel through the faces between them; each adds its own part.
    """
    goal, here, way = np.array([i, j, k]), np.empty(3, np.int64), np.empty(3, np.int64)
    leave, part = np.full(3, np.inf), np.full(3, np.inf)
    square = 0.0
    for axis in range(3):
        here[axis] = math.floor(at[axis] + 0.5)
        far = goal[axis] - at[axis]
        square += (far * step[axis]) ** 2
        way[axis] = 1 if far > 0 else -1
        if abs(far) > 1e-12:
            leave[axis] = (here[axis] + 0.5 * way[axis] - at[axis]) / far
            part[axis] = 1 / abs(far)
    total, gone = 0.0, 0.0
    while True:
        slow = slowness[here[0], here[1], here[2]]
        if slow == np.inf:
            return np.inf
        axis = int(np.argmin(leave))
        total += slow * (min(leave[axis], 1.0) - gone)
        if leave[axis] >= 1:
            return total * math.sqrt(square)
        gone = leave[axis]
        here[axis] += way[axis]
        leave[axis] += part[axis]


@njit(cache=True, nogil=True)
def _through(
    i: int, j: int, k: int, axis: int, way: int, slowness: Floats, step: Floats, time: Floats
) -> float:
    """The earliest plane wave through the eight tetrahedra on the neighbour along one axis.

    A tetrahedron has its corners at the voxel, that neighbour p, one beside it, q, and one beside
    that, r. The slopes across are (tp - tq) / h and (tq - tr) / h, what is left of the slowness
    (that of the way, half in either voxel) is the slope along the axis. The wave must come from
    inside of the tetrahedron, of a face or along an edge. Corners are only reached by way of
    conducting voxels, so no wave slips between two of a scar.
    """
    u, v, w = axis, (axis + 1) % 3, (axis + 2) % 3
    d = np.zeros(3, np.int64)
    d[u] = way
    tp, here = time[i + d[0], j + d[1], k + d[2]], slowness[i, j, k]
    if tp == np.inf:
        return np.inf
    slow = (here + slowness[i + d[0], j + d[1], k + d[2]]) / 2
    hu = step[u]
    best = tp + hu * slow
    for turn in range(8):
        if turn & 1:
            v, w = w, v
        hv, hw = step[v], step[w]
        d[:] = 0
        d[u], d[v] = way, (turn & 2) - 1
        tq = time[i + d[0], j + d[1], k + d[2]]
        if tq == np.inf:
            continue
        edge = (here + slowness[i + d[0], j + d[1], k + d[2]]) / 2
        best = min(best, tq + math.sqrt(hu * hu + hv * hv) * edge)
        across = (tp - tq) / hv
        left = slow * slow - across * across
        if across >= 0 and left > 0 and math.sqrt(left) * hv >= across * hu:
            best = min(best, tp + hu * math.sqrt(left))
        d[w] = (turn & 4) // 2 - 1
        tr = time[i + d[0], j + d[1], k + d[2]]
        if tr == np.inf:
            continue
        edge = (here + slowness[i + d[0], j + d[1], k + d[2]]) / 2
        best = min(best, tr + math.sqrt(hu * hu + hv * hv + hw * hw) * edge)
        aside = (tq - tr) / hw
        left -= aside * aside
        inside = aside >= 0 and across * hw >= aside * hv
        if inside and left > 0 and math.sqrt(left) * hv >= across * hu:
            best = min(best, tp + hu * math.sqrt(left))
    return best
