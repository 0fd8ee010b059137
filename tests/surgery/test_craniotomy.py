"""A craniotomy over a ball of a tumour in a ball of a head, against closed forms."""

import math

import numpy as np
import pytest
from heads import BONE_MM, INNER_MM, ball, head, plan, put, scene_of

from anatomy.solids import Ellipsoid
from surgery.assess import assess
from surgery.procedures.craniotomy import (
    AROUND_MM,
    RADIUS_MM,
    opened,
    operated,
    radius_mm,
    ring_mm,
)


def scores(placement):
    found = assess(head(), plan(head(), "craniotomy", placement))
    return {score.metric: score for score in found.scores}


def drill(entry, target):
    return put("twist_drill_45", entry, target)


def test_the_flap_has_the_area_and_volume_of_a_piece_of_a_ball():
    placement = drill((0.0, -2.0, 55.0), (0.0, 0.0, 0.0))
    high, low = (math.sqrt(r * r - RADIUS_MM**2) for r in (BONE_MM, INNER_MM))
    found = scores(placement)["flap_area"]
    assert found.status == "ok"
    assert found.value == pytest.approx(2 * math.pi * BONE_MM * (BONE_MM - high), rel=0.02)
    volume_mm3 = 2 * math.pi / 3 * (BONE_MM**3 - high**3 - INNER_MM**3 + low**3)
    assert opened(head(), placement).bone.volume_ml == pytest.approx(volume_mm3 / 1000, rel=0.02)


def test_a_lesion_of_seven_millimetres_lies_as_deep_as_the_balls_say_and_under_the_flap():
    found = scores(drill((0.0, -2.0, 55.0), (0.0, 0.0, 0.0)))
    assert found["lesion_depth"].value == pytest.approx(INNER_MM - 7, abs=0.6)
    assert found["lesion_under_flap"].value == 1
    assert found["lesion_under_flap"].grade == 1


def test_the_line_is_a_circle_square_to_the_axis():
    placement = drill((3.0, -20.0, 51.0), (0.0, 0.0, 2.0))
    ring = np.array(ring_mm(placement)) - placement.trajectory.entry_mm
    assert np.linalg.norm(ring, axis=1) == pytest.approx(RADIUS_MM)
    assert ring @ placement.trajectory.direction == pytest.approx(0, abs=1e-9)


def test_a_wide_lesion_gets_a_wide_flap_and_the_brain_under_it_is_a_cap():
    solids = {"brain": ball(INNER_MM), "tumour_core": Ellipsoid((0, 0, 20), (27, 12, 8))}
    scene = scene_of(solids)
    placement = drill((0.0, -0.5, 60.0), (0.0, 0.0, 20.0))
    radius = radius_mm(scene, placement)
    found = {s.metric: s for s in assess(scene, plan(scene, "craniotomy", placement)).scores}

    assert radius == pytest.approx(27 + AROUND_MM, abs=2.0)  # voxels of 2 mm
    cap_mm2 = 2 * math.pi * INNER_MM * (INNER_MM - math.sqrt(INNER_MM**2 - radius**2))
    assert found["exposed_brain"].value == pytest.approx(cap_mm2, rel=0.02)
    assert found["lesion_under_flap"].value == 1
    assert found["flap_area"].status == "cannot_be_judged"


def test_what_is_operated_on_is_the_core_in_all_its_parts_and_never_oedema():
    parts = {
        "brain": ball(INNER_MM),
        "oedema": ball(15.0),
        "tumour_enhancing": ball(9.0),
        "tumour_necrosis": ball(5.0),
    }
    scene = scene_of(parts)
    for target in ((0.0, 0.0, 0.0), (7.0, 0.0, 0.0), (12.0, 0.0, 0.0)):
        assert set(operated(scene, target)) == {"tumour_enhancing", "tumour_necrosis"}
    assert operated(scene_of({"brain": ball(20.0), "oedema": ball(9.0)}), (0, 0, 0)) == ("oedema",)
    placement = drill((0.0, -2.0, 60.0), (0.0, 0.0, 0.0))
    depth = assess(scene, plan(scene, "craniotomy", placement)).scores[-1]
    assert depth.value == pytest.approx(INNER_MM - 9, abs=0.6)
    assert depth.structure == "tumour_enhancing"


def test_a_line_far_off_the_bone_is_said_and_holds_the_plan_back():
    placement = drill((0.0, -2.0, 110.0), (0.0, 0.0, 0.0))
    found = scores(placement)["flap_area"]
    assert found.status == "failed"
    assert "Skull is 60 mm away from point 16 of the craniotomy" in found.sentence


def test_without_a_lesion_the_structure_at_the_target_is_operated_on_and_no_lesion_is_judged():
    scene = scene_of({"brain": ball(INNER_MM), "thalamus_right": ball(7.0)})
    assert operated(scene, (0.0, 0.0, 0.0)) == ("thalamus_right",)
    assert operated(scene_of({}), (0.0, 0.0, 0.0)) == ()
    made = assess(scene, plan(scene, "craniotomy", drill((0.0, -2.0, 60.0), (0.0, 0.0, 0.0))))
    unjudged = {s.metric for s in made.scores if s.status == "cannot_be_judged"}
    assert {"lesion_under_flap", "lesion_depth"} <= unjudged
    assert next(s for s in made.scores if s.metric == "exposed_brain").status == "ok"
