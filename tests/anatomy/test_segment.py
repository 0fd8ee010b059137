"""The steps of segmentation on shapes with known answers."""

import contextlib
import itertools
import os
import time
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from anatomy.errors import Cancelled, ReadError, TermError
from anatomy.grid import Grid
from anatomy.segment import apart, morphology
from anatomy.segment.brain import levels
from anatomy.segment.head import head_mask, is_bare, otsu
from anatomy.segment.lattice import lattice_of
from anatomy.segment.overlay import Overlay, laid_over, lesions, segmented
from anatomy.segment.parts import NUMBER
from anatomy.segment.pose import poses
from anatomy.template import template
from anatomy.volume import LabelMap, Volume


def ball(shape, centre, radius):
    axes = np.ogrid[tuple(slice(0, n) for n in shape)]
    return sum((a - c) ** 2 for a, c in zip(axes, centre, strict=True)) <= radius**2


def test_distances_agree_with_an_exact_transform():
    mask = ball((40, 50, 60), (20, 22, 30), 9)

    assert morphology.distance(mask) == pytest.approx(
        ndimage.distance_transform_edt(~mask), abs=1e-4
    )


def test_growing_and_shrinking_use_true_balls():
    mask = ball((60, 60, 60), (30, 30, 30), 15)

    assert np.array_equal(morphology.grown(mask, 4), ndimage.distance_transform_edt(~mask) <= 4)
    assert np.array_equal(morphology.shrunk(mask, 4), ndimage.distance_transform_edt(mask) > 4)
    assert np.array_equal(morphology.closed(mask, 5), mask)


def test_filling_closes_a_bubble_but_not_a_bay():
    mask = ball((40, 40, 40), (20, 20, 20), 15)
    hollow = mask & ~ball((40, 40, 40), (20, 20, 20), 5)
    bay = mask.copy()
    bay[18:23, 18:23, 20:] = False

    assert np.array_equal(morphology.filled(hollow), mask)
    assert np.array_equal(morphology.filled(bay), bay)


ORDERS = [
    (order, signs)
    for order in itertools.permutations(range(3))
    for signs in itertools.product((1, -1), repeat=3)
]


def stored(voxels, order, signs):
    """The same image (1 mm, RAS at origin) in another storage order, with its grid."""
    turned = voxels.transpose(order)[tuple(slice(None, None, s) for s in signs)]
    matrix = np.eye(4)
    matrix[:3, :3] = 0
    for axis, (world, sign) in enumerate(zip(order, signs, strict=True)):
        matrix[world, axis] = sign
        if sign < 0:
            matrix[world, 3] = voxels.shape[world] - 1
    return np.ascontiguousarray(turned), Grid(turned.shape, matrix, "f")


@pytest.mark.parametrize(("order", "signs"), ORDERS)
def test_all_48_storage_orders_give_one_working_image_and_come_back(order, signs):
    voxels = np.random.default_rng(0).random((5, 6, 7), dtype=np.float32)
    turned, grid = stored(voxels, order, signs)
    lattice = lattice_of(grid)

    assert np.array_equal(lattice.image(turned), voxels)
    labels = (voxels > 0.5).astype(np.uint16)
    assert np.array_equal(lattice.labels(labels, [1]), turned > 0.5)
    assert lattice.working_to_ras() == pytest.approx(np.eye(4))


def test_thick_slices_come_back_with_their_volume_and_place():
    grid = Grid((60, 60, 20), np.diag([1.0, 1.0, 3.0, 1.0]), "f")
    lattice = lattice_of(grid)
    mask = ball(lattice.shape, (30, 30, 29.5), 15)

    labels = lattice.labels(mask.astype(np.uint16) * 4, [4])

    assert lattice.shape == (60, 60, 60)
    assert 3 * (labels == 4).sum() == pytest.approx(mask.sum(), rel=0.03)
    centre = grid.ras(np.argwhere(labels == 4)).mean(0)
    back = np.argwhere(mask).mean(0) @ lattice.working_to_ras()[:3, :3].T
    assert centre == pytest.approx(back + lattice.working_to_ras()[:3, 3], abs=0.2)


def test_a_ramp_stays_a_ramp_between_two_spacings():
    grid = Grid((30, 30, 30), np.diag([2.0, 2.0, 2.0, 1.0]), "f")
    ramp = np.broadcast_to(np.arange(30, dtype=np.float32)[:, None, None], (30, 30, 30))

    fine = lattice_of(grid).image(np.ascontiguousarray(ramp))

    assert fine.shape == (60, 60, 60)
    assert fine[4:-4, 30, 30] == pytest.approx((np.arange(60)[4:-4] + 0.5) / 2 - 0.5, abs=1e-4)


def test_a_head_is_found_whole_with_its_air_inside():
    solid = ball((120, 120, 120), (60, 60, 60), 50)
    image = np.where(solid, 100.0, 0.0) - 100.0 * ball((120, 120, 120), (60, 60, 60), 20)
    noise = np.random.default_rng(0).normal(0, 3, image.shape)

    found = head_mask((image + noise).astype(np.float32))

    overlap = 2 * (found & solid).sum() / (found.sum() + solid.sum())
    assert overlap > 0.99


def test_an_image_of_one_value_is_refused_in_words():
    with pytest.raises(ReadError, match="one value only"):
        otsu(np.full((4, 4, 4), 7.0))


def test_a_stripped_brain_is_told_from_a_whole_head():
    size = (200, 200, 200)
    brain = ball(size, (100, 100, 100), 70)
    head = ball(size, (100, 100, 100), 92)

    assert is_bare(np.where(brain, 90.0, 0).astype(np.float32), brain)
    assert not is_bare(np.where(head, 90.0, 0).astype(np.float32), head)


def test_three_levels_are_found_where_three_tissues_are():
    random = np.random.default_rng(0)
    values = np.concatenate([random.normal(m, 4, n) for m, n in ((30, 2e4), (90, 5e4), (150, 5e4))
                             for n in [int(n)]]).astype(np.float32)  # fmt: skip
    image = values.reshape(-1, 100, 12)

    assert levels(image, np.ones(image.shape, bool)) == pytest.approx((30, 90, 150), abs=3)


@pytest.mark.parametrize("tilt", [0, -14])
def test_the_pose_of_a_turned_template_is_found_within_three_millimetres(tilt):
    known = template()
    turn = np.eye(4)
    cos, sin = np.cos(np.radians(tilt)), np.sin(np.radians(tilt))
    turn[1:3, 1:3] = [[cos, -sin], [sin, cos]]
    turn[:3, 3] = np.array((110, 130, 120)) - turn[:3, :3] @ np.array((0, -18, 5))
    back = np.linalg.inv(turn)
    image = ndimage.affine_transform(
        known.t1, back[:3, :3], back[:3, 3] - known.origin_mm, (220, 260, 220), order=1
    )

    found = poses(image, image > 20, known, bare=True)

    corners = np.array([(x, y, z, 1) for x in (-50, 50) for y in (-80, 40) for z in (-30, 50)])
    apart_mm = np.linalg.norm((corners @ found.T - corners @ turn.T)[:, :3], axis=1)
    assert apart_mm.max() < 3


def test_the_template_priors_are_the_same_left_and_right():
    for name, array in template().smooth.items():
        assert np.allclose(array, array[::-1], atol=1e-6), name


def test_native_fits_repeat_to_the_last_bit():
    known = template()
    fixed = morphology.blocks(known.t1, 8)
    moving = np.roll(fixed, 1, 0) + 3
    mask = morphology.blocks(known.brain.astype(np.float32), 8) > 0.3
    for call in (
        ("anatomy.segment.native:affine", fixed, moving, mask, (7, 12)),
        ("anatomy.segment.native:warp", fixed, moving, mask, "20x10", "2vox 0.5vox"),
        ("anatomy.segment.native:shading", fixed + 1, mask, 1, (10, 10)),
    ):
        first, second = (apart.call(*call, what="Fitting") for _ in range(2))
        assert first.tobytes() == second.tobytes(), call[0]


def test_a_worker_that_dies_gives_a_reason():
    with pytest.raises(apart.WorkerError, match=r"Fitting.* worker process died \(signal"):
        apart.call("os:abort", what="Fitting")


def test_a_worker_that_hangs_is_stopped():
    started = time.monotonic()

    with pytest.raises(apart.WorkerError, match="did not finish within 1 s"):
        apart.call("time:sleep", 60, what="Fitting", seconds=1)

    assert time.monotonic() - started < 10


def children():
    """The processes that this one has started and not yet seen ended."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # A process may end while it is looked at.
            parent = stat.read_text().rpartition(")")[2].split()[1]
            if int(parent) == os.getpid():
                found.add(stat.parent.name)
    return found


def test_cancelling_ends_the_worker():
    pids, before = [], children()

    def poll(_):
        pids.append(True)
        raise Cancelled("Called off.")

    started = time.monotonic()
    with pytest.raises(Cancelled):
        apart.call("time:sleep", 60, what="Fitting", poll=poll)

    assert time.monotonic() - started < 5
    assert len(pids) == 1
    assert children() <= before


GRID = Grid((10, 10, 10), np.eye(4), "f")


def drawn(name, box, number=7):
    labels = np.zeros(GRID.shape, np.uint16)
    labels[box] = number
    return LabelMap(grid=GRID, labels=labels, key={number: name})


def computed():
    labels = np.full(GRID.shape, NUMBER["brain"], np.uint16)
    labels[:5] = NUMBER["white_matter_left"]
    labels[0] = NUMBER["thalamus_left"]
    return labels


def test_an_overlay_with_precedence_wins_everywhere_under_a_new_number():
    overlay = Overlay(labelmap=drawn("tumour_core", np.s_[3:7]), precedence=True, name="T")

    labels, key, origin, _ = laid_over(computed(), GRID, [overlay])

    (number,) = key
    assert number > max(NUMBER.values())
    assert key[number] == "tumour_core"
    assert origin == {"tumour_core": "manual"}
    assert (labels == number).sum() == 400


@pytest.mark.parametrize("name", ["tumour_core", "vein"])
@pytest.mark.parametrize("precedence", [True, False])
def test_what_is_never_computed_wins_with_and_without_precedence(name, precedence):
    overlay = Overlay(labelmap=drawn(name, np.s_[3:7]), precedence=precedence, name="T")

    labels, key, _, notes = laid_over(computed(), GRID, [overlay])

    assert (labels[3:7] == next(iter(key))).all()
    assert notes == []


def test_what_is_computed_too_stands_where_no_precedence_was_given_and_the_note_counts():
    nucleus = Overlay(labelmap=drawn("thalamus_left", np.s_[9]), precedence=False, name="N")
    caudate = Overlay(labelmap=drawn("caudate_left", np.s_[3:7]), precedence=False, name="C")

    labels, key, _, notes = laid_over(computed(), GRID, [nucleus, caudate])

    assert (labels[0] == NUMBER["thalamus_left"]).all()
    assert list(key.values()) == ["caudate_left"]
    assert (labels == next(iter(key))).sum() == 200
    assert [note.split(":")[0] for note in notes] == [
        "0.10 of 0.10 mL of Thalamus, left (N) were not used",
        "0.20 of 0.40 mL of Caudate, left (C) were not used",
    ]


def test_a_thalamus_without_side_replaces_the_computed_ones_of_both():
    computed_both = computed()
    computed_both[9] = NUMBER["thalamus_right"]
    overlay = Overlay(labelmap=drawn("thalamus", np.s_[4:6]), precedence=True, name="N")

    labels, _, _, _ = laid_over(computed_both, GRID, [overlay])

    assert not np.isin(labels, [NUMBER["thalamus_left"], NUMBER["thalamus_right"]]).any()


@pytest.mark.parametrize("first", [True, False])
def test_a_tumour_lies_over_the_structures_of_another_map_and_the_note_counts(first):
    tumour = Overlay(labelmap=drawn("tumour_core", np.s_[3:7]), precedence=True, name="T")
    other = Overlay(labelmap=drawn("thalamus_left", np.s_[6:8]), precedence=True, name="N")

    labels, key, _, notes = laid_over(
        computed(), GRID, [tumour, other] if first else [other, tumour]
    )

    number = {name: n for n, name in key.items()}
    assert (labels == number["tumour_core"]).sum() == 400
    assert (labels == number["thalamus_left"]).sum() == 100
    assert notes == [
        "0.10 of 0.20 mL of Thalamus, left (N) were not used: another structure of your maps "
        "lies over it."
    ]


def test_a_persons_structure_replaces_that_of_a_segmenter():
    machine = Overlay(
        labelmap=drawn("thalamus_left", np.s_[5:7]), precedence=True, name="M", origin="automatic"
    )
    person = Overlay(labelmap=drawn("thalamus_left", np.s_[8]), precedence=True, name="P")

    labels, key, origin, _ = laid_over(computed(), GRID, [machine, person])

    assert origin == {"thalamus_left": "manual"}
    assert (labels == next(iter(key))).sum() == 100
    assert (labels[5:7] == NUMBER["brain"]).all()


def test_what_lies_outside_the_image_is_counted_in_a_note():
    shift = np.eye(4)
    shift[0, 3] = 5
    away = LabelMap(
        grid=Grid(GRID.shape, shift, "f"), labels=drawn("vein", np.s_[3:7]).labels, key={7: "vein"}
    )
    overlay = Overlay(labelmap=away, precedence=True, name="V")

    labels, key, _, notes = laid_over(computed(), GRID, [overlay])

    assert (labels == next(iter(key))).sum() == 200
    assert notes == [
        "0.20 of 0.40 mL of Vein (V) were not used: they lie outside the image."
    ]  # fmt: skip


def test_a_structure_brought_with_precedence_replaces_the_computed_one():
    overlay = Overlay(labelmap=drawn("thalamus_left", np.s_[9]), precedence=True, name="N")

    labels, key, _, _ = laid_over(computed(), GRID, [overlay])

    assert not (labels == NUMBER["thalamus_left"]).any()
    assert (labels[0] == NUMBER["brain"]).all()
    assert (labels[9] == next(iter(key))).all()


def test_only_pathology_is_kept_out_of_registration():
    tumour = Overlay(labelmap=drawn("tumour_core", np.s_[3:7]), precedence=True, name="T")
    nucleus = Overlay(labelmap=drawn("thalamus_left", np.s_[9]), precedence=True, name="N")

    assert lesions([nucleus], GRID) is None
    found = lesions([nucleus, tumour], GRID)
    assert found is not None
    assert np.array_equal(found, drawn("tumour_core", np.s_[3:7]).labels > 0)


def test_a_segmenter_that_is_not_installed_is_named():
    volume = Volume(grid=GRID, voxels=np.zeros(GRID.shape, np.float32), source="s")

    with pytest.raises(TermError, match="No segmenter is called 'ours'"):
        segmented(volume, "ours")
