"""Where the brain lies in the head: a search over a fixed grid of poses, the same every time."""

from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy.geometry import Floats
from anatomy.segment.morphology import blocks
from anatomy.template import Template
from anatomy.volume import Mask

STEP = 8
"""Distance of the points that are compared [mm]."""
STARTS = 4
"""Poses of the fixed grid from which the search climbs."""
SKIN_MM = 8.0
TOP_MM = 77.0
"""The template's centre lies this far under the top of a head; 2 mm less for a bare brain."""


def poses(image: NDArray[np.float32], head: Mask, template: Template, *, bare: bool) -> Floats:
    """(4, 4) affine from MNI [mm] to working voxels that matches the template best.

    `image` and `head` lie on the working lattice; `bare`: the image holds no scalp.
    """
    centre = _centre(head, bare=bare)
    coarse, points, values = _prepare(image, head, template, centre, bare=bare)
    ranked: list[tuple[float, tuple[float, ...]]] = []
    tilts, turns, sizes = (-24, -12, 0, 12, 24), (-15, 0, 15), (0.9, 1.0, 1.1)
    for tilt, turn, lean, size, up, ahead in product(
        tilts, turns, turns, sizes, (-14, 0, 14), (-14, 0, 14)
    ):
        numbers = (tilt, lean, turn, 0.0, ahead, up, size, size, size)
        ranked.append((_score(numbers, coarse, points, values, centre), numbers))
    ranked.sort(reverse=True)
    climbed = [_climb(numbers, coarse, points, values, centre) for _, numbers in ranked[:STARTS]]
    _, best = max(climbed)
    return _matrix(best, centre)


def _prepare(
    image: NDArray[np.float32], head: Mask, template: Template, centre: Floats, *, bare: bool
) -> tuple[NDArray[np.float32], Floats, NDArray[np.float64]]:
    """The image at 4 mm, the template's points [mm] and values at 8 mm.

    Brightness is cut a little above that of the brain's middle, so that fat and a shaded neck do
    not outweigh the brain; the outer SKIN_MM of a whole head (scalp) counts as dark.
    """
    core = tuple(slice(max(int(c) - 45, 0), max(int(c), 0) + 46) for c in centre)
    inside = image[core][head[core]]
    bright = 1.4 * float(np.median(inside if inside.size else image[head]))
    coarse = blocks(np.clip(image, 0, bright), 4)
    if not bare:
        deep = 4 * ndimage.distance_transform_edt(blocks(head.astype(np.float32), 4) > 0.5)
        coarse = coarse * (deep > SKIN_MM)
    coarse = ndimage.gaussian_filter(coarse, 0.8)
    smooth = ndimage.gaussian_filter(template.t1, 3.2)
    wide = ndimage.binary_dilation(template.brain[::2, ::2, ::2], iterations=4)
    mask = np.repeat(np.repeat(np.repeat(wide, 2, 0), 2, 1), 2, 2)
    ijk = np.stack(np.meshgrid(*[np.arange(2, n, STEP) for n in template.t1.shape], indexing="ij"))
    ijk = ijk.reshape(3, -1)
    ijk = ijk[:, mask[tuple(ijk)]]
    return coarse, (ijk.T + template.origin_mm), smooth[tuple(ijk)].astype(float)


def _centre(head: Mask, *, bare: bool) -> Floats:
    """Where the template's centre is expected [working voxels]."""
    area = head[::2, ::2, ::2].sum((0, 1))
    top = 2 * int(np.flatnonzero(area > 50)[-1])
    slab = head[:, :, max(top - 130, 0) : top]
    x = np.flatnonzero(slab.any((1, 2)))
    y = np.flatnonzero(slab.any((0, 2)))
    down = TOP_MM - 12 if bare else TOP_MM
    return np.array(((x[0] + x[-1]) / 2, (y[0] + y[-1]) / 2, top - down))


def _matrix(numbers: tuple[float, ...], centre: Floats) -> Floats:
    """Turns [degrees] about x, y, z, shifts [voxels], scales, about the template's centre."""
    angles = np.radians(numbers[:3])
    (cx, cy, cz), (sx, sy, sz) = np.cos(angles), np.sin(angles)
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    matrix = np.eye(4)
    matrix[:3, :3] = about_z @ about_y @ about_x * np.array(numbers[6:9])
    middle = np.array((0.0, -18.0, 5.0))
    matrix[:3, 3] = centre + np.array(numbers[3:6]) - matrix[:3, :3] @ middle
    return matrix


def _score(
    numbers: tuple[float, ...],
    coarse: NDArray[np.float32],
    points: Floats,
    values: NDArray[np.float64],
    centre: Floats,
) -> float:
    """Correlation of template and image at the points."""
    matrix = _matrix(numbers, centre)
    at = (matrix[:3, :3] @ points.T + matrix[:3, 3:4] - 1.5) / 4
    seen = ndimage.map_coordinates(coarse, at, order=1, mode="constant")
    seen = seen - seen.mean()
    known = values - values.mean()
    return float((seen * known).sum() / (np.linalg.norm(seen) * np.linalg.norm(known) + 1e-9))


def _climb(
    numbers: tuple[float, ...],
    coarse: NDArray[np.float32],
    points: Floats,
    values: NDArray[np.float64],
    centre: Floats,
) -> tuple[float, tuple[float, ...]]:
    """The score and numbers that coordinate steps, halved three times, reach."""
    here = _score(numbers, coarse, points, values, centre)
    steps = np.array((6, 6, 6, 6, 6, 6, 0.05, 0.05, 0.05))
    for _ in range(4):
        moved = True
        while moved:
            moved = False
            for i, sign in product(range(9), (1, -1)):
                tried = list(numbers)
                tried[i] += sign * steps[i]
                if i >= 6 and not 0.75 <= tried[i] <= 1.3:
                    continue
                there = _score(tuple(tried), coarse, points, values, centre)
                if there > here + 1e-5:
                    numbers, here, moved = tuple(tried), there, True
        steps = steps / 2
    return here, numbers
