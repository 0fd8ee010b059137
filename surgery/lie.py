"""How the outside of a bone lies at a place: the plane that a drill is held square to."""

import math
from typing import NamedTuple

import numpy as np

from anatomy.errors import GeometryError
from anatomy.geometry import Floats, Point, point
from anatomy.surface import Surface

DISC_MM = 5.0
"""docs/evidence.md#incidence: radius of the disc over which the bone is averaged."""


class Plane(NamedTuple):
    """Through `point_mm`, with a unit normal that looks out of the body."""

    point_mm: Point
    normal: Point
    spread_mm: float
    """Root mean square distance of the bone to the plane."""

    @property
    def tilt_deg(self) -> float:
        """What `spread_mm` at the rim of the disc tilts the plane by, one standard deviation."""
        return math.degrees(math.atan2(2 * self.spread_mm, DISC_MM))


class Outside:
    """The vertices of one surface with the way each one faces."""

    def __init__(self, surface: Surface) -> None:
        from scipy.spatial import cKDTree

        self._vertices = surface.vertices_mm.astype(np.float64)
        self._normals = _normals(self._vertices, surface.faces.astype(np.int64))
        self._tree = cKDTree(self._vertices)

    def plane_at(self, point_mm: Point) -> Plane:
        """Least-squares plane of the vertices within DISC_MM of the one nearest to a point.

        Only those that face as that one does: thin bone has its other side within the disc.
        """
        _, nearest = self._tree.query(point_mm)
        around = self._tree.query_ball_point(self._vertices[nearest], DISC_MM)
        among = np.sort(np.asarray(around))
        among = among[self._normals[among] @ self._normals[nearest] > 0]
        if len(among) < 3:
            raise GeometryError(
                "The bone has too few points here to say how it lies.", point_mm=point_mm
            )
        middle = self._vertices[among].mean(axis=0)
        _, sizes, ways = np.linalg.svd(self._vertices[among] - middle, full_matrices=False)
        normal = ways[2] * math.copysign(1.0, float(ways[2] @ self._normals[nearest]))
        return Plane(point(middle), point(normal), float(sizes[2]) / math.sqrt(len(among)))


def _normals(vertices: Floats, faces: np.ndarray) -> Floats:
    """Sum of the normals of the faces about each vertex, weighted by area, (n, 3)."""
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    of_face = np.cross(b - a, c - a)
    out = np.zeros_like(vertices)
    for corner in range(3):
        np.add.at(out, faces[:, corner], of_face)
    return out
