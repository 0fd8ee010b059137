"""A place as stereotactic surgeons say it: AC-PC coordinates, and a Leksell-type arc, both ways.

Formulas, axes and sources: docs/evidence.md#ac-pc and #leksell-arc. A real frame sits where it was
mounted and scanned; the one here is nominal, so nothing of it is for use on a patient.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from anatomy.errors import TwinError
from anatomy.geometry import Floats, Point, point

SHORTEST_MM, LONGEST_MM = 15.0, 40.0
"""House values: of the distance AC to PC; a head has about 19 to 32 mm."""
ASIDE_MM = 20.0
"""House value: a mid-sagittal point nearer to the line through AC and PC than this tells the roll
too badly: 1 mm beside the plane turns it by 3 degrees, which is 1 mm at a target."""
CENTRE = np.array((100.0, 100.0, 100.0))
"""The middle of a Leksell frame in its own coordinates [mm]."""
AXES = np.array((-1.0, 1.0, -1.0))
"""Its X grows to the left, Y to anterior, Z to inferior: RAS times this."""


class StereotaxyError(TwinError, ValueError):
    """Landmarks that cannot lie so in a head, or a setting that no arc has."""

    code = "surgery.stereotaxy"


@dataclass(frozen=True, kw_only=True)
class Landmarks:
    """The commissures and a third point of the mid-sagittal plane, RAS [mm]: AC-PC space.

    Its origin lies halfway between AC and PC; x runs to the right, y to anterior along PC to AC, z
    to superior within the mid-sagittal plane. Raises StereotaxyError where no head lies so.
    """

    ac_mm: Point
    pc_mm: Point
    mid_mm: Point
    estimated: bool = False
    """From an atlas, not set by a person."""

    def __post_init__(self) -> None:
        for name in ("ac_mm", "pc_mm", "mid_mm"):
            object.__setattr__(self, name, point(getattr(self, name)))
        if not SHORTEST_MM <= self.length_mm <= LONGEST_MM:
            raise StereotaxyError(
                f"AC and PC lie {self.length_mm:.1f} mm apart; in a head it is about 19 to 32 mm. "
                "Set them again."
            )
        if self.ac_mm[1] <= self.pc_mm[1]:
            raise StereotaxyError("AC lies behind PC. Exchange them.")
        forward = np.subtract(self.ac_mm, self.pc_mm) / self.length_mm
        across = np.cross(forward, np.subtract(self.mid_mm, self.ac_mm))
        aside_mm = float(np.linalg.norm(across))
        if aside_mm < ASIDE_MM:
            raise StereotaxyError(
                f"The mid-sagittal point lies {aside_mm:.1f} mm from the line through AC and PC. "
                f"Set it {ASIDE_MM:g} mm away or more, such as in the falx at the vertex."
            )
        if abs(across[0]) < aside_mm * math.sqrt(0.5):
            raise StereotaxyError(
                "AC, PC and the mid-sagittal point make a plane that does not part left from "
                "right. Set the point in the midline."
            )

    @property
    def length_mm(self) -> float:
        """From AC to PC."""
        return math.dist(self.ac_mm, self.pc_mm)

    @property
    def origin_mm(self) -> Point:
        """The mid-commissural point, RAS."""
        return point(np.add(self.ac_mm, self.pc_mm) / 2)

    @cached_property
    def axes(self) -> Floats:
        """Rows x, y, z as unit vectors in RAS, right-handed, shape (3, 3)."""
        forward = np.subtract(self.ac_mm, self.pc_mm) / self.length_mm
        right = np.cross(forward, np.subtract(self.mid_mm, self.ac_mm))
        right *= math.copysign(1.0, right[0]) / np.linalg.norm(right)
        return np.array((right, forward, np.cross(right, forward)))

    def acpc(self, ras_mm: Point) -> Point:
        """AC-PC coordinates [mm] of a place in RAS."""
        return point(self.axes @ np.subtract(ras_mm, self.origin_mm))

    def ras(self, acpc_mm: Point) -> Point:
        """The place in RAS [mm] of AC-PC coordinates."""
        return point(np.add(self.origin_mm, np.asarray(acpc_mm) @ self.axes))

    def wire(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "ac_mm": list(self.ac_mm),
            "pc_mm": list(self.pc_mm),
            "mid_mm": list(self.mid_mm),
            "estimated": self.estimated,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is set on the frame: the target in its coordinates, both angles, and how deep.

    The arc is mounted lateral right: at arc 0 the instrument comes from the right, at ring 0 from
    anterior and at ring 90 from above; so arc below 90 is on the right.
    """

    target_mm: Point
    arc_deg: float
    """0 to 180, along the arc from the right to the left."""
    ring_deg: float
    """-180 to 180, about the axis through both sides, from anterior over above to behind."""
    depth_mm: float
    """From the entry to the target, along the path."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "target_mm", point(self.target_mm))
        if not (0 <= self.arc_deg <= 180 and -180 <= self.ring_deg <= 180):
            raise StereotaxyError(
                f"No arc goes to {self.arc_deg:g} and no ring to {self.ring_deg:g} degrees: arcs "
                "run from 0 to 180, rings from -180 to 180."
            )
        if not (math.isfinite(self.depth_mm) and self.depth_mm > 0):
            raise StereotaxyError("The depth is the length from entry to target, above 0 mm.")

    def wire(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "target_mm": list(self.target_mm),
            "arc_deg": self.arc_deg,
            "ring_deg": self.ring_deg,
            "depth_mm": self.depth_mm,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Where a Leksell-type frame stands: the place of its CENTRE, and its right, anterior and
    superior as rows of unit vectors, all in RAS."""

    centre_mm: Point
    axes: Floats

    def xyz(self, ras_mm: Point) -> Point:
        """Frame coordinates [mm] of a place in RAS."""
        return point(CENTRE + AXES * (self.axes @ np.subtract(ras_mm, self.centre_mm)))

    def ras(self, xyz_mm: Point) -> Point:
        """The place in RAS [mm] of frame coordinates."""
        return point(np.add(self.centre_mm, (AXES * (np.asarray(xyz_mm) - CENTRE)) @ self.axes))

    def setting(self, entry_mm: Point, target_mm: Point) -> Setting:
        """The setting of a path, RAS [mm]; raises StereotaxyError where it has no length.

        A path along the axis through both sides has any ring; it is given 90.
        """
        depth_mm = math.dist(entry_mm, target_mm)
        if depth_mm == 0:
            raise StereotaxyError("Entry and target coincide, so there is no angle to set.")
        right, ahead, up = self.axes @ np.subtract(entry_mm, target_mm) / depth_mm
        aside = math.hypot(ahead, up)
        return Setting(
            target_mm=self.xyz(target_mm),
            arc_deg=math.degrees(math.atan2(aside, right)),
            ring_deg=math.degrees(math.atan2(up, ahead)) if aside > 1e-9 else 90.0,
            depth_mm=depth_mm,
        )

    def path(self, setting: Setting) -> tuple[Point, Point]:
        """Entry and target of a setting, RAS [mm]."""
        arc, ring = math.radians(setting.arc_deg), math.radians(setting.ring_deg)
        outward = np.array(
            (math.cos(arc), math.sin(arc) * math.cos(ring), math.sin(arc) * math.sin(ring))
        )
        target = self.ras(setting.target_mm)
        return point(np.add(target, setting.depth_mm * outward @ self.axes)), target


def nominal(landmarks: Landmarks) -> Frame:
    """A frame as it would sit at best: along the AC-PC axes, its centre between the commissures."""
    return Frame(centre_mm=landmarks.origin_mm, axes=landmarks.axes)
