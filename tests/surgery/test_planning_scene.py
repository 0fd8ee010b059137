"""What planning reads of an anatomy, beside closed forms: balls, tubes and layers."""

import math
from itertools import pairwise

import numpy as np
import pytest
from heads import (
    ARTERY_MM,
    ARTERY_X_MM,
    BONE_MM,
    INNER_MM,
    SKIN_MM,
    ball,
    head,
    path,
    scene_of,
    turned,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from anatomy.errors import GeometryError, TermError
from anatomy.geometry import point
from anatomy.structure import Anatomy
from anatomy.surface import Surface
from surgery.lie import Outside
from surgery.plan import Trajectory
from surgery.scene import NOWHERE, Scene

VOXEL_MM = 2.0
SURFACE_MM = 0.1
"""How far the triangles of the largest ball lie inside it, and how far samples of 0.5 mm miss."""
offsets = st.integers(-800, 800).map(lambda hundredths: hundredths / 100)


@pytest.mark.parametrize("x_mm", [-10.0, 0.0, 8.0])
def test_the_clearance_of_a_line_to_a_tube_is_that_of_the_closed_form(x_mm):
    reading = head().clearance("vessels", path((x_mm, 0.3, 60), (x_mm, 0.3, -20)), 1.0)
    assert reading.value == pytest.approx(ARTERY_X_MM - x_mm - ARTERY_MM - 1.0, abs=SURFACE_MM)
    assert reading.structure == "artery"
    assert reading.point_mm[0] == pytest.approx(ARTERY_X_MM - ARTERY_MM, abs=SURFACE_MM)
    assert reading.sigma_mm == 1.0


def test_the_clearance_of_a_line_that_ends_before_a_ball_is_that_to_its_pole():
    reading = head().clearance("lesion", path((0.2, 0.3, 60), (0.2, 0.3, 20)), 0.5)
    assert reading.value == pytest.approx(20 - 7 - 0.5, abs=SURFACE_MM)


@pytest.mark.parametrize("aside_mm", [0.0, 2.0, 5.0])
def test_inside_a_ball_the_clearance_is_the_depth_of_the_deepest_point(aside_mm):
    reading = head().clearance("lesion", path((aside_mm, 0.3, 60), (aside_mm, 0.3, -20)), 1.0)
    assert reading.value == pytest.approx(math.hypot(aside_mm, 0.3) - 7 - 1.0, abs=SURFACE_MM)


def test_a_path_wholly_inside_a_structure_is_not_clear_of_it():
    reading = head().clearance("brain", path((-30, -10, 5), (-30, -10, -5)), 1.0)
    assert reading.value == pytest.approx(math.hypot(30, 10, 5) - INNER_MM - 1.0, abs=3.0)
    assert reading.value < -10


@pytest.mark.parametrize("turn", [1, -1])
def test_depths_are_signed_at_both_ends_of_a_path_and_beyond_them(turn):
    way = path((0.2, 0.3, 4.0 * turn), (0.2, 0.3, -2.0 * turn))
    along = np.array([-60.0, -5.0, -2.0, 0.0, 3.0, 6.0, 8.0, 11.0, 60.0])
    heights = 4.0 - along
    found = head().depths("lesion", way, along)
    assert found == pytest.approx(np.hypot(heights, math.hypot(0.2, 0.3)) - 7, abs=SURFACE_MM)


def test_a_structure_is_measured_and_crossed_with_one_tree():
    scene = scene_of({"brain": ball(30)}, spacing_mm=4.0)
    assert scene.shell("brain").tree is scene.exact("brain").tree


def test_the_nearest_of_several_structures_is_the_responsible_one():
    reading = head().clearance("ventricles", path((-14, 24, 60), (-14, 24, 15)), 1.0)
    assert reading.structure == "lateral_ventricle_left"


@settings(max_examples=15, deadline=None)
@given(st.floats(-15.0, 16.0), st.floats(0.0, 6.0))
def test_a_path_nearer_to_a_vessel_is_never_measured_as_clearer(x_mm, nearer_mm):
    far = head().clearance("vessels", path((x_mm, 0.3, 60), (x_mm, 0.3, -10)), 1.0)
    x_mm = min(x_mm + nearer_mm, ARTERY_X_MM)
    near = head().clearance("vessels", path((x_mm, 0.3, 60), (x_mm, 0.3, -10)), 1.0)
    assert near.value <= far.value + 0.01


@settings(max_examples=10, deadline=None)
@given(offsets, offsets, st.floats(0.1, 3.0), st.tuples(offsets, offsets, offsets))
def test_moving_patient_and_path_together_changes_no_reading(x_mm, y_mm, angle_rad, shift):
    by = np.eye(4)
    c, s = math.cos(angle_rad), math.sin(angle_rad)
    by[:3, :3] = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.array(
        [[1, 0, 0], [0, c, -s], [0, s, c]]
    )
    by[:3, 3] = shift
    here, there = head(), turned(head(), by)
    way = path((x_mm, y_mm, 60.0), (y_mm, x_mm, -3.0))
    ends = np.array([way.entry_mm, way.target_mm]) @ by[:3, :3].T + by[:3, 3]
    moved = path(tuple(ends[0]), tuple(ends[1]))
    for word in ("vessels", "ventricles", "eloquent nuclei"):
        one, other = here.clearance(word, way, 1.0), there.clearance(word, moved, 1.0)
        assert other.value == pytest.approx(one.value, abs=1e-3)
        assert other.structure == one.structure
    assert there.inner_table(moved).along_mm == pytest.approx(
        here.inner_table(way).along_mm, abs=1e-3
    )


def test_stretches_of_a_radius_are_the_layers_and_add_up():
    way = path((0.1, 0.2, 60), (0.1, 0.2, 10.1))
    found = head().stretches(way)
    assert [one.structure for one in found] == [NOWHERE, "scalp", "skull", "brain"]
    thick = [60 - SKIN_MM, SKIN_MM - BONE_MM, BONE_MM - INNER_MM, INNER_MM - 10.1]
    for one, length_mm in zip(found, thick, strict=True):
        assert one.length_mm == pytest.approx(length_mm, abs=VOXEL_MM)
    assert [b.from_mm - a.to_mm for a, b in pairwise(found)] == [0.0] * 3


@settings(max_examples=25, deadline=None)
@given(
    st.tuples(*[st.floats(-90, 90)] * 3),
    st.tuples(*[st.floats(-90, 90)] * 3).filter(lambda p: any(abs(v) > 2 for v in p)),
)
def test_the_lengths_in_all_tissues_add_up_to_the_path(entry, by):
    way = path(entry, tuple(a + b for a, b in zip(entry, by, strict=True)))
    found = head().stretches(way)
    assert sum(one.length_mm for one in found) == pytest.approx(way.length_mm, abs=1e-9)
    assert all(one.length_mm > 0 for one in found)
    assert found[0].from_mm == 0


def test_an_axis_through_a_shell_goes_in_and_out_at_its_radii():
    found = head().crossing("skull", path((0, 0, 60), (0, 0, -60)))
    assert [crossing.enters for crossing in found] == [True, False, True, False]
    radii = [60 - BONE_MM, 60 - INNER_MM, 60 + INNER_MM, 60 + BONE_MM]
    assert [c.along_mm for c in found] == pytest.approx(radii, abs=SURFACE_MM)
    assert found[0].point_mm[2] == pytest.approx(BONE_MM, abs=SURFACE_MM)


def test_the_inner_table_is_where_the_skull_ends_and_an_estimated_skull_says_so():
    way = path((0.1, 0.2, 60), (0, 0, 10))
    sure = head().inner_table(way)
    assert sure.structure.id == "skull"
    assert sure.along_mm == pytest.approx(60 - INNER_MM, abs=SURFACE_MM)
    layers = {"scalp": ball(SKIN_MM), "skull": ball(BONE_MM), "brain": ball(40.0)}
    guessed = scene_of(layers, spacing_mm=4.0, origin={"skull": "estimated"}).inner_table(way)
    assert guessed.structure.id == "brain"
    assert guessed.along_mm == pytest.approx(20, abs=1.5)
    assert "estimated" in guessed.note


def test_a_path_that_misses_the_brain_is_told():
    with pytest.raises(GeometryError, match="never enters the brain"):
        head().inner_table(path((0, 0, 60), (0, 0, 50)))


@pytest.mark.parametrize("way", [(0, 0, 1), (1, 0, 0), (0.48, 0.6, 0.64), (-0.6, 0.64, -0.48)])
def test_the_skulls_normal_on_a_ball_is_the_radius(way):
    scene = scene_of({"skull": ball(50), "brain": ball(44)}, spacing_mm=2.0)
    plane = scene.skull_normal(tuple(54 * v for v in way))
    tilt = math.degrees(math.acos(np.dot(plane.normal, way)))
    assert tilt < 0.6
    # A cap of a = 5 mm: heights u a^2 / 2R = 0.25 mm u, u from 0 to 1, weighted by 1 - u:
    # their variance is 1/18 of 0.25^2.
    assert plane.spread_mm == pytest.approx(0.059, abs=0.02)


def test_few_faces_of_a_bone_face_as_the_nearest_one() -> None:
    corners = np.array([(0, 0, 0), (3, 0, 0), (3, 3, 1), (0, 3, 0)], np.float32)
    roof = Surface(corners, np.array([(0, 1, 2), (0, 2, 3)]), "head")
    way = np.cross((3, 0, 0), (3, 3, 1))
    normals = Outside(roof).planes_at([(2.5, 0.5, 4.0)]).normals
    assert normals[0] == pytest.approx(way / np.linalg.norm(way))
    with pytest.raises(GeometryError, match="too few points"):
        Outside(roof).plane_at((2.5, 0.5, 4.0))


def test_a_vertex_of_no_face_does_not_say_how_bone_lies():
    corners = np.array([(0, 0, 0), (3, 0, 0), (3, 3, 1), (0, 0, 9)], np.float32)
    stray = Surface(corners, np.array([(0, 1, 2)]), "head")
    with pytest.raises(GeometryError, match="too few points"):
        Outside(stray).plane_at((0.0, 0.0, 9.0))


def test_the_normal_of_a_ball_of_bone_points_from_its_centre_wherever_it_is_asked_for() -> None:
    scene = head()
    ways = np.random.default_rng(8).normal(size=(60, 3))
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    normals = [scene.skull_normal(point(SKIN_MM * way)).normal for way in ways]
    off_deg = np.degrees(np.arccos(np.clip((ways * normals).sum(axis=1), -1, 1)))

    assert off_deg.max() < 1.0


def test_labels_along_a_path_are_those_of_the_voxels():
    labels = head().labels_at(path((0, 0, 60), (0, 0, 0)).points(step_mm=0.5))
    assert len(labels) == 121
    assert labels[0] == NOWHERE
    assert labels[-1] == "tumour_core"
    assert head().label_at((0.0, 0.0, 500.0)) == NOWHERE


def test_a_solid_holds_the_voxels_of_its_parts():
    assert head().holds("brain", (0.0, 0.0, 0.0))
    assert head().holds("scalp", (0.0, 0.0, 50.0))
    assert not head().holds("brain", (0.0, 0.0, 50.0))
    assert not head().holds("scalp", (0.0, 0.0, 58.0))


def test_words_find_kinds_terms_and_sides():
    scene = head()
    assert [one.id for one in scene.find("vessels")] == ["artery", "vein"]
    assert {one.id for one in scene.find("ventricles")} == {
        "lateral_ventricle_left",
        "lateral_ventricle_right",
    }
    assert [one.id for one in scene.find("eloquent nuclei")] == ["thalamus_right"]
    assert [one.id for one in scene.find("thalamus")] == ["thalamus_right"]
    assert scene.find("thalamus_left") == ()
    assert not scene.has("sulci")
    with pytest.raises(TermError):
        scene.find("artrey")


def test_an_artery_is_also_looked_for_among_vessels_of_no_kind():
    scene = scene_of({"brain": ball(40), "vessel": ball(6)}, spacing_mm=4.0)
    assert [one.id for one in scene.find("artery")] == ["vessel"]
    assert [one.id for one in scene.find("vein")] == ["vessel"]


def test_a_field_agrees_with_the_exact_distance_and_is_kept():
    scene, kept = head(), {}

    def keep(name, key, make):
        kept.setdefault((name, key), make())
        return kept[name, key]

    scene = Scene(scene.anatomy, scene.labelmap, keep)
    wanted = (-20.0, 20.0, -20.0, 20.0, -20.0, 20.0)
    field = scene.field("tumour_core", box_mm=wanted, spacing_mm=2.0)
    points = np.array([[15.0, 0, 0], [0, -12, 9]])
    distance, _ = scene.exact("tumour_core").points(points)
    assert field.sample(points) == pytest.approx(distance, abs=0.1)
    again = Scene(scene.anatomy, scene.labelmap, keep)
    again.field("tumour_core", box_mm=wanted, spacing_mm=2.0)
    assert len(kept) == 1


def test_the_field_of_a_word_is_the_distance_to_the_nearest_of_its_structures():
    scene, box = head(), (-30.0, 30.0, 0.0, 44.0, -20.0, 20.0)
    field = scene.field("ventricles", box_mm=box)
    nodes = field.grid.ras(np.moveaxis(np.indices(field.grid.shape), 0, -1))
    truth = np.min(
        [np.linalg.norm(nodes - (x_mm, 24.0, 0.0), axis=-1) - 8 for x_mm in (-10, 10)], axis=0
    )

    outside = truth > SURFACE_MM
    assert field.values[outside] == pytest.approx(truth[outside], abs=0.15)
    assert (field.values[truth < -SURFACE_MM] < 0).all()
    with pytest.raises(TermError, match="no sulci"):
        scene.field("sulci", box_mm=box)


def test_labels_and_surfaces_of_two_frames_make_no_scene():
    scene = head()
    with pytest.raises(GeometryError, match="frames"):
        Scene(Anatomy("other", ()), scene.labelmap)
    assert scene.digest == scene.anatomy.id


def test_a_line_through_a_corner_of_a_mesh_crosses_it_evenly():
    scene = scene_of({"brain": ball(30)}, spacing_mm=4.0)
    shell = scene.shell("brain")
    vertices = scene.anatomy["brain"].surfaces["fine"].vertices_mm.astype(float)
    for vertex in vertices[::80]:
        way = Trajectory(entry_mm=tuple(vertex), target_mm=(0.0, 0.0, 0.0), frame="phantom")
        enters = [crossing.enters for crossing in shell.crossings(way)]
        assert enters == [True, False]
