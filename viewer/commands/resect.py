"""theatrum resect: a lesion carved out under its flap, what is taken, what is left."""

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anatomy.errors import TermError, TwinError
from anatomy.terms import split, title
from surgery.plan import PlanError
from viewer.commands import asked, terminal
from viewer.scene import INTENDED_USE

if TYPE_CHECKING:
    from anatomy.volume import LabelMap
    from surgery.flap import Flap
    from surgery.plan import Placement, Plan
    from surgery.procedure import Procedure
    from surgery.resection import Resection
    from surgery.scene import Scene

PROCEDURE = "craniotomy"
WHOLES = frozenset({"brain"})
"""Nobody takes it out, and its label is only what is left of it."""
TRIED, AIMS = 3, 8
"""House values: approaches whose flap is tried, the best first; places in the target aimed at."""
BEYOND_MM = 2.0
"""The region reaches so far beyond the margin, so that the cavity closes inside it."""
MESHES = (".ply", ".stl", ".obj", ".glb", ".vtp")


def add(verbs: Any) -> None:
    """Declare the command."""
    parser = verbs.add_parser(
        "resect", help="carve a lesion out: volumes by tissue, extent, class, cavity"
    )
    parser.add_argument("case")
    parser.add_argument(
        "--target", required=True, metavar="STRUCTURE|PLAN.json",
        help="what is taken out, or a plan of a craniotomy for it",
    )  # fmt: skip
    parser.add_argument("--margin", type=float, metavar="MM", help="around the target, default 2")
    parser.add_argument("--strokes", type=Path, metavar="FILE.json", help="strokes of your own")
    parser.add_argument("--undo", type=int, default=0, metavar="N", help="take N strokes back")
    parser.add_argument(
        "--out", type=Path, action="append", default=[], metavar="FILE",
        help="the cavity (.ply, .stl, .obj, .glb, .vtp) or the strokes (.json); may be repeated",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="of the approach's search")
    parser.add_argument("--json", action="store_true", help="as JSON")
    terminal.add_library(parser)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Print the resection; INFEASIBLE where it comes too near to what must stay."""
    from surgery.outcome import outcome
    from surgery.procedure import procedure
    from surgery.profile import under
    from twin.planning import scene_of
    from viewer.commands.resect_text import text

    _admit(given)
    plan = asked.plan_file(Path(given.target)) if given.target.endswith(".json") else None
    library = terminal.repository(given, make=False)
    case = library.case(given.case)
    terminal.warn(case)
    began = time.perf_counter()
    asked.tell(f"Reading case {case.case}.")
    scene = scene_of(library, case)
    targets = _targets_of(scene, plan) if plan else _structures(scene, given.target)
    judge = under(procedure(PROCEDURE), plan.profile if plan else "default")
    resection, region = _carved(scene, targets, judge, given)
    plan, why = (plan, "") if plan else _approach(scene, given)
    for _ in range(given.undo):
        resection.undo()
    found = outcome(scene, resection, region, targets, asked=judge)
    answer = {
        "case": case.case,
        "anatomy": scene.digest,
        "approach": _approach_wire(scene, plan, why),
        "margin_mm": None if given.strokes else _margin(given),
        "undone": given.undo,
        **found.wire(),
        "seconds": round(time.perf_counter() - began, 3),
        "intended_use": INTENDED_USE,
    }
    for out in given.out:
        _write(out, scene, resection)
    print(json.dumps(answer, indent=1, allow_nan=False) if given.json else text(answer, found))
    if not given.json:
        asked.tell(INTENDED_USE)
    return asked.INFEASIBLE if found.verdict == "rejected" else 0


def _admit(given: argparse.Namespace) -> None:
    """Refused before the case is read."""
    from surgery.strokes import MOST_MARGIN_MM

    if given.strokes and given.margin is not None:
        raise PlanError("A margin belongs to the engine's own strokes; leave --margin out.")
    if given.margin is not None and not 0 <= given.margin <= MOST_MARGIN_MM:
        raise PlanError(f"A margin lies between 0 and {MOST_MARGIN_MM:g} mm, not {given.margin:g}.")
    if given.undo < 0:
        raise PlanError("Strokes are taken back by number: --undo N, 0 or more.")
    for out in given.out:
        if out.suffix.lower() not in (*MESHES, ".json"):
            raise PlanError(
                f"{out.name} has no ending of a cavity ({', '.join(MESHES)}) or of strokes (.json)."
            )


def _margin(given: argparse.Namespace) -> float:
    from surgery.strokes import MARGIN_MM

    return MARGIN_MM if given.margin is None else float(given.margin)


def _structures(scene: "Scene", target: str) -> list[str]:
    found = [one.id for one in scene.find(target)]
    if any(one.id in WHOLES or split(one.id)[0].group == "head" for one in scene.find(target)):
        raise PlanError(f"{title(found[0])} is not taken out; name a lesion or a nucleus.")
    if not found:
        held = ", ".join(one.id for one in scene.anatomy)
        raise TermError(f"There is no {target} in this twin; it holds {held}.")
    return found


def _targets_of(scene: "Scene", plan: "Plan") -> list[str]:
    from surgery.procedures.craniotomy import operated

    if plan.procedure != PROCEDURE:
        raise PlanError(
            f"Plan {plan.id} is one of {plan.procedure}; a resection needs one of {PROCEDURE}, or "
            "the structure to take out: --target STRUCTURE."
        )
    if plan.anatomy != scene.digest:
        raise PlanError(
            f"Plan {plan.id} was made on anatomy {plan.anatomy[:12]}, and this is "
            f"{scene.digest[:12]}. Plan anew on this anatomy."
        )
    found = operated(scene, plan.placements[0].trajectory.target_mm)
    if not found:
        raise PlanError(f"Plan {plan.id} is aimed at no lesion, so nothing says what is taken out.")
    return list(found)


def _approach(scene: "Scene", given: argparse.Namespace) -> tuple["Plan | None", str]:
    """The best craniotomy for the target whose bone comes off, else the best; or why none is."""
    from surgery import planner
    from surgery.procedure import procedure
    from surgery.procedures.craniotomy import opened
    from surgery.station import Station

    station = Station(scene, procedure(PROCEDURE))
    asked.tell("Looking for the best approach.")
    try:
        places = planner.targets_in(scene, given.target, most=AIMS)
        tool = planner.default_device(station.asked)
        made = planner.plans_for(station, tool, places, way="frame", seed=given.seed, top=TRIED)
    except TwinError as reason:
        return None, reason.message
    plans = [one.plan for one in made.plans]
    for plan in plans:
        try:
            opened(scene, plan.placements[0])
        except TwinError:
            continue
        return plan, ""
    return (plans[0], "") if plans else (None, made.binding or "")


def _carved(
    scene: "Scene", targets: list[str], judge: "Procedure", given: argparse.Namespace
) -> "tuple[Resection, LabelMap]":
    from surgery.resection import Resection, ResectionError, region_of
    from surgery.stroke_file import read
    from surgery.strokes import carve

    strokes = []
    if given.strokes:
        try:
            source = given.strokes.read_bytes()
            strokes = read(source, anatomy=scene.digest, frame=scene.anatomy.frame)
        except OSError as reason:
            raise ResectionError(
                f"{given.strokes} cannot be read: {reason.strerror or reason}. Name a file of "
                "strokes."
            ) from reason
        except TwinError as reason:
            raise ResectionError(f"{given.strokes.name}: {reason.message}") from reason
    lesions = [one.id for one in scene.find("lesion")]
    margin_mm = 0.0 if strokes else _margin(given)
    region = region_of(
        scene.labelmap, [*targets, *lesions], margin_mm=margin_mm + BEYOND_MM,
        strokes=strokes,
    )  # fmt: skip
    resection = Resection(region)
    if strokes:
        for stroke in strokes:
            resection.cut(stroke)
    else:
        asked.tell("Carving.")
        carve(scene, resection, region, targets, asked=judge, margin_mm=margin_mm)
    if given.undo > len(resection.strokes):
        raise ResectionError(
            f"There are {len(resection.strokes)} strokes, so {given.undo} cannot be taken back."
        )
    return resection, region


def _approach_wire(scene: "Scene", plan: "Plan | None", why: str) -> dict[str, Any]:
    from surgery.assess import assess
    from surgery.procedures.craniotomy import opened, radius_mm

    if plan is None:
        return {"plan": None, "sentence": f"No approach: {why}", "flap": None}
    placement: Placement = plan.placements[0]
    made = assess(scene, plan)
    try:
        bone: dict[str, Any] | None = _flap_wire(opened(scene, placement))
        absent = ""
    except TwinError as reason:
        bone, absent = None, f"No flap: {reason.message.rstrip('.')}."
    return {
        "plan": plan.wire(),
        "verdict": made.verdict,
        "sentence": made.sentence,
        "flap": bone,
        "flap_absent": absent,
        "opening_radius_mm": radius_mm(scene, placement),
        "metrics": made.wire()["scores"],
    }


def _flap_wire(flap: "Flap") -> dict[str, Any]:
    return {
        "bone_ml": flap.bone.volume_ml,
        "pieces": flap.pieces,
        "outer_mm2": flap.outer_mm2,
        "inner_mm2": flap.inner_mm2,
        "rim_mm": flap.rim_mm,
    }


def _write(out: Path, scene: "Scene", resection: "Resection") -> None:
    if out.suffix.lower() == ".json":
        from anatomy.writing import write_whole
        from surgery.stroke_file import write

        frame = scene.anatomy.frame
        words = write(resection.strokes, anatomy=scene.digest, frame=frame)
        write_whole({out: words.encode})
        asked.tell(f"{out}: {len(resection.strokes)} strokes.")
        return
    from anatomy.mesh_file import write_mesh

    cavity = resection.surface()
    write_mesh(out, cavity.vertices_mm, cavity.faces, frame=cavity.frame)
    asked.tell(f"{out}: the cavity, {cavity.volume_ml:.2f} mL, RAS mm, frame {cavity.frame}.")
