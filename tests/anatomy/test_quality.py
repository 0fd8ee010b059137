"""The quality gate, check by check, on numbers that can be worked out by hand."""

import json

import numpy as np
import pytest

from anatomy import quality


def test_a_value_that_is_no_number_fails_its_check():
    found = quality.check("x", "X", float("nan"), "1", low=0, good="Good.", bad="Bad.")

    assert not found.passed
    assert found.sentence == "Bad."


def test_a_verdict_passes_only_if_every_check_does():
    good = quality.volume(1400)
    bad = quality.volume(300)

    assert quality.judged([good]).passed
    assert not quality.judged([good, bad]).passed
    assert quality.judged([good, bad]).wire()["checks"][1]["passed"] is False


@pytest.mark.parametrize(
    ("fluid", "grey", "white", "passes"),
    [(40, 100, 160, True), (160, 100, 40, False), (200, 120, 80, False), (40, 158, 160, False)],
)
def test_only_the_contrast_of_a_t1_passes(fluid, grey, white, passes):
    levels = {"fluid": fluid, "grey_matter": grey, "white_matter": white}

    assert all(c.passed for c in quality.contrast(levels)) is passes


def test_a_brain_on_a_side_of_the_image_is_flagged_and_one_within_is_not():
    brain = np.zeros((40, 40, 40), bool)
    brain[10:40, 10:30, 10:30] = True

    cut = quality.edges(brain, (40, 40, 40), (0, 0, 0))
    within = quality.edges(brain, (60, 40, 40), (10, 0, 0))

    assert [c.value for c in cut] == [400, 0]
    assert [c.passed for c in cut] == [False, True]
    assert all(c.passed for c in within)


def test_the_brainstem_may_leave_by_the_lower_face():
    brain = np.zeros((60, 60, 40), bool)
    brain[20:40, 20:40, 0:30] = True

    assert all(c.passed for c in quality.edges(brain, (60, 60, 40), (0, 0, 0)))


def test_the_share_of_the_template_inside_the_image_is_counted():
    brain = np.ones((100, 100, 100), bool)
    shift = np.eye(4)
    shift[0, 3] = -50

    whole = quality.complete(np.eye(4), brain, (100, 100, 100))
    half = quality.complete(shift, brain, (100, 100, 100))

    assert whole.value == 1
    assert half.value == pytest.approx(0.5, abs=0.01)
    assert not half.passed


def test_likeness_is_one_for_the_same_image_and_minus_one_for_its_negative():
    image = np.random.default_rng(1).random((20, 20, 20), dtype=np.float32)
    where = np.ones(image.shape, bool)

    assert quality.likeness(3 * image + 2, image, where).value == pytest.approx(1)
    assert quality.likeness(-image, image, where).value == pytest.approx(-1)
    assert not quality.likeness(-image, image, where).passed


def test_likeness_sees_details_and_neither_the_broad_shape_nor_shading():
    x, y, z = np.mgrid[:96, :96, :96].astype(np.float32)
    where = (x - 48) ** 2 + (y - 48) ** 2 + (z - 48) ** 2 < 40**2
    broad = x  # correlates by itself: its deviation is 18, that of folds is 10
    folds = 20 * np.sin(2 * np.pi * x / 16) * np.sin(2 * np.pi * y / 16)
    crossed = 20 * np.sin(2 * np.pi * x / 16) * np.cos(2 * np.pi * y / 16)

    assert quality.likeness((broad + folds) * (1 + z / 400), broad + folds, where).value > 0.9
    assert np.corrcoef((broad + crossed)[where], (broad + folds)[where])[0, 1] > 0.7
    assert not quality.likeness(broad + crossed, broad + folds, where).passed


def test_one_hemisphere_alone_is_flagged():
    assert quality.balance(500, 510).passed
    assert not quality.balance(500, 20).passed
    assert not quality.balance(500, 0).passed


def test_a_verdict_in_which_everything_failed_is_plain_json_with_numbers_of_numpy_too():
    nothing = np.zeros((40, 40, 40), bool)
    full = np.ones((100, 100, 100), bool)
    away = np.eye(4)
    away[0, 3] = 500
    image = np.random.default_rng(1).random(nothing.shape, dtype=np.float32)
    levels = {name: np.float32(v) for name, v in (
        ("fluid", 200), ("grey_matter", 120), ("white_matter", 80)
    )}  # fmt: skip
    verdict = quality.judged([
        quality.likeness(-image, image, ~nothing),
        quality.complete(away, full, full.shape),
        *quality.edges(full, full.shape, (0, 0, 0)),
        quality.overlap(nothing, ~nothing),
        quality.volume(np.float32(3)),
        *quality.contrast(levels),
        quality.balance(np.float64(500), np.float64(3)),
        quality.check("x", "X", np.float32(np.nan), "1", low=0, good="Good.", bad="Bad."),
    ])  # fmt: skip
    read = json.loads(json.dumps(verdict.wire()))

    assert read["passed"] is False
    assert [c["id"] for c in read["checks"] if c["passed"] is not False] == []
    assert {type(c.value) for c in verdict.checks} == {float}
