"""Which candidate each depth electrode takes, so that no two shafts come too close.

One candidate a group, costs added up, every two shafts at least `apart_mm` from each other: the
cheapest such choice with proof, or proof that there is none and which electrodes are in each
other's way. The tree of choices is searched whole, save the branches that cannot be cheaper
(`surgery.shafts`).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from anatomy.errors import TwinError
from anatomy.geometry import Floats
from anatomy.volume import freeze
from surgery import shafts

Status = Literal["optimal", "impossible", "not proven"]

APART_MM = 10.0
"""docs/evidence.md#electrode-spacing"""
LEAST_MM = 1.0
"""A shorter trajectory has no direction to speak of."""
ROUNDED_MM = 1e-6
NODES = 50_000_000
"""House value: about a minute on one core."""
BURST = 250_000
"""Nodes between two questions to `stop`: a fraction of a second."""
CLOSE_MM = 0.05
"""How far below the widest possible spacing the one that is told may lie."""


class SeegError(TwinError, ValueError):
    """Candidates that nobody can choose from."""

    code = "surgery.seeg"


@dataclass(frozen=True, eq=False, kw_only=True)
class Group:
    """The candidates of one electrode: entries and targets [mm], (n, 3), RAS; costs (n,)."""

    name: str
    entries_mm: Floats
    targets_mm: Floats
    costs: Floats

    def __post_init__(self) -> None:
        for field in ("entries_mm", "targets_mm", "costs"):
            array = np.asarray(getattr(self, field), dtype=np.float64)
            if not np.isfinite(array).all():
                raise SeegError(f"{self.name}: a candidate holds a number that is not finite.")
            object.__setattr__(self, field, freeze(array))
        n = len(self.costs)
        if self.costs.shape != (n,) or {self.entries_mm.shape, self.targets_mm.shape} != {(n, 3)}:
            raise SeegError(
                f"{self.name}: entries and targets (n, 3) and costs (n,) must be as many.",
                shapes=(self.entries_mm.shape, self.targets_mm.shape, self.costs.shape),
            )
        length_mm = np.linalg.norm(self.targets_mm - self.entries_mm, axis=1)
        if (length_mm < LEAST_MM - ROUNDED_MM).any():
            worst = int(length_mm.argmin())
            raise SeegError(
                f"{self.name}: candidate {worst} is {length_mm[worst]:.2f} mm long; a trajectory "
                f"needs {LEAST_MM:g} mm from entry to target."
            )

    @property
    def segments_mm(self) -> Floats:
        """Entry and target side by side [mm], (n, 6)."""
        return np.hstack([self.entries_mm, self.targets_mm])


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the search found, and how sure that is.

    `clashes` holds the smallest sets of electrodes that cannot be placed together, all of that
    size; `smallest` is False where only one set was found, from which none can be spared, but a
    smaller one elsewhere was not ruled out.
    """

    status: Status
    chosen: tuple[int, ...] | None
    """One candidate of each group, in the groups' order; None if none is known."""
    cost: float | None
    bound: float
    """No choice costs less [as the costs]."""
    apart_mm: float
    spacing_mm: float | None
    """Least distance of two chosen shafts [mm]; infinite for one electrode."""
    nodes: int
    """Partial choices visited."""
    clashes: tuple[tuple[str, ...], ...] = ()
    smallest: bool = True
    possible_mm: float | None = None
    """Widest spacing at which all can be placed, at most CLOSE_MM too small [mm]; None: unknown."""
    sentence: str


def never() -> bool:
    """Do not stop."""
    return False


def choose(
    groups: Sequence[Group],
    *,
    apart_mm: float = APART_MM,
    nodes_at_most: int = NODES,
    stop: Callable[[], bool] = never,
) -> Choice:
    """The cheapest choice of one candidate a group with shafts `apart_mm` apart, axis to axis.

    `stop` is asked now and then, for whoever holds a clock; once it says yes, or after
    `nodes_at_most`, the status is "not proven" unless the search is over by then.
    """
    if not groups or len({group.name for group in groups}) != len(groups):
        raise SeegError("A choice needs at least one electrode, each with a name of its own.")
    if not 0 <= apart_mm < np.inf:
        raise SeegError(f"Electrodes cannot be kept {apart_mm} mm apart.", apart_mm=apart_mm)
    search = _Search(groups, nodes_at_most, stop)
    chosen, over = search.run(range(len(groups)), apart_mm)
    bound = sum(float(group.costs.min()) for group in groups if len(group.costs))
    if not over:
        return search.told("not proven", apart_mm, chosen, bound=bound)
    if chosen is not None:
        return search.told("optimal", apart_mm, chosen, bound=search.cost(chosen))
    return _impossible(search, apart_mm, bound)


class _Search:
    """One question: its groups, and what may still be spent on the answer."""

    def __init__(self, groups: Sequence[Group], budget: int, stop: Callable[[], bool]) -> None:
        self.groups = groups
        self.left, self.nodes, self.stop = budget, 0, stop
        self.order = [np.argsort(group.costs, kind="stable") for group in groups]
        self._clash: tuple[float, shafts.Clash] | None = None

    def clash(self, apart_mm: float) -> shafts.Clash:
        """Which candidates are closer than `apart_mm`; the last answer is kept."""
        if self._clash is None or self._clash[0] != apart_mm:
            ways_mm = [g.segments_mm[o] for g, o in zip(self.groups, self.order, strict=True)]
            self._clash = apart_mm, shafts.clash_of(ways_mm, apart_mm)
        return self._clash[1]

    def run(
        self, among: Sequence[int], apart_mm: float, *, any_will_do: bool = False
    ) -> tuple[tuple[int, ...] | None, bool]:
        """The best (or any) choice for the groups `among`, in their order; is the search over?"""
        if not among:
            return (), True
        if any(not len(self.groups[g].costs) for g in among):
            return None, True
        clash = self.clash(apart_mm)
        costs = [self.groups[g].costs[self.order[g]] * (not any_will_do) for g in among]
        tree, over = shafts.Tree(clash, among, costs), False
        while not over and self.left > 0 and not self.stop():
            visited, over = tree.advance(min(BURST, self.left), any_will_do=any_will_do)
            self.left -= visited
            self.nodes += visited
        found = tree.best()
        if found is None:
            return None, over
        return tuple(int(self.order[g][rank]) for g, rank in zip(among, found, strict=True)), over

    def cost(self, chosen: Sequence[int]) -> float:
        return sum(float(g.costs[c]) for g, c in zip(self.groups, chosen, strict=True))

    def spacing_mm(self, chosen: Sequence[int]) -> float:
        """Least distance of two of the chosen shafts [mm]."""
        ways = [g.segments_mm[c] for g, c in zip(self.groups, chosen, strict=True)]
        apart = (shafts.distance_mm(a, b) for a, b in combinations(ways, 2))
        return float(min(apart, default=np.inf))

    def told(
        self, status: Status, apart_mm: float, chosen: tuple[int, ...] | None, *, bound: float
    ) -> Choice:
        """A choice, or that none was found in time, with its sentence."""
        cost = None if chosen is None else self.cost(chosen)
        if status == "optimal":
            sentence = f"The cheapest placement with shafts {apart_mm:g} mm apart, proven."
        elif chosen is not None:
            sentence = (
                f"A placement with shafts {apart_mm:g} mm apart, but not proven to be the cheapest:"
                " the search was ended before it was through."
            )
        else:
            sentence = (
                f"No placement with shafts {apart_mm:g} mm apart was found, but not proven that "
                "there is none: the search was ended before it was through."
            )
        return Choice(
            status=status,
            chosen=chosen,
            cost=cost,
            bound=bound,
            apart_mm=apart_mm,
            spacing_mm=None if chosen is None else self.spacing_mm(chosen),
            nodes=self.nodes,
            sentence=sentence,
        )


def _impossible(search: _Search, apart_mm: float, bound: float) -> Choice:
    clashes, smallest = _clashes(search, apart_mm)
    names = tuple(tuple(search.groups[g].name for g in clash) for clash in clashes)
    empty = [group.name for group in search.groups if not len(group.costs)]
    possible_mm = None if empty else _possible_mm(search, apart_mm)
    if empty:
        sentence = f"{_listed(empty)} cannot be placed: no candidate is left to choose from."
    else:
        more = f", nor can {len(names) - 1} other sets of as many" if len(names) > 1 else ""
        sentence = (
            f"{_listed(names[0])} cannot be placed together with shafts {apart_mm:g} mm apart"
            f"{more}: proven."
        )
    if possible_mm is not None:
        sentence += f" All {len(search.groups)} electrodes fit at {possible_mm:.2f} mm."
    return Choice(
        status="impossible",
        chosen=None,
        cost=None,
        bound=bound,
        apart_mm=apart_mm,
        spacing_mm=None,
        nodes=search.nodes,
        clashes=names,
        smallest=smallest,
        possible_mm=possible_mm,
        sentence=sentence,
    )


def _clashes(search: _Search, apart_mm: float) -> tuple[list[tuple[int, ...]], bool]:
    """The smallest sets of groups that cannot be placed together; are they proven smallest?

    What can be placed together is made as large as it gets, since all its subsets then can be too
    and need no search of their own.
    """
    everyone = range(len(search.groups))
    core = set(everyone)
    fitting: list[set[int]] = []
    for group in everyone:
        if _fit(search, core - {group}, apart_mm) is False:
            core.discard(group)
    for size in range(1, len(core) + 1):
        clashes = []
        for among in combinations(everyone, size):
            if any(one.issuperset(among) for one in fitting):
                continue
            fit = _fit(search, among, apart_mm)
            if fit is None:
                return [tuple(sorted(core))], False
            if fit:
                fitting.append(_grown(search, set(among), apart_mm))
            else:
                clashes.append(among)
        if clashes:
            return clashes, True
    return [tuple(sorted(core))], False


def _fit(search: _Search, among: Iterable[int], apart_mm: float) -> bool | None:
    """Can these groups be placed together? None: not found out in time."""
    found, over = search.run(sorted(among), apart_mm, any_will_do=True)
    return found is not None if over else None


def _grown(search: _Search, among: set[int], apart_mm: float) -> set[int]:
    """A set of groups that can be placed together, with what more can be placed beside it."""
    for group in range(len(search.groups)):
        if group not in among and _fit(search, among | {group}, apart_mm):
            among = among | {group}
    return among


def _possible_mm(search: _Search, apart_mm: float) -> float | None:
    """The widest spacing at which all groups can be placed [mm]; None if time ran out."""
    low, high = 0.0, apart_mm
    while high - low > CLOSE_MM:
        middle = (low + high) / 2
        found, over = search.run(range(len(search.groups)), middle, any_will_do=True)
        if found is not None:
            low = search.spacing_mm(found)
        elif over:
            high = middle
        else:
            return None
    return low


def _listed(names: Sequence[str]) -> str:
    *some, last = names
    return f"{', '.join(some)} and {last}" if some else last
