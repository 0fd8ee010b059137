"""The layered ball of a head as a scene, made once a session, and plans in it."""

from collections.abc import Mapping
from functools import cache

import numpy as np

from anatomy.geometry import Floats, Point, moved
from anatomy.grid import Grid
from anatomy.phantom_bodies import (
    ARTERY_MM,
    ARTERY_X_MM,
    BONE_MM,
    HEAD,
    INNER_MM,
    SKIN_MM,
    ball,
    bodies,
    drawn,
    structure,
)
from anatomy.solids import Solid
from anatomy.structure import Anatomy, Origin
from anatomy.surface import Surface
from anatomy.volume import LabelMap
from surgery.plan import Placement, Plan, Trajectory
from surgery.scene import Scene

__all__ = [
    "ARTERY_MM", "ARTERY_X_MM", "BONE_MM", "HEAD", "INNER_MM", "SKIN_MM",
    "ball", "drawn", "head", "path", "plan", "put", "scene_of", "structure", "turned",
]  # fmt: skip


def scene_of(
    solids: Mapping[str, Solid],
    *,
    spacing_mm: float = 2.0,
    extent_mm: float = 120.0,
    origin: Mapping[str, Origin] | None = None,
) -> Scene:
    return Scene(*bodies(solids, spacing_mm=spacing_mm, extent_mm=extent_mm, origin=origin))


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
