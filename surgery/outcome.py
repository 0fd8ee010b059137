"""What a resection comes to: volumes by tissue, extent, what is left, how near it came to what."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from anatomy.terms import split, title
from anatomy.volume import LabelMap
from surgery.procedure import Procedure
from surgery.rano import Rano, rano_of
from surgery.resection import Resection, Stroke, Tally
from surgery.scene import NOWHERE, Scene
from surgery.score import Score, Verdict
from surgery.strokes import beside, distances

EXTENT = "docs/evidence.md#resection-extent"
UNKNOWN = (
    "Cortex and tracts of movement, speech and sight are not labelled: nothing here keeps off them."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What is left of the targets near one structure that is spared."""

    structure: str
    within_mm: float
    volume_ml: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A resection of `targets` (ids). Invariant: before is removed and residual, voxel by voxel."""

    targets: tuple[str, ...]
    strokes: tuple[Stroke, ...]
    tally: Tally
    extent_percent: float
    """Of the targets together."""
    rano: Rano | None
    """None where no enhancing tumour is labelled."""
    scores: tuple[Score, ...]
    """Distances of the cavity to what is spared."""
    left: tuple[Left, ...]
    """Where the rest of the targets lies, the most first; the same voxel may lie near several."""

    @property
    def verdict(self) -> Verdict:
        """As of a plan: a broken hard limit rejects, what could not be judged leaves it open."""
        if any(score.status == "rejected" for score in self.scores):
            return "rejected"
        return "accepted" if all(score.judged for score in self.scores) else "incomplete"

    @property
    def sentence(self) -> str:
        """The verdict with its first reason."""
        told = {"rejected": "rejected", "incomplete": "cannot_be_judged"}
        if self.verdict == "accepted":
            return "Accepted: the cavity keeps every hard limit."
        statuses = (told[self.verdict], "failed")
        reason = next(s.sentence for s in self.scores if s.status in statuses)
        return f"{self.verdict.capitalize()}: {reason}"

    @property
    def healthy(self) -> tuple[str, ...]:
        """Labels of the region that are no lesion and no target."""
        return tuple(
            one for one in self.tally.before
            if one != NOWHERE and one not in self.targets and split(one)[0].group != "pathology"
        )  # fmt: skip

    def wire(self) -> dict[str, Any]:
        """JSON-ready; `voxels` are exact counts and add up in every row and column."""
        tally = self.tally
        rows = [
            {
                "structure": one,
                "title": named(one),
                "before_ml": tally.before_ml(one),
                "removed_ml": tally.removed_ml(one),
                "residual_ml": tally.residual_ml(one),
                "voxels": [
                    tally.before[one], tally.removed[one], tally.before[one] - tally.removed[one]
                ],
            }
            for one in tally.before
        ]  # fmt: skip
        return {
            "targets": list(self.targets),
            "strokes": len(self.strokes),
            "verdict": self.verdict,
            "sentence": self.sentence,
            "extent_percent": self.extent_percent,
            "extent_source": EXTENT,
            "residual_ml": tally.residual_ml(*self.targets),
            "left_beside": [asdict(one) for one in self.left],
            "removed_ml": tally.removed_ml(*tally.before),
            "healthy_removed_ml": tally.removed_ml(*self.healthy),
            "voxel_ml": tally.voxel_ml,
            "tissues": rows,
            "rano": None if self.rano is None else asdict(self.rano),
            "distances": [score.wire() for score in self.scores],
            "not_known": UNKNOWN,
        }


def outcome(
    scene: Scene, resection: Resection, region: LabelMap, targets: Collection[str], *,
    asked: Procedure,
) -> Outcome:  # fmt: skip
    """Of the strokes made so far in `region`, held against the limits of the procedure."""
    strokes: Sequence[Stroke] = resection.strokes
    tally, ids = resection.tally, tuple(targets)
    return Outcome(
        targets=ids,
        strokes=tuple(strokes),
        tally=tally,
        extent_percent=tally.extent_percent(*ids),
        rano=rano_of(tally),
        scores=tuple(distances(scene, asked, strokes, ids)) if strokes else (),
        left=_left(scene, resection, region, ids, asked),
    )


def _left(
    scene: Scene, resection: Resection, region: LabelMap, ids: tuple[str, ...], asked: Procedure
) -> tuple[Left, ...]:
    solid = np.isin(region.labels, [n for n, id in region.key.items() if id in ids])
    rest = region.grid.ras(np.argwhere(solid & ~resection.removed))
    if not len(rest):
        return ()
    found = [
        Left(structure=one, within_mm=mm, volume_ml=int(near.sum()) * region.grid.voxel_ml)
        for one, (mm, near) in beside(scene, asked, rest, ids).items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.volume_ml, one.structure)))


def named(structure: str) -> str:
    """A label's name for people, with a word for no label."""
    return "Without a label" if structure == NOWHERE else title(structure)
