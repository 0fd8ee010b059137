"""The template laid over one head: a deterministic pose, an affine fit, a smooth warp.

Coordinates: "working" are voxels of the working lattice (1 mm), "template" are voxels of the
template's lattice (1 mm). greedy runs in a process of its own (`segment/apart.py`).
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy.geometry import Floats
from anatomy.segment.apart import THREADS, call
from anatomy.segment.lattice import bounds
from anatomy.segment.morphology import blocks, grown
from anatomy.segment.pose import poses
from anatomy.template import Template
from anatomy.volume import Mask

Array = NDArray[np.float32]
Box = tuple[slice, slice, slice]
Poll = Callable[[float], None]
COARSE = 4
"""Lattice of the affine fit [mm]."""
FINE = 2
"""Lattice of the warps [mm]; 1 mm costs six times as much and gains nothing measurable."""
MARGIN = 16
"""Room around the template in the affine fit [mm]."""


@dataclass(frozen=True)
class Stage:
    """How hard a warp tries: greedy's iterations by level and its two smoothing widths."""

    rounds: str
    smooth: str
    reach_mm: float
    """How far outside the brain the images are compared."""


ENVELOPE = Stage("60x40x0", "3vox 1vox", 6)
"""Finds the outline of the brain in a whole head: stiff, and it sees the dark rim around."""
DETAIL = Stage("60x40x20", "2vox 0.5vox", 3)
"""Finds the nuclei and ventricles in a bare brain."""


def template_from_mni(template: Template) -> Floats:
    """(4, 4) MNI [mm] to template voxels."""
    matrix = np.eye(4)
    matrix[:3, 3] = -template.origin_mm
    return matrix


def fit_affine(
    image: Array, head: Mask, template: Template, *, bare: bool, ignore: Mask | None, poll: Poll
) -> Floats:
    """(4, 4) template voxels to working voxels.

    `bare`: the image holds no scalp; `ignore`: voxels that are no normal brain (a tumour).
    """
    start = poses(image, head, template, bare=bare) @ np.linalg.inv(template_from_mni(template))
    lattice = np.eye(4)
    lattice[:3, :3] *= COARSE
    lattice[:3, 3] = COARSE / 2 - 0.5 - MARGIN
    shape = tuple(-(-(n + 2 * MARGIN) // COARSE) for n in template.t1.shape)

    def seen(array: Array, to: Floats) -> Array:
        return ndimage.affine_transform(array, to[:3, :3], to[:3, 3], shape, order=1)

    width = COARSE / 2.5
    fixed = seen(ndimage.gaussian_filter(template.t1, width), lattice)
    moving = seen(ndimage.gaussian_filter(image, width), start @ lattice)
    near = grown(np.pad(template.brain[::2, ::2, ::2], 2), 1.5)
    half = np.eye(4)
    half[:3, :3] *= 0.5
    half[:3, 3] = 2
    mask = seen(near.astype(np.float32), half @ lattice) > 0.5
    if ignore is not None:
        mask &= seen(ignore.astype(np.float32), start @ lattice) < 0.2
    moved = call(
        "anatomy.segment.native:affine",
        fixed, moving, mask, (7, 12),
        what="Fitting the average brain to the head", poll=poll,
    )  # fmt: skip
    return np.asarray(start @ lattice @ moved @ np.linalg.inv(lattice))


def carried(
    array: NDArray[Any], affine: Floats, shape: tuple[int, ...], box: Box | None = None
) -> Array:
    """A template array on the working lattice (or a box of it) by the affine alone, linear."""
    back = np.linalg.inv(affine)
    start = np.zeros(3)
    if box is not None:
        start = np.array([b.start for b in box], float)
        shape = tuple(b.stop - b.start for b in box)
    return ndimage.affine_transform(
        array.astype(np.float32),
        back[:3, :3],
        back[:3, 3] + back[:3, :3] @ start,
        shape,
        order=1,
    )


def brain_box(affine: Floats, template: Template, shape: tuple[int, ...], *, pad: int) -> Box:
    """The box of the affinely carried brain, grown by `pad` voxels, cut at the lattice."""
    corners = np.argwhere(template.brain)[::50]
    at = corners @ affine[:3, :3].T + affine[:3, 3]
    low = np.clip(np.floor(at.min(0)).astype(int) - pad, 0, np.array(shape) - 2)
    high = np.clip(np.ceil(at.max(0)).astype(int) + pad + 1, low + 2, shape)
    a, b, c = (slice(int(s), int(e)) for s, e in zip(low, high, strict=True))
    return a, b, c


def fit_warp(
    image: Array,
    box: Box,
    affine: Floats,
    template: Template,
    stage: Stage,
    *,
    ignore: Mask | None,
    poll: Poll,
) -> Array:
    """Displacement (3, ...) [working voxels] on the FINE lattice of `box`, float32.

    `image` covers `box` only. At working x the head looks like the template at
    affine^-1 (x + displacement).
    """
    fixed = blocks(image, FINE)
    lattice = np.eye(4)
    lattice[:3, :3] *= FINE
    lattice[:3, 3] = np.array([b.start for b in box]) + (FINE - 1) / 2
    back = np.linalg.inv(affine) @ lattice

    def seen(array: Array) -> Array:
        return ndimage.affine_transform(array, back[:3, :3], back[:3, 3], fixed.shape, order=1)

    moving = seen(ndimage.gaussian_filter(template.t1, 0.7))
    mask = grown(seen(template.brain.astype(np.float32)) > 0.5, stage.reach_mm / FINE)
    if ignore is not None:
        mask &= blocks(ignore.astype(np.float32), FINE) < 0.2
    field = call(
        "anatomy.segment.native:warp",
        fixed, moving, mask, stage.rounds, stage.smooth,
        what="Bending the average brain to this one", poll=poll,
    )  # fmt: skip
    return np.asarray(field * FINE, np.float32)


def template_points(field: Array, box: Box, affine: Floats, where: Mask | None = None) -> Array:
    """Template voxel coordinates (3, n) or (3, ...) of the voxels of `box` (in `where`)."""
    shape = tuple(b.stop - b.start for b in box)
    start = np.array([b.start for b in box], np.float32)
    inside = np.ones(shape, bool) if where is None else where
    ijk = np.stack(np.nonzero(inside)).astype(np.float32)
    at = (ijk - (FINE - 1) / 2) / FINE
    moved = np.empty_like(ijk)

    def bend(axis: int) -> None:
        ndimage.map_coordinates(field[axis], at, order=1, mode="nearest", output=moved[axis])

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(bend, range(3)))
    moved += ijk + start[:, None]
    back = np.linalg.inv(affine)
    points = (back[:3, :3] @ moved + back[:3, 3:4]).astype(np.float32)
    return points.reshape(3, *shape) if where is None else points


def sampled(array: NDArray[Any], points: Array) -> Array:
    """A template array at template points, linear, zero outside."""
    result = np.empty(points.shape[1:], np.float32)
    ends = np.linspace(0, len(result), THREADS + 1, dtype=int)

    def look(part: slice) -> None:
        ndimage.map_coordinates(array, points[:, part], order=1, output=result[part])

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(look, map(slice, ends[:-1], ends[1:])))
    return result


def sampled_part(array: Array, points: Array) -> Array:
    """`sampled` for an array that is zero except in a small box."""
    box = bounds(array > 0, 1)
    result = np.zeros(points.shape[1:], np.float32)
    if box is None:
        return result
    near = np.ones(points.shape[1:], bool)
    for axis, span in enumerate(box):
        near &= (points[axis] > span.start - 1) & (points[axis] < span.stop)
    shift = np.array([b.start for b in box], np.float32)[:, None]
    result[near] = sampled(array[box], points[:, near] - shift)
    return result
