"""What is asked of a path and a device, beside closed forms."""

import math

import numpy as np
import pytest
from heads import (
    ARTERY_MM,
    ARTERY_X_MM,
    BONE_MM,
    HEAD,
    INNER_MM,
    SKIN_MM,
    ball,
    drawn,
    head,
    put,
    scene_of,
    structure,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from anatomy.errors import TermError
from anatomy.phantom import box, placed
from anatomy.solids import Blend, Tube
from anatomy.structure import Anatomy
from surgery import ends, metrics, spacing
from surgery.device import device
from surgery.questions import VESSEL_CLEARANCE
from surgery.scene import Scene


@settings(max_examples=12, deadline=None)
@given(st.floats(0.0, 22.0), st.floats(0.1, 6.0))
def test_a_closer_vessel_never_scores_better(room_mm, nearer_mm):
    scores = []
    for x_mm in (room_mm - 2.0, min(room_mm - 2.0 + nearer_mm, ARTERY_X_MM)):
        beside = put("side_cutting_needle_25", (x_mm, 0.3, 56.0), (x_mm, 0.3, 0.0))
        scores.append(
            [m(head(), beside) for m in (metrics.clearance("vessels"), metrics.vessel_risk)]
        )
    (far, far_risk), (near, near_risk) = scores
    limit = VESSEL_CLEARANCE.limit
    assert near.value <= far.value + 0.01
    assert limit.grade(near.value) <= limit.grade(far.value) + 0.01
    assert near_risk.value >= far_risk.value - 0.01


def test_vessel_risk_beside_a_long_straight_vessel_is_that_of_its_distance():
    # A path along y beside a tube along y: D is the same everywhere, so R = (10 - D) / 7.
    long = Tube(((24.0, -60.0, 0.0), (24.0, 60.0, 0.0)), (ARTERY_MM,) * 2)
    way = put("fine_needle_22g", (15.0, -54.0, 0.0), (15.0, 20.0, 0.0))
    scene = scene_of({k: HEAD[k] for k in ("scalp", "skull", "brain")} | {"artery": long})
    room = 24.0 - ARTERY_MM - 15.0 - device("fine_needle_22g").radius_mm
    risk = metrics.vessel_risk(scene, way)
    assert risk.value == pytest.approx((10 - room) / 7, abs=0.01)


@pytest.mark.parametrize("tilt_deg", [0.0, 10.0, 24.0, 35.0])
def test_incidence_on_a_ball_is_the_angle_of_the_path_to_the_radius(tilt_deg):
    scene = scene_of({k: HEAD[k] for k in ("scalp", "skull", "brain")}, spacing_mm=4.0)
    at = np.array([0.0, 0.0, 52.0])
    a = math.radians(tilt_deg)
    way = np.array([math.sin(a), 0.0, -math.cos(a)])
    needle = put("fine_needle_22g", tuple(at - 8 * way), tuple(at + 40 * way))
    assert metrics.incidence(scene, needle).value == pytest.approx(tilt_deg, abs=2.5)


def test_length_inside_the_skull_is_from_the_inner_table_to_the_tip():
    scene = head()
    needle = put("fine_needle_22g", (0.0, 0.0, 57.0), (0.0, 0.0, 10.0), depth_mm=3.0)
    reading = metrics.intracranial_length(scene, needle)
    assert reading.value == pytest.approx(INNER_MM - 7.0, abs=0.1)
    assert reading.sigma_mm == scene.anatomy["skull"].sigma_mm


@pytest.mark.parametrize(
    ("target", "grade", "word"),
    [
        ((-10.0, 24.0, 0.0), 1.0, "Lateral ventricle, left"),
        ((10.0, 24.0, 0.0), 2.0, "Lateral ventricle, right"),
        ((12.0, -24.0, 0.0), 3.0, "Thalamus, right"),
        ((-22.0, 0.0, 10.0), 3.0, "Grey matter, left"),
        ((-10.0, 24.0, -7.4), 1.0, "1b"),
    ],
)
def test_the_kakarla_grade_is_that_of_the_label_table(target, grade, word):
    catheter = put("ventricular_catheter_25", (-16.0, 28.0, 46.0), target)
    reading = ends.kakarla(head(), catheter)
    assert reading.value == grade
    assert word in reading.note


@pytest.mark.parametrize("depth_mm", [-6.0, 0.0, 5.0])
def test_the_tips_distance_to_the_wall_is_that_of_the_ball(depth_mm):
    catheter = put(
        "ventricular_catheter_25", (-10.0, 24.0, 50.0), (-10.0, 24.0, 0.0), depth_mm=depth_mm
    )
    assert ends.tip_wall(head(), catheter).value == pytest.approx(8 - abs(depth_mm), abs=0.05)


def test_contacts_in_a_ball_are_those_whose_centres_are_in_it():
    # Medtronic 3389: centres 2.25, 4.25, 6.25, 8.25 mm behind the tip; the thalamus' radius is 7.
    lead = put("medtronic_3389", (12.0, -24.0, 50.0), (12.0, -24.0, 0.0), depth_mm=7.5)
    heights = [-7.5 + centre for centre in device("medtronic_3389").contact_centres_mm]
    reading = ends.contacts_in("thalamus")(head(), lead)
    assert reading.value == sum(abs(h) < 7 for h in heights) == 4
    shallow = lead.moved(depth_mm=-4.0)
    assert ends.contacts_in("thalamus")(head(), shallow).value == 1


@pytest.mark.parametrize(("depth_mm", "share"), [(2.25, 1.0), (-14.0, 0.0)])
def test_tissue_activated_within_a_nucleus_is_all_of_it_and_none_beyond(depth_mm, share):
    # 3 mA in 0.1 S/m reach 3.45 mm beyond a contact of 1.5 mm; the nucleus' radius is 7 mm.
    lead = put("medtronic_3389", (12.0, -24.0, 50.0), (12.0, -24.0, 0.0), depth_mm=depth_mm)
    reading = ends.activated_in("thalamus")(head(), lead)
    assert reading.value == pytest.approx(share, abs=1e-6)
    assert reading.note.startswith("At 3 mA, monopolar, 0.1 S/m: 1")


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        (((0, 0, 0), (10, 0, 0)), ((5, -5, 4), (5, 5, 4)), 4.0),
        (((0, 0, 0), (10, 0, 0)), ((13, 4, 0), (20, 4, 0)), 5.0),
        (((0, 0, 0), (10, 0, 0)), ((2, 3, 0), (30, 3, 0)), 3.0),
        (((0, 0, 0), (10, 0, 0)), ((5, -1, 0), (5, 1, 0)), 0.0),
    ],
)
def test_the_distance_of_two_segments_is_that_of_the_closed_form(one, other, distance):
    assert spacing.between(one, other)[0] == pytest.approx(distance)
    assert spacing.between(other, one)[0] == pytest.approx(distance)


def test_the_share_of_a_window_in_a_ball_is_the_part_of_it_inside():
    # The window runs from 2 to 12 mm behind the tip; the ball of 7 mm is centred on the target.
    needle = put("side_cutting_needle_25", (0.1, 0.2, 56.0), (0.1, 0.2, 0.0), depth_mm=4.0)
    share = ends.opening_in("lesion")(head(), needle).value
    assert share == pytest.approx((7 + 2) / 10, abs=0.11)  # voxels of 2 mm


@pytest.mark.parametrize("height_mm", [0.0, 12.5])
def test_the_gap_to_the_skin_and_the_length_in_bone_are_those_of_the_layers(height_mm):
    needle = put("fine_needle_22g", (0.1, 0.2, SKIN_MM + height_mm), (0.1, 0.2, 0.0))
    assert metrics.skin_gap(head(), needle).value == pytest.approx(height_mm, abs=0.1)
    bone = metrics.bone_thickness(head(), needle)
    assert bone.value == pytest.approx(BONE_MM - INNER_MM, abs=1.0)  # half a voxel
    reach = metrics.reach(head(), needle)
    truth = device("fine_needle_22g").length_mm - SKIN_MM - height_mm
    assert reach.value == pytest.approx(truth)


@pytest.mark.parametrize(("depth_mm", "error_mm"), [(0.0, 2.25), (2.25, 0.0), (5.0, 0.75)])
def test_the_error_of_a_lead_is_that_of_its_nearest_contact(depth_mm, error_mm):
    # Centres 2.25, 4.25, 6.25, 8.25 mm behind the tip.
    lead = put("medtronic_3389", (0.0, 0.0, 60.0), (0.0, 0.0, 0.0), depth_mm=depth_mm)
    assert ends.contact_error(head(), lead).value == pytest.approx(error_mm)
    assert ends.tip_error(head(), lead).value == pytest.approx(depth_mm)


def test_sulci_are_looked_for_below_the_first_ten_millimetres_only():
    solids = {k: HEAD[k] for k in ("scalp", "skull", "brain")}
    scene = scene_of(solids | {"csf": ball(3.0, (6.0, 0.0, 40.0))})
    deep = put("fine_needle_22g", (0.0, 0.0, 56.0), (0.0, 0.0, 0.0))
    below = metrics.clearance("sulci", skipped_mm=10.0)(scene, deep)
    radius = device("fine_needle_22g").radius_mm
    start = INNER_MM - 10.0
    truth = math.hypot(6.0, 40.0 - start) - 3.0 - radius
    assert below.value == pytest.approx(truth, abs=0.05)
    assert metrics.clearance("sulci")(scene, deep).value == pytest.approx(3 - radius, abs=0.05)
    shallow = put("fine_needle_22g", (0.0, 0.0, 56.0), (0.0, 0.0, 38.0))
    with pytest.raises(TermError, match="ends within 10 mm"):
        metrics.clearance("sulci", skipped_mm=10.0)(scene, shallow)


def test_a_path_that_leaves_the_brain_and_comes_back_enters_it_twice():
    lobes = [ball(8.0, (0.0, 0.0, 15.0)), ball(8.0, (0.0, 0.0, -15.0))]
    grid = box(spacing_mm=(4.0,) * 3, extent_mm=(60.0,) * 3)
    labelmap = placed({"brain": Blend(tuple(lobes))}, grid)
    brain = structure("brain", [drawn(lobe) for lobe in lobes], labelmap, "manual")
    scene = Scene(Anatomy(grid.frame, (brain,)), labelmap)
    for depth_mm, times in ((10.0, 1), (-10.0, 2), (26.0, 0)):
        needle = put("fine_needle_22g", (0.0, 0.0, 29.0), (0.0, 0.0, depth_mm))
        assert metrics.pial_entries(scene, needle).value == times


def test_the_share_of_contacts_in_grey_matter_counts_their_centres():
    # Eight contacts every 3.5 mm from 1 mm behind the tip; grey matter spans x from -32 to -12.
    electrode = put("dixi_d08_08", (-56.0, 0.3, 0.3), (-14.0, 0.3, 0.3))
    centres = [-14.0 - c for c in device("dixi_d08_08").contact_centres_mm]
    share = sum(-32 < x < -12 for x in centres) / 8
    assert metrics.grey_share(head(), electrode).value == share == 0.625
