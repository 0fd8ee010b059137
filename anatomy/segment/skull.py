"""The skull as T1 lets it be guessed: the dark layer between brain and skin."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy.segment.lattice import bounds
from anatomy.segment.morphology import closed, distance, largest
from anatomy.volume import Mask

Array = NDArray[np.float32]
SKIN_MM = 2.5
"""No bone this close to the skin."""
THICK_MM = 22.0
"""No bone farther than this from the brain cavity."""


def skull(image: Array, head: Mask, brain: Mask, *, grey: float) -> Mask:
    """The estimated skull. `grey`: typical value of grey matter in `image`."""
    result = np.zeros(image.shape, bool)
    box = bounds(brain, int(THICK_MM) + 8)
    if box is not None:
        result[box] = _skull(image[box], head[box], brain[box], grey)
    return result


def _skull(image: Array, head: Mask, brain: Mask, grey: float) -> Mask:
    cavity = closed(brain, 8)
    out = distance(cavity)
    under = distance(~head)
    smooth = ndimage.gaussian_filter(image, 0.7)
    dark = (smooth < 0.6 * grey) & (out > 1) & (out < THICK_MM) & (under > SKIN_MM)
    solid = closed(largest(dark), 3) & ~cavity & (under > SKIN_MM)
    return np.asarray(solid & ~brain)
