"""The optional extra `[brain]`: what it changes where it is installed, and nothing where it is not.

With the extra: `pip install '.[brain]'`, then these tests run the real network.
"""

import subprocess
import sys

import numpy as np
import pytest

from anatomy import reconstruct as whole
from anatomy.errors import ReadError
from anatomy.grid import Grid
from anatomy.nifti import read_volume
from anatomy.segment import learned
from anatomy.segment.brain import refined
from anatomy.volume import Volume, digest

needs_deepbet = pytest.mark.skipif(
    learned.available() is None, reason="deepbet is not installed (the extra [brain])"
)


def ball(radius, centre=(60, 60, 60), size=120):
    axes = np.ogrid[:size, :size, :size]
    return sum((a - c) ** 2 for a, c in zip(axes, centre, strict=True)) <= radius**2


@pytest.fixture
def a_brain_under_a_bone():
    """Fluid, white and grey shells up to 45 mm in dark bone, skin, a cap 6 mm out of round."""
    image = np.full((120, 120, 120), 10, np.float32)
    image[ball(58) & ~ball(54)] = 110
    cap = ball(51)
    cap[:, :, :90] = False
    image[ball(45) | cap] = 100
    image[ball(38)] = 130
    image[ball(22)] = 40
    noise = np.random.default_rng(0).standard_normal(image.shape)
    return image + noise.astype(np.float32), cap


def run_of(voxels, carried):
    """A run with its lattice, its box and a carried brain, as they are before the outline."""
    volume = Volume(grid=Grid(voxels.shape, np.eye(4), "f"), voxels=voxels, source="s")
    run = whole._Run(volume, None, whole.silent, whole.remember)
    run.bare = False
    run.box = (slice(None), slice(None), slice(None))
    run.carried = carried
    return run


@pytest.fixture
def an_empty_run():
    return run_of(np.zeros((64, 64, 64), np.float32), ball(20, centre=(32, 32, 32), size=64))


def test_nothing_beyond_the_learned_cavity_is_brain(a_brain_under_a_bone):
    image, _ = a_brain_under_a_bone
    cavity = ball(45)
    cavity[:, :, :30] = False

    mask = refined(image, ball(45), ball(45), cavity)

    assert mask.any()
    assert not (mask & ~cavity).any()


def test_tissue_within_the_learned_cavity_may_lie_farther_from_the_outline(a_brain_under_a_bone):
    image, cap = a_brain_under_a_bone
    far = cap & ~ball(49)

    without = refined(image, ball(45), ball(45))
    helped = refined(image, ball(45), ball(45), ball(46) | cap)

    assert not (without & far).any()
    assert (helped & far).sum() > 0.5 * far.sum()


def test_without_the_extra_nothing_is_noted_and_no_key_changes(an_empty_run, monkeypatch):
    monkeypatch.setattr(learned, "find_spec", lambda _: None)
    before = an_empty_run.key

    assert an_empty_run.cavity() is None
    assert an_empty_run.notes == []
    assert an_empty_run.stages == []
    assert an_empty_run.key == before


def test_a_network_that_fails_is_said_and_the_key_is_as_without_it(an_empty_run, monkeypatch):
    """With the extra it finds no head in an empty image; without it the worker cannot start."""
    monkeypatch.setattr(learned, "available", lambda: "1.0.2")
    before = an_empty_run.key

    assert an_empty_run.cavity() is None
    (note,) = an_empty_run.notes
    assert note.startswith("The brain's outline was found without deepbet 1.0.2, which failed: ")
    assert an_empty_run.key == before


def test_a_cavity_in_another_place_or_of_another_size_is_not_believed():
    carried = ball(45)

    assert learned.plausible(ball(48), carried)
    assert not learned.plausible(ball(48, centre=(95, 60, 60)), carried)
    assert not learned.plausible(ball(58), carried)
    assert not learned.plausible(ball(30), carried)
    assert not learned.plausible(np.zeros_like(carried), carried)


def test_neither_torch_nor_deepbet_enters_the_server_process():
    asked = (
        "import sys, anatomy.reconstruct; from anatomy.segment import learned; "
        "learned.available(); print([m for m in ('torch', 'deepbet') if m in sys.modules])"
    )

    answer = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True)

    assert answer.stdout.strip() == "[]", answer.stderr


@needs_deepbet
def test_an_image_without_a_head_is_refused_by_the_network_in_words():
    with pytest.raises(ReadError, match="found no brain"):
        learned.intracranial(np.zeros((64, 64, 64), np.float32))


@needs_deepbet
@pytest.mark.slow
def test_the_network_finds_the_inside_of_the_skull_and_is_named_in_notes_and_keys(colin27):
    image = read_volume(colin27 / "ch2.nii.gz")[0].voxels
    brain = read_volume(colin27 / "ch2bet.nii.gz")[0].voxels > 0
    run = run_of(image, brain)
    before, name = run.key, f"deepbet {learned.available()}"

    cavity = run.cavity()

    assert (cavity & brain).sum() > 0.98 * brain.sum()
    assert 1 < cavity.sum() / brain.sum() < 1.3
    assert run.notes == [f"The brain's outline was helped by {name}."]
    assert run.key == digest(before, name)
    assert "torch" not in sys.modules
    assert np.array_equal(learned.intracranial(image), cavity)
