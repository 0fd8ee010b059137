"""Searches among closed-form distances: all feasible paths, the best ones, or why there is none."""

from dataclasses import replace

import numpy as np
import pytest
from grounds import above, ball, channel, ground, rod

from anatomy.errors import GeometryError
from anatomy.surface import Surface
from surgery.candidates import feasible_paths, incidence_deg
from surgery.chance import _chances
from surgery.entries import Entries, entries_on, morton, ordered
from surgery.ground import Ground
from surgery.kernels import score_many, trace_target
from surgery.lie import Outside
from surgery.limits import Reach
from surgery.paths import score_paths
from surgery.search import propose, risk_map, warm_up
from surgery.tolerance import Scatter

REACH = Reach(radius_mm=0.5, longest_mm=28.0, steepest_deg=30.0)
SCATTER = Scatter.even(entry_mm=0.8, target_mm=0.9)
MARGINS = {"artery": 3.0, "tumour": 2.0, "falx": 1.0}
ROD, TUMOUR, FALX = rod(6, -4, 1.0), ball((-8, 10, 3), 5.0), above(25)
SKULL = ball((0, 0, 0), 30.0)


def a_place(*known) -> Ground:
    return ground(
        *known,
        (channel("brain", None), SKULL),
        (channel("grey_matter", None), lambda p: abs(np.linalg.norm(p, axis=1) - 25) - 5),
        hull=len(known),
        grey=len(known) + 1,
    )


@pytest.fixture(scope="module")
def a_ground() -> Ground:
    return a_place(
        (channel("artery", 3.0, vessel=True), ROD),
        (channel("tumour", 2.0), TUMOUR),
        (channel("falx", 1.0), FALX),
    )


def sphere_entries(count: int, radius: float = 36.0) -> Entries:
    turn = np.pi * (3 - np.sqrt(5)) * np.arange(count)
    up = 1 - (np.arange(count) + 0.5) / count * 2
    flat = np.sqrt(1 - up**2)
    unit = np.stack([flat * np.cos(turn), flat * np.sin(turn), up], axis=1)
    return ordered(radius * unit, unit)


TARGETS = np.array([[-2.0, -3, 4], [0, 0, -6], [2, 6, 0], [5, -3, 2]])


def exact(entry, target) -> dict[str, float]:
    """Clearances by formula every 0.02 mm within the skull."""
    entry, target = np.array(entry), np.array(target)
    length = np.linalg.norm(entry - target)
    points = target + np.linspace(0, 1, int(length / 0.02))[:, None] * (entry - target)
    points = points[SKULL(points) < 0]
    return {
        name: float(distance(points).min()) - REACH.radius_mm
        for name, distance in (("artery", ROD), ("tumour", TUMOUR), ("falx", FALX))
    }


def test_every_path_is_counted_once_and_the_feasible_ones_are_those_of_the_full_score(a_ground):
    entries = sphere_entries(700)
    kept, counts = feasible_paths(a_ground, entries, TARGETS, reach=REACH, scatter=SCATTER)

    full = {
        (int(e), t)
        for t, target in enumerate(TARGETS)
        for e in np.flatnonzero(risk_map(a_ground, entries, target, reach=REACH).feasible)
    }
    found = set(zip(kept.entry.tolist(), kept.target.tolist(), strict=True))
    assert sum(counts.values()) == 700 * len(TARGETS)
    assert counts["feasible"] == len(found) > 100
    assert found <= full
    # The trace looks at other places and turns away a few that graze a margin.
    assert len(full - found) < 0.01 * len(full)
    assert (np.diff(kept.cost) >= 0).all()


def test_no_feasible_path_of_ten_thousand_misses_a_margin_by_the_exact_formula(a_ground):
    rng = np.random.default_rng(11)
    targets = rng.uniform(-14, 14, (10_000, 3))
    way = rng.normal(size=(10_000, 3))
    entries = targets + 30 * way / np.linalg.norm(way, axis=1, keepdims=True)
    clear = score_paths(a_ground, entries, targets, radius_mm=0.5).clearance_mm[:, :3]
    accepted = np.flatnonzero((clear >= np.array([3.15, 2.15, 1.15])).all(axis=1))
    wrong = [
        n
        for n in accepted
        if any(exact(entries[n], targets[n])[name] < margin for name, margin in MARGINS.items())
    ]

    assert len(accepted) > 1000
    assert wrong == []


def test_the_risk_map_says_127_times_the_risk_and_one_more_for_a_missed_limit(a_ground):
    entries = sphere_entries(2000)
    one = risk_map(a_ground, entries, TARGETS[0], reach=REACH)
    steep = incidence_deg(entries.points_mm, TARGETS[:1], entries.normals) > 30

    assert one.level.dtype == np.uint8
    assert (one.level[one.feasible] <= 127).all()
    assert (one.level[~one.feasible] > 127).all()
    assert not one.feasible[steep].any()
    # Straight away from the rod is safe; straight through it has all the risk that there is.
    through = np.argmax(entries.normals @ np.array([8, -1, 0.0]) / np.sqrt(65))
    away = np.argmin(entries.normals @ np.array([8, -1, 0.0]) / np.sqrt(65))
    assert one.level[through] > 127
    assert one.rows.risk[away] < one.rows.risk[through]


def test_moving_patient_and_plan_together_changes_no_score():
    entries = sphere_entries(400, radius=20.0)
    shift = np.array([5.0, -7.0, 3.0])
    here = ground((channel("artery", 3.0, vessel=True), ball((3, 2, 1), 2.0)))
    there = ground((channel("artery", 3.0, vessel=True), ball((8, -5, 4), 2.0)))
    moved = Entries(entries.points_mm + shift, entries.normals)

    a = risk_map(here, entries, TARGETS[0], reach=REACH)
    b = risk_map(there, moved, TARGETS[0] + shift, reach=REACH)

    # Within a byte's rounding of the far side of 1/256 mm.
    assert np.abs(a.rows.values[:, 0] - b.rows.values[:, 0]).max() < 0.02
    assert np.abs(a.level.astype(int) - b.level).max() <= 1
    assert (a.feasible == b.feasible).all()


def test_what_is_proposed_keeps_every_margin_by_the_exact_formula_and_differs(a_ground):
    entries = sphere_entries(3000)
    search = propose(
        a_ground, entries, TARGETS, reach=REACH, scatter=SCATTER, certify=exact, seed=1, top=8
    )

    assert search.examined == 12_000
    assert search.feasible + sum(search.rejected.values()) == search.examined
    assert search.binding is None
    assert len(search.found) == 8
    assert [one.cost for one in search.found] == sorted(one.cost for one in search.found)
    for n, one in enumerate(search.found):
        assert all(one.clearance_mm[name] >= margin for name, margin in MARGINS.items())
        assert one.guaranteed_mm == min(one.clearance_mm[k] - m for k, m in MARGINS.items())
        assert one.length_mm <= 28
        assert one.incidence_deg <= 30
        assert one.tolerance.count == 256
        for other in search.found[:n]:
            apart = [
                np.linalg.norm(np.subtract(one.entry_mm, other.entry_mm)),
                np.linalg.norm(np.subtract(one.target_mm, other.target_mm)),
            ]
            assert max(apart) >= 5.0


def test_the_same_search_twice_says_the_same(a_ground):
    def told():
        found = propose(
            a_ground, sphere_entries(800), TARGETS, reach=REACH, scatter=SCATTER, certify=exact,
            seed=9, top=3,
        ).found  # fmt: skip
        return [(one.entry_mm, one.target_mm, one.cost, one.tolerance) for one in found]

    assert told() == told()


def test_a_path_that_the_exact_distance_turns_down_is_not_shown(a_ground):
    def stricter(entry, target):
        return exact(entry, target) | ({"artery": 2.99} if entry[2] > 0 else {})

    search = propose(
        a_ground, sphere_entries(3000), TARGETS, reach=REACH, scatter=SCATTER, certify=stricter,
        seed=1, top=40,
    )  # fmt: skip

    assert search.refused > 0
    assert all(one.entry_mm[2] <= 0 for one in search.found)


def test_a_margin_that_nobody_can_measure_exactly_stops_the_search(a_ground):
    with pytest.raises(GeometryError, match="artery could not be measured"):
        propose(
            a_ground, sphere_entries(800), TARGETS, reach=REACH, scatter=SCATTER, seed=1,
            certify=lambda *_: {"tumour": 9.0, "falx": 9.0, "artery": float("nan")},
        )  # fmt: skip


def test_where_nothing_is_feasible_the_limit_is_named_and_how_much_it_must_give():
    # Targets 2.7 mm beside the rod's wall: a device of 0.5 mm leaves 2.2 mm of the 3 mm asked.
    crowded = a_place((channel("artery", 3.0, vessel=True), ROD), (channel("falx", 1.0), FALX))
    targets = [[6 - 3.7, -4, 0], [6 - 3.7, -4, 1]]
    search = propose(
        crowded, sphere_entries(2000), targets, reach=REACH, scatter=SCATTER, certify=exact, seed=0
    )

    assert (search.feasible, search.found) == (0, ())
    assert search.binding.limit == "artery"
    assert search.binding.unit == "mm"
    # The guard of 0.15 mm is asked on top; the fields round down by up to 0.1 mm.
    assert search.binding.gives == pytest.approx(0.8 + 0.15, abs=0.12)
    assert "The margin to artery rejects" in search.binding.sentence


def test_a_limit_of_length_that_no_path_keeps_is_named(a_ground):
    short = Reach(radius_mm=0.5, longest_mm=20.0, steepest_deg=30.0)
    search = propose(
        a_ground, sphere_entries(2000), TARGETS[:1], reach=short, scatter=SCATTER, certify=exact,
        seed=0,
    )  # fmt: skip

    assert search.feasible == 0
    assert search.binding.limit == "length"
    assert search.binding.sentence.startswith("The length limit rejects")
    # The shortest way out of a ball of 30 mm from 5.4 mm beside its middle is 24.6 mm.
    assert search.binding.gives >= 4.6 - 0.1


def test_warming_up_compiles_all_that_a_search_runs(a_ground):
    kernels = (score_many, trace_target, _chances)
    warm_up()
    compiled = [len(one.signatures) for one in kernels]

    sealed = a_ground.packed.values.copy()
    sealed.flags.writeable = False
    packed = replace(a_ground.packed, values=sealed)
    for one in (a_ground, replace(a_ground, packed=packed)):
        propose(
            one, sphere_entries(50), TARGETS, reach=REACH, scatter=SCATTER, certify=exact, seed=1
        )
        risk_map(one, sphere_entries(50), TARGETS[0], reach=REACH)
        score_paths(one, TARGETS + 9.0, TARGETS, radius_mm=0.5)
    assert [len(one.signatures) for one in kernels] == compiled == [1, 1, 1]


def icosphere(radius: float, *, inner: float = 0.0) -> Surface:
    """A ball, or a shell with an inner wall."""
    import pyvista

    parts = [pyvista.Icosphere(radius=radius, nsub=5)]
    if inner:
        parts.append(pyvista.Icosphere(radius=inner, nsub=5).flip_faces())
    vertices = np.concatenate([p.points for p in parts]).astype(np.float32)
    faces, start = [], 0
    for part in parts:
        faces.append(part.regular_faces + start)
        start += part.n_points
    return Surface(vertices, np.concatenate(faces).astype(np.uint32), "head")


def test_entries_cover_the_scalp_evenly_with_the_normals_of_the_outer_skull():
    entries = entries_on(icosphere(50.0), Outside(icosphere(44.0, inner=41.0)), count=4000)
    unit = entries.points_mm / np.linalg.norm(entries.points_mm, axis=1, keepdims=True)
    aslant = np.degrees(np.arccos(np.einsum("nx,nx->n", unit, entries.normals).clip(-1, 1)))

    assert np.linalg.norm(entries.points_mm, axis=1) == pytest.approx(50.0, abs=0.05)
    assert np.percentile(aslant, 99) < 1.5
    # A cap of 30 degrees holds (1 - cos 30) / 2 of a sphere.
    for pole in np.eye(3):
        share = (unit @ pole > np.cos(np.radians(30))).mean()
        assert share == pytest.approx((1 - np.cos(np.radians(30))) / 2, rel=0.05)


def test_only_the_upper_scalp_may_be_asked_for():
    entries = entries_on(icosphere(50.0), Outside(icosphere(44.0)), count=500, above_mm=10.0)

    assert entries.points_mm[:, 2].min() >= 10.0
    with pytest.raises(GeometryError, match="above"):
        entries_on(icosphere(50.0), Outside(icosphere(44.0)), count=500, above_mm=90.0)


def test_a_normal_of_a_bumpy_skull_is_that_of_its_disc_and_not_of_one_face():
    smooth = icosphere(44.0)
    rng = np.random.default_rng(0)
    bumpy = Surface(
        (smooth.vertices_mm + rng.normal(0, 0.15, smooth.vertices_mm.shape)).astype(np.float32),
        smooth.faces,
        "head",
    )
    points = sphere_entries(300, radius=50.0).points_mm
    normals = Outside(bumpy).planes_at(points).normals
    off = np.degrees(np.arccos((normals * points).sum(axis=1) / 50.0))

    assert np.percentile(off, 95) < 3.0


def test_neighbours_in_the_order_are_neighbours_in_direction():
    unit = sphere_entries(4000).normals
    step = np.degrees(np.arccos((unit[1:] * unit[:-1]).sum(axis=1).clip(-1, 1)))
    shuffled = np.random.default_rng(0).permutation(unit)

    # 4000 places on a sphere lie 3.2 degrees apart.
    assert np.median(step) < 5.0
    assert np.median(np.degrees(np.arccos((shuffled[1:] * shuffled[:-1]).sum(axis=1)))) > 60
    assert len(np.unique(morton(unit))) == len(unit)
