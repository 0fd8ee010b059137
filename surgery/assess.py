"""A whole plan on one anatomy: what it refuses, what it measures, what it says in the end."""

from collections.abc import Callable, Sequence, Set
from typing import Any

from anatomy.errors import TermError, TwinError
from anatomy.terms import title
from surgery.delivery import delivery
from surgery.plan import Placement, Plan, PlanError
from surgery.procedure import Procedure, procedure
from surgery.profile import under
from surgery.scene import Scene
from surgery.score import (
    Assessment,
    Limit,
    Metric,
    Reading,
    Score,
    Verdict,
    cannot_be_judged,
    failed,
    judged,
    spelled,
    weighted,
)
from surgery.slip import Delivered
from surgery.tolerance import Deliveries

ENGINE = "2"
"""Raised whenever a score may come out otherwise than before."""


def assess(
    scene: Scene, plan: Plan, *, seed: int = 0, reports: bool = True,
    deliveries: Deliveries | None = None,
) -> Assessment:  # fmt: skip
    """Every score of the plan's procedure under its profile; `seed` of what draws numbers is kept.

    What a slip of the hand costs is only scored with `deliveries`, of each placement. Without
    `reports`, metrics that have neither weight nor limit are left out: verdict and total are the
    same, unless one of them cannot be measured at all. A plan of another anatomy is stale and gets
    no number. A plan that cannot be carried out at all (entry inside the brain, target outside the
    head, wrong device) raises PlanError.
    """
    asked = under(procedure(plan.procedure), plan.profile)
    if plan.anatomy != scene.digest:
        sentence = (
            f"Stale: plan {plan.id} was made on anatomy {plan.anatomy[:12]}, and this is "
            f"{scene.digest[:12]}. Plan anew on this anatomy, or open the plan's own."
        )
        return _assessment(scene, plan, (), (), seed, verdict="stale", sentence=sentence)
    admit(scene, plan, asked)
    metrics = [one for one in asked.metrics if reports or one.weight or one.limit != Limit()]
    scores = tuple(_scores(scene, plan, metrics, deliveries))
    gaps = _gaps(scene, asked, scores)
    vetoes = [score.sentence for score in scores if score.status == "rejected"]
    doubts = dict.fromkeys(
        f"{score.title} may lie beyond its limit, as far as its boundary is known."
        for score in scores
        if score.unsure
    )
    verdict: Verdict
    if vetoes:
        verdict, sentence = "rejected", f"Rejected: {vetoes[0]}"
    elif gaps:
        verdict, sentence = "incomplete", f"Incomplete: {gaps[0]}"
    else:
        verdict, sentence = "accepted", " ".join(["Accepted: every hard limit is kept.", *doubts])
    return _assessment(scene, plan, scores, gaps, seed, verdict=verdict, sentence=sentence)


def admit(scene: Scene, plan: Plan, asked: Procedure) -> None:
    """Raises PlanError, with what to do, where a plan can be no plan of this procedure here."""
    if plan.frame != scene.anatomy.frame:
        raise PlanError(
            f"Plan {plan.id} is in the frame {plan.frame}, the anatomy in {scene.anatomy.frame}. "
            "Move it into the anatomy's frame.",
        )
    if len(plan.placements) > asked.most_placements:
        raise PlanError(
            f"{asked.title} takes at most {asked.most_placements} placements, and plan {plan.id} "
            f"has {len(plan.placements)}. Split it.",
        )
    for number, placement in enumerate(plan.placements):
        admit_one(scene, placement, asked, number)


def admit_one(scene: Scene, placement: Placement, asked: Procedure, number: int) -> None:
    """The same of one placement, from 0 on."""
    which = f" of placement {number + 1}" if number else ""
    kind = placement.made_of.kind
    if kind not in asked.devices:
        wanted = " or ".join(one.replace("_", " ") for one in asked.devices)
        raise PlanError(
            f"{asked.title} uses a {wanted}, and {placement.made_of.title} is a "
            f"{kind.replace('_', ' ')}. Choose another device.",
            device=placement.device,
        )
    way = placement.trajectory
    if asked.outside and scene.has(asked.outside) and scene.holds(asked.outside, way.entry_mm):
        raise PlanError(
            f"The entry{which} lies inside the {asked.outside}. Move it out to the skin.",
            entry_mm=way.entry_mm,
        )
    body = next((word for word in asked.within if scene.has(word)), None)
    if body and not scene.holds(body, way.target_mm):
        raise PlanError(
            f"The target{which} lies outside the {'head' if body == 'scalp' else title(body)}. "
            "Move it inside.",
            target_mm=way.target_mm,
        )
    if way.length_mm + placement.depth_mm < 1.0:
        raise PlanError(
            f"The tip{which} does not get past the entry: it stops {-placement.depth_mm:.1f} mm "
            f"before a target that is {way.length_mm:.1f} mm deep.",
            depth_mm=placement.depth_mm,
        )


def _scores(
    scene: Scene, plan: Plan, metrics: Sequence[Metric], deliveries: Deliveries | None
) -> list[Score]:
    scores: list[Score] = []
    for metric in metrics:
        if measure := metric.measure:
            for number, placement in enumerate(plan.placements):
                scores.append(answer(scene, metric, number, measure, placement))
        elif (across := metric.across) and len(plan.placements) > 1:
            scores.append(answer(scene, metric, None, across, plan.placements))
    if deliveries is not None:
        by = delivery(plan.delivery)
        for number, tolerance in enumerate(deliveries.each):
            own = tuple(one for one in scores if one.placement == number)
            made = Delivered(tolerance=tolerance, by=by, scores=own)
            scores += slips(scene, metrics, number, made)
    return scores


def slips(scene: Scene, metrics: Sequence[Metric], number: int, made: Delivered) -> list[Score]:
    """What a slip costs placement `number`, of the metrics that are asked of deliveries."""
    return [
        answer(scene, metric, number, measure, made)
        for metric in metrics
        if (measure := metric.delivered)
    ]


def answer(
    scene: Scene, metric: Metric, number: int | None, measure: Callable[..., Reading], what: Any
) -> Score:
    """The score of what `measure` reads of `what`, or why there is none.

    Where only arteries or only veins are known, a number about vessels may reject a plan and
    never count for it.
    """
    if metric.needs and not any(scene.has(word) for word in metric.needs):
        return cannot_be_judged(metric, placement=number)
    unseen = half_seen(scene) if "vessels" in metric.needs else ""
    try:
        reading = measure(scene, what)
        score = judged(metric, reading, placement=number)
    except TermError as missing:
        return cannot_be_judged(metric, unseen or str(missing), placement=number)
    except TwinError as broken:
        return failed(metric, str(broken), placement=number)
    if unseen and score.status == "ok":
        alone = f"{unseen}; of the other vessels alone it is {spelled(reading.value, metric.unit)}"
        return cannot_be_judged(metric, alone, placement=number, beside=reading)
    return score


def half_seen(scene: Scene) -> str:
    """`no veins in this twin` or `no arteries in this twin`, where only the others are there."""
    arteries, veins = scene.has("artery"), scene.has("vein")
    if arteries == veins:
        return ""
    return f"no {'veins' if arteries else 'arteries'} in this twin"


def _gaps(scene: Scene, asked: Procedure, scores: tuple[Score, ...]) -> tuple[str, ...]:
    """What keeps the plan from being complete: needed and missing, or not measured."""
    metrics = {metric.id: metric for metric in asked.metrics}
    found = []
    for score in scores:
        needs = set(metrics[score.metric].needs)
        optional = bool(needs) and needs <= set(asked.wants)
        if score.status == "failed" or (score.status == "cannot_be_judged" and not optional):
            found.append(score.sentence)
    read = {word for metric in asked.metrics for word in metric.needs}
    return tuple(dict.fromkeys([*found, *missing(scene, asked, beside=read)]))


def missing(scene: Scene, asked: Procedure, *, beside: Set[str] = frozenset()) -> tuple[str, ...]:
    """A sentence for each needed word, but those of `beside`, that this twin has nothing of, or
    only half."""
    needed = [word for word in asked.needs if word not in beside]
    lost = [f"no {word} in this twin" for word in needed if not scene.has(word)]
    if "vessels" in needed and (unseen := half_seen(scene)):
        lost.append(unseen)
    return tuple(f"{asked.title} cannot be judged: {one}." for one in lost)


def _assessment(
    scene: Scene,
    plan: Plan,
    scores: tuple[Score, ...],
    gaps: tuple[str, ...],
    seed: int,
    *,
    verdict: Verdict,
    sentence: str,
) -> Assessment:
    return Assessment(
        plan=plan.digest,
        rev=plan.rev,
        anatomy=scene.digest,
        procedure=plan.procedure,
        profile=plan.profile,
        scores=scores,
        verdict=verdict,
        total=weighted(scores),
        gaps=gaps,
        engine=ENGINE,
        seed=seed,
        sentence=sentence,
    )
