"""Plans: straight lines, tips and contacts in closed form, digests, and files to the last bit."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from anatomy.errors import GeometryError, TwinError
from surgery.delivery import DeliveryError, deliveries
from surgery.device import DeviceError, devices
from surgery.plan import (
    Placement,
    Plan,
    PlanError,
    Trajectory,
    contact_points_mm,
)
from surgery.plan_file import MOST_BYTES, read, write

DOCS = Path(__file__).resolve().parents[2] / "docs"
SCHEMA = Draft202012Validator(json.loads((DOCS / "plan.schema.json").read_text()))
EXAMPLE = re.search(r"```json\n(.*?)```", (DOCS / "plans.md").read_text(), re.S)[1]

coordinates = st.floats(-300, 300)
points = st.tuples(coordinates, coordinates, coordinates)
words = st.text(max_size=20)
names = st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True)


@st.composite
def trajectories(draw, frame="T1"):
    entry_mm, target_mm = draw(points), draw(points)
    assume(math.dist(entry_mm, target_mm) >= 1.0)
    return Trajectory(entry_mm=entry_mm, target_mm=target_mm, frame=frame)


placements = st.builds(
    Placement,
    device=st.sampled_from(sorted(devices())),
    trajectory=trajectories(),
    depth_mm=st.floats(-50, 50),
    roll_rad=st.floats(-10, 10),
)


@st.composite
def plans(draw):
    rev = draw(st.integers(1, 1000))
    return Plan(
        id=draw(words.filter(str.strip)),
        procedure=draw(names),
        anatomy=draw(words.filter(str.strip)),
        placements=tuple(draw(st.lists(placements, min_size=1, max_size=4))),
        delivery=draw(st.sampled_from(sorted(deliveries()))),
        profile=draw(names),
        author=draw(words),
        rev=rev,
        parent=None if rev == 1 else draw(st.from_regex(r"[0-9a-f]{64}", fullmatch=True)),
        note=draw(words),
    )


def a_trajectory(**ends) -> Trajectory:
    return Trajectory(
        **{"entry_mm": (10.0, 20.0, 80.0), "target_mm": (10.0, 20.0, 20.0), "frame": "T1"} | ends
    )


def a_placement(device="medtronic_3389", **fields) -> Placement:
    return Placement(**{"device": device, "trajectory": a_trajectory()} | fields)


def a_plan(**fields) -> Plan:
    return Plan(
        **{"id": "p", "procedure": "dbs_lead", "anatomy": "a" * 64, "placements": (a_placement(),)}
        | fields
    )


def test_a_trajectory_knows_its_length_and_direction():
    path = a_trajectory(entry_mm=(1, 2, 3), target_mm=(1 + 2, 2 + 3, 3 + 6))

    assert path.length_mm == 7
    assert path.direction == pytest.approx([2 / 7, 3 / 7, 6 / 7])


@given(path=trajectories(), step_mm=st.floats(0.1, 50))
def test_samples_run_evenly_from_entry_to_target(path, step_mm):
    samples = path.points(step_mm=step_mm)

    gaps = np.linalg.norm(np.diff(samples, axis=0), axis=1)
    assert tuple(samples[0]) == path.entry_mm
    assert tuple(samples[-1]) == path.target_mm
    assert gaps == pytest.approx(gaps.mean(), abs=1e-9)
    assert gaps.max() <= step_mm * (1 + 1e-6)
    assert len(samples) - 2 < path.length_mm / step_mm


def test_sixty_millimetres_in_steps_of_a_half_are_one_hundred_and_twenty_one_points():
    assert len(a_trajectory().points()) == 121
    assert len(a_trajectory().points(step_mm=1000)) == 2


@pytest.mark.parametrize("step_mm", [0, -1, math.nan, math.inf, 1e-9])
def test_a_step_that_leads_nowhere_is_refused(step_mm):
    with pytest.raises(GeometryError, match="Steps along a line"):
        a_trajectory().points(step_mm=step_mm)


@pytest.mark.parametrize(
    ("ends", "sentence"),
    [
        ({"entry_mm": (10, 20, 20)}, "Entry and target coincide"),
        ({"entry_mm": (10, 20, 20.99)}, "0.99 mm apart"),
        ({"entry_mm": (math.nan, 0, 0)}, "three finite coordinates"),
        ({"target_mm": (0, math.inf, 0)}, "three finite coordinates"),
        ({"target_mm": (0, 0)}, "three finite coordinates"),
        ({"target_mm": (0, 0, 20_000)}, "no body spans"),
        ({"target_mm": (0, 0, 1e308)}, "no body spans"),
        ({"frame": ""}, "needs the frame"),
    ],
)
def test_a_trajectory_that_cannot_be_is_refused(ends, sentence):
    with pytest.raises(GeometryError, match=sentence):
        a_trajectory(**ends)


def test_a_lead_beyond_the_target_has_its_contacts_where_its_drawing_puts_them():
    lead = a_placement(depth_mm=2.0)  # straight down: the tip at z = 18

    assert lead.tip_mm == (10, 20, 18)
    expected = [[10, 20, 18 + 2.25 + 2 * n] for n in range(4)]
    assert contact_points_mm(lead) == pytest.approx(np.array(expected), abs=1e-12)


@given(placement=placements)
def test_contacts_lie_on_the_axis_as_far_behind_the_tip_as_the_device_says(placement):
    found = contact_points_mm(placement)

    centres = placement.made_of.contact_centres_mm
    assert found.shape == (len(centres), 3)
    tip, entry = np.array(placement.tip_mm), np.array(placement.trajectory.entry_mm)
    away = np.cross(found - entry, placement.trajectory.direction)
    assert np.linalg.norm(found - tip, axis=1) == pytest.approx(centres, abs=1e-9)
    assert away == pytest.approx(0, abs=1e-9)


def test_the_marker_faces_anterior_and_turns_right_handed_about_entry_to_target():
    down = a_placement(roll_rad=0.0)  # direction -z, so y turned by 90 degrees is -z x y = +x

    assert down.facing() == pytest.approx([0, 1, 0])
    assert down.facing(90) == pytest.approx([1, 0, 0])
    assert a_placement(roll_rad=math.pi / 2).facing() == pytest.approx([1, 0, 0])
    ahead = a_placement(trajectory=a_trajectory(entry_mm=(0, 0, 0), target_mm=(0, 60, 0)))
    assert ahead.facing() == pytest.approx([0, 0, 1])


@given(placement=placements, facing_deg=st.floats(0, 360))
def test_a_facing_is_a_unit_vector_across_the_axis(placement, facing_deg):
    found = placement.facing(facing_deg)

    assert np.linalg.norm(found) == pytest.approx(1)
    assert found @ placement.trajectory.direction == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("fields", [{"depth_mm": math.nan}, {"roll_rad": math.inf}])
def test_a_depth_or_roll_that_is_no_number_is_refused(fields):
    with pytest.raises(GeometryError, match="finite number"):
        a_placement(**fields)


@pytest.mark.parametrize(
    ("fields", "error", "sentence"),
    [
        ({"id": " "}, PlanError, "needs its id"),
        ({"anatomy": ""}, PlanError, "needs its anatomy"),
        ({"procedure": "DBS lead"}, PlanError, "lower-case"),
        ({"profile": ""}, PlanError, "lower-case"),
        ({"placements": ()}, PlanError, "places nothing"),
        ({"delivery": "drone"}, DeliveryError, "drone"),
        ({"rev": 0}, PlanError, "revision 1"),
        ({"rev": 2}, PlanError, "revision 1"),
        ({"parent": "b" * 64}, PlanError, "revision 1"),
        ({"rev": 2, "parent": "B" * 64}, PlanError, "64 hex"),
        (
            {"placements": (a_placement(), a_placement(trajectory=a_trajectory(frame="CT")))},
            PlanError,
            "mixes the frames CT and T1",
        ),
    ],
)
def test_a_plan_that_cannot_be_is_refused(fields, error, sentence):
    with pytest.raises(error, match=sentence):
        a_plan(**fields)


def test_an_unknown_device_is_refused_with_the_nearest_ones():
    with pytest.raises(DeviceError, match="Did you mean medtronic_3389"):
        a_placement("medtronic_338")


def test_a_move_is_a_new_revision_that_names_its_parent_and_leaves_the_old_one_alone():
    first = a_plan(placements=(a_placement(), a_placement("dixi_d08_10")), note="n", author="a")

    second = first.moved(1, entry_mm=(0, 0, 90), depth_mm=-1.0)
    third = second.moved(0, target_mm=(5, 5, 5), roll_rad=1.0)

    assert (first.rev, second.rev, third.rev) == (1, 2, 3)
    assert (first.parent, second.parent, third.parent) == (None, first.digest, second.digest)
    assert second.placements[0] == first.placements[0]
    assert second.placements[1].trajectory == a_trajectory(entry_mm=(0, 0, 90))
    assert second.placements[1].depth_mm == -1.0
    assert third.placements[0].trajectory == a_trajectory(target_mm=(5, 5, 5))
    assert (third.placements[0].roll_rad, third.note, third.author) == (1.0, "n", "a")
    assert len({first.digest, second.digest, third.digest}) == 3


@pytest.mark.parametrize("index", [-1, 1])
def test_a_move_of_a_placement_that_is_not_there_is_refused(index):
    with pytest.raises(PlanError, match=f"none numbered {index}"):
        a_plan().moved(index, entry_mm=(0, 0, 0))


def test_the_digest_is_the_sha256_of_what_is_decided():
    # printf '%s' '{"anatomy":"a","frame":"T1","placements":[{"depth_mm":0.0,"device":
    # "medtronic_3389","entry_mm":[10.0,20.0,80.0],"roll_rad":0.0,"target_mm":[10.0,20.0,20.0]}],
    # "procedure":"dbs_lead"}' | sha256sum   (on one line)
    expected = "f52482e178138ccee4428e32ea34ae87cae3f8d6628c9dfb92900945d5bf6fae"

    assert a_plan(anatomy="a").digest == expected


def test_the_digest_changes_with_what_is_decided_and_with_nothing_else():
    plan = a_plan()
    same = [{"id": "q"}, {"author": "b"}, {"note": "n"}, {"rev": 2, "parent": "c" * 64},
            {"delivery": "robot"}, {"profile": "careful"}]  # fmt: skip
    other = [{"procedure": "seeg_array"}, {"anatomy": "b"}, {"placements": (a_placement(),) * 2},
             {"placements": (a_placement(depth_mm=math.nextafter(0, 1)),)},
             {"placements": (a_placement("medtronic_3387"),)}]  # fmt: skip

    assert {a_plan(**fields).digest for fields in same} == {plan.digest}
    assert len({plan.digest, *(a_plan(**fields).digest for fields in other)}) == len(other) + 1


def test_equal_plans_have_equal_digests_however_their_zeros_are_written():
    a = a_placement(trajectory=a_trajectory(target_mm=(0, 0, 0)), depth_mm=0)
    b = a_placement(trajectory=a_trajectory(target_mm=(-0.0, 0.0, 0.0)), depth_mm=-0.0)

    assert a == b
    assert a_plan(placements=(a,)).digest == a_plan(placements=(b,)).digest


@given(plan=plans())
def test_a_plan_comes_back_from_its_file_the_same_to_the_last_bit(plan):
    text = write(plan)

    again = read(text)

    assert again == plan
    assert again.digest == plan.digest
    assert read(plan.wire()) == plan
    assert write(again) == text
    assert read(text.encode("utf-8")) == plan
    SCHEMA.validate(json.loads(text))


def test_the_worked_example_of_the_documentation_is_a_plan():
    SCHEMA.validate(json.loads(EXAMPLE))

    plan = read(EXAMPLE)

    assert contact_points_mm(plan.placements[0]).tolist() == [[30, 40, 0]]
    assert json.loads(write(plan)) == json.loads(EXAMPLE)


def test_what_a_file_may_leave_out_has_the_values_of_a_new_plan():
    wired = a_plan().wire()
    for name in ("rev", "parent", "delivery", "profile", "author", "note"):
        del wired[name]
    for name in ("depth_mm", "roll_rad"):
        del wired["placements"][0][name]

    SCHEMA.validate(wired)
    assert read(wired) == a_plan()


def test_the_schema_itself_is_one_and_names_every_field():
    Draft202012Validator.check_schema(SCHEMA.schema)
    wired = a_plan().wire()
    assert set(SCHEMA.schema["properties"]) == set(wired)
    assert set(SCHEMA.schema["$defs"]["placement"]["properties"]) == set(wired["placements"][0])


def with_placement(**fields):
    return {"placements": [a_placement().wire() | fields]}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"colour": "red"}, "unknown field 'colour'"),
        ({"format": "slicer"}, "not a plan"),
        ({"version": 2}, "version 2"),
        ({"version": True}, "version True"),
        ({"version": "1"}, "version '1'"),
        ({"placements": {}}, "placements must be a list"),
        ({"placements": []}, "places nothing"),
        ({"placements": ["lead"]}, "Placement 1 is no placement"),
        ({"procedure": 3}, "procedure must be text"),
        ({"procedure": "A b"}, "lower-case"),
        ({"rev": 1.5}, "rev must be a whole number"),
        ({"rev": True}, "rev must be a whole number"),
        ({"rev": 2}, "revision 1 has no parent"),
        ({"parent": "d" * 64}, "revision 1 has no parent"),
        ({"note": None}, "note must be text"),
        ({"id": ""}, "needs its id"),
        ({"frame": ""}, "needs the frame"),
        (with_placement(angle=3), "Placement 1 has the unknown field 'angle'"),
        (with_placement(entry_mm=[1, 2]), "entry_mm needs three numbers"),
        (with_placement(entry_mm=[1, 2, "3"]), "must be a number, not '3'"),
        (with_placement(entry_mm=[1, 2, True]), "must be a number, not True"),
        (with_placement(entry_mm="1 2 3"), "entry_mm must be a list"),
        (with_placement(depth_mm=None), "depth_mm must be a number"),
    ],
)
def test_a_file_that_holds_no_plan_is_refused_by_us_and_by_the_schema(change, sentence):
    wired = a_plan().wire() | change

    assert not SCHEMA.is_valid(wired)
    with pytest.raises(TwinError, match=sentence):
        read(json.dumps(wired))


@pytest.mark.parametrize("name", ["id", "procedure", "anatomy", "frame", "placements"])
def test_a_file_without_what_a_plan_needs_is_refused(name):
    wired = a_plan().wire()
    del wired[name]

    assert not SCHEMA.is_valid(wired)
    with pytest.raises(PlanError, match=f"lacks '{name}'"):
        read(wired)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not a plan"),
        ("null", "not a plan"),
        ("{}", "not a plan"),
        ('{"format": "theatrum-plan"}', "version None"),
        (EXAMPLE.replace("7.0", "NaN"), "NaN, which is no number"),
        (EXAMPLE.replace("7.0", "-Infinity"), "-Infinity, which is no number"),
        (EXAMPLE.replace("7.0", "1e999"), "finite number"),
        (EXAMPLE.replace("7.0", "1" + "0" * 400), "too large a number"),
        (EXAMPLE.replace("60.0", "1e999"), "three finite coordinates"),
        (EXAMPLE.replace('"id": "p1"', '"id": "p1", "id": "p2"'), "one field twice"),
        (EXAMPLE.replace("[30.0, 40.0, 60.0]", "[30.0, 40.0, 0.0]"), "coincide"),
        (EXAMPLE.replace("side_cutting_needle_18", "spoon"), "no device 'spoon'"),
        (EXAMPLE.replace('"frame",', '"drone",'), "called 'drone'"),
        (" " * (MOST_BYTES + 1), "larger than 1 MiB"),
    ],
)
def test_text_that_holds_no_plan_is_refused_in_a_sentence(text, sentence):
    with pytest.raises(TwinError, match=sentence):
        read(text)


@given(junk=st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8,
), where=st.sampled_from(sorted(a_plan().wire())))  # fmt: skip
def test_no_value_in_any_field_does_worse_than_a_refusal(junk, where):
    try:
        plan = read(a_plan().wire() | {where: junk})
    except TwinError:
        return
    assert read(write(plan)) == plan
