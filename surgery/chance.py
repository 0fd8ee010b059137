"""The chance that a scattered path hits something, in one pass along its axis: for ranking only.

1 - prod(1 - Phi(-beta)) over the least values of beta = (d - radius) / sigma along the path and
over structures, sigma^2 = ((1 - s) sigma_target)^2 + (s sigma_entry)^2, s from target to entry. As
if each structure were a half-space: up to 0.26 wrong for thin ones, so never shown as a number.
"""

import math

import numpy as np
from numba import njit

from anatomy.geometry import Floats
from surgery.ground import Rules
from surgery.kernels import fine_place, judged
from surgery.lanes import PER_MM, Lattice, lane, look

STEP_MM = 1.0
SURE = 5.0
"""Beta from which a hit is out of the question."""


@njit(cache=True, nogil=True)
def chance_many(
    lattice: Lattice, rules: Rules, entries: Floats, targets: Floats,
    sigma_entry_mm: float, sigma_target_mm: float, out: Floats,
) -> None:  # fmt: skip
    """Chance (n,) of any hit for paths from entries (n, 3) to targets (n, 3)."""
    before, falling = np.empty(8), np.empty(8, np.bool_)
    for n in range(len(entries)):
        out[n] = _chance(
            lattice, rules, entries[n], targets[n], sigma_entry_mm, sigma_target_mm, before, falling
        )


@njit(cache=True, nogil=True)
def _chance(
    lattice: Lattice, rules: Rules, entry: Floats, target: Floats,
    sigma_entry_mm: float, sigma_target_mm: float, before: Floats, falling: Floats,
) -> float:  # fmt: skip
    fine = lattice.fine_per_mm
    dx, dy, dz = entry[0] - target[0], entry[1] - target[1], entry[2] - target[2]
    length = math.sqrt(dx * dx + dy * dy + dz * dz)
    steps = max(1, math.ceil(length / STEP_MM - 1e-9))
    x, y, z = fine_place(lattice, target)
    dx, dy, dz = dx * fine / steps, dy * fine / steps, dz * fine / steps
    before[:], falling[:] = SURE, False
    spared = 1.0
    for n in range(steps + 1):
        s = n / steps
        sigma = math.hypot((1 - s) * sigma_target_mm, s * sigma_entry_mm)
        even, odd, _ = look(lattice, x + n * dx, y + n * dy, z + n * dz)
        even, odd = judged(even, odd, rules, (1 - s) * length)
        for channel in range(8):
            if lane(rules.unasked.even, rules.unasked.odd, channel):
                continue
            room = lane(even, odd, channel) / PER_MM - 5.0 - rules.radius_mm
            beta = min(room / sigma, SURE)
            if beta < before[channel]:
                falling[channel] = True
            elif beta > before[channel] and falling[channel]:
                spared *= 1 - _beyond(before[channel])
                falling[channel] = False
            before[channel] = beta
    for channel in range(8):
        if falling[channel]:
            spared *= 1 - _beyond(before[channel])
    return 1 - spared


@njit(cache=True, nogil=True)
def _beyond(beta: float) -> float:
    """Phi(-beta)."""
    return 0.5 * math.erfc(beta / math.sqrt(2.0))
