"""A computed number that explains itself: value, unit, place that decided it, and source."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from anatomy.errors import GeometryError
from anatomy.geometry import Floats, Point

Distance = Callable[[Floats], Floats]
"""Signed distance [mm], (n,), negative inside, of points (n, 3), RAS [mm]; NaN where unknown.

A phantom's closed form, `anatomy.field.Field.sample`, or an exact mesh distance.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """Invariant: the value is finite; what could not be computed is refused, not stored."""

    value: float
    unit: str
    """UCUM: mm, mm2, mm3, deg, ms, %, 1."""
    source: str
    """Anchor in docs/evidence.md of the definition or threshold."""
    point_mm: Point | None = None
    """The place that is responsible for the value, RAS [mm]."""

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise GeometryError(
                f"A computed value in {self.unit} is not a finite number.", source=self.source
            )

    def wire(self) -> dict[str, Any]:
        """JSON-ready: value, unit, source, point_mm."""
        where = None if self.point_mm is None else list(self.point_mm)
        return {
            "value": self.value,
            "unit": self.unit,
            "source": self.source,
            "point_mm": where,
        }
