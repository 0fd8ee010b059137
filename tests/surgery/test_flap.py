"""Craniotomies in plates and in a spherical vault, against closed forms."""

import math

import numpy as np
import pytest
import trimesh

from anatomy.errors import GeometryError
from anatomy.surface import Surface
from surgery.flap import FlapError, flap


def surface(mesh: trimesh.Trimesh) -> Surface:
    return Surface(mesh.vertices.astype(np.float32), mesh.faces.astype(np.uint32), "head")


def a_plate() -> Surface:
    """100 x 80 x 6 mm, its upper face at z = 3."""
    return surface(trimesh.creation.box((100, 80, 6)))


def a_vault() -> Surface:
    """The bone between balls of 80 and 73 mm about the origin."""
    outer, inner = (trimesh.creation.icosphere(5, radius) for radius in (80, 73))
    inner.invert()
    return surface(trimesh.util.concatenate([outer, inner]))


def ring(radius_mm: float, z_mm: float, points: int = 128) -> list[tuple[float, float, float]]:
    turns = np.linspace(0, 2 * np.pi, points, endpoint=False)
    return [(radius_mm * math.cos(t), radius_mm * math.sin(t), z_mm) for t in turns]


WINDOW = [(-15.0, -10.0, 8.0), (15.0, -10.0, 8.0), (15.0, 10.0, 8.0), (-15.0, 10.0, 8.0)]


@pytest.mark.parametrize("line", [WINDOW, WINDOW[::-1]], ids=["one way", "the other way"])
def test_a_window_in_a_plate_has_the_sizes_of_a_box(line):
    made = flap(line, a_plate())
    assert made.bone.volume_ml == pytest.approx(3.6)
    assert made.rest.volume_ml == pytest.approx(48 - 3.6)
    assert (made.opening_mm2, made.outer_mm2) == (pytest.approx(600), pytest.approx(600))
    assert (made.inner_mm2, made.cut_mm2) == (pytest.approx(600), pytest.approx(600))
    assert made.normal == pytest.approx((0, 0, 1))
    assert made.rim_mm == pytest.approx(100)
    assert [set(rim[:, 2].round(4)) for rim in made.rims_mm] == [{3}, {-3}]
    assert made.pieces == 1


def test_a_round_flap_in_a_vault_has_the_volume_and_areas_of_the_closed_form():
    made = flap(ring(30, math.sqrt(80**2 - 30**2) + 6), a_vault())
    low, high = (math.sqrt(r * r - 900) for r in (73, 80))
    volume_mm3 = 2 * math.pi / 3 * ((80**3 - high**3) - (73**3 - low**3))
    assert made.bone.volume_ml == pytest.approx(volume_mm3 / 1000, rel=2e-3)
    assert made.opening_mm2 == pytest.approx(math.pi * 900, rel=2e-3)
    assert made.outer_mm2 == pytest.approx(2 * math.pi * 80 * (80 - high), rel=2e-3)
    assert made.inner_mm2 == pytest.approx(2 * math.pi * 73 * (73 - low), rel=2e-3)
    assert made.cut_mm2 == pytest.approx(2 * math.pi * 30 * (high - low), rel=2e-3)
    assert made.rim_mm == pytest.approx(2 * math.pi * 30, rel=2e-3)
    assert len(made.rims_mm) == 2


def test_flap_and_rest_are_closed_and_add_up_to_the_bone():
    vault = a_vault()
    made = flap([(40, -20, 60), (45, 15, 60), (10, 40, 62), (-5, -5, 75), (12, -35, 66)], vault)
    assert made.bone.closed
    assert made.rest.closed
    assert made.bone.volume_ml + made.rest.volume_ml == pytest.approx(vault.volume_ml, rel=1e-6)
    # The bone frees itself on the near side only: nothing of it lies below the middle.
    assert made.bone.bounds_mm[4] > 0


def test_moving_bone_and_line_together_changes_no_size():
    line = [(40, -20, 60), (45, 15, 60), (10, 40, 62), (-5, -5, 75), (12, -35, 66)]
    vault = a_vault()
    turn = trimesh.transformations.rotation_matrix(1.1, (1, 2, -1), (3, 4, 5))
    turn[:3, 3] += (30, -12, 7)
    there = flap(line, vault)
    points = trimesh.transform_points(vault.vertices_mm, turn)
    moved = Surface(points.astype(np.float32), vault.faces, "head")
    made = flap([tuple(p) for p in trimesh.transform_points(line, turn)], moved)
    for name in ("opening_mm2", "outer_mm2", "inner_mm2", "cut_mm2", "rim_mm"):
        assert getattr(made, name) == pytest.approx(getattr(there, name), rel=1e-4)
    assert made.bone.volume_ml == pytest.approx(there.bone.volume_ml, rel=1e-4)


def test_an_open_surface_is_refused_by_name():
    plate = a_plate()
    opened = Surface(plate.vertices_mm, plate.faces[1:], "head")
    with pytest.raises(FlapError, match="The left parietal bone is an open surface"):
        flap(WINDOW, opened, title="The left parietal bone")


def test_bone_that_goes_on_below_the_cut_frees_no_piece():
    ball = surface(trimesh.creation.icosphere(4, 80))
    with pytest.raises(FlapError, match="frees no piece of bone: 40 mm below"):
        flap(ring(30, 78), ball)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (WINDOW[:2], "at least 3 points, not 2"),
        ([WINDOW[0], WINDOW[2], WINDOW[1], (-15, 22, 8)], "crosses itself"),
        ([(0, 0, 8), (5, 0, 8), (0, 5, 8)], "rings 12 mm2"),
        ([(x, y, z + 60) for x, y, z in WINDOW], "The skull is 65 mm away from point 1 "),
        (
            [(52, -10, 8), (70, -10, 8), (70, 10, 8), (52, 10, 8)],
            "The skull is not cut by the line",
        ),
    ],
)
def test_a_line_that_frees_nothing_is_refused(line, said):
    with pytest.raises(FlapError, match=said):
        flap(line, a_plate())


def test_a_point_that_is_no_number_is_refused():
    with pytest.raises(GeometryError):
        flap([*WINDOW[:3], (math.nan, 0, 0)], a_plate())


def test_a_line_that_frees_only_a_rim_of_its_opening_is_refused():
    small = trimesh.creation.box((6, 20, 6))
    small.apply_translation((-12, 0, 0))
    deep = trimesh.creation.box((40, 40, 80))
    deep.apply_translation((12, 0, -37))
    with pytest.raises(FlapError, match=r"Of an opening of 6\.0 cm2 the line frees only 1\.2 cm2"):
        flap(WINDOW, surface(trimesh.util.concatenate([small, deep])))
