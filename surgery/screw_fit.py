"""One screw fitted into one pedicle: moved until the bone around its thread is thickest."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from anatomy.geometry import Floats, point
from surgery import pedicle, screw
from surgery.delivery import delivery
from surgery.device import Device
from surgery.pedicle import Side
from surgery.plan import Placement, Trajectory
from surgery.scene import Scene
from surgery.spacing import between
from surgery.tolerance import COUNT, Scatter, chance, copies

APART_MM = 1.0
"""House value: what two screws of one vertebra leave between their threads."""
LOOK_MM = 12.0
"""How far before a first guess the bone's surface may lie."""
FINEST_MM = 0.1
"""The step of the last lattice."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Option:
    """One screw in one pedicle, measured on the exact surface."""

    placement: Placement
    breach: screw.Breach
    medial_deg: float
    """Towards the midline, of straight ahead."""
    caudal_deg: float
    """Downwards, of level."""

    @property
    def size(self) -> tuple[float, float]:
        """Radius and length [mm]: wider is better, then longer."""
        made = self.placement.made_of
        return made.radius_mm, made.length_mm

    def clear_of(self, other: "Option") -> bool:
        """True where the two threads leave APART_MM between them."""
        ways = [
            (one.placement.trajectory.entry_mm, one.placement.trajectory.target_mm)
            for one in (self, other)
        ]
        return between(*ways)[0] >= self.size[0] + other.size[0] + APART_MM


def fitted(
    scene: Scene, where: pedicle.Vertebra, made: Device, side: Side, first: tuple[Floats, Floats]
) -> Option | None:
    """The screw with the least breach about a first way, its head on the bone, a driver's width
    clear behind it; None where there is none.

    Shifts across and tilts of the axis are tried on a lattice of 3 to the 4th about the best so
    far, which is halved when its middle wins. Each screw tried begins where its axis enters bone.
    """
    entry, way = first
    side_way = np.cross(way, np.eye(3)[np.argmin(np.abs(way))])
    side_way /= np.linalg.norm(side_way)
    across = np.stack([side_way, np.cross(way, side_way)])
    limit = np.array([screw.REACH_MM] * 2 + [math.tan(math.radians(screw.TILT_DEG))] * 2)
    stencil = np.array(sorted(np.ndindex(3, 3, 3, 3), key=_from_middle), dtype=float) - 1
    middle, step, best = np.zeros(4), limit / 2, math.inf
    found: tuple[Floats, Floats] | None = None
    while step[0] > FINEST_MM:
        tried = middle + stencil * step
        tried = tried[(np.abs(tried) <= limit + 1e-9).all(axis=1)]
        ways = way + tried[:, 2:] @ across
        ways /= np.linalg.norm(ways, axis=1)[:, None]
        entries, out = breaches(where, made, entry + tried[:, :2] @ across, ways)
        better = (n for n in np.argsort(out, kind="stable") if out[n] < best - screw.CERTAIN_MM)
        won = next((n for n in better if pedicle.reachable(
            scene, where, entries[n : n + 1], ways[n : n + 1]
        ).all()), None)  # fmt: skip
        if won is None:
            step = step / 2
        else:
            best, middle, found = float(out[won]), tried[won], (entries[won], ways[won])
    return None if found is None else _option(scene, where, made, side, *found)


def _from_middle(place: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    return sum((n - 1) ** 2 for n in place), place


def breaches(
    where: pedicle.Vertebra, made: Device, starts: Floats, ways: Floats
) -> tuple[Floats, Floats]:
    """Where axes (n, 3) enter the bone about their starts, and the breach (n,) from there on [mm];
    infinite where they are not in bone at half the screw's length."""
    length, radius = made.length_mm, made.radius_mm
    along = np.arange(-LOOK_MM, length + LOOK_MM, screw.STEP_MM)
    points = starts[:, None] + along[None, :, None] * ways[:, None]
    distances = where.field.sample(points.reshape(-1, 3)).reshape(len(starts), len(along))
    depths = -np.nan_to_num(distances, nan=1e3)
    before = (depths <= 0) & (along < length / 2)
    last = len(along) - 1 - np.argmax(before[:, ::-1], axis=1)
    into = along[np.minimum(last + 1, len(along) - 1)]
    held = before.any(axis=1) & (depths[:, np.searchsorted(along, length / 2)] > 0)
    counted = (along >= into[:, None] + 2 * radius) & (along <= into[:, None] + length)
    out = radius - np.where(counted, depths, np.inf).min(axis=1)
    return starts + into[:, None] * ways, np.where(held, out, np.inf)


def _option(
    scene: Scene, where: pedicle.Vertebra, made: Device, side: Side, entry: Floats, way: Floats
) -> Option:
    """The screw measured on the exact surface, its head where its axis enters the bone."""
    frame = where.bone.frame
    line = Trajectory(
        entry_mm=point(entry - LOOK_MM * way), target_mm=point(entry + made.length_mm * way),
        frame=frame,
    )  # fmt: skip
    inside = scene.shell(where.bone.id).inside(line)
    held = [a for a, b in inside if a <= LOOK_MM + made.length_mm / 2 <= b]
    head = entry + ((held[0] if held else LOOK_MM) - LOOK_MM) * way
    axis = Trajectory(
        entry_mm=point(head), target_mm=point(head + made.length_mm * way), frame=frame
    )

    def depth(points: Floats) -> Floats:
        return scene.depths(where.bone.id, axis, (points - axis.entry_mm) @ axis.direction)

    on_bone = screw.Screw(entry_mm=axis.entry_mm, tip_mm=axis.target_mm, radius_mm=made.radius_mm)
    inward = where.left if side == "right" else -where.left
    ahead = float(axis.direction @ -where.back)
    return Option(
        placement=Placement(device=made.id, trajectory=axis),
        breach=screw.breach(depth, on_bone, from_mm=pedicle_from(made)),
        medial_deg=math.degrees(math.atan2(float(axis.direction @ inward), ahead)),
        caudal_deg=math.degrees(math.asin(max(min(-float(axis.direction[2]), 1.0), -1.0))),
    )


def delivered(where: pedicle.Vertebra, option: Option, *, by: str, seed: int) -> dict[str, Any]:
    """What becomes of a screw that is brought in COUNT times by a way of delivery, JSON-ready.

    Shares of grade A and of A or B, read from the distance field; each head lies on the bone.
    """
    way, made = option.placement.trajectory, option.placement.made_of
    starts, tips = copies(
        np.array(way.entry_mm), np.array(way.target_mm), scatter=Scatter.of(delivery(by)),
        count=COUNT, seed=seed,
    )  # fmt: skip
    ways = (tips - starts) / np.linalg.norm(tips - starts, axis=1)[:, None]
    _, out = breaches(where, made, starts, ways)
    acceptable = dict(screw.GRADES)["B"]
    return {
        "count": COUNT,
        "seed": seed,
        "delivery": by,
        "grade_a": asdict(chance(out <= 0)),
        "grade_a_or_b": asdict(chance(out < acceptable)),
    }


def pedicle_from(made: Device) -> float:
    """How far behind the head a screw must be inside: before, it has to break the surface [mm]."""
    return min(2 * made.radius_mm, made.length_mm - 1.0)
