"""The skull as T1 lets it be guessed: the dark layer between the brain's fluid and the skin."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy.segment.lattice import bounds
from anatomy.segment.morphology import closed, distance, doubled, halved, largest, opened
from anatomy.volume import Mask

Array = NDArray[np.float32]
SKIN_MM = 2.5
"""No bone this close to the skin."""
DARK = 0.57
"""Bone is darker than this times grey matter near it."""
MARROW = 0.75
"""Fluid is darker than this times grey matter near it."""
APART = 0.06
"""Fluid and bone are told apart where they differ by this times grey matter."""
CUT = 0.45
"""Where the border between them lies, from bone (0) to fluid (1)."""
COVER_MM = 9.0
"""Fluid lies at least this deep under the skin: scalp and bone cover it."""
FLUID_MM = 12.0
"""Fluid lies at most this far outside the hull of the brain."""
THICK_MM = 20.0
"""No bone farther than this from the brain cavity."""
THIN_MM = 3.0
"""Around the fluid, the vault (upper half) is at least this thick unless as bright as fat."""
WALL_MM = 5.0
"""The vault is at least this thick inwards from its outer face: its diploe may pass for fluid."""
FAT = 1.2
"""Fat of the scalp is brighter than this times grey matter."""
AIR = 0.5
"""Air is darker than this times bone."""
AIR_MM = 3.0
"""Radius of the smallest ball of air that is taken out of the bone (sinuses)."""


def skull(image: Array, head: Mask, brain: Mask, *, grey: float, fluid: float) -> Mask:
    """The estimated skull. `grey`, `fluid`: typical values of both in `image`."""
    result = np.zeros(image.shape, bool)
    box = bounds(brain, int(THICK_MM) + 8)
    if box is not None:
        result[box] = _skull(image[box], head[box], brain[box], grey, fluid)
    return result


def _skull(image: Array, head: Mask, brain: Mask, grey: float, fluid: float) -> Mask:
    fine = ndimage.gaussian_filter(image, 0.7)
    smooth = ndimage.gaussian_filter(image, 1.0)
    near = _grey_nearby(smooth, brain, grey)
    under = distance(~head)
    tall = np.flatnonzero(brain.any((0, 1)))
    vault = (np.arange(brain.shape[2]) > (tall[0] + tall[-1]) / 2)[None, None]
    cavity, bone = _cavity(smooth / near, brain, vault, under, min(fluid / grey, DARK))
    out = distance(cavity)
    air = _coarse((fine < AIR * bone * grey) & head & ~cavity, lambda m: opened(m, AIR_MM / 2))
    within = ~cavity & ~brain & ~air & (under > SKIN_MM)
    dark = within & (fine < DARK * near) & (out < THICK_MM)
    layer = within & (out <= THIN_MM) & vault & (smooth < FAT * near)
    found = closed(largest(dark | layer), 4) & within
    return found | _wall(cavity | found, vault & ~ndimage.binary_dilation(brain) & ~air)


def _wall(solid: Mask, where: Mask) -> Mask:
    """What of `where` lies under the outer face of the closed `solid`, `WALL_MM` deep."""
    solid = _coarse(solid, lambda m: closed(m, 2))
    return solid & where & (distance(~solid) <= WALL_MM)


def _cavity(
    level: Array, brain: Mask, vault: Mask, under: Array, fluid: float
) -> tuple[Mask, float]:
    """The brain with the fluid on it, and the level of bone (grey matter is 1).

    The brain's hull bridges the petrous bone and the sphenoid wings: what is as dark as bone in
    it counts as fluid only in the vault, where no bone reaches into the hull.
    """
    hull = _coarse(brain, lambda m: closed(m, 4)) | brain
    out = distance(hull)
    bone, wet = _two_levels(level[(out > 1) & (out < 9) & (level < DARK)], fluid)
    if wet - bone < APART:
        return hull, bone
    cut = bone + CUT * (wet - bone)
    start = brain | (hull & ((level > cut) | vault))
    moist = (level > cut) & (level < MARROW) & (out <= FLUID_MM) & (under > COVER_MM)
    moist = ndimage.binary_opening(moist | start, ndimage.generate_binary_structure(3, 2)) | start
    reached = np.asarray(ndimage.binary_propagation(start, mask=moist))
    return _coarse(reached, lambda m: closed(opened(m, 2), 1)) | start, bone


def _two_levels(values: Array, high: float) -> tuple[float, float]:
    """Bone and fluid among dark values, by two-means from a low percentile and `high`."""
    if values.size == 0:
        return high, high
    low = float(np.percentile(values, 15))
    for _ in range(15):
        upper = values >= (low + high) / 2
        if upper.all() or not upper.any():
            break
        low, high = float(values[~upper].mean()), float(values[upper].mean())
    return low, high


def _grey_nearby(smooth: Array, brain: Mask, grey: float) -> Array:
    """The level of grey matter near each voxel: shading goes on beyond the brain."""
    few = (slice(None, None, 4),) * 3
    tissue = ndimage.binary_erosion(brain[few]) & (np.abs(smooth[few] - grey) < 0.25 * grey)
    weight = ndimage.gaussian_filter(tissue.astype(np.float32), 7, mode="constant")
    total = ndimage.gaussian_filter(tissue * smooth[few], 7, mode="constant")
    level = np.where(weight > 1e-7, total / np.maximum(weight, 1e-7), grey).astype(np.float32)
    zoom = [n / m for n, m in zip(smooth.shape, level.shape, strict=True)]
    return np.asarray(ndimage.zoom(level, zoom, order=1, grid_mode=True, mode="nearest"))


def _coarse(mask: Mask, work: Callable[[Mask], Mask]) -> Mask:
    """`work` done on a lattice of 2 mm."""
    return doubled(work(halved(mask) > 0.5), mask.shape)
