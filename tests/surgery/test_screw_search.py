"""The search for pedicle screws, on a vertebra of tubes: what fits follows from their radii."""

from functools import cache

import numpy as np
import pytest

from anatomy.phantom import box, place_of
from anatomy.solids import Blend, Ellipsoid, Tube
from anatomy.structure import Anatomy
from anatomy.surface import structures_from
from anatomy.volume import LabelMap
from surgery.offer import Request
from surgery.plan import PlanError
from surgery.procedure import procedure
from surgery.scene import Scene

ASKED = procedure("pedicle_screw")
AXIS_X_MM = 12.0


def a_vertebra(left_mm, right_mm):
    """A drum of a body, two straight pedicles of these radii along y, and an arch behind."""
    arch = Tube(((-12.0, -22.0, 4.0), (0.0, -40.0, -4.0), (12.0, -22.0, 4.0)), (6.0, 6.0, 6.0))
    parts = [Tube(((0.0, 18.0, -8.0), (0.0, 18.0, 8.0)), (18.0, 18.0)), arch]
    for side, radius in ((-1, left_mm), (1, right_mm)):
        x = side * AXIS_X_MM
        parts.append(Tube(((x, 16.0, 4.0), (x, -24.0, 4.0)), (radius, radius)))
        parts.append(Ellipsoid((x, -24.0, 4.0), (8.0, 7.0, 9.0)))
    return Blend(tuple(parts))


@cache
def a_spine(left_mm=3.0, right_mm=4.6, wall=False):
    grid = box(spacing_mm=(1.0,) * 3, extent_mm=(70.0, 110.0, 64.0), centre_mm=(0.0, -5.0, 0.0))
    where = place_of(grid)
    labels = (a_vertebra(left_mm, right_mm).distance(where) < 0).astype(np.uint16)
    key = {1: "vertebra_l3"}
    if wall:  # Bone of the neighbour right behind the entry on the right.
        ball = Ellipsoid((AXIS_X_MM, -42.0, 4.0), (9.0, 5.0, 9.0)).distance(where) < 0
        labels[ball & (labels == 0)] = 2
        key[2] = "vertebra_l2"
    labelmap = LabelMap(grid=grid, labels=labels, key=key)
    return Scene(Anatomy(grid.frame, tuple(structures_from(labelmap, workers=1))), labelmap)


@cache
def searched(scene, *targets, **more):
    return ASKED.propose(scene, Request(asked=ASKED, targets=targets, **more))


def screws(offer):
    return {one["side"]: one for one in offer.facts["screws"]}


def test_each_pedicle_takes_the_widest_and_longest_screw_that_its_radius_lets_through():
    best, second = searched(a_spine(), "vertebra_l3", top=2).offers
    found = screws(best)

    assert found["right"]["device"] == "pedicle_screw_75_55"
    assert found["left"]["device"] == "pedicle_screw_55_45"
    assert best.assessment.verdict == "accepted"
    assert {one["grade"] for one in found.values()} == {"A"}
    assert screws(second)["right"]["device"] == "pedicle_screw_75_50"


def test_a_screw_keeps_to_the_axis_of_its_pedicle_and_its_spare_bone_is_the_difference_of_radii():
    (best, *_) = searched(a_spine(), "vertebra_l3", top=2).offers
    for placement, (side, one) in zip(best.plan.placements, screws(best).items(), strict=True):
        way = placement.trajectory
        at_isthmus = way.entry_mm + (-6.0 - way.entry_mm[1]) / way.direction[1] * way.direction
        pedicle_mm = {"left": 3.0, "right": 4.6}[side]

        assert at_isthmus[::2] == pytest.approx(
            [AXIS_X_MM * (-1 if side == "left" else 1), 4.0], abs=0.5
        )
        assert -one["breach_mm"] == pytest.approx(pedicle_mm - one["diameter_mm"] / 2, abs=0.4)
        assert way.direction[1] > 0.95
        assert way.length_mm == pytest.approx(one["length_mm"])


def test_a_steadier_hand_keeps_more_screws_in_the_bone():
    def shares(by):
        (best,) = searched(a_spine(), (12.0, -10.0, 0.0), top=1, delivery=by).offers
        (told,) = best.facts["screws"]
        return [told["delivered"][grade]["share"] for grade in ("grade_a", "grade_a_or_b")]

    robot, frame = shares("robot"), shares("frame_seeg")
    assert 0 < frame[0] < robot[0] <= robot[1] <= 1
    assert frame[0] < frame[1] < robot[1]


def test_a_pedicle_that_is_too_narrow_gets_no_screw_and_its_width_is_told():
    found = searched(a_spine(1.6, 4.6), "vertebra_l3", top=1)
    (best,) = found.offers

    assert set(screws(best)) == {"right"}
    assert "left pedicle of Vertebra L3" in found.notes[0]
    told_mm = float(found.notes[0].split("a cylinder of ")[1].split(" mm")[0])
    assert told_mm == pytest.approx(2 * 1.6, abs=0.7)


def test_a_point_beside_the_canal_asks_for_the_pedicle_on_its_side_alone():
    (best, *_) = searched(a_spine(), (-12.0, -10.0, 0.0), top=1).offers

    assert set(screws(best)) == {"left"}


def test_a_driver_does_not_go_through_the_neighbours_bone():
    scene = a_spine(wall=True)
    (best, *_) = searched(scene, "vertebra_l3", top=1).offers
    blocked = {one.id: one for one in scene.anatomy}["vertebra_l2"]
    for placement in best.plan.placements:
        way = placement.trajectory
        behind = way.entry_mm - np.outer(np.arange(2.0, 50.0), way.direction)
        away, _ = scene.exact(blocked.id).points(behind)
        inside = [scene.holds(blocked.id, tuple(p)) for p in behind]
        assert not any(inside)
        assert away.min() > 3.5, "a driver of 5 mm radius, in voxels of 1 mm"


def test_where_no_screw_fits_the_narrow_pedicle_is_what_stands_in_the_way():
    found = searched(a_spine(1.6, 4.6), (-12.0, -10.0, 0.0))

    assert found.offers == ()
    assert "4.5 mm wide" in found.binding


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        (("vertebra_l4",), "There is no vertebra_l4"),
        (("artery",), "There is no artery"),
    ],
)
def test_what_is_no_vertebra_here_is_refused_by_name(targets, said):
    with pytest.raises(LookupError, match=said):
        searched(a_spine(), *targets)


def test_a_device_of_another_kind_is_refused():
    from surgery.device import device

    with pytest.raises(PlanError, match="takes no valve"):
        searched(a_spine(), "vertebra_l3", device=device("sapien3_23"))
