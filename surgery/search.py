"""Search: the risk map of all entries for a target, and the plans worth showing, certified."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy.compiled import kernel
from anatomy.errors import GeometryError
from anatomy.field import CHANNELS, Packed
from anatomy.geometry import Floats, Point, point
from surgery import limits
from surgery.candidates import Candidates, Cost, feasible_paths, incidence_deg, plain_cost
from surgery.entries import Entries
from surgery.ground import Channel, Ground
from surgery.limits import Binding, Reach
from surgery.paths import Rows, places, rows_of
from surgery.threads import Tell, silent
from surgery.tolerance import COUNT, Scatter, Tolerance, guaranteed_mm, tolerance

PICKED_FROM = 50_000
"""House value: the cheapest paths of all targets that different ones are picked from."""
POOL = 4
"""House value: paths that are delivered many times, for each one wanted."""
ASKED = 16
"""House value: targets that are looked at closely where nothing is feasible."""

Certify = Callable[[Point, Point], Mapping[str, float]]
"""Exact clearance [mm] of the device by structure, for entry and target."""


@dataclass(frozen=True, eq=False)
class RiskMap:
    """Each entry for one target. `level` uint8 (n,): 127 times the vessel risk 0..1; where a hard
    limit is missed 127 more, and 128 at least; 255 where the path cannot be scored."""

    rows: Rows
    incidence_deg: Floats
    missing: Floats
    level: NDArray[np.uint8]

    @property
    def feasible(self) -> NDArray[np.bool_]:
        """(n,): every limit is kept, with the guard."""
        feasible: NDArray[np.bool_] = np.all(self.missing <= 0, axis=1)
        return feasible


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One path to show: certified, with its tolerance."""

    entry_mm: Point
    target_mm: Point
    cost: float
    clearance_mm: Mapping[str, float]
    """Exact, by structure."""
    vessel_risk: float
    grey_share: float
    length_mm: float
    incidence_deg: float
    tolerance: Tolerance
    guaranteed_mm: float
    """As in the tolerance, but from the exact clearances."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Search:
    """What was looked at, and what came of it, the best first."""

    examined: int
    feasible: int
    rejected: Mapping[str, int]
    """By the limit found first."""
    refused: int
    """Paths that the exact distances turned down."""
    found: tuple[Found, ...]
    candidates: Candidates
    """The feasible paths that were kept, the cheapest first."""
    binding: Binding | None
    ground: Ground
    entries: Entries
    targets_mm: Floats
    """(n, 3)"""
    reach: Reach
    certify: Certify


def risk_map(ground: Ground, entries: Entries, target_mm: ArrayLike, *, reach: Reach) -> RiskMap:
    """Full numbers of each entry for one target."""
    target = places(target_mm)
    rules = ground.rules(radius_mm=reach.radius_mm, guard_mm=reach.guard_mm)
    rows = rows_of(ground, rules, entries.points_mm, target)
    incidence = incidence_deg(entries.points_mm, target, entries.normals)
    miss = limits.missing(ground, reach, rows, incidence)
    level = np.rint(127 * rows.risk).astype(np.uint8)
    missed = (miss > 0).any(axis=1)
    level[missed] = np.maximum(level[missed] + 127, 128)
    level[~np.isfinite(incidence)] = 255
    return RiskMap(rows, incidence, miss, level)


def propose(
    ground: Ground,
    entries: Entries,
    targets_mm: ArrayLike,
    *,
    reach: Reach,
    scatter: Scatter,
    certify: Certify,
    seed: int,
    top: int = 10,
    apart_mm: float = 5.0,
    cost: Cost = plain_cost,
    count: int = COUNT,
    tell: Tell = silent,
) -> Search:
    """The cheapest `top` paths that differ and keep every margin by exact distance.

    Search by field with a guard; the cheapest that lie `apart_mm` from each other at entry or
    target; those delivered `count` times and ranked anew by the chance so found; the best certified
    one by one. Where nothing is feasible, `binding` says what stands in the way.
    """
    targets = places(targets_mm)
    kept, counts = feasible_paths(
        ground, entries, targets, reach=reach, scatter=scatter, cost=cost, tell=tell
    )
    feasible = counts.pop("feasible")
    picked = kept.take(
        different(kept.take(np.arange(min(len(kept.cost), PICKED_FROM))), entries, targets,
                   apart_mm=apart_mm, wanted=POOL * top)
    )  # fmt: skip
    tried = [
        tolerance(
            ground, entries.points_mm[e], targets[t], radius_mm=reach.radius_mm, scatter=scatter,
            seed=seed, count=count, normal=entries.normals[e],
        )
        for e, t in zip(picked.entry, picked.target, strict=True)
    ]  # fmt: skip
    chances = np.array([one.any_hit.share for one in tried])
    price = cost(picked.rows, picked.incidence_deg, chances)
    found: list[Found] = []
    refused = 0
    for n in np.argsort(price, kind="stable"):
        if len(found) == top:
            break
        entry = point(entries.points_mm[picked.entry[n]])
        target = point(targets[picked.target[n]])
        exact = exact_clearances(ground, certify(entry, target))
        room = guaranteed_mm([exact[name] for name in ground.structures], ground.margins_mm)
        if not room >= 0:
            refused += 1
            continue
        found.append(
            Found(
                entry_mm=entry,
                target_mm=target,
                cost=float(price[n]),
                clearance_mm={k: v for k, v in exact.items() if not np.isnan(v)},
                vessel_risk=float(picked.rows.risk[n]),
                grey_share=float(picked.rows.grey[n]),
                length_mm=float(picked.rows.length_mm[n]),
                incidence_deg=float(picked.incidence_deg[n]),
                tolerance=tried[n],
                guaranteed_mm=room,
            )
        )
    return Search(
        examined=len(entries) * len(targets),
        feasible=feasible,
        rejected=counts,
        refused=refused,
        found=tuple(found),
        candidates=kept,
        binding=None if feasible else binding_of(ground, entries, targets, reach),
        ground=ground,
        entries=entries,
        targets_mm=targets,
        reach=reach,
        certify=certify,
    )


def different(
    ranked: Candidates, entries: Entries, targets: Floats, *, apart_mm: float, wanted: int
) -> NDArray[np.intp]:
    """The first of the ranked paths, and each next one that differs from all taken before."""
    taken = np.empty(wanted, np.int64)
    starts, ends = entries.points_mm[ranked.entry], targets[ranked.target]
    return taken[: _differing(starts, ends, apart_mm * apart_mm, taken)].astype(np.intp)


@kernel
def _differing(starts: Floats, ends: Floats, apart_mm2: float, taken: NDArray[np.int64]) -> int:
    """Fill `taken` with paths of which no two lie near each other at both ends; how many."""
    count = 0
    for n in range(len(starts)):
        new = True
        for other in taken[:count]:
            at_start = at_end = 0.0
            for axis in range(3):
                at_start += (starts[n, axis] - starts[other, axis]) ** 2
                at_end += (ends[n, axis] - ends[other, axis]) ** 2
            if at_start < apart_mm2 and at_end < apart_mm2:
                new = False
                break
        if new:
            if count == len(taken):
                break
            taken[count] = n
            count += 1
    return count


def exact_clearances(ground: Ground, measured: Mapping[str, float]) -> dict[str, float]:
    """By structure; NaN where no margin is asked. A margin that nobody measured is refused."""
    exact = {}
    for one in ground.channels:
        value = measured.get(one.structure, np.nan)
        if one.margin_mm is not None and not np.isfinite(value):
            raise GeometryError(
                f"The exact clearance to {one.structure} could not be measured, so no plan can be "
                "certified. Check its surface.",
                structure=one.structure,
            )
        exact[one.structure] = float(value) if one.margin_mm is not None else np.nan
    return exact


def binding_of(ground: Ground, entries: Entries, targets: Floats, reach: Reach) -> Binding:
    """What stands in the way, by every entry of up to ASKED targets."""
    chosen = np.unique(np.linspace(0, len(targets) - 1, ASKED).round().astype(int))
    maps = [risk_map(ground, entries, targets[n], reach=reach) for n in chosen]
    return limits.binding(ground, np.concatenate([one.missing for one in maps]))


def warm_up() -> None:
    """Compile or load all that a search runs, on a ground that holds nothing: seconds, once."""
    values = np.full((4, 4, 4, CHANNELS), 255, np.uint8)
    one = Channel(structure="nothing", margin_mm=1.0)
    propose(
        Ground(Packed((0.0, 0.0, 0.0), 1.0, (4, 4, 4), values), (one,)),
        Entries(np.array([[1.0, 1.0, 3.0]]), np.array([[0.0, 0.0, 1.0]])),
        [[1.0, 1.0, 0.0]],
        reach=Reach(radius_mm=0.5),
        scatter=Scatter.even(entry_mm=1.0, target_mm=1.0),
        certify=lambda *_: {"nothing": 9.0},
        seed=0,
        top=1,
        count=2,
    )
