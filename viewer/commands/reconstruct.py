"""theatrum reconstruct: from one T1 to a case in the library."""

import argparse
import json
from pathlib import Path
from typing import Any

from anatomy.errors import ReadError
from twin.build import LabelFile, Order
from twin.records import NAME, Case, RecordError
from viewer.commands import terminal
from viewer.scene import INTENDED_USE

CARD = (
    "id", "code", "side", "volume_ml", "surface_volume_ml", "triangles", "watertight", "origin",
    "sigma_mm", "surface_p95_mm", "note",
)  # fmt: skip


class Maps(argparse.Action):
    """A label map begins with its path; a --scheme belongs to the one before it."""

    def __call__(self, parser: Any, given: Any, values: Any, option: Any = None) -> None:
        maps: list[dict[str, Any]] = getattr(given, "maps", None) or []
        if option != "--scheme":
            maps = [*maps, {"path": values, "scheme": ""}]
        elif not maps:
            parser.error("--scheme belongs after the label map that it describes")
        else:
            maps[-1]["scheme"] = values
        given.maps = maps


def add(verbs: Any) -> None:
    """Declare the command."""
    parser = verbs.add_parser("reconstruct", help="make a case from a whole-head T1")
    parser.add_argument("scan", type=Path, metavar="T1.nii.gz")
    add_maps(parser)
    terminal.add_library(parser)
    parser.add_argument("--case", default="", metavar="NAME", help="its name in the library")
    parser.add_argument("--again", action="store_true", help="also where the library has it")
    add_answers(parser)
    parser.add_argument("--segmenter", default="", metavar="NAME", help="an installed model's name")
    parser.add_argument("--json", action="store_true", help="the result as JSON, and nothing else")
    parser.set_defaults(run=run)


def add_maps(parser: argparse.ArgumentParser) -> None:
    """Declare --labels, --scheme and --no-precedence."""
    parser.add_argument(
        "--labels", action=Maps, type=Path, metavar="SEG.nii.gz", dest="maps",
        help="a label map to lay over the head; may be given several times",
    )  # fmt: skip
    parser.add_argument(
        "--scheme", action=Maps, metavar="NAME", dest="maps",
        help="what the numbers of the --labels before it mean: a scheme, or a .csv or .json key",
    )  # fmt: skip
    parser.add_argument(
        "--precedence", action=argparse.BooleanOptionalAction, default=True,
        help="where both know a structure the label maps win (default) or the reconstruction does",
    )  # fmt: skip


def add_answers(parser: argparse.ArgumentParser) -> None:
    """Declare the answers to what a file's header leaves open."""
    parser.add_argument("--unit", choices=("mm", "m", "um"), help="the unit of the file's numbers")
    parser.add_argument("--orientation", choices=("trust",), help="take the axes as they stand")
    parser.add_argument("--use", choices=("sform", "qform"), help="which placement to take")


def answers_of(given: argparse.Namespace) -> dict[str, str]:
    """The answers that were given."""
    asked = {name: getattr(given, name) for name in ("unit", "orientation", "use")}
    return {name: answer for name, answer in asked.items() if answer is not None}


def maps_of(given: argparse.Namespace) -> list[dict[str, Any]]:
    """The label maps that were given, each with its scheme; raises ReadError without one."""
    for one in given.maps or []:
        if not one["scheme"]:
            raise ReadError(f"{one['path']}: say what its numbers mean with --scheme NAME.")
    return given.maps or []


def checked_name(name: str) -> str:
    """A case's name as it was given, or none; raises RecordError."""
    if name and not NAME.fullmatch(name):
        raise RecordError(f"'{name}' cannot name a case: use small letters, digits, dot, dash.")
    return name


def run(given: argparse.Namespace) -> int:
    """Reconstruct and print."""
    order = Order(
        path=given.scan,
        case=checked_name(given.case),
        labels=tuple(LabelFile(**one, precedence=given.precedence) for one in maps_of(given)),
        answers=answers_of(given),
        again=given.again,
        segmenter=given.segmenter,
    )
    made = terminal.built(terminal.repository(given), order)
    print(json.dumps(as_json(made.case, found=made.found), indent=1) if given.json
          else as_text(made.case))  # fmt: skip
    return 0


def as_json(case: Case, *, found: bool) -> dict[str, Any]:
    """The case for programs."""
    wire = case.wire()
    return {
        "case": case.case,
        "found": found,
        "structures": [
            {name: structure[name] for name in (*CARD, "parts")}
            for structure in wire["anatomy"]["structures"]
        ],
        "anatomy": case.anatomy,
        "stages": wire["stages"],
        "seconds": round(sum(stage["seconds"] for stage in wire["stages"]), 2),
        "quality": wire["quality"],
        "report": wire["report"],
        "overlays": wire["overlays"],
        "notes": wire["notes"],
        "intended_use": INTENDED_USE,
    }


def as_text(case: Case) -> str:
    """The case for people: a table of structures, stages, notes."""
    lines = [f"Case {case.case}, scan {case.source_name}, anatomy {case.anatomy[:12]}", ""]
    head = ("structure", "code", "side", "mL", "surface mL", "triangles", "closed", "origin",
            "sigma mm", "p95 mm")  # fmt: skip
    rows = [
        head,
        *(
            (s.id, s.code or "-", s.side or "-", f"{s.volume_ml:.2f}",
             f"{s.surface_volume_ml:.2f}", str(s.triangles), "yes" if s.watertight else "NO",
             s.origin, f"{s.sigma_mm:.2f}", f"{s.surface_p95_mm:.2f}")
            for s in case.structures
        ),
    ]  # fmt: skip
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines += [
        "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    lines += ["", "Stages"]
    lines += [
        f"  {stage['name']}: {stage['seconds']:.1f} s{' (kept)' if stage.get('cached') else ''}"
        for stage in case.stages
    ]
    report = case.report
    lines += ["", "Import report"]
    lines += [
        f"  {name}: {value}"
        for name, value in report.items()
        if name not in ("notes",) and value not in (None, "")
    ]
    if case.notes:
        lines += ["", "Notes", *(f"  - {note}" for note in case.notes)]
    gate = "passed" if case.passed else "FAILED: do not rely on this reconstruction"
    if not case.quality.get("checks"):
        gate = "none; the labels are taken as they were given"
    lines += ["", f"Checks: {gate}", INTENDED_USE]
    return "\n".join(lines)
