"""What a search reads of one anatomy: eight packed distances, and what each of them means."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import NamedTuple
from weakref import proxy

import numpy as np

from anatomy.errors import GeometryError
from anatomy.field import CHANNELS, GUARD_MM, Packed
from anatomy.geometry import Floats
from surgery.lanes import Lanes, Lattice, lanes_of, lattice_of, masks_of

UNLIMITED_MM = -1e3
KEPT = 16
"""Devices whose rules are remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One distance and the room that a device must leave: to `structure`, of any number of parts.

    `margin_mm` is the least clearance of the device's surface; None measures only. `after_mm` is
    how far behind the entry, or `outside_mm` of `Ground.rules` further, it begins to count, as for
    the sulci that every path begins in.
    """

    structure: str
    margin_mm: float | None = None
    vessel: bool = False
    """Counts in the vessel risk."""
    after_mm: float = 0.0

    def __post_init__(self) -> None:
        if self.margin_mm is not None and not 0 <= self.margin_mm <= 15:
            raise GeometryError(
                f"A margin to {self.structure} lies between 0 and 15 mm, not {self.margin_mm:g} mm."
            )
        if not 0 <= self.after_mm < math.inf:
            raise GeometryError(f"{self.structure} counts from {self.after_mm:g} mm on: not ahead.")


class Rules(NamedTuple):
    """The same for the kernels, for one device. Distances are of the axis, in lanes or [mm]."""

    need: Lanes
    """Margin, radius and guard; 0 where nothing is asked."""
    unasked: Lanes
    """All bits where no margin is asked."""
    near: Lanes
    """NEAR_MM more than `need`: below that, half steps are taken; 0 where nothing is asked."""
    others: Lanes
    """All bits where the channel is no vessel."""
    after_mm: Floats
    latest_mm: float
    hull: int
    grey: int
    radius_mm: float
    risky: Lanes
    """Below it a vessel adds to the risk; 0 for other channels."""


MOST_RADIUS_MM = 10.0
"""Where the vessel risk ends, 10 mm off a wider device, packed distances end too."""
NEAR_MM = 2.0
"""House value: so far beyond a margin, half a step more precision changes no verdict."""
RISK_FULL_MM, RISK_NONE_MM = 3.0, 10.0
"""Clearance at which the vessel risk is whole and none: docs/evidence.md#vessel-risk."""


@dataclass(frozen=True, eq=False)
class Ground:
    """Packed distances with their meaning, channel by channel.

    `hull` is the channel of the inner table's inside: clearances count to 1 mm beyond it and
    lengths up to it; `grey` that of grey matter. None: not known, the whole axis counts. The box
    of the fields must hold the structures; outside of it nothing is near.
    """

    packed: Packed
    channels: tuple[Channel, ...]
    hull: int | None = None
    grey: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "channels", tuple(self.channels))
        if not 1 <= len(self.channels) <= CHANNELS:
            raise GeometryError(f"Between 1 and {CHANNELS} distances are searched at once.")
        names = self.structures
        if len(set(names)) < len(names):
            raise GeometryError(f"A structure is given twice: {', '.join(names)}.")
        for role in (self.hull, self.grey):
            if role is not None and not 0 <= role < len(self.channels):
                raise GeometryError(f"There is no channel {role} among {len(self.channels)}.")

    @property
    def structures(self) -> tuple[str, ...]:
        """Channel by channel."""
        return tuple(one.structure for one in self.channels)

    @cached_property
    def lattice(self) -> Lattice:
        """The packed bytes as the kernels read them."""
        return lattice_of(self.packed)

    @property
    def margins_mm(self) -> Floats:
        """(channels,), NaN where nothing is asked."""
        return np.array([math.nan if c.margin_mm is None else c.margin_mm for c in self.channels])

    @property
    def vessels(self) -> tuple[int, ...]:
        """Channels that count in the vessel risk; none: it cannot be judged."""
        return tuple(n for n, one in enumerate(self.channels) if one.vessel)

    def rules(
        self, *, radius_mm: float, guard_mm: float = GUARD_MM, outside_mm: float = 0.0
    ) -> Rules:
        """For a device of one radius; `guard_mm` is what the fields may be wrong by, `outside_mm`
        what lies between the entry and the place from which `after_mm` counts."""
        return self._ruled(radius_mm, guard_mm, outside_mm)

    @cached_property
    def _ruled(self) -> Callable[[float, float, float], Rules]:
        return lru_cache(KEPT)(partial(Ground._rules, proxy(self)))

    def _rules(self, radius_mm: float, guard_mm: float, outside_mm: float) -> Rules:
        if not 0 <= radius_mm <= MOST_RADIUS_MM:
            raise GeometryError(
                f"A device has a radius of 0 to {MOST_RADIUS_MM:g} mm, not {radius_mm:g} mm."
            )
        need = np.full(CHANNELS, UNLIMITED_MM)
        after, vessel = np.zeros(CHANNELS), np.zeros(CHANNELS, bool)
        for n, one in enumerate(self.channels):
            after[n] = outside_mm + one.after_mm if one.after_mm else 0.0
            vessel[n] = one.vessel
            if one.margin_mm is not None:
                need[n] = one.margin_mm + radius_mm + guard_mm
        return Rules(
            need=lanes_of(need),
            unasked=masks_of(need == UNLIMITED_MM),
            near=lanes_of(need + NEAR_MM),
            others=masks_of(~vessel),
            after_mm=after,
            latest_mm=float(after.max()),
            hull=-1 if self.hull is None else self.hull,
            grey=-1 if self.grey is None else self.grey,
            radius_mm=radius_mm,
            risky=lanes_of(np.where(vessel, RISK_NONE_MM + radius_mm, UNLIMITED_MM)),
        )
