"""Plans from files: Theatrum's own, and lines of 3D Slicer, onto a case."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from surgery import ends, markups
from surgery.device import device
from surgery.markups import Line
from surgery.plan import Placement, Plan, PlanError, Trajectory
from surgery.plan_file import MOST_BYTES, parsed, read
from surgery.procedure import procedure
from twin.plan_records import ID
from twin.records import Case
from viewer.pages.planning_wire import word


class Imported(NamedTuple):
    """A plan of a file, named so that it takes no other's place, and sentences about it."""

    plan: Plan
    name: str
    notes: tuple[str, ...]


def imported(
    content: str | bytes, *, case: Case, message: Mapping[str, Any], taken: Collection[str]
) -> Imported:
    """The plan in a file. Lines that were drawn in Slicer get the message's procedure, device and
    delivery. Raises TwinErrors."""
    loaded = parsed(content)
    if isinstance(loaded, Mapping) and "markups" in loaded:
        lines = markups.read(content)
        plan = _of_lines(lines, case, message)
        notes = tuple(note for line in lines for note in line.notes)
    elif isinstance(loaded, Mapping):
        plan, notes = read(loaded), ()
    else:
        raise PlanError("This file holds no plan and no lines of 3D Slicer.")
    if plan.anatomy != case.anatomy:
        notes = (
            *notes,
            f"Plan {plan.id} was made on another anatomy ({plan.anatomy[:12]}): it is listed as "
            "stale and gets no score here. Copy its path by hand if this is the same patient.",
        )
    return Imported(replace(plan, id=_free(plan.id, taken), rev=1, parent=None), plan.id, notes)


def content_of(path: Path, name: str) -> bytes:
    """An uploaded file that may hold a plan; raises PlanError where it is too large."""
    if path.stat().st_size > MOST_BYTES:
        raise PlanError(f"{name} is larger than {MOST_BYTES >> 20} MiB, and no plan file.")
    return path.read_bytes()


def _of_lines(lines: Sequence[Line], case: Case, message: Mapping[str, Any]) -> Plan:
    """All lines as one plan; what a line says of itself comes before the message."""
    said = lines[0].said
    asked = procedure(said.get("procedure") or word(message, "procedure"))
    placements = tuple(_placement(line, case, message, asked.id) for line in lines)
    return Plan(
        id=said.get("plan") or lines[0].name,
        procedure=asked.id,
        anatomy=said.get("anatomy") or case.anatomy,
        placements=placements,
        delivery=said.get("delivery") or word(message, "delivery", "frame"),
        profile=said.get("profile", "default"),
    )


def _placement(line: Line, case: Case, message: Mapping[str, Any], asked: str) -> Placement:
    tool = device(line.said.get("device") or word(message, "device"))
    way = Trajectory(
        entry_mm=line.entry_mm, target_mm=line.target_mm, frame=line.said.get("frame", case.frame)
    )
    if line.said:
        depth, roll = (_number(line, name) for name in ("depth_mm", "roll_rad"))
        return Placement(device=tool.id, trajectory=way, depth_mm=depth, roll_rad=roll)
    by_contact = any(one.measure is ends.contact_error for one in procedure(asked).metrics)
    depth = tool.contact_centres_mm[0] if by_contact and tool.contacts else 0.0
    return Placement(device=tool.id, trajectory=way, depth_mm=depth)


def _number(line: Line, name: str) -> float:
    try:
        return float(line.said.get(name, 0.0))
    except ValueError:
        raise PlanError(f"Line {line.name}: its {name} is no number.") from None


def _free(id: str, taken: Collection[str]) -> str:
    """An id that the library takes and that no plan has: as it is, or with a number."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", id).strip("._-")[:70] or "plan"
    wanted = id if ID.fullmatch(id) else plain
    tried = (wanted if n == 1 else f"{wanted}_{n}" for n in range(1, len(taken) + 2))
    return next(one for one in tried if one not in taken)
