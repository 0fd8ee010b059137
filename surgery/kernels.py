"""Straight paths through packed distances, as kernels for numba: score, trace, chance.

Serial and without the GIL: the same code does one path and, by threads, a hundred thousand, so both
give the same numbers, no server thread meets another in a pool of numba's, and nothing is forked.
A path runs from target to entry in steps of up to 1 mm; a half step is looked at wherever both
of its ends leave room for a new least distance that is near its margin (it changes by 1 mm a mm).
"""

import math

import numpy as np
from numpy.typing import NDArray

from anatomy.compiled import inner, kernel
from anatomy.geometry import Floats
from surgery.ground import RISK_FULL_MM, RISK_NONE_MM, Rules
from surgery.lanes import (
    FARTHEST,
    PER_MM,
    Lanes,
    Lattice,
    below,
    chosen,
    inside,
    lane,
    look,
    middle,
    read,
    smaller,
    smallest,
    spread,
)

STEP_MM = 1.0
PARTS = 16
SHORTEST_STEP_MM = 0.5
BEYOND_MM = 1.0
"""House value: how far outside the inner table clearances still count; as much as one step, so that
all that is inside counts."""
AT, RISK, GREY, LENGTH, COLUMNS = 8, 16, 17, 18, 19
"""Columns of a row: 8 clearances [mm], where they are [mm from the target], risk 0..1, share of
grey matter 0..1, intracranial length [mm]."""

_ALL = np.uint64(0x7FFF7FFF7FFF7FFF)
_LANE = np.uint64(0x7FFF)
_ZERO = int(5.0 * PER_MM)
_BEYOND = int((5.0 + BEYOND_MM) * PER_MM)


@inner
def fine_place(lattice: Lattice, place: Floats) -> tuple[float, float, float]:
    """A place [mm] in FINE parts from the first node."""
    start, fine = lattice.origin_mm, lattice.fine_per_mm
    x, y, z = place[0] - start[0], place[1] - start[1], place[2] - start[2]
    return x * fine, y * fine, z * fine


@inner
def hidden(rules: Rules, to_entry_mm: float) -> tuple[np.uint64, np.uint64, float]:
    """All bits of the lanes that do not count so near to the entry, and where the next one stops.

    That is again a distance to the entry [mm]; -1 where none is left.
    """
    to_entry_mm = max(to_entry_mm, 0.0)  # rounding must not put the last place before the entry
    even = odd = np.uint64(0)
    following = -1.0
    for channel in range(8):
        after = rules.after_mm[channel]
        if to_entry_mm < after:
            full = _LANE << np.uint64(16 * (channel >> 1))
            if channel & 1:
                odd |= full
            else:
                even |= full
        elif after > 0:
            following = max(following, after)
    return even, odd, following


@inner
def outside(even: np.uint64, odd: np.uint64, rules: Rules) -> bool:
    """Whether a place is too far outside the inner table for anything to count."""
    return rules.hull >= 0 and lane(even, odd, rules.hull) > _BEYOND


@inner
def any_below(even: np.uint64, odd: np.uint64, limits: Lanes) -> bool:
    return (below(even, limits.even) | below(odd, limits.odd)) != np.uint64(0)


@inner
def _share(here: int, before: int) -> float:
    """Share of a step that lies inside, by a lane's values at both ends."""
    if here < _ZERO and before < _ZERO:
        return 1.0
    if here >= _ZERO and before >= _ZERO:
        return 0.0
    return (_ZERO - min(here, before)) / abs(here - before)


@kernel
def score_many(
    lattice: Lattice, rules: Rules, entries: Floats, targets: Floats, rows: NDArray[np.float32]
) -> None:
    """Rows (n, COLUMNS) of the axes from entries (n, 3) to targets (n, 3) or (1, 3) [mm].

    One function, since one of its own for each axis would be compiled twice: 2 s.
    """
    for n in range(len(entries)):
        entry, target, row = entries[n], targets[n if len(targets) > 1 else 0], rows[n]
        fine = lattice.fine_per_mm
        dx, dy, dz = entry[0] - target[0], entry[1] - target[1], entry[2] - target[2]
        length = math.sqrt(dx * dx + dy * dy + dz * dz)
        steps = max(1, math.ceil(length / STEP_MM - 1e-9))
        step = length / steps
        x, y, z = fine_place(lattice, target)
        # Places in whole 2**-PARTS of FINE, so that each half step is one addition.
        part = fine / (2 * steps) * (1 << PARTS)
        u0, v0 = np.int64(x * (1 << PARTS)), np.int64(y * (1 << PARTS))
        w0 = np.int64(z * (1 << PARTS))
        du, dv, dw = np.int64(dx * part), np.int64(dy * part), np.int64(dz * part)
        start, stop = 0, steps
        while start <= stop and not inside(
            lattice, (u0 + 2 * start * du) >> PARTS, (v0 + 2 * start * dv) >> PARTS,
            (w0 + 2 * start * dw) >> PARTS,
        ):  # fmt: skip
            start += 1
        while stop > start and not inside(
            lattice, (u0 + 2 * stop * du) >> PARTS, (v0 + 2 * stop * dv) >> PARTS,
            (w0 + 2 * stop * dw) >> PARTS,
        ):  # fmt: skip
            stop -= 1
        room = spread(math.floor(step / 2 * PER_MM))
        best_even = best_odd = spread(FARTHEST)
        at_even = at_odd = spread(0)
        was_even = was_odd = left_even = left_odd = spread(FARTHEST)
        risk_before = risk = grey = steps_in = 0.0
        if rules.hull < 0:
            steps_in = float(steps - max(stop - start, 0))
        hidden_even, hidden_odd, following = hidden(rules, length)
        near_even, near_odd = rules.near.even + room, rules.near.odd + room
        k = 2 * start
        while k <= 2 * stop:
            u, v, w = (u0 + k * du) >> PARTS, (v0 + k * dv) >> PARTS, (w0 + k * dw) >> PARTS
            even, odd = read(lattice, u, v, w)
            if length - k * step / 2 < following:
                hidden_even, hidden_odd, following = hidden(rules, length - k * step / 2)
            here_even, here_odd = even | hidden_even, odd | hidden_odd
            if outside(even, odd, rules):
                # Nothing counts here, nor until the hull, to which it is 1 mm a mm.
                if k & 1:
                    k += 3
                    continue
                was_even, was_odd, left_even, left_odd, risk_before = even, odd, _ALL, _ALL, 0.0
                beyond_mm = (lane(even, odd, rules.hull) - _BEYOND) / PER_MM
                k += 2 * max(1, int(beyond_mm / step))
                continue
            new = below(here_even, best_even)
            best_even = chosen(new, here_even, best_even)
            at_even = chosen(new, spread(k), at_even)
            new = below(here_odd, best_odd)
            best_odd = chosen(new, here_odd, best_odd)
            at_odd = chosen(new, spread(k), at_odd)
            if k & 1:
                k += 3
                continue

            risk_here = 0.0
            if any_below(even, odd, rules.risky):
                near = smallest(smaller(even | rules.others.even, odd | rules.others.odd))
                clear = near / PER_MM - 5.0 - rules.radius_mm
                risk_here = (RISK_NONE_MM - clear) / (RISK_NONE_MM - RISK_FULL_MM)
                risk_here = min(max(risk_here, 0.0), 1.0)
            back = False
            if k > 2 * start:
                share = 1.0
                if rules.hull >= 0:
                    share = _share(lane(even, odd, rules.hull), lane(was_even, was_odd, rules.hull))
                if share > 0:
                    steps_in += share
                    risk += share * (risk_here + risk_before) / 2
                    if rules.grey >= 0:
                        is_grey = _share(
                            lane(even, odd, rules.grey), lane(was_even, was_odd, rules.grey)
                        )
                        grey += min(is_grey, share)
                half_even = middle(here_even, left_even) | rules.unasked.even
                half_odd = middle(here_odd, left_odd) | rules.unasked.odd
                if below(half_even, near_even) | below(half_odd, near_odd):
                    back = (
                        below(half_even, smaller(best_even, rules.near.even) + room)
                        | below(half_odd, smaller(best_odd, rules.near.odd) + room)
                    ) != np.uint64(0)
            risk_before = risk_here
            was_even, was_odd, left_even, left_odd = even, odd, here_even, here_odd
            k += -1 if back else 2
        for channel in range(8):
            row[channel] = lane(best_even, best_odd, channel) / PER_MM - 5.0 - rules.radius_mm
            row[AT + channel] = lane(at_even, at_odd, channel) * step / 2
        row[RISK] = risk / steps_in if steps_in > 0 else 0.0
        row[GREY] = grey / steps_in if steps_in > 0 else 0.0
        row[LENGTH] = steps_in * step


@kernel
def trace(
    lattice: Lattice, rules: Rules, entry: Floats, target: Floats, length: float, hint: float
) -> tuple[int, float]:
    """The first channel found too near and where [mm from the target]; 8 if there is none.

    Marches from the target by what the fused margin min(d - margin) leaves free, half a step of
    the lattice at least; `hint` [mm from the target] is looked at first, for what stopped the
    neighbouring path mostly stops this one.
    """
    fine = lattice.fine_per_mm
    x, y, z = fine_place(lattice, target)
    pace = fine / length
    dx, dy, dz = entry[0] - target[0], entry[1] - target[1], entry[2] - target[2]
    dx, dy, dz = dx * pace, dy * pace, dz * pace
    first = 0.0 < hint < length
    at = hint if first else 0.0
    while True:
        even, odd, within = look(
            lattice, np.int64(x + at * dx), np.int64(y + at * dy), np.int64(z + at * dz)
        )
        beyond = outside(even, odd, rules)
        here_even, here_odd = _ALL, _ALL
        if not beyond:
            hidden_even, hidden_odd = np.uint64(0), np.uint64(0)
            if length - at < rules.latest_mm:
                hidden_even, hidden_odd, _ = hidden(rules, length - at)
            here_even, here_odd = even | hidden_even, odd | hidden_odd
        if any_below(here_even, here_odd, rules.need):
            for channel in range(8):
                need = lane(rules.need.even, rules.need.odd, channel)
                if lane(here_even, here_odd, channel) < need:
                    return channel, at
        if first:
            at, first = 0.0, False
            continue
        if at >= length:
            return 8, length
        free = 0.0
        if within and beyond:
            free = (lane(even, odd, rules.hull) - _BEYOND) / PER_MM
        elif within:
            # Each lane is at least its need here, so none borrows from the next.
            spare_even = (here_even - rules.need.even) | rules.unasked.even
            spare_odd = (here_odd - rules.need.odd) | rules.unasked.odd
            free = smallest(smaller(spare_even, spare_odd)) / PER_MM
        at = min(length, at + max(free, SHORTEST_STEP_MM))


@kernel
def trace_target(
    lattice: Lattice, rules: Rules, entries: Floats, normals: Floats, target: Floats,
    longest_mm: float, cosine: float, verdict: NDArray[np.uint8],
) -> None:  # fmt: skip
    """Verdict of each entry (n, 3) for one target: 0..7 that channel, 8 free, 9 length, 10 angle.

    `cosine` is that of the steepest angle to the outward normals; below -1 any passes.
    """
    hint = -1.0
    for n in range(len(entries)):
        dx, dy = entries[n, 0] - target[0], entries[n, 1] - target[1]
        dz = entries[n, 2] - target[2]
        length = math.sqrt(dx * dx + dy * dy + dz * dz)
        upright = dx * normals[n, 0] + dy * normals[n, 1] + dz * normals[n, 2]
        if not upright >= cosine * length:
            verdict[n] = 10
        elif not 1.0 <= length <= longest_mm:
            verdict[n] = 9
        else:
            stopped, at = trace(lattice, rules, entries[n], target, length, hint)
            verdict[n] = stopped
            if stopped < 8:
                hint = at


@kernel
def slips(
    lattice: Lattice, rules: Rules, touch: Lanes, entries: Floats, targets: Floats,
    found: NDArray[np.uint8],
) -> None:  # fmt: skip
    """Which channels each path (n, 3) to (n, 3) comes too near to, and which it touches.

    As bits of two bytes, `found` (n, 2), channel c as bit c; `touch` is the radius where `rules`
    asks for a margin. Marches as `trace` does, by what is left to the next thing to find out.
    """
    for n in range(len(entries)):
        found[n, 0], found[n, 1] = _slip(lattice, rules, touch, entries[n], targets[n])


@inner
def _slip(
    lattice: Lattice, rules: Rules, touch: Lanes, entry: Floats, target: Floats
) -> tuple[int, int]:
    fine = lattice.fine_per_mm
    dx, dy, dz = entry[0] - target[0], entry[1] - target[1], entry[2] - target[2]
    length = math.sqrt(dx * dx + dy * dy + dz * dz)
    pace = fine / length
    x, y, z = fine_place(lattice, target)
    dx, dy, dz = dx * pace, dy * pace, dz * pace
    need_even, need_odd = rules.need.even, rules.need.odd
    done_even, done_odd = rules.unasked.even, rules.unasked.odd
    short = hit = 0
    at = 0.0
    while (done_even & done_odd) != _ALL:
        even, odd, within = look(
            lattice, np.int64(x + at * dx), np.int64(y + at * dy), np.int64(z + at * dz)
        )
        free = 0.0
        if within and outside(even, odd, rules):
            free = (lane(even, odd, rules.hull) - _BEYOND) / PER_MM
        elif within:
            if length - at < rules.latest_mm:
                hidden_even, hidden_odd, _ = hidden(rules, length - at)
                even, odd = even | hidden_even, odd | hidden_odd
            if (below(even, need_even) | below(odd, need_odd)) != np.uint64(0):
                for channel in range(8):
                    here = lane(even, odd, channel)
                    if here >= lane(need_even, need_odd, channel):
                        continue
                    short |= 1 << channel
                    contact = lane(touch.even, touch.odd, channel)
                    full = _LANE << np.uint64(16 * (channel >> 1))
                    least = np.uint64(contact) << np.uint64(16 * (channel >> 1))
                    if here < contact:
                        hit |= 1 << channel
                        least = np.uint64(0)
                        if channel & 1:
                            done_odd |= full
                        else:
                            done_even |= full
                    if channel & 1:
                        need_odd = (need_odd & ~full) | least
                    else:
                        need_even = (need_even & ~full) | least
            # Each lane is at least its need here, so none borrows from the next.
            spare = smaller((even - need_even) | done_even, (odd - need_odd) | done_odd)
            free = smallest(spare) / PER_MM
        if at >= length:
            break
        at = min(length, at + max(free, SHORTEST_STEP_MM))
    return short, hit
