"""How the outside of a bone lies at a place: the plane that a drill is held square to."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy.errors import GeometryError
from anatomy.geometry import Floats, Point, point
from anatomy.surface import Surface

DISC_MM = 5.0
"""docs/evidence.md#incidence: radius of the disc over which the bone is averaged."""
FEWEST = 6
"""House value: vertices below which a disc has no plane of its own."""


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


class Planes(NamedTuple):
    """Several planes: places (n, 3) [mm], unit normals (n, 3), spreads (n,) [mm]."""

    points_mm: Floats
    normals: Floats
    spread_mm: Floats
    held: NDArray[np.int64]
    """How many vertices each one was laid through."""


class Outside:
    """The vertices of one surface with the way each one faces."""

    def __init__(self, surface: Surface) -> None:
        from scipy.spatial import cKDTree

        self._vertices = surface.vertices_mm.astype(np.float64)
        self._normals = _normals(self._vertices, surface.faces.astype(np.int64))
        self._tree = cKDTree(self._vertices)

    def plane_at(self, point_mm: Point) -> Plane:
        """As `planes_at`, of one point; raises GeometryError where the bone holds no plane."""
        middle, normal, spread_mm, held = (of[0] for of in self.planes_at([point_mm]))
        if held < 3:
            raise GeometryError(
                "The bone has too few points here to say how it lies.", point_mm=point_mm
            )
        return Plane(point(middle), point(normal), float(spread_mm))

    def planes_at(self, points_mm: ArrayLike) -> Planes:
        """Least-squares planes of the vertices within DISC_MM of those nearest to points (n, 3).

        Only of those that face as the nearest one does: thin bone has its other side within the
        disc. Where they are fewer than FEWEST, the plane faces as the nearest one alone.
        """
        points = np.asarray(points_mm, float)
        _, nearest = self._tree.query(points)
        discs = self._tree.query_ball_point(self._vertices[nearest], DISC_MM)
        owner = np.repeat(np.arange(len(points)), [len(disc) for disc in discs])
        member = np.concatenate([np.asarray(disc, int) for disc in discs])
        ahead = self._normals[nearest]
        alike = np.einsum("nx,nx->n", self._normals[member], ahead[owner]) > 0
        alike |= member == nearest[owner]  # even one that belongs to no face
        owner, member = owner[alike], member[alike]
        first = np.searchsorted(owner, np.arange(len(points)))
        held = np.bincount(owner, minlength=len(points))
        place = self._vertices[member]
        middle = np.add.reduceat(place, first) / held[:, None]
        off = place - middle[owner]
        moments = np.add.reduceat(off[:, :, None] * off[:, None, :], first)
        normals = np.linalg.eigh(moments)[1][:, :, 0]
        side = np.einsum("nx,nx->n", normals, ahead)
        normals = normals * np.where(side >= 0, 1.0, -1.0)[:, None]
        normals = np.where(held[:, None] >= FEWEST, normals, ahead)
        high = np.einsum("nx,nx->n", off, normals[owner])
        return Planes(middle, normals, np.sqrt(np.add.reduceat(high**2, first) / held), held)


def _normals(vertices: Floats, faces: np.ndarray) -> Floats:
    """Unit normals of vertices, (n, 3): of the faces about each one, weighted by area."""
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    of_face = np.cross(b - a, c - a)
    out = np.zeros_like(vertices)
    for corner in range(3):
        np.add.at(out, faces[:, corner], of_face)
    return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)
