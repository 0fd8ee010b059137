"""theatrum plan, score: paths for a procedure on a case, each with every number and its reason."""

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from anatomy.geometry import point
from surgery.plan import PlanError
from viewer.commands import terminal
from viewer.commands.asked import INFEASIBLE, NUMBERS, place, plan_file, tell
from viewer.scene import INTENDED_USE

if TYPE_CHECKING:
    from surgery.device import Device
    from surgery.planner import Scored
    from surgery.station import Station


def add(verbs: Any) -> None:
    """Declare the commands."""
    planned = verbs.add_parser("plan", help="search paths for a procedure, or score one path")
    planned._negative_number_matcher = NUMBERS  # `--target -12,3,9` is a place, not an option.
    planned.add_argument("case")
    planned.add_argument("--procedure", required=True, metavar="ID", help="such as needle_biopsy")
    planned.add_argument(
        "--target", required=True, action="append", metavar="STRUCTURE|R,A,S",
        help="again for each electrode of an array, each vertebra, each lead that is there",
    )  # fmt: skip
    planned.add_argument("--entry", metavar="R,A,S", help="score this entry instead of searching")
    planned.add_argument("--device", metavar="ID", help="default: the procedure's first")
    planned.add_argument("--correction", default="", metavar="WORD:DEG", help="such as valgus:8")
    planned.add_argument("--delivery", default="frame", metavar="ID", help="default: frame")
    planned.add_argument("--profile", default="default", metavar="ID", help="whose weights, limits")
    planned.add_argument("--top", type=int, default=5, metavar="N", help="plans shown, default 5")
    planned.add_argument("--seed", type=int, default=1, metavar="S", help="of the deliveries drawn")
    planned.add_argument("--out", type=Path, metavar="PLAN.json", help="write the best plan here")
    planned.add_argument("--picture", type=Path, metavar="OUT.png", help="draw the best plan")
    planned.add_argument("--json", action="store_true", help="as JSON")
    terminal.add_library(planned)
    planned.set_defaults(run=run_plan)
    scored = verbs.add_parser("score", help="score a plan file on a case")
    scored.add_argument("case")
    scored.add_argument("plan", type=Path, metavar="PLAN.json")
    scored.add_argument("--seed", type=int, default=1, metavar="S")
    scored.add_argument("--json", action="store_true", help="as JSON")
    terminal.add_library(scored)
    scored.set_defaults(run=run_score)


def run_plan(given: argparse.Namespace) -> int:
    """Print the plans, best first; INFEASIBLE with what stands in the way where there is none."""
    from surgery import planner
    from surgery.device import device
    from surgery.procedure import procedure
    from surgery.profile import under
    from surgery.station import Station
    from twin.planning import scene_of

    if not 1 <= given.top <= 50:
        raise PlanError("Between 1 and 50 plans are shown: --top N.")
    asked = procedure(given.procedure)
    under(asked, given.profile)  # Refused before the case is read.
    tool = device(given.device) if given.device else planner.default_device(asked)
    if given.correction and "saw" not in asked.devices:
        raise PlanError(f"{asked.title} corrects no bone: leave --correction out.")
    library = terminal.repository(given, make=False)
    case = library.case(given.case)
    terminal.warn(case)
    began = time.perf_counter()
    tell(f"Reading case {case.case}.")
    scene = scene_of(library, case)
    rows, beside, more = _found(Station(scene, asked, given.profile), tool, given)
    own = asked.propose is not None and not given.entry
    answer: dict[str, Any] = {
        "case": case.case,
        "anatomy": scene.digest,
        "procedure": asked.id,
        "device": None if own and not given.device else tool.id,
        "target": given.target if len(given.target) > 1 else given.target[0],
        "delivery": given.delivery,
        "profile": given.profile,
        "seed": given.seed,
        **more,
        "seconds": round(time.perf_counter() - began, 3),
        "plans": [row.wire() | extra for row, extra in zip(rows, beside, strict=True)],
        "intended_use": INTENDED_USE,
    }
    best = next((n for n, row in enumerate(rows) if row.assessment.verdict != "rejected"), None)
    if best is not None and given.out:
        from surgery.plan_file import write

        given.out.write_text(write(rows[best].plan), encoding="utf-8")
        tell(f"{given.out}: plan {rows[best].plan.id}.")
    if best is not None and given.picture:
        from viewer.plan_picture import plan_picture

        plan_picture(
            library, case, scene, rows[best].plan, rows[best].assessment, given.picture,
            words=beside[best].get("words", ()), facts=beside[best].get("facts"),
        )  # fmt: skip
        tell(f"{given.picture}: picture of plan {rows[best].plan.id}.")
    print(json.dumps(answer, indent=1, allow_nan=False) if given.json else _text(answer))
    if not given.json:
        tell(INTENDED_USE)
    return INFEASIBLE if best is None else 0


Found = tuple[list["Scored"], list[dict[str, Any]], dict[str, Any]]
"""Plans, what is said beside each of them, and what the answer says of the whole."""


def _found(station: "Station", tool: "Device", given: argparse.Namespace) -> Found:
    """By the procedure's own search, as an array, as one path, or by the search for paths."""
    from surgery import planner
    from surgery.station import ENTRIES

    scene, chosen = station.scene, place(given.target[0])
    if station.asked.propose and not given.entry:
        return _offered(station, tool if given.device else None, given)
    if len(given.target) > 1:
        rows, more = _array(station, tool, given)
    elif given.entry:
        target = chosen or point(planner.targets_in(scene, given.target[0], most=1)[0])
        entry = place(given.entry)
        if entry is None:
            raise PlanError(f"'{given.entry}' is no place: give three numbers, --entry R,A,S.")
        plan = station.plan(
            tool, (entry, target), way=given.delivery, id=f"{station.procedure.id}-1"
        )
        rows = [planner.scored(station, plan, seed=given.seed)]
        vetoes = rows[0].assessment.vetoes
        more = {"candidates_examined": 1, "feasible": int(not vetoes)}
        more |= {"binding": vetoes[0].sentence if vetoes else None}
    else:
        targets = np.array([chosen]) if chosen else planner.targets_in(scene, given.target[0])
        tell(f"Measuring distances, then {ENTRIES} entries to {len(targets)} places.")
        found = planner.plans_for(
            station, tool, targets, way=given.delivery, seed=given.seed, top=given.top
        )
        rows = list(found.plans)
        more = found.told()
    return rows, [{} for _ in rows], more


def _offered(station: "Station", tool: "Device | None", given: argparse.Namespace) -> Found:
    """By the procedure's own search."""
    from surgery.offer import Request
    from surgery.planner import Scored

    if station.asked.propose is None:
        raise PlanError(f"{station.asked.title} has no search of its own.")
    tell(f"Searching: {station.asked.title}.")
    request = Request(
        asked=station.asked, targets=tuple(place(name) or name for name in given.target),
        device=tool, delivery=given.delivery, profile=given.profile, correction=given.correction,
        top=given.top, seed=given.seed,
    )  # fmt: skip
    found = station.asked.propose(station.scene, request)
    rows = [Scored(plan=one.plan, assessment=one.assessment) for one in found.offers]
    beside = [{"words": list(one.words), "facts": dict(one.facts)} for one in found.offers]
    return rows, beside, found.told()


def _array(
    station: "Station", tool: "Device", given: argparse.Namespace
) -> tuple[list["Scored"], dict[str, Any]]:
    """The electrodes to several targets, and what the answer says of their choice."""
    from surgery import planner
    from surgery.array import array_for

    if given.entry:
        raise PlanError("An entry belongs to one target; leave --entry out, or --target once.")
    places = {}
    for name in given.target:
        chosen = place(name)
        places[name] = np.array([chosen]) if chosen else planner.targets_in(station.scene, name)
    if len(places) < len(given.target):
        raise PlanError("A target is given twice; name each one once.")
    tell(f"Measuring distances, then paths to {len(places)} targets and their choice.")
    made = array_for(station, tool, places, way=given.delivery, seed=given.seed)
    rows = [made.scored] if made.scored else []
    return rows, made.told()


def run_score(given: argparse.Namespace) -> int:
    """Print the scores of a plan file."""
    from surgery import planner
    from surgery.procedure import procedure
    from surgery.station import Station
    from twin.planning import scene_of

    library = terminal.repository(given, make=False)
    case = library.case(given.case)
    plan = plan_file(given.plan)
    terminal.warn(case)
    tell(f"Reading case {case.case}.")
    scene = scene_of(library, case)
    station = Station(scene, procedure(plan.procedure), plan.profile)
    made = planner.scored(station, plan, seed=given.seed)
    wire = {"case": case.case, **made.wire(), "intended_use": INTENDED_USE}
    print(json.dumps(wire, indent=1, allow_nan=False) if given.json else _plan_text(wire))
    if not given.json:
        tell(INTENDED_USE)
    return 0


def _text(answer: dict[str, Any]) -> str:
    lines = [
        f"{answer['procedure']} on {answer['case']}: {answer['candidates_examined']} candidates, "
        f"{answer['feasible']} feasible, {answer['seconds']:.1f} s"
    ]
    if answer["binding"]:
        lines.append(str(answer["binding"]))
    if answer.get("choice"):
        lines.append(str(answer["choice"]))
    lines += answer.get("notes", ())
    return "\n\n".join(["\n".join(lines), *map(_plan_text, answer["plans"])])


def _plan_text(wire: dict[str, Any]) -> str:
    plan, total = wire["plan"], wire["total"]
    way = plan["placements"][0]
    places = " to ".join(
        "(" + ", ".join(f"{v:.1f}" for v in way[end]) + ")" for end in ("entry_mm", "target_mm")
    )
    more = f" and {len(plan['placements']) - 1} more" if len(plan["placements"]) > 1 else ""
    head = [
        f"{plan['id']}  {wire['verdict']}"
        + ("" if total is None else f"  {100 * total:.0f} of 100")
        + ("" if plan["profile"] == "default" else f"  by profile {plan['profile']}"),
        f"  {way['device']} from {places} mm RAS{more}",
        f"  {wire['sentence']}",
        *(f"  {sentence}" for sentence in wire.get("words", ())),
    ]
    spread, hit = wire["tolerance"], wire["any_hit"]
    if spread:
        count = len(plan["placements"])
        touched = "touch what they must not" if count == 1 else f"have one of {count} that touches"
        head.append(
            f"  Delivered {spread['count']} times ({plan['delivery']}, seed {spread['seed']}): "
            f"{100 * hit['share']:.1f} % {touched} (95 % interval "
            f"{100 * hit['low']:.1f} to {100 * hit['high']:.1f} %)"
        )
    several = len(plan["placements"]) > 1
    rows = [
        f"  {'all' if m['placement'] is None else m['placement'] + 1:>3}  " * several
        + f"  {m['status'].replace('_', ' '):<17} {m['sentence']}"
        for m in wire["metrics"]
    ]
    return "\n".join([*head, *rows])
