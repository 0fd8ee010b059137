"""From tissue classes to named parts of the brain, each voxel one part."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy.register import sampled_part
from anatomy.segment.morphology import distance, largest, sizeable
from anatomy.segment.tissue import CLASSES
from anatomy.template import Template
from anatomy.volume import Mask

Array = NDArray[np.float32]
SIDES = ("left", "right")
NAMES = (
    "scalp", "skull", "brain",
    *(f"{part}_{side}" for part in (
        "grey_matter", "white_matter", "lateral_ventricle", "thalamus", "caudate", "putamen",
        "pallidum", "hippocampus", "amygdala",
    ) for side in SIDES),
    "third_ventricle", "fourth_ventricle", "brainstem", "cerebellum",
)  # fmt: skip
"""Structures in the order of their numbers, from 1."""
NUMBER = {name: i + 1 for i, name in enumerate(NAMES)}
ORIGIN = {
    "skull": "estimated",
    **dict.fromkeys(
        ("thalamus", "caudate", "putamen", "pallidum", "hippocampus", "amygdala", "brainstem"),
        "atlas",
    ),
}
"""Where a part comes from, if not seen in the image alone ("automatic")."""
DEEP_MM = 6.0
"""A ventricle lies at least this deep under the brain's surface."""
NEAR_MM = 8.0
"""A lateral ventricle reaches at most this far beyond the carried one."""


def parts(post: Array, inside: Mask, points: Array, template: Template) -> NDArray[np.uint8]:
    """Numbers of NAMES on the box of `inside`; "brain" where nothing finer is known.

    `post` (classes, n) and `points` (3, n, template voxels) follow the voxels of `inside`.
    """
    winner = post.argmax(0)
    right = points[0] > (template.t1.shape[0] - 1) / 2
    flat = np.full(winner.shape, NUMBER["brain"], np.uint8)
    for k, name in enumerate(CLASSES):
        chosen = winner == k
        if name.startswith("cerebellum"):
            flat[chosen] = NUMBER["cerebellum"]
        elif name == "brainstem":
            flat[chosen] = NUMBER["brainstem"]
        elif f"{name}_left" in NUMBER:
            flat[chosen & ~right] = NUMBER[f"{name}_left"]
            flat[chosen & right] = NUMBER[f"{name}_right"]
    labels = np.zeros(inside.shape, np.uint8)
    labels[inside] = flat
    side = np.zeros(inside.shape, bool)
    side[inside] = right
    _ventricles(labels, winner == 0, inside, side, points, template)
    _tidy(labels)
    return labels


def _ventricles(
    labels: NDArray[np.uint8],
    fluid: NDArray[np.bool_],
    inside: Mask,
    right: Mask,
    points: Array,
    template: Template,
) -> None:
    """Names the fluid: the likeliest ventricle near each, the lateral ones grown through fluid."""
    likely = np.zeros((4, fluid.size), np.float32)
    names = ("lateral_ventricle", "third_ventricle", "fourth_ventricle")
    for row, name in enumerate(names, start=1):
        wide = ndimage.gaussian_filter(template.smooth[name], 1.5)
        likely[row] = sampled_part(np.where(wide > 0.01, wide, 0), points)
    likely[0] = 0.12
    choice = likely.argmax(0)
    chosen = np.zeros(inside.shape, np.uint8)
    chosen[inside] = np.where(fluid, choice, 0)
    wet = np.zeros(inside.shape, bool)
    wet[inside] = fluid
    depth = distance(~inside)
    lateral = chosen == 1
    if lateral.any():
        away = distance(lateral)
        free = wet & (depth > DEEP_MM) & (away < NEAR_MM) & (chosen <= 1)
        free = ndimage.binary_opening(free, iterations=1) | lateral
        lateral = np.asarray(ndimage.binary_propagation(lateral, mask=free))
    labels[lateral & ~right] = NUMBER["lateral_ventricle_left"]
    labels[lateral & right] = NUMBER["lateral_ventricle_right"]
    labels[(chosen == 2) & ~lateral] = NUMBER["third_ventricle"]
    labels[(chosen == 3) & ~lateral] = NUMBER["fourth_ventricle"]


def _tidy(labels: NDArray[np.uint8]) -> None:
    """Keeps the largest piece of each deep part; the crumbs join what surrounds them."""
    single = [n for n in NAMES[3:] if not n.startswith(("grey", "white", "lateral"))]
    several = [f"{part}_{side}" for part in ("white_matter", "lateral_ventricle") for side in SIDES]
    crumbs = np.zeros(labels.shape, bool)
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        name = NAMES[number - 1]
        if box is None or name not in (*single, *several):
            continue
        mask = labels[box] == number
        crumbs[box] |= mask & ~(largest(mask) if name in single else sizeable(mask, 30))
    if crumbs.any():
        known = (labels > 0) & ~crumbs
        nearest = ndimage.distance_transform_edt(
            ~known, return_distances=False, return_indices=True
        )
        labels[crumbs] = labels[tuple(axis[crumbs] for axis in nearest)]
