"""How far electrodes keep from each other [mm]."""

from collections.abc import Sequence

import numpy as np

from anatomy.errors import GeometryError
from anatomy.geometry import Floats, Point, point
from surgery.metrics import intracranial, shaft
from surgery.plan import Placement
from surgery.scene import Scene
from surgery.score import Reading
from surgery.shafts import closest_two

BOLT_MM = 10.0
"""docs/evidence.md#electrode-spacing: near their bolts electrodes may come closer."""


def electrode_spacing(scene: Scene, placements: Sequence[Placement]) -> Reading:
    """Least distance of two axes [mm], the first BOLT_MM inside the skull left out."""
    return _closest([below_bolt(scene, placement) for placement in placements])


def below_bolt(scene: Scene, placement: Placement) -> tuple[Point, Point]:
    """From BOLT_MM inside the inner table to the tip [mm]; the last millimetre at least."""
    inside, _ = intracranial(scene, placement)
    start = np.add(inside.entry_mm, min(BOLT_MM, inside.length_mm - 1) * inside.direction)
    return point(start), inside.target_mm


def bolt_spacing(scene: Scene, placements: Sequence[Placement]) -> Reading:
    """Least distance of two axes [mm] over their whole length."""
    _ = scene
    ways = [shaft(placement) for placement in placements]
    return _closest([(way.entry_mm, way.target_mm) for way in ways])


def _closest(axes: Sequence[tuple[Point, Point]]) -> Reading:
    if len(axes) < 2:
        raise GeometryError("one electrode alone is near no other")
    one, other = closest_two(np.array(axes, float).reshape(-1, 6))
    value, place = between(axes[one], axes[other])
    return Reading(value=value, point_mm=place, least=0.0)


def between(one: tuple[Point, Point], other: tuple[Point, Point]) -> tuple[float, Point]:
    """Distance of two straight segments [mm] and the middle of where they are nearest."""
    (a, b), (c, d) = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    u, v, w = b - a, d - c, a - c
    uu, uv, vv = float(u @ u), float(u @ v), float(v @ v)
    skew = uu * vv - uv * uv
    shares = [(0.0, _foot(a, c, v)), (1.0, _foot(b, c, v)), (_foot(c, a, u), 0.0)]
    shares.append((_foot(d, a, u), 1.0))
    if skew > 1e-12 * uu * vv:
        s, t = (uv * (v @ w) - vv * (u @ w)) / skew, (uu * (v @ w) - uv * (u @ w)) / skew
        if 0 <= s <= 1 and 0 <= t <= 1:
            shares.append((float(s), float(t)))
    pairs = [(a + s * u, c + t * v) for s, t in shares]
    p, q = min(pairs, key=lambda pair: float(np.linalg.norm(pair[0] - pair[1])))
    return float(np.linalg.norm(p - q)), point((p + q) / 2)


def _foot(p: Floats, start: Floats, way: Floats) -> float:
    """Share of the segment where it is nearest to a point."""
    return min(max(float((p - start) @ way) / float(way @ way), 0.0), 1.0)
