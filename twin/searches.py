"""The searches of the planning engine: the best plans of a procedure to one target or to several.

As twin/answers.py: run in the child, plain arguments and answers, lengths in mm, RAS.
"""

from collections.abc import Sequence
from time import perf_counter
from typing import Any

import numpy as np

from anatomy.errors import GeometryError
from anatomy.geometry import Floats, Point, point
from surgery import device as instruments
from surgery import planner
from surgery.array import array_for
from surgery.coverage import aimed_at, coverage_of
from surgery.offer import Offers, Request
from surgery.pareto import front_of
from surgery.planner import Scored
from surgery.scene import Scene
from surgery.strip import strip
from twin.planning import Desk
from twin.question import Tell

Place = str | Sequence[float]
"""The id of a structure, or a point R, A, S [mm]."""
READ, FRONT = 0.05, 0.75
"""About the shares of a search after which its anatomy is read, and its paths are searched."""


def search(
    desk: Desk, tell: Tell, *, case: str, procedure: str, targets: Sequence[Place],
    device: str | None = None, delivery: str = "frame", profile: str = "default", seed: int = 1,
    top: int = 5, correction: str = "",
) -> dict[str, Any]:  # fmt: skip
    """The best plans of every entry to every place in the targets, and the Pareto front; or what a
    procedure's own search offers. `correction` is an osteotomy's."""
    began = perf_counter()
    tell(0.0, "Reading the anatomy.")
    station = desk.station(case, procedure, profile)
    tool = None if device is None else instruments.device(device)
    if station.asked.propose is not None:
        request = Request(
            asked=station.asked, targets=tuple(map(_aim, targets)), device=tool, delivery=delivery,
            profile=profile, correction=correction, top=top, seed=seed,
        )  # fmt: skip
        tell(READ, f"Searching: {station.asked.title}.")
        return _offered(station.scene, station.asked.propose(station.scene, request), began)
    tool = tool or planner.default_device(station.asked)
    places = np.concatenate([_places(station.scene, one) for one in targets])
    found = planner.plans_for(
        station, tool, places, way=delivery, seed=seed, top=top,
        tell=lambda share, words: tell(READ + (FRONT - READ) * share, words),
    )  # fmt: skip
    tell(FRONT, "Paths that no other one beats are looked for.")
    one = station.placement(tool, point(station.entries.points_mm[0]), point(places[0]))
    aimed = aimed_at(station.scene, tool, places)
    covered = coverage_of(station.scene, tool, one.depth_mm, aimed)
    front = [one.wire() for one in front_of(found.search, coverage=covered)]
    plans = [result_of(station.scene, one) for one in found.plans]
    return _answered(found.told(), plans, began) | {"front": front}


def array(
    desk: Desk, tell: Tell, *, case: str, procedure: str, targets: Sequence[Place],
    device: str | None = None, delivery: str = "frame", profile: str = "default", seed: int = 1,
) -> dict[str, Any]:  # fmt: skip
    """One electrode to each of the targets, chosen together with proof; or what a procedure's own
    search offers for all of them."""
    began = perf_counter()
    tell(0.0, "Reading the anatomy.")
    station = desk.station(case, procedure, profile)
    if station.asked.propose is not None:
        return search(
            desk, tell, case=case, procedure=procedure, targets=targets, device=device,
            delivery=delivery, profile=profile, seed=seed,
        )  # fmt: skip
    tool = planner.default_device(station.asked) if device is None else instruments.device(device)
    places = {_named(one): _places(station.scene, one) for one in targets}
    if len(places) < len(targets):
        raise GeometryError("A target is given twice; name each one once.")
    made = array_for(
        station, tool, places, way=delivery, seed=seed,
        tell=lambda share, words: tell(READ + (1 - READ) * share, words),
    )  # fmt: skip
    plans = [result_of(station.scene, made.scored)] if made.scored else []
    return _answered(made.told(), plans, began)


def result_of(scene: Scene, one: Scored) -> dict[str, Any]:
    """A scored plan, with the tissue along each placement (`strip`; none where it is stale)."""
    stale = one.assessment.verdict == "stale"
    strips = [] if stale else [strip(scene, each) for each in one.plan.placements]
    return one.wire() | {"strip": strips}


def _answered(told: dict[str, Any], plans: list[dict[str, Any]], began: float) -> dict[str, Any]:
    """What a search says of itself, its plans, and the seconds that it took."""
    examined = told.pop("candidates_examined")
    return {**told, "examined": examined, "plans": plans, "seconds": perf_counter() - began}


def _offered(scene: Scene, found: Offers, began: float) -> dict[str, Any]:
    """The same of a procedure's own search; a plan's words and facts stand beside its scores."""
    plans = [
        result_of(scene, Scored(plan=one.plan, assessment=one.assessment))
        | {"words": list(one.words), "facts": dict(one.facts)}
        for one in found.offers
    ]
    return _answered(found.told(), plans, began) | {"front": []}


def _places(scene: Scene, one: Place) -> Floats:
    if isinstance(one, str):
        return planner.targets_in(scene, one)
    return np.array([point(one)])


def _aim(one: Place) -> str | Point:
    return one if isinstance(one, str) else point(one)


def _named(one: Place) -> str:
    return one if isinstance(one, str) else ", ".join(f"{v:g}" for v in one)
