"""Profiles change weights and tighten limits, and nothing else; on the ball of a head."""

import math
from dataclasses import replace
from importlib.metadata import EntryPoint

import numpy as np
import pytest
from heads import ARTERY_MM, ARTERY_X_MM, INNER_MM, SKIN_MM, head, plan, put

from surgery import profile as module
from surgery.array import array_for
from surgery.assess import assess
from surgery.device import device
from surgery.planner import plans_for, scored, targets_in
from surgery.procedure import procedure, procedures
from surgery.profile import Profile, ProfileError, Rule, catalogue, profiles, read_profile, under
from surgery.score import Limit
from surgery.station import Station

NEEDLE = "side_cutting_needle_25"
BOUNDS = ("hard_low", "hard_high", "good_low", "good_high")
SOURCE = "House value: for this test."


def a_biopsy(clear_mm, *, profile="default"):
    """Along a radius to the middle, the needle's side so far from the artery: x sin(angle)."""
    angle = math.asin((clear_mm + ARTERY_MM + device(NEEDLE).radius_mm) / ARTERY_X_MM)
    entry = ((SKIN_MM + 0.5) * math.cos(angle), 0.3, (SKIN_MM + 0.5) * math.sin(angle))
    made = plan(head(), "needle_biopsy", put(NEEDLE, entry, (0.0, 0.3, 0.0), depth_mm=7.0))
    return replace(made, profile=profile)


def a_profile(**rules):
    named = {id: Rule(**rule) for id, rule in rules.items()}
    return Profile(id="ours", title="Ours", source=SOURCE, rules=named)


def metrics(asked):
    return {metric.id: metric for metric in asked.metrics}


def score(found, id):
    return next(one for one in found.scores if one.metric == id)


@pytest.fixture
def a_file(tmp_path):
    def write(body, *, name="ours.toml", head=f'id = "ours"\ntitle = "Ours"\nsource = "{SOURCE}"'):
        path = tmp_path / name
        path.write_text(f"{head}\n{body}\n")
        return path

    return write


def test_careful_rejects_what_default_accepts_at_three_and_a_half_millimetres():
    usual, careful = (assess(head(), a_biopsy(3.5, profile=p)) for p in ("default", "careful"))

    assert usual.verdict == "accepted"
    assert score(usual, "vessel_clearance").value == pytest.approx(3.5, abs=0.02)
    assert careful.verdict == "rejected"
    assert [veto.metric for veto in careful.vetoes] == ["vessel_clearance"]
    assert "at least 4 mm" in careful.sentence
    assert assess(head(), a_biopsy(4.5, profile="careful")).verdict == "accepted"


def test_an_assessment_names_its_profile_and_measures_the_same():
    usual, careful = (
        assess(head(), a_biopsy(3.5, profile=p)).wire() for p in ("default", "careful")
    )

    assert (usual["profile"], careful["profile"]) == ("default", "careful")
    assert [s["value"] for s in usual["scores"]] == [s["value"] for s in careful["scores"]]


def test_weights_change_the_total_as_a_weighted_mean_does():
    clear_mm = 3.5
    usual, short = (
        assess(head(), a_biopsy(clear_mm, profile=p)) for p in ("default", "short_path")
    )
    weight = math.fsum(s.weight for s in usual.scores if s.grade is not None)

    assert INNER_MM + 7.0 < 60.0  # As long as the path inside the skull is, its grade is 1.
    assert score(usual, "vessel_clearance").grade == pytest.approx(clear_mm - 3.0, abs=0.02)
    assert usual.total is not None
    assert usual.total < 1
    assert short.total == pytest.approx((usual.total * weight + (5 - 1) * 1.0) / (weight + 5 - 1))


def test_the_grade_falls_between_the_bounds_of_the_profile():
    found = score(assess(head(), a_biopsy(4.25, profile="careful")), "vessel_clearance")

    assert found.limit == Limit(hard_low=4.0, good_low=5.0)
    assert found.grade == pytest.approx((4.25 - 4.0) / (5.0 - 4.0), abs=0.02)
    assert found.weight == 6.0


@pytest.mark.parametrize("id", sorted(procedures()))
def test_the_default_profile_changes_nothing(id):
    assert under(procedure(id), "default") == procedure(id)


@pytest.mark.parametrize("id", sorted(procedures()))
def test_careful_widens_each_margin_by_a_millimetre_and_doubles_its_weight(id):
    before, after = metrics(procedure(id)), metrics(under(procedure(id), "careful"))
    touched = {id for id in before if after[id] != before[id]}

    assert touched == {one for one in before if one.endswith("_clearance")}
    for one in touched:
        old, new = before[one].limit, after[one].limit
        stays = old.hard_low is None or one == "eloquent_clearance"
        assert after[one].weight == 2 * before[one].weight
        assert new.good_low == old.good_low + 1
        assert new.hard_low == (old.hard_low if stays else old.hard_low + 1)


@pytest.mark.parametrize("id", sorted(profiles()))
@pytest.mark.parametrize("asked", sorted(procedures()))
def test_no_profile_lets_a_value_through_that_the_procedure_stops(id, asked):
    before, after = metrics(procedure(asked)), metrics(under(procedure(asked), id))
    for one, metric in before.items():
        values = {getattr(m.limit, b) for m in (metric, after[one]) for b in BOUNDS} - {None}
        for value in (v + off for v in values for off in (-0.5, 0.0, 0.5)):
            assert metric.limit.allows(value) or not after[one].limit.allows(value)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("[metric.vessel_clearance]\nhard_low = 2.5", ("vessel_clearance", "2.5 mm", "3 mm")),
        ("[metric.incidence]\nhard_high = 35", ("incidence", "35 degrees", "30 degrees")),
        ("[metric.intracranial_length]\nhard_high = 75", ("75 mm", "70 mm", "ventricular drain")),
    ],
)
def test_a_looser_profile_is_refused_with_both_numbers(a_file, body, said):
    with pytest.raises(ProfileError, match="may only be stricter") as refused:
        catalogue([read_profile(a_file(body))])
    for word in said:
        assert word in refused.value.message


def test_bounds_that_cross_are_refused():
    with pytest.raises(ProfileError, match=r"has at least 3 mm, good from 4 mm; give"):
        catalogue([a_profile(vessel_clearance={"hard_low": 6.0})])
    with pytest.raises(ProfileError, match="A weight is 0 or more, not -1"):
        a_profile(vessel_clearance={"weight": -1.0})


def test_an_unknown_metric_is_refused_with_the_names_near_it():
    with pytest.raises(ProfileError, match="Did you mean vessel_clearance"):
        catalogue([a_profile(vesel_clearance={"weight": 1.0})])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("[metric.incidence]\nhard_hi = 20", "Did you mean hard_high"),
        ('[metric.incidence]\nweight = "much"', "weight is a number"),
        ("[metric.incidence]\nweight = true", "weight is a number"),
        (
            "[metric.incidence]\nhard_high = nan",
            "[metric.incidence]: Weights and bounds are finite",
        ),
        ("metric = 3", "one table"),
        ("[metric]\nincidence = 3", "is a table of"),
        ("[metrics.incidence]\nweight = 2", "'metrics'"),
        ("weight = ", "ours.toml"),
    ],
)
def test_a_file_that_is_no_profile_is_refused_by_name(a_file, body, said):
    with pytest.raises(ProfileError, match=r"^ours\.toml describes no profile") as refused:
        read_profile(a_file(body))
    assert said in refused.value.message


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ('id = "ours"\ntitle = "Ours"', "needs its source"),
        ('id = "ours"\ntitle = "Ours"\nsource = ""', "who says so"),
        ('id = "ours"\ntitle = "Ours"\nsource = "House value."', "the reason"),
        (f'id = "theirs"\ntitle = "Theirs"\nsource = "{SOURCE}"', "Name it theirs.toml"),
        (f'id = "ours"\ntitle = " "\nsource = "{SOURCE}"', "needs a title"),
    ],
)
def test_a_profile_says_what_it_is_called_and_who_says_so(a_file, head, said):
    with pytest.raises(ProfileError, match="describes") as refused:
        read_profile(a_file("", head=head))
    assert said in refused.value.message


def test_a_plan_of_an_unknown_profile_is_refused_with_the_names_near_it():
    with pytest.raises(ProfileError, match=r"no profile 'carefull'\. There is careful\."):
        assess(head(), a_biopsy(3.5, profile="carefull"))


def test_profiles_come_from_entry_points_too_and_no_two_share_an_id(monkeypatch):
    entry = EntryPoint("ours", f"{__name__}:OURS", module.GROUP)
    monkeypatch.setattr(module, "entry_points", lambda *, group: [entry] * (group == entry.group))
    monkeypatch.setattr(
        EntryPoint, "load", lambda _: a_profile(incidence={"hard_high": 20.0, "good_high": 15.0})
    )

    assert {"ours", "default"} <= set(profiles.__wrapped__())
    with pytest.raises(ProfileError, match="Two profiles are called ours"):
        catalogue([a_profile(), a_profile()])
    with pytest.raises(ProfileError, match="no Profile"):
        catalogue([3])


def at(profile: str, asked: str = "needle_biopsy") -> Station:
    return Station(head(), procedure(asked), profile)


def test_the_search_asks_for_what_the_profile_asks_for():
    strict = a_profile(
        vessel_clearance={"hard_low": 4.0},
        incidence={"hard_high": 15.0, "good_high": 10.0},
        intracranial_length={"hard_high": 65.0},
    )
    station = Station(head(), strict.applied(procedure("needle_biopsy")))
    reach = station.reach(device(NEEDLE))
    margins = {c.structure: c.margin_mm for c in station.ground.channels}

    assert (reach.longest_mm, reach.steepest_deg) == (65.0, 15.0)
    assert margins == {"brain": None, "vessels": 4.0, "ventricles": 0.0, "eloquent nuclei": None}


def test_what_is_found_under_a_profile_passes_under_it():
    stations = [at(id) for id in ("default", "careful")]
    found = plans_for(
        stations[1], device(NEEDLE), targets_in(head(), "tumour_core", most=3),
        way="frame", seed=1, top=2,
    )  # fmt: skip
    assert found.plans
    for one in found.plans:
        made, assessment = one.plan, one.assessment
        usual, careful = (
            scored(station, replace(made, profile=station.profile), seed=1).deliveries.each[0]
            for station in stations
        )
        assert made.profile == assessment.profile == "careful"
        assert assessment.verdict == "accepted"
        assert score(assessment, "vessel_clearance").value >= 4.0
        # Careful asks 1 mm more of each structure that the search keeps away from.
        assert usual.guaranteed_mm - careful.guaranteed_mm == pytest.approx(1.0)


def test_a_target_too_near_the_artery_for_careful_is_none_to_its_search():
    tool = device(NEEDLE)
    target = np.array([[ARTERY_X_MM - ARTERY_MM - tool.radius_mm - 3.7, 0.0, 0.0]])
    usual, careful = (
        plans_for(at(id), tool, target, way="frame", seed=1, top=1) for id in ("default", "careful")
    )

    assert usual.search.feasible > 0
    assert careful.search.feasible == 0
    assert careful.binding is not None
    assert "vessels" in careful.binding


def test_an_array_keeps_the_distance_of_the_profile(monkeypatch):
    wide = a_profile(electrode_spacing={"hard_low": 14.0})
    monkeypatch.setattr(module, "profiles", lambda: catalogue([*profiles().values(), wide]))
    places = {"one": np.array([[0.0, -12.0, 20.0]]), "two": np.array([[0.0, 1.0, 20.0]])}
    near, far = (
        array_for(at(id, "seeg_array"), device("dixi_d08_08"), places, way="frame", seed=1)
        for id in ("default", "ours")
    )

    assert near.scored is not None
    assert far.scored is None
    assert far.binding is not None
    assert "14" in far.binding
