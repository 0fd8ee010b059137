"""theatrum add: a surface from a file joins a case."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from twin.addition import Added, Addition, add_mesh
from viewer.commands import terminal
from viewer.commands.reconstruct import CARD
from viewer.scene import INTENDED_USE


def add(verbs: Any) -> None:
    """Declare the command."""
    parser = verbs.add_parser("add", help="add a surface (STL, PLY, OBJ, GLB, VTP) to a case")
    parser.add_argument("case")
    parser.add_argument("mesh", type=Path, metavar="MESH")
    parser.add_argument("--structure", required=True, metavar="ID", help="what it is")
    parser.add_argument("--space", choices=("RAS", "LPS"), help="the space of the file's numbers")
    parser.add_argument("--unit", choices=("mm", "cm", "m", "um", "in"), help="their unit")
    parser.add_argument(
        "--replace", action="store_true", help="in the place of the case's own structure"
    )
    terminal.add_library(parser)
    parser.add_argument("--json", action="store_true", help="the result as JSON, and nothing else")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Add and print."""
    added = add_mesh(
        terminal.repository(given),
        given.case,
        Addition(
            path=given.mesh,
            structure=given.structure,
            space=given.space,
            unit=given.unit,
            swap=given.replace,
        ),
    )
    print(json.dumps(as_json(added), indent=1) if given.json else as_text(added))
    terminal.warn(added.case)
    return 0


def as_json(added: Added) -> dict[str, Any]:
    """The new structure for programs."""
    card = asdict(added.structure)
    return {
        "case": added.case.case,
        "anatomy": added.case.anatomy,
        "structure": {name: card[name] for name in CARD},
        "import": dict(added.case.overlays[-1]),
        "notes": list(added.case.notes),
        "intended_use": INTENDED_USE,
    }


def as_text(added: Added) -> str:
    """The new structure for people."""
    card, report = added.structure, added.case.overlays[-1]["report"]
    closed = f"closed, {card.volume_ml:.2f} mL" if card.watertight else "NOT closed, no volume"
    lines = [
        f"Case {added.case.case} now holds {card.title} ({card.id}), anatomy "
        f"{added.case.anatomy[:12]}",
        f"  {card.triangles} triangles, {closed}, sigma {card.sigma_mm:.2f} mm",
        f"  read from {report['file']} as {report['space']}, {report['unit_used']}",
        *(f"  - {note}" for note in (*report["notes"], card.note)),
        INTENDED_USE,
    ]
    return "\n".join(lines)
