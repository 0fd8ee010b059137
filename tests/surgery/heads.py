"""Small bodies with closed-form answers for planning, made once a session."""

from collections.abc import Mapping
from functools import cache

import numpy as np

from anatomy.geometry import Floats, Point, moved
from anatomy.grid import Grid
from anatomy.phantom import box, placed
from anatomy.solids import Ellipsoid, Solid, Tube
from anatomy.structure import Anatomy, Structure
from anatomy.surface import Surface
from anatomy.terms import split, title
from anatomy.volume import LabelMap
from surgery.plan import Placement, Plan, Trajectory
from surgery.scene import Scene

SKIN_MM, BONE_MM, INNER_MM = 56.0, 52.0, 46.0
"""Radii of a ball of a head: skin, outside of the skull, inside of the skull (and brain)."""
ARTERY_X_MM, ARTERY_MM = 20.0, 3.0
"""A straight artery along y through (ARTERY_X_MM, y, 0) with this radius."""


def ball(radius_mm: float, centre_mm: Point = (0.0, 0.0, 0.0)) -> Ellipsoid:
    return Ellipsoid(centre_mm, (radius_mm,) * 3)


HEAD: Mapping[str, Solid] = {
    "scalp": ball(SKIN_MM),
    "skull": ball(BONE_MM),
    "brain": ball(INNER_MM),
    "grey_matter_left": Ellipsoid((-22.0, 0.0, 0.0), (10.0, 10.0, 40.0)),
    "lateral_ventricle_left": ball(8.0, (-10.0, 24.0, 0.0)),
    "lateral_ventricle_right": ball(8.0, (10.0, 24.0, 0.0)),
    "thalamus_right": ball(7.0, (12.0, -24.0, 0.0)),
    "artery": Tube(((ARTERY_X_MM, -30.0, 0.0), (ARTERY_X_MM, 30.0, 0.0)), (ARTERY_MM,) * 2),
    "tumour_core": ball(7.0),
}


def scene_of(
    solids: Mapping[str, Solid],
    *,
    spacing_mm: float = 2.0,
    extent_mm: float = 120.0,
    origin: Mapping[str, str] | None = None,
) -> Scene:
    """The scene of some solids: labels on a grid, surfaces drawn from the closed forms.

    A skull is hollow: its inside is the brain's ball.
    """
    grid = box(spacing_mm=(spacing_mm,) * 3, extent_mm=(extent_mm,) * 3)
    labelmap = placed(solids, grid)
    structures = []
    for id, solid in solids.items():
        meshes = [drawn(solid)]
        if id == "skull":
            vertices, faces = drawn(solids["brain"])
            meshes.append((vertices, faces[:, ::-1]))
        structures.append(structure(id, meshes, labelmap, (origin or {}).get(id, "manual")))
    return Scene(Anatomy(grid.frame, tuple(structures)), labelmap)


def structure(
    id: str, meshes: list[tuple[Floats, np.ndarray]], labelmap: LabelMap, origin: str
) -> Structure:
    starts = np.cumsum([0, *(len(vertices) for vertices, _ in meshes)])
    surface = Surface(
        np.concatenate([vertices for vertices, _ in meshes]).astype(np.float32),
        np.concatenate([f + n for (_, f), n in zip(meshes, starts, strict=False)]),
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


def drawn(solid: Solid) -> tuple[Floats, np.ndarray]:
    """Vertices and outward faces of an ellipsoid or of a straight tube along y."""
    vertices, faces = icosphere()
    if isinstance(solid, Tube):
        (start, end), (radius, _) = solid.points_mm, solid.radii_mm
        half = (end[1] - start[1]) / 2
        middle = np.add(start, end) / 2
        stretched = vertices * radius
        stretched[:, 1] += np.where(vertices[:, 1] > 0, half, -half)
        return stretched + middle, faces
    assert isinstance(solid, Ellipsoid)
    return vertices * solid.half_mm + solid.centre_mm, faces


@cache
def icosphere(times: int = 4) -> tuple[Floats, np.ndarray]:
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


@cache
def head(*without: str) -> Scene:
    """A layered ball of a head with an artery, ventricles, a thalamus and a tumour."""
    return scene_of({id: solid for id, solid in HEAD.items() if id not in without})


def turned(scene: Scene, by: Floats) -> Scene:
    """The same patient, moved by a rigid (4, 4) map."""
    from dataclasses import replace

    grid = scene.labelmap.grid
    lattice = Grid(grid.shape, by @ grid.ijk_to_ras, grid.frame)
    labelmap = LabelMap(grid=lattice, labels=scene.labelmap.labels, key=scene.labelmap.key)
    structures = [
        replace(
            one,
            surfaces={
                level: Surface(
                    moved(surface.vertices_mm, by).astype(np.float32), surface.faces, surface.frame
                )
                for level, surface in one.surfaces.items()
            },
        )
        for one in scene.anatomy
    ]
    return Scene(Anatomy(grid.frame, tuple(structures)), labelmap)


def path(entry_mm: Point, target_mm: Point) -> Trajectory:
    return Trajectory(entry_mm=entry_mm, target_mm=target_mm, frame="phantom")


def put(device: str, entry_mm: Point, target_mm: Point, **more: float) -> Placement:
    return Placement(device=device, trajectory=path(entry_mm, target_mm), **more)


def plan(scene: Scene, procedure: str, *placements: Placement) -> Plan:
    return Plan(id="p1", procedure=procedure, anatomy=scene.digest, placements=placements)
