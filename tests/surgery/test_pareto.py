"""The front against the definition, for many kinds of choices."""

from dataclasses import replace

import numpy as np
import pytest
from grounds import ball, channel, ground, rod
from heads import head
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from anatomy.errors import GeometryError
from surgery.coverage import aimed_at, coverage_of, working_mm
from surgery.device import device
from surgery.entries import Entries
from surgery.limits import Reach
from surgery.pareto import front, front_of
from surgery.paths import score_paths
from surgery.search import propose, risk_map
from surgery.tolerance import Scatter


def by_definition(rows: np.ndarray) -> list[int]:
    return [
        n
        for n, row in enumerate(rows)
        if not any((other <= row).all() and (other < row).any() for other in rows)
    ]


@pytest.mark.parametrize("k", [1, 2, 3, 5, 9])
def test_the_front_is_what_the_definition_says(k):
    rows = np.random.default_rng(k).normal(size=(400, k))

    assert front(rows).tolist() == by_definition(rows)


@settings(deadline=None, max_examples=60)
@given(
    arrays(np.int64, st.tuples(st.integers(1, 25), st.integers(1, 4)), elements=st.integers(0, 3))
)
def test_ties_and_equal_choices_stay_or_fall_together(rows):
    assert front(rows).tolist() == by_definition(rows)


def test_values_too_close_for_a_sum_to_tell_apart_are_told_apart():
    rows = np.array([[1e16, 1.0], [1e16, 0.0], [np.inf, -np.inf]])

    assert front(rows).tolist() == [1, 2]


def test_one_choice_is_its_own_front_and_none_has_none():
    assert front([[3.0, 4.0]]).tolist() == [0]
    assert front(np.empty((0, 2))).tolist() == []


def test_a_choice_without_a_number_is_refused():
    with pytest.raises(GeometryError, match="not a number"):
        front([[1.0, np.nan]])


TARGETS = np.array([[-2.0, -3, 4], [0, 0, -6], [2, 6, 0]])
REACH = Reach(radius_mm=0.5, longest_mm=40.0, steepest_deg=40.0)


@pytest.fixture(scope="module")
def a_search():
    """400 entries on a ball of 36 mm to three targets past a vessel and a ventricle; its "exact"
    clearances are those of the fields, so that the definition can be held against the front."""
    turn = np.random.default_rng(5).normal(size=(400, 3))
    unit = turn / np.linalg.norm(turn, axis=1, keepdims=True)
    place = ground(
        (channel("artery", 3.0, vessel=True), rod(6, -4, 1.0)),
        (channel("ventricle", 1.0), ball((-8, 10, 3), 5.0)),
    )

    def certify(entry, target):
        (row,) = score_paths(place, entry, target, radius_mm=REACH.radius_mm).clearance_mm
        return dict(zip(place.structures, row.tolist(), strict=True))

    return propose(
        place, Entries(36.0 * unit, unit), TARGETS, reach=REACH, top=1, seed=1, count=2,
        scatter=Scatter.even(entry_mm=1.0, target_mm=1.0), certify=certify,
    )  # fmt: skip


def from_the_front(entries, targets):
    """A made-up coverage: the more the path comes from the front, the better."""
    return ((entries - targets)[:, 1] > 0) * 0.5


def test_the_front_of_a_search_is_that_of_every_feasible_path_by_definition(a_search):
    every, rows = [], []
    for target in TARGETS:
        seen = risk_map(a_search.ground, a_search.entries, target, reach=REACH)
        for n in np.flatnonzero(seen.feasible):
            entry = a_search.entries.points_mm[n]
            room = (seen.rows.clearance_mm[n] - [3.0, 1.0]).min()
            covered = from_the_front(entry[None], target[None])[0]
            every.append((*entry, *target))
            rows.append([seen.rows.risk[n], seen.rows.length_mm[n], seen.incidence_deg[n],
                         -covered, -room])  # fmt: skip
    found = front_of(a_search, coverage=from_the_front)

    assert 10 < len(found) < len(every) / 2
    assert {(*c.entry_mm, *c.target_mm) for c in found} == {
        every[n] for n in by_definition(np.array(rows))
    }
    assert [c.vessel_risk for c in found] == sorted(c.vessel_risk for c in found)


def test_what_the_exact_distances_turn_down_is_not_on_the_front(a_search):
    found = front_of(a_search)
    far = max(c.clearance_mm["artery"] for c in found) - 3.0 - 1.0

    def certify(entry, target):
        exact = a_search.certify(entry, target)
        return {**exact, "artery": exact["artery"] - far}

    left = front_of(replace(a_search, certify=certify))
    assert 0 < len(left) < len(found)
    assert all(c.clearance_mm["artery"] >= 3.0 for c in left)
    assert all(c.robustness_mm == pytest.approx(
        min(c.clearance_mm["artery"] - 3.0, c.clearance_mm["ventricle"] - 1.0)
    ) for c in left)  # fmt: skip


def test_without_vessels_the_front_tells_no_vessel_risk(a_search):
    bare = ground((channel("ventricle", 1.0), ball((-8, 10, 3), 5.0)))
    exact = {"ventricle": 2.0}
    for choice in front_of(replace(a_search, ground=bare, certify=lambda *_: exact)):
        assert choice.vessel_risk is None
        assert choice.wire()["clearance_mm"] == exact


def test_coverage_is_the_share_of_what_works_in_a_ball():
    scene, lead, needle = head(), device("medtronic_3389"), device("side_cutting_needle_25")
    target = np.array([[0.0, 0.0, -0.5], [0.0, 0.0, 1.5]])
    entry = np.array([[0.0, 0.0, 60.0], [0.0, 0.0, 60.0]])
    assert aimed_at(scene, lead, target) == ["tumour_core"]

    tumour = coverage_of(scene, lead, 0.0, ["tumour_core"])(entry, target)
    centres = np.array(lead.contact_centres_mm)
    assert tumour.tolist() == [(at + centres < 7).mean() for at in target[:, 2]] == [0.75, 0.5]
    (window,) = needle.contacts
    low, high = window.centre_mm - window.length_mm / 2, window.centre_mm + window.length_mm / 2
    found = coverage_of(scene, needle, 0.0, ["tumour_core"])(entry, target)
    expected = [np.clip(7 - at - low, 0, high - low) / (high - low) for at in target[:, 2]]
    assert found == pytest.approx(expected, abs=1.5 / (high - low))  # voxels are 2 mm
    assert working_mm(device("twist_drill_45")) == []
    assert not coverage_of(scene, device("twist_drill_45"), 0.0, ["tumour_core"])(
        entry, target
    ).any()
