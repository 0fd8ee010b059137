"""A plan as lines of 3D Slicer (.mrk.json), and lines of Slicer as entries and targets.

The format is Slicer's markups schema 1.0.3; its facts are in docs/exchange.md. Positions are
written in LPS, as Slicer writes them, and negated twice on the way, which loses no bit.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

import numpy as np

from anatomy.geometry import Floats, Point, point, ras_from_lps
from surgery.plan import Placement, Plan, PlanError
from surgery.plan_file import parsed

SCHEMA = (
    "https://raw.githubusercontent.com/slicer/slicer/master/Modules/Loadable/Markups/Resources/"
    "Schema/markups-schema-v1.0.3.json#"
)
SAID = (
    "anatomy", "frame", "plan", "rev", "parent", "procedure", "delivery", "profile", "device",
    "depth_mm", "roll_rad",
)  # fmt: skip
"""What the description of a target says, as `name=value&...`: Slicer keeps it when it saves."""
SPACES = ("LPS", "RAS")
UNITS = {"mm": 1.0, "um": 0.001}
UNSTATED_SPACE, UNSTATED_UNIT = "LPS", "mm"
"""The schema's defaults, and what Slicer takes a file for that does not say it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a file: its ends RAS [mm], its name, what Theatrum once said of it."""

    name: str
    entry_mm: Point
    target_mm: Point
    said: Mapping[str, str] = field(default_factory=dict)
    """Of SAID; empty where the line was drawn in Slicer."""
    notes: tuple[str, ...] = ()
    """Sentences: what was taken because the file does not say it."""


def write(plan: Plan, *, stamp: Mapping[str, Any]) -> str:
    """The text of a file with one line a placement, from `entry` to `target`.

    Each control point's orientation has the device's marker in its first column and the way from
    entry to target in its third. `stamp` is written beside the lines, for people.
    """
    wire = {
        "@schema": SCHEMA,
        "theatrum": dict(stamp),
        "markups": [_line(plan, number) for number in range(len(plan.placements))],
    }
    return json.dumps(wire, indent=1, allow_nan=False) + "\n"


def read(source: str | bytes) -> list[Line]:
    """Every line of a file, in order; raises PlanError where one has no two points.

    `entry` and `target` are told by the points' labels, else they are the first and the second.
    """
    loaded = parsed(source)
    markups = loaded.get("markups") if isinstance(loaded, Mapping) else None
    if not isinstance(markups, list) or "@schema" not in loaded:
        raise PlanError("This is no markups file of 3D Slicer: it has no @schema and no markups.")
    lines = [one for one in markups if isinstance(one, Mapping) and one.get("type") == "Line"]
    if not lines:
        kinds = sorted({str(one.get("type"))[:20] for one in markups if isinstance(one, Mapping)})
        held = f"it holds {' and '.join(kinds)}" if kinds else "it is empty"
        raise PlanError(f"No line is in this markups file, {held}: draw one from entry to target.")
    return [_read_line(one, number) for number, one in enumerate(lines, 1)]


def _line(plan: Plan, number: int) -> dict[str, Any]:
    placement = plan.placements[number]
    way = placement.trajectory
    said = {
        "anatomy": plan.anatomy,
        "frame": plan.frame,
        "plan": plan.id,
        "rev": plan.rev,
        "parent": plan.parent or "",
        "procedure": plan.procedure,
        "delivery": plan.delivery,
        "profile": plan.profile,
        "device": placement.device,
        "depth_mm": placement.depth_mm,
        "roll_rad": placement.roll_rad,
    }
    turned = [float(v) + 0.0 for v in (_axes(placement) * [[-1.0], [-1.0], [1.0]]).ravel()]
    points = [
        {
            "id": str(n + 1),
            "label": label,
            "description": description,
            "associatedNodeID": "",
            "position": _negated(place),
            "orientation": turned,
            "selected": True,
            "locked": False,
            "visibility": True,
            "positionStatus": "defined",
        }
        for n, (label, place, description) in enumerate(
            (
                ("entry", way.entry_mm, placement.made_of.title),
                ("target", way.target_mm, urlencode(said)),
            )
        )
    ]
    several = f" {number + 1}" if len(plan.placements) > 1 else ""
    return {
        "type": "Line",
        "name": f"{plan.id} r{plan.rev}{several}",
        "coordinateSystem": "LPS",
        "coordinateUnits": "mm",
        "locked": False,
        "fixedNumberOfControlPoints": True,
        "labelFormat": "%N-%d",
        "lastUsedControlPointNumber": 2,
        "controlPoints": points,
    }


def _axes(placement: Placement) -> Floats:
    """The device's axes in RAS as columns: marker, its right-hand neighbour, entry to target."""
    marker, along = placement.facing(), placement.trajectory.direction
    return np.stack([marker, np.cross(along, marker), along], axis=1)


def _negated(place: Point) -> list[float]:
    return [float(v) + 0.0 for v in ras_from_lps(place)]


def _read_line(line: Mapping[str, Any], number: int) -> Line:
    name = str(line.get("name") or f"line {number}")[:80]
    space = line.get("coordinateSystem", UNSTATED_SPACE)
    unit = line.get("coordinateUnits", UNSTATED_UNIT)
    unit = unit[0] if isinstance(unit, list) and unit else unit
    if space not in SPACES or unit not in UNITS:
        raise PlanError(
            f"Line {name} is in {space!r:.20} and {unit!r:.20}: LPS or RAS in mm or um are read."
        )
    notes = []
    if "coordinateSystem" not in line:
        notes.append(f"Line {name} does not state its space; LPS was taken, as Slicer does.")
    points = line.get("controlPoints")
    whole = [one for one in points if _defined(one)] if isinstance(points, list) else []
    if len(whole) != 2:
        raise PlanError(f"Line {name} has {len(whole)} points that are placed; a path needs two.")
    if str(whole[0].get("label")).lower() == "target":
        whole.reverse()
    ends = [_place(one["position"], name) * UNITS[unit] for one in whole]
    entry, target = (point(ras_from_lps(end) if space == "LPS" else end) for end in ends)
    said = dict(parse_qsl(str(whole[1].get("description", "")), keep_blank_values=True))
    known = {key: value for key, value in said.items() if key in SAID}
    return Line(
        name=name,
        entry_mm=entry,
        target_mm=target,
        said=known if {"anatomy", "device"} <= set(known) else {},
        notes=tuple(notes),
    )


def _defined(one: Any) -> bool:
    return (
        isinstance(one, Mapping)
        and one.get("positionStatus", "defined") == "defined"
        and isinstance(one.get("position"), list)
    )


def _place(position: list[Any], name: str) -> Floats:
    if len(position) != 3 or any(type(v) not in (int, float) for v in position):
        raise PlanError(f"Line {name} has a point that is not three numbers.")
    return np.array(position, float)
