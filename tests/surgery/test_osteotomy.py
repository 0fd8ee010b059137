"""Cuts and wedges of boxes and cylinders, against elementary geometry."""

import math

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from anatomy.errors import GeometryError
from anatomy.phantom_bodies import block
from anatomy.surface import Surface
from surgery.osteotomy import (
    Correction,
    Cut,
    OsteotomyError,
    alignment,
    angle_deg,
    corrected,
    divided,
    outlines,
    tilt,
)

WIDTH, DEPTH, HEIGHT = 30.0, 20.0, 80.0


def a_box() -> Surface:
    """30 x 20 x 80 mm about the origin."""
    return block(WIDTH, DEPTH, HEIGHT)


def a_cylinder(radius_mm: float, height_mm: float, *, n: int = 256) -> Surface:
    angles = np.linspace(0, 2 * np.pi, n, endpoint=False)
    ring = radius_mm * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    rings = [np.column_stack([ring, np.full(n, z)]) for z in (-height_mm / 2, height_mm / 2)]
    poles = [[0, 0, -height_mm / 2], [0, 0, height_mm / 2]]
    a, b = np.arange(n), np.roll(np.arange(n), -1)
    faces = np.concatenate(
        [
            np.column_stack([a, b, n + b]), np.column_stack([a, n + b, n + a]),
            np.column_stack([b, a, np.full(n, 2 * n)]),
            np.column_stack([n + a, n + b, np.full(n, 2 * n + 1)]),
        ]
    )  # fmt: skip
    vertices = np.concatenate([*rings, poles]).astype(np.float32)
    return Surface(vertices, faces.astype(np.uint32), "phantom")


def across(z: float = 0.0) -> Cut:
    """Distal is below."""
    return Cut(point_mm=(0, 0, z), normal=(0, 0, -2))


@pytest.mark.parametrize("z", [-30.0, 0.0, 12.5])
def test_a_box_cut_across_has_two_boxes(z):
    found = divided(a_box(), across(z))
    assert found.distal_volume.value == pytest.approx(WIDTH * DEPTH * (HEIGHT / 2 + z))
    assert found.proximal_volume.value == pytest.approx(WIDTH * DEPTH * (HEIGHT / 2 - z))
    assert found.section.value == pytest.approx(WIDTH * DEPTH)
    assert found.section.point_mm == pytest.approx((0, 0, z), abs=1e-6)
    assert found.distal.bounds_mm[5] == pytest.approx(z)
    assert found.distal.closed
    assert found.proximal.closed


@pytest.mark.parametrize("degrees", [10, 25, 40])
def test_an_oblique_section_is_larger_by_the_cosine(degrees):
    t = math.radians(degrees)
    cut = Cut(point_mm=(0, 0, 0), normal=(math.sin(t), 0, -math.cos(t)))
    box, rod = divided(a_box(), cut), divided(a_cylinder(12, 80), cut)
    assert box.section.value == pytest.approx(WIDTH * DEPTH / math.cos(t))
    assert rod.section.value == pytest.approx(math.pi * 144 / math.cos(t), rel=1e-3)
    assert tilt(cut, (0, 0, 1)).value == pytest.approx(degrees)
    for parts, whole in ((box, WIDTH * DEPTH * HEIGHT), (rod, a_cylinder(12, 80).volume_ml * 1000)):
        both = parts.distal_volume.value + parts.proximal_volume.value
        assert both == pytest.approx(whole, rel=1e-6)
        assert parts.distal_volume.value == pytest.approx(whole / 2, rel=1e-6)


def test_volumes_add_up_wherever_a_cylinder_is_cut():
    rod, rng = a_cylinder(12, 80), np.random.default_rng(3)
    for _ in range(20):
        cut = Cut(point_mm=tuple(rng.uniform(-8, 8, 3)), normal=tuple(rng.normal(size=3)))
        parts = divided(rod, cut)
        both = parts.distal_volume.value + parts.proximal_volume.value
        assert both == pytest.approx(rod.volume_ml * 1000, rel=1e-6)
        surfaces = (parts.distal.volume_ml + parts.proximal.volume_ml) * 1000
        assert surfaces == pytest.approx(both, rel=1e-5)


@pytest.mark.parametrize("degrees", [5, 12, 30])
def test_an_opening_wedge_of_a_box_is_a_triangle_times_its_depth(degrees):
    # Hinged at its edge x = -15: two sides of 30 mm and the angle between them.
    hinge = Correction(hinge_mm=(-15, 0, 0), axis=(0, 1, 0), angle_deg=degrees)
    found = corrected(divided(a_box(), across()), hinge)
    t = math.radians(degrees)
    assert found.opening.value == pytest.approx(WIDTH**2 / 2 * math.sin(t) * DEPTH, rel=1e-5)
    assert found.opening.point_mm[0] == pytest.approx(15)
    assert found.widest.value == pytest.approx(WIDTH * math.sin(t), rel=1e-5)
    assert found.closing.value == pytest.approx(0, abs=1e-2)
    assert found.deepest.value == pytest.approx(0, abs=1e-4)
    assert found.distal.volume_ml == pytest.approx(WIDTH * DEPTH * HEIGHT / 2000, rel=1e-5)


@pytest.mark.parametrize("degrees", [5, 12])
def test_a_closing_wedge_of_a_box_is_a_kite_times_its_depth(degrees):
    # Both faces are 30 mm long from the hinge on and their sides meet on the bisector.
    hinge = Correction(hinge_mm=(-15, 0, 0), axis=(0, 1, 0), angle_deg=-degrees)
    found = corrected(divided(a_box(), across()), hinge)
    t = math.radians(degrees)
    assert found.closing.value == pytest.approx(WIDTH**2 * math.tan(t / 2) * DEPTH, rel=1e-4)
    assert found.closing.point_mm[0] == pytest.approx(15)
    assert found.opening.value == pytest.approx(0, abs=1e-6)
    assert found.deepest.value == pytest.approx(WIDTH * math.sin(t), rel=1e-5)


@pytest.mark.parametrize("degrees", [4, 10])
def test_an_opening_wedge_of_a_cylinder_is_area_times_arm_times_sine(degrees):
    hinge = Correction(hinge_mm=(-12, 0, 0), axis=(0, 1, 0), angle_deg=degrees)
    found = corrected(divided(a_cylinder(12, 80), across()), hinge)
    expected = math.pi * 144 * 12 * math.sin(math.radians(degrees))
    assert found.opening.value == pytest.approx(expected, rel=2e-4)
    assert found.opening.value == pytest.approx(
        divided(a_cylinder(12, 80), across()).section.value * 12 * math.sin(math.radians(degrees)),
        rel=1e-4,
    )


def test_a_hinge_in_the_middle_opens_one_half_of_a_box():
    hinge = Correction(hinge_mm=(0, 0, 0), axis=(0, 1, 0), angle_deg=10)
    found = corrected(divided(a_box(), across()), hinge)
    t, square = math.radians(10), (WIDTH / 2) ** 2
    assert found.opening.value == pytest.approx(square / 2 * math.sin(t) * DEPTH, rel=1e-5)
    assert found.closing.value == pytest.approx(square * math.tan(t / 2) * DEPTH, rel=1e-4)
    assert found.deepest.value == pytest.approx(found.widest.value, rel=1e-5)


def test_lengthening_opens_a_slab_and_shortening_overlaps_in_one():
    parts = divided(a_box(), across())
    still = {"hinge_mm": (0, 0, 0), "axis": (1, 0, 0), "angle_deg": 0.0}
    longer = corrected(parts, Correction(**still, shift_mm=(0, 0, -6)))
    shorter = corrected(parts, Correction(**still, shift_mm=(0, 0, 6)))
    assert longer.opening.value == pytest.approx(6 * WIDTH * DEPTH)
    assert longer.closing.value == 0
    assert longer.distal.bounds_mm[4] == pytest.approx(-46)
    assert shorter.closing.value == pytest.approx(6 * WIDTH * DEPTH, rel=1e-5)
    assert shorter.opening.value == 0


def test_sliding_along_the_cut_opens_and_overlaps_nothing():
    slide = Correction(hinge_mm=(0, 0, 0), axis=(0, 0, 1), angle_deg=20, shift_mm=(5, 0, 0))
    found = corrected(divided(a_box(), across()), slide)
    assert found.opening.value == pytest.approx(0, abs=1e-6)
    assert found.closing.value == pytest.approx(0, abs=1e-2)


def test_a_bent_bone_is_straightened_by_its_bend():
    bend = math.radians(18)
    distal = (math.sin(bend), 0.0, -math.cos(bend))
    turn = Correction(hinge_mm=(0, 0, 0), axis=(0, 1, 0), angle_deg=18)
    assert angle_deg((0, 0, -1), distal) == pytest.approx(18)
    assert alignment((0, 0, -1), distal, turn).value == pytest.approx(0, abs=1e-6)


def test_moving_the_patient_changes_no_volume():
    turn, shift = Rotation.from_euler("xyz", (25, -40, 60), degrees=True), np.array([30, -50, 90])
    moved = Surface(
        (turn.apply(a_box().vertices_mm) + shift).astype(np.float32), a_box().faces, "phantom"
    )

    def there(place):
        return tuple(turn.apply(place) + shift)

    hinge = Correction(hinge_mm=there((0, 0, 0)), axis=tuple(turn.apply([0, 1, 0])), angle_deg=10)
    cut = Cut(point_mm=there((0, 0, 0)), normal=tuple(turn.apply([0, 0, -1])))
    found = corrected(divided(moved, cut), hinge)
    same = corrected(
        divided(a_box(), across()), Correction(hinge_mm=(0, 0, 0), axis=(0, 1, 0), angle_deg=10)
    )
    assert found.opening.value == pytest.approx(same.opening.value, rel=1e-4)
    assert found.closing.value == pytest.approx(same.closing.value, rel=1e-4)


def test_a_hollow_bone_has_a_ring_for_a_section():
    outer, inner = a_cylinder(12, 80), a_cylinder(6, 60)
    n = len(outer.vertices_mm)
    vertices = np.concatenate([outer.vertices_mm, inner.vertices_mm])
    faces = np.concatenate([outer.faces, inner.faces[:, ::-1] + n]).astype(np.uint32)
    parts = divided(Surface(vertices, faces, "phantom"), across())
    assert parts.section.value == pytest.approx(math.pi * (144 - 36), rel=1e-3)


def test_the_outline_of_a_section_is_the_bodys_own():
    (ring,) = outlines(a_cylinder(12, 80), across(7.0))
    assert np.allclose(ring[:, 2], 7.0)
    assert np.allclose(np.linalg.norm(ring[:, :2], axis=1), 12, atol=0.01)


def test_a_plane_beside_the_bone_is_refused():
    with pytest.raises(OsteotomyError, match="misses the bone"):
        divided(a_box(), across(60))


def test_a_plane_between_two_pieces_is_refused():
    box = a_box()
    vertices = np.concatenate([np.add(box.vertices_mm, (0, 0, z)) for z in (50, -50)])
    faces = np.concatenate([box.faces, box.faces + len(box.vertices_mm)])
    with pytest.raises(OsteotomyError, match="passes through no part"):
        divided(Surface(vertices, faces, "phantom"), across())


def test_an_open_surface_is_refused():
    box = a_box()
    with pytest.raises(OsteotomyError, match="not closed"):
        divided(Surface(box.vertices_mm, box.faces[:-1], "phantom"), across())


def test_moves_that_cannot_be_are_refused():
    with pytest.raises(OsteotomyError, match="less than 90 degrees"):
        Correction(hinge_mm=(0, 0, 0), axis=(0, 1, 0), angle_deg=math.nan)
    with pytest.raises(GeometryError, match="needs a direction"):
        Cut(point_mm=(0, 0, 0), normal=(0, 0, 0))
