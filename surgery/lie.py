"""How the outside of a bone lies at a place: the plane that a drill is held square to."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy.errors import GeometryError
from anatomy.exact import Exact
from anatomy.geometry import Floats, Point, point
from anatomy.surface import Surface

DISC_MM = 5.0
"""docs/evidence.md#incidence: radius of the disc over which the bone is averaged."""
FAINT = 1e-6
"""Least share of a face that counts, so that one alone still does."""
FEWEST = 6
"""House value: faces below which a disc has no plane of its own."""
AT_ONCE = 2000
"""Points whose discs are held in memory together: some 20 MB."""


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
    """How many faces each one was laid through."""


class Outside:
    """The faces of one surface: their middles, areas and the way each one faces."""

    def __init__(self, surface: Surface, exact: Exact | None = None) -> None:
        from scipy.spatial import cKDTree

        self.frame = surface.frame
        self._exact = exact or Exact(surface)
        corners = surface.vertices_mm.astype(np.float64)[surface.faces.astype(np.int64)]
        across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        doubled = np.linalg.norm(across, axis=1)
        real = doubled > 0
        self._middles, self._areas = corners[real].mean(axis=1), doubled[real] / 2
        self._normals = across[real] / doubled[real, None]
        self._tree = cKDTree(self._middles)

    def plane_at(self, point_mm: Point) -> Plane:
        """As `planes_at`, of one point; raises GeometryError where the bone holds no plane."""
        middle, normal, spread_mm, held = (of[0] for of in self.planes_at([point_mm]))
        if held < 3:
            raise GeometryError(
                "The bone has too few points here to say how it lies.", point_mm=point_mm
            )
        return Plane(point(middle), point(normal), float(spread_mm))

    def planes_at(self, points_mm: ArrayLike) -> Planes:
        """Least-squares planes of the faces within DISC_MM of the bone nearest to points (n, 3).

        Only of those that face as the nearest one does: thin bone has its other side within the
        disc. Faces count by their area, and less towards the rim, so that one more or less there
        does not turn the plane. Where they are fewer than FEWEST, it faces as the nearest alone.
        """
        _, feet = self._exact.points(np.asarray(points_mm, float))
        parts = [self._planes(feet[n : n + AT_ONCE]) for n in range(0, len(feet), AT_ONCE)]
        return Planes(*map(np.concatenate, zip(*parts, strict=True)))

    def _planes(self, foot: Floats) -> Planes:
        """Of places (n, 3) [mm] on the bone."""
        _, nearest = self._tree.query(foot)
        found = self._tree.query_ball_point(foot, DISC_MM)
        discs = [disc or [one] for disc, one in zip(found, nearest, strict=True)]
        owner = np.repeat(np.arange(len(foot)), [len(disc) for disc in discs])
        member = np.concatenate([np.asarray(disc, int) for disc in discs])
        ahead = self._normals[nearest]
        alike = np.einsum("nx,nx->n", self._normals[member], ahead[owner]) > 0
        owner, member = owner[alike], member[alike]
        first = np.searchsorted(owner, np.arange(len(foot)))
        place = self._middles[member]
        far = ((place - foot[owner]) ** 2).sum(axis=1) / DISC_MM**2
        weight = np.maximum(1 - far, FAINT) * self._areas[member]
        whole = np.add.reduceat(weight, first)
        middle = np.add.reduceat(weight[:, None] * place, first) / whole[:, None]
        off = place - middle[owner]
        moments = np.add.reduceat(weight[:, None, None] * off[:, :, None] * off[:, None, :], first)
        normals = np.linalg.eigh(moments)[1][:, :, 0]
        side = np.einsum("nx,nx->n", normals, ahead)
        normals = normals * np.where(side >= 0, 1.0, -1.0)[:, None]
        held = np.bincount(owner, minlength=len(foot))
        normals = np.where(held[:, None] >= FEWEST, normals, ahead)
        high = np.einsum("nx,nx->n", off, normals[owner])
        spread = np.sqrt(np.add.reduceat(weight * high**2, first) / whole)
        return Planes(middle, normals, spread, held)
