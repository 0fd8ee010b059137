"""Phantoms against their own closed forms."""

import numpy as np
import pytest

from anatomy import phantom
from anatomy.errors import GeometryError
from anatomy.phantom_folds import OUTSIDE, SHEET_MM, Folds
from anatomy.phantom_head import head_grid
from anatomy.solids import Ellipsoid


def test_a_ball_and_a_tube_hold_their_closed_form_volume():
    fine = phantom.box(spacing_mm=(0.5, 0.5, 0.5), extent_mm=(50, 50, 50))
    ball = phantom.sphere(18, grid=fine)
    tube = phantom.tube((-14, 1, 5), (12, -3, -8), 5, grid=fine)

    assert ball.volume_ml("tumour_core") == pytest.approx(4 / 3 * np.pi * 18**3 / 1000, rel=0.002)
    assert tube.volume_ml("artery") == pytest.approx(
        (np.pi * 25 * np.sqrt(26**2 + 4**2 + 13**2) + 4 / 3 * np.pi * 125) / 1000, rel=0.005
    )


def test_a_turned_ellipsoid_keeps_its_volume_and_raises_its_nose():
    grid = phantom.box()
    flat = Ellipsoid((0, 0, 0), (8, 20, 6))
    raised = Ellipsoid((0, 0, 0), (8, 20, 6), pitch_deg=30)
    labels = phantom.placed({"lesion": raised}, grid)
    where = grid.ras(np.argwhere(labels.labels > 0))

    assert labels.volume_ml("lesion") == pytest.approx(flat.volume_ml, rel=0.01)
    assert where[where[:, 1] > 12][:, 2].mean() > 4


@pytest.mark.parametrize("tilt", [0, 12])
def test_every_axis_order_puts_the_same_voxels_in_the_same_places(tilt):
    first = phantom.marker_volume("RAS", tilt_deg=tilt, spacing_mm=(5, 5, 5))
    for axes in phantom.AXES[::7]:
        turned = phantom.marker_volume(axes, tilt_deg=tilt, spacing_mm=(5, 5, 5))
        hot = [
            np.average(p.volume.grid.ras(np.argwhere(p.volume.voxels > 180)), axis=0)
            for p in (first, turned)
        ]
        assert hot[0] == pytest.approx(hot[1], abs=1e-3), axes
        assert np.sort(first.volume.voxels, axis=None) == pytest.approx(
            np.sort(turned.volume.voxels, axis=None), abs=1e-2
        )


def test_the_marker_lies_where_it_is_said_to():
    marked = phantom.marker_volume("LIP", marker_mm=(-34, 41, 23))
    where = marked.labelmap.grid.ras(np.argwhere(marked.labelmap.mask("tumour_core")))

    assert where.mean(axis=0) == pytest.approx((-34, 41, 23), abs=0.5)


def test_an_order_that_is_none_is_refused():
    with pytest.raises(GeometryError, match="RAX"):
        phantom.box(axes="RAX")


@pytest.fixture(scope="module")
def a_head():
    return phantom.whole_head(grid=head_grid(2.0), lesion=True)


def test_the_head_holds_every_structure_at_an_adult_size(a_head):
    labels = a_head.labelmap
    volumes = {name: labels.volume_ml(name) for name in labels.key.values()}

    assert min(volumes.values()) > 0.4
    assert 8 < volumes["lateral_ventricle_left"] < 14
    assert 4 < volumes["thalamus_right"] < 8
    assert 250 < volumes["grey_matter_left"] < 350
    assert 250 < volumes["white_matter_right"] < 350
    assert volumes["tumour_core"] == pytest.approx(4 / 3 * np.pi * 13**3 / 1000, rel=0.02)


def test_the_head_has_its_left_on_the_left(a_head):
    labels = a_head.labelmap
    for name in labels.key.values():
        side = labels.grid.ras(np.argwhere(labels.mask(name)))[:, 0].mean()
        if name.endswith("_left") or name == "tumour_core":
            assert side < 0, name
        elif name.endswith("_right"):
            assert side > 0, name


def test_the_head_has_the_contrast_of_a_t1(a_head):
    def grey(name):
        return np.median(a_head.volume.voxels[a_head.labelmap.mask(name)])

    assert grey("lateral_ventricle_left") < 60 < grey("grey_matter_left")
    assert grey("grey_matter_left") + 25 < grey("white_matter_left")
    assert grey("skull") < grey("grey_matter_left")
    assert np.percentile(a_head.volume.voxels[a_head.labelmap.labels == 0], 50) < 12


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("sulcus", OUTSIDE)
def test_a_named_sulcus_holds_fluid_on_both_sides_whatever_the_seed(sulcus, seed):
    line = np.array(OUTSIDE[sulcus], np.float32)
    where = np.concatenate([line, (line[1:] + line[:-1]) / 2])  # a chord lies in its sheet too
    where = np.concatenate([where, where * (-1, 1, 1)])
    folds = Folds(np.random.default_rng(seed))
    x, y, z = where.T.astype(np.float32)

    assert (folds.distance((x, y, z), np.full_like(x, 5)) < -SHEET_MM + 0.1).all()


def test_the_same_seed_gives_the_same_head_and_another_seed_another():
    grid = head_grid(6.0)
    one, same, other = (phantom.whole_head(grid=grid, seed=s) for s in (3, 3, 4))

    assert one.volume.digest == same.volume.digest
    assert one.labelmap.digest == same.labelmap.digest
    assert one.labelmap.digest != other.labelmap.digest
    assert "tumour_core" not in one.labelmap.key.values()


def test_the_head_on_another_grid_is_the_same_body(a_head):
    grid = phantom.box(
        axes="PIR",
        spacing_mm=(3, 3, 3),
        extent_mm=(184, 240, 228),
        centre_mm=(0.5, -7.5, -10.5),
        tilt_deg=8,
    )
    turned = phantom.whole_head(grid=grid, lesion=True)
    for name in ("thalamus_left", "tumour_core", "cerebellum"):
        centres = [
            p.labelmap.grid.ras(np.argwhere(p.labelmap.mask(name))).mean(axis=0)
            for p in (a_head, turned)
        ]
        assert centres[0] == pytest.approx(centres[1], abs=0.7)
