"""The skull as T1 lets it be guessed: the dark layer between brain and skin."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy.segment.head import closed, largest
from anatomy.volume import Mask

Array = NDArray[np.float32]
SKIN_MM = 2.5
"""No bone this close to the skin."""
THICK_MM = 22.0
"""No bone farther than this from the brain cavity."""


def skull(image: Array, head: Mask, brain: Mask, *, grey: float) -> Mask:
    """The estimated skull. `grey`: typical value of grey matter in `image`."""
    cavity = closed(brain, 8)
    out = ndimage.distance_transform_edt(~cavity)
    under = ndimage.distance_transform_edt(head)
    smooth = ndimage.gaussian_filter(image, 0.7)
    dark = (smooth < 0.6 * grey) & (out > 1) & (out < THICK_MM) & (under > SKIN_MM)
    solid = closed(largest(dark), 3) & ~cavity & (under > SKIN_MM)
    return np.asarray(solid & ~brain)
