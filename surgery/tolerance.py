"""What a slip of the hand costs: one path delivered many times, each time a little off.

The entry misses across the axis (normal, two directions), the target in space (three); draws are
quasi-random (Sobol, scrambled as Owen's by a linear matrix and a shift), so that 256 of them stand
for many more. `surgery.delivery` has the spreads. This rests on the fields, not on meshes.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri
from scipy.stats import qmc

from anatomy.errors import GeometryError
from anatomy.geometry import Floats, Point
from surgery.ground import Ground
from surgery.paths import Rows, places, score_paths

COUNT = 256
Z95 = 1.959963984540054
WORST = 0.05
TINY = 2.0**-33
"""Half a draw's last bit: no draw is infinitely far off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scatter:
    """Standard deviations [mm]: of the entry in two directions across the axis, of the target in
    the same two and along the axis."""

    entry_mm: tuple[float, float]
    target_mm: Point

    def __post_init__(self) -> None:
        if not all(0 <= v <= 50 for v in (*self.entry_mm, *self.target_mm)):
            raise GeometryError("A delivery scatters by 0 to 50 mm in each direction.")

    @classmethod
    def even(cls, *, entry_mm: float, target_mm: float) -> "Scatter":
        """Alike in all directions, as published errors are read."""
        return cls(entry_mm=(entry_mm,) * 2, target_mm=(target_mm,) * 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """A share of the deliveries with its 95 % interval (Wilson's, which is wide for such draws)."""

    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A metric over all deliveries: percentiles 5, 50, 95, and the mean of the worst 5 %."""

    p5: float
    median: float
    p95: float
    worst: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """One path under human variation. `hits`: the device touches; `short`: a margin is missed."""

    count: int
    seed: int
    hits: Mapping[str, Chance]
    any_hit: Chance
    short: Mapping[str, Chance]
    spans: Mapping[str, Span]
    """Clearances by structure [mm], vessel_risk, grey_share, length_mm, target_miss_mm,
    entry_miss_mm and, where a normal is given, incidence_deg."""
    guaranteed_mm: float
    """No slip of any point of the axis by less misses a margin; negative: one is missed already."""


def tolerance(
    ground: Ground,
    entry_mm: ArrayLike,
    target_mm: ArrayLike,
    *,
    radius_mm: float,
    scatter: Scatter,
    seed: int,
    count: int = COUNT,
    normal: ArrayLike | None = None,
) -> Tolerance:
    """Deliver one path `count` times (a power of two) and say what became of it."""
    entry, target = places(entry_mm), places(target_mm)
    entries, targets = copies(entry[0], target[0], scatter=scatter, count=count, seed=seed)
    rows = score_paths(
        ground, np.vstack([entry, entries]), np.vstack([target, targets]), radius_mm=radius_mm
    )
    margins = ground.margins_mm
    planned, rows = rows.clearance_mm[0], Rows(rows.values[1:], rows.structures)
    asked = np.flatnonzero(~np.isnan(margins))
    clear = rows.clearance_mm[:, asked]
    hit, short = clear < 0, clear < margins[asked]
    structures = [ground.structures[n] for n in asked]
    return Tolerance(
        count=count,
        seed=seed,
        hits=dict(zip(structures, map(chance, hit.T), strict=True)),
        any_hit=chance(np.any(hit, axis=1)),
        short=dict(zip(structures, map(chance, short.T), strict=True)),
        spans=spans(_metrics(rows, entries - entry, targets - target, entries - targets, normal)),
        guaranteed_mm=guaranteed_mm(planned, margins),
    )


def _metrics(
    rows: Rows, entry_off: Floats, target_off: Floats, way: Floats, normal: ArrayLike | None
) -> Iterator[tuple[str, ArrayLike, bool]]:
    """Name, values over all deliveries, and whether a low one is bad."""
    for n, name in enumerate(rows.structures):
        yield name, rows.clearance_mm[:, n], True
    yield "vessel_risk", rows.risk, False
    yield "grey_share", rows.grey, True
    yield "length_mm", rows.length_mm, False
    yield "target_miss_mm", np.linalg.norm(target_off, axis=1), False
    yield "entry_miss_mm", np.linalg.norm(entry_off, axis=1), False
    if normal is not None:
        up = np.asarray(normal, float)
        cosine = way @ up / np.linalg.norm(way, axis=1) / np.linalg.norm(up)
        yield "incidence_deg", np.degrees(np.arccos(cosine.clip(-1, 1))), False


def spans(metrics: Iterable[tuple[str, ArrayLike, bool]]) -> dict[str, Span]:
    """By name, of metrics with as many values each (n,); the flag says that a low one is bad."""
    names, values, low_is_bad = zip(*metrics, strict=True)
    ordered = np.sort(np.stack([np.asarray(v, float) for v in values]), axis=1)
    n = ordered.shape[1]
    at = np.array([0.05, 0.5, 0.95]) * (n - 1)
    left = np.minimum(at.astype(int), n - 2)
    within = ordered[:, left] * (1 - at + left) + ordered[:, left + 1] * (at - left)
    tail = max(1, math.ceil(WORST * n))
    lowest, highest = ordered[:, :tail].mean(axis=1), ordered[:, -tail:].mean(axis=1)
    worst = np.where(low_is_bad, lowest, highest)
    return {
        name: Span(p5=p5, median=median, p95=p95, worst=bad)
        for name, (p5, median, p95), bad in zip(names, within.tolist(), worst.tolist(), strict=True)
    }


def guaranteed_mm(clearances_mm: ArrayLike, margins_mm: ArrayLike) -> float:
    """The least room beyond a margin, NaN margins left out: distances change by 1 mm a mm.

    Infinite where no margin is asked.
    """
    room = np.asarray(clearances_mm, float) - np.asarray(margins_mm, float)
    return float(np.min(room[~np.isnan(room)], initial=math.inf))


def copies(
    entry: Floats, target: Floats, *, scatter: Scatter, count: int, seed: int
) -> tuple[Floats, Floats]:
    """Entries (count, 3) and targets (count, 3) [mm] as they were delivered."""
    way = target - entry
    length = np.linalg.norm(way)
    if not length >= 1.0:
        raise GeometryError("Entry and target coincide.")
    along = way / length
    across = np.cross(along, np.eye(3)[np.argmin(np.abs(along))])
    across /= np.linalg.norm(across)
    axes = np.stack([across, np.cross(along, across), along])
    off = draws(count, seed)
    return (
        entry + (off[:, :2] * scatter.entry_mm) @ axes[:2],
        target + (off[:, 2:] * scatter.target_mm) @ axes,
    )


@lru_cache(maxsize=8)
def draws(count: int, seed: int) -> Floats:
    """Standard normal draws (count, 5), read-only: two of the entry, three of the target."""
    if count < 2 or count & (count - 1):
        raise GeometryError(f"Deliveries are counted in powers of two, not {count}.")
    even = qmc.Sobol(d=5, scramble=True, rng=np.random.default_rng(seed)).random(count)
    normal: Floats = ndtri(np.clip(even, TINY, 1 - TINY))
    normal.flags.writeable = False
    return normal


def chance(happened: NDArray[np.bool_]) -> Chance:
    """The share of what happened."""
    n = len(happened)
    share = int(np.count_nonzero(happened)) / n
    middle = (share + Z95**2 / (2 * n)) / (1 + Z95**2 / n)
    half = Z95 * math.sqrt(share * (1 - share) / n + Z95**2 / (4 * n * n)) / (1 + Z95**2 / n)
    return Chance(share=share, low=max(0.0, middle - half), high=min(1.0, middle + half))
