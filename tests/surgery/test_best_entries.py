"""The entries that are named beside a risk map: feasible, the least risk first, apart."""

import numpy as np
import pytest
from grounds import ball, channel, ground, rod

from surgery.best_entries import APART_MM, best_entries
from surgery.entries import Entries
from surgery.limits import Reach
from surgery.search import RiskMap, risk_map

RADIUS_MM, TARGET = 30.0, (0.0, 0.0, 0.0)
REACH = Reach(radius_mm=0.5, longest_mm=40.0)


def dome(count: int = 400) -> Entries:
    """Places on the upper half of a sphere about the target, seen straight on."""
    turn = np.pi * (3 - np.sqrt(5)) * np.arange(count)
    up = 1 - (np.arange(count) + 0.5) / count
    flat = np.sqrt(1 - up**2)
    unit = np.stack([flat * np.cos(turn), flat * np.sin(turn), up], axis=1)
    return Entries(RADIUS_MM * unit, unit)


@pytest.fixture(scope="module")
def a_map() -> tuple[RiskMap, Entries]:
    """A vessel along z 12 mm to the right of the target."""
    place = ground((channel("vessels", 3.0, vessel=True), rod(12.0, 0.0, 1.0)))
    entries = dome()
    return risk_map(place, entries, TARGET, reach=REACH), entries


def test_the_best_entries_are_feasible_apart_and_the_least_risk_first(
    a_map: tuple[RiskMap, Entries],
) -> None:
    seen, entries = a_map
    found = best_entries(seen, entries)
    places = np.array([one.entry_mm for one in found])
    apart = np.linalg.norm(places[:, None] - places, axis=2)[~np.eye(len(found), dtype=bool)]
    feasible = entries.points_mm[seen.feasible]

    assert len(found) == 5
    assert apart.min() >= APART_MM
    assert all((feasible == place).all(axis=1).any() for place in places)
    assert [one.risk for one in found] == sorted(one.risk for one in found)
    assert found[0].risk == pytest.approx(seen.rows.risk[seen.feasible].min())


def test_numbers_of_an_entry_are_those_of_its_path(a_map: tuple[RiskMap, Entries]) -> None:
    seen, entries = a_map
    for one in best_entries(seen, entries):
        assert one.length_mm == pytest.approx(RADIUS_MM, abs=0.5)
        assert one.incidence_deg == pytest.approx(0.0, abs=0.1)
        assert one.wire()["entry_mm"] == list(one.entry_mm)


def test_without_a_vessel_the_shortest_way_comes_first() -> None:
    ellipsoid = dome()
    stretched = Entries(ellipsoid.points_mm * (1.0, 1.0, 0.6), ellipsoid.normals)
    place = ground((channel("ventricles", 0.0), ball((0.0, 0.0, -30.0), 5.0)))
    found = best_entries(risk_map(place, stretched, TARGET, reach=REACH), stretched, most=1)

    assert found[0].entry_mm[2] == pytest.approx(0.6 * RADIUS_MM, abs=0.1)


def test_where_nothing_is_feasible_nothing_is_named() -> None:
    place = ground((channel("vessels", 3.0, vessel=True), ball(TARGET, 5.0)))
    entries = dome(40)

    assert best_entries(risk_map(place, entries, TARGET, reach=REACH), entries) == ()
