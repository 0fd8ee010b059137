"""Distances, angles and areas between points that a person set in the patient [mm]."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from anatomy.errors import GeometryError
from anatomy.geometry import Point, point


@dataclass(frozen=True, slots=True)
class Measurement:
    """A number with its unit (UCUM: mm, deg, mm2) and the sentence that is shown."""

    value: float
    unit: str
    sentence: str


def distance_mm(points_mm: Sequence[Point]) -> Measurement:
    """Length of the straight line, or of the path through more points: sum of |p(i+1) - p(i)|."""
    path = _points(points_mm, least=2, what="A distance")
    value = math.fsum(math.dist(a, b) for a, b in pairwise(path))
    way = "Distance" if len(path) == 2 else f"Path over {len(path)} points"
    return Measurement(value, "mm", f"{way} {value:.1f} mm.")


def angle_deg(points_mm: Sequence[Point]) -> Measurement:
    """Angle at the middle one of three points, 0 to 180 degrees.

    With u = p0 - p1 and v = p2 - p1 it is atan2(|u x v|, u . v), which stays exact for
    angles near 0 and 180 where the inverse cosine does not.
    """
    a, corner, b = _points(points_mm, least=3, most=3, what="An angle")
    u, v = np.subtract(a, corner), np.subtract(b, corner)
    if not u.any() or not v.any():
        raise GeometryError("An angle needs two sides: two of its points coincide.")
    value = math.degrees(math.atan2(float(np.linalg.norm(np.cross(u, v))), float(u @ v)))
    return Measurement(value, "deg", f"Angle {value:.1f}°.")


def area_mm2(points_mm: Sequence[Point]) -> Measurement:
    """Area of the flat polygon through the points in order: |sum p(i) x p(i+1)| / 2.

    Points that do not lie in one plane give the area of their projection on the best one.
    """
    corners = np.array(_points(points_mm, least=3, what="An area"))
    corners = corners - corners.mean(axis=0)
    turned = np.cross(corners, np.roll(corners, -1, axis=0)).sum(axis=0)
    value = float(np.linalg.norm(turned)) / 2
    return Measurement(value, "mm2", f"Area {value:.1f} mm².")


def measure(kind: str, points_mm: Sequence[Point]) -> Measurement:
    """The measurement called `kind`: distance, angle or area."""
    kinds = {"distance": distance_mm, "angle": angle_deg, "area": area_mm2}
    if kind not in kinds:
        raise GeometryError(f"Nothing measures {kind!r}; there are distance, angle and area.")
    return kinds[kind](points_mm)


def _points(
    points_mm: Sequence[Point], *, least: int, what: str, most: int = 10_000
) -> list[Point]:
    path = [point(one) for one in points_mm]
    if not least <= len(path) <= most:
        wanted = f"{least}" if most == least else f"at least {least}"
        raise GeometryError(f"{what} needs {wanted} points, not {len(path)}.", points=len(path))
    return path
