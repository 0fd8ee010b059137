"""Screws in phantom pedicles: tubes, cones and slabs with a closed form of the breach."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from anatomy.field import distance_field
from anatomy.surface import Surface
from surgery.plan import Placement, Trajectory
from surgery.screw import Screw, ScrewError, best_screw, breach, grade, screw_on


def a_pedicle(radius_mm: float, *, at=(0.0, 0.0, 0.0), along=(0.0, 0.0, 1.0)):
    """Signed distance of an endless tube of bone."""
    axis = np.array(along) / np.linalg.norm(along)

    def bone(points):
        away = points - at
        return np.linalg.norm(away - np.outer(away @ axis, axis), axis=1) - radius_mm

    return bone


def a_screw(*, offset=(0.0, 0.0), radius=3.0, tip=None, length=40.0, lean=0.0) -> Screw:
    x, y = offset
    end = (x + length * math.sin(lean), y, length * math.cos(lean))
    return Screw(entry_mm=(x, y, 0), tip_mm=end, radius_mm=radius, tip_radius_mm=tip)


@pytest.mark.parametrize("offset", [0.0, 1.0, 2.5, 6.0])
@pytest.mark.parametrize("radius", [2.25, 3.25])
def test_a_parallel_screw_breaches_by_radius_plus_offset_less_pedicle(offset, radius):
    found = breach(a_pedicle(4.0), a_screw(offset=(0, offset), radius=radius))
    assert found.depth.value == pytest.approx(radius + offset - 4.0, abs=1e-9)
    assert found.depth.unit == "mm"


def test_a_leaning_screw_breaches_most_at_its_far_end():
    lean = math.radians(8)
    found = breach(a_pedicle(4.0), a_screw(lean=lean))
    assert found.depth.value == pytest.approx(3 + 40 * math.sin(lean) - 4, abs=1e-9)
    assert found.depth.point_mm == pytest.approx((40 * math.sin(lean), 0, 40 * math.cos(lean)))


def test_only_the_pedicle_counts():
    lean = math.radians(8)
    found = breach(a_pedicle(4.0), a_screw(lean=lean), from_mm=5, to_mm=20)
    assert found.depth.value == pytest.approx(3 + 20 * math.sin(lean) - 4, abs=1e-9)


def test_a_cone_is_widest_at_its_head():
    found = breach(a_pedicle(4.0), a_screw(radius=5.0, tip=2.0))
    assert found.depth.value == pytest.approx(1.0, abs=1e-9)
    later = breach(a_pedicle(4.0), a_screw(radius=5.0, tip=2.0), from_mm=20)
    assert later.depth.value == pytest.approx(-0.5, abs=1e-9)


@given(place=st.floats(0.0, 40.0), width=st.floats(0.02, 3.0))
@settings(max_examples=60, deadline=None)
def test_a_narrow_hole_in_the_bone_is_never_stepped_over(place, width):
    # A ball of air of that radius on the axis: the screw lies r + width deep in air there.
    def bone(points):
        solid = np.linalg.norm(points[:, :2], axis=1) - 6.0
        hole = width - np.linalg.norm(points - (0, 0, place), axis=1)
        return np.maximum(solid, hole)

    found = breach(bone, a_screw())
    assert found.depth.value == pytest.approx(max(3.0 + width, -3.0), abs=0.011)


@pytest.mark.parametrize(
    ("mm", "letter"),
    [(-1, "A"), (0, "A"), (0.01, "B"), (1.99, "B"), (2, "C"), (3.99, "C"), (4, "D"), (5.99, "D"),
     (6, "E"), (20, "E")],
)  # fmt: skip
def test_the_grades_are_those_of_gertzbein_and_robbins(mm, letter):
    assert grade(mm) == letter
    assert breach(a_pedicle(4.0), a_screw(offset=(mm + 1, 0))).grade == letter


@pytest.mark.parametrize(
    ("offset", "turn"), [((2.7, -1.9), (0, 0)), ((-1, 3), (9, -7)), ((0, 0), (-6, 10))]
)
def test_the_search_finds_the_middle_of_a_pedicle(offset, turn):
    axis = Rotation.from_euler("xy", turn, degrees=True).apply([0, 0, 1])
    pedicle = a_pedicle(4.5, at=(*offset, 0.0), along=axis)

    found = best_screw(pedicle, a_screw(radius=3.25), from_mm=5, to_mm=25)

    # Nothing is better than to lie on the axis: 4.5 - 3.25 mm to spare.
    assert found.breach.depth.value == pytest.approx(3.25 - 4.5, abs=0.06)
    assert found.breach.depth.value >= 3.25 - 4.5
    assert found.breach.grade == "A"
    assert found.examined > 625
    assert found.breach.screw.length_mm == pytest.approx(40)


def test_the_search_keeps_a_screw_that_is_best_already():
    guess = a_screw()
    assert best_screw(a_pedicle(4.0), guess).breach.screw == guess


def test_a_pedicle_that_is_too_thin_is_breached_by_the_least_there_can_be():
    found = best_screw(a_pedicle(2.5, at=(1.5, 0, 0)), a_screw(radius=3.25))
    assert found.breach.depth.value == pytest.approx(0.75, abs=0.06)
    assert found.breach.grade == "B"


def test_moving_patient_and_screw_together_changes_nothing():
    turn = Rotation.from_euler("xyz", (20, -35, 70), degrees=True)
    screw = a_screw(offset=(1.2, 0.4), lean=0.1)
    moved = Screw(
        entry_mm=tuple(turn.apply(screw.entry_mm) + 50),
        tip_mm=tuple(turn.apply(screw.tip_mm) + 50),
        radius_mm=screw.radius_mm,
    )
    pedicle, there = a_pedicle(4.0), a_pedicle(4.0, at=(50, 50, 50), along=turn.apply([0, 0, 1]))
    assert breach(there, moved).depth.value == pytest.approx(breach(pedicle, screw).depth.value)


def test_a_distance_field_of_a_mesh_gives_the_closed_form_too():
    n, half = 180, 30.0
    angles = np.linspace(0, 2 * np.pi, n, endpoint=False)
    ring = 4.5 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    ends = [np.column_stack([ring, np.full(n, z)]) for z in (-half, half)]
    a, b = np.arange(n), np.roll(np.arange(n), -1)
    faces = np.concatenate(
        [
            np.column_stack([a, b, n + b]), np.column_stack([a, n + b, n + a]),
            np.column_stack([b, a, np.full(n, 2 * n)]),
            np.column_stack([n + a, n + b, np.full(n, 2 * n + 1)]),
        ]
    )  # fmt: skip
    vertices = np.concatenate([*ends, [[0, 0, -half], [0, 0, half]]]).astype(np.float32)
    bone = Surface(vertices, faces.astype(np.uint32), "phantom")
    field = distance_field(bone, box_mm=(-8, 8, -8, 8, -34, 34), spacing_mm=0.5)

    screw = Screw(entry_mm=(1, 0, -20), tip_mm=(1, 0, 20), radius_mm=3.0)
    assert breach(field.sample, screw).depth.value == pytest.approx(-0.5, abs=0.02)
    best = best_screw(field.sample, screw)
    assert best.breach.depth.value == pytest.approx(-1.5, abs=0.1)

    with pytest.raises(ScrewError, match="leaves the space"):
        breach(field.sample, Screw(entry_mm=(1, 0, -20), tip_mm=(1, 0, 50), radius_mm=3.0))


def test_a_planned_screw_lies_where_its_device_lies():
    path = Trajectory(entry_mm=(0, 0, 0), target_mm=(0, 0, -45), frame="phantom")
    found = screw_on(Placement(device="pedicle_screw_65_45", trajectory=path))
    assert found.entry_mm == pytest.approx((0, 0, 0))
    assert found.tip_mm == pytest.approx((0, 0, -45))
    assert found.radius_mm == 3.25
    with pytest.raises(ScrewError, match="is no screw"):
        screw_on(Placement(device="medtronic_3389", trajectory=path))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: a_screw(length=0.5), "at least 1 mm long"),
        (lambda: a_screw(radius=-1.0), "above 0 mm"),
        (lambda: a_screw(tip=0.0), "above 0 mm"),
        (lambda: breach(a_pedicle(4), a_screw(), from_mm=30, to_mm=20), "Name a piece"),
        (lambda: breach(a_pedicle(4), a_screw(), to_mm=60), "Name a piece"),
    ],
)
def test_what_is_no_screw_is_refused(make, sentence):
    with pytest.raises(ScrewError, match=sentence):
        make()
