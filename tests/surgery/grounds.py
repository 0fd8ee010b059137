"""Grounds of closed-form distances, so that every number along a path is known."""

from collections.abc import Callable

import numpy as np

from anatomy.field import CHANNELS, LOWEST_MM, PART_MM, Packed
from surgery.ground import Channel, Ground

Distance = Callable[[np.ndarray], np.ndarray]
"""From places (n, 3) [mm] to distances (n,) [mm]."""
HALF_BOX_MM = 40


def ground(
    *known: tuple[Channel, Distance], hull: int | None = None, grey: int | None = None
) -> Ground:
    """The distances at the nodes of a 1 mm lattice of 80 mm about the origin, rounded down."""
    axis = np.arange(-HALF_BOX_MM, HALF_BOX_MM + 1.0)
    nodes = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)
    values = np.full((*nodes.shape[:3], CHANNELS), 255, np.uint8)
    for n, (_, distance) in enumerate(known):
        exact = distance(nodes.reshape(-1, 3)).reshape(nodes.shape[:3])
        values[..., n] = np.floor((exact - LOWEST_MM) / PART_MM + 1e-6).clip(0, 255)
    start = (-float(HALF_BOX_MM),) * 3
    packed = Packed(start, 1.0, (len(axis), len(axis), len(axis)), values)
    return Ground(packed, tuple(channel for channel, _ in known), hull=hull, grey=grey)


def ball(centre: tuple[float, float, float], radius: float) -> Distance:
    return lambda p: np.linalg.norm(p - np.array(centre), axis=1) - radius


def above(height: float) -> Distance:
    """The half-space z > height."""
    return lambda p: height - p[:, 2]


def rod(x: float, y: float, radius: float) -> Distance:
    """An endless tube along z."""
    return lambda p: np.hypot(p[:, 0] - x, p[:, 1] - y) - radius


def channel(
    structure: str, margin_mm: float | None = 2.0, *, vessel: bool = False, after_mm: float = 0.0
) -> Channel:
    return Channel(structure=structure, margin_mm=margin_mm, vessel=vessel, after_mm=after_mm)
