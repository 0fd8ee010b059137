"""The brain in the head: the carried outline corrected by what the image shows."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy.segment.morphology import closed, distance, filled, grown, largest, opened
from anatomy.volume import Mask

Array = NDArray[np.float32]
CORE_MM = 7.0
"""Deeper than this inside the carried outline everything is brain."""
REACH_MM = 5.0
"""Farther than this outside the carried outline nothing is brain."""
CLOSING_MM = 5.0
RIM_MM = 1.0
"""The brain ends this far outside its tissue: pia and the fluid on it."""


def levels(image: Array, inside: Mask) -> tuple[float, float, float]:
    """Typical values of fluid, grey and white matter: three classes of `inside` by k-means."""
    values = np.sort(image[inside].ravel())
    low, high = values[int(0.01 * values.size)], values[int(0.99 * values.size)]
    values = values[(values >= low) & (values <= high)]
    centres = np.array([values[int(q * values.size)] for q in (0.08, 0.4, 0.8)], float)
    total = np.concatenate([[0.0], np.cumsum(values, dtype=float)])
    for _ in range(30):
        cuts = np.searchsorted(values, (centres[1:] + centres[:-1]) / 2)
        edges = np.array([0, *cuts, values.size])
        counts = np.maximum(np.diff(edges), 1)
        centres = np.diff(total[edges]) / counts
    return float(centres[0]), float(centres[1]), float(centres[2])


def refined(image: Array, outline: Mask) -> Mask:
    """The brain mask: tissue near the carried `outline`, freed of bridges, closed and filled.

    Both cover the same box; `image` is freed of shading.
    """
    deep = distance(~outline)
    far = distance(outline)
    fluid, grey, white = levels(image, deep > 2)
    smooth = ndimage.gaussian_filter(image, 0.5)
    tissue = (smooth > 0.5 * (fluid + grey)) & (smooth < white + 1.2 * (white - grey))
    tissue &= far < REACH_MM
    core = deep > CORE_MM
    free = opened(tissue, 1.9)
    free = largest(free | core)
    near = free | (tissue & (deep > 3))
    solid = filled(closed(near, CLOSING_MM))
    solid = grown(solid, RIM_MM) & (far < REACH_MM)
    return largest(solid)


def bare_brain(solid: Mask, outline: Mask) -> Mask:
    """The brain of a stripped image: its own solid, near the carried outline."""
    return largest(filled(solid) & grown(outline, 2 * REACH_MM))
