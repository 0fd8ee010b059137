"""theatrum list, show, remove: what the library holds."""

import argparse
import json
import sys
from typing import Any

from viewer.commands import terminal
from viewer.commands.reconstruct import as_text


def add(verbs: Any) -> None:
    """Declare the commands."""
    listed = verbs.add_parser("list", help="the cases in the library")
    terminal.add_library(listed)
    listed.add_argument("--json", action="store_true", help="as JSON")
    listed.set_defaults(run=run_list)
    shown = verbs.add_parser("show", help="one case with its structures, stages and report")
    shown.add_argument("case")
    terminal.add_library(shown)
    shown.add_argument("--json", action="store_true", help="the whole record as JSON")
    shown.set_defaults(run=run_show)
    removed = verbs.add_parser("remove", help="delete a case and the files only it needs")
    removed.add_argument("case")
    terminal.add_library(removed)
    removed.add_argument("--yes", action="store_true", help="do not ask")
    removed.set_defaults(run=run_remove)


def run_list(given: argparse.Namespace) -> int:
    """Print the cases, newest first."""
    cases = terminal.repository(given, make=False).cases()
    if given.json:
        rows = [
            {"case": c.case, "created": c.created, "source": c.source_digest,
             "anatomy": c.anatomy, "passed": c.passed, "structures": len(c.structures)}
            for c in cases
        ]  # fmt: skip
        print(json.dumps(rows, indent=1))
        return 0
    for c in cases:
        gate = "" if c.passed else "  did not pass its checks"
        print(f"{c.case:<28} {c.created[:16]}  {len(c.structures):>3} structures{gate}")
    if not cases:
        print("The library is empty; `theatrum reconstruct T1.nii.gz` makes a case.",
              file=sys.stderr)  # fmt: skip
    return 0


def run_show(given: argparse.Namespace) -> int:
    """Print one case."""
    case = terminal.repository(given, make=False).case(given.case)
    print(json.dumps(case.wire(), indent=1) if given.json else as_text(case))
    terminal.warn(case)
    return 0


def run_remove(given: argparse.Namespace) -> int:
    """Delete one case, after a question."""
    library = terminal.repository(given, make=False)
    case = library.case(given.case)
    if not given.yes:
        print(f"Delete case {case.case} of {case.created[:10]}? [y/N] ", end="", file=sys.stderr,
              flush=True)  # fmt: skip
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            print("Nothing was deleted.", file=sys.stderr)
            return 0
    library.remove(case.case)
    print(f"Case {case.case} is deleted.", file=sys.stderr)
    return 0
