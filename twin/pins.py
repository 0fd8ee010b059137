"""Pins and measures that stay with a case: what a person noted, at which place."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from anatomy.errors import GeometryError
from anatomy.geometry import Point, point

Kind = Literal["distance", "angle"]
POINTS: Mapping[Kind, int] = {"distance": 2, "angle": 3}
"""How many points a measure has."""
MOST, LONGEST = 500, 500
"""House values: pins or measures of one case, characters of a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A remark at a place [RAS mm], and when it was made [s since 1970]."""

    id: str
    point_mm: Point
    text: str
    saved_s: float

    def wire(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "id": self.id,
            "point_mm": list(self.point_mm),
            "text": self.text,
            "saved_s": self.saved_s,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A measure by its points [RAS mm], and the answer as it was shown, with its unit."""

    id: str
    kind: Kind
    points_mm: tuple[Point, ...]
    text: str

    def wire(self) -> dict[str, Any]:
        """JSON-ready; what is kept was confirmed."""
        return {
            "id": self.id,
            "kind": self.kind,
            "points_mm": [list(one) for one in self.points_mm],
            "text": self.text,
            "confirmed": True,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """All pins and measures of a case. `rev` counts their saves."""

    rev: int = 0
    pins: tuple[Pin, ...] = ()
    measures: tuple[Measure, ...] = ()

    def wire(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "rev": self.rev,
            "pins": [pin.wire() for pin in self.pins],
            "measures": [measure.wire() for measure in self.measures],
        }

    @classmethod
    def read(cls, wire: Mapping[str, Any], *, rev: int = 0, now_s: float = 0.0) -> "Marks":
        """The marks of their JSON form; a pin with no time of its own was made at `now_s`.

        Raises GeometryError.
        """
        return cls(
            rev=rev,
            pins=tuple(_pin(one, now_s) for one in _list(wire, "pins")),
            measures=tuple(_measure(one) for one in _list(wire, "measures")),
        )


def _pin(wire: Mapping[str, Any], now_s: float) -> Pin:
    saved_s = wire.get("saved_s", now_s)
    if type(saved_s) not in (int, float) or not math.isfinite(saved_s):
        raise GeometryError("The time of a pin is a number of seconds.")
    return Pin(
        id=_text(wire, "id"),
        point_mm=_point(wire.get("point_mm")),
        text=_text(wire, "text"),
        saved_s=float(saved_s),
    )


def _measure(wire: Mapping[str, Any]) -> Measure:
    kind, points = wire.get("kind"), wire.get("points_mm")
    if kind not in POINTS:
        raise GeometryError("A measure is a distance or an angle.")
    if not isinstance(points, Sequence) or len(points) != POINTS[cast(Kind, kind)]:
        raise GeometryError("A distance has two points and an angle three.")
    return Measure(
        id=_text(wire, "id"),
        kind=cast(Kind, kind),
        points_mm=tuple(_point(one) for one in points),
        text=_text(wire, "text"),
    )


def _list(wire: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = wire.get(name, [])
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise GeometryError(f"The {name} of a case are a list.")
    if len(found) > MOST:
        raise GeometryError(f"A case keeps at most {MOST} {name}. Remove some first.")
    return found


def _text(wire: Mapping[str, Any], name: str) -> str:
    found = wire.get(name, "")
    if not isinstance(found, str) or len(found) > LONGEST:
        raise GeometryError(f"The {name} of a pin or measure is text of {LONGEST} characters.")
    return found


def _point(value: object) -> Point:
    plain = isinstance(value, Sequence) and all(type(one) in (int, float) for one in value)
    if not plain:
        raise GeometryError("A place is three numbers in mm: right, anterior, superior.")
    return point([float(one) for one in cast(Sequence[float], value)])
