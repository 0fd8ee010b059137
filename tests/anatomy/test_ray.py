"""Rays against balls: where, which, in what order, and what a clip plane leaves."""

import time

import pytest

from anatomy import phantom
from anatomy.errors import GeometryError, TermError
from anatomy.ray import Caster
from anatomy.solids import Ellipsoid
from anatomy.surface import structures_from


@pytest.fixture(scope="module")
def a_caster():
    solids = {
        "scalp": Ellipsoid((0, 0, 0), (28, 28, 28)),
        "brain": Ellipsoid((0, 0, 0), (20, 20, 20)),
        "thalamus_left": Ellipsoid((-7, 0, 0), (5, 5, 5)),
    }
    labels = phantom.placed(solids, phantom.box(axes="LPS"))
    return Caster(structures_from(labels, workers=1))


FROM_LEFT = ((-200.0, 0.0, 0.0), (3.0, 0.0, 0.0))


def test_a_ray_meets_the_true_ball_within_half_a_voxel(a_caster):
    hit = a_caster.first_hit(*FROM_LEFT)

    assert hit.structure == "scalp"
    assert hit.point_mm == pytest.approx((-28, 0, 0), abs=0.5)
    assert hit.normal == pytest.approx((-1, 0, 0), abs=0.1)
    assert hit.distance_mm == pytest.approx(172, abs=0.5)


def test_what_is_shown_decides_what_is_hit(a_caster):
    assert a_caster.first_hit(*FROM_LEFT, among=["brain", "thalamus_left"]).structure == "brain"
    assert a_caster.first_hit(*FROM_LEFT, among=["thalamus_left"]).point_mm[0] == pytest.approx(
        -12, abs=0.5
    )
    assert a_caster.first_hit(*FROM_LEFT, among=[]) is None


def test_a_look_through_translucent_layers_lists_them_in_order(a_caster):
    hits = a_caster.hits(*FROM_LEFT)

    assert [hit.structure for hit in hits] == ["scalp", "brain", "thalamus_left"]
    assert [hit.point_mm[0] for hit in hits] == pytest.approx([-28, -20, -12], abs=0.5)


def test_a_clip_plane_takes_away_what_lies_behind_it(a_caster):
    # The plane x = -15 keeps the right part: the scalp's and brain's left shell are gone.
    clip = ((-15.0, 0.0, 0.0), (2.0, 0.0, 0.0))

    hits = a_caster.hits(*FROM_LEFT, clip=clip)

    assert [hit.structure for hit in hits] == ["thalamus_left", "brain", "scalp"]
    assert [hit.point_mm[0] for hit in hits] == pytest.approx([-12, 20, 28], abs=0.5)


def test_a_clip_plane_ends_a_ray_that_leaves_the_kept_side(a_caster):
    keep_left_of_minus_25 = ((-25.0, 0.0, 0.0), (-1.0, 0.0, 0.0))

    assert [h.structure for h in a_caster.hits(*FROM_LEFT, clip=keep_left_of_minus_25)] == ["scalp"]


def test_a_ray_along_a_clip_plane_is_all_or_nothing(a_caster):
    assert a_caster.first_hit(*FROM_LEFT, clip=((0, 0, -1), (0, 0, 1))) is not None
    assert a_caster.first_hit(*FROM_LEFT, clip=((0, 0, 1), (0, 0, 1))) is None


def test_a_ray_that_misses_finds_nothing(a_caster):
    assert a_caster.first_hit((-200, 0, 60), (1, 0, 0)) is None
    assert a_caster.first_hit((-200, 0, 0), (-1, 0, 0)) is None


def test_a_ray_without_direction_or_to_an_unknown_structure_is_refused(a_caster):
    with pytest.raises(GeometryError, match="direction"):
        a_caster.first_hit((0, 0, 0), (0, 0, 0))
    with pytest.raises(TermError, match="skull"):
        a_caster.first_hit(*FROM_LEFT, among=["skull"])


def test_an_answer_takes_less_than_50_ms(a_caster):
    start = time.perf_counter()
    for _ in range(20):
        a_caster.first_hit(*FROM_LEFT)
    assert (time.perf_counter() - start) / 20 < 0.05
