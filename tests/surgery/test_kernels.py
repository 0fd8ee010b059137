"""Paths through closed-form distances: every number against the formula or an independent tool."""

import numpy as np
import pytest
from grounds import HALF_BOX_MM, above, ball, channel, ground, rod
from scipy.ndimage import map_coordinates

from anatomy.errors import GeometryError
from surgery.chance import chances
from surgery.ground import Ground
from surgery.kernels import trace
from surgery.paths import rows_of, score_paths, serial_rows
from surgery.tolerance import Scatter

ROUNDED_MM = 0.15
"""A byte of 0.1 mm rounded down, weights of 1/256, and a curved distance between nodes."""


@pytest.fixture(scope="module")
def a_ground() -> Ground:
    return ground(
        (channel("artery", 3.0, vessel=True), rod(6, -4, 1.0)),
        (channel("tumour", 2.0), ball((-8, 10, 3), 5.0)),
        (channel("falx", 1.0), above(25)),
        (channel("brain", None), ball((0, 0, 0), 30.0)),
        (channel("grey_matter", None), lambda p: abs(np.linalg.norm(p, axis=1) - 25) - 5),
        hull=3,
        grey=4,
    )


@pytest.fixture(scope="module")
def some_paths() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    targets = rng.uniform(-12, 12, (3000, 3))
    way = rng.normal(size=(3000, 3))
    return targets + 38 * way / np.linalg.norm(way, axis=1, keepdims=True), targets


def least(entry, target, number):
    """The least distance every 0.05 mm inside the hull by formula, and where it is."""
    length = np.linalg.norm(entry - target)
    at = np.linspace(0, length, int(length / 0.05))
    points = target + at[:, None] * (entry - target) / length
    inside = ball((0, 0, 0), 30.0)(points) < 1.0
    far = [rod(6, -4, 1.0), ball((-8, 10, 3), 5.0), above(25)][number](points)
    far = np.where(inside, far, np.inf)
    return far.min(), at[far.argmin()]


def test_each_clearance_is_that_of_the_formula_wherever_it_is_near_its_margin(a_ground, some_paths):
    entries, targets = some_paths[0][:400], some_paths[1][:400]
    rows = score_paths(a_ground, entries, targets, radius_mm=0.5)

    for n in range(len(entries)):
        for number, margin in enumerate((3.0, 2.0, 1.0)):
            true, at = least(entries[n], targets[n], number)
            told = rows.clearance_mm[n, number] + 0.5
            if at > rows.length_mm[n] - 1:
                continue  # where the skull ends the count, to a step of 1 mm
            if -4 < true < margin + 2:
                # Half a step of 0.5 mm beside the true place costs up to 0.25 mm head-on.
                assert told == pytest.approx(true, abs=0.25 + ROUNDED_MM)
            elif true < 18:
                assert told > margin + 1.5 or true <= -4


def test_the_mean_error_near_a_margin_is_a_tenth_of_a_millimetre_on_the_safe_side(
    a_ground, some_paths
):
    entries, targets = some_paths[0][:400], some_paths[1][:400]
    rows = score_paths(a_ground, entries, targets, radius_mm=0.0)
    true, at = np.array([least(e, t, 0) for e, t in zip(entries, targets, strict=True)]).T
    near = (true > 0) & (true < 5) & (at < rows.length_mm - 1)
    off = rows.clearance_mm[near, 0] - true[near]

    assert near.sum() > 100
    assert -0.1 < off.mean() < 0.02
    assert off.max() < 0.1


def test_the_place_of_the_least_distance_is_where_it_is_measured(a_ground):
    row = score_paths(a_ground, [[6, -4 + 3, 20]], [[6, -4 + 9, -5]], radius_mm=0.5)

    # Straight towards the rod and not past it: nearest at the entry, 25.7 mm from the target.
    assert row.at_mm[0, 0] == pytest.approx(np.hypot(25, 6), abs=0.01)
    assert row.clearance_mm[0, 0] == pytest.approx(3 - 1 - 0.5, abs=ROUNDED_MM)


def test_a_sample_is_the_trilinear_value_of_its_bytes(a_ground):
    rng = np.random.default_rng(1)
    start = np.stack([rng.uniform(1, 11, 300), rng.uniform(-9, 1, 300), rng.uniform(-20, 20, 300)])
    start, up = start.T, np.array([0, 0, 1.0])
    rows = score_paths(a_ground, start + up, start, radius_mm=0.0)
    want = np.full(300, np.inf)
    values = a_ground.packed.values[..., 0].astype(float) / 10 - 5
    for height in (0.0, 0.5, 1.0):
        at = (start + height * up + HALF_BOX_MM).T
        want = np.minimum(want, map_coordinates(values, at, order=1))
    near = (want < 4.5) & (want > -4.5)

    # Weights of 1/256 and places of 1/256 mm, between nodes up to 1.7 mm apart in distance.
    assert near.sum() > 30
    assert np.abs(rows.clearance_mm[near, 0] - want[near]).max() < 0.03


def test_lengths_and_shares_of_tissue_are_those_of_the_spheres(a_ground):
    row = score_paths(a_ground, [[0, 39, 0.0]], [[0, 1, 0.0]], radius_mm=0.5)

    assert row.length_mm[0] == pytest.approx(29.0, abs=0.1)
    assert row.grey[0] == pytest.approx(10 / 29, abs=0.01)


def test_the_vessel_risk_is_the_integral_of_its_formula():
    vessel = ground((channel("artery", 3.0, vessel=True), above(20)))
    row = score_paths(vessel, [[0, 0, 16.5]], [[0, 0, -13.5]], radius_mm=0.5)

    # Clearance falls from 33 to 3 mm over 30 mm: risk rises from 0 at 10 mm to 1 at 3 mm.
    assert row.risk[0] == pytest.approx(7 / 2 / 30, abs=0.003)


def test_one_path_alone_has_the_numbers_that_it_has_among_thousands(a_ground, some_paths):
    entries, targets = some_paths
    rules = a_ground.rules(radius_mm=0.6)
    together = rows_of(a_ground, rules, entries, targets).values

    for n in range(0, len(entries), 97):
        alone = serial_rows(a_ground, rules, entries[n : n + 1], targets[n : n + 1]).values
        assert alone.tobytes() == together[n : n + 1].tobytes()


def test_a_structure_that_counts_behind_the_entry_only_does_not_count_there():
    near = ball((0, 0, 30), 3.0)
    whole = ground((channel("sulcus", 1.0), near))
    later = ground((channel("sulcus", 1.0, after_mm=10.0), near))
    path = ([[0, 2, 31]], [[0, 2, -9]])

    assert score_paths(whole, *path, radius_mm=0.5).clearance_mm[0, 0] < 0
    assert score_paths(later, *path, radius_mm=0.5).clearance_mm[0, 0] == pytest.approx(
        np.hypot(9, 2) - 3.5, abs=0.6
    )


def test_what_lies_outside_the_skull_does_not_count():
    outside = ground(
        (channel("artery", 3.0), ball((0, 0, 36), 1.0)),
        (channel("brain", None), ball((0, 0, 0), 30.0)),
        hull=1,
    )
    row = score_paths(outside, [[0, 1, 39]], [[0, 0, 0]], radius_mm=0.5)

    # The count ends one step or less beyond the inner table at 30 mm.
    assert 36 - 31 - 1 - 0.5 - ROUNDED_MM < row.clearance_mm[0, 0] < 36 - 30 - 1 - 0.5


def test_a_closer_vessel_never_has_more_clearance(some_paths):
    entries, targets = some_paths
    radii = [
        score_paths(
            ground((channel("artery", 3.0, vessel=True), rod(3, 2, radius))),
            entries,
            targets,
            radius_mm=0.5,
        )
        for radius in (1.0, 1.6)
    ]

    assert (radii[1].clearance_mm <= radii[0].clearance_mm).all()
    assert (radii[1].risk >= radii[0].risk).all()


def test_the_trace_lets_through_what_the_score_lets_through(a_ground, some_paths):
    entries, targets = some_paths
    rules = a_ground.rules(radius_mm=0.5)
    clear = rows_of(a_ground, rules, entries, targets).clearance_mm[:, :3]
    kept = (clear >= np.array([3.0, 2.0, 1.0]) + 0.15).all(axis=1)
    traced = np.array(
        [
            trace(a_ground.lattice, rules, e, t, float(np.linalg.norm(e - t)), -1.0)[0] == 8
            for e, t in zip(entries, targets, strict=True)
        ]
    )

    assert 0.05 < kept.mean() < 0.9
    # Both look every 0.5 mm near a margin, at different places of it.
    assert (kept != traced).mean() < 0.01


def test_a_hint_changes_who_is_blamed_but_not_the_verdict(a_ground, some_paths):
    rules = a_ground.rules(radius_mm=0.5)
    for n in range(200):
        e, t = some_paths[0][n], some_paths[1][n]
        first, at = trace(a_ground.lattice, rules, e, t, 38.0, -1.0)
        again, same = trace(a_ground.lattice, rules, e, t, 38.0, at)
        if first < 8:
            assert (again, same) == (first, at)
        else:
            assert again == 8


@pytest.mark.parametrize("distance", [0.5, 1.0, 2.0])
def test_the_quick_chance_is_exact_for_a_half_space_and_a_scattered_target(distance):
    from scipy.stats import norm

    wall = ground((channel("falx", 1.0), above(20)))
    entries, targets = (
        np.array([[-30.0, 0, 20 - distance - 0.5]]),
        np.array([[10.0, 0, 20 - distance - 0.5]]),
    )
    out = chances(
        wall, wall.rules(radius_mm=0.5), entries, targets,
        scatter=Scatter.even(entry_mm=0, target_mm=1.0),
    )  # fmt: skip

    assert out[0] == pytest.approx(norm.sf(distance), abs=0.03)


def test_senseless_paths_and_devices_are_refused(a_ground):
    with pytest.raises(GeometryError, match="long"):
        score_paths(a_ground, [[0, 0, 0.5]], [[0, 0, 0]], radius_mm=0.5)
    with pytest.raises(GeometryError, match="finite"):
        score_paths(a_ground, [[0, 0, np.nan]], [[0, 0, 0]], radius_mm=0.5)
    with pytest.raises(GeometryError, match="radius"):
        score_paths(a_ground, [[0, 0, 30]], [[0, 0, 0]], radius_mm=50.0)
    with pytest.raises(GeometryError, match="one target"):
        score_paths(a_ground, [[0, 0, 30]] * 3, [[0, 0, 0]] * 2, radius_mm=0.5)
    with pytest.raises(GeometryError, match="margin"):
        channel("artery", -1.0)


def test_the_entry_itself_counts_whatever_the_length():
    wall = ground((channel("falx", 1.0), above(20)))
    rng = np.random.default_rng(2)
    targets = rng.uniform((-9, -9, -20), (9, 9, -10), (500, 3))
    entries = np.column_stack([rng.uniform(-9, 9, (500, 2)), np.full(500, 18.0)])
    rows = score_paths(wall, entries, targets, radius_mm=0.5)

    assert rows.clearance_mm[:, 0] == pytest.approx(1.5, abs=0.01)
