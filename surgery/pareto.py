"""The exact Pareto front: every choice that no other one beats in all respects."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from anatomy.errors import GeometryError
from anatomy.geometry import Floats, Point, point
from surgery.candidates import feasible_to
from surgery.search import Search, exact_clearances
from surgery.threads import in_blocks
from surgery.tolerance import guaranteed_mm

Coverage = Callable[[Floats, Floats], Floats]
"""Share (n,), 0 to 1, of what works on a device that ends where it should, for paths from entries
(n, 3) to targets (n, 3) [mm]: `surgery.reached`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A path that none beats in vessel risk, length and angle (each to be small), coverage and
    robustness (to be large). Clearances are exact."""

    entry_mm: Point
    target_mm: Point
    vessel_risk: float | None
    """None where no vessel is known: then it decides nothing, and nothing is safe."""
    length_mm: float
    """Inside the skull."""
    incidence_deg: float
    coverage: float
    """0 to 1; 0 for all where nothing is asked."""
    robustness_mm: float | None
    """No slip of any point of the axis by less misses a margin; None: no margin is asked."""
    clearance_mm: Mapping[str, float]

    def wire(self) -> dict[str, Any]:
        """JSON-ready."""
        return {**asdict(self), "clearance_mm": dict(self.clearance_mm)}


_NONE: tuple[Floats, Floats, Floats] = (np.empty((0, 3)), np.empty((0, 3)), np.empty((0, 5)))


def front_of(search: Search, *, coverage: Coverage | None = None) -> tuple[Choice, ...]:
    """The front over every feasible path of a search, the least vessel risk first.

    Not only over the paths that the search kept: each entry is scored with each target again. What
    is on the front is measured exactly, loses what the exact distances turn down, and is held
    against itself once more with the exact robustness.
    """
    ground, entries = search.ground, search.entries
    margins = ground.margins_mm
    asked = ~np.isnan(margins)
    reach = search.reach
    rules = ground.rules(radius_mm=reach.radius_mm, guard_mm=reach.guard_mm)
    parts: list[tuple[Floats, Floats, Floats]] = [_NONE] * len(search.targets_mm)

    def work(start: int, stop: int) -> None:
        for n in range(start, stop):
            target = search.targets_mm[n]
            kept, rows, incidence, _ = feasible_to(ground, rules, entries, target, reach)
            from_mm, to_mm = entries.points_mm[kept], np.broadcast_to(target, (len(kept), 3))
            covered = coverage(from_mm, to_mm) if coverage else np.zeros(len(kept))
            room = (rows.clearance_mm[:, asked] - margins[asked]).min(axis=1, initial=np.inf)
            values = np.column_stack([rows.risk, rows.length_mm, incidence, -covered, -room])
            best = front(values)
            parts[n] = from_mm[best], to_mm[best], values[best]

    in_blocks(len(parts), 4, work)
    starts, ends, rows = (list(one) for one in zip(*parts, strict=True))
    values = np.concatenate(rows)
    best = front(values)
    from_mm, to_mm, values = np.concatenate(starts)[best], np.concatenate(ends)[best], values[best]
    exact = [
        exact_clearances(ground, search.certify(point(a), point(b)))
        for a, b in zip(from_mm, to_mm, strict=True)
    ]
    rooms = [guaranteed_mm([one[name] for name in ground.structures], margins) for one in exact]
    values[:, 4] = -np.array(rooms)
    sound = np.flatnonzero(values[:, 4] <= 0)
    best = sound[front(values[sound])]
    order = best[np.lexsort((*values[best].T[::-1],))]
    return tuple(
        Choice(
            entry_mm=point(from_mm[n]), target_mm=point(to_mm[n]),
            vessel_risk=float(values[n, 0]) if ground.vessels else None,
            length_mm=float(values[n, 1]),
            incidence_deg=float(values[n, 2]),
            coverage=0.0 - float(values[n, 3]),
            robustness_mm=rooms[n] if np.isfinite(rooms[n]) else None,
            clearance_mm={k: v for k, v in exact[n].items() if np.isfinite(v)},
        )
        for n in order
    )  # fmt: skip


def front(objectives: ArrayLike) -> NDArray[np.intp]:
    """Rows of objectives (n, k), each to be small, that no row dominates; in rising order.

    A row dominates another where it is nowhere larger and somewhere smaller; equal rows stay
    together. Exact: sorted so that none is dominated by a later one, then held against the front.
    """
    values = np.ascontiguousarray(objectives, dtype=np.float64)
    if values.ndim != 2 or not values.shape[1]:
        raise GeometryError("A front needs one row of objectives for each choice.")
    if np.isnan(values).any():
        raise GeometryError("An objective of a choice is not a number; leave that choice out.")
    ranks = np.empty_like(values)
    for column in range(values.shape[1]):
        ranks[:, column] = np.unique(values[:, column], return_inverse=True)[1]
    order = np.lexsort((*ranks.T, ranks.sum(axis=1)))
    found = np.empty(len(values), np.int64)
    count = _front(ranks[order], found)
    return np.sort(order[found[:count]])


@njit(cache=True, nogil=True)
def _front(rows: Floats, found: NDArray[np.int64]) -> int:
    """Fill `found` with the rows that no earlier one dominates; how many.

    Ranks, not values, are summed: a row that dominates has the smaller sum, exactly. What
    dominated last is asked first.
    """
    count, k = 0, rows.shape[1]
    asked = np.empty(len(rows), np.int64)
    for row in range(len(rows)):
        beaten = -1
        for place in range(count):
            other, better = asked[place], False
            for column in range(k):
                if rows[other, column] > rows[row, column]:
                    break
                better = better or rows[other, column] < rows[row, column]
            else:
                if better:
                    beaten = place
                    break
        if beaten < 0:
            asked[count] = found[count] = row
            count += 1
        elif beaten > 0:
            asked[beaten // 2], asked[beaten] = asked[beaten], asked[beaten // 2]
    return count
