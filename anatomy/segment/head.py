"""The head in the field of view: everything inside the skin."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy.errors import ReadError
from anatomy.segment.morphology import (
    closed,
    doubled,
    filled,
    halved,
    largest,
    shrunk,
)
from anatomy.volume import Mask

BARE_ML = 2300.0
"""Brains are smaller, whole heads larger (docs/evidence.md#bare-brain)."""
BLANK = 0.25
"""A stripped image is exactly one value in at least this share of its voxels."""


def otsu(values: NDArray[Any], *, bins: int = 256) -> float:
    """Otsu's threshold between the two classes of `values`, clipped at the 99.5th percentile."""
    high = float(np.percentile(values, 99.5))
    low = float(values.min())
    if high <= low:
        raise ReadError("The image holds one value only: there is nothing to see in it.")
    counts, edges = np.histogram(np.clip(values, low, high), bins=bins, range=(low, high))
    centre = (edges[1:] + edges[:-1]) / 2
    weight = np.cumsum(counts)
    mass = np.cumsum(counts * centre)
    below, above = weight[:-1], weight[-1] - weight[:-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = mass[:-1] / below - (mass[-1] - mass[:-1]) / above
    between = np.nan_to_num(below * above * gap**2)
    return float(edges[int(between.argmax()) + 1])


def head_mask(image: NDArray[np.float32]) -> Mask:
    """The solid bounded by the skin, on a lattice of 1 mm.

    Found at 2 mm (half of Otsu's threshold, largest piece, closed by 6 mm, filled in the volume
    and in every plane), then its skin is drawn at 1 mm at half of the skin's own brightness.
    """
    coarse = ndimage.gaussian_filter(halved(image), 0.5)
    level = otsu(coarse)
    solid = largest(coarse > 0.5 * level)
    solid = filled(closed(solid, 3))
    for axis in range(3):
        for plane in np.moveaxis(solid, axis, 0):
            plane[...] = ndimage.binary_fill_holes(plane)
    rim = solid & ~shrunk(solid, 3.5) & shrunk(solid, 0.9)
    skin = float(np.percentile(coarse[rim], 60)) if rim.any() else level
    cut = float(np.clip(0.5 * skin, 0.5 * level, level))
    sure = doubled(shrunk(solid, 1.5), image.shape)
    maybe = doubled(ndimage.binary_dilation(solid), image.shape)
    fine = ndimage.gaussian_filter(image, 0.6) > cut
    return filled(largest(sure | (maybe & fine)))


def is_bare(image: NDArray[np.float32], head: Mask) -> bool:
    """True where the skull was stripped: a brain-sized solid in a blank field."""
    blank = np.count_nonzero(image == image.flat[0]) / image.size
    return bool(head.sum() / 1000 < BARE_ML and blank > BLANK)
