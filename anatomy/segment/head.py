"""The head in the field of view: everything inside the skin."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy.errors import ReadError
from anatomy.volume import Mask


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


def largest(mask: Mask) -> Mask:
    """The largest 6-connected part of a mask; the mask itself where it is empty."""
    parts, count = ndimage.label(mask)
    if count <= 1:
        return mask
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return np.asarray(parts == sizes.argmax())


def closed(mask: Mask, radius: float) -> Mask:
    """Closing by a ball of `radius` voxels, with room at the edges."""
    pad = int(np.ceil(radius)) + 1
    padded = np.pad(mask, pad)
    grown = ndimage.distance_transform_edt(~padded) <= radius
    result = (ndimage.distance_transform_edt(grown) > radius) | padded
    return np.ascontiguousarray(result[pad:-pad, pad:-pad, pad:-pad])


def grown(mask: Mask, radius: float) -> Mask:
    """Dilation by a ball of `radius` voxels."""
    return np.asarray(ndimage.distance_transform_edt(~mask) <= radius)


def shrunk(mask: Mask, radius: float) -> Mask:
    """Erosion by a ball of `radius` voxels; the edge of the array does not erode."""
    return np.asarray(
        ndimage.distance_transform_edt(np.pad(mask, 1, mode="edge"))[1:-1, 1:-1, 1:-1] > radius
    )


def head_mask(image: NDArray[np.float32]) -> Mask:
    """The solid bounded by the skin, on a lattice of 1 mm.

    Half of Otsu's threshold on the smoothed image, largest part, closed by 6 mm, filled in the
    volume and in every plane (nostrils and ears open to air only out of plane).
    """
    smooth = ndimage.gaussian_filter(image, 1)
    mask = largest(smooth > 0.5 * otsu(smooth[::2, ::2, ::2]))
    mask = closed(mask, 6)
    mask = np.asarray(ndimage.binary_fill_holes(mask))
    for axis in range(3):
        for plane in np.moveaxis(mask, axis, 0):
            plane[...] = ndimage.binary_fill_holes(plane)
    return mask
