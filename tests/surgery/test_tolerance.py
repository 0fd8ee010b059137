"""Scattered deliveries against closed forms: half-spaces, Maxwell, Rayleigh."""

import numpy as np
import pytest
from grounds import above, ball, channel, ground
from scipy.stats import maxwell, norm, rayleigh

from anatomy.errors import GeometryError
from surgery.ground import Ground
from surgery.tolerance import (
    Aim,
    Scatter,
    chance,
    copies,
    deliveries,
    guaranteed_mm,
    quick_tolerance,
    tolerance,
)

PATH = ((-30.0, 0.0, 18.0), (10.0, 0.0, 18.0))
RADIUS = 0.5


@pytest.fixture(scope="module")
def a_wall() -> Ground:
    """The half-space z > 20.5 + byte: the axis at z = 18 runs along it, 2 mm beside a device."""
    return ground((channel("falx", 1.0), above(20.5)))


@pytest.mark.parametrize("sigma", [0.8, 1.1, 2.0, 3.0])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_chance_of_a_hit_by_a_scattered_target_is_the_closed_form_within_two_percent(
    a_wall, sigma, seed
):
    got = tolerance(
        a_wall,
        *PATH,
        radius_mm=RADIUS,
        seed=seed,
        scatter=Scatter.even(entry_mm=0, target_mm=sigma),
    )

    assert got.hits["falx"].share == pytest.approx(norm.sf(2.0 / sigma), abs=0.02)
    assert got.hits["falx"].low <= norm.sf(2.0 / sigma) <= got.hits["falx"].high


@pytest.mark.parametrize("sigma", [0.8, 1.1, 2.0, 3.0])
def test_a_dragged_path_has_the_chances_of_the_closed_form_too(a_wall, sigma):
    scatter = Scatter.even(entry_mm=0, target_mm=sigma)
    got = quick_tolerance(a_wall, Aim(*PATH, RADIUS), scatter=scatter, seed=1, count=1024)

    # The device's side lies 2 mm from the wall, of which 1 mm is asked.
    assert got.hits["falx"].share == pytest.approx(norm.sf(2.0 / sigma), abs=0.01)
    assert got.short["falx"].share == pytest.approx(norm.sf(1.0 / sigma), abs=0.02)
    assert got.any_hit == got.hits["falx"]
    assert got.guaranteed_mm == pytest.approx(1.0, abs=0.11)


def test_of_several_paths_one_hits_more_often_than_each(a_wall):
    def near(word, starts, ends, within_mm):
        assert word == "falx"
        return 20.5 - np.maximum(starts[:, 2], ends[:, 2]) < within_mm

    scatter = Scatter.even(entry_mm=0, target_mm=2.0)
    got = deliveries(a_wall, [Aim(*PATH, RADIUS)] * 3, scatter=scatter, seed=3, near=near)
    alone = norm.sf(1.0)

    assert [one.hits["falx"].share for one in got.each] == pytest.approx([alone] * 3, abs=0.02)
    assert len({one.seed for one in got.each}) == 3
    assert got.any_hit.share == pytest.approx(1 - (1 - alone) ** 3, abs=0.03)
    assert got.any_hit.low < 1 - (1 - alone) ** 3 < got.any_hit.high


@pytest.mark.parametrize("sigma", [1.1, 2.0, 3.0])
def test_two_scattered_ends_hit_when_either_one_does(a_wall, sigma):
    got = tolerance(
        a_wall,
        *PATH,
        radius_mm=RADIUS,
        seed=3,
        scatter=Scatter.even(entry_mm=sigma, target_mm=sigma),
    )

    assert got.hits["falx"].share == pytest.approx(1 - norm.cdf(2.0 / sigma) ** 2, abs=0.02)
    assert got.any_hit == got.hits["falx"]


def test_misses_are_maxwell_at_the_target_and_rayleigh_at_the_entry(a_wall):
    got = tolerance(
        a_wall, *PATH, radius_mm=RADIUS, seed=1, scatter=Scatter.even(entry_mm=1.5, target_mm=1.1)
    )

    for name, law in (
        ("target_miss_mm", maxwell(scale=1.1)),
        ("entry_miss_mm", rayleigh(scale=1.5)),
    ):
        span = got.spans[name]
        assert span.median == pytest.approx(law.median(), rel=0.02)
        assert span.p95 == pytest.approx(law.ppf(0.95), rel=0.04)
        assert span.p5 == pytest.approx(law.ppf(0.05), rel=0.15)
        assert span.worst == pytest.approx(law.expect(lb=law.ppf(0.95)) / 0.05, rel=0.05)


def test_clearances_span_what_a_normal_target_makes_of_them(a_wall):
    got = tolerance(
        a_wall, *PATH, radius_mm=RADIUS, seed=1, scatter=Scatter.even(entry_mm=0, target_mm=1.0)
    )

    # The target's z is normal; above the plan the entry's clearance of 2 mm stays the least.
    assert got.spans["falx"].p5 == pytest.approx(2 - norm.ppf(0.95), abs=0.15)
    assert got.spans["falx"].p95 == pytest.approx(2.0, abs=0.11)
    assert got.short["falx"].share == pytest.approx(norm.sf(1.0), abs=0.03)


def test_no_slip_within_the_guaranteed_radius_misses_a_margin():
    tumour = ground((channel("tumour", 2.0), ball((0, 9, 2), 4.0)), (channel("b", 1.0), above(12)))
    entry, target = np.array([-30.0, 0, 0]), np.array([20.0, 0, 0])
    got = tolerance(
        tumour, entry, target, radius_mm=0.5, seed=0, scatter=Scatter.even(entry_mm=1, target_mm=1)
    )
    exact = np.hypot(9, 2) - 4 - 0.5 - 2
    rng = np.random.default_rng(0)
    from surgery.paths import score_paths

    slips = rng.normal(size=(2, 500, 3))
    slips *= 0.99 * got.guaranteed_mm / np.linalg.norm(slips, axis=2, keepdims=True)
    rows = score_paths(tumour, entry + slips[0], target + slips[1], radius_mm=0.5)

    assert got.guaranteed_mm == pytest.approx(exact, abs=0.12)
    assert (rows.clearance_mm - tumour.margins_mm).min() > -0.12
    assert guaranteed_mm([4.0, 2.5, 9.0], [3.0, 2.0, np.nan]) == 0.5
    assert guaranteed_mm([4.0], [np.nan]) == np.inf


def test_the_same_seed_says_the_same_and_another_one_nearly_so(a_wall):
    def told(seed):
        return tolerance(
            a_wall, *PATH, radius_mm=RADIUS, seed=seed,
            scatter=Scatter.even(entry_mm=1, target_mm=1), normal=(-1, 0, 0),
        )  # fmt: skip

    assert told(4) == told(4)
    assert told(4) != told(5)
    assert told(4).seed == 4
    assert told(4).spans["incidence_deg"].median == pytest.approx(
        np.degrees(rayleigh(scale=np.sqrt(2) / 40).median()), rel=0.05
    )


def test_entries_slip_across_the_axis_only():
    entry, target = np.array([3.0, 4, 5]), np.array([20.0, -3, 1])
    scatter = Scatter(entry_mm=(1.0, 2.0), target_mm=(0.0, 0.0, 3.0))
    entries, targets = copies(entry, target, scatter=scatter, count=256, seed=0)
    along = (target - entry) / np.linalg.norm(target - entry)

    assert np.abs((entries - entry) @ along).max() < 1e-9
    assert ((targets - target) @ along).std() == pytest.approx(3.0, rel=0.02)
    assert np.linalg.norm(np.cross(targets - target, along), axis=1).max() < 1e-9


def test_no_hit_in_many_is_still_no_promise():
    never = chance(np.zeros(256, bool))

    # Wilson's interval for 0 of 256: z^2 / (n + z^2).
    assert (never.share, never.low) == (0, 0)
    assert never.high == pytest.approx(3.8415 / (256 + 3.8415), rel=1e-4)


def test_senseless_deliveries_are_refused(a_wall):
    with pytest.raises(GeometryError, match="powers of two"):
        tolerance(
            a_wall, *PATH, radius_mm=RADIUS, seed=0, count=1000,
            scatter=Scatter.even(entry_mm=1, target_mm=1),
        )  # fmt: skip
    with pytest.raises(GeometryError, match="scatters"):
        Scatter.even(entry_mm=float("nan"), target_mm=1)
