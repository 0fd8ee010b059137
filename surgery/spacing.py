"""How far electrodes keep from each other [mm]."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from anatomy.errors import GeometryError
from anatomy.geometry import Floats, Point, point
from surgery.metrics import intracranial, shaft
from surgery.plan import Placement
from surgery.scene import Scene
from surgery.score import Reading

BOLT_MM = 10.0
"""docs/evidence.md#electrode-spacing: near their bolts electrodes may come closer."""


def electrode_spacing(scene: Scene, placements: Sequence[Placement]) -> Reading:
    """Least distance of two axes [mm], the first BOLT_MM inside the skull left out."""
    deep = []
    for placement in placements:
        inside, _ = intracranial(scene, placement)
        start = np.add(inside.entry_mm, min(BOLT_MM, inside.length_mm - 1) * inside.direction)
        deep.append((point(start), inside.target_mm))
    return _closest(deep)


def bolt_spacing(scene: Scene, placements: Sequence[Placement]) -> Reading:
    """Least distance of two axes [mm] over their whole length."""
    _ = scene
    ways = [shaft(placement) for placement in placements]
    return _closest([(way.entry_mm, way.target_mm) for way in ways])


def _closest(axes: Sequence[tuple[Point, Point]]) -> Reading:
    if len(axes) < 2:
        raise GeometryError("one electrode alone is near no other")
    readings = []
    for one, other in combinations(axes, 2):
        value, place = between(one, other)
        readings.append(Reading(value=value, point_mm=place, least=0.0))
    return min(readings, key=lambda reading: reading.value)


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
