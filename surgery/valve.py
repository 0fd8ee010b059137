"""Size of a valve's annulus from a contour around it, and by how much a prosthesis is larger."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial import ConvexHull

from anatomy.errors import TwinError
from anatomy.geometry import Floats, Point, point
from surgery.device import Device, devices
from surgery.quantity import Quantity

OFF_PLANE_MM, FEWEST_POINTS, MOST_POINTS = 3.0, 24, 2000
"""docs/evidence.md#annulus-plane"""
WINDOWS: dict["Basis", tuple[float, float]] = {"area": (15.0, 25.0), "diameter": (7.0, 12.0)}
"""Wanted oversize [%] of a balloon-expandable valve: docs/evidence.md#valve-oversize"""
POSSIBLE = (0.0, 35.0)
"""Oversize by area [%] beyond which no valve is named: docs/evidence.md#valve-oversize"""
PLANE, SIZE = "docs/evidence.md#annulus-plane", "docs/evidence.md#annulus-size"
OVERSIZE = "docs/evidence.md#valve-oversize"

Basis = Literal["area", "diameter"]


class ValveError(TwinError, ValueError):
    """A contour that is no annulus, or an annulus that no valve fits."""

    code = "surgery.valve"


@dataclass(frozen=True, eq=False, kw_only=True)
class Annulus:
    """A contour laid flat on its best plane."""

    centre_mm: Point
    """Centroid of the enclosed area, RAS [mm]."""
    normal: Point
    """Unit vector square to the plane; seen from its tip the contour runs counter-clockwise."""
    off_plane: Quantity
    """Farthest point from the plane [mm], and that point."""
    area: Quantity
    perimeter: Quantity
    area_diameter: Quantity
    """2 sqrt(A / pi) [mm]."""
    perimeter_diameter: Quantity
    """P / pi [mm]."""
    narrowest: Quantity
    """Least distance of two parallel lines that hold the contour [mm]; the point touches one."""
    widest: Quantity
    """Greatest distance of two of its points [mm]; the point is one of them."""
    eccentricity: Quantity
    """1 - narrowest / widest, 0 for a circle."""

    @property
    def mean_diameter_mm(self) -> float:
        """Half of narrowest plus widest."""
        return (self.narrowest.value + self.widest.value) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Oversize:
    """How much larger a valve is than its annulus. Percentages of two bases do not compare."""

    basis: Basis
    """By area, or by mean diameter."""
    percent: Quantity
    wanted: tuple[float, float]

    @property
    def off(self) -> float:
        """How far the percentage is from the wanted window; 0 inside."""
        low, high = self.wanted
        return max(low - self.percent.value, self.percent.value - high, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizing:
    """One valve in one annulus."""

    valve: Device
    by_area: Oversize
    by_diameter: Oversize

    @property
    def sentence(self) -> str:
        """Both oversizes with their basis, and whether they lie in their windows."""
        parts = [_said(one) for one in (self.by_area, self.by_diameter)]
        return f"{self.valve.title}: {parts[0]}, {parts[1]}."


def annulus(contour_mm: ArrayLike) -> Annulus:
    """Size of the annulus inside a closed contour (n, 3), RAS [mm]; raises ValveError.

    The last point joins the first one, whether it repeats it or not.
    """
    contour = _contour(contour_mm)
    middle = contour.mean(axis=0)
    _, _, axes = np.linalg.svd(contour - middle, full_matrices=False)
    off = np.abs((contour - middle) @ axes[2])
    worst = int(np.argmax(off))
    if off[worst] > OFF_PLANE_MM:
        raise ValveError(
            f"Point {worst + 1} of the contour lies {off[worst]:.1f} mm off the plane of the "
            f"others; an annulus is flat within {OFF_PLANE_MM:g} mm. Move it into the plane.",
            point_mm=point(contour[worst]),
        )
    flat = (contour - middle) @ axes[:2].T
    if pair := _crossing(flat):
        raise ValveError(
            f"The contour crosses itself between points {pair[0] + 1} and {pair[1] + 1}. "
            "Set the points in order around the annulus.",
            point_mm=point(contour[pair[0]]),
        )
    ahead = np.roll(flat, -1, axis=0)
    turns = flat[:, 0] * ahead[:, 1] - ahead[:, 0] * flat[:, 1]
    signed_mm2 = float(turns.sum()) / 2
    if abs(signed_mm2) < 1.0:
        raise ValveError("The contour encloses no area. Set its points around the annulus.")
    centroid = (turns[:, None] * (flat + ahead)).sum(axis=0) / (6 * signed_mm2)
    normal = np.cross(axes[0], axes[1]) * math.copysign(1, signed_mm2)
    area, perimeter = abs(signed_mm2), float(np.linalg.norm(ahead - flat, axis=1).sum())
    (narrow, narrow_at), (wide, wide_at) = _calipers(flat)
    return Annulus(
        centre_mm=point(middle + centroid @ axes[:2]),
        normal=point(normal),
        off_plane=Quantity(
            value=float(off[worst]), unit="mm", source=PLANE, point_mm=point(contour[worst])
        ),
        area=Quantity(value=area, unit="mm2", source=SIZE),
        perimeter=Quantity(value=perimeter, unit="mm", source=SIZE),
        area_diameter=Quantity(value=2 * math.sqrt(area / math.pi), unit="mm", source=SIZE),
        perimeter_diameter=Quantity(value=perimeter / math.pi, unit="mm", source=SIZE),
        narrowest=Quantity(
            value=narrow, unit="mm", source=SIZE, point_mm=point(contour[narrow_at])
        ),
        widest=Quantity(value=wide, unit="mm", source=SIZE, point_mm=point(contour[wide_at])),
        eccentricity=Quantity(value=1 - narrow / wide, unit="1", source=SIZE),
    )


def sizing(annulus: Annulus, valve: Device) -> Sizing:
    """Oversize of one valve, by area and by mean diameter [%]; raises ValveError."""
    if valve.kind != "valve":
        raise ValveError(f"{valve.title} is no valve.", device=valve.id)
    by_area = math.pi * valve.radius_mm**2 / annulus.area.value - 1
    by_diameter = 2 * valve.radius_mm / annulus.mean_diameter_mm - 1
    return Sizing(
        valve=valve,
        by_area=_oversize("area", by_area, annulus),
        by_diameter=_oversize("diameter", by_diameter, annulus),
    )


def recommended(annulus: Annulus, valves: Iterable[Device] | None = None) -> Sizing:
    """The valve whose oversize by area lies in the wanted window or nearest to it.

    Of two in the window, the one nearer to its middle. `valves` are the catalogue's unless given.
    Raises ValveError where even the best one is beyond POSSIBLE.
    """
    offered = [one for one in valves or devices().values() if one.kind == "valve"]
    if not offered:
        raise ValveError("No valve is offered to choose from.")
    low, high = WINDOWS["area"]
    best = min(
        (sizing(annulus, one) for one in offered),
        key=lambda one: (
            one.by_area.off,
            abs(one.by_area.percent.value - (low + high) / 2),
            one.valve.id,
        ),
    )
    if not POSSIBLE[0] <= best.by_area.percent.value <= POSSIBLE[1]:
        raise ValveError(
            f"No valve fits an annulus of {annulus.area.value:.0f} mm². The nearest is "
            f"{best.sentence}",
            valve=best.valve.id,
        )
    return best


def _contour(contour_mm: ArrayLike) -> Floats:
    contour = np.array(contour_mm, dtype=float)
    if contour.ndim != 2 or contour.shape[1] != 3 or not np.isfinite(contour).all():
        raise ValveError("A contour needs points of three finite coordinates in mm.")
    contour = contour[np.linalg.norm(contour - np.roll(contour, 1, axis=0), axis=1) > 1e-6]
    if not FEWEST_POINTS <= len(contour) <= MOST_POINTS:
        raise ValveError(
            f"A contour needs {FEWEST_POINTS} to {MOST_POINTS} different points, "
            f"not {len(contour)}.",
            points=len(contour),
        )
    return contour


def _crossing(flat: Floats) -> tuple[int, int] | None:
    """Numbers of the first two sides (each from its point on) that cross or touch, (n, 2)."""
    ahead, n = np.roll(flat, -1, axis=0), len(flat)

    def side(a: Floats, b: Floats, c: Floats) -> Floats:
        """Twice the area of a, b, c: which side of the line a to b each c lies on."""
        u, v = b - a, c - a
        return u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]

    one, two = (flat[:, None], ahead[:, None]), (flat[None], ahead[None])
    parted = side(*one, two[0]) * side(*one, two[1]) <= 0
    both = parted & parted.T
    near = np.minimum(*one) <= np.maximum(*two)  # along x and y
    boxes = (near & np.swapaxes(near, 0, 1)).all(axis=2)
    apart = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    crossed = np.argwhere(both & boxes & (apart > 1) & (apart < n - 1))
    return (int(crossed[0][0]), int(crossed[0][1])) if len(crossed) else None


def _calipers(flat: Floats) -> tuple[tuple[float, int], tuple[float, int]]:
    """Least and greatest width of points (n, 2), each with the number of a point that it touches.

    The least one has a line along a side of the convex hull, so all sides are tried.
    """
    corners = ConvexHull(flat).vertices
    hull = flat[corners]
    sides = np.roll(hull, -1, axis=0) - hull
    across = np.stack([-sides[:, 1], sides[:, 0]], axis=1) / np.linalg.norm(sides, axis=1)[:, None]
    depths = ((hull[None] - hull[:, None]) * across[:, None]).sum(axis=2)
    narrow = int(np.argmin(depths.max(axis=1)))
    apart = np.linalg.norm(hull[None] - hull[:, None], axis=2)
    wide = int(np.argmax(apart.max(axis=1)))
    least, greatest = float(depths[narrow].max()), float(apart[wide].max())
    return (least, int(corners[np.argmax(depths[narrow])])), (greatest, int(corners[wide]))


def _oversize(basis: Basis, share: float, annulus: Annulus) -> Oversize:
    percent = Quantity(value=100 * share, unit="%", source=OVERSIZE, point_mm=annulus.centre_mm)
    return Oversize(basis=basis, percent=percent, wanted=WINDOWS[basis])


def _said(one: Oversize) -> str:
    low, high = one.wanted
    where = "within" if one.off == 0 else "outside"
    basis = "area" if one.basis == "area" else "mean diameter"
    return f"{one.percent.value:.1f} % by {basis} ({where} {low:g} to {high:g} %)"
