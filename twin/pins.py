"""Pins, measures and landmarks that stay with a case: what a person noted, at which place."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from anatomy.errors import GeometryError
from anatomy.geometry import Point, point
from surgery.stereotaxy import Landmarks

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
    """All pins and measures of a case, and the landmarks that were set. `rev` counts the saves."""

    rev: int = 0
    pins: tuple[Pin, ...] = ()
    measures: tuple[Measure, ...] = ()
    landmarks: Landmarks | None = None

    def wire(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "rev": self.rev,
            "pins": [pin.wire() for pin in self.pins],
            "measures": [measure.wire() for measure in self.measures],
            "landmarks": self.landmarks and self.landmarks.wire(),
        }

    @classmethod
    def read(cls, wire: Mapping[str, Any], *, rev: int = 0, now_s: float = 0.0) -> "Marks":
        """The marks of their JSON form; a pin with no time of its own was made at `now_s`.

        Raises GeometryError, or StereotaxyError for landmarks of no head.
        """
        return cls(
            rev=rev,
            pins=tuple(_pin(one, now_s) for one in _list(wire, "pins")),
            measures=tuple(_measure(one) for one in _list(wire, "measures")),
            landmarks=landmarks_of(wire.get("landmarks")),
        )


def landmarks_of(wire: object) -> Landmarks | None:
    """Landmarks that a person set, of their JSON form; None of None."""
    if wire is None:
        return None
    if not isinstance(wire, Mapping):
        raise GeometryError("Landmarks are three places: ac_mm, pc_mm and mid_mm.")
    ac, pc, mid = (place(wire.get(name)) for name in ("ac_mm", "pc_mm", "mid_mm"))
    return Landmarks(ac_mm=ac, pc_mm=pc, mid_mm=mid)


def place(value: object) -> Point:
    """Three finite numbers of JSON [mm] as a Point; raises GeometryError."""
    plain = isinstance(value, Sequence) and all(type(one) in (int, float) for one in value)
    if not plain:
        raise GeometryError("A place is three numbers in mm: right, anterior, superior.")
    return point([float(one) for one in cast(Sequence[float], value)])


def _pin(wire: Mapping[str, Any], now_s: float) -> Pin:
    saved_s = wire.get("saved_s", now_s)
    if type(saved_s) not in (int, float) or not math.isfinite(saved_s):
        raise GeometryError("The time of a pin is a number of seconds.")
    return Pin(
        id=_text(wire, "id"),
        point_mm=place(wire.get("point_mm")),
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
        points_mm=tuple(place(one) for one in points),
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
