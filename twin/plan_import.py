"""A plan that comes back in a file: Theatrum's own JSON, or lines of 3D Slicer."""

import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import NamedTuple

import numpy as np

from anatomy.errors import TwinError
from anatomy.geometry import Point
from surgery import markups, plan_file
from surgery.plan import Placement, Plan, PlanError, Trajectory
from twin.records import Case

AROUND_MM = 60.0
"""House value: an entry may lie so far outside of the scan, as above a skull that was stripped."""
SUFFIXES = (".mrk.json", ".plan.json", ".json")


class Incoming(NamedTuple):
    """A plan with what there is to say of it."""

    plan: Plan
    stale: bool
    """Made on another anatomy: it may be kept, and gets no number here."""
    sentence: str


def plan_from(
    content: bytes,
    name: str,
    case: Case,
    *,
    procedure: str = "",
    device: str = "",
    delivery: str = "",
) -> Incoming:
    """The plan in a file called `name`; raises PlanError and its kin in one sentence.

    A line that was drawn in Slicer says neither procedure nor device, nor whose head it is of: they
    are the caller's, and its ends must lie about this case's scan.
    """
    try:
        found = plan_file.parsed(content)
        if isinstance(found, dict) and "markups" in found:
            lines = markups.read(content)
            plan, told = _of_lines(
                lines, name, case, procedure=procedure, device=device, delivery=delivery
            )
        else:
            plan, told = plan_file.read(content), []
    except TwinError as reason:
        raise PlanError(f"{PurePath(name).name[:80]}: {reason.message}") from reason
    stale = plan.anatomy != case.anatomy
    if not stale and plan.frame != case.frame:
        raise PlanError(f"Plan {plan.id} is in the frame {plan.frame}, this case in {case.frame}.")
    if stale:
        told.append(
            f"Stale: plan {plan.id} was made on anatomy {plan.anatomy[:12]}, and this case is "
            f"{case.anatomy[:12]}: another patient, or another reconstruction. It gets no score."
        )
    return Incoming(plan, stale, " ".join(told) or f"Plan {plan.id} was made on this anatomy.")


def _of_lines(
    lines: Sequence[markups.Line], name: str, case: Case, *, procedure: str, device: str,
    delivery: str,
) -> tuple[Plan, list[str]]:  # fmt: skip
    """One plan of all lines, and what was taken for granted."""
    told = [note for line in lines for note in line.notes]
    if len({tuple(line.said.get(key, "") for key in ("anatomy", "plan")) for line in lines}) > 1:
        raise PlanError("its lines are of several plans: keep those of one in a file.")
    said = lines[0].said
    procedure, device = said.get("procedure", procedure), device or said.get("device", "")
    if not procedure or not device:
        missing = " and ".join(
            word for word, value in (("procedure", procedure), ("device", device)) if not value
        )
        raise PlanError(f"its lines do not say for which {missing}: choose it first.")
    if not said:
        for line in lines:
            for end, place in (("entry", line.entry_mm), ("target", line.target_mm)):
                _near(case, line.name, end, place)
        told.append(
            "The lines do not say whose head they are of, nor how deep a device goes: they were "
            "taken to be of this case, with the tip at the target."
        )
    frame = said.get("frame", case.frame)
    placements = tuple(
        Placement(
            device=line.said.get("device", device),
            trajectory=Trajectory(
                entry_mm=line.entry_mm, target_mm=line.target_mm, frame=frame
            ),
            depth_mm=_number(line, "depth_mm"),
            roll_rad=_number(line, "roll_rad"),
        )
        for line in lines
    )  # fmt: skip
    plan = Plan(
        id=said.get("plan") or _id(name),
        procedure=procedure,
        anatomy=said.get("anatomy", case.anatomy),
        placements=placements,
        delivery=said.get("delivery") or delivery or "frame",
        profile=said.get("profile") or "default",
        note=" ".join([f"Read from {PurePath(name).name[:80]}.", *told]),
    )
    return plan, told


def _near(case: Case, line: str, end: str, place_mm: Point) -> None:
    """Refuses a point that lies far from the scan."""
    shown = case.display
    low = np.array(shown.origin_mm) - AROUND_MM
    high = low + 2 * AROUND_MM + np.array(shown.spacing_mm) * shown.shape
    if (place_mm < low).any() or (place_mm > high).any():
        where = ", ".join(f"{v:.1f}" for v in place_mm)
        raise PlanError(
            f"the {end} of line {line} lies at {where} mm RAS, outside of this case's scan: it is "
            "of another patient, or its coordinate system is not the one that it states."
        )


def _number(line: markups.Line, key: str) -> float:
    try:
        return float(line.said.get(key, 0.0))
    except ValueError:
        raise PlanError(f"the {key} of line {line.name} is no number.") from None


def _id(name: str) -> str:
    stem = PurePath(name).name.lower()
    for suffix in SUFFIXES:
        stem = stem.removesuffix(suffix)
    return re.sub(r"[^a-z0-9._-]+", "-", stem).strip("-._")[:60] or "imported"
