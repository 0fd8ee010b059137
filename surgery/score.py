"""Numbers that explain themselves: a limit, a reading of one anatomy, the score made of both.

A number that is not finite never passes, a missing structure is never safe, and a hard limit
that is broken decides alone: no weight and no average can make it good.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from anatomy.errors import GeometryError
from anatomy.geometry import Point
from anatomy.terms import terms, title
from surgery.plan import PlanError

if TYPE_CHECKING:
    from surgery.plan import Placement
    from surgery.scene import Scene
    from surgery.slip import Delivered

Status = Literal["ok", "rejected", "failed", "stale", "cannot_be_judged"]
Verdict = Literal["accepted", "rejected", "incomplete", "stale"]
SIGMAS = 2.0
"""A range reaches this many standard deviations of the boundary's place to each side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What a value may be (hard) and should be (good); None is open. Bounds belong to the range."""

    hard_low: float | None = None
    hard_high: float | None = None
    good_low: float | None = None
    good_high: float | None = None

    def __post_init__(self) -> None:
        order = (self.hard_low, self.good_low, self.good_high, self.hard_high)
        given = [bound for bound in order if bound is not None]
        if not all(map(math.isfinite, given)) or given != sorted(given):
            raise GeometryError("A limit runs from hard low over good low, good high to hard high.")

    def allows(self, value: float | None) -> bool:
        """True inside the hard bounds; never for None or NaN."""
        if value is None or not math.isfinite(value):
            return False
        low, high = self.hard_low, self.hard_high
        return (low is None or value >= low) and (high is None or value <= high)

    def grade(self, value: float) -> float:
        """1 where good, falling linearly to 0 at the hard bound.

        A side with no hard bound falls to 0 over the size of its good bound, over 1 at least.
        """
        if not math.isfinite(value):
            return 0.0
        low = _fall(value, self.good_low, self.hard_low)
        high = _fall(
            -value,
            None if self.good_high is None else -self.good_high,
            None if self.hard_high is None else -self.hard_high,
        )
        return min(low, high)

    def words(self, unit: str) -> str:
        """The bounds as people say them: `at least 3 mm, good from 4 mm`; empty where open."""
        parts = (
            (self.hard_low, "at least {}"),
            (self.hard_high, "at most {}"),
            (self.good_low, "good from {}"),
            (self.good_high, "good up to {}"),
        )
        return ", ".join(
            text.format(f"{bound:g} {spoken(unit)}".rstrip())
            for bound, text in parts
            if bound is not None
        )

    def wire(self) -> dict[str, float | None]:
        """JSON-ready."""
        return {
            "hard_low": self.hard_low,
            "hard_high": self.hard_high,
            "good_low": self.good_low,
            "good_high": self.good_high,
        }


def _fall(value: float, good: float | None, hard: float | None) -> float:
    if good is None:
        return 1.0 if hard is None or value >= hard else 0.0
    if value >= good:
        return 1.0
    zero = good - max(abs(good), 1.0) if hard is None else hard
    return max((value - zero) / (good - zero), 0.0) if good > zero else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was measured, where, and how far the boundary that it was measured to may be off."""

    value: float
    point_mm: Point | None = None
    """The place in the anatomy that is responsible."""
    structure: str | None = None
    sigma_mm: float = 0.0
    """One standard deviation of the boundary's place."""
    slope: float = 1.0
    """Units of the value for one mm of boundary."""
    least: float = -math.inf
    """The smallest value there can be."""
    interval: tuple[float, float] | None = None
    """Of 95 %, where the value is a share of trials; else a range follows from `sigma_mm`."""
    limit: Limit | None = None
    """Where it depends on the plan, and nobody set one for the metric."""
    note: str = ""
    """One sentence that the number cannot be read without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One question to a plan. Measured on each placement (`measure`), on all (`across`), or on
    each placement with its scores after it was delivered many times (`delivered`)."""

    id: str
    title: str
    unit: str
    """UCUM; `1` for counts, shares and grades."""
    limit: Limit
    weight: float
    source: str
    """`docs/evidence.md#anchor`"""
    needs: tuple[str, ...] = ()
    """Words of `Scene.find`; with none of them in the twin the question has no answer."""
    measure: "Callable[[Scene, Placement], Reading] | None" = None
    across: "Callable[[Scene, Sequence[Placement]], Reading] | None" = None
    delivered: "Callable[[Scene, Delivered], Reading] | None" = None
    step: str = "advance"
    """The step of the procedure in which a surgeon meets it."""
    live: bool = False
    """Measured in less than a millisecond, so that it is also asked while a path is dragged."""

    def __post_init__(self) -> None:
        if [self.measure, self.across, self.delivered].count(None) != 2:
            raise PlanError(
                f"{self.title} is measured in one way: on each placement, across all of them, or "
                "on what was delivered."
            )
        if not (math.isfinite(self.weight) and self.weight >= 0):
            raise PlanError(f"{self.title} needs a weight of 0 or more.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A metric's answer. Only `ok` passes; a value that is not finite has status `failed`."""

    metric: str
    title: str
    status: Status
    value: float | None
    range: tuple[float, float] | None
    """The value with the boundary SIGMAS deviations nearer and farther; 95 % of a share."""
    unit: str
    limit: Limit
    weight: float
    grade: float | None
    """0 to 1; None where nothing was judged."""
    point_mm: Point | None
    structure: str | None
    source: str
    sentence: str
    step: str = "advance"
    placement: int | None = None
    """Which one of the plan, from 0; None: all of them."""

    def __post_init__(self) -> None:
        passes = self.status == "ok"
        if passes != self.limit.allows(self.value) or (self.grade is None) != (not self.judged):
            raise GeometryError(f"{self.title}: status {self.status} with {self.value}.")

    @property
    def judged(self) -> bool:
        """True where a number was compared with the limit."""
        return self.status in ("ok", "rejected")

    @property
    def unsure(self) -> bool:
        """True where the value passes and its range does not."""
        return self.status == "ok" and not all(map(self.limit.allows, self.range or ()))

    def wire(self) -> dict[str, Any]:
        """JSON-ready; `threshold` is the limit."""
        return {
            "metric": self.metric,
            "title": self.title,
            "status": self.status,
            "value": self.value,
            "range": list(self.range) if self.range else None,
            "unit": self.unit,
            "threshold": self.limit.wire(),
            "weight": self.weight,
            "grade": self.grade,
            "point_mm": list(self.point_mm) if self.point_mm else None,
            "structure": self.structure,
            "source": self.source,
            "sentence": self.sentence,
            "step": self.step,
            "placement": self.placement,
        }


def judged(metric: Metric, reading: Reading, *, placement: int | None = None) -> Score:
    """The score of a reading: ok, rejected, or failed where the value is not finite."""
    value = reading.value
    if not math.isfinite(value):
        return failed(metric, "the measurement gave no finite number", placement=placement)
    spread = SIGMAS * reading.sigma_mm * abs(reading.slope)
    span = (max(value - spread, reading.least), value + spread) if spread > 0 else None
    if reading.limit and metric.limit == Limit():
        metric = replace(metric, limit=reading.limit)
    allowed = metric.limit.allows(value)
    return _score(
        metric,
        "ok" if allowed else "rejected",
        _sentence(metric, reading, span, allowed),
        placement=placement,
        value=value,
        range=reading.interval or span,
        grade=metric.limit.grade(value) if allowed else 0.0,
        point_mm=reading.point_mm,
        structure=reading.structure,
    )


def cannot_be_judged(
    metric: Metric, reason: str = "", *, placement: int | None = None,
    beside: Reading | None = None,
) -> Score:  # fmt: skip
    """The score where the twin lacks what the metric is measured to; `beside` is what was read of
    the part that is there, whose place is kept and whose number is told in words alone."""
    why = reason.rstrip(".") or f"no {_word(metric.needs[0])} in this twin"
    return _score(
        metric,
        "cannot_be_judged",
        f"{metric.title} cannot be judged: {why}.",
        placement=placement,
        point_mm=beside.point_mm if beside else None,
        structure=beside.structure if beside else None,
    )


def failed(metric: Metric, reason: str, *, placement: int | None = None) -> Score:
    """The score of a measurement that did not come to an end; never a pass."""
    return _score(
        metric,
        "failed",
        f"{metric.title} could not be measured: {reason.rstrip('.')}.",
        placement=placement,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """All scores of one plan on one anatomy, with what computed them.

    Invariants: accepted needs every hard limit kept and nothing failed; a stale one has no number.
    """

    plan: str
    """Digest of the plan."""
    rev: int
    anatomy: str
    procedure: str
    profile: str = "default"
    """Whose weights and limits these are."""
    scores: tuple[Score, ...]
    verdict: Verdict
    total: float | None
    """Weighted mean grade of what was judged, 0 to 1; None where nothing was."""
    gaps: tuple[str, ...] = ()
    """Sentences: what keeps it from being complete."""
    engine: str
    seed: int
    sentence: str
    vetoes: tuple[Score, ...] = field(init=False)
    """Every score beyond its hard limit; one of them rejects the plan, whatever the total."""

    def __post_init__(self) -> None:
        vetoes = tuple(score for score in self.scores if score.status == "rejected")
        object.__setattr__(self, "vetoes", vetoes)
        stuck = bool(self.gaps) or any(score.status == "failed" for score in self.scores)
        verdict: Verdict = "rejected" if vetoes else "incomplete" if stuck else "accepted"
        if self.verdict == "stale":
            if self.scores or self.total is not None:
                raise PlanError("A stale assessment holds no numbers.")
        elif self.verdict != verdict:
            raise PlanError(f"These scores make a plan {verdict}, not {self.verdict}.")

    def wire(self) -> dict[str, Any]:
        """JSON-ready; every number in it is finite."""
        return {
            "plan": self.plan,
            "rev": self.rev,
            "anatomy": self.anatomy,
            "procedure": self.procedure,
            "profile": self.profile,
            "verdict": self.verdict,
            "sentence": self.sentence,
            "total": self.total,
            "vetoes": [score.sentence for score in self.vetoes],
            "gaps": list(self.gaps),
            "scores": [score.wire() for score in self.scores],
            "engine": self.engine,
            "seed": self.seed,
        }


def weighted(scores: Sequence[Score]) -> float | None:
    """Weighted mean grade of the judged ones; None where no weight was judged."""
    known = [(s.weight, s.grade) for s in scores if s.grade is not None]
    weight = math.fsum(w for w, _ in known)
    return math.fsum(w * grade for w, grade in known) / weight if weight > 0 else None


def _score(
    metric: Metric,
    status: Status,
    sentence: str,
    *,
    placement: int | None,
    value: float | None = None,
    range: tuple[float, float] | None = None,
    grade: float | None = None,
    point_mm: Point | None = None,
    structure: str | None = None,
) -> Score:
    return Score(
        metric=metric.id,
        title=metric.title,
        status=status,
        value=value,
        range=range,
        unit=metric.unit,
        limit=metric.limit,
        weight=metric.weight,
        grade=grade,
        point_mm=point_mm,
        structure=structure,
        source=metric.source,
        sentence=sentence,
        step=metric.step,
        placement=placement,
    )


def _sentence(
    metric: Metric, reading: Reading, span: tuple[float, float] | None, allowed: bool
) -> str:
    unit = metric.unit
    where = f" ({title(reading.structure)})" if reading.structure else ""
    bounds = metric.limit.words(unit)
    parts = [f"{metric.title} {spelled(reading.value, unit)}{where}"]
    if bounds:
        parts.append(f": {bounds}." if allowed else f": rejected, {bounds}.")
    else:
        parts.append(".")
    if span:
        low, high = (f"{bound:.2f}" for bound in span)
        parts.append(f" The boundary's place makes it {low} to {high} {spoken(unit)}".rstrip())
        crossed = allowed != metric.limit.allows(span[0]) or allowed != metric.limit.allows(span[1])
        parts.append(", which crosses the hard limit." if crossed else ".")
    if reading.note:
        parts.append(f" {reading.note}")
    return "".join(parts)


def spelled(value: float, unit: str) -> str:
    """A value as people say it, with two decimals."""
    return f"{value:.2f} {spoken(unit)}".rstrip()


def spoken(unit: str) -> str:
    """A UCUM unit as people say it: `1` is not said."""
    return {"1": "", "deg": "degrees"}.get(unit, unit)


def _word(need: str) -> str:
    return terms()[need].title.lower() if need in terms() else need
