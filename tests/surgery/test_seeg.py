"""The choice among electrode candidates against closed forms, brute force and CP-SAT."""

import math
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import lsq_linear

from surgery.seeg import APART_MM, CLOSE_MM, Choice, Group, SeegError, choose
from surgery.shafts import distance_mm

number = st.floats(-80, 80)
segment = st.tuples(*[number] * 6).filter(lambda s: math.dist(s[:3], s[3:]) >= 1)


def groups_of(seed: int, *, electrodes: int, each: int, box_mm: float) -> list[Group]:
    """Shafts of about 60 mm towards targets in a box; costs are whole thousandths."""
    random = np.random.default_rng(seed)
    groups = []
    for number in range(electrodes):
        target = random.uniform(-box_mm, box_mm, 3)
        way = random.normal(size=3) + np.array([1.5, 0, 0])
        entry = target + 60 * way / np.linalg.norm(way)
        groups.append(
            Group(
                name=f"E{number + 1}",
                entries_mm=entry + random.normal(size=(each, 3)) * 8,
                targets_mm=target + random.normal(size=(each, 3)) * 3,
                costs=random.integers(100, 5000, each) / 1000,
            )
        )
    return groups


def row(name: str, *places_mm: float, costs: tuple[float, ...] = ()) -> Group:
    """Parallel shafts along z, standing at these x."""
    entries = np.array([(x, 0, 50) for x in places_mm], float).reshape(-1, 3)
    return Group(
        name=name,
        entries_mm=entries,
        targets_mm=entries * (1, 1, 0),
        costs=np.array(costs or [1.0] * len(places_mm)),
    )


def close(groups, apart_mm):
    """The pairs (group, candidate) that are too close, by an independent quadratic program."""
    found = set()
    for g, h in combinations(range(len(groups)), 2):
        for i, j in product(range(len(groups[g].costs)), range(len(groups[h].costs))):
            if by_program(groups[g].segments_mm[i], groups[h].segments_mm[j]) < apart_mm:
                found.add((g, i, h, j))
    return found


def by_program(a, b) -> float:
    """Distance of two segments as a bounded least squares problem in both shares."""
    a, b = np.asarray(a), np.asarray(b)
    matrix = np.column_stack([a[3:] - a[:3], -(b[3:] - b[:3])])
    best = lsq_linear(matrix, b[:3] - a[:3], bounds=(0, 1), tol=1e-14)
    return float(np.linalg.norm(matrix @ best.x - (b[:3] - a[:3])))


def by_cp_sat(groups, apart_mm: float, among=None) -> float | None:
    """Cost of the cheapest choice according to OR-tools; None if it proves that there is none."""
    from ortools.sat.python import cp_model

    among = range(len(groups)) if among is None else among
    model = cp_model.CpModel()
    take = {g: [model.new_bool_var("") for _ in groups[g].costs] for g in among}
    for g in among:
        model.add_exactly_one(take[g])
    for g, h in combinations(among, 2):
        for i, a in enumerate(groups[g].segments_mm):
            near = [
                take[h][j]
                for j, b in enumerate(groups[h].segments_mm)
                if distance_mm(a, b) < apart_mm
            ]
            if near:
                model.add_at_most_one([take[g][i], *near])
    model.minimize(
        sum(
            round(1000 * cost) * one
            for g in among
            for cost, one in zip(groups[g].costs, take[g], strict=True)
        )
    )
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    status = solver.solve(model)
    assert status in (cp_model.OPTIMAL, cp_model.INFEASIBLE)
    return solver.objective_value / 1000 if status == cp_model.OPTIMAL else None


@pytest.mark.parametrize(
    ("a", "b", "apart"),
    [
        ((0, 0, 0, 10, 0, 0), (0, 7, 0, 10, 7, 0), 7),  # side by side
        ((0, 0, 0, 10, 0, 0), (13, 4, 0, 30, 4, 0), 5),  # parallel, past each other's end
        ((0, 0, 0, 10, 0, 0), (12, 0, 0, 30, 0, 0), 2),  # on one line
        ((-5, 0, 0, 5, 0, 0), (0, -5, 3, 0, 5, 3), 3),  # skew, closest inside both
        ((-5, 0, 0, 5, 0, 0), (0, 4, 0, 0, 9, 0), 4),  # an end over the inside
        ((-5, 0, 0, 5, 0, 0), (0, -5, 0, 0, 5, 0), 0),  # crossing
        ((0, 0, 0, 0, 0, 10), (3, 0, 14, 3, 0, 40), 5),  # end to end
        ((0, 0, 0, 100, 0, 0), (0, 6, 0, 100, 6 + 1e-7, 0), 6),  # parallel but for rounding
    ],
)
def test_the_distance_of_two_shafts_is_that_of_the_closed_form(a, b, apart):
    assert distance_mm(a, b) == pytest.approx(apart, abs=1e-6)
    assert distance_mm(b, a) == pytest.approx(apart, abs=1e-6)


@settings(max_examples=150, deadline=None)
@given(a=segment, b=segment)
def test_the_distance_of_two_shafts_is_that_of_a_quadratic_program(a, b):
    assert distance_mm(a, b) == pytest.approx(by_program(a, b), abs=2e-3)


def test_shafts_exactly_as_far_apart_as_asked_may_both_be_placed():
    choice = choose([row("A", 0), row("B", 10)])
    assert (choice.status, choice.chosen, choice.spacing_mm) == ("optimal", (0, 0), 10)


def test_the_cheapest_ones_give_way_where_they_clash():
    groups = [row("A", 0, 20, costs=(1, 5)), row("B", 5, -12, costs=(1, 3))]
    choice = choose(groups)
    # 1 + 1 clashes (5 mm); 1 + 3 is 12 mm apart; 5 + 1 would be dearer.
    assert (choice.chosen, choice.cost, choice.bound) == ((0, 1), 4, 4)
    assert choice.spacing_mm == pytest.approx(12)


@pytest.mark.parametrize("seed", range(8))
def test_the_choice_is_that_of_brute_force(seed):
    groups = groups_of(seed, electrodes=4, each=5, box_mm=9)
    near = close(groups, APART_MM)
    costs = [
        sum(group.costs[c] for group, c in zip(groups, chosen, strict=True))
        for chosen in product(range(5), repeat=4)
        if not any((g, chosen[g], h, chosen[h]) in near for g, h in combinations(range(4), 2))
    ]
    choice = choose(groups)
    if costs:
        assert choice.status == "optimal"
        assert choice.cost == pytest.approx(min(costs))
        assert choice.spacing_mm >= APART_MM
    else:
        assert choice.status == "impossible"


@pytest.mark.parametrize("box_mm", [8, 11, 14, 20, 30])
@pytest.mark.parametrize("seed", range(8))
def test_the_choice_is_that_of_cp_sat(seed, box_mm):
    groups = groups_of(100 + seed, electrodes=7, each=25, box_mm=box_mm)
    choice, theirs = choose(groups), by_cp_sat(groups, APART_MM)
    assert choice.cost == (None if theirs is None else pytest.approx(theirs))
    assert choice.status == ("impossible" if theirs is None else "optimal")


def an_impossible_one() -> tuple[list[Group], Choice]:
    for seed in range(100):
        groups = groups_of(seed, electrodes=6, each=15, box_mm=9)
        choice = choose(groups)
        if choice.status == "impossible" and len(choice.clashes[0]) > 2:
            return groups, choice
    raise AssertionError("no seed gives a clash of three or more")


def test_the_clashes_named_are_all_of_the_smallest_ones():
    groups, choice = an_impossible_one()
    assert choice.smallest
    size = len(choice.clashes[0])
    none = [
        tuple(groups[g].name for g in among)
        for n in range(1, size + 1)
        for among in combinations(range(6), n)
        if by_cp_sat(groups, APART_MM, among) is None
    ]
    assert list(choice.clashes) == none


def test_the_spacing_that_is_told_is_the_widest_that_is_possible():
    groups, choice = an_impossible_one()
    assert by_cp_sat(groups, choice.possible_mm - 1e-9) is not None
    assert by_cp_sat(groups, choice.possible_mm + CLOSE_MM) is None
    assert choose(groups, apart_mm=choice.possible_mm - 1e-9).status == "optimal"


def test_two_electrodes_that_cannot_stand_together_are_named():
    choice = choose([row("A", 0, 50), row("B", 20, 23), row("C", 25)])
    assert choice.status == "impossible"
    assert choice.clashes == (("B", "C"),)
    assert choice.possible_mm == pytest.approx(5)
    assert "B and C cannot be placed together with shafts 10 mm apart" in choice.sentence
    assert "fit at 5.00 mm" in choice.sentence


def test_three_electrodes_of_which_any_two_fit_are_named_together():
    # Two places, 10 mm apart, for three electrodes.
    choice = choose([row(name, 0, 10) for name in "ABC"] + [row("D", 99)])
    assert choice.clashes == (("A", "B", "C"),)
    assert choice.smallest


def test_an_electrode_without_candidates_is_named():
    choice = choose([row("A", 0), row("B")])
    assert (choice.status, choice.clashes, choice.possible_mm) == ("impossible", (("B",),), None)
    assert "B cannot be placed: no candidate is left" in choice.sentence


def test_a_search_that_is_ended_says_that_nothing_is_proven():
    groups = groups_of(3, electrodes=8, each=40, box_mm=30)
    for choice in (choose(groups, nodes_at_most=8), choose(groups, stop=lambda: True)):
        assert choice.status == "not proven"
        assert "not proven" in choice.sentence
    best = choose(groups)
    some = choose(groups, nodes_at_most=best.nodes - 1)
    assert best.status == "optimal"
    assert some.status == "not proven"
    assert some.bound <= best.cost <= some.cost


def test_what_is_proven_impossible_stays_so_when_the_reason_is_not_found_in_time():
    groups, whole = an_impossible_one()
    for nodes in range(1, whole.nodes):
        choice = choose(groups, nodes_at_most=nodes)
        if choice.status == "impossible":
            break
    assert not choice.smallest
    assert choice.possible_mm is None
    assert by_cp_sat(groups, APART_MM, [int(n[1:]) - 1 for n in choice.clashes[0]]) is None


def test_the_same_groups_in_another_order_cost_the_same():
    groups = groups_of(5, electrodes=8, each=30, box_mm=14)
    there, back = choose(groups), choose(groups[::-1])
    assert there.cost == pytest.approx(back.cost)
    assert there.chosen == choose(groups).chosen


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"costs": [1.0, math.nan]}, "not finite"),
        ({"costs": [1.0]}, "as many"),
        ({"targets_mm": [(0, 0, 49.5), (9, 0, 0)]}, "0.50 mm long"),
    ],
)
def test_candidates_that_cannot_be_are_refused(change, said):
    good = {"entries_mm": [(0, 0, 50), (9, 0, 50)], "targets_mm": [(0, 0, 0), (9, 0, 0)]}
    with pytest.raises(SeegError, match=f"Left 1: .*{said}"):
        Group(name="Left 1", **{**good, "costs": [1.0, 2.0], **change})


@pytest.mark.parametrize(
    ("groups", "apart_mm"),
    [([], 10), ([row("A", 0), row("A", 20)], 10), ([row("A", 0)], -1), ([row("A", 0)], math.nan)],
)
def test_a_question_that_makes_no_sense_is_refused(groups, apart_mm):
    with pytest.raises(SeegError):
        choose(groups, apart_mm=apart_mm)
