"""What a slip of the hand costs, beside closed forms; and twins that know half the vessels."""

import math
from dataclasses import replace

import numpy as np
import pytest
from heads import ARTERY_MM, ARTERY_X_MM, SKIN_MM, head, put
from heads import plan as plan_in
from scipy.stats import maxwell, norm, rayleigh

from surgery import profile
from surgery.assess import assess
from surgery.delivery import deliveries, delivery
from surgery.device import device
from surgery.live import quick
from surgery.planner import scored
from surgery.procedure import procedure
from surgery.profile import Profile, Rule
from surgery.score import Limit
from surgery.station import Station

NEEDLE = device("side_cutting_needle_25")
PAST_MM = 8.0


def chance_of_touching(clear_mm: float, way: str) -> float:
    """Of a straight artery beside a path from SKIN_MM above it to PAST_MM below, as a wall."""
    share, by = PAST_MM / (SKIN_MM + PAST_MM), delivery(way)
    sigma = math.hypot((1 - share) * by.sigma_target_mm, share * by.sigma_entry_mm)
    return float(norm.sf(clear_mm / sigma))


@pytest.fixture(scope="module")
def a_station() -> Station:
    return Station(head(), procedure("needle_biopsy"))


def beside_the_artery(clear_mm: float, *, way: str = "frame", scene=None):
    """Straight down past the middle of the artery, the needle's side so far from it."""
    x_mm = ARTERY_X_MM - ARTERY_MM - NEEDLE.radius_mm - clear_mm
    needle = put(NEEDLE.id, (x_mm, 0.3, SKIN_MM), (x_mm, 0.3, -PAST_MM))
    return replace(plan_in(scene or head(), "needle_biopsy", needle), delivery=way)


def a_biopsy(clear_mm: float, scene=None):
    """Along a radius to the middle, the needle's side so far from the artery: x sin(angle)."""
    angle = math.asin((clear_mm + ARTERY_MM + NEEDLE.radius_mm) / ARTERY_X_MM)
    entry = ((SKIN_MM + 0.5) * math.cos(angle), 0.3, (SKIN_MM + 0.5) * math.sin(angle))
    needle = put(NEEDLE.id, entry, (0.0, 0.3, 0.0), depth_mm=7.0)
    return plan_in(scene or head(), "needle_biopsy", needle)


def score(assessment, metric):
    return next(one for one in assessment.scores if one.metric == metric)


@pytest.mark.parametrize(("clear_mm", "way"), [(1.0, "frame"), (0.5, "robot"), (3.0, "frame_seeg")])
def test_the_chance_of_touching_an_artery_beside_the_path_is_the_closed_form(
    a_station, clear_mm, way
):
    made = scored(a_station, beside_the_artery(clear_mm, way=way), seed=1).assessment
    hit, clearance = score(made, "hit_vessels"), score(made, "vessel_clearance")
    truth = 100 * chance_of_touching(clear_mm, way)

    assert hit.value == pytest.approx(truth, abs=2.0)
    assert hit.range[0] < truth < hit.range[1]
    assert (hit.unit, hit.limit) == ("%", Limit(good_high=1.0))
    assert (hit.point_mm, hit.structure) == (clearance.point_mm, "artery")
    assert "of 256 deliveries" in hit.sentence.lower()


def test_the_tolerance_radius_is_the_room_beyond_the_nearest_hard_distance(a_station):
    made = scored(a_station, a_biopsy(4.2), seed=1).assessment
    radius, by = score(made, "tolerance_radius"), delivery("frame")
    within = max(rayleigh.ppf(0.95) * by.sigma_entry_mm, maxwell.ppf(0.95) * by.sigma_target_mm)

    assert radius.value == pytest.approx(4.2 - 3.0, abs=0.05)
    assert radius.value == score(made, "vessel_clearance").value - 3.0
    assert radius.limit.good_low == pytest.approx(within, abs=0.005)
    assert radius.grade == pytest.approx(radius.value / within, abs=0.002)
    assert (radius.structure, radius.status) == ("artery", "ok")


def test_of_all_deliveries_95_in_100_slip_by_less_than_is_said():
    rng = np.random.default_rng(0)
    for by in deliveries().values():
        entry = np.linalg.norm(rng.normal(0, by.sigma_entry_mm, (20_000, 2)), axis=1)
        target = np.linalg.norm(rng.normal(0, by.sigma_target_mm, (20_000, 3)), axis=1)
        worse = max(np.percentile(entry, 95), np.percentile(target, 95))
        assert by.within_mm == pytest.approx(worse, rel=0.02)


def test_a_plain_assessment_delivers_nothing_and_the_dragged_path_does(a_station):
    plan = a_biopsy(4.2)
    plain = {one.metric for one in assess(head(), plan).scores}
    live = quick(a_station, plan, seed=1)

    assert not plain & {"hit_vessels", "hit_ventricles", "tolerance_radius"}
    assert score(live, "tolerance_radius").value == pytest.approx(1.2, abs=0.25)
    assert score(live, "hit_vessels").value < 1.0


def test_each_electrode_and_all_of_them_have_their_chance():
    station, tool = Station(head(), procedure("seeg_array")), device("dixi_d08_08")
    clear_mm = 1.0
    x_mm = ARTERY_X_MM - ARTERY_MM - tool.radius_mm - clear_mm
    down = [((x_mm, y_mm, SKIN_MM), (x_mm, y_mm, -PAST_MM + 1)) for y_mm in (-8.0, 8.0)]
    made = scored(station, station.plan(tool, *down, way="frame", id="p1"), seed=1)
    alone = chance_of_touching(clear_mm, "frame")
    hits = [one for one in made.assessment.scores if one.metric == "hit_vessels"]

    assert [one.placement for one in hits] == [0, 1]
    assert [one.value for one in hits] == pytest.approx([100 * alone] * 2, abs=2.0)
    assert made.deliveries.any_hit.share == pytest.approx(1 - (1 - alone) ** 2, abs=0.03)


def test_a_profile_may_ask_for_more_of_a_slip(monkeypatch):
    strict = Profile(
        id="ours", title="Ours", source="House value: for this test.",
        rules={"hit_vessels": Rule(hard_high=5.0), "tolerance_radius": Rule(good_low=1.0)},
    )  # fmt: skip
    known = profile.catalogue([*profile.profiles().values(), strict])
    monkeypatch.setattr(profile, "profiles", lambda: known)
    station = Station(head(), procedure("needle_biopsy"), "ours")
    made, wide = (
        scored(station, replace(plan, profile="ours"), seed=1).assessment
        for plan in (beside_the_artery(1.0), a_biopsy(4.2))
    )

    assert score(made, "hit_vessels").status == "rejected"
    assert score(wide, "tolerance_radius").limit == Limit(good_low=1.0)
    assert score(wide, "tolerance_radius").grade == 1.0


@pytest.mark.parametrize(("absent", "unseen"), [("vein", "veins"), ("artery", "arteries")])
def test_a_twin_with_half_the_vessels_is_never_safe(absent, unseen):
    scene = head(absent)
    station = Station(scene, procedure("needle_biopsy"))
    made = scored(station, a_biopsy(6.0, scene), seed=1).assessment

    assert made.verdict == "incomplete"
    assert f"no {unseen} in this twin" in made.sentence
    assert any(f"no {unseen} in this twin" in gap for gap in station.gaps)
    for metric in ("vessel_clearance", "vessel_risk", "hit_vessels", "tolerance_radius"):
        one = score(made, metric)
        assert (one.status, one.value, one.grade) == ("cannot_be_judged", None, None)
        assert f"no {unseen} in this twin" in one.sentence
    assert score(quick(station, a_biopsy(6.0, scene), seed=1), "vessel_clearance").value is None


def test_half_the_vessels_still_reject_what_comes_too_near_to_them():
    scene = head("vein")
    made = assess(scene, a_biopsy(1.0, scene))

    assert made.verdict == "rejected"
    assert score(made, "vessel_clearance").value == pytest.approx(1.0, abs=0.05)
    assert (
        "of the other vessels alone it is 6.0"
        in score(assess(scene, a_biopsy(6.0, scene)), "vessel_clearance").sentence
    )
