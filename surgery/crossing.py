"""Where a straight axis goes into and out of a surface."""

from typing import NamedTuple

import numpy as np

from anatomy.errors import GeometryError
from anatomy.geometry import Floats, Point, point
from anatomy.surface import Surface
from surgery.plan import Trajectory

NUDGE_MM = (1.3e-7, 2.9e-7)
"""The axis is moved aside by this much, so that it meets no edge and no corner of the mesh."""


class Crossing(NamedTuple):
    """One passage through a surface: how far from the entry, where, and into or out of it."""

    along_mm: float
    point_mm: Point
    enters: bool


class Shell:
    """The triangles of one surface, ready to be crossed by many axes."""

    def __init__(self, surface: Surface) -> None:
        self.closed = surface.closed
        self._vertices = surface.vertices_mm.astype(np.float64)
        self._faces = surface.faces.astype(np.int64)
        corners = self._vertices[self._faces]
        edges = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
        self._reach = float(edges.max())

    def crossings(self, trajectory: Trajectory) -> tuple[Crossing, ...]:
        """Every one of the endless line through entry and target, in order."""
        axis = trajectory.direction
        away = self._vertices - np.asarray(trajectory.entry_mm)
        # A triangle that the axis meets has all corners within its longest edge of the axis.
        across = away @ _square_to(axis)
        across -= NUDGE_MM
        near = (np.abs(across) <= self._reach).all(axis=1)
        faces = self._faces[near[self._faces].all(axis=1)]
        a, b, c = np.moveaxis(across[faces], 1, 0)
        of_c, of_a, of_b = _turn(a, b), _turn(b, c), _turn(c, a)
        area = of_a + of_b + of_c
        hit = (np.sign(of_a) == np.sign(of_b)) & (np.sign(of_b) == np.sign(of_c)) & (area != 0)
        shares = np.stack([of_a, of_b, of_c], axis=1)[hit] / area[hit, None]
        along = (shares * (away @ axis)[faces[hit]]).sum(axis=1)
        enters = area[hit] < 0
        order = np.lexsort((enters, along))
        return tuple(
            Crossing(t, point(np.asarray(trajectory.entry_mm) + t * axis), bool(into))
            for t, into in zip(along[order].tolist(), enters[order].tolist(), strict=True)
        )

    def inside(self, trajectory: Trajectory) -> list[tuple[float, float]]:
        """The stretches from entry to target that lie inside, as from and to [mm] of the entry.

        Raises GeometryError where the surface is open and has no inside.
        """
        if not self.closed:
            raise GeometryError("An open surface has no inside; close it first.")
        places = [crossing.along_mm for crossing in self.crossings(trajectory)]
        pairs = zip(places[::2], places[1::2], strict=False)
        clipped = ((max(a, 0.0), min(b, trajectory.length_mm)) for a, b in pairs)
        return [(a, b) for a, b in clipped if a < b]


def _square_to(axis: Floats) -> Floats:
    """Two unit vectors square to `axis` as columns (3, 2); with it they are right-handed."""
    other = np.eye(3)[int(np.argmin(np.abs(axis)))]
    first = np.cross(axis, other)
    first /= np.linalg.norm(first)
    return np.stack([first, np.cross(axis, first)], axis=1)


def _turn(p: Floats, q: Floats) -> Floats:
    cross: Floats = p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0]
    return cross
