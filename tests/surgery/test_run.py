"""A plan step by step: outcomes with reasons, what lies at each depth, lengths that add up."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from heads import (
    ARTERY_MM,
    ARTERY_X_MM,
    BONE_MM,
    INNER_MM,
    SKIN_MM,
    head,
    plan,
    put,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from surgery.device import device
from surgery.procedure import STEPS
from surgery.run import passage, run
from surgery.scene import NOWHERE

NEEDLE = "side_cutting_needle_25"


def steps_of(placement, procedure="needle_biopsy", scene=None):
    scene = scene or head()
    return {step.id: step for step in run(scene, plan(scene, procedure, placement)).steps}


def test_a_good_biopsy_passes_every_step_in_order():
    found = steps_of(put(NEEDLE, (-6.0, 0.5, 56.0), (0.2, 0.1, 0.0), depth_mm=7.0))
    assert list(found) == list(STEPS)
    assert {step.outcome for step in found.values()} == {"pass"}
    assert all(step.reason.endswith(".") for step in found.values())


@pytest.mark.parametrize(("tilt_deg", "outcome"), [(15, "pass"), (27.5, "warn"), (36, "fail")])
def test_the_drill_passes_warns_and_fails_by_the_angle_to_the_bone(tilt_deg, outcome):
    a = math.radians(tilt_deg)
    way = np.array([-math.sin(a), 0.0, -math.cos(a)])
    bone = np.array([0.0, 0.0, BONE_MM])
    needle = put(NEEDLE, tuple(bone - 5 * way), tuple(bone + 40 * way))
    drill = steps_of(needle)["drill"]
    assert drill.outcome == outcome
    assert "Angle to the skull's normal" in drill.reason


def test_a_path_too_near_to_a_vessel_fails_while_it_advances():
    found = steps_of(put(NEEDLE, (15.0, 0.3, 54.0), (15.0, 0.3, -6.0)))
    assert found["advance"].outcome == "fail"
    assert "Distance to vessels" in found["advance"].reason


def test_a_twin_without_vessels_warns_while_it_advances():
    needle = put(NEEDLE, (-6.0, 0.5, 56.0), (0.2, 0.1, 0.0), depth_mm=7.0)
    found = steps_of(needle, scene=head("artery", "vein"))
    assert found["advance"].outcome == "warn"
    assert "cannot be judged: no vessels in this twin" in found["advance"].reason


def test_an_entry_off_the_skin_warns_at_the_incision():
    found = steps_of(put(NEEDLE, (-6.0, 0.5, 70.0), (0.2, 0.1, 0.0), depth_mm=7.0))
    assert found["incision"].outcome == "warn"


def test_a_missed_target_fails_where_the_device_is_deployed():
    found = steps_of(put(NEEDLE, (-6.0, 0.5, 56.0), (0.2, 0.1, 0.0), depth_mm=-20.0))
    assert found["deploy"].outcome == "fail"


def test_every_placement_takes_its_own_steps():
    scene = head()
    pair = [put("dixi_d08_08", (-56.0, y, 0.3), (-20.0, y, 0.3)) for y in (-8.0, 8.0)]
    found = run(scene, plan(scene, "seeg_array", *pair))
    assert [step.placement for step in found.steps] == [0] * 5 + [1] * 5
    assert len(found.passages) == 2


def test_depths_come_every_half_millimetre_and_end_at_the_tip():
    found = passage(head(), put(NEEDLE, (0.1, 0.2, 60.0), (0.1, 0.2, 10.0), depth_mm=0.3))
    depths = [depth.depth_mm for depth in found.depths]
    assert depths[:-1] == pytest.approx([0.5 * n for n in range(101)])
    assert depths[-1] == found.length_mm == pytest.approx(50.3)
    assert found.depths[-1].point_mm == pytest.approx((0.1, 0.2, 9.7))


def test_each_depth_names_its_layer():
    found = passage(head(), put(NEEDLE, (0.1, 0.2, 60.0), (0.1, 0.2, 0.0)))
    for depth in found.depths:
        radius = 60 - depth.depth_mm
        borders = {SKIN_MM: 0, BONE_MM: 1, INNER_MM: 2, 7.0: 3}
        if min(abs(radius - border) for border in borders) > 1.0:  # half a voxel
            layer = sum(radius < border for border in borders)
            names = (NOWHERE, "scalp", "skull", "brain", "tumour_core")
            assert depth.structure == names[layer]
    assert found.depths[0].title == "Outside"
    assert found.depths[-1].title == "Tumour core"


def test_each_depth_tells_the_distance_to_the_vessel():
    found = passage(head(), put(NEEDLE, (0.0, 0.2, 60.0), (0.0, 0.2, -5.0)))
    radius = device(NEEDLE).radius_mm
    for depth in found.depths[::7]:
        height = 60 - depth.depth_mm
        truth = (ARTERY_X_MM**2 + height**2) ** 0.5 - ARTERY_MM - radius
        assert dict(depth.distances_mm)["vessels"] == pytest.approx(truth, abs=0.02)


@settings(max_examples=20, deadline=None)
@given(st.tuples(*[st.floats(-50, 50)] * 2), st.tuples(*[st.floats(-25, 25)] * 3))
def test_the_lengths_in_all_tissues_add_up_to_the_path(entry, target):
    found = passage(head(), put(NEEDLE, (*entry, 55.0), target), step_mm=5.0)
    assert sum(length for _, length in found.lengths_mm) == pytest.approx(found.length_mm, abs=1e-9)


def test_a_stale_plan_takes_no_step():
    scene = head()
    old = replace(
        plan(scene, "needle_biopsy", put(NEEDLE, (0.0, 0.0, 56.0), (0.0, 0.0, 0.0))),
        anatomy="0" * 64,
    )
    found = run(scene, old)
    assert found.assessment.verdict == "stale"
    assert found.steps == ()
    assert found.passages == ()


def test_a_run_is_json():
    scene = head()
    wire = run(
        scene, plan(scene, "needle_biopsy", put(NEEDLE, (0.0, 0.5, 56.0), (0.2, 0.1, 0.0)))
    ).wire()
    assert json.loads(json.dumps(wire, allow_nan=False)) == wire
