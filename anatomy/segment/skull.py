"""The skull as T1 lets it be guessed: the dark layer between brain and skin."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy.segment.lattice import bounds
from anatomy.segment.morphology import closed, distance, largest, opened
from anatomy.volume import Mask

Array = NDArray[np.float32]
SKIN_MM = 2.5
"""No bone this close to the skin."""
DARK = 0.6
"""Bone is darker than this times grey matter."""
APART = 0.08
"""Fluid and bone are told apart where they differ by this times grey matter."""
FLUID_MM = 3.5
"""Fluid lies at most this far outside the closed brain."""
THICK_MM = 26.0
"""No bone farther than this from the brain cavity."""


def skull(image: Array, head: Mask, brain: Mask, *, grey: float, fluid: float) -> Mask:
    """The estimated skull. `grey`, `fluid`: typical values of both in `image`."""
    result = np.zeros(image.shape, bool)
    box = bounds(brain, int(THICK_MM) + 8)
    if box is not None:
        result[box] = _skull(image[box], head[box], brain[box], grey, fluid)
    return result


def _skull(image: Array, head: Mask, brain: Mask, grey: float, fluid: float) -> Mask:
    cavity = _with_fluid(image, closed(brain, 8), grey, fluid)
    out, under = distance(cavity), distance(~head)
    smooth = ndimage.gaussian_filter(image, 0.7)
    dark = (smooth < DARK * grey) & (out > 0.9) & (out < THICK_MM) & (under > SKIN_MM)
    return closed(largest(dark), 5) & ~cavity & (under > SKIN_MM) & ~brain


def _with_fluid(image: Array, cavity: Mask, grey: float, fluid: float) -> Mask:
    """The cavity grown through fluid, where the image tells fluid from bone at all."""
    smooth = ndimage.gaussian_filter(image, 1.2)
    out = distance(cavity)
    shell = (out > 4) & (out < 9) & (smooth < DARK * grey)
    bone = float(np.median(smooth[shell])) if shell.any() else fluid
    if fluid - bone < APART * grey:
        return cavity
    wet = (smooth > bone + 0.6 * (fluid - bone)) & (smooth < DARK * grey + 0.1 * grey)
    wet = opened(wet & (out <= FLUID_MM), 1) | cavity
    return closed(np.asarray(ndimage.binary_propagation(cavity, mask=wet)), 2)
