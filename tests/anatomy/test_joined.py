"""Label maps of one patient on different grids become one, and what is lost on the way is said."""

import numpy as np
import pytest

from anatomy.errors import ReadError
from anatomy.grid import Grid
from anatomy.joined import Named, around, joined
from anatomy.structure import mask_of
from anatomy.volume import LabelMap


def a_cube(id, *, side_mm=10.0, at_mm=(0.0, 0.0, 0.0), spacing_mm=1.0, room_mm=10.0, name=""):
    """A cube with that centre on a grid of its own; its faces lie between voxels."""
    half, count = side_mm / 2, round((side_mm + 2 * room_mm) / spacing_mm)
    first = np.array(at_mm) - (count - 1) / 2 * spacing_mm
    matrix = np.diag([spacing_mm] * 3 + [1.0])
    matrix[:3, 3] = first
    grid = Grid((count,) * 3, matrix, "patient")
    places = grid.ras(np.stack(np.meshgrid(*[np.arange(count)] * 3, indexing="ij"), axis=-1))
    inside = (np.abs(places - at_mm) < half).all(axis=-1)
    return Named(LabelMap(grid=grid, labels=inside.astype(np.uint16), key={1: id}), name or id)


def test_maps_on_one_grid_keep_their_volumes():
    whole, notes = joined([a_cube("tibia_left"), a_cube("tibia_left")])

    assert whole.volume_ml("tibia_left") == pytest.approx(1.0)
    assert notes == []


def test_maps_on_different_grids_join_on_the_finest_which_grows_to_hold_both():
    fine = a_cube("vertebra_l3", side_mm=8.0, spacing_mm=0.5, room_mm=6.0)
    coarse = a_cube("aorta", at_mm=(24.0, 0.0, 0.0), spacing_mm=2.0, room_mm=20.0)
    whole, notes = joined([coarse, fine])

    assert whole.grid.spacing_mm == (0.5, 0.5, 0.5)
    assert whole.volume_ml("vertebra_l3") == pytest.approx(0.512)
    assert whole.volume_ml("aorta") == pytest.approx(1.0)
    centre = whole.grid.ras(np.argwhere(whole.mask("aorta"))).mean(axis=0)
    assert centre == pytest.approx([24.0, 0.0, 0.0])
    assert notes == []


def test_the_later_map_has_a_voxel_that_both_name_and_the_loss_is_said():
    maps = [a_cube("liver", side_mm=20.0, room_mm=5.0), a_cube("spleen", room_mm=10.0)]
    whole, notes = joined(maps)

    assert whole.volume_ml("spleen") == pytest.approx(1.0)
    assert whole.volume_ml("liver") == pytest.approx(7.0)
    assert notes == ["1.00 mL of Liver (liver) became Spleen (spleen), which was given later."]


@pytest.mark.parametrize("part_first", [True, False])
def test_a_part_keeps_its_voxels_within_its_whole_in_either_order(part_first):
    maps = [a_cube("aortic_annulus"), a_cube("aorta", side_mm=20.0, room_mm=5.0)]
    whole, notes = joined(maps if part_first else maps[::-1])

    assert whole.volume_ml("aortic_annulus") == pytest.approx(1.0)
    assert whole.volume_ml("aorta") == pytest.approx(7.0)
    assert mask_of(whole, "aorta").sum() * whole.grid.voxel_ml == pytest.approx(8.0)
    assert notes == []


def test_a_structure_that_another_covers_is_left_out_and_said():
    whole, notes = joined([a_cube("spleen"), a_cube("liver", side_mm=20.0, room_mm=5.0)])

    assert set(whole.key.values()) == {"liver"}
    assert "Spleen is covered by the other maps and left out." in notes


def test_a_structure_at_the_edge_of_its_map_is_said_to_be_cut_off():
    _, notes = joined([a_cube("femur_left", room_mm=0.0, name="leg.nii.gz")])

    assert notes == [
        "Femur, left is cut off by the edge of leg.nii.gz: sizes and plans hold for what is there."
    ]


def test_maps_of_different_places_are_refused_by_name():
    with pytest.raises(ReadError, match=r"^b and a lie in different places"):
        joined([a_cube("aorta", name="a"), a_cube("vein", at_mm=(300.0, 0, 0), name="b")])


def test_the_box_around_labels_has_the_room_that_was_asked_for():
    one = a_cube("tibia_left", room_mm=30.0).labelmap
    small, wide = around(one, room_mm=4.0), around(one, room_mm=40.0)

    assert small.grid.shape == (18, 18, 18)
    assert wide.grid.shape == (90, 90, 90)
    for made in (small, wide):
        assert made.volume_ml("tibia_left") == pytest.approx(1.0)
        centre = made.grid.ras(np.argwhere(made.labels)).mean(axis=0)
        assert centre == pytest.approx([0.0, 0.0, 0.0])
