"""theatrum model: from label maps alone, with or without their image, to a case in the library."""

import argparse
import json
from pathlib import Path
from typing import Any

from twin.build import LabelFile
from twin.model import Model
from viewer.commands import terminal
from viewer.commands.reconstruct import (
    Maps,
    add_answers,
    answers_of,
    as_json,
    as_text,
    checked_name,
    maps_of,
)


def add(verbs: Any) -> None:
    """Declare the command."""
    parser = verbs.add_parser(
        "model", help="make a case from label maps alone: a spine, a heart, a limb"
    )
    parser.add_argument(
        "maps", action=Maps, type=Path, metavar="LABELS.nii.gz", help="the first label map"
    )
    parser.add_argument(
        "--scheme", action=Maps, metavar="NAME", dest="maps",
        help="what the numbers of the map before it mean: a scheme, a .csv or .json key, or "
        "the key itself, such as 1=aorta,2=ignore",
    )  # fmt: skip
    parser.add_argument(
        "--labels", action=Maps, type=Path, metavar="MORE.nii.gz", dest="maps",
        help="a further label map, with its own --scheme; may be given several times",
    )  # fmt: skip
    parser.add_argument(
        "--image", type=Path, metavar="CT.nii.gz", help="the scan that the slices show"
    )
    terminal.add_library(parser)
    parser.add_argument("--case", default="", metavar="NAME", help="its name in the library")
    parser.add_argument("--again", action="store_true", help="also where the library has it")
    add_answers(parser)
    parser.add_argument("--json", action="store_true", help="the result as JSON, and nothing else")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Build and print."""
    model = Model(
        labels=tuple(LabelFile(**one) for one in maps_of(given)),
        image=given.image,
        case=checked_name(given.case),
        answers=answers_of(given),
        again=given.again,
    )
    made = terminal.built(terminal.repository(given), model)
    print(json.dumps(as_json(made.case, found=made.found), indent=1) if given.json
          else as_text(made.case))  # fmt: skip
    return 0
