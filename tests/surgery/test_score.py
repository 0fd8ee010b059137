"""Limits, readings and verdicts: what passes, what never does, and what is said."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anatomy.errors import GeometryError
from surgery.plan import PlanError
from surgery.score import (
    Assessment,
    Limit,
    Metric,
    Reading,
    Score,
    cannot_be_judged,
    failed,
    judged,
    weighted,
)

CLEARANCE = Limit(hard_low=3.0, good_low=4.0)
values = st.floats(-1e6, 1e6)


def nothing(*_):
    return Reading(value=0.0)


def a_metric(limit=CLEARANCE, **more):
    return Metric(
        **{
            "id": "vessel_clearance",
            "title": "Distance to vessels",
            "unit": "mm",
            "limit": limit,
            "weight": 2.0,
            "source": "docs/evidence.md#vessel-clearance",
            "needs": ("vessels",),
            "measure": nothing,
        }
        | more
    )


def an_assessment(*scores, verdict, gaps=(), total="mean"):
    return Assessment(
        plan="p", rev=1, anatomy="a", procedure="needle_biopsy", scores=scores, verdict=verdict,
        total=weighted(scores) if total == "mean" else total,
        gaps=gaps, engine="1", seed=0, sentence="",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("limit", "value", "grade"),
    [
        (CLEARANCE, 4.0, 1.0),
        (CLEARANCE, 3.5, 0.5),
        (CLEARANCE, 3.0, 0.0),
        (CLEARANCE, 9.0, 1.0),
        (Limit(hard_high=30.0, good_high=25.0), 27.0, 0.6),
        (Limit(hard_high=30.0, good_high=25.0), 25.0, 1.0),
        (Limit(good_high=0.6), 1.1, 0.5),
        (Limit(hard_low=0.0), 0.0, 1.0),
        (Limit(hard_low=0.0, good_low=0.0), -1.0, 0.0),
        (Limit(), 1e9, 1.0),
        (Limit(good_low=15, good_high=25, hard_low=10, hard_high=30), 27.5, 0.5),
    ],
)
def test_a_grade_falls_in_a_straight_line_from_good_to_hard(limit, value, grade):
    assert limit.grade(value) == pytest.approx(grade)


@settings(deadline=None)
@given(values, values)
def test_more_clearance_never_has_a_worse_grade(one, other):
    low, high = sorted((one, other))
    assert CLEARANCE.grade(low) <= CLEARANCE.grade(high)
    assert CLEARANCE.allows(low) <= CLEARANCE.allows(high)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_no_finite_number_never_passes(value):
    for limit in (Limit(), CLEARANCE, Limit(good_high=1.0)):
        score = judged(a_metric(limit), Reading(value=value))
        assert score.status == "failed"
        assert score.grade is None
        assert not limit.allows(value)
        assert limit.grade(value) == 0
        json.dumps(score.wire(), allow_nan=False)
    assert not Limit().allows(None)


def test_bounds_out_of_order_are_refused():
    with pytest.raises(GeometryError):
        Limit(hard_low=4.0, good_low=3.0)
    with pytest.raises(GeometryError):
        Limit(hard_low=math.nan)


def test_a_score_says_value_structure_and_limit():
    reading = Reading(value=4.25, structure="artery", point_mm=(1.0, 2.0, 3.0))
    score = judged(a_metric(), reading)
    assert score.status == "ok"
    assert score.sentence == (
        "Distance to vessels 4.25 mm (Artery): at least 3 mm, good from 4 mm."
    )
    assert score.wire()["point_mm"] == [1.0, 2.0, 3.0]


def test_a_missing_structure_cannot_be_judged_and_says_so():
    score = cannot_be_judged(a_metric())
    assert score.status == "cannot_be_judged"
    assert score.value is None
    assert "cannot be judged: no vessels in this twin" in score.sentence


def test_the_boundarys_deviation_widens_the_value_and_a_crossed_limit_is_said():
    sure = judged(a_metric(), Reading(value=5.5, sigma_mm=1.0))
    unsure = judged(a_metric(), Reading(value=4.5, sigma_mm=1.0))
    assert sure.range == (3.5, 7.5)
    assert not sure.unsure
    assert "crosses" not in sure.sentence
    assert unsure.range == (2.5, 6.5)
    assert unsure.unsure
    assert "2.50 to 6.50 mm, which crosses the hard limit" in unsure.sentence


def test_the_range_follows_the_slope_and_stops_at_what_can_be():
    score = judged(a_metric(Limit()), Reading(value=0.1, sigma_mm=1.0, slope=-0.25, least=0.0))
    assert score.range == (0.0, pytest.approx(0.6))


def test_a_veto_is_never_averaged_away():
    veto = judged(a_metric(), Reading(value=2.9))
    fine = [judged(a_metric(), Reading(value=9.0)) for _ in range(99)]
    assert veto.status == "rejected"
    assert an_assessment(veto, *fine, verdict="rejected").vetoes == (veto,)
    for verdict in ("accepted", "incomplete"):
        with pytest.raises(PlanError, match="rejected"):
            an_assessment(veto, *fine, verdict=verdict)


@settings(deadline=None)
@given(st.lists(st.floats(3.0, 20.0), max_size=8), st.floats(-5.0, 2.999))
def test_no_good_scores_make_a_plan_with_a_veto_acceptable(good, bad):
    scores = [judged(a_metric(), Reading(value=value)) for value in (*good, bad)]
    with pytest.raises(PlanError):
        an_assessment(*scores, verdict="accepted")


def test_what_failed_or_is_missing_keeps_a_plan_from_being_accepted():
    fine = judged(a_metric(), Reading(value=9.0))
    broken = failed(a_metric(), "the surface is open")
    with pytest.raises(PlanError, match="incomplete"):
        an_assessment(fine, broken, verdict="accepted")
    with pytest.raises(PlanError, match="incomplete"):
        an_assessment(fine, verdict="accepted", gaps=("no vessels",))
    assert an_assessment(fine, broken, verdict="incomplete").total == 1.0


def test_a_stale_assessment_holds_no_number():
    with pytest.raises(PlanError, match="no numbers"):
        an_assessment(judged(a_metric(), Reading(value=9.0)), verdict="stale")
    assert an_assessment(verdict="stale", total=None).wire()["scores"] == []


def test_the_total_is_the_weighted_mean_of_what_was_judged():
    half = judged(a_metric(), Reading(value=3.5))
    full = judged(a_metric(weight=6.0), Reading(value=9.0))
    unknown = cannot_be_judged(a_metric(weight=100.0))
    assert weighted([half, full, unknown]) == pytest.approx((2 * 0.5 + 6 * 1.0) / 8)
    assert weighted([unknown]) is None


def test_a_score_cannot_claim_to_pass_what_its_limit_forbids():
    good = judged(a_metric(), Reading(value=9.0))
    fields = {name: getattr(good, name) for name in Score.__slots__}
    with pytest.raises(GeometryError):
        Score(**fields | {"value": 1.0})
    with pytest.raises(GeometryError):
        Score(**fields | {"value": math.nan})


def test_a_metric_measures_one_placement_or_all():
    with pytest.raises(PlanError):
        a_metric(measure=None)
    with pytest.raises(PlanError):
        a_metric(across=nothing)
