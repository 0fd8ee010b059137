"""Activation of muscle, against straight rays, geodesics of a shell, refraction and corners."""

import math

import numpy as np
import pytest

from anatomy.grid import Grid
from anatomy.phantom import box
from surgery.activation import ActivationError, Muscle, Site, activated, change, muscle

SPEED = 0.6


def centres(grid: Grid) -> np.ndarray:
    return grid.ras(np.moveaxis(np.indices(grid.shape), 0, -1))


def a_block(grid: Grid | None = None, **options) -> Muscle:
    grid = grid or box(extent_mm=(60, 40, 30))
    return muscle(grid, np.ones(grid.shape, dtype=bool), speed_m_per_s=SPEED, **options)


@pytest.mark.parametrize(
    ("axes", "spacing", "tilt"),
    [("RAS", (1, 1, 1), 0.0), ("LPI", (0.8, 1.2, 2.0), 0.0), ("SAR", (1, 1.5, 0.7), 20.0)],
)
def test_in_a_block_time_is_distance_over_speed(axes, spacing, tilt):
    grid = box(axes=axes, spacing_mm=spacing, extent_mm=(60, 40, 30), tilt_deg=tilt)
    at = tuple(grid.ras([n * 0.21 + 0.3 for n in grid.shape]))

    found = activated(a_block(grid), [Site(at_mm=at)])

    away = np.linalg.norm(centres(grid) - at, axis=-1)
    assert np.allclose(found.times_ms, away / SPEED, rtol=1e-6)
    assert found.total.value == pytest.approx(away.max() / SPEED, rel=1e-6)
    assert math.dist(found.total.point_mm, at) == pytest.approx(away.max())
    assert found.unreached.value == 0


@pytest.mark.parametrize("spacing", [(1, 1, 1), (0.8, 0.8, 1.6)])
def test_in_a_shell_the_wave_goes_around_the_cavity(spacing):
    """A tangent, an arc on the inner ball and a tangent again, where the cavity is in the way.

    At 1 mm the voxels of the cavity reach half a millimetre outwards, so the arc is longer.
    """
    inner, outer = 20.0, 30.0
    grid = box(spacing_mm=spacing, extent_mm=(66, 66, 66))
    place = centres(grid)
    radius = np.linalg.norm(place, axis=-1)
    mask = (radius >= inner) & (radius <= outer)

    found = activated(muscle(grid, mask, speed_m_per_s=SPEED), [Site(at_mm=(0, 0, 29.4))])

    at = np.array(found.sites[0].at_mm)
    high = np.linalg.norm(at)
    angle = np.arccos(np.clip(place @ at / (radius * high), -1, 1))
    lit = np.arccos(inner / high) + np.arccos(np.minimum(inner / radius, 1))
    tangents = math.sqrt(high**2 - inner**2) + np.sqrt(np.maximum(radius**2 - inner**2, 0))
    way = np.where(
        angle > lit, tangents + inner * (angle - lit), np.linalg.norm(place - at, axis=-1)
    )
    error = found.times_ms[mask] * SPEED / np.maximum(way[mask], 1e-9) - 1
    far = way[mask] > 4
    assert error[far].min() > -0.002
    assert error[far].max() < 0.04
    assert error[far].mean() < 0.015
    seen = np.abs(error[far & (angle < lit - 0.25)[mask]])
    assert np.median(seen) < 1e-9
    assert seen.max() < 0.006
    assert found.total.value * SPEED == pytest.approx(way[mask].max(), rel=0.03)


def test_a_fast_layer_carries_the_wave_as_refraction_says():
    # Head wave: t = x / v2 + h sqrt(1 / v1^2 - 1 / v2^2), from the layer into the wall above.
    grid = box(extent_mm=(70, 21, 14))
    _, _, k = np.indices(grid.shape)
    cavity, factor = k < 2, 3.0
    heart = muscle(
        grid, ~cavity, cavity=cavity, speed_m_per_s=SPEED, endocardial_factor=factor,
        endocardial_mm=2.0,
    )  # fmt: skip
    layer_top = grid.ras([0, 0, 3.5])[2]
    start = grid.ras([3, 10, 3])

    found = activated(heart, [Site(at_mm=tuple(start))])

    for i, height in ((40, 3), (55, 5), (66, 8)):
        x, _, z = grid.ras([i, 10, 3 + height])
        climb = (z - layer_top) * math.sqrt(1 - 1 / factor**2) / SPEED
        expected = (x - start[0]) / (factor * SPEED) + climb
        assert found.times_ms[i, 10, 3 + height] == pytest.approx(expected, rel=0.02)


def test_around_the_end_of_a_scar_the_way_has_a_corner():
    grid = box(extent_mm=(61, 41, 9))
    i, j, _ = np.indices(grid.shape)
    scar = (i == 30) & (j < 25)
    found = activated(a_block(grid, scar=scar), [Site(at_mm=tuple(grid.ras([20, 10, 4])))])
    # The scar's two last edges, where it ends half a voxel beyond its last voxel.
    way = math.dist((20, 10), (29.5, 24.5)) + 1.0 + math.dist((30.5, 24.5), (40, 10))
    assert found.times_ms[40, 10, 4] * SPEED == pytest.approx(way, rel=0.02)
    assert not np.isfinite(found.times_ms[scar]).any()


def test_no_wave_slips_between_the_voxels_of_a_slanting_scar():
    grid = box(extent_mm=(30, 30, 6))
    i, j, k = np.indices(grid.shape)
    scar = i + j + k == 30
    found = activated(a_block(grid, scar=scar), [Site(at_mm=tuple(grid.ras([2, 2, 2])))])
    behind = i + j + k > 30
    assert not np.isfinite(found.times_ms[behind]).any()
    assert found.unreached.value == pytest.approx(np.count_nonzero(behind))


def test_a_slow_scar_delays_by_its_thickness():
    grid = box(extent_mm=(50, 15, 15))
    i, _, _ = np.indices(grid.shape)
    scar = (i >= 20) & (i < 24)
    found = activated(
        a_block(grid, scar=scar, scar_factor=0.25), [Site(at_mm=tuple(grid.ras([5, 7, 7])))]
    )
    # 30 mm in muscle, 4 mm at a quarter of the speed.
    assert found.times_ms[39, 7, 7] == pytest.approx((30 + 4 * 4) / SPEED, rel=1e-6)


def test_a_second_lead_at_the_other_end_halves_the_time():
    grid = box(extent_mm=(81, 5, 5))
    left, right = (Site(at_mm=tuple(grid.ras([i, 2, 2]))) for i in (0, 80))
    found = change(a_block(grid), [left], right)
    before, after = math.hypot(80, 2, 2) / SPEED, math.hypot(40, 2, 2) / SPEED
    assert found.before.total.value == pytest.approx(before, rel=1e-6)
    assert found.after.total.value == pytest.approx(after, rel=1e-6)
    assert found.gained.value == pytest.approx(after - before, rel=1e-6)
    assert found.percent.value == pytest.approx(100 * (after / before - 1), rel=1e-6)
    assert found.gained.point_mm[0] == pytest.approx(0)


def test_a_delayed_lead_meets_the_first_wave_nearer_to_itself():
    grid = box(extent_mm=(81, 1, 1))
    sites = [Site(at_mm=tuple(grid.ras([0, 0, 0])))]
    sites.append(Site(at_mm=tuple(grid.ras([80, 0, 0])), delay_ms=20 / SPEED))
    found = activated(a_block(grid), sites)
    assert found.total.value == pytest.approx(50 / SPEED)
    assert found.total.point_mm == pytest.approx(tuple(grid.ras([50, 0, 0])))


def test_more_leads_never_activate_any_place_later():
    heart = a_block()
    sites = [Site(at_mm=(-20, 5, 3)), Site(at_mm=(11, -9, 2)), Site(at_mm=(28, 14, -9))]
    one, three = activated(heart, sites[:1]), activated(heart, sites)
    assert (three.times_ms <= one.times_ms).all()


def test_a_site_beside_the_wall_is_moved_onto_it():
    grid = box(extent_mm=(20, 20, 20))
    found = activated(a_block(grid), [Site(at_mm=(0.5, 0.5, 12.0))])
    assert found.sites[0].at_mm == pytest.approx((0.5, 0.5, 9.5))


@pytest.mark.parametrize(
    ("sites", "sentence"),
    [
        ([], "at least one pacing site"),
        ([Site(at_mm=(0, 0, 25))], r"15\.5 mm from muscle"),
        ([Site(at_mm=(0, 0, 0), delay_ms=math.nan)], "finite number of ms"),
    ],
)
def test_sites_that_cannot_be_are_refused(sites, sentence):
    with pytest.raises(ActivationError, match=sentence):
        activated(a_block(box(extent_mm=(20, 20, 20))), sites)


def test_a_muscle_that_does_not_conduct_is_refused():
    grid = box(extent_mm=(5, 5, 5))
    everything = np.ones(grid.shape, dtype=bool)
    with pytest.raises(ActivationError, match="No voxel of the muscle conducts"):
        muscle(grid, everything, scar=everything)
    with pytest.raises(ActivationError, match="must be above 0"):
        muscle(grid, everything, speed_m_per_s=0)
    sheared = np.array(grid.ijk_to_ras)
    sheared[0, 1] = 0.3
    with pytest.raises(ActivationError, match="sheared"):
        muscle(Grid(grid.shape, sheared, grid.frame), everything)


def test_a_site_on_the_face_of_the_first_voxel_that_conducts_reaches_all_of_the_muscle():
    grid = box(extent_mm=(12, 5, 5))
    mask = np.zeros(grid.shape, dtype=bool)
    mask[2:] = True

    found = activated(muscle(grid, mask), [Site(at_mm=tuple(grid.ras([1.5, 2.0, 2.0])))])

    assert found.unreached.value == 0
    assert np.isfinite(found.times_ms).sum() == mask.sum()
