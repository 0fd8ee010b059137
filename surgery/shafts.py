"""How close straight shafts come to each other, and the search among candidates that must not.

Kernels for numba on plain arrays [mm]. Candidates of one electrode stand in order of cost, one bit
each, from a whole 64-bit word on; the bits of word w are the slots 64 w to 64 w + 63.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from anatomy.compiled import inner, kernel
from anatomy.geometry import Floats

Bits = NDArray[np.uint64]
Ints = NDArray[np.int64]

PARALLEL = 1e-10
"""Squared sine of the angle below which the ends of two shafts say how close they are."""
ONE, ALL, NONE = np.uint64(1), np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(0)
DE_BRUIJN, TOP = np.uint64(0x03F79D71B4CB0A89), np.uint64(58)
PLACE = np.zeros(64, np.int64)
PLACE[(((1 << np.arange(64, dtype=np.uint64)) * DE_BRUIJN) >> TOP).astype(int)] = np.arange(64)
"""Which bit a word has, if it has only one, by the top six bits of its product with DE_BRUIJN."""


class Clash(NamedTuple):
    """Which candidates are too close to each other.

    The candidates of group g lie in `held[g]` words from `first[g]` on; bit b of row a of `bits`
    is set if slots a and b clash; `share[g, h]` is how many of the pairs of two groups do, 0 to 1.
    """

    first: Ints
    held: Ints
    bits: Bits
    share: Floats


def distance_mm(a_mm: Floats, b_mm: Floats) -> float:
    """Exact distance of two segments, each x0 y0 z0 x1 y1 z1 [mm]."""
    squared = np.empty(1)
    _row(np.array(a_mm, float)[:, None], 0, np.array(b_mm, float)[:, None], 0, 1, squared)
    return float(np.sqrt(squared[0]))


def closest_two(ways_mm: Floats) -> tuple[int, int]:
    """Which two of several segments (n, 6) [mm] come nearest to each other; n is 2 at least."""
    ways, n = np.ascontiguousarray(ways_mm.T), len(ways_mm)
    squared = np.full((n, n), np.inf)
    for one in range(n - 1):
        _row(ways, one, ways, one + 1, n, squared[one])
    return divmod(int(squared.argmin()), n)


def clash_of(groups: Sequence[Floats], apart_mm: float) -> Clash:
    """Every pair of candidates of two groups, each (n, 6) [mm], that is closer than `apart_mm`."""
    counts = np.array([len(one) for one in groups], np.int64)
    held = (counts + 63) // 64
    first = np.concatenate([[0], np.cumsum(held)[:-1]]).astype(np.int64)
    ways = np.zeros((6, 64 * int(held.sum())))
    for start, one in zip(first, groups, strict=True):
        ways[:, 64 * start : 64 * start + len(one)] = one.T
    bits = np.zeros((ways.shape[1], int(held.sum())), np.uint64)
    found = np.zeros((len(groups), len(groups)), np.int64)
    _clash(ways, first, counts, apart_mm, bits, found)
    return Clash(first, held, bits, found / np.maximum(np.outer(counts, counts), 1))


class Tree:
    """All choices of one candidate for each group of `among`, visited depth first.

    Groups that clash most come first. A branch is left where its cost and the cheapest candidates
    that still fit, one of each group to come, cost no less than the best choice so far.
    """

    def __init__(self, clash: Clash, among: Sequence[int], costs: Sequence[Floats]) -> None:
        groups = np.asarray(among, np.int64)
        self._place = np.argsort(-clash.share[np.ix_(groups, groups)].sum(axis=1), kind="stable")
        ordered = groups[self._place]
        self._first, self._held, self._bits = clash.first[ordered], clash.held[ordered], clash.bits
        depth, words = len(groups), clash.bits.shape[1]
        self._cost = np.zeros(64 * words)
        self._free = np.zeros((depth, words), np.uint64)
        for group, cost in zip(groups, costs, strict=True):
            start, n = 64 * clash.first[group], len(cost)
            self._cost[start : start + n] = cost
            whole, more = divmod(n, 64)
            self._free[0, clash.first[group] :][:whole] = ALL
            if more:
                self._free[0, clash.first[group] + whole] = (ONE << np.uint64(more)) - ONE
        self._at = 64 * self._first
        self._sums = np.zeros((depth, 2))
        self._sums[0, 1] = self._cost[self._at[1:]].sum()
        self._slots = np.full((2, depth), -1, np.int64)
        self._best = np.array([np.inf])
        self._depth = 0

    def advance(self, budget: int, *, any_will_do: bool) -> tuple[int, bool]:
        """Visit up to `budget` more partial choices: how many it were, and is the search over?"""
        visited, self._depth = _advance(
            self._first,
            self._held,
            self._bits,
            self._cost,
            self._free,
            self._at,
            self._sums,
            self._slots,
            self._best,
            self._depth,
            budget,
            any_will_do,
        )
        return int(visited), bool(self._depth < 0)

    def best(self) -> tuple[int, ...] | None:
        """The rank by cost of the candidate of each group, in the order of `among`; None yet."""
        if self._slots[1, 0] < 0:
            return None
        ranks = np.empty(len(self._place), np.int64)
        ranks[self._place] = self._slots[1] - 64 * self._first
        return tuple(int(rank) for rank in ranks)


@inner
def _share(value: float) -> float:
    """`value` held between 0 and 1."""
    return min(max(value, 0.0), 1.0)


@njit(cache=True, nogil=True, error_model="numpy")  # no check of divisors: lengths are not 0
def _row(a: Floats, i: int, b: Floats, start: int, stop: int, out: Floats) -> None:
    """Squared distances [mm2] of segment i of `a` and segments `start` to `stop` of `b`, (6, n).

    With r from the start of b to that of a, the points at s and t are apart by the square of
    r + s d - t e. It is least at an end of one of them, or else inside both. No branches, so that
    the compiler takes several at once.
    """
    ax, ay, az = a[0, i], a[1, i], a[2, i]
    dx, dy, dz = a[3, i] - ax, a[4, i] - ay, a[5, i] - az
    dd = dx * dx + dy * dy + dz * dz
    for j in range(start, stop):
        ex, ey, ez = b[3, j] - b[0, j], b[4, j] - b[1, j], b[5, j] - b[2, j]
        rx, ry, rz = ax - b[0, j], ay - b[1, j], az - b[2, j]
        ee, rr = ex * ex + ey * ey + ez * ez, rx * rx + ry * ry + rz * rz
        de = dx * ex + dy * ey + dz * ez
        dr, er = dx * rx + dy * ry + dz * rz, ex * rx + ey * ry + ez * rz
        t = _share(er / ee)
        least = t * (t * ee - 2.0 * er)
        t = _share((er + de) / ee)
        least = min(least, dd + 2.0 * dr + t * (t * ee - 2.0 * (er + de)))
        s = _share(-dr / dd)
        least = min(least, s * (s * dd + 2.0 * dr))
        s = _share((de - dr) / dd)
        least = min(least, ee - 2.0 * er + s * (s * dd + 2.0 * (dr - de)))
        # Held within both segments, the crossing of skew lines is at worst some point of each.
        skew = max(dd * ee - de * de, PARALLEL * dd * ee)
        s, t = _share((de * er - ee * dr) / skew), _share((dd * er - de * dr) / skew)
        inside = s * (s * dd + 2.0 * dr) + t * (t * ee - 2.0 * er) - 2.0 * s * t * de
        out[j] = max(rr + min(least, inside), 0.0)


@kernel
def _clash(
    ways: Floats, first: Ints, counts: Ints, apart_mm: float, bits: Bits, found: Ints
) -> None:
    """Sets the bit of each clash both ways, and counts them for each two groups."""
    squared = np.empty(ways.shape[1])
    for g in range(len(first)):
        for h in range(g + 1, len(first)):
            start, stop = 64 * first[h], 64 * first[h] + counts[h]
            for i in range(64 * first[g], 64 * first[g] + counts[g]):
                _row(ways, i, ways, start, stop, squared)
                for j in range(start, stop):
                    if squared[j] < apart_mm * apart_mm:
                        bits[i, j // 64] |= ONE << np.uint64(j % 64)
                        bits[j, i // 64] |= ONE << np.uint64(i % 64)
                        found[g, h] += 1
            found[h, g] = found[g, h]


@inner
def _lowest(word: np.uint64) -> int:
    """The number of the lowest bit that is set."""
    alone = word & (~word + ONE)
    return PLACE[(alone * DE_BRUIJN) >> TOP]


@inner
def _next(free: Bits, slot: int, end: int) -> int:
    """The first free slot from `slot` on and before word `end`; -1 if there is none."""
    word = slot // 64
    if word < end:
        rest = free[word] & (ALL << np.uint64(slot % 64))
        while rest == NONE and word + 1 < end:
            word += 1
            rest = free[word]
        if rest != NONE:
            return 64 * word + _lowest(rest)
    return -1


@kernel
def _advance(
    first: Ints,
    held: Ints,
    bits: Bits,
    cost: Floats,
    free: Bits,
    at: Ints,
    sums: Floats,
    slots: Ints,
    best: Floats,
    depth: int,
    budget: int,
    any_will_do: bool,
) -> tuple[int, int]:
    """Goes on where the last call ended; partial choices visited, and the depth, -1 at the end.

    At each depth: `free` says which slots still fit, `at` is the next slot to try, `sums` is what
    was paid above and what the cheapest below cost; `slots` is the choice at hand and the best.
    """
    last, visited = len(first) - 1, 0
    while depth >= 0 and visited < budget:
        slot = _next(free[depth], at[depth], first[depth] + held[depth])
        if slot < 0 or sums[depth, 0] + cost[slot] + sums[depth, 1] >= best[0]:
            depth -= 1
            continue
        visited += 1
        at[depth] = slot + 1
        slots[0, depth] = slot
        paid = sums[depth, 0] + cost[slot]
        if depth == last:
            best[0] = paid
            slots[1] = slots[0]
            depth = -1 if any_will_do else depth - 1
            continue
        here, below, fits = 0.0, 0.0, True
        for deeper in range(depth + 1, last + 1):
            cheapest = -1
            for word in range(first[deeper], first[deeper] + held[deeper]):
                left = free[depth, word] & ~bits[slot, word]
                free[depth + 1, word] = left
                if cheapest < 0 and left != NONE:
                    cheapest = 64 * word + _lowest(left)
            if cheapest < 0:
                fits = False
                break
            if deeper == depth + 1:
                here = cost[cheapest]
            else:
                below += cost[cheapest]
            if paid + here + below >= best[0]:
                fits = False
                break
        if fits:
            depth += 1
            at[depth] = 64 * first[depth]
            sums[depth, 0], sums[depth, 1] = paid, below
    return visited, depth
