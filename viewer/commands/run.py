"""theatrum run: a plan carried out step by step, with what lies at every depth."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from viewer.commands import asked, terminal
from viewer.scene import INTENDED_USE

if TYPE_CHECKING:
    from surgery.plan import Placement
    from surgery.run import Depth, Passage, Run, Step

BOUNDARY = "The boundary's place makes it"
EVERY_MM = 5.0
"""Depths that people read, beside each change of tissue; --json has every half millimetre."""


def add(verbs: Any) -> None:
    """Declare the command."""
    parser = verbs.add_parser("run", help="carry out a plan step by step: what each step meets")
    parser.add_argument("case")
    parser.add_argument("plan", type=Path, metavar="PLAN.json")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="kept with the answer")
    parser.add_argument("--json", action="store_true", help="as JSON, with every depth")
    terminal.add_library(parser)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Print the steps and the way in; INFEASIBLE where a step fails or the plan is stale."""
    from surgery.run import run as carry_out
    from twin.planning import scene_of

    plan = asked.plan_file(given.plan)
    library = terminal.repository(given, make=False)
    case = library.case(given.case)
    terminal.warn(case)
    asked.tell(f"Reading case {case.case}.")
    made = carry_out(scene_of(library, case), plan, seed=given.seed)
    if given.json:
        wire = {"case": case.case, "plan": plan.wire(), "digest": plan.digest, **made.wire()}
        print(json.dumps({**wire, "intended_use": INTENDED_USE}, indent=1, allow_nan=False))
    else:
        print(text(case.case, plan.id, made, plan.placements))
        asked.tell(INTENDED_USE)
    failed = any(step.outcome == "fail" for step in made.steps)
    return asked.INFEASIBLE if failed or made.assessment.verdict == "stale" else 0


def text(case: str, plan: str, made: "Run", placements: "tuple[Placement, ...]") -> str:
    """The whole run for people."""
    found = made.assessment
    head = f"{found.procedure} on {case}, plan {plan}: {found.verdict}\n  {found.sentence}"
    several = len(placements) > 1
    parts = [head]
    for number, passage in enumerate(made.passages):
        device = placements[number].made_of.title
        name = f"{number + 1}. {device}" if several else device
        steps = [
            f"  {step.outcome:<4}  {step.title:<20}  {_reason(step)}"
            for step in made.steps
            if step.placement == number
        ]
        parts.append("\n".join([name, *steps]))
        parts.append(_lengths(passage))
        parts.append(_depths(passage))
    return "\n\n".join(parts)


def _reason(step: "Step") -> str:
    """One sentence a line, each once; where a step passes, without how far numbers may be off."""
    sentences = dict.fromkeys(f"{part.rstrip('.')}." for part in step.reason.split(". "))
    if step.outcome == "pass":
        sentences = {one: None for one in sentences if not one.startswith(BOUNDARY)}
    return ("\n" + " " * 30).join(sentences)


def _lengths(passage: "Passage") -> str:
    from surgery.run import named

    titles = [named(structure) for structure, _ in passage.lengths_mm]
    printed = asked.rounded(length for _, length in passage.lengths_mm)
    total = f"{sum(map(float, printed)):.1f}"
    wide = max(map(len, (*titles, "together")))
    rows = [
        f"  {title:<{wide}}  {length:>6} mm"
        for title, length in [*zip(titles, printed, strict=True), ("together", total)]
        if float(length) > 0
    ]
    return "\n".join(["From the entry to the tip", *rows])


def _depths(passage: "Passage") -> str:
    shown = shown_depths(passage)
    words = [word for word, _ in shown[0].distances_mm]
    wide = max(len("in"), *(len(depth.title) for depth in shown))
    head = f"  depth mm  {'in':<{wide}}" + "".join(f"  {word:>15}" for word in words)
    rows = [
        f"  {depth.depth_mm:>8.1f}  {depth.title:<{wide}}"
        + "".join(f"  {distance:>15.1f}" for _, distance in depth.distances_mm)
        for depth in shown
    ]
    lines = ["Depth, and how far the device's side is from what (mm, negative inside)", head, *rows]
    if passage.absent:
        lines.append(f"  Not in this twin, so not watched: {', '.join(passage.absent)}.")
    return "\n".join(lines)


def shown_depths(passage: "Passage") -> "list[Depth]":
    """Every EVERY_MM, where the tissue changes, and the tip."""
    shown: list[Depth] = []
    before = None
    for n, depth in enumerate(passage.depths):
        last = n + 1 == len(passage.depths)
        if last or depth.structure != before or depth.depth_mm % EVERY_MM == 0:
            shown.append(depth)
        before = depth.structure
    return shown
