"""The whole reconstruction: on real heads (slow), and its manners on a ball (fast)."""

import numpy as np
import pytest

from anatomy.errors import Cancelled, TwinError
from anatomy.grid import Grid
from anatomy.nifti import read_volume
from anatomy.reconstruct import Overlay, reconstruct
from anatomy.segment.parts import NAMES
from anatomy.volume import LabelMap, Volume


class Kept:
    """Stage results in memory."""

    def __init__(self):
        self.results = {}

    def __call__(self, name, key, make):
        assert name
        if key not in self.results:
            self.results[key] = make()
        return self.results[key]


def changed(volume, voxels):
    return Volume(grid=volume.grid, voxels=np.ascontiguousarray(voxels), source="changed")


@pytest.fixture(scope="session")
def a_head(colin27):
    return read_volume(colin27 / "ch2.nii.gz")[0]


@pytest.fixture(scope="session")
def kept():
    return Kept()


@pytest.fixture(scope="session")
def a_result(a_head, kept):
    return reconstruct(a_head, keep=kept)


@pytest.fixture
def a_ball():
    axes = np.ogrid[:150, :150, :150]
    far = np.sqrt(sum((a - 75) ** 2 for a in axes))
    voxels = np.where(far < 60, 100.0, 0.0).astype(np.float32)
    return Volume(grid=Grid(voxels.shape, np.eye(4), "ball"), voxels=voxels, source="ball")


def test_calling_off_raises_cancelled_and_keeps_no_unfinished_stage(a_ball):
    kept = Kept()

    def progress(stage, fraction, sentence):
        assert 0 <= fraction <= 1
        assert sentence.endswith(".")
        if stage == "pose":
            raise Cancelled("Called off.")

    with pytest.raises(Cancelled):
        reconstruct(a_ball, progress=progress, keep=kept)

    assert [sorted(r) for r in kept.results.values()] == [["head"]]


def test_an_image_of_nothing_is_refused_in_words():
    grid = Grid((40, 40, 40), np.diag([4.0, 4.0, 4.0, 1.0]), "f")
    volume = Volume(grid=grid, voxels=np.zeros(grid.shape, np.float32), source="s")

    with pytest.raises(TwinError, match="one value only"):
        reconstruct(volume)


@pytest.mark.slow
def test_a_whole_head_gets_every_structure_and_passes_the_gate(a_result):
    assert set(a_result.labelmap.key.values()) == set(NAMES)
    assert a_result.quality.passed, [c for c in a_result.quality.checks if not c.passed]
    assert not a_result.skull_stripped
    assert a_result.origin["skull"] == "estimated"
    assert a_result.origin["thalamus_left"] == "atlas"
    assert a_result.origin["white_matter_left"] == "automatic"


@pytest.mark.slow
def test_left_structures_lie_on_the_left(a_result):
    labelmap = a_result.labelmap
    for name in NAMES:
        if name.endswith(("_left", "_right")):
            x = labelmap.grid.ras(np.argwhere(labelmap.mask(name)))[:, 0].mean()
            assert (x < 0) == name.endswith("_left"), name


@pytest.mark.slow
def test_a_second_run_takes_every_stage_from_what_was_kept(a_head, a_result, kept):
    again = reconstruct(a_head, keep=kept)

    assert all(cached for _, _, cached in again.stages)
    assert again.labelmap.digest == a_result.labelmap.digest


@pytest.mark.slow
def test_the_same_head_twice_gives_the_same_bytes(a_head, a_result):
    again = reconstruct(a_head)

    assert again.labelmap.labels.tobytes() == a_result.labelmap.labels.tobytes()


@pytest.mark.slow
def test_mirroring_the_head_swaps_left_and_right(a_head, a_result):
    mirrored = reconstruct(changed(a_head, a_head.voxels[::-1])).labelmap

    for part in ("grey_matter", "white_matter", "lateral_ventricle", "thalamus", "putamen"):
        left = a_result.labelmap.volume_ml(f"{part}_left")
        assert mirrored.volume_ml(f"{part}_right") == pytest.approx(left, rel=0.04), part


@pytest.mark.slow
def test_an_overlay_joins_a_real_head_and_is_kept_out_of_its_tissue(a_head, kept):
    labels = np.zeros((20, 20, 20), np.uint16)
    labels[4:16, 4:16, 4:16] = 2
    place = np.diag([2.0, 2.0, 2.0, 1.0])
    place[:3, 3] = (20, -20, 20)
    tumour = LabelMap(grid=Grid(labels.shape, place, "t"), labels=labels, key={2: "tumour_core"})

    result = reconstruct(
        a_head,
        overlays=[Overlay(labelmap=tumour, precedence=True, name="tumour.nii.gz")],
        keep=kept,
    )

    expected = tumour.volume_ml("tumour_core")
    assert result.labelmap.volume_ml("tumour_core") == pytest.approx(expected, rel=0.05)
    assert result.origin["tumour_core"] == "manual"
    assert result.quality.passed


def spoilt(volume, how):
    voxels = volume.voxels
    if how == "inverted":
        return changed(volume, voxels.max() - voxels)
    if how == "back to front":
        return changed(volume, voxels[::-1, ::-1])
    grid, (i, j, k) = volume.grid, volume.grid.shape
    stop = (i // 2, j, k) if how == "half" else (i, j, int(0.68 * k))
    part = np.ascontiguousarray(voxels[tuple(slice(n) for n in stop)])
    return Volume(grid=grid.cropped((0, 0, 0), stop), voxels=part, source=how)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["inverted", "back to front", "half", "top cut"])
def test_a_spoilt_head_is_flagged_or_refused_never_silent(a_head, how):
    try:
        result = reconstruct(spoilt(a_head, how))
    except TwinError:
        return
    assert not result.quality.passed


@pytest.mark.slow
def test_a_t2_is_flagged_and_a_stripped_t1_says_that_it_has_no_scalp(shared_data):
    folder = shared_data / "tumour"
    stripped = reconstruct(read_volume(folder / "BraTS-GLI-00001-000-t1n.nii.gz")[0])
    other = reconstruct(read_volume(folder / "BraTS-GLI-00001-000-t2w.nii.gz")[0])

    assert stripped.skull_stripped
    assert "scalp" not in stripped.labelmap.key.values()
    assert any("no scalp" in note for note in stripped.notes)
    assert not other.quality.passed
