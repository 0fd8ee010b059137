"""How far a way of delivering a trajectory misses entry and target (assets/delivery.toml).

Anchor of every figure: docs/evidence.md#delivery-error.
"""

import difflib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

import assets
from anatomy.errors import TwinError

PER_SIGMA = {
    ("mean", 2): math.sqrt(math.pi / 2),
    ("median", 2): math.sqrt(2 * math.log(2)),
    ("mean", 3): math.sqrt(8 / math.pi),
    ("median", 3): 1.5381722544550522,
}
"""Mean and median length of a normal vector of unit sigma an axis: Rayleigh, Maxwell."""

SPREAD = {2: math.sqrt(4 / math.pi - 1), 3: math.sqrt(3 * math.pi / 8 - 1)}
"""Standard deviation over mean of the same lengths: 0.52 and 0.42."""

PERCENTILE_95 = {2: math.sqrt(2 * math.log(20)), 3: 2.795483482915108}
"""95th percentile of the length of the same vectors: 2.448 (Rayleigh) and 2.795 (Maxwell)."""

STEADY = 0.8
"""House value: below this share of `SPREAD`, part of the error is called an offset."""


class DeliveryError(TwinError, LookupError):
    """A way of delivery that the table does not hold."""

    code = "surgery.delivery"


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A published error: the mean or median length of a vector of 2 or 3 dimensions [mm]."""

    value_mm: float
    dimensions: Literal[2, 3]
    statistic: Literal["mean", "median"] = "mean"
    sd_mm: float | None = None
    """Standard deviation of the lengths, where it was published."""

    @property
    def sigma_mm(self) -> float:
        """Standard deviation along one axis, taking the error as normal, centred, alike on all."""
        return self.value_mm / PER_SIGMA[self.statistic, self.dimensions]

    @property
    def steadiness(self) -> float | None:
        """SD over mean, as a share of what pure chance gives; None where no SD is published."""
        if self.sd_mm is None:
            return None
        return self.sd_mm / self.value_mm / SPREAD[self.dimensions]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A way of bringing a device to its target, and how far that misses."""

    id: str
    title: str
    entry: Miss | None
    """None: not published; the entry is then given the spread of the target."""
    target: Miss
    source: str
    house: bool = False
    """Some number is not published or not confirmed; `note` says which."""
    note: str = ""

    @property
    def sigma_entry_mm(self) -> float:
        """Per axis."""
        return (self.entry or self.target).sigma_mm

    @property
    def sigma_target_mm(self) -> float:
        """Per axis."""
        return self.target.sigma_mm

    @property
    def within_mm(self) -> float:
        """What 95 of 100 entries and 95 of 100 targets are missed by at most."""
        return max(PERCENTILE_95[2] * self.sigma_entry_mm, PERCENTILE_95[3] * self.sigma_target_mm)

    @property
    def bias(self) -> str:
        """What is known of a constant offset: a sentence, empty where the errors look random."""
        steady = [
            f"{where} {miss.sd_mm / miss.value_mm:.2f} instead of {SPREAD[miss.dimensions]:.2f}"
            for where, miss in (("entry", self.entry), ("target", self.target))
            if miss and miss.sd_mm and miss.steadiness and miss.steadiness < STEADY
        ]
        if not steady:
            return ""
        return (
            f"Errors scatter less about their mean than chance would ({', '.join(steady)}): part "
            "of them is an offset of unknown direction, and large misses are overstated."
        )


@cache
def deliveries() -> Mapping[str, Delivery]:
    """Every way of delivery by id, in the order of the table."""
    table = tomllib.loads(assets.path("delivery.toml").read_text(encoding="utf-8"))
    return MappingProxyType({id: _delivery(id, row) for id, row in table.items()})


def delivery(id: str) -> Delivery:
    """The way of delivery called `id`; raises DeliveryError with the nearest ids."""
    try:
        return deliveries()[id]
    except KeyError:
        near = difflib.get_close_matches(id, deliveries(), n=3) or list(deliveries())
        raise DeliveryError(
            f"No way of delivery is called {id!r}. There is {' or '.join(near)}.", id=id, near=near
        ) from None


def _delivery(id: str, row: dict[str, Any]) -> Delivery:
    entry, target = row.pop("entry", None), row.pop("target")
    return Delivery(id=id, entry=Miss(**entry) if entry else None, target=Miss(**target), **row)
