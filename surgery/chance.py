"""The chance that a scattered path hits something, in one pass along its axis: for ranking only.

1 - prod(1 - Phi(-beta)) over the least values of beta = (d - radius) / sigma along the path and
over structures, sigma^2 = ((1 - s) sigma_target)^2 + (s sigma_entry)^2, s from target to entry. As
if each structure were a half-space: up to 0.26 wrong for thin ones, so never shown as a number.
"""

import math

import numpy as np
from numpy.typing import NDArray

from anatomy.compiled import inner, kernel
from anatomy.field import CHANNELS
from anatomy.geometry import Floats
from surgery.ground import UNLIMITED_MM, Ground, Rules
from surgery.kernels import any_below, fine_place, hidden, outside
from surgery.lanes import PER_MM, Lanes, Lattice, lane, lanes_of, look
from surgery.tolerance import Scatter

STEP_MM = 1.0
LEAST_MM = 1e-3
"""A scatter of none is taken as this."""
SURE = 5.0
"""Beta from which a hit is out of the question."""


def chances(
    ground: Ground, rules: Rules, entries: Floats, targets: Floats, *, scatter: Scatter
) -> Floats:
    """Chance (n,) of any hit for paths from entries (n, 3) to targets (n, 3) or (1, 3)."""
    entry_mm, target_mm = max(*scatter.entry_mm, LEAST_MM), max(*scatter.target_mm, LEAST_MM)
    asked = ~np.isnan(ground.margins_mm)
    reach = np.full(CHANNELS, UNLIMITED_MM)
    reach[: len(asked)][asked] = rules.radius_mm + SURE * max(entry_mm, target_mm)
    out = np.empty(len(entries))
    _chances(ground.lattice, rules, lanes_of(reach), entries, targets, entry_mm, target_mm, out)
    return out


@kernel
def _chances(
    lattice: Lattice, rules: Rules, reach: Lanes, entries: Floats, targets: Floats,
    entry_mm: float, target_mm: float, out: Floats,
) -> None:  # fmt: skip
    """Fill `out`; above `reach` a hit is out of the question."""
    before, falling = np.empty(8), np.empty(8, np.bool_)
    for n in range(len(entries)):
        target = targets[n if len(targets) > 1 else 0]
        out[n] = _chance(
            lattice, rules, reach, entries[n], target, entry_mm, target_mm, before, falling
        )


@inner
def _chance(
    lattice: Lattice, rules: Rules, reach: Lanes, entry: Floats, target: Floats,
    entry_mm: float, target_mm: float, before: Floats, falling: NDArray[np.bool_],
) -> float:  # fmt: skip
    fine = lattice.fine_per_mm
    dx, dy, dz = entry[0] - target[0], entry[1] - target[1], entry[2] - target[2]
    length = math.sqrt(dx * dx + dy * dy + dz * dz)
    steps = max(1, math.ceil(length / STEP_MM - 1e-9))
    x, y, z = fine_place(lattice, target)
    dx, dy, dz = dx * fine / steps, dy * fine / steps, dz * fine / steps
    before[:], falling[:] = SURE, False
    spared, near = 1.0, False
    for n in range(steps + 1):
        even, odd, _ = look(
            lattice, np.int64(x + n * dx), np.int64(y + n * dy), np.int64(z + n * dz)
        )
        closer = any_below(even, odd, reach) and not outside(even, odd, rules)
        if not (closer or near):
            continue
        s = n / steps
        sigma = math.hypot((1 - s) * target_mm, s * entry_mm)
        hidden_even, hidden_odd, _ = hidden(rules, (1 - s) * length)
        even, odd = even | hidden_even, odd | hidden_odd
        for channel in range(8):
            if lane(rules.unasked.even, rules.unasked.odd, channel):
                continue
            beta = SURE
            if closer:
                room = lane(even, odd, channel) / PER_MM - 5.0 - rules.radius_mm
                beta = min(room / sigma, SURE)
            if beta < before[channel]:
                falling[channel] = True
            elif beta > before[channel] and falling[channel]:
                spared *= 1 - _beyond(before[channel])
                falling[channel] = False
            before[channel] = beta
        near = closer
    for channel in range(8):
        if falling[channel]:
            spared *= 1 - _beyond(before[channel])
    return 1 - spared


@inner
def _beyond(beta: float) -> float:
    """Phi(-beta)."""
    return 0.5 * math.erfc(beta / math.sqrt(2.0))
