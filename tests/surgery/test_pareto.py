"""The front against the definition, for many kinds of choices."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from anatomy.errors import GeometryError
from surgery.pareto import front


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
