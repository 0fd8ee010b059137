"""A plan carried out step by step: what each step meets, and what lies at every depth.

The numbers are those of the assessment; nothing is measured a second way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from anatomy.geometry import Point, point
from anatomy.terms import title
from surgery.assess import assess
from surgery.metrics import shaft
from surgery.plan import Placement, Plan
from surgery.procedure import STEPS, procedure
from surgery.scene import NOWHERE, STEP_MM, Scene
from surgery.score import Assessment, Score

Outcome = Literal["pass", "warn", "fail"]
WATCHED = ("vessels", "ventricles", "eloquent nuclei")
"""What the depth scrub tells the distance of, where the twin has it; not of what holds the target,
which a device is meant to reach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step on one placement: fails at a broken limit, warns at a doubt, with the reason."""

    id: str
    title: str
    placement: int
    outcome: Outcome
    reason: str

    def wire(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "id": self.id,
            "title": self.title,
            "placement": self.placement,
            "outcome": self.outcome,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """The tip at one depth below the entry: what it lies in, and how far its side is from what."""

    depth_mm: float
    point_mm: Point
    structure: str
    distances_mm: tuple[tuple[str, float], ...]
    """Word of WATCHED and distance of the device's side; negative inside."""

    @property
    def title(self) -> str:
        """The name people read."""
        return named(self.structure)

    def wire(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "depth_mm": self.depth_mm,
            "point_mm": list(self.point_mm),
            "structure": self.structure,
            "title": self.title,
            "distances_mm": dict(self.distances_mm),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One placement from the entry to the tip."""

    length_mm: float
    lengths_mm: tuple[tuple[str, float], ...]
    """Structure and length in it, in the order in which the path meets them; they add up."""
    depths: tuple[Depth, ...]
    absent: tuple[str, ...] = ()
    """Words of WATCHED that this twin does not have: nothing was watched there."""

    def wire(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "length_mm": self.length_mm,
            "lengths_mm": dict(self.lengths_mm),
            "absent": list(self.absent),
            "depths": [depth.wire() for depth in self.depths],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A whole plan; stale plans take no step."""

    assessment: Assessment
    steps: tuple[Step, ...]
    passages: tuple[Passage, ...]

    def wire(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "assessment": self.assessment.wire(),
            "steps": [step.wire() for step in self.steps],
            "passages": [passage.wire() for passage in self.passages],
        }


def run(scene: Scene, plan: Plan, *, seed: int = 0) -> Run:
    """Assess a plan and take its procedure's steps on each placement; raises as `assess`."""
    found = assess(scene, plan, seed=seed)
    if found.verdict == "stale":
        return Run(assessment=found, steps=(), passages=())
    steps = [
        _step(id, number, found)
        for number in range(len(plan.placements))
        for id in procedure(plan.procedure).steps
    ]
    passages = [passage(scene, placement) for placement in plan.placements]
    return Run(assessment=found, steps=tuple(steps), passages=tuple(passages))


def passage(scene: Scene, placement: Placement, *, step_mm: float = STEP_MM) -> Passage:
    """What lies along a placement: every `step_mm` from the entry on, and at the tip."""
    way, radius_mm = shaft(placement), placement.made_of.radius_mm
    depths_mm = np.arange(0.0, way.length_mm, step_mm)
    depths_mm = np.append(depths_mm[depths_mm < way.length_mm - 1e-9], way.length_mm)
    points = way.entry_mm + np.outer(depths_mm, way.direction)
    target = scene.label_at(placement.trajectory.target_mm)
    rows = {}
    for word in WATCHED:
        parts = [one.id for one in scene.find(word) if one.id != target]
        if parts:
            near = np.min([scene.depths(id, way, depths_mm) for id in parts], axis=0)
            rows[word] = near - radius_mm
    labels = scene.labels_at(points)
    lengths: dict[str, float] = {}
    for one in scene.stretches(way):
        lengths[one.structure] = lengths.get(one.structure, 0.0) + one.length_mm
    return Passage(
        length_mm=way.length_mm,
        lengths_mm=tuple(lengths.items()),
        depths=tuple(
            Depth(
                depth_mm=float(depths_mm[n]),
                point_mm=point(points[n]),
                structure=labels[n],
                distances_mm=tuple((word, float(row[n])) for word, row in rows.items()),
            )
            for n in range(len(points))
        ),
        absent=tuple(word for word in WATCHED if not scene.has(word)),
    )


def named(structure: str) -> str:
    """A label's name for people, with a word for no label."""
    return "Outside" if structure == NOWHERE else title(structure)


def _step(id: str, number: int, found: Assessment) -> Step:
    scores = [s for s in found.scores if s.step == id and s.placement in (number, None)]
    bad = [s for s in scores if s.status in ("rejected", "failed")]
    open_ = [s for s in scores if s.sentence in found.gaps and s not in bad]
    doubt = [s for s in scores if s.unsure or (s.grade is not None and s.grade < 1)]
    doubt = [*open_, *(s for s in doubt if s not in bad)]
    outcome: Outcome = "fail" if bad else "warn" if doubt else "pass"
    told = bad or doubt or [s for s in scores if s.judged]
    reason = " ".join(_sentences(told)) or "Nothing is asked of this step."
    return Step(id=id, title=STEPS[id], placement=number, outcome=outcome, reason=reason)


def _sentences(scores: Sequence[Score]) -> list[str]:
    return list(dict.fromkeys(score.sentence for score in scores))
