"""Measurements against closed forms."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anatomy.errors import GeometryError
from surgery.measure import angle_deg, area_mm2, distance_mm, measure

number = st.floats(-300, 300)
points = st.tuples(number, number, number)


def test_a_distance_is_pythagoras():
    found = distance_mm([(1, 2, 3), (4, 6, 15)])
    assert (found.value, found.unit, found.sentence) == (13, "mm", "Distance 13.0 mm.")


def test_a_path_is_the_sum_of_its_pieces():
    found = distance_mm([(0, 0, 0), (3, 4, 0), (3, 4, 12)])
    assert found.value == 17
    assert "3 points" in found.sentence


@pytest.mark.parametrize("degrees", [0, 1e-5, 30, 90, 135, 179.99999, 180])
def test_an_angle_is_exact_even_near_0_and_180(degrees):
    arm = (50 * math.cos(math.radians(degrees)), 50 * math.sin(math.radians(degrees)), 0)
    found = angle_deg([(20, 0, 0), (0, 0, 0), arm])
    assert found.value == pytest.approx(degrees, abs=1e-9)
    assert found.unit == "deg"


def test_the_area_of_a_tilted_square_is_its_side_squared():
    s = math.sqrt(0.5)
    square = [(0, 0, 0), (10, 0, 0), (10, 10 * s, 10 * s), (0, 10 * s, 10 * s)]
    assert area_mm2([(x + 90, y - 40, z + 7) for x, y, z in square]).value == pytest.approx(100)


@given(a=points, b=points, shift=points)
def test_moving_both_points_leaves_a_distance_alone(a, b, shift):
    moved = [tuple(p + s for p, s in zip(one, shift, strict=True)) for one in (a, b)]
    assert distance_mm(moved).value == pytest.approx(distance_mm([a, b]).value, abs=1e-9)


@pytest.mark.parametrize(
    ("kind", "where"),
    [
        ("distance", [(0, 0, 0)]),
        ("angle", [(0, 0, 0), (1, 0, 0)]),
        ("angle", [(0, 0, 0), (0, 0, 0), (1, 0, 0)]),
        ("area", [(0, 0, 0), (1, 0, 0)]),
        ("distance", [(0, 0, 0), (math.nan, 0, 0)]),
        ("girth", [(0, 0, 0), (1, 0, 0)]),
    ],
)
def test_what_cannot_be_measured_is_refused(kind, where):
    with pytest.raises(GeometryError):
        measure(kind, where)
