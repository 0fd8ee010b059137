"""Arrays of electrodes on the ball of a head: what keeps apart, and how far a search is."""

import math

import numpy as np
import pytest
from heads import INNER_MM, head

from surgery.array import array_for
from surgery.device import device
from surgery.planner import plans_for
from surgery.procedure import procedure
from surgery.station import Station

TARGETS = {"one": np.array([[0.0, -6.0, 20.0]]), "two": np.array([[0.0, 6.0, 20.0]])}


@pytest.fixture(scope="module")
def a_station() -> Station:
    return Station(head(), procedure("seeg_array"))


def below_10_mm(placement):
    """Places every 0.05 mm from 10 mm inside the inner table, a ball, to the tip."""
    entry, tip = np.array(placement.trajectory.entry_mm), np.array(placement.tip_mm)
    way = (tip - entry) / np.linalg.norm(tip - entry)
    along = entry @ way
    into = -along - math.sqrt(along**2 - entry @ entry + INNER_MM**2)
    depth = np.arange(into + 10.0, np.linalg.norm(tip - entry), 0.05)
    return entry + depth[:, None] * way


def test_chosen_electrodes_keep_their_distance_below_the_first_10_mm_and_the_score_says_the_same(
    a_station,
):
    made = array_for(a_station, device("dixi_d08_08"), TARGETS, way="frame", seed=1)
    one, two = map(below_10_mm, made.scored.plan.placements)
    apart = np.linalg.norm(one[:, None] - two[None], axis=2).min()
    scores = {score.metric: score.value for score in made.scored.assessment.scores}

    assert made.choice.status == "optimal"
    assert made.choice.spacing_mm == pytest.approx(apart, abs=0.05)
    assert scores["electrode_spacing"] == pytest.approx(made.choice.spacing_mm, abs=1e-6)
    assert apart >= 10.0 - 0.05


def test_a_search_says_how_far_it_is_and_ends_where_its_listener_ends_it(a_station):
    told = []

    class Enough(BaseException):
        pass

    def enough(fraction, sentence):
        told.append((fraction, sentence))
        if fraction > 0.3:
            raise Enough

    tool, places = device("dixi_d08_08"), np.tile(TARGETS["one"], (12, 1))
    with pytest.raises(Enough):
        plans_for(a_station, tool, places, way="frame", seed=1, tell=enough)

    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert 0 < fractions[0] < fractions[-1] < 0.5
    assert told[0][1] == "80,000 of 240,000 paths looked at."
