"""Which tissue each voxel of the brain is: Gaussian classes, atlas priors, smooth neighbours.

Expectation-maximisation after Van Leemput (1999) and Ashburner and Friston (2005): every deep
structure has a Gaussian of its own, so its border follows the image where the image shows one.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy.register import sampled, sampled_part
from anatomy.segment.apart import THREADS
from anatomy.template import Template
from anatomy.volume import Mask

Array = NDArray[np.float32]
DEEP = ("thalamus", "caudate", "putamen", "pallidum", "hippocampus", "amygdala", "diencephalon")
CLASSES = (
    "fluid", "grey_matter", "white_matter", "cerebellum_grey", "cerebellum_white", "brainstem",
    *DEEP,
)  # fmt: skip
ROUNDS = 12
SMOOTH_ROUNDS = 3
FLOOR = {"fluid": 0.05, "white_matter": 0.01, "grey_matter": 0.003}
"""Least prior anywhere in the brain: what the image shows clearly wins over the atlas."""
WIDEST = 1.1
"""No class spreads wider than this times the cortex: else a hippocampus takes in its fluid."""
NEIGHBOURS = 0.7
"""Weight of the neighbours' vote."""
PIECE = 65_536
"""Voxels that are worked on at a time, so that they stay in the processor's cache."""


def priors(template: Template, points: Array) -> Array:
    """(classes, n) probabilities of the classes at template points, before the image is seen."""
    maps = template.smooth
    result = np.zeros((len(CLASSES), points.shape[1]), np.float32)
    for name in ("brainstem", *DEEP):
        result[CLASSES.index(name)] = sampled_part(maps[name], points)
    rest = np.clip(1 - result.sum(0), 0.02, 1)
    grey = 0.04 + sampled(maps["grey"], points)
    white = 0.04 + sampled(maps["white"], points)
    fluid = 0.04 + np.clip(1.04 - grey - white + sampled_part(maps["ventricles"], points), 0, 1)
    total = grey + white + fluid
    hind = np.clip(sampled_part(maps["cerebellum"], points), 0, 1)
    result[0] = rest * fluid / total
    result[1] = rest * (1 - hind) * grey / total
    result[2] = rest * (1 - hind) * white / total
    result[3] = rest * hind * grey / total
    result[4] = rest * hind * white / total
    for name, least in FLOOR.items():
        row = result[CLASSES.index(name)]
        np.maximum(row, least, out=row)
    return result / result.sum(0)


def classify(
    values: Array,
    prior: Array,
    inside: Mask,
    trusted: NDArray[np.bool_],
    *,
    poll: Callable[[float], None] = lambda _: None,
) -> Array:
    """(classes, n) probabilities of the classes at the voxels of `inside`, in its order.

    `values` (n,) is the image there; `trusted` (n,) leaves voxels out of the class statistics.
    """
    means, widths = _start(values[trusted], prior[:, trusted])
    anchors = means.copy()
    post = prior
    step = max(int(trusted.sum()) // 400_000, 1)
    few = np.flatnonzero(trusted)[::step]
    for turn in range(ROUNDS):
        poll(turn / (ROUNDS + SMOOTH_ROUNDS))
        post = _posterior(values[few], prior[:, few], means, widths)
        means, widths = _moments(values[few], post, anchors)
    post = _posterior(values, prior, means, widths)
    reaches = _reaches(prior, inside)
    for turn in range(SMOOTH_ROUNDS):
        poll((ROUNDS + turn) / (ROUNDS + SMOOTH_ROUNDS))
        post = _posterior(values, _voted(prior, post, reaches), means, widths)
    return post


def _start(values: Array, prior: Array) -> tuple[Array, Array]:
    """First means and widths: the middle of the values where a class is likely."""
    means, widths = [], []
    spread = float(values.std())
    for row in prior:
        sure = row > max(0.5, 0.8 * float(row.max()))
        picked = values[sure] if sure.sum() > 50 else values[row > 0.5 * float(row.max())]
        middle = float(np.median(picked))
        means.append(middle)
        widths.append(max(1.48 * float(np.median(np.abs(picked - middle))), 0.05 * spread))
    return np.array(means, np.float32), np.array(widths, np.float32)


def _posterior(values: Array, prior: Array, means: Array, widths: Array) -> Array:
    post = np.empty_like(prior)

    def fill(start: int) -> None:
        part = slice(start, start + PIECE)
        for k in range(len(prior)):
            off = (values[part] - means[k]) / widths[k]
            np.exp(-0.5 * np.minimum(off * off, 60), out=off)
            post[k, part] = prior[k, part] * off / widths[k]
        post[:, part] /= np.maximum(post[:, part].sum(0), 1e-30)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(fill, range(0, values.size, PIECE)))
    return post


def _moments(values: Array, post: Array, anchors: Array) -> tuple[Array, Array]:
    """Means and widths, held to where the classes began by the weight of 200 voxels."""
    held = 200.0
    mass = post.sum(1)
    means = (post @ values + held * anchors) / (mass + held)
    floor = 0.03 * float(values.std())
    widths = np.empty_like(means)
    for k in range(len(post)):
        off = values - means[k]
        widths[k] = np.sqrt((post[k] @ (off * off) + held * floor**2) / (mass[k] + held))
    fluid, grey = CLASSES.index("fluid"), CLASSES.index("grey_matter")
    widths[grey + 1 :] = np.minimum(widths[grey + 1 :], WIDEST * widths[grey])
    means[grey + 1 :] = np.maximum(means[grey + 1 :], 0.35 * means[fluid] + 0.65 * means[grey])
    return means.astype(np.float32), np.maximum(widths, floor).astype(np.float32)


@dataclass(frozen=True, eq=False)
class _Reach:
    """The voxels that a class may take: `at` (m,) among those of the brain, `spots` (m,) in a box
    of `shape` around them, and `near` (m,) the share of each one's 27 neighbours in the brain."""

    at: NDArray[np.intp]
    spots: NDArray[np.intp]
    shape: tuple[int, ...]
    near: Array


def _reaches(prior: Array, inside: Mask) -> list[_Reach]:
    """One for each class: most are small, and where the prior is zero nobody needs a vote."""
    near = np.maximum(ndimage.uniform_filter(inside.astype(np.float32), 3)[inside], 1e-3)
    place = np.stack(np.nonzero(inside))

    def reach(row: Array) -> _Reach:
        at = np.flatnonzero(row)
        ijk = place[:, at]
        low = ijk.min(1, initial=max(inside.shape)) - 1
        shape = tuple(int(n) for n in ijk.max(1, initial=-1) - low + 2)
        return _Reach(at, np.ravel_multi_index(tuple(ijk - low[:, None]), shape), shape, near[at])

    return [reach(row) for row in prior]


def _voted(prior: Array, post: Array, reaches: list[_Reach]) -> Array:
    """The prior times how much each voxel's 27 neighbours favour the class."""
    result = np.zeros_like(prior)

    def fill(k: int) -> None:
        reach = reaches[k]
        grid = np.zeros(reach.shape, np.float32)
        grid.ravel()[reach.spots] = post[k, reach.at]
        votes = ndimage.uniform_filter(grid, 3, mode="constant").ravel()[reach.spots] / reach.near
        result[k, reach.at] = prior[k, reach.at] * np.exp(NEIGHBOURS * 4 * votes)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(fill, [k for k, reach in enumerate(reaches) if reach.at.size]))
    return result


def first_levels(values: Array, prior: Array) -> Mapping[str, float]:
    """Typical value of fluid, grey and white matter where the atlas alone expects them."""
    means, _ = _start(values, prior)
    names = ("fluid", "grey_matter", "white_matter")
    return {name: float(means[CLASSES.index(name)]) for name in names}
