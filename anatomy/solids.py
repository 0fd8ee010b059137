"""Closed-form solids in RAS [mm]: signed distances, negative inside, and volumes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from anatomy.geometry import Point

Field = NDArray[np.float32]
Place = tuple[Field, Field, Field]
"""x, y, z [mm] of the places where a field is wanted, each of one shape."""


class Solid(Protocol):
    """Anything with a signed distance [mm] and a ball that holds it."""

    @property
    def ball(self) -> tuple[Point, float]: ...

    def distance(self, place: Place) -> Field: ...


@dataclass(frozen=True, slots=True)
class Ellipsoid:
    """Half axes [mm] about a centre, turned by `pitch_deg` about x (nose up) and `yaw_deg` about z.

    The distance is exact on the surface and to first order beside it; a ball's is exact.
    """

    centre_mm: Point
    half_mm: Point
    pitch_deg: float = 0.0
    yaw_deg: float = 0.0

    @property
    def ball(self) -> tuple[Point, float]:
        return self.centre_mm, max(self.half_mm)

    @property
    def volume_ml(self) -> float:
        """4/3 pi a b c [mL]."""
        return 4 / 3 * math.pi * math.prod(self.half_mm) / 1000

    def distance(self, place: Place) -> Field:
        x, y, z = (p - np.float32(c) for p, c in zip(place, self.centre_mm, strict=True))
        if self.yaw_deg:
            x, y = _turned(x, y, self.yaw_deg)
        if self.pitch_deg:
            y, z = _turned(y, z, self.pitch_deg)
        a, b, c = (np.float32(h) for h in self.half_mm)
        x, y, z = x / a, y / b, z / c
        near = np.sqrt(x * x + y * y + z * z)
        slope = np.sqrt((x / a) ** 2 + (y / b) ** 2 + (z / c) ** 2)
        return near * (near - 1) / np.maximum(slope, np.float32(1e-6))


@dataclass(frozen=True, slots=True)
class Tube:
    """Balls of changing radius [mm] swept along straight pieces from point to point."""

    points_mm: tuple[Point, ...]
    radii_mm: tuple[float, ...]

    @property
    def ball(self) -> tuple[Point, float]:
        x, y, z = (float(v) for v in np.mean(self.points_mm, axis=0))
        far = max(math.dist((x, y, z), p) for p in self.points_mm)
        return (x, y, z), far + max(self.radii_mm)

    @property
    def volume_ml(self) -> float:
        """pi r^2 length + 4/3 pi r^3 [mL]; only for one straight piece of one radius."""
        (a, b), (radius, same) = self.points_mm, self.radii_mm
        if radius != same:
            raise ValueError("Only a tube of one radius has this closed form.")
        return (math.pi * radius**2 * math.dist(a, b) + 4 / 3 * math.pi * radius**3) / 1000

    def distance(self, place: Place) -> Field:
        pieces = zip(pairwise(self.points_mm), pairwise(self.radii_mm), strict=True)
        out: Field | None = None
        for (a, b), (r0, r1) in pieces:
            along = np.subtract(b, a).astype(np.float32)
            x, y, z = (p - np.float32(c) for p, c in zip(place, a, strict=True))
            share = (x * along[0] + y * along[1] + z * along[2]) / np.float32(along @ along)
            share = share.clip(0, 1)
            x, y, z = x - share * along[0], y - share * along[1], z - share * along[2]
            one = np.sqrt(x * x + y * y + z * z) - (np.float32(r0) + share * np.float32(r1 - r0))
            out = one if out is None else np.minimum(out, one)
        if out is None:
            raise ValueError("A tube needs two points.")
        return out


@dataclass(frozen=True, slots=True)
class Blend:
    """The union of solids with `soft_mm` wide fillets where they meet (polynomial minimum)."""

    solids: tuple[Solid, ...]
    soft_mm: float = 0.0
    ball: tuple[Point, float] = field(default=((0.0, 0.0, 0.0), math.inf))

    def distance(self, place: Place) -> Field:
        out = self.solids[0].distance(place)
        for solid in self.solids[1:]:
            out = united(out, solid.distance(place), self.soft_mm)
        return out


def united(a: Field, b: Field, soft_mm: float = 0.0) -> Field:
    """Signed distance of the union of two solids; fillets of about `soft_mm`."""
    if soft_mm <= 0:
        return np.minimum(a, b)
    k = np.float32(soft_mm)
    gap = np.maximum(k - np.abs(a - b), 0) / k
    return np.minimum(a, b) - gap * gap * k / 4


def mirrored(solid: Ellipsoid | Tube) -> Ellipsoid | Tube:
    """The same solid on the other side of the plane x = 0."""
    if isinstance(solid, Tube):
        return Tube(tuple((-x, y, z) for x, y, z in solid.points_mm), solid.radii_mm)
    x, y, z = solid.centre_mm
    return Ellipsoid((-x, y, z), solid.half_mm, solid.pitch_deg, -solid.yaw_deg)


def shifted(solid: Ellipsoid | Tube, by_mm: Sequence[float]) -> Ellipsoid | Tube:
    """The same solid moved by three millimetre steps."""
    dx, dy, dz = by_mm
    if isinstance(solid, Tube):
        return Tube(tuple((x + dx, y + dy, z + dz) for x, y, z in solid.points_mm), solid.radii_mm)
    x, y, z = solid.centre_mm
    return Ellipsoid((x + dx, y + dy, z + dz), solid.half_mm, solid.pitch_deg, solid.yaw_deg)


def _turned(u: Field, v: Field, degrees: float) -> tuple[Field, Field]:
    c, s = np.float32(math.cos(math.radians(degrees))), np.float32(math.sin(math.radians(degrees)))
    return c * u + s * v, c * v - s * u
