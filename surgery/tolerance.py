"""What a slip of the hand costs: one path delivered many times, each time a little off.

The entry misses across the axis (normal, two directions), the target in space (three); draws are
quasi-random (Sobol, scrambled as Owen's by a linear matrix and a shift), so that 256 of them stand
for many more. `surgery.delivery` has the spreads. This rests on the fields; `deliveries` tells what
is hit by exact distances.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri
from scipy.stats import qmc

from anatomy.errors import GeometryError
from anatomy.field import CHANNELS
from anatomy.geometry import Floats, Point
from surgery.crossing import square_to
from surgery.delivery import Delivery
from surgery.ground import UNLIMITED_MM, Ground
from surgery.kernels import slips
from surgery.lanes import lanes_of
from surgery.paths import Rows, places, rows_of, serial_rows

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

    @classmethod
    def of(cls, by: Delivery) -> "Scatter":
        """That of a way of delivery."""
        return cls.even(entry_mm=by.sigma_entry_mm, target_mm=by.sigma_target_mm)


@dataclass(frozen=True, slots=True)
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
    entry_miss_mm and, where a normal is given, incidence_deg; empty from `quick_tolerance`."""
    guaranteed_mm: float
    """No slip of any point of the axis by less misses a margin; negative: one is missed already."""

    def wire(self) -> dict[str, Any]:
        """JSON-ready; `guaranteed_mm` is null where no margin is asked."""
        told = asdict(self)
        return told | {"guaranteed_mm": finite(self.guaranteed_mm)}


class Aim(NamedTuple):
    """What is delivered: an axis from entry to tip [mm], the device's radius, the bone's normal,
    and how far behind the entry the inner table lies."""

    entry_mm: Point
    tip_mm: Point
    radius_mm: float
    normal: Point | None = None
    outside_mm: float = 0.0


Near = Callable[[str, Floats, Floats, float], NDArray[np.bool_]]
"""Which segments (n, 3) to (n, 3) come nearer to a structure than some mm, exactly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """All placements of a plan, each delivered many times."""

    each: tuple[Tolerance, ...]

    @property
    def any_hit(self) -> Chance:
        """That one of them at least touches what it must not, where they miss independently."""
        return Chance(
            *(
                1.0 - math.prod(1.0 - getattr(one.any_hit, part) for one in self.each)
                for part in ("share", "low", "high")
            )
        )


def deliveries(
    ground: Ground, aims: Sequence[Aim], *,
    scatter: Scatter, seed: int, near: Near, count: int = COUNT,
) -> Deliveries:  # fmt: skip
    """Deliver each aim `count` times, number n with the draws of seed + n.

    What is touched, and what comes too near, is told by `near`; the rest by the fields.
    """
    each = [_certified(ground, aim, scatter, seed + n, near, count) for n, aim in enumerate(aims)]
    return Deliveries(each=tuple(each))


def _certified(
    ground: Ground, aim: Aim, scatter: Scatter, seed: int, near: Near, count: int
) -> Tolerance:
    made = tolerance(
        ground, aim.entry_mm, aim.tip_mm, radius_mm=aim.radius_mm, scatter=scatter, seed=seed,
        count=count, normal=aim.normal,
    )  # fmt: skip
    entry, tip = np.array(aim.entry_mm), np.array(aim.tip_mm)
    entries, tips = copies(entry, tip, scatter=scatter, count=count, seed=seed)
    way = tips - entries
    starts = entries + aim.outside_mm * way / np.linalg.norm(way, axis=1, keepdims=True)
    asked = [one for one in ground.channels if one.margin_mm is not None]
    touched = {one.structure: near(one.structure, starts, tips, aim.radius_mm) for one in asked}
    short = {
        one.structure: near(one.structure, starts, tips, aim.radius_mm + one.margin_mm)
        if one.margin_mm
        else touched[one.structure]
        for one in asked
    }
    return replace(
        made,
        hits={word: chance(hit) for word, hit in touched.items()},
        any_hit=chance(np.logical_or.reduce([np.zeros(count, bool), *touched.values()])),
        short={word: chance(missed) for word, missed in short.items()},
    )


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
    plain = ground.rules(radius_mm=radius_mm)
    planned = serial_rows(ground, plain, entry, target)
    outside_mm = float(np.linalg.norm(target - entry)) - float(planned.length_mm[0])
    rows = rows_of(
        ground, ground.rules(radius_mm=radius_mm, outside_mm=outside_mm), entries, targets
    )
    margins = ground.margins_mm
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
        guaranteed_mm=guaranteed_mm(planned.clearance_mm[0], margins),
    )


def quick_tolerance(
    ground: Ground, aim: Aim, *, scatter: Scatter, seed: int, count: int
) -> Tolerance:
    """As `tolerance` without its spans, several times as quick: while a path is dragged."""
    entry, target = places(aim.entry_mm), places(aim.tip_mm)
    entries, targets = copies(entry[0], target[0], scatter=scatter, count=count, seed=seed)
    rules = ground.rules(radius_mm=aim.radius_mm, guard_mm=0.0)
    margins = ground.margins_mm
    asked = np.flatnonzero(~np.isnan(margins))
    touch = np.full(CHANNELS, UNLIMITED_MM)
    touch[asked] = aim.radius_mm
    found = np.empty((count, 2), np.uint8)
    slips(ground.lattice, rules, lanes_of(touch), entries, targets, found)
    short, hit = ((found[:, n, None] >> asked) & 1 == 1 for n in range(2))
    structures = [ground.structures[n] for n in asked]
    planned = serial_rows(ground, rules, entry, target)
    return Tolerance(
        count=count,
        seed=seed,
        hits=dict(zip(structures, map(chance, hit.T), strict=True)),
        any_hit=chance(hit.any(axis=1)),
        short=dict(zip(structures, map(chance, short.T), strict=True)),
        spans={},
        guaranteed_mm=guaranteed_mm(planned.clearance_mm[0], margins),
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


def finite(value: float) -> float | None:
    """None for what JSON has no number for."""
    return value if math.isfinite(value) else None


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
    axes = np.vstack([square_to(along), along])
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
