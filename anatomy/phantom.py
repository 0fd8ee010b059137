"""Bodies with known answers: solids on any grid, a marker, and a whole head with exact labels."""

import math
from collections.abc import Mapping

import numpy as np

from anatomy.errors import GeometryError
from anatomy.geometry import Floats, Point
from anatomy.grid import Grid
from anatomy.phantom_head import Phantom, whole_head
from anatomy.solids import Ellipsoid, Place, Solid, Tube
from anatomy.volume import LabelMap, Volume, digest

__all__ = ["AXES", "Phantom", "box", "marker_volume", "placed", "sphere", "tube", "whole_head"]

FRAME = "phantom"
_PAIRS = ("RL", "AP", "SI")
AXES = tuple(
    "".join(_PAIRS[axis][flip >> place & 1] for place, axis in enumerate(order))
    for order in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))
    for flip in range(8)
)
"""All 48 orders of voxel axes by the direction in which each index grows: RAS, LAS ..."""


def box(
    *,
    axes: str = "RAS",
    spacing_mm: tuple[float, float, float] = (1.0, 1.0, 1.0),
    extent_mm: Point = (64.0, 64.0, 64.0),
    centre_mm: Point = (0.0, 0.0, 0.0),
    tilt_deg: float = 0.0,
) -> Grid:
    """A grid over a box of RAS extents [mm] about `centre_mm`, whose indices grow along `axes`.

    `spacing_mm` and `extent_mm` are in x, y, z order, so every order of axes has its voxel
    centres in the same places. `tilt_deg` turns the lattice about the body diagonal.
    """
    counts = [max(1, round(e / s)) for e, s in zip(extent_mm, spacing_mm, strict=True)]
    lattice = np.diag([*spacing_mm, 1.0])
    lattice[:3, 3] = [-(n - 1) * s / 2 for n, s in zip(counts, spacing_mm, strict=True)]
    lattice = _tilt(tilt_deg) @ lattice
    lattice[:3, 3] += centre_mm
    pick = np.zeros((4, 4))
    pick[3, 3] = 1
    shape = []
    for index, letter in enumerate(axes):
        world = next((i for i, pair in enumerate(_PAIRS) if letter in pair), None)
        if world is None or len(axes) != 3:
            raise GeometryError(f"{axes!r} is no order of axes such as RAS or LPI.", axes=axes)
        forward = letter == _PAIRS[world][0]
        pick[world, index] = 1 if forward else -1
        pick[world, 3] = 0 if forward else counts[world] - 1
        shape.append(counts[world])
    return Grid((shape[0], shape[1], shape[2]), lattice @ pick, FRAME)


def placed(solids: Mapping[str, Solid], grid: Grid) -> LabelMap:
    """Labels 1, 2, ... for the solids in order; a voxel belongs to the last one over its centre."""
    labels = np.zeros(grid.shape, dtype=np.uint16)
    where = place_of(grid)
    for number, solid in enumerate(solids.values(), 1):
        labels[solid.distance(where) < 0] = number
    return LabelMap(grid=grid, labels=labels, key=dict(enumerate(solids, 1)))


def sphere(
    radius_mm: float, *, grid: Grid, centre_mm: Point = (0.0, 0.0, 0.0), id: str = "tumour_core"
) -> LabelMap:
    """One ball; its volume is 4/3 pi r^3."""
    return placed({id: Ellipsoid(centre_mm, (radius_mm,) * 3)}, grid)


def tube(
    from_mm: Point, to_mm: Point, radius_mm: float, *, grid: Grid, id: str = "artery"
) -> LabelMap:
    """One straight tube with round ends; its volume is pi r^2 length + 4/3 pi r^3."""
    return placed({id: Tube((from_mm, to_mm), (radius_mm, radius_mm))}, grid)


def marker_volume(
    axes: str = "RAS",
    *,
    marker_mm: Point = (-34.0, 41.0, 23.0),
    radius_mm: float = 6.0,
    spacing_mm: tuple[float, float, float] = (2.0, 2.0, 2.0),
    tilt_deg: float = 0.0,
    seed: int = 0,
) -> Phantom:
    """A plain head-sized body with one bright ball, by default left, in front and high.

    The ball is `tumour_core` in the labels; nothing else about the body tells left from right.
    """
    extent: Point = (176.0, 216.0, 200.0)
    grid = box(axes=axes, spacing_mm=spacing_mm, extent_mm=extent, tilt_deg=tilt_deg)
    body = Ellipsoid((0.0, 0.0, 0.0), (70.0, 90.0, 80.0))
    ball = Ellipsoid(marker_mm, (radius_mm,) * 3)
    where, edge = place_of(grid), np.float32(max(spacing_mm))
    image = 100 * (0.5 - body.distance(where) / edge).clip(0, 1)
    image += 150 * (0.5 - ball.distance(where) / edge).clip(0, 1)
    # The same noise falls on the same place in every order of axes.
    upright = box(spacing_mm=spacing_mm, extent_mm=extent, tilt_deg=tilt_deg)
    i, j, k = np.moveaxis(np.rint(upright.ijk(np.stack(where, axis=-1))).astype(int), -1, 0)
    noise = np.random.default_rng(seed).normal(0, 1.5, size=upright.shape)
    voxels = np.abs(image + noise[i, j, k]).astype(np.float32)
    labels = placed({"scalp": body, "tumour_core": ball}, grid)
    source = digest("marker", axes, voxels)
    return Phantom(Volume(grid=grid, voxels=voxels, source=source), labels)


def place_of(grid: Grid) -> Place:
    """x, y, z [mm] of all voxel centres."""
    x, y, z = np.moveaxis(grid.ras(np.moveaxis(np.indices(grid.shape), 0, -1)), -1, 0)
    return x.astype(np.float32), y.astype(np.float32), z.astype(np.float32)


def _tilt(degrees: float) -> Floats:
    """A turn about the axis (1, 1, 1), (4, 4), by Rodrigues' formula."""
    axis, angle = np.ones(3) / math.sqrt(3), math.radians(degrees)
    k = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    out = np.eye(4)
    out[:3, :3] += math.sin(angle) * k + (1 - math.cos(angle)) * (k @ k)
    return out
