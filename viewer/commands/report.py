"""theatrum report, import-plan: a plan on paper, and a plan that comes back in a file."""

import argparse
import json
from datetime import date
from pathlib import Path
from typing import Any

from anatomy.errors import WriteError
from anatomy.writing import write_whole
from surgery.plan import PlanError
from viewer.commands import asked, terminal
from viewer.scene import INTENDED_USE

REPORTS = {".html": "html", ".pdf": "pdf"}


def add(verbs: Any) -> None:
    """Declare the commands."""
    reported = verbs.add_parser("report", help="write a plan's report as HTML or PDF")
    reported.add_argument("case")
    reported.add_argument("plan", type=Path, metavar="PLAN.json")
    reported.add_argument("--out", type=Path, required=True, metavar="REPORT.html|.pdf")
    reported.add_argument("--seed", type=int, default=1, metavar="S", help="of the deliveries")
    reported.add_argument(
        "--date", default="", metavar="TEXT", help="printed as its date; default: today"
    )
    terminal.add_library(reported)
    reported.set_defaults(run=run_report)
    taken = verbs.add_parser("import-plan", help="read a plan or lines of 3D Slicer for a case")
    taken.add_argument("case")
    taken.add_argument("file", type=Path, metavar="PLAN.json|LINES.mrk.json")
    taken.add_argument("--out", type=Path, metavar="PLAN.json", help="write the plan here")
    taken.add_argument("--procedure", default="", metavar="ID", help="where a line says none")
    taken.add_argument("--device", default="", metavar="ID", help="instead of the line's")
    taken.add_argument("--delivery", default="", metavar="ID", help="where a line says none")
    terminal.add_library(taken)
    taken.set_defaults(run=run_import)


def run_report(given: argparse.Namespace) -> int:
    """Write the report; INFEASIBLE where the plan is stale or breaks a hard limit."""
    from twin.planning import scene_of
    from viewer.takeaway.files import export, result_for

    kind = REPORTS.get(given.out.suffix.lower())
    if kind is None:
        raise WriteError(f"{given.out.name} is no report's name: it ends in .html or .pdf.")
    plan = asked.plan_file(given.plan)
    library = terminal.repository(given, make=False)
    case = library.case(given.case)
    terminal.warn(case)
    asked.tell(f"Reading case {case.case}.")
    scene = scene_of(library, case)
    result = result_for(scene, plan, seed=given.seed)
    made = given.date or date.today().isoformat()
    taken = export(library, case, scene, result, kind, made=made)
    write_whole({given.out: lambda: taken.content})
    asked.tell(f"{given.out}: report of plan {plan.id}, {result['verdict']}.")
    asked.tell(INTENDED_USE)
    return asked.INFEASIBLE if result["verdict"] in ("stale", "rejected") else 0


def run_import(given: argparse.Namespace) -> int:
    """Print the plan, or write it; INFEASIBLE where it is stale on this case."""
    from surgery.plan_file import MOST_BYTES, write
    from twin.plan_import import plan_from

    library = terminal.repository(given, make=False)
    case = library.case(given.case)
    try:
        if given.file.stat().st_size > MOST_BYTES:
            raise PlanError(f"{given.file.name} is too large for a plan.")
        content = given.file.read_bytes()
    except OSError as reason:
        raise PlanError(f"{given.file} cannot be read: {reason.strerror or reason}.") from reason
    plan, stale, sentence = plan_from(
        content, given.file.name, case,
        procedure=given.procedure, device=given.device, delivery=given.delivery,
    )  # fmt: skip
    if given.out:
        write_whole({given.out: lambda: write(plan).encode()})
        asked.tell(f"{given.out}: plan {plan.id}.")
    else:
        print(json.dumps(plan.wire(), indent=2, allow_nan=False))
    asked.tell(sentence)
    return asked.INFEASIBLE if stale else 0
