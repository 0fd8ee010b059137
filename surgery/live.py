"""The live score of a path that is being dragged: near enough, at once, and never certified.

Distances come from the packed fields (0.1 mm steps, thin structures rounded off, see
`anatomy.field`); what is quick to measure exactly is measured exactly. When the path is let go,
`surgery.planner.scored` says what counts.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from anatomy.errors import TermError
from anatomy.geometry import point
from anatomy.terms import split
from surgery.assess import admit_one, answer, slips
from surgery.delivery import delivery
from surgery.ground import RISK_FULL_MM
from surgery.metrics import SULCI_FROM_MM, Measure, intracranial, shaft
from surgery.paths import Rows, serial_rows
from surgery.plan import Placement, Plan, PlanError, Trajectory
from surgery.scene import NOWHERE, Scene
from surgery.score import Metric, Reading, Score, weighted
from surgery.slip import Delivered
from surgery.station import Station
from surgery.tolerance import Aim, Scatter, Tolerance, quick_tolerance
from surgery.words import means

COUNT = 1024
"""Copies of a dragged path."""
NOTE = "Read from the fields while the path is moved; not certified."
READ: Mapping[str, str] = MappingProxyType(
    {
        "vessel_clearance": "vessels",
        "vessel_risk": "vessels",
        "ventricle_clearance": "ventricles",
        "sulcus_clearance": "sulci",
        "eloquent_clearance": "eloquent nuclei",
    }
)
"""Metrics that the fields tell, and of which channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """Scores of one placement and of all together, with the ids, units and limits of the certified
    ones. It never says that a plan may be carried out."""

    placement: int
    scores: tuple[Score, ...]
    untold: tuple[str, ...]
    """Metrics that only the certified assessment tells."""
    gaps: tuple[str, ...]
    """What this twin lacks, as the station says it."""
    total: float | None
    """Weighted mean grade of what is told."""
    tolerance: Tolerance | None
    """Without spans; None where nothing says where the brain is."""
    vetoes: tuple[Score, ...] = field(init=False)

    def __post_init__(self) -> None:
        vetoes = tuple(score for score in self.scores if score.status == "rejected")
        object.__setattr__(self, "vetoes", vetoes)

    def wire(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "certified": False,
            "placement": self.placement,
            "scores": [score.wire() for score in self.scores],
            "vetoes": [score.sentence for score in self.vetoes],
            "untold": list(self.untold),
            "gaps": list(self.gaps),
            "total": self.total,
            "tolerance": self.tolerance.wire() if self.tolerance else None,
        }


def quick(station: Station, plan: Plan, *, moved: int = 0, seed: int, count: int = COUNT) -> Live:
    """Placement `moved` (from 0) and what is asked across all, with `count` copies of it delivered.

    Raises PlanError where the plan is none of this station or cannot be carried out.
    """
    scene = station.scene
    station.owns(plan)
    if plan.anatomy != scene.digest or not 0 <= moved < len(plan.placements):
        raise PlanError(f"Plan {plan.id} has no placement {moved} on this anatomy.")
    one = plan.placements[moved]
    admit_one(scene, one, station.asked, moved)
    read = _Read(station, one) if station.grounded else None
    scores, untold = [], []
    for metric in station.asked.metrics:
        if read and read.tells(metric):
            scores.append(answer(scene, metric, moved, read.measure(metric), one))
        elif metric.live and metric.measure:
            scores.append(answer(scene, metric, moved, metric.measure, one))
        elif metric.live and metric.across and len(plan.placements) > 1:
            scores.append(answer(scene, metric, None, metric.across, plan.placements))
        elif metric.measure:
            untold.append(metric.id)
    spread = None
    if station.grounded:
        way, by = shaft(one), delivery(plan.delivery)
        spread = quick_tolerance(
            station.ground, Aim(way.entry_mm, way.target_mm, one.made_of.radius_mm),
            scatter=Scatter.of(by), seed=seed, count=count,
        )  # fmt: skip
        made = Delivered(tolerance=spread, by=by, scores=tuple(scores))
        scores += slips(scene, station.asked.metrics, moved, made)
    return Live(
        placement=moved, scores=tuple(scores), untold=tuple(untold), gaps=station.gaps,
        total=weighted(scores), tolerance=spread,
    )  # fmt: skip


class _Read:
    """What the fields say of one placement from the inner table to the tip."""

    def __init__(self, station: Station, one: Placement) -> None:
        self._scene, self._ground, self._one = station.scene, station.ground, one
        self._radius_mm = one.made_of.radius_mm

    def tells(self, metric: Metric) -> bool:
        """Whether a metric is told by the fields; eloquent nuclei are not, where one of them is
        the target, which does not count."""
        word = READ.get(metric.id)
        if word is None or word not in self._ground.structures:
            return word is not None and not self._scene.has(word)
        return word != "eloquent nuclei" or not self._aimed_at(word)

    def measure(self, metric: Metric) -> Measure:
        """The metric, measured so."""
        word = READ[metric.id]

        def reading(scene: Scene, placement: Placement) -> Reading:
            _ = scene, placement
            inside, rows = self._along
            if word == "sulci" and inside.length_mm < SULCI_FROM_MM + 1:
                raise TermError(f"the path ends within {SULCI_FROM_MM:g} mm of the inner table")
            channel = self._ground.structures.index(word)
            value, least = float(rows.clearance_mm[0, channel]), -math.inf
            if metric.id == "vessel_risk":
                value, least = float(rows.risk[0]) + (value < RISK_FULL_MM), 0.0
            away = float(rows.at_mm[0, channel])
            place = point(np.subtract(inside.target_mm, away * inside.direction))
            return Reading(value=value, point_mm=place, least=least, note=NOTE)

        return reading

    @cached_property
    def _along(self) -> tuple[Trajectory, Rows]:
        """Raises GeometryError where the path never enters the brain."""
        inside, _ = intracranial(self._scene, self._one)
        rules = self._ground.rules(radius_mm=self._radius_mm)._replace(hull=-1)
        ends = (np.array([inside.entry_mm]), np.array([inside.target_mm]))
        return inside, serial_rows(self._ground, rules, *ends)

    def _aimed_at(self, word: str) -> bool:
        label = self._scene.label_at(self._one.trajectory.target_mm)
        return label != NOWHERE and means(word, split(label)[0])
