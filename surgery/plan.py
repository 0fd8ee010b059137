"""A plan: which devices go where, along straight lines in RAS millimetres.

The file that holds one is described in docs/plans.md and docs/plan.schema.json;
surgery/plan_file.py reads it.
"""

import hashlib
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from anatomy.errors import GeometryError, TwinError
from anatomy.geometry import Floats, FrameId, Point, point
from surgery.delivery import delivery
from surgery.device import Device, device

FORMAT, VERSION = "theatrum-plan", 1
SHORTEST_MM, LONGEST_MM = 1.0, 1000.0
FINEST_MM = 0.001
NAME, DIGEST = re.compile(r"[a-z][a-z0-9_]*"), re.compile(r"[0-9a-f]{64}")


class PlanError(TwinError, ValueError):
    """A plan that cannot exist, or a file that holds none."""

    code = "surgery.plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trajectory:
    """A straight path into the body. Invariants: finite, from 1 to 1000 mm long."""

    entry_mm: Point
    target_mm: Point
    frame: FrameId

    def __post_init__(self) -> None:
        # Adding 0.0 turns -0.0 into 0.0: equal trajectories are written alike.
        for name in ("entry_mm", "target_mm"):
            ends = point([float(v) + 0.0 for v in getattr(self, name)])
            object.__setattr__(self, name, ends)
        if not self.frame:
            raise GeometryError("A trajectory needs the frame that its millimetres are of.")
        if self.length_mm < SHORTEST_MM:
            raise GeometryError(
                f"Entry and target coincide: they lie {self.length_mm:.2f} mm apart, and a "
                f"trajectory needs {SHORTEST_MM:g} mm. Move one of them.",
                entry_mm=self.entry_mm,
            )
        if self.length_mm > LONGEST_MM:
            raise GeometryError(
                f"Entry and target lie more than {LONGEST_MM:g} mm apart, which no body spans. "
                "Coordinates are RAS millimetres.",
                entry_mm=self.entry_mm,
                target_mm=self.target_mm,
            )

    @property
    def length_mm(self) -> float:
        """From entry to target."""
        return math.dist(self.entry_mm, self.target_mm)

    @property
    def direction(self) -> Floats:
        """Unit vector from entry to target, shape (3,)."""
        return np.subtract(self.target_mm, self.entry_mm) / self.length_mm

    def points(self, *, step_mm: float = 0.5) -> Floats:
        """Evenly spaced samples from entry to target [mm], shape (n, 3), both ends included.

        Neighbours lie `step_mm` apart or a little less.
        """
        if not (math.isfinite(step_mm) and step_mm >= FINEST_MM):
            raise GeometryError(
                f"Steps along a line are {FINEST_MM:g} mm or more, not {step_mm:g} mm."
            )
        # A length of whole steps that rounding made a little longer does not get one more point.
        steps = max(math.ceil(self.length_mm / step_mm - 1e-9), 1)
        return np.linspace(self.entry_mm, self.target_mm, steps + 1)

    def moved(
        self, *, entry_mm: Point | None = None, target_mm: Point | None = None
    ) -> "Trajectory":
        """This one with another entry, another target, or both."""
        return replace(
            self, entry_mm=entry_mm or self.entry_mm, target_mm=target_mm or self.target_mm
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """A device of the catalogue on a trajectory."""

    device: str
    trajectory: Trajectory
    depth_mm: float = 0.0
    """How far the tip lies beyond the target; negative: short of it."""
    roll_rad: float = 0.0
    """Turn about entry to target, right-handed, from where the marker faces Anterior."""

    def __post_init__(self) -> None:
        device(self.device)
        for name in ("depth_mm", "roll_rad"):
            value = float(getattr(self, name)) + 0.0
            if not math.isfinite(value):
                raise GeometryError(f"The {name} of {self.device} must be a finite number.")
            object.__setattr__(self, name, value)

    @property
    def made_of(self) -> Device:
        """The device itself."""
        return device(self.device)

    @property
    def tip_mm(self) -> Point:
        """Target plus depth along the direction, RAS [mm]."""
        way = self.trajectory
        share = self.depth_mm / way.length_mm
        ends = zip(way.entry_mm, way.target_mm, strict=True)
        return point([target + share * (target - entry) for entry, target in ends])

    def at_mm(self, behind_tip_mm: Sequence[float] | Floats) -> Floats:
        """Points on the axis, shape (n, 3), RAS [mm], for n distances behind the tip."""
        along = self.depth_mm - np.asarray(behind_tip_mm, dtype=float)
        return np.add(self.trajectory.target_mm, along[:, None] * self.trajectory.direction)

    def facing(self, facing_deg: float = 0.0) -> Floats:
        """Unit vector, shape (3,), across the axis: where a contact that faces so looks.

        With no roll the marker faces Anterior, made square to the axis; on an axis within 8
        degrees of that, Superior (house value, so that the marker is never undefined).
        """
        axis = self.trajectory.direction
        ahead = np.array((0.0, 0.0, 1.0) if abs(axis[1]) > 0.99 else (0.0, 1.0, 0.0))
        marker = ahead - (ahead @ axis) * axis
        marker /= np.linalg.norm(marker)
        turn = self.roll_rad + math.radians(facing_deg)
        return marker * math.cos(turn) + np.cross(axis, marker) * math.sin(turn)

    def moved(
        self,
        *,
        entry_mm: Point | None = None,
        target_mm: Point | None = None,
        depth_mm: float | None = None,
        roll_rad: float | None = None,
    ) -> "Placement":
        """This one with what is given put in the place of what it had."""
        return replace(
            self,
            trajectory=self.trajectory.moved(entry_mm=entry_mm, target_mm=target_mm),
            depth_mm=self.depth_mm if depth_mm is None else depth_mm,
            roll_rad=self.roll_rad if roll_rad is None else roll_rad,
        )

    def wire(self) -> dict[str, Any]:
        """JSON-ready; the frame is the plan's."""
        return {
            "device": self.device,
            "entry_mm": list(self.trajectory.entry_mm),
            "target_mm": list(self.trajectory.target_mm),
            "depth_mm": self.depth_mm,
            "roll_rad": self.roll_rad,
        }


def contact_points_mm(placement: Placement) -> Floats:
    """Centres of the device's contacts on its axis, shape (n, 3), RAS [mm], from the tip on."""
    return placement.at_mm(placement.made_of.contact_centres_mm)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Placements of one procedure in one anatomy, and who decided them. A change is a new `rev`."""

    id: str
    procedure: str
    anatomy: str
    """Digest of the anatomy that it was made on."""
    placements: tuple[Placement, ...]
    delivery: str = "frame"
    profile: str = "default"
    """Which set of weights it is scored with."""
    author: str = ""
    rev: int = 1
    parent: str | None = None
    """Digest of the revision before; revision 1 has none."""
    note: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "placements", tuple(self.placements))
        for name in ("id", "anatomy"):
            if not getattr(self, name).strip():
                raise PlanError(f"A plan needs its {name}.")
        for name in ("procedure", "profile"):
            if not NAME.fullmatch(getattr(self, name)):
                raise PlanError(
                    f"The {name} of plan {self.id} is called {getattr(self, name)!r}; "
                    "names are lower-case letters, digits and underscores."
                )
        if not self.placements:
            raise PlanError(f"Plan {self.id} places nothing. Set an entry and a target.")
        frames = {one.trajectory.frame for one in self.placements}
        if len(frames) > 1:
            raise PlanError(
                f"Plan {self.id} mixes the frames {' and '.join(sorted(frames))}. "
                "Put every trajectory in the anatomy's frame.",
                frames=sorted(frames),
            )
        delivery(self.delivery)
        if self.rev < 1 or (self.parent is None) != (self.rev == 1):
            raise PlanError(
                f"Plan {self.id}: revision 1 has no parent and each later one names its own.",
                rev=self.rev,
            )
        if self.parent is not None and not DIGEST.fullmatch(self.parent):
            raise PlanError(f"Plan {self.id}: its parent is not a digest of 64 hex digits.")

    @property
    def frame(self) -> FrameId:
        """The one that all placements are in."""
        return self.placements[0].trajectory.frame

    @property
    def digest(self) -> str:
        """SHA-256 of what is decided: procedure, anatomy, placements; not of who, when or why."""
        decided = {
            "procedure": self.procedure,
            "anatomy": self.anatomy,
            "frame": self.frame,
            "placements": [one.wire() for one in self.placements],
        }
        text = json.dumps(decided, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode("ascii")).hexdigest()

    def moved(
        self,
        index: int,
        *,
        entry_mm: Point | None = None,
        target_mm: Point | None = None,
        depth_mm: float | None = None,
        roll_rad: float | None = None,
    ) -> "Plan":
        """The next revision, with placement `index` (from 0) moved and this one as its parent."""
        if not 0 <= index < len(self.placements):
            raise PlanError(
                f"Plan {self.id} has {len(self.placements)} placements and none numbered {index}."
            )
        changed = self.placements[index].moved(
            entry_mm=entry_mm, target_mm=target_mm, depth_mm=depth_mm, roll_rad=roll_rad
        )
        placements = (*self.placements[:index], changed, *self.placements[index + 1 :])
        return replace(self, placements=placements, rev=self.rev + 1, parent=self.digest)

    def wire(self) -> dict[str, Any]:
        """JSON-ready, as docs/plan.schema.json describes it."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "id": self.id,
            "rev": self.rev,
            "parent": self.parent,
            "procedure": self.procedure,
            "anatomy": self.anatomy,
            "frame": self.frame,
            "placements": [one.wire() for one in self.placements],
            "delivery": self.delivery,
            "profile": self.profile,
            "author": self.author,
            "note": self.note,
        }
