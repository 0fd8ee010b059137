"""Bodies of few triangles with closed-form answers: balls, tubes, a block, a layered head."""

from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray

from anatomy.geometry import Floats, Point
from anatomy.phantom import FRAME, box, placed
from anatomy.solids import Ellipsoid, Solid, Tube
from anatomy.structure import Anatomy, Origin, Structure
from anatomy.surface import Surface
from anatomy.terms import split, title
from anatomy.volume import LabelMap

Mesh = tuple[Floats, NDArray[np.int64]]
"""Vertices (n, 3), RAS [mm], and faces (m, 3), counter-clockwise seen from outside."""

SKIN_MM, BONE_MM, INNER_MM = 56.0, 52.0, 46.0
"""Radii of a ball of a head: skin, outside of the skull, inside of the skull (and brain)."""
ARTERY_X_MM, ARTERY_MM = 20.0, 3.0
"""A straight artery along y through (ARTERY_X_MM, y, 0) with this radius."""
VEIN_MM = 1.0


def ball(radius_mm: float, centre_mm: Point = (0.0, 0.0, 0.0)) -> Ellipsoid:
    """A ball about the origin unless told otherwise."""
    return Ellipsoid(centre_mm, (radius_mm,) * 3)


HEAD: Mapping[str, Ellipsoid | Tube] = {
    "scalp": ball(SKIN_MM),
    "skull": ball(BONE_MM),
    "brain": ball(INNER_MM),
    "grey_matter_left": Ellipsoid((-22.0, 0.0, 0.0), (10.0, 10.0, 40.0)),
    "lateral_ventricle_left": ball(8.0, (-10.0, 24.0, 0.0)),
    "lateral_ventricle_right": ball(8.0, (10.0, 24.0, 0.0)),
    "thalamus_right": ball(7.0, (12.0, -24.0, 0.0)),
    "artery": Tube(((ARTERY_X_MM, -30.0, 0.0), (ARTERY_X_MM, 30.0, 0.0)), (ARTERY_MM,) * 2),
    "tumour_core": ball(7.0),
    "vein": Tube(((0.0, -42.0, -12.0), (0.0, -38.0, -12.0)), (VEIN_MM,) * 2),
}
"""Further from what is planned here than the artery is."""


def bodies(
    solids: Mapping[str, Solid],
    *,
    spacing_mm: float = 2.0,
    extent_mm: float = 120.0,
    origin: Mapping[str, Origin] | None = None,
    times: int = 4,
) -> tuple[Anatomy, LabelMap]:
    """Some solids as an anatomy: labels on a grid, surfaces drawn from the closed forms.

    A skull is hollow: its inside is the brain's ball. `times` as in `icosphere`.
    """
    grid = box(spacing_mm=(spacing_mm,) * 3, extent_mm=(extent_mm,) * 3)
    labelmap = placed(solids, grid)
    structures = []
    for id, solid in solids.items():
        meshes = [drawn(solid, times=times)]
        if id == "skull":
            vertices, faces = drawn(solids["brain"], times=times)
            meshes.append((vertices, faces[:, ::-1]))
        structures.append(structure(id, meshes, labelmap, (origin or {}).get(id, "manual")))
    return Anatomy(grid.frame, tuple(structures)), labelmap


def structure(id: str, meshes: list[Mesh], labelmap: LabelMap, origin: Origin) -> Structure:
    """One structure bounded by all of these meshes."""
    starts = np.cumsum([0, *(len(vertices) for vertices, _ in meshes)])
    surface = Surface(
        np.concatenate([vertices for vertices, _ in meshes]).astype(np.float32),
        np.concatenate([f + n for (_, f), n in zip(meshes, starts, strict=False)]).astype("<u4"),
        labelmap.grid.frame,
    )
    term, side = split(id)
    return Structure(
        id=id, title=title(id), code=term.code, side=side, colour=term.colour,
        opacity=term.opacity, origin=origin, sigma_mm=term.sigma_mm,
        volume_ml=labelmap.volume_ml(id), surface_volume_ml=surface.volume_ml,
        watertight=surface.closed, surface_p95_mm=0.0,
        surfaces={"fine": surface, "coarse": surface},
    )  # fmt: skip


def drawn(solid: Solid, *, times: int = 4) -> Mesh:
    """An ellipsoid, or a straight tube of one radius along y."""
    vertices, faces = icosphere(times)
    if isinstance(solid, Tube):
        (start, end), (radius, _) = solid.points_mm, solid.radii_mm
        half = (end[1] - start[1]) / 2
        middle = np.add(start, end) / 2
        stretched = vertices * radius
        stretched[:, 1] += np.where(vertices[:, 1] > 0, half, -half)
        return stretched + middle, faces
    if not isinstance(solid, Ellipsoid):
        raise TypeError(f"Nothing draws a {type(solid).__name__}.")
    return vertices * solid.half_mm + solid.centre_mm, faces


@cache
def icosphere(times: int) -> Mesh:
    """A unit ball of 20 * 4**times triangles, all vertices on the sphere."""
    from scipy.spatial import ConvexHull

    g = (1 + 5**0.5) / 2
    corners = [(0, a, b * g) for a in (-1, 1) for b in (-1, 1)]
    vertices = np.array([np.roll(c, k) for c in corners for k in range(3)]) / np.hypot(1, g)
    for _ in range(times):
        faces = ConvexHull(vertices).simplices
        edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
        edges = np.unique(np.sort(edges, axis=1), axis=0)
        middles = vertices[edges].sum(axis=1)
        middles /= np.linalg.norm(middles, axis=1, keepdims=True)
        vertices = np.concatenate([vertices, middles])
    faces = ConvexHull(vertices).simplices
    a, b, c = (vertices[faces[:, n]] for n in range(3))
    inward = (np.cross(b - a, c - a) * a).sum(axis=1) < 0
    faces[inward] = faces[inward][:, ::-1]
    return vertices, faces


def block(x_mm: float, y_mm: float, z_mm: float) -> Surface:
    """A box of these sides about the origin, in twelve triangles."""
    x, y, z = x_mm / 2, y_mm / 2, z_mm / 2
    vertices = np.array([[a, b, c] for a in (-x, x) for b in (-y, y) for c in (-z, z)])
    faces = [
        (0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1),
        (2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3),
    ]  # fmt: skip
    return Surface(vertices.astype(np.float32), np.array(faces, dtype=np.uint32), FRAME)
