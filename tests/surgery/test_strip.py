"""The strip of tissue along a path: gapless, with the names and colours of the anatomy."""

from itertools import pairwise

import pytest
from heads import BONE_MM, INNER_MM, SKIN_MM, head, put

from surgery.strip import OUTSIDE, strip

NEEDLE = "side_cutting_needle_25"


def test_the_stretches_of_a_radial_path_end_at_the_layers_of_the_ball():
    found = strip(head(), put(NEEDLE, (-20.0, 0.5, 70.0), (-20.0, 0.5, 30.0)))
    out_mm = {r: (r**2 - 20.0**2 - 0.5**2) ** 0.5 for r in (SKIN_MM, BONE_MM, INNER_MM)}
    scalp = next(one for one in found if one["structure"] == "scalp")
    skull = next(one for one in found if one["structure"] == "skull")

    assert found[0]["structure"] == "outside"
    assert (found[0]["title"], found[0]["colour"]) == ("Outside", list(OUTSIDE))
    assert scalp["from_mm"] == pytest.approx(70 - out_mm[SKIN_MM], abs=2)
    assert skull["from_mm"] == pytest.approx(70 - out_mm[BONE_MM], abs=2)
    assert skull["to_mm"] == pytest.approx(70 - out_mm[INNER_MM], abs=2)
    assert skull["colour"] == list(head().anatomy["skull"].colour)
    assert skull["title"] == "Skull"


def test_the_strip_has_no_gap_and_is_as_long_as_the_device_goes():
    found = strip(head(), put(NEEDLE, (-6.0, 0.5, 56.0), (0.2, 0.1, 0.0), depth_mm=7.0))

    assert found[0]["from_mm"] == 0.0
    assert all(a["to_mm"] == b["from_mm"] for a, b in pairwise(found))
    assert found[-1]["to_mm"] == pytest.approx((6.2**2 + 0.4**2 + 56.0**2) ** 0.5 + 7.0)
