"""Whether a reconstruction can be believed: measured checks with limits, never silent.

Every limit has its anchor in docs/evidence.md.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy.geometry import Floats
from anatomy.segment.morphology import blocks
from anatomy.volume import Mask

Array = NDArray[np.float32]
LIKENESS = 0.37
"""docs/evidence.md#template-likeness"""
GRAIN, BROAD = 4, 3.0
"""Lattice [mm] and, in its voxels, the width of what is broad: docs/evidence.md as above."""
OVERLAP = 0.86
"""docs/evidence.md#outline-overlap"""
CAVITY_ML = (850.0, 2100.0)
"""docs/evidence.md#brain-volume"""
BALANCE = (0.85, 1.18)
"""docs/evidence.md#left-right-balance"""
EDGE_MM2 = 150.0
"""docs/evidence.md#field-edge"""
STALK_MM2 = 4500.0
"""docs/evidence.md#field-edge: the lower face may cut the brainstem."""
INSIDE = 0.97
"""docs/evidence.md#head-complete"""
STEP = (0.12, 0.9)
"""docs/evidence.md#contrast"""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One measured fact with the range it should lie in. `low` or `high` may be open."""

    id: str
    title: str
    value: float
    unit: str
    low: float | None
    high: float | None
    passed: bool
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Quality:
    """All checks of one reconstruction; passed only if every one did."""

    passed: bool
    checks: tuple[Check, ...]

    def wire(self) -> dict[str, Any]:
        """JSON-ready values."""
        return {"passed": self.passed, "checks": [asdict(check) for check in self.checks]}


def check(
    id: str, title: str, value: float, unit: str, *, low: float | None = None,
    high: float | None = None, good: str, bad: str,
) -> Check:  # fmt: skip
    """A check with the sentence that fits its outcome; a value that is no number fails."""
    number = float(value)
    passed = math.isfinite(number)
    passed = passed and (low is None or number >= low) and (high is None or number <= high)
    shown = round(number, 3) if math.isfinite(number) else 0.0
    return Check(
        id=id, title=title, value=shown, unit=unit, low=low, high=high,
        passed=passed, sentence=good if passed else bad,
    )  # fmt: skip


def judged(checks: list[Check]) -> Quality:
    """The checks as one verdict."""
    return Quality(passed=all(c.passed for c in checks), checks=tuple(checks))


def likeness(image: Array, carried: Array, where: Mask) -> Check:
    """How well the affinely carried template and the image agree in their details, -1..1.

    Rank correlation inside `where` on a lattice of 4 mm, both freed of what is broader than
    12 mm: a bright solid in a dark rim looks like a brain only when it is seen broadly. Arrays
    are at 1 mm.
    """
    inside = blocks(where.astype(np.float32), GRAIN) > 0.5
    a, b = (_ranked(blocks(x, GRAIN), inside) for x in (image, carried))
    value = float((a * b).sum() / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-9))
    return check(
        "template_likeness", "Likeness to the average brain", value, "1", low=LIKENESS,
        good="The image looks like a T1 of a brain where the brain was found.",
        bad="The image does not look like a T1 of a brain where the brain was sought: "
        "it may be another contrast, another body part, cut off, or turned back to front.",
    )  # fmt: skip


def _ranked(image: Array, inside: Mask) -> Floats:
    """Ranks about zero of the voxels `inside`, after their average nearby was taken off."""
    share = ndimage.gaussian_filter(inside.astype(float), BROAD)
    broad = ndimage.gaussian_filter(np.where(inside, image, 0).astype(float), BROAD)
    detail = image[inside] - broad[inside] / share[inside]
    ranks = np.unique(detail, return_inverse=True)[1]
    return np.asarray(ranks - ranks.mean())


def overlap(brain: Mask, outline: Mask) -> Check:
    """Dice of the brain and the affinely carried outline."""
    value = 2 * np.count_nonzero(brain & outline) / max(int(brain.sum() + outline.sum()), 1)
    return check(
        "outline_overlap", "Overlap with the expected outline", value, "1", low=OVERLAP,
        good="The brain has the outline of a brain.",
        bad="The brain that was found differs much from the outline of a brain: look for leaks "
        "and missing parts before you use it.",
    )  # fmt: skip


def volume(brain_ml: float) -> Check:
    """The volume within the brain's envelope."""
    low, high = CAVITY_ML
    return check(
        "brain_volume", "Brain volume", brain_ml, "mL", low=low, high=high,
        good="The brain has the size of a human brain.",
        bad="The brain is smaller or larger than human brains are: parts are missing, "
        "something else was taken for brain, or the voxel size is wrong.",
    )  # fmt: skip


def balance(left_ml: float, right_ml: float) -> Check:
    """Left over right hemisphere (grey and white matter)."""
    low, high = BALANCE
    return check(
        "left_right_balance", "Left to right hemisphere", left_ml / max(right_ml, 1e-6), "1",
        low=low, high=high,
        good="Both hemispheres have about the same size.",
        bad="One hemisphere is much larger than the other: half of the head may be missing, or "
        "something large displaces it.",
    )  # fmt: skip


def edges(brain: Mask, shape: tuple[int, ...], start: tuple[int, int, int]) -> list[Check]:
    """Brain on the faces of the field. `brain` covers a box that begins at `start` in `shape`."""
    area, stalk = 0, 0
    for axis in range(3):
        for end in (0, 1):
            at = start[axis] + (0 if end == 0 else brain.shape[axis])
            if at != (0 if end == 0 else shape[axis]):
                continue
            count = int(np.take(brain, -end, axis).sum())
            if axis == 2 and end == 0:
                stalk = count
            else:
                area += count
    return [
        check(
            "field_edge", "Brain on the edge of the image", area, "mm2", high=EDGE_MM2,
            good="The brain lies within the image.",
            bad="The brain is cut off by the edge of the image.",
        ),
        check(
            "field_floor", "Brain on the lower edge of the image", stalk, "mm2", high=STALK_MM2,
            good="The image reaches down far enough.",
            bad="The image ends within the cerebellum or the temporal lobes.",
        ),
    ]  # fmt: skip


def complete(affine: Floats, brain: Mask, shape: tuple[int, ...]) -> Check:
    """Share of the template's `brain`, carried by `affine`, that lies inside the image."""
    at = np.argwhere(brain)[::97] @ affine[:3, :3].T + affine[:3, 3]
    share = float(((at >= -0.5) & (at < np.array(shape) - 0.5)).all(1).mean())
    return check(
        "head_complete", "Share of the brain inside the image", share, "1", low=INSIDE,
        good="The whole brain lies inside the image.",
        bad="Part of the brain lies outside the image.",
    )  # fmt: skip


def contrast(levels: Mapping[str, float]) -> list[Check]:
    """The order of fluid, grey and white matter in the image."""
    fluid, grey, white = levels["fluid"], levels["grey_matter"], levels["white_matter"]
    span = white - fluid
    scale = max(abs(white), abs(fluid), 1e-6)
    ratio = (white - grey) / span if span > 0 else -1.0
    return [
        check(
            "contrast_order", "White matter brighter than fluid", span / scale, "1", low=0.2,
            good="White matter is bright and fluid dark, as in a T1.",
            bad="White matter is not brighter than fluid: this is no T1 (a T2 or FLAIR, or an "
            "inverted image), and its labels cannot be trusted.",
        ),
        check(
            "contrast_grey", "Grey matter between fluid and white matter", ratio, "1",
            low=STEP[0], high=STEP[1],
            good="Grey matter lies between fluid and white matter, as in a T1.",
            bad="Grey matter does not lie between fluid and white matter: this is no plain T1, "
            "and its tissue labels cannot be trusted.",
        ),
    ]  # fmt: skip
