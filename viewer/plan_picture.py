"""One page that shows a plan: what it is, two views in space, and two close by or in the scan."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from anatomy.geometry import Floats, point
from surgery.plan import Placement, Plan
from surgery.procedure import procedure
from surgery.scene import Scene
from surgery.score import Assessment, Score, spoken
from twin.records import Case
from twin.repository import Repository
from viewer.lettering import FAINT, INK, font
from viewer.render import BACKGROUND, SIZE, View, shot
from viewer.scene import INTENDED_USE, strip
from viewer.takeaway.planes import Plane, along_path
from viewer.takeaway.slices import Scan, drawn, scan_of
from viewer.views import views

HEAD, FOOT, GAP = 92, 34, 2
"""Pixels of the lines above and below the views, and between views."""
VERDICTS = {
    "accepted": "#8fd0a5",
    "incomplete": "#e8c27a",
    "rejected": "#f08d80",
    "stale": "#f08d80",
}
RIGHT, AHEAD, UP = np.eye(3)
LEVEL_MM = 15.0
"""House value: screws whose tips lie nearer in height are of one vertebra."""


def plan_picture(
    library: Repository,
    case: Case,
    scene: Scene,
    plan: Plan,
    assessment: Assessment,
    out: Path,
    *,
    words: Sequence[str] = (),
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Write the PNG. `words` and `facts` are those of the search that found the plan."""
    shown = views(scene, plan, facts or {})
    page = Image.new("RGB", SIZE, BACKGROUND)
    _head(page, case, plan, assessment, words)
    panes = shown[:4]
    sections = _sections(plan) if len(panes) < 4 and case.report.get("modality") != "SEG" else []
    rows = 2 if len(panes) == 4 or sections else 1
    high = (SIZE[1] - HEAD - FOOT) // rows - GAP
    size = ((SIZE[0] - GAP) // 2, high)
    pictures = [Image.fromarray(shot(view, size)) for view in panes]
    if sections:
        scan = scan_of(library, case)
        pictures = [*pictures[:2], *(_section(scan, *pair, size) for pair in sections)]
    for number, picture in enumerate(pictures[: 2 * rows]):
        corner = (number % 2 * (size[0] + GAP), HEAD + number // 2 * (size[1] + GAP))
        page.paste(picture, corner)
    _foot(page, shown[:2])
    page.save(out)


def _head(
    page: Image.Image, case: Case, plan: Plan, assessment: Assessment, words: Sequence[str]
) -> None:
    """Title, verdict, whose anatomy, and what was found."""
    draw = ImageDraw.Draw(page)
    title = procedure(plan.procedure).title
    large, small = font(22, bold=True), font(14)
    draw.text((14, 10), title, fill=INK, font=large)
    after = 14 + draw.textlength(title, font=large) + 14
    draw.text((after, 14), assessment.verdict, fill=VERDICTS[assessment.verdict],
              font=font(17, bold=True))  # fmt: skip
    draw.text((page.width - 14, 12), f"{plan.id}  ·  {strip(case)}", fill=FAINT, font=font(12),
              anchor="ra")  # fmt: skip
    lines = list(words) or [assessment.sentence, *_measured(assessment)]
    for number, line in enumerate(_wrapped(draw, lines, page.width - 28)):
        draw.text((14, 42 + 17 * number), line, fill=INK, font=small)


def _measured(assessment: Assessment) -> list[str]:
    """The weighted numbers, each of the device that does worst by it, as `Vessel risk 0.1 (2).`"""
    worst: dict[str, Score] = {}
    for one in assessment.scores:
        if one.value is not None and one.grade is not None and one.weight > 0:
            held = worst.get(one.metric)
            if held is None or (one.grade, one.metric) < (held.grade or 0.0, held.metric):
                worst[one.metric] = one
    several = len({one.placement for one in assessment.scores} - {None}) > 1
    return [
        f"{one.title} {one.value:.1f} {spoken(one.unit)}".strip()
        + (f" ({one.placement + 1})." if several and one.placement is not None else ".")
        for one in worst.values()
    ]


def _wrapped(draw: ImageDraw.ImageDraw, lines: Sequence[str], width: float) -> list[str]:
    """As many of the sentences as three lines hold, whole ones beside each other."""
    letters, out = font(14), [""]
    for sentence in lines:
        joined = f"{out[-1]}   {sentence}".strip()
        if draw.textlength(joined, font=letters) <= width:
            out[-1] = joined
        else:
            out.append(sentence)
    cut = []
    for line in (line for line in out if line):
        short = line
        while draw.textlength(short, font=letters) > width:
            short = short[: short.rindex(" ")] + " …" if " " in short[:-2] else short[:40]
            short = short.replace("… …", "…")
        cut.append(short)
    return cut[:3]


def _foot(page: Image.Image, shown: Sequence[View]) -> None:
    """Colours and what they stand for, and what the picture is not."""
    draw, letters = ImageDraw.Draw(page), font(12)
    told = draw.textlength(INTENDED_USE, font=letters)
    draw.text((page.width - 14, page.height - 17), INTENDED_USE, fill="#b9a878", font=letters,
              anchor="rm")  # fmt: skip
    legend: dict[str, tuple[int, int, int]] = {}
    for view in shown:
        legend |= view.stage.legend
    x, y = 14.0, page.height - 17
    for title, colour in legend.items():
        wide = 22 + draw.textlength(title, font=letters) + 14
        if x + wide > page.width - told - 40:
            break
        draw.rectangle((x, y - 6, x + 14, y + 6), fill=colour)
        draw.text((x + 20, y), title, fill=FAINT, font=letters, anchor="lm")
        x += wide


def _sections(plan: Plan) -> list[tuple[Plane, Sequence[Placement]]]:
    """Two planes of the scan in which the procedure is judged, with what is drawn in each."""
    first = plan.placements[0]
    if plan.procedure == "pedicle_screw":
        return _along_screws(plan.placements)
    if plan.procedure == "valve_sizing":
        return [(plane, [first]) for plane in _across_annulus(first)]
    if plan.procedure == "seeg_array" and len(plan.placements) > 1:
        return [
            (replace(along_path(one, None)[0], title=f"Along electrode {number}"), [one])
            for number, one in enumerate(plan.placements[:2], 1)
        ]
    return [(plane, [first]) for plane in along_path(first, None)]


def _along_screws(placements: Sequence[Placement]) -> list[tuple[Plane, Sequence[Placement]]]:
    """The plane of the first vertebra's screws, radiological, and the upright one of the first."""
    first = placements[0].trajectory
    pair = [
        one
        for one in placements
        if abs(one.trajectory.target_mm[2] - first.target_mm[2]) < LEVEL_MM
    ]
    ends = np.array(
        [p for one in pair for p in (one.trajectory.entry_mm, one.trajectory.target_mm)]
    )
    up = np.mean([one.trajectory.direction for one in pair], axis=0)
    across = -RIGHT + (RIGHT @ up) * up / (up @ up)
    upright = UP - (UP @ first.direction) * first.direction
    middle = (ends[0] + ends[1]) / 2
    return [
        (_plane("Along the screws, from below", ends.mean(axis=0), across, up), pair),
        (
            _plane("Along the first screw, from the left", middle, -first.direction, upright),
            pair[:1],
        ),
    ]


def _across_annulus(placement: Placement) -> list[Plane]:
    """The annulus' own plane, seen from below, and one that holds the axis."""
    way = placement.trajectory
    ahead = AHEAD - (AHEAD @ way.direction) * way.direction
    across = np.cross(ahead, -way.direction)
    middle = np.array(way.target_mm)
    return [
        _plane("In the annulus' plane, from the aorta", middle, across, ahead),
        _plane("Along the axis", middle - 12.0 * way.direction, across, -way.direction),
    ]


def _plane(title: str, middle: Floats, right: Floats, up: Floats) -> Plane:
    """A plane of unit vectors; its size is the pane's."""
    right, up = right / np.linalg.norm(right), up / np.linalg.norm(up)
    return Plane(
        title=title, middle_mm=point(middle), right=point(right), up=point(up), width_mm=100.0,
        height_mm=70.0,
    )  # fmt: skip


def _section(
    scan: Scan, plane: Plane, placements: Sequence[Placement], size: tuple[int, int]
) -> Image.Image:
    """The scan in a plane, filling a pane, with outlines and devices."""
    per_mm = size[1] / plane.height_mm
    wide = replace(plane, width_mm=size[0] / per_mm)
    made = drawn(scan, wide, placements, per_mm=per_mm, close=True)
    picture = Image.open(io.BytesIO(made.png)).convert("RGB")
    ImageDraw.Draw(picture).text(
        (10, 8), plane.title, fill=INK, font=font(14), stroke_width=2, stroke_fill="#05080a"
    )
    return picture.resize(size)
