"""A plan in all the forms that surgeons say it in, and typed numbers as entry and target."""

from collections.abc import Mapping
from typing import Any

from anatomy.geometry import Point
from surgery.plan import Plan
from surgery.stereotaxy import Landmarks, Setting, nominal
from twin.pins import place
from viewer.pages.planning_wire import MessageError, number_in, pair

UNVERIFIED = (
    "Unverified: the frame is nominal, along the AC-PC axes with its centre between the "
    "commissures. Not for use on a patient."
)
ESTIMATED = "AC and PC are estimated from an atlas. Click them to set them."


def forms(plan: Plan, number: int, landmarks: Landmarks | None, why: str) -> dict[str, Any]:
    """Placement `number` as RAS, AC-PC and frame; the last two null without landmarks, and why."""
    entry, aim = ends_of(plan, number)
    if landmarks is None:
        said = {"acpc": None, "frame": None, "landmarks": None, "sentence": why}
        return {"ras": pair((entry, aim)), **said}
    return {
        "ras": pair((entry, aim)),
        "acpc": pair((landmarks.acpc(entry), landmarks.acpc(aim))),
        "frame": nominal(landmarks).setting(entry, aim).wire(),
        "landmarks": landmarks.wire(),
        "sentence": " ".join([ESTIMATED, UNVERIFIED] if landmarks.estimated else [UNVERIFIED]),
    }


def placed(
    message: Mapping[str, Any], plan: Plan, number: int, landmarks: Landmarks | None, why: str
) -> dict[str, Any]:
    """Entry and target [RAS mm] of typed numbers; the end that was not typed stays.

    `form` is ras, acpc or frame; `values` are three numbers of `end`, or for a frame those of a
    Setting. Raises TwinErrors.
    """
    form, values, end = (message.get(name) for name in ("form", "values", "end"))
    ends = dict(zip(("entry", "target"), ends_of(plan, number), strict=True))
    if form not in ("ras", "acpc", "frame") or end not in ends:
        raise MessageError("Numbers are typed as RAS, AC-PC or frame, for the entry or the target.")
    if form != "ras" and landmarks is None:
        raise MessageError(why)
    if form == "frame" and landmarks is not None:
        return pair(nominal(landmarks).path(_setting(values)))
    typed = place(values)
    ends[end] = typed if form == "ras" or landmarks is None else landmarks.ras(typed)
    return pair((ends["entry"], ends["target"]))


def ends_of(plan: Plan, number: int) -> tuple[Point, Point]:
    """Entry and target [RAS mm] of a placement, counted from 0; raises MessageError."""
    if number >= len(plan.placements):
        raise MessageError(f"This plan has no placement {number + 1}. Choose another one.")
    way = plan.placements[number].trajectory
    return way.entry_mm, way.target_mm


def _setting(values: Any) -> Setting:
    if not isinstance(values, Mapping):
        raise MessageError("A frame is set by target_mm, arc_deg, ring_deg and depth_mm.")
    return Setting(
        target_mm=place(values.get("target_mm")),
        arc_deg=number_in(values, "arc_deg"),
        ring_deg=number_in(values, "ring_deg"),
        depth_mm=number_in(values, "depth_mm"),
    )
