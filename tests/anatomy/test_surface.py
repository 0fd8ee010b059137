"""Surfaces against closed forms, independent tools, all axis orders and real labels."""

import re

import numpy as np
import pytest

from anatomy import meshing, phantom
from anatomy.errors import Cancelled, GeometryError
from anatomy.solids import Ellipsoid, Tube
from anatomy.surface import Surface, SurfaceError, structures_from
from anatomy.volume import LabelMap

TETRA = np.array([[0, 0, 0], [10, 0, 0], [0, 10, 0], [0, 0, 10]], np.float32)
OUTWARD = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]], np.uint32)


def one(labelmap, **options):
    (structure,) = structures_from(labelmap, workers=1, **options)
    return structure


def test_a_surface_knows_its_closed_form_volume_and_area():
    surface = Surface(TETRA, OUTWARD, "here")

    assert surface.closed
    assert surface.volume_ml == pytest.approx(1000 / 6 / 1000)
    assert surface.area_mm2 == pytest.approx(150 + np.sqrt(3) / 4 * 200)
    assert surface.bounds_mm == (0, 10, 0, 10, 0, 10)


def test_a_closed_surface_that_faces_inward_is_refused():
    with pytest.raises(GeometryError, match="inward"):
        Surface(TETRA, OUTWARD[:, ::-1], "here")


@pytest.mark.parametrize(
    ("vertices", "faces"),
    [
        (TETRA, OUTWARD + 1),
        (TETRA * np.nan, OUTWARD),
        (TETRA, OUTWARD[:0]),
        (TETRA, np.array([[0, 0, 1]])),
        (TETRA[:, :2], OUTWARD),
    ],
)
def test_a_surface_that_cannot_exist_is_refused(vertices, faces):
    with pytest.raises(GeometryError):
        Surface(vertices, faces, "here")


def test_an_open_surface_is_kept_and_says_so():
    assert not Surface(TETRA, OUTWARD[:3], "here").closed


SOLIDS = {
    "a ball of 15 mm": (Ellipsoid((1.3, -2.1, 3.4), (15, 15, 15)), 0.01),
    "an ellipsoid": (Ellipsoid((0, 0, 0), (30, 22, 18)), 0.01),
    "a ball of 4 mm": (Ellipsoid((0.3, 0.2, 0.1), (4, 4, 4)), 0.05),
    "a nucleus of 5 x 2.5 x 3.5 mm": (Ellipsoid((0.2, 0.1, 0), (5, 2.5, 3.5)), 0.06),
    "a vessel of 2 mm": (Tube(((-25, -10, -5), (25, 8, 9)), (2, 2)), 0.03),
    "a vessel of 1.2 mm": (Tube(((-25, -10, -5), (25, 8, 9)), (1.2, 1.2)), 0.06),
}


@pytest.mark.parametrize("name", SOLIDS)
def test_both_levels_hold_the_closed_form_volume_and_are_watertight(name):
    import trimesh

    solid, share = SOLIDS[name]
    grid = phantom.box(extent_mm=(70, 60, 60))
    structure = one(phantom.placed({"tumour_core": solid}, grid))

    assert structure.watertight
    assert structure.surface_p95_mm <= 1
    assert structure.surface_volume_ml == pytest.approx(solid.volume_ml, rel=share)
    for surface in structure.surfaces.values():
        body = trimesh.Trimesh(surface.vertices_mm, surface.faces)
        assert body.is_volume
        assert body.volume / 1000 == pytest.approx(solid.volume_ml, rel=share)


@pytest.mark.parametrize("spacing", [(1, 1, 1), (2, 2, 2), (0.6, 0.6, 3), (3, 1, 1)])
def test_every_vertex_lies_within_half_a_voxel_of_the_true_ball(spacing):
    ball = Ellipsoid((1.2, -0.7, 0.4), (24, 24, 24))
    structure = one(phantom.placed({"tumour_core": ball}, phantom.box(spacing_mm=spacing)))
    fine = structure.surfaces["fine"].vertices_mm

    off = np.abs(np.linalg.norm(fine - np.array(ball.centre_mm), axis=1) - 24)
    assert np.percentile(off, 95) <= 0.5 * max(spacing)
    assert structure.surface_volume_ml == pytest.approx(ball.volume_ml, rel=0.02)


@pytest.mark.parametrize("tilt", [0.0, 17.0])
def test_all_48_axis_orders_give_one_and_the_same_surface(tilt):
    solid = Ellipsoid((7, -4, 5), (12, 8, 6), yaw_deg=30)
    options = {"spacing_mm": (1.0, 1.2, 2.0), "extent_mm": (48.0, 48.0, 48.0), "tilt_deg": tilt}
    upright = one(phantom.placed({"lesion": solid}, phantom.box(**options)))
    reference = upright.surfaces["fine"]

    for axes in phantom.AXES:
        labels = phantom.placed({"lesion": solid}, phantom.box(axes=axes, **options))
        surface = one(labels).surfaces["fine"]
        assert surface.volume_ml > 0
        assert np.array_equal(surface.faces, reference.faces), axes
        assert np.abs(surface.vertices_mm - reference.vertices_mm).max() <= 0.01, axes


def test_there_are_48_axis_orders():
    assert len(set(phantom.AXES)) == 48


def test_a_left_handed_oblique_grid_still_faces_outward():
    # A turn of 60 degrees about the body diagonal is as far from every axis as it gets.
    ball = Ellipsoid((5, 6, 7), (12, 9, 7))
    for axes in ("LAS", "RPS", "RAS", "ASR", "SAR"):
        structure = one(phantom.placed({"lesion": ball}, phantom.box(axes=axes, tilt_deg=60)))
        fine = structure.surfaces["fine"]
        assert fine.closed
        assert fine.volume_ml == pytest.approx(ball.volume_ml, rel=0.02)
        assert fine.vertices_mm.mean(axis=0) == pytest.approx((5, 6, 7), abs=0.5)


def test_simplification_moves_the_surface_by_about_its_tolerance():
    grid = phantom.box(extent_mm=(70, 70, 70))
    labels = phantom.sphere(28, grid=grid)
    raw = meshing.smoothed(
        meshing.contour(labels.labels > 0, (1.0, 1.0, 1.0)), iterations=40, pass_band=0.01
    )
    fine, coarse = meshing.simplified(raw, fine_mm=0.1, coarse_mm=0.4)

    assert len(coarse[1]) < len(fine[1]) < len(raw[1])
    assert meshing.to_mesh_mm(raw[0][::7].astype(float), fine).max() <= 2 * 0.1
    assert meshing.to_mesh_mm(raw[0][::7].astype(float), coarse).max() <= 2 * 0.4


def test_distance_to_the_voxel_boundary_is_exact_for_a_box():
    mask = np.zeros((20, 20, 20), bool)
    mask[5:15, 5:15, 5:15] = True
    points = np.array([[10.0, 10, 14.2], [10, 10, 17.0], [9, 9, 9], [17.5, 18.5, 10]])

    found = meshing.to_boundary_mm(points, mask, (1.0, 1.0, 1.0))

    assert found == pytest.approx([0.3, 2.5, 4.5, 5.0])


def test_distance_to_a_mesh_is_exact_for_a_tetrahedron():
    points = np.array([[2.0, 2, -3], [-4, 1, 1], [10, 10, 10]])

    found = meshing.to_mesh_mm(points, (TETRA, OUTWARD))

    assert found == pytest.approx([3, 4, 20 / np.sqrt(3)], abs=1e-5)


def test_a_structure_cut_by_the_edge_of_the_scan_is_closed_there():
    structure = one(phantom.sphere(20, grid=phantom.box(), centre_mm=(30, 0, 0)))

    assert structure.watertight
    assert structure.surface_volume_ml == pytest.approx(structure.volume_ml, rel=0.02)


def test_separate_parts_of_a_label_are_all_kept():
    two = {"oedema": Ellipsoid((-15, 0, 0), (9, 9, 9)), "lesion": Ellipsoid((15, 0, 0), (5, 5, 5))}
    apart = phantom.placed(two, phantom.box())
    joined = LabelMap(grid=apart.grid, labels=(apart.labels > 0), key={1: "oedema"})

    low, high = one(joined).surfaces["fine"].bounds_mm[:2]

    assert low == pytest.approx(-24, abs=0.6)
    assert high == pytest.approx(20, abs=0.6)


@pytest.mark.parametrize("voxels", [1, 2, 8])
def test_a_structure_of_very_few_voxels_is_drawn_with_its_volume(voxels):
    grid = phantom.box(extent_mm=(9, 9, 9))
    labels = np.zeros(grid.shape, np.uint16)
    labels.reshape(-1)[364 : 364 + voxels] = 1
    structure = one(LabelMap(grid=grid, labels=labels, key={1: "lesion"}))

    assert structure.watertight
    assert structure.surface_volume_ml == pytest.approx(structure.volume_ml, rel=0.25)
    assert structure.surface_volume_ml == pytest.approx(structure.volume_ml, rel=0.06) or (
        "%" in structure.note
    )


def test_a_surface_moved_to_hold_its_volume_says_by_how_much():
    grid = phantom.box(extent_mm=(60, 60, 60), spacing_mm=(3, 3, 3))
    structure = one(phantom.sphere(9, grid=grid))
    plain = one(phantom.sphere(20, grid=phantom.box()))

    assert re.search(r"was moved (out|in)ward by 0\.[1-9]\d mm to hold", structure.note)
    assert "moved" not in plain.note


def test_the_offset_of_a_ball_is_the_difference_of_its_radii():
    mask = phantom.sphere(10, grid=phantom.box(extent_mm=(40, 40, 40))).labels > 0
    ball = meshing.smoothed(meshing.contour(mask, (1.0,) * 3), iterations=20, pass_band=0.1)
    goal = 4 / 3 * np.pi * 10.5**3
    held = (3 * meshing.volume_mm3(ball) / (4 * np.pi)) ** (1 / 3)

    moved, offset_mm = meshing.inflated(ball, to_mm3=goal, at_most_mm=1.0)

    assert offset_mm == pytest.approx(10.5 - held, abs=0.02)
    assert meshing.volume_mm3(moved) == pytest.approx(goal, rel=0.001)


def test_an_empty_label_map_says_that_there_is_nothing_to_draw():
    grid = phantom.box(extent_mm=(9, 9, 9))
    empty = LabelMap(grid=grid, labels=np.zeros(grid.shape, np.uint16), key={1: "lesion"})

    with pytest.raises(SurfaceError, match="nothing to draw"):
        structures_from(empty, workers=1)


def a_small_head():
    solids = {
        "scalp": Ellipsoid((0, 0, 0), (28, 28, 28)),
        "brain": Ellipsoid((0, 0, 0), (20, 20, 20)),
        "thalamus_left": Ellipsoid((-7, 0, 0), (5, 5, 5)),
        "thalamus_right": Ellipsoid((7, 0, 0), (5, 5, 5)),
    }
    return phantom.placed(solids, phantom.box(axes="LPI"))


def test_two_processes_give_the_surfaces_of_one_and_tell_how_far_they_are():
    told = []
    alone = structures_from(a_small_head(), workers=1, origin={"scalp": "automatic"})
    shared = structures_from(
        a_small_head(),
        workers=2,
        origin={"scalp": "automatic"},
        progress=lambda stage, share, sentence: told.append((stage, share, sentence)),
    )

    assert [s.id for s in shared] == ["scalp", "brain", "thalamus_left", "thalamus_right"]
    assert [s.origin for s in shared] == ["automatic", "manual", "manual", "manual"]
    for a, b in zip(alone, shared, strict=True):
        assert a.surfaces["fine"].digest == b.surfaces["fine"].digest
        assert a.surfaces["coarse"].digest == b.surfaces["coarse"].digest
    assert [share for _, share, _ in told] == [0.25, 0.5, 0.75, 1.0]


def test_a_cancelled_run_stops():
    def call_off(*_):
        raise Cancelled("Called off.")

    with pytest.raises(Cancelled):
        structures_from(a_small_head(), workers=2, progress=call_off)


def test_a_worker_that_is_killed_gives_the_reason(monkeypatch):
    from anatomy import surface

    monkeypatch.setattr(surface, "_work", die)
    with pytest.raises(SurfaceError, match="stopped from outside"):
        structures_from(a_small_head(), workers=2)


def die(_task):
    import os
    import signal

    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
def test_a_real_head_is_closed_true_to_volume_and_within_a_voxel(shared_data):
    import nibabel

    image = nibabel.load(shared_data / "labelmap" / "synthseg_01_labels.nii.gz")
    labels = np.asarray(image.dataobj).astype(np.uint16)
    key = {
        4: "lateral_ventricle_left",
        10: "thalamus_left",
        16: "brainstem",
        42: "grey_matter_right",
    }
    from anatomy.grid import Grid

    kept = np.where(np.isin(labels, list(key)), labels, 0)
    head = LabelMap(grid=Grid(labels.shape, image.affine, "head"), labels=kept, key=key)
    made = structures_from(head)
    for structure in made:
        assert structure.watertight, structure.id
        assert structure.surface_volume_ml == pytest.approx(structure.volume_ml, rel=0.02)
        assert structure.surface_p95_mm <= 1
    assert made[0].surfaces["fine"].vertices_mm[:, 0].mean() < 0
