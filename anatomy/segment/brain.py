"""The brain in the head: the carried outline corrected by what the image shows."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy.segment.morphology import closed, distance, filled, grown, largest, opened
from anatomy.volume import Mask

Array = NDArray[np.float32]
CORE_MM = 7.0
"""Deeper than this inside the bent outline, and nearly so inside the affine one, all is brain."""
TRUST = 0.4
"""Weight of the bent outline against the affine one: the first follows the folds, the second
does not leak into the temporal fossa."""
REACH_MM = 2.5
"""Tissue farther than this outside the mean of both outlines is no brain."""
LEASH_MM = 5.0
"""Nor is it farther than this outside the bent outline."""
LEARNED_MM = 6.0
"""Where a learned mask says how far the skull's inside reaches, tissue may be this far outside the
mean of both outlines."""
CLOSING_MM = 5.5
RIM_MM = 1.0
"""The brain ends this far outside its tissue: pia and the fluid on it."""
FLUID_MM = 2.0
"""Well inside both outlines it includes this much fluid (an atrophied brain's surface)."""


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


def signed(mask: Mask) -> Array:
    """Signed distance [voxels], negative inside."""
    return distance(mask) - distance(~mask)


def refined(image: Array, bent: Mask, affine: Mask, cavity: Mask | None = None) -> Mask:
    """The brain mask: tissue near the carried outlines, freed of bridges, closed and filled.

    `bent` is the outline carried by the warp, `affine` by the affine alone; all cover one box,
    and `image` is freed of shading. `cavity`, where a learned mask gave it, is the inside of the
    skull: nothing beyond it is brain, and within it tissue may lie farther from the outlines.
    """
    far, away = signed(bent), signed(affine)
    both = TRUST * far + (1 - TRUST) * away
    fluid, grey, white = levels(image, both < -3)
    smooth = ndimage.gaussian_filter(image, 0.5)
    tissue = (smooth > 0.5 * (fluid + grey)) & (smooth < white + 1.2 * (white - grey))
    if cavity is None:
        reach, room = REACH_MM, far < LEASH_MM
    else:
        reach, room = LEARNED_MM, cavity
    tissue &= (both < reach) & room
    core = (far < -CORE_MM) & (away < 2 - CORE_MM)
    core = core if cavity is None else core & cavity
    free = opened(tissue, 1.9)
    free &= (both < 0) | opened(tissue, 3)
    near = largest(free | core) | (tissue & (both < -3))
    solid = filled(closed(near, CLOSING_MM))
    beyond = distance(solid)
    solid = (beyond <= RIM_MM) & (both < reach + 1)
    solid |= (beyond <= FLUID_MM) & (both < -1)
    return largest(solid if cavity is None else solid & cavity)


def bare_brain(solid: Mask, outline: Mask) -> Mask:
    """The brain of a stripped image: its own solid, near the carried outline."""
    return largest(filled(solid) & grown(outline, 10))
