"""The planes that a report shows: through a target, and along a path."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from anatomy.geometry import Floats, Point, point
from surgery.metrics import shaft
from surgery.plan import Placement

BESIDE_MM = 20.0
"""House value: what a picture along a path shows above the entry and below the tip."""
SHAPE = 0.8
"""House value: width over height of a picture along a path."""
OFF_AXIS_MM = 0.5
"""A point that lies nearer to the axis turns no plane."""
ENDS = ("LR", "PA", "IS")
"""Letters towards - and + of R, A, S."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """A rectangle in the patient: its middle, its directions on paper, its size. RAS [mm]."""

    title: str
    middle_mm: Point
    right: Point
    up: Point
    width_mm: float
    height_mm: float

    @property
    def normal(self) -> Floats:
        """Unit vector towards the reader, shape (3,)."""
        return np.cross(self.right, self.up)

    def on_paper_mm(self, points_mm: Floats) -> tuple[Floats, Floats]:
        """Points (n, 3) as (n, 2) to the right and up of the middle, and how far in front (n,)."""
        off = np.asarray(points_mm, float) - self.middle_mm
        return off @ np.stack([self.right, self.up], axis=1), off @ self.normal

    @property
    def letters(self) -> tuple[str, str, str, str]:
        """What lies at the right, left, top and bottom of the paper: R L A P S I, up to two."""
        right, up = np.array(self.right), np.array(self.up)
        return lettered(right), lettered(-right), lettered(up), lettered(-up)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazard:
    """The measured point that a path is judged nearest by: distance [mm], its title, to what."""

    point_mm: Point
    title: str
    value_mm: float
    structure: str


def lettered(direction: Floats) -> str:
    """`L`, or `LP` where the second part is at least half of the first."""
    order = np.argsort(-np.abs(direction), kind="stable")
    first, second = (abs(float(direction[n])) for n in order[:2])
    letters = [ENDS[n][int(direction[n] > 0)] for n in order]
    return letters[0] + (letters[1] if second >= first / 2 else "")


def through_target(placement: Placement, low_mm: Floats, high_mm: Floats) -> list[Plane]:
    """Axial, coronal and sagittal, radiological, over the box from low to high."""
    middle, size = np.add(low_mm, high_mm) / 2, np.subtract(high_mm, low_mm)
    target = placement.trajectory.target_mm
    layout = (
        ("Axial", 0, 1, (-1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
        ("Coronal", 0, 2, (-1.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
        ("Sagittal", 1, 2, (0.0, -1.0, 0.0), (0.0, 0.0, 1.0)),
    )
    planes = []
    for title, across, upward, right, up in layout:
        through = ({0, 1, 2} - {across, upward}).pop()
        at = middle.copy()
        at[through] = target[through]
        planes.append(
            Plane(
                title=f"{title} through the target",
                middle_mm=point(at),
                right=right,
                up=up,
                width_mm=float(size[across]),
                height_mm=float(size[upward]),
            )
        )
    return planes


def along_path(placement: Placement, towards_mm: Point | None) -> list[Plane]:
    """Two planes of the path, the entry on top: the first holds `towards_mm`, the other is across.

    Without such a point, the first one holds Anterior, or Superior where the path runs along it.
    """
    whole = shaft(placement)
    up = -whole.direction
    height = whole.length_mm + 2 * BESIDE_MM
    middle = point(np.add(whole.entry_mm, whole.target_mm) / 2)
    side = placement.facing() if towards_mm is None else across_axis(placement, towards_mm)
    side = np.asarray(side, float)
    if side[0] > 0:  # The patient's right is on the left of the paper, as in the other pictures.
        side = -side
    planes = []
    for title, right in (("Along the path", side), ("Along the path, across", np.cross(up, side))):
        planes.append(
            Plane(
                title=title,
                middle_mm=middle,
                right=point(right),
                up=point(up),
                width_mm=SHAPE * height,
                height_mm=height,
            )
        )
    return planes


def across_axis(placement: Placement, point_mm: Point) -> Floats:
    """Unit vector from the axis to a point; the marker's where the point lies on the axis."""
    axis = placement.trajectory.direction
    off = np.subtract(point_mm, placement.trajectory.target_mm)
    off -= (off @ axis) * axis
    length = float(np.linalg.norm(off))
    return off / length if length >= OFF_AXIS_MM else placement.facing()


def hazard(
    metrics: Sequence[Mapping[str, Any]], placement: Placement, number: int
) -> Hazard | None:
    """Of what was measured in mm beside one placement the broken, the least good, the smallest."""
    rows = [
        one
        for one in metrics
        if one["placement"] == number
        and one["unit"] == "mm"
        and one["point_mm"]
        and one["structure"]
        and one["grade"] is not None
        and one["weight"] > 0
        and _off_axis_mm(placement, one["point_mm"]) >= OFF_AXIS_MM
    ]
    if not rows:
        return None
    worst = min(rows, key=lambda one: (one["status"] != "rejected", one["grade"], one["value"]))
    return Hazard(
        point_mm=point(worst["point_mm"]),
        title=worst["title"],
        value_mm=worst["value"],
        structure=worst["structure"],
    )


def _off_axis_mm(placement: Placement, point_mm: Sequence[float]) -> float:
    axis = placement.trajectory.direction
    off = np.subtract(point_mm, placement.trajectory.target_mm)
    return math.sqrt(max(float(off @ off - (off @ axis) ** 2), 0.0))
