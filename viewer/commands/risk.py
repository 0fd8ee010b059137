"""theatrum risk: every entry for one target, the best places, and what none of the others beats."""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from anatomy.geometry import point
from surgery.plan import PlanError
from viewer.commands import asked, terminal
from viewer.scene import INTENDED_USE

if TYPE_CHECKING:
    from surgery.device import Device
    from surgery.pareto import Choice
    from surgery.planner import Proposal
    from surgery.search import RiskMap
    from surgery.station import Station

ENDINGS = (".ply", ".png")
SHOWN = 12
"""House value: of a front of hundreds, so many are printed; --json has all."""
TOLD = (
    ("vessel_clearance", "vessels", "mm"), ("ventricle_clearance", "ventricles", "mm"),
    ("eloquent_clearance", "eloquent nuclei", "mm"), ("intracranial_length", "length", "mm"),
    ("drain_length", "length", "mm"), ("incidence", "angle", "degrees"),
)  # fmt: skip
"""Metrics that are said of each best place; --json has all of them."""
ENDS = ("vessel_risk", "length_mm", "incidence_deg", "coverage", "robustness_mm")


def add(verbs: Any) -> None:
    """Declare the command."""
    parser = verbs.add_parser(
        "risk", help="map every entry for a target: risk, best places, Pareto front"
    )
    parser._negative_number_matcher = asked.NUMBERS
    parser.add_argument("case")
    parser.add_argument("--procedure", required=True, metavar="ID", help="such as needle_biopsy")
    parser.add_argument("--target", required=True, metavar="STRUCTURE|R,A,S")
    parser.add_argument("--device", metavar="ID", help="default: the procedure's first")
    parser.add_argument("--delivery", default="frame", metavar="ID", help="default: frame")
    parser.add_argument("--profile", default="default", metavar="ID", help="whose weights, limits")
    parser.add_argument("--top", type=int, default=5, metavar="N", help="places shown, default 5")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="of the deliveries drawn")
    parser.add_argument(
        "--out", type=Path, action="append", default=[], metavar="MAP.ply|png",
        help="the map on the skin, as a coloured mesh or a picture; may be repeated",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="as JSON")
    terminal.add_library(parser)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Print the map; INFEASIBLE with what stands in the way where no entry keeps every limit."""
    from surgery import planner
    from surgery.device import device
    from surgery.procedure import procedure
    from surgery.profile import under
    from surgery.station import Station
    from twin.planning import scene_of

    _admit(given)
    under(procedure(given.procedure), given.profile)  # Refused before the case is read.
    library = terminal.repository(given, make=False)
    case = library.case(given.case)
    terminal.warn(case)
    began = time.perf_counter()
    asked.tell(f"Reading case {case.case}.")
    station = Station(scene_of(library, case), procedure(given.procedure), given.profile)
    tool = device(given.device) if given.device else planner.default_device(station.asked)
    station.admit(tool)
    place = asked.place(given.target)
    target = place or point(planner.targets_in(station.scene, given.target, most=1)[0])
    asked.tell("Measuring distances, then every entry.")
    seen = station.risk_map(tool, target)
    made = planner.plans_for(
        station, tool, np.array([target]), way=given.delivery, seed=given.seed, top=given.top
    )
    front = _front(station, tool, made)
    answer = {
        "case": case.case,
        "anatomy": station.scene.digest,
        "procedure": station.asked.id,
        "device": tool.id,
        "target": given.target,
        "target_mm": list(target),
        "delivery": given.delivery,
        "profile": given.profile,
        "seed": given.seed,
        **counts(station, tool, seen),
        "binding": made.binding,
        "not_judged": list(station.gaps),
        "best": [_best(number, one) for number, one in enumerate(made.plans, 1)],
        "front": [one.wire() for one in front],
        "seconds": round(time.perf_counter() - began, 3),
        "intended_use": INTENDED_USE,
    }
    if given.out:
        _write(given.out, station, seen, answer)
    print(json.dumps(answer, indent=1, allow_nan=False) if given.json else text(answer, front))
    if not given.json:
        asked.tell(INTENDED_USE)
    return 0 if answer["feasible"] else asked.INFEASIBLE


def _admit(given: argparse.Namespace) -> None:
    from surgery.procedure import procedure

    if not 1 <= given.top <= 50:
        raise PlanError("Between 1 and 50 places are shown: --top N.")
    if wrong := [out.name for out in given.out if out.suffix.lower() not in ENDINGS]:
        raise PlanError(f"{wrong[0]} is no map: it ends in .ply (a mesh) or .png (a picture).")
    one = procedure(given.procedure)
    if "brain" not in one.needs:
        raise PlanError(f"{one.title} takes no straight path into a head, so it has no entry map.")


def _front(station: "Station", tool: "Device", made: "Proposal") -> "tuple[Choice, ...]":
    from surgery.coverage import aimed_at, coverage_of
    from surgery.pareto import front_of

    search = made.search
    target = point(search.targets_mm[0])
    depth_mm = station.placement(tool, point(search.entries.points_mm[0]), target).depth_mm
    wanted = aimed_at(station.scene, tool, search.targets_mm)
    return front_of(search, coverage=coverage_of(station.scene, tool, depth_mm, wanted))


def counts(station: "Station", tool: "Device", seen: "RiskMap") -> dict[str, Any]:
    """How many entries keep every limit, and how many miss each; one may miss several."""
    from surgery import limits

    scored = seen.level < 255
    missed = (seen.missing > 0) & scored[:, None]
    names = limits.names(station.ground)
    return {
        "entries": len(seen.level),
        "scored": int(scored.sum()),
        "feasible": int((seen.feasible & scored).sum()),
        "missed": {name: int(missed[:, n].sum()) for n, name in enumerate(names)},
        "longest_mm": station.reach(tool).longest_mm,
        "steepest_deg": station.reach(tool).steepest_deg,
    }


def _best(number: int, one: Any) -> dict[str, Any]:
    spread = one.deliveries
    made = one.assessment.wire()
    return {
        "number": number,
        "plan": one.plan.wire(),
        "verdict": made["verdict"],
        "sentence": made["sentence"],
        "total": made["total"],
        "metrics": made["scores"],
        "any_hit": None if spread is None else spread.any_hit.share,
        "guaranteed_mm": None if spread is None else spread.each[0].guaranteed_mm,
    }


def _write(
    outs: Sequence[Path], station: "Station", seen: "RiskMap", answer: dict[str, Any]
) -> None:
    from viewer import risk_picture

    skin = risk_picture.skin_of(station.scene)
    vessels = bool(station.ground.vessels)
    colours = risk_picture.colours_of(seen, vessels=vessels)
    map_ = risk_picture.painted(skin, station.entries, colours)
    best = [point(one["plan"]["placements"][0]["entry_mm"]) for one in answer["best"]]
    meanings = [
        f"RGB {' '.join(map(str, colour))}: {meaning}"
        for colour, meaning in risk_picture.legend(vessels=vessels)
    ]
    for out in outs:
        if out.suffix.lower() == ".ply":
            words = [f"MAP={answer['procedure']}", f"ANATOMY={answer['anatomy'][:12]}"]
            risk_picture.write_mesh(out, skin, map_, [*words, *meanings])
        else:
            procedure = answer["procedure"].replace("_", " ")
            head = f"{procedure} on {answer['case']}, to {answer['target']}"
            share = f"{answer['feasible']} of {answer['entries']} entries keep every limit"
            risk_picture.write_picture(out, skin, map_, best, [head, share], vessels=vessels)
        asked.tell(f"{out}: the map on the {'scalp' if station.scene.has('scalp') else 'brain'}.")


def text(answer: dict[str, Any], front: "Sequence[Choice]") -> str:
    """The map for people."""
    place = ", ".join(f"{v:.1f}" for v in answer["target_mm"])
    where = (
        ""
        if answer["target"][:1].isdigit() or answer["target"][:1] == "-"
        else (f", deep in {answer['target']}")
    )
    entries, feasible = answer["entries"], answer["feasible"]
    lines = [
        f"{answer['procedure']} on {answer['case']}: {entries} entries to ({place}) mm RAS{where}, "
        f"{answer['seconds']:.1f} s",
        f"  {feasible} ({100 * feasible / entries:.1f} %) keep every limit of the search",
    ]
    lines += [
        f"  {count:>6} miss {_limit(name, answer)}"
        for name, count in answer["missed"].items()
        if count
    ]
    if answer["scored"] < entries:
        lines.append(f"  {entries - answer['scored']:>6} cannot be scored")
    lines += [f"  {gap}" for gap in answer["not_judged"]]
    if answer["binding"]:
        lines.append(f"  {answer['binding']}")
    parts = ["\n".join(lines)]
    if answer["best"]:
        parts.append(_best_text(answer["best"]))
    if front:
        parts.append(front_text(front))
    return "\n\n".join(parts)


def _limit(name: str, answer: dict[str, Any]) -> str:
    if name == "length":
        return f"the length of {answer['longest_mm']:g} mm"
    if name == "angle":
        return f"the angle of {answer['steepest_deg']:g} degrees"
    return f"the margin to {name}"


def _best_text(best: list[dict[str, Any]]) -> str:
    lines, said = ["Best places"], ""
    for one in best:
        entry = ", ".join(f"{v:.1f}" for v in one["plan"]["placements"][0]["entry_mm"])
        total = "" if one["total"] is None else f", {100 * one['total']:.0f} of 100"
        hit = (
            "" if one["any_hit"] is None else f", {100 * one['any_hit']:.1f} % of deliveries touch"
        )
        values = {m["metric"]: m["value"] for m in one["metrics"] if m["value"] is not None}
        told = [
            f"{word} {values[metric]:.1f} {unit}" for metric, word, unit in TOLD if metric in values
        ]
        lines.append(f"  {one['number']}  ({entry})  {one['verdict']}{total}{hit}")
        lines.append(f"     {', '.join(told)}")
        if one["sentence"] != said:
            said = one["sentence"]
            lines.append(f"     {said}")
    return "\n".join(lines)


def front_text(front: "Sequence[Choice]") -> str:
    """The Pareto front as a table: the best of each column, and others spread between."""
    shown = [front[n] for n in chosen(front)]
    head = (
        f"Pareto front: {len(front)} paths that none beats in all of vessel risk, length, angle, "
        "coverage and robustness"
    )
    rows = [
        f"  {'-' if c.vessel_risk is None else f'{c.vessel_risk:.2f}':>11}  {c.length_mm:>9.1f}"
        f"  {c.incidence_deg:>9.1f}  {100 * c.coverage:>10.0f}"
        f"  {'-' if c.robustness_mm is None else f'{c.robustness_mm:.1f}':>13}"
        f"  ({', '.join(f'{v:.1f}' for v in c.entry_mm)})"
        for c in shown
    ]
    columns = "  vessel risk  length mm  angle deg  coverage %  robustness mm  entry"
    more = [f"  and {len(front) - len(shown)} more: --json"] * (len(front) > len(shown))
    return "\n".join([head, columns, *rows, *more])


def chosen(front: "Sequence[Choice]") -> list[int]:
    """Numbers of SHOWN choices: the best in each respect, the rest evenly in their order."""
    if len(front) <= SHOWN:
        return list(range(len(front)))
    values = np.array([[_small(one, name) for name in ENDS] for one in front])
    best = dict.fromkeys(int(n) for n in values.argmin(axis=0))
    spread = np.linspace(0, len(front) - 1, SHOWN - len(best)).round().astype(int).tolist()
    return sorted({*best, *spread})


def _small(one: "Choice", name: str) -> float:
    """The respect as a number that is better when small."""
    value = getattr(one, name)
    return 0.0 if value is None else -value if name in ("coverage", "robustness_mm") else value
