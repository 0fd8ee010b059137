"""A screw in bone: how far it breaks out of a pedicle, its grade, and the best way through one."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from anatomy.errors import TwinError
from anatomy.geometry import Floats, Point, point
from surgery.plan import Placement
from surgery.quantity import Distance, Quantity

Grade = Literal["A", "B", "C", "D", "E"]
GRADES: tuple[tuple[Grade, float], ...] = (("B", 2.0), ("C", 4.0), ("D", 6.0))
"""Breach [mm] below which a grade holds: docs/evidence.md#gertzbein-robbins"""
BREACH = "docs/evidence.md#gertzbein-robbins"
CERTAIN_MM = 0.01
"""A breach is found to this, given a distance that changes by 1 mm a mm at most."""
STEP_MM = 0.5
REACH_MM, TILT_DEG, FINEST_MM = 4.0, 12.0, 0.05
"""docs/evidence.md#screw-search"""


class ScrewError(TwinError, ValueError):
    """A screw that cannot exist or that cannot be judged."""

    code = "surgery.screw"


@dataclass(frozen=True, slots=True, kw_only=True)
class Screw:
    """A cylinder, or a cone that changes from `radius_mm` at the entry to `tip_radius_mm`."""

    entry_mm: Point
    tip_mm: Point
    radius_mm: float
    tip_radius_mm: float | None = None
    """None: a cylinder."""

    def __post_init__(self) -> None:
        point(self.entry_mm), point(self.tip_mm)
        if self.length_mm < 1.0:
            raise ScrewError("A screw is at least 1 mm long. Move its entry or its tip.")
        radii = (self.radius_mm, self.radius_mm + self.taper * self.length_mm)
        if not all(math.isfinite(r) and r > 0 for r in radii):
            raise ScrewError("A screw's radii are above 0 mm.", radii_mm=radii)

    @property
    def length_mm(self) -> float:
        """From entry to tip."""
        return math.dist(self.entry_mm, self.tip_mm)

    @property
    def direction(self) -> Floats:
        """Unit vector from entry to tip."""
        return np.subtract(self.tip_mm, self.entry_mm) / self.length_mm

    @property
    def taper(self) -> float:
        """Change of the radius for one mm along the axis; negative where it thins out."""
        if self.tip_radius_mm is None:
            return 0.0
        return (self.tip_radius_mm - self.radius_mm) / self.length_mm


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """How far a screw leaves the bone; a negative depth is what it has to spare."""

    screw: Screw
    depth: Quantity
    """[mm]; the point is where the axis comes nearest to breaking out."""
    grade: Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """The best screw of a search."""

    breach: Breach
    examined: int
    """How many screws were compared."""


def screw_on(placement: Placement) -> Screw:
    """A planned screw: its whole device as a cylinder of the largest radius."""
    made = placement.made_of
    if made.kind != "screw":
        raise ScrewError(f"{made.title} is no screw.", device=made.id)
    head, tip = placement.at_mm([made.length_mm, 0.0])
    return Screw(entry_mm=point(head), tip_mm=point(tip), radius_mm=made.radius_mm)


def grade(breach_mm: float) -> Grade:
    """Gertzbein-Robbins: A inside, B below 2 mm, C below 4, D below 6, E from 6 mm on."""
    if breach_mm <= 0:
        return "A"
    return next((letter for letter, below in GRADES if breach_mm < below), "E")


def breach(
    bone: Distance, screw: Screw, *, from_mm: float = 0.0, to_mm: float | None = None
) -> Breach:
    """max(r - d) along the screw, d the axis' depth in the bone; raises ScrewError.

    `from_mm` to `to_mm` (along the screw, from its entry) is the pedicle: where the screw enters
    the bone it always breaks the surface, so that is left out. Intervals are halved until none can
    hide more than CERTAIN_MM, however the bone is shaped.
    """
    start, end = _pedicle(screw, from_mm, to_mm)
    count = max(math.ceil((end - start) / STEP_MM), 1) + 1
    along = np.linspace(start, end, count)
    out = _out(bone, screw, along)
    best, where = float(out.max()), float(along[np.argmax(out)])
    spans = np.stack([along[:-1], along[1:], out[:-1], out[1:]], axis=1)
    steepest = 1 + abs(screw.taper)
    while len(spans):
        most = (spans[:, 2] + spans[:, 3] + steepest * (spans[:, 1] - spans[:, 0])) / 2
        spans = spans[most > best + CERTAIN_MM]
        middle = (spans[:, 0] + spans[:, 1]) / 2
        if not len(middle):
            break
        out = _out(bone, screw, middle)
        if out.max() > best:
            best, where = float(out.max()), float(middle[np.argmax(out)])
        a, b, of_a, of_b = spans.T
        left, right = (a, middle, of_a, out), (middle, b, out, of_b)
        spans = np.concatenate([np.stack(left, axis=1), np.stack(right, axis=1)])
    place = point(np.add(screw.entry_mm, where * screw.direction))
    depth = Quantity(value=best, unit="mm", source=BREACH, point_mm=place)
    return Breach(screw=screw, depth=depth, grade=grade(best))


def best_screw(
    bone: Distance,
    guess: Screw,
    *,
    from_mm: float = 0.0,
    to_mm: float | None = None,
    reach_mm: float = REACH_MM,
    tilt_deg: float = TILT_DEG,
) -> Best:
    """The screw of the same size with the least breach about a first guess; raises ScrewError.

    Two shifts of the entry, up to `reach_mm`, and two tilts, up to `tilt_deg`, are tried together
    on a lattice of 5 to the 4th about the best so far; the lattice is halved when its middle wins.
    Of equal screws the one nearer to the middle is kept.
    """
    start, end = _pedicle(guess, from_mm, to_mm)
    along = np.linspace(start, end, max(math.ceil((end - start) / STEP_MM), 1) + 1)
    radii = guess.radius_mm + guess.taper * along
    stencil = np.array(sorted(np.ndindex(5, 5, 5, 5), key=_from_middle), dtype=float) - 2
    limit = np.array([reach_mm, reach_mm, *[math.tan(math.radians(tilt_deg))] * 2])
    middle, step, examined = np.zeros(4), limit / 2, 0
    _out(bone, guess, along)
    for _ in _rounds(max(reach_mm, float(limit[2]) * guess.length_mm)):
        while True:
            tried = middle + stencil * step
            tried = tried[(np.abs(tried) <= limit + 1e-9).all(axis=1)]
            entries, ways = _moved(guess, tried)
            points = entries[:, None] + along[None, :, None] * ways[:, None]
            room = bone(points.reshape(-1, 3)).reshape(len(tried), len(along))
            worst = np.where(np.isnan(room), np.inf, room + radii).max(axis=1)
            examined += len(tried)
            won = int(np.argmin(worst))
            if worst[won] >= worst[0] - CERTAIN_MM / 10:
                break
            middle = tried[won]
        step = step / 2
    entry, way = (array[0] for array in _moved(guess, middle[None]))
    found = Screw(
        entry_mm=point(entry),
        tip_mm=point(entry + guess.length_mm * way),
        radius_mm=guess.radius_mm,
        tip_radius_mm=guess.tip_radius_mm,
    )
    return Best(breach=breach(bone, found, from_mm=start, to_mm=end), examined=examined)


def _rounds(size_mm: float) -> Iterator[int]:
    yield from range(max(math.ceil(math.log2(max(size_mm, FINEST_MM) / FINEST_MM)), 1))


def _from_middle(place: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    return sum((n - 2) ** 2 for n in place), place


def _pedicle(screw: Screw, from_mm: float, to_mm: float | None) -> tuple[float, float]:
    end = screw.length_mm if to_mm is None else to_mm
    if not 0 <= from_mm < end <= screw.length_mm + 1e-6:
        raise ScrewError(
            f"The pedicle lies from {from_mm:g} to {end:g} mm along a screw of "
            f"{screw.length_mm:.1f} mm. Name a piece of the screw."
        )
    return from_mm, min(end, screw.length_mm)


def _out(bone: Distance, screw: Screw, along: Floats) -> Floats:
    """Radius less depth [mm], (n,), at n distances from the entry."""
    points = np.add(screw.entry_mm, np.outer(along, screw.direction))
    out = bone(points) + screw.radius_mm + screw.taper * along
    if not np.isfinite(out).all():
        lost = point(points[np.argmin(np.isfinite(out))])
        raise ScrewError(
            "The screw leaves the space in which the bone's distance is known. "
            "Move it or measure a larger box.",
            point_mm=lost,
        )
    return out


def _moved(guess: Screw, by: Floats) -> tuple[Floats, Floats]:
    """Entries and directions, (n, 3), for n rows of two shifts [mm] and two tilts [tangent]."""
    way = guess.direction
    side = np.cross(way, np.eye(3)[np.argmin(np.abs(way))])
    side /= np.linalg.norm(side)
    other = np.cross(way, side)
    entries = guess.entry_mm + by[:, :1] * side + by[:, 1:2] * other
    ways = way + by[:, 2:3] * side + by[:, 3:] * other
    return entries, ways / np.linalg.norm(ways, axis=1)[:, None]
