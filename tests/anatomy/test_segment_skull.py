"""The estimated skull on balls within balls, where its faces are known."""

import numpy as np
import pytest

from anatomy.segment.skull import WALL_MM, skull

BRAIN, FLUID, INNER, DIPLOE, OUTER, SKIN = 50, 52, 53, 57, 59, 66
"""Outer radii [mm] of the shells, after a vault with two thin tables."""


@pytest.fixture(scope="module")
def a_far() -> np.ndarray:
    """Distance [mm] from the centre of a box of 145 mm."""
    return np.linalg.norm(np.indices((145,) * 3, np.float32) - 72, axis=0)


def found(far: np.ndarray, diploe: float) -> np.ndarray:
    """The skull of a ball with a diploe this bright (grey matter is 100, fluid 55)."""
    shells = [BRAIN, FLUID, INNER, DIPLOE, OUTER, SKIN]
    levels = np.array([100, 55, 25, diploe, 25, 140, 0], np.float32)
    image = levels[np.searchsorted(shells, far)]
    return skull(image, far <= SKIN, far <= BRAIN, grey=100.0, fluid=55.0)


@pytest.mark.parametrize("diploe", [30.0, 60.0])
def test_the_vault_is_found_under_its_outer_face_where_its_diploe_is_as_bright_as_fluid(
    a_far, diploe
):
    bone = found(a_far, diploe)
    upper = np.arange(145)[None, None] > 80
    wall = (a_far > OUTER - WALL_MM + 1) & (a_far < OUTER - 1) & upper
    beyond = (a_far > OUTER + 1) & upper

    assert bone[wall].mean() > 0.98
    assert not bone[beyond].any()
    assert not bone[a_far <= BRAIN].any()
