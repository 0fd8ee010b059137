"""Resection against closed forms: balls and capsules taken out of boxes."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anatomy.grid import Grid
from anatomy.volume import LabelMap
from surgery.rano import rano, rano_of
from surgery.resection import Resection, ResectionError, Stroke, region_of
from surgery.scene import NOWHERE

SIDE_MM = 32.0


def a_box(turn: np.ndarray | None = None) -> LabelMap:
    """A cube of 32 mm about the origin at 0.5 mm: left half tumour, right half white matter."""
    n = int(2 * SIDE_MM)
    placed = np.diag([0.5, 0.5, 0.5, 1.0])
    placed[:3, 3] = -SIDE_MM / 2 + 0.25
    if turn is not None:
        placed = turn @ placed
    labels = np.ones((n, n, n), np.uint16)
    labels[n // 2 :] = 2
    return LabelMap(
        grid=Grid((n, n, n), placed, "head"),
        labels=labels,
        key={1: "tumour_enhancing", 2: "white_matter_right", 7: "artery"},
    )


def ball(x: float, y: float, z: float, radius_mm: float) -> Stroke:
    return Stroke(from_mm=(x, y, z), to_mm=(x, y, z), radius_mm=radius_mm)


coordinate = st.floats(-18, 18)
places = st.tuples(coordinate, coordinate, coordinate)
strokes = st.builds(Stroke, from_mm=places, to_mm=places, radius_mm=st.floats(0.5, 6))
few_strokes = st.lists(strokes, min_size=1, max_size=6)

TURNS = {
    "along the axes": np.eye(4),
    "left-handed": np.diag([-1.0, 1, 1, 1]),
    "turned": np.array([[0.8, -0.6, 0, 0], [0.6, 0.8, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]),
}


@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS)
def test_a_ball_takes_out_its_volume(turn):
    resection = Resection(a_box(turn))
    resection.cut(ball(0.13, 0.21, -0.3, 9))
    volume_ml = 4 / 3 * math.pi * 9**3 / 1000
    tally, surface = resection.tally, resection.surface()
    both = ("tumour_enhancing", "white_matter_right")
    assert tally.removed_ml(*both) == pytest.approx(volume_ml, rel=0.01)
    assert surface.closed
    assert surface.volume_ml == pytest.approx(volume_ml, rel=0.01)
    assert surface.area_mm2 == pytest.approx(4 * math.pi * 81, rel=0.01)


def test_a_capsule_takes_out_its_volume_in_equal_halves_left_and_right():
    resection = Resection(a_box())
    resection.cut(Stroke(from_mm=(-8, 3, -2), to_mm=(8, 3, -2), radius_mm=5))
    half_ml = (4 / 3 * math.pi * 125 + math.pi * 25 * 16) / 2000
    assert resection.tally.removed_ml("tumour_enhancing") == pytest.approx(half_ml, rel=0.01)
    assert resection.tally.removed_ml("white_matter_right") == pytest.approx(half_ml, rel=0.01)
    assert resection.surface().volume_ml == pytest.approx(2 * half_ml, rel=0.01)


def test_the_extent_of_resection_is_the_share_that_is_gone():
    resection = Resection(a_box())
    resection.cut(ball(-8, 0, 0, 6))
    tally = resection.tally
    whole_ml, gone_ml = SIDE_MM**3 / 2000, 4 / 3 * math.pi * 216 / 1000
    assert tally.before_ml("tumour_enhancing") == pytest.approx(whole_ml)
    assert tally.residual_ml("tumour_enhancing") == pytest.approx(whole_ml - gone_ml, rel=0.01)
    assert tally.extent_percent("tumour_enhancing") == pytest.approx(
        100 * gone_ml / whole_ml, rel=0.01
    )
    assert tally.removed_ml("white_matter_right", "artery") == 0


def test_a_cavity_that_leaves_the_region_is_closed_at_its_border():
    resection = Resection(a_box())
    resection.cut(ball(-16, 0, 0, 8))
    assert resection.surface().closed
    assert resection.tally.removed_ml("tumour_enhancing") == pytest.approx(
        2 / 3 * math.pi * 512 / 1000, rel=0.01
    )


@settings(max_examples=25, deadline=None)
@given(few_strokes)
def test_counts_are_those_of_the_voxels_and_add_up(some):
    box = a_box()
    resection = Resection(box)
    for stroke in some:
        resection.cut(stroke)
    tally, gone = resection.tally, resection.removed
    assert tally.removed == {name: int((gone & box.mask(name)).sum()) for name in box.key.values()}
    for name in box.key.values():
        assert tally.before_ml(name) == pytest.approx(
            tally.removed_ml(name) + tally.residual_ml(name)
        )


@settings(max_examples=25, deadline=None)
@given(few_strokes, strokes)
def test_an_undo_restores_the_very_bits_and_a_redo_makes_them_again(some, last):
    resection = Resection(a_box())
    before = []
    for stroke in (*some, last):
        before.append((resection.digest, resection.tally))
        resection.cut(stroke)
    after = resection.digest, resection.tally
    for state in reversed(before):
        resection.undo()
        assert (resection.digest, resection.tally) == state
    for _ in before:
        resection.redo()
    assert (resection.digest, resection.tally) == after
    assert resection.strokes == (*some, last)


@settings(max_examples=25, deadline=None)
@given(few_strokes, st.randoms(use_true_random=False))
def test_the_order_of_strokes_does_not_matter(some, random):
    one, other = Resection(a_box()), Resection(a_box())
    for stroke in some:
        one.cut(stroke)
    for stroke in random.sample(some, len(some)):
        other.cut(stroke)
    assert (one.digest, one.tally) == (other.digest, other.tally)


@settings(max_examples=10, deadline=None)
@given(few_strokes)
def test_only_the_blocks_that_are_named_change_and_the_whole_stays_closed(some):
    resection = Resection(a_box())

    def state():
        return {
            piece.block: (piece.vertices_mm.tobytes(), piece.faces.tobytes())
            for piece in resection.pieces(resection.blocks)
        }

    before = state()
    for change in [*(lambda s=s: resection.cut(s) for s in some), resection.undo]:
        touched, after = change(), state()
        assert {block for block in before if before[block] != after[block]} <= set(touched)
        before = after
    if resection.removed.any():
        edges = {}
        for piece in resection.pieces(resection.blocks):
            rows = [vertex.tobytes() for vertex in piece.vertices_mm]
            for face in piece.faces:
                corners = [rows[n] for n in face]
                for a, b in zip(corners, corners[1:] + corners[:1], strict=True):
                    edges[a, b] = edges.get((a, b), 0) + 1
        assert all(a == b or edges.get((b, a), 0) == n for (a, b), n in edges.items())


def test_a_stroke_outside_the_region_changes_nothing():
    resection = Resection(a_box())
    before = resection.digest
    assert resection.cut(ball(200, 0, 0, 5)) == ()
    assert resection.digest == before
    assert resection.undo() == ()


def test_a_new_stroke_forgets_what_was_undone():
    resection = Resection(a_box())
    resection.cut(ball(0, 0, 0, 3))
    resection.undo()
    resection.cut(ball(5, 0, 0, 3))
    with pytest.raises(ResectionError, match="no stroke to make again"):
        resection.redo()


def labels_of_odd_voxels() -> LabelMap:
    """Five single voxels of 1 x 2 x 1.5 mm, none beside another, on a left-handed grid."""
    labels = np.zeros((9, 9, 9), np.uint16)
    for n in range(5):
        labels[2 * n, (3 * n) % 9, (4 * n) % 9] = 4
    placed = np.diag([-1.0, 2.0, 1.5, 1.0])
    return LabelMap(grid=Grid((9, 9, 9), placed, "head"), labels=labels, key={4: "cyst"})


def test_a_region_is_cut_out_of_a_coarser_map_with_the_same_volume():
    labels = np.zeros((60, 50, 40), np.uint16)
    labels[20:40, 20:30, 10:25] = 3
    placed = np.diag([-1.0, 1, 1, 1])
    placed[:3, 3] = (90, -20, 10)
    whole = LabelMap(grid=Grid((60, 50, 40), placed, "head"), labels=labels, key={3: "tumour_core"})
    region = region_of(whole, ["tumour_core"], margin_mm=4)
    assert region.grid.spacing_mm == (0.5, 0.5, 0.5)
    assert region.volume_ml("tumour_core") == pytest.approx(3.0, rel=1e-9)
    assert region.labels[0].max() == 0
    odd = region_of(labels_of_odd_voxels(), ["cyst"], margin_mm=1.3)
    assert odd.volume_ml("cyst") == pytest.approx(5 * 1.0 * 2.0 * 1.5 / 1000, rel=1e-9)
    with pytest.raises(ResectionError, match="holds no cyst"):
        region_of(whole, ["cyst"])


@pytest.mark.parametrize(
    ("before", "ce", "nce", "number"),
    [
        (20, 0, 5, 1),
        (20, 0, 5.1, 2),
        (20, 0, None, 2),
        (20, 1, 0, 2),
        (20, 1.1, 0, 3),
        (20, 12, 0, 3),
        (20, 20, 9, 4),
        (0.5, 0.5, 9, 4),
    ],
)
def test_the_rano_class_follows_what_is_left(before, ce, nce, number):
    assert rano(ce_before_ml=before, ce_ml=ce, nce_ml=nce).number == number


def test_a_region_reaches_as_far_as_the_strokes_and_counts_what_has_no_label():
    labels = np.zeros((20, 20, 20), np.uint16)
    labels[8:12, 8:12, 8:12] = 3
    whole = LabelMap(grid=Grid((20, 20, 20), np.eye(4), "head"), labels=labels, key={3: "cyst"})
    far = ball(-6.0, 10.0, 22.0, 2.0)
    resection = Resection(region_of(whole, ["cyst"], margin_mm=1.0, strokes=[far]))
    resection.cut(far)
    tally = resection.tally
    assert tally.removed_ml(NOWHERE) == pytest.approx(4 / 3 * math.pi * 8 / 1000, rel=0.05)
    assert sum(tally.before.values()) == resection.removed.size
    with pytest.raises(ResectionError, match="no cavity"):
        Resection(region_of(whole, ["cyst"])).surface()


def test_a_class_is_read_off_the_labels_and_never_given_without_enhancing_tumour():
    resection = Resection(a_box())
    assert rano_of(resection.tally) is not None
    assert rano_of(resection.tally).number == 4
    for x in range(-16, 1, 4):
        for y in range(-16, 17, 4):
            for z in range(-16, 17, 4):
                resection.cut(ball(x, y, z, 6))
    assert rano_of(resection.tally).number == 2  # nothing is told of what does not enhance
    key = {1: "tumour_core", 2: "white_matter_right"}
    plain = a_box()
    other = Resection(LabelMap(grid=plain.grid, labels=plain.labels, key=key))
    assert rano_of(other.tally) is None


def test_what_cannot_be_resected_is_refused():
    resection = Resection(a_box())
    with pytest.raises(ResectionError, match="no stroke to undo"):
        resection.undo()
    with pytest.raises(ResectionError, match="holds no pons; it holds tumour_enhancing"):
        resection.tally.residual_ml("pons")
    with pytest.raises(ResectionError, match="needs a structure to resect"):
        resection.tally.extent_percent("artery")
    for radius_mm in (0, -1, math.nan, 100):
        with pytest.raises(ResectionError, match="radius"):
            ball(0, 0, 0, radius_mm)
    for before, ce, nce in [(5, 6, 0), (0, 0, 0), (5, math.nan, 0), (5, 1, -1)]:
        with pytest.raises(ResectionError):
            rano(ce_before_ml=before, ce_ml=ce, nce_ml=nce)
