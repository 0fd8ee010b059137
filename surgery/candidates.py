"""Every path from every entry to every target: filtered by tracing, scored, the cheapest kept."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy.geometry import Floats
from surgery import limits
from surgery.chance import chances
from surgery.entries import Entries
from surgery.ground import Ground, Rules
from surgery.kernels import trace_target
from surgery.limits import Reach
from surgery.paths import Rows, places, serial_rows
from surgery.threads import Tell, in_blocks, silent
from surgery.tolerance import Scatter

OUTSIDE_MM = 40.0
"""House value: no scalp and skull are thicker along a path; longer ones are left out unscored."""
KEPT = 500
"""House value: the best paths kept for each target."""
FREE, TOO_LONG, TOO_STEEP = 8, 9, 10
"""Verdicts of `surgery.kernels.trace_target` beside the channels 0..7."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """Feasible paths: numbers of entry and target, what is known of each, and its cost."""

    entry: NDArray[np.intp]
    target: NDArray[np.intp]
    rows: Rows
    incidence_deg: Floats
    chance: Floats
    """Of any hit, for ranking only (`surgery.chance`)."""
    cost: Floats

    def take(self, chosen: NDArray[np.intp]) -> "Candidates":
        """Those chosen, in that order."""
        return Candidates(
            self.entry[chosen], self.target[chosen], self.rows.take(chosen),
            self.incidence_deg[chosen], self.chance[chosen], self.cost[chosen],
        )  # fmt: skip


Cost = Callable[[Rows, Floats, Floats], Floats]
"""What a path costs (n,), from its row, its incidence [deg] and its chance of a hit."""


def plain_cost(rows: Rows, incidence_deg: Floats, chance: Floats) -> Floats:
    """House value: vessel risk and chance of a hit whole; 90 mm and 30 degrees a quarter each."""
    return rows.risk + chance + rows.length_mm / 360.0 + incidence_deg / 120.0


def incidence_deg(entries: Floats, targets: Floats, normals: Floats) -> Floats:
    """Angle (n,) between axis and outward normal at the entry; infinite where both places meet."""
    way = entries - targets
    length = np.linalg.norm(way, axis=1)
    cosine = np.einsum("nx,nx->n", way, normals) / np.maximum(length, 1e-9)
    return np.where(length >= 1.0, np.degrees(np.arccos(cosine.clip(-1, 1))), np.inf)


def feasible_paths(
    ground: Ground, entries: Entries, targets_mm: ArrayLike, *,
    reach: Reach, scatter: Scatter, cost: Cost = plain_cost, tell: Tell = silent,
) -> tuple[Candidates, dict[str, int]]:  # fmt: skip
    """The cheapest feasible paths, KEPT for each target, and how many paths went which way.

    Counts by limit, and "feasible": together every entry with every target.
    """
    targets = places(targets_mm)
    rules = ground.rules(radius_mm=reach.radius_mm, guard_mm=reach.guard_mm)
    made: list[tuple[Candidates, NDArray[np.int64]] | None] = [None] * len(targets)

    def work(start: int, stop: int) -> None:
        for n in range(start, stop):
            made[n] = _one_target(ground, rules, entries, targets, n, reach, scatter, cost)

    def done_to(stop: int) -> None:
        paths = f"{stop * len(entries):,} of {len(targets) * len(entries):,} paths looked at."
        tell(stop / len(targets), paths)

    in_blocks(len(targets), 4, work, done_to=done_to)
    done = [one for one in made if one is not None]
    counts = np.sum([count for _, count in done], axis=0)
    asked = {name: int(counts[n]) for n, name in enumerate(ground.structures) if counts[n]}
    asked |= {"length": int(counts[TOO_LONG]), "angle": int(counts[TOO_STEEP])}
    parts = [part for part, _ in done]
    joined = Candidates(
        np.concatenate([p.entry for p in parts]),
        np.concatenate([p.target for p in parts]),
        Rows(np.concatenate([p.rows.values for p in parts]), ground.structures),
        np.concatenate([p.incidence_deg for p in parts]),
        np.concatenate([p.chance for p in parts]),
        np.concatenate([p.cost for p in parts]),
    )
    best = np.argsort(joined.cost, kind="stable")
    return joined.take(best), asked | {"feasible": int(counts[FREE])}


def _one_target(
    ground: Ground, rules: Rules, entries: Entries, targets: Floats, n: int,
    reach: Reach, scatter: Scatter, cost: Cost,
) -> tuple[Candidates, NDArray[np.int64]]:  # fmt: skip
    free, rows, incidence, counts = feasible_to(ground, rules, entries, targets[n], reach)
    starts = entries.points_mm[free]
    chance = chances(ground, rules, starts, targets[n : n + 1], scatter=scatter)
    price = cost(rows, incidence, chance)
    all_of_it = Candidates(free, np.full(len(free), n), rows, incidence, chance, price)
    return all_of_it.take(np.argsort(price, kind="stable")[:KEPT]), counts


def feasible_to(
    ground: Ground, rules: Rules, entries: Entries, target_mm: Floats, reach: Reach
) -> tuple[NDArray[np.intp], Rows, Floats, NDArray[np.int64]]:
    """Of one target: numbers of the entries that keep every limit, their rows and incidence [deg],
    and how many paths went which way."""
    verdict = np.empty(len(entries), np.uint8)
    longest = reach.longest_mm + (OUTSIDE_MM if ground.hull is not None else 0.0)
    cosine = float(np.cos(np.radians(reach.steepest_deg))) - 1e-9
    trace_target(
        ground.lattice, rules, entries.points_mm, entries.normals, target_mm,
        longest, cosine, verdict,
    )  # fmt: skip
    free = np.flatnonzero(verdict == FREE)
    starts = entries.points_mm[free]
    rows = serial_rows(ground, rules, starts, target_mm[None])
    incidence = incidence_deg(starts, target_mm[None], entries.normals[free])
    missed = limits.missing(ground, reach, rows, incidence) > 0
    counts = np.bincount(verdict, minlength=11)
    # Where the trace passed and the finer score does not, the first limit missed counts.
    out = missed.any(axis=1)
    first = np.argmax(missed[out], axis=1)
    channels = [c for c, one in enumerate(ground.channels) if one.margin_mm is not None]
    np.add.at(counts, np.array([*channels, TOO_LONG, TOO_STEEP])[first], 1)
    counts[FREE] -= out.sum()
    kept = np.flatnonzero(~out)
    return free[kept], rows.take(kept), incidence[kept], counts
