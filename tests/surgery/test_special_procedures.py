"""Screw, valve, lead and saw as procedures of the catalogue, on bodies with a closed form."""

import math

import pytest
from heads import plan, put, scene_of

from anatomy.solids import Ellipsoid, Tube
from surgery.assess import assess
from surgery.device import device
from surgery.plan import PlanError


def score(assessment, metric):
    return next(s for s in assessment.scores if s.metric == metric)


def a_spine(**more):
    """A vertebra like a rod of 6 mm about the y axis, which the screw enters at one end."""
    rod = Tube(((0.0, -30.0, 0.0), (0.0, 30.0, 0.0)), (6.0, 6.0))
    return scene_of({"vertebra_l3": rod, **more})


def an_aorta():
    return scene_of({"aorta": Tube(((0.0, -40.0, 0.0), (0.0, 40.0, 0.0)), (10.6, 10.6))})


def a_femur():
    return scene_of({"femur_left": Tube(((0.0, -45.0, 0.0), (0.0, 45.0, 0.0)), (11.0, 11.0))})


def a_saw():
    """From above; the marker would face Anterior, along the bone, and is rolled across it."""
    way = put("oscillating_saw_06", (0.0, 2.0, 20.0), (0.0, 2.0, 0.0))
    return way.moved(roll_rad=math.pi / 2)


@pytest.mark.parametrize(("x_mm", "letter"), [(0.0, "A"), (2.0, "A"), (4.0, "B"), (5.5, "C")])
def test_a_screw_in_a_rod_of_bone_breaches_by_radius_plus_offset_less_rod(x_mm, letter):
    scene = a_spine()
    way = put("pedicle_screw_65_45", (x_mm, -39.0, 0.0), (x_mm, 6.0, 0.0))
    found = score(assess(scene, plan(scene, "pedicle_screw", way)), "pedicle_breach")
    truth = 3.25 + x_mm - 6.0
    assert found.value == pytest.approx(truth, abs=0.1)
    assert f"grade {letter}" in found.sentence
    assert found.status == ("ok" if truth <= 2 else "rejected")


def test_a_screw_near_the_canal_is_rejected_by_the_canal():
    canal = Tube(((9.0, -30.0, 0.0), (9.0, 30.0, 0.0)), (2.5, 2.5))
    scene = a_spine(spinal_canal=canal)
    way = put("pedicle_screw_65_45", (4.0, -39.0, 0.0), (4.0, 6.0, 0.0))
    found = score(assess(scene, plan(scene, "pedicle_screw", way)), "canal_clearance")
    assert found.value == pytest.approx(9 - 2.5 - 4 - 3.25, abs=0.1)
    assert found.status == "rejected"


def test_without_a_vertebra_no_screw_is_judged():
    scene = scene_of({"brain": Ellipsoid((0, 0, 0), (40.0,) * 3)})
    way = put("pedicle_screw_65_45", (0.0, -39.0, 0.0), (0.0, 6.0, 0.0))
    found = assess(scene, plan(scene, "pedicle_screw", way))
    assert found.verdict == "incomplete"
    assert "no vertebra in this twin" in found.sentence


def test_a_valve_in_a_round_aorta_is_oversized_by_the_ratio_of_circles():
    scene = an_aorta()
    way = put("sapien3_23", (0.0, 45.0, 0.0), (0.0, 5.0, 0.0))
    found = assess(scene, plan(scene, "valve_sizing", way))
    ratio = device("sapien3_23").radius_mm / 10.6
    assert score(found, "oversize_by_area").value == pytest.approx(100 * (ratio**2 - 1), abs=1.0)
    assert score(found, "oversize_by_diameter").value == pytest.approx(100 * (ratio - 1), abs=0.5)
    assert score(found, "annulus_eccentricity").value == pytest.approx(0, abs=0.01)
    assert found.verdict == "accepted"


def test_an_oblique_section_of_the_aorta_is_no_circle():
    scene = an_aorta()
    way = put("sapien3_23", (20.0, 5.0 + 20.0 * math.sqrt(3), 0.0), (0.0, 5.0, 0.0))
    found = assess(scene, plan(scene, "valve_sizing", way))
    # 30 degrees: widest 21.2 / cos(30), narrowest 21.2.
    assert score(found, "annulus_eccentricity").value == pytest.approx(
        1 - math.cos(math.radians(30)), abs=0.01
    )


def test_a_valve_beside_the_aorta_is_refused():
    scene = an_aorta()
    way = put("sapien3_23", (0.0, 45.0, 0.0), (30.0, 5.0, 0.0))
    with pytest.raises(PlanError, match="outside the Aorta"):
        assess(scene, plan(scene, "valve_sizing", way))


def test_a_second_lead_at_the_other_end_of_a_rod_of_muscle_halves_the_time():
    rod = Tube(((0.0, -40.0, 0.0), (0.0, 40.0, 0.0)), (5.0, 5.0))
    scene = scene_of({"myocardium": rod})
    tips = [put("capsurefix_5076", (0.0, s * 55.0, 0.0), (0.0, s * 44.0, 0.0)) for s in (1, -1)]
    alone = assess(scene, plan(scene, "pacing_lead", tips[0]))
    both = assess(scene, plan(scene, "pacing_lead", *tips))
    before = score(alone, "activation_time").value
    # 90 mm of muscle at 0.6 m/s, 45 mm with both leads; voxels of 2 mm.
    assert before == pytest.approx(90 / 0.6, abs=4 / 0.6)
    assert score(both, "activation_change").value == pytest.approx(-before / 2, abs=4 / 0.6)
    assert both.verdict == "accepted"


def test_a_saw_across_a_rod_cuts_a_circle_and_reaches_through():
    scene, way = a_femur(), a_saw()
    found = assess(scene, plan(scene, "osteotomy", way))
    assert score(found, "section_area").value == pytest.approx(math.pi * 121, rel=0.02)
    assert score(found, "cut_tilt").value == pytest.approx(0, abs=0.5)
    assert score(found, "saw_reach").value == pytest.approx(
        device("oscillating_saw_06").length_mm - 22, abs=0.2
    )
    assert found.verdict == "accepted"


def test_a_rolled_saw_tilts_the_cut_by_its_roll():
    scene, way = a_femur(), a_saw()
    rolled = way.moved(roll_rad=math.radians(90 + 20))
    found = score(assess(scene, plan(scene, "osteotomy", rolled)), "cut_tilt")
    assert found.value == pytest.approx(20, abs=0.5)
