"""What the planning engine answers, a function for each question of twin/question.py.

They run in the child (twin/engine_child.py). Arguments and answers are plain: JSON-ready values and
arrays; lengths in mm, RAS. Plans are as in docs/plans.md.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Any

import numpy as np

from anatomy.errors import TermError, TwinError
from anatomy.geometry import Floats, point
from surgery import device as instruments
from surgery import live, planner
from surgery.best_entries import best_entries
from surgery.pareto import front_of
from surgery.plan import Plan
from surgery.plan_file import read
from surgery.procedure import procedure as procedure_called
from surgery.run import run
from surgery.scene import Scene
from surgery.station import Station
from twin.planning import Desk
from twin.question import Name, Tell
from twin.searches import array, result_of, search


def answer(desk: Desk, name: Name, tell: Tell, given: Mapping[str, Any]) -> Any:
    """Answer one question; short of memory, every head is put away."""
    try:
        return ANSWERS[name](desk, tell, **given)
    except MemoryError:
        desk.clear()
        raise


def warm(_: Desk, tell: Tell) -> dict[str, float]:
    """Load and compile all that planning runs, by planning on a ball of a head; seconds, once."""
    from anatomy.phantom_bodies import HEAD, bodies

    began = perf_counter()
    station = Station(
        Scene(*bodies(HEAD, spacing_mm=6.0, times=2)), procedure_called("needle_biopsy")
    )
    tell(0.1, "Getting ready.")
    station.ready()
    tell(0.5, "Getting ready.")
    tool = planner.default_device(station.asked)
    targets = planner.targets_in(station.scene, "tumour_core", most=1)
    found = planner.plans_for(station, tool, targets, way="frame", seed=1, top=1)
    for one in found.plans:
        live.quick(station, one.plan, seed=1)
        run(station.scene, one.plan, seed=1)
    front_of(found.search)
    return {"seconds": perf_counter() - began}


def open_case(
    desk: Desk, tell: Tell, *, case: str, procedure: str, profile: str = "default"
) -> dict[str, Any]:
    """Bring a case and make all ready for a procedure. Entries float32 (n, 3) as in risk maps."""
    tell(0.0, "Reading the anatomy.")
    scene = desk.scene(case)
    tell(0.2, "Measuring distances to every structure.")
    station = desk.station(case, procedure, profile)
    tell(0.8, "Trying a path.")
    try:
        entries: Floats = station.entries.points_mm
        _rehearse(station)
    except TermError:
        entries = np.empty((0, 3))
    return {
        "anatomy": scene.digest,
        "gaps": list(station.gaps),
        "entries_mm": entries.astype(np.float32),
    }


def targets(desk: Desk, _: Tell, *, case: str, structure: str, most: int = 60) -> Floats:
    """Places (n, 3) [mm] deep inside a structure."""
    return planner.targets_in(desk.scene(case), structure, most=most)


def score(
    desk: Desk, _: Tell, *, case: str, plan: Mapping[str, Any], seed: int = 1
) -> dict[str, Any]:
    """The certified assessment of a plan and its tolerance."""
    made = read(plan)
    station = _station_of(desk, case, made)
    return result_of(station.scene, planner.scored(station, made, seed=seed))


def quick(
    desk: Desk, _: Tell, *, case: str, plan: Mapping[str, Any], moved: int = 0, seed: int = 1
) -> dict[str, Any]:
    """The score of a path in the hand, from distance fields alone; never certified."""
    made = read(plan)
    return live.quick(_station_of(desk, case, made), made, moved=moved, seed=seed).wire()


def risk_map(
    desk: Desk, _: Tell, *, case: str, procedure: str, device: str, target_mm: Sequence[float],
    profile: str = "default",
) -> dict[str, Any]:  # fmt: skip
    """`level` uint8 (n,) of each entry of `open`, as `surgery.search.RiskMap` has it, and the few
    entries to look at first."""
    station = desk.station(case, procedure, profile)
    tool = instruments.device(device)
    station.admit(tool)
    seen = station.risk_map(tool, point(target_mm))
    return {
        "level": seen.level,
        "feasible": int(seen.feasible.sum()),
        "best": [one.wire() for one in best_entries(seen, station.entries)],
    }


def run_plan(
    desk: Desk, _: Tell, *, case: str, plan: Mapping[str, Any], seed: int = 1
) -> dict[str, Any]:
    """The plan's procedure, step by step."""
    return run(desk.scene(case), read(plan), seed=seed).wire()


ANSWERS: Mapping[Name, Callable[..., Any]] = {
    "warm": warm,
    "open": open_case,
    "targets": targets,
    "score": score,
    "quick": quick,
    "risk_map": risk_map,
    "run": run_plan,
    "search": search,
    "array": array,
}


def _rehearse(station: Station) -> None:
    """Score some path to the middle of the brain: what is made for the first score is made now."""
    tool = planner.default_device(station.asked)
    middle = station.scene.find("brain")[0].surfaces["fine"].vertices_mm.mean(axis=0)
    ends = point(station.entries.points_mm[0]), point(middle)
    with contextlib.suppress(TwinError):  # Nobody asked about this very path.
        planner.scored(station, station.plan(tool, ends, way="frame", id="rehearsal"), seed=1)


def _station_of(desk: Desk, case: str, plan: Plan) -> Station:
    return desk.station(case, plan.procedure, plan.profile)
