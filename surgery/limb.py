"""A long bone as an osteotomy sees it: which way is far, which way it is to go, how it bends."""

from dataclasses import dataclass

import numpy as np

from anatomy.errors import GeometryError
from anatomy.geometry import Floats, moved, point
from anatomy.structure import Structure
from surgery import osteotomy
from surgery.osteotomy import Correction, Cut, OsteotomyError
from surgery.plan import PlanError

STATIONS = 41
"""docs/evidence.md#osteotomy-search"""
LYING = 0.5
"""House value: a bone that rises by less than this share of its length lies level."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Limb:
    """A long bone's directions: `distal` along it, `towards` where its far part is to go."""

    bone: Structure
    distal: Floats
    towards: Floats
    ends_mm: tuple[float, float]
    """Where it begins and ends along `distal`."""
    line: Floats
    """Centres of its sections (n, 3), from the near end to the far one."""

    @property
    def axis(self) -> Floats:
        """The axis about which a right-handed turn brings the far part `towards`."""
        return np.cross(self.distal, self.towards)


def limb_of(bone: Structure, word: str) -> Limb:
    """The bone's directions; far is down, or to the side where the bone lies level."""
    vertices = bone.surfaces["fine"].vertices_mm.astype(float)
    middle = vertices.mean(axis=0)
    distal: Floats = np.linalg.svd(vertices - middle, full_matrices=False)[2][0]
    side = {"left": -1.0, "right": 1.0}.get(bone.side or "", 0.0)
    level = abs(float(distal[2])) < LYING
    if (float(distal[0]) * (side or 1.0) if level else -float(distal[2])) < 0:
        distal = -distal
    lateral = np.array([side, 0.0, 0.0])
    if word in ("varus", "valgus") and not side:
        raise PlanError(
            f"{bone.title} has no side, so varus and valgus mean nothing in it. Name the side in "
            "the label map's key, such as femur_left."
        )
    ahead = np.array([0.0, 1.0, 0.0])
    towards = {"valgus": lateral, "varus": -lateral, "extension": ahead, "flexion": -ahead}[word]
    towards = towards - (towards @ distal) * distal
    if np.linalg.norm(towards) < 0.3:
        raise PlanError(f"{bone.title} lies along the direction of a {word} correction.")
    along = vertices @ distal
    return Limb(
        bone=bone, distal=distal, towards=towards / np.linalg.norm(towards),
        ends_mm=(float(along.min()), float(along.max())), line=_line(bone, distal),
    )  # fmt: skip


def _line(bone: Structure, distal: Floats) -> Floats:
    """Centres of sections square to the bone, those of its ends left out, (n, 3)."""
    surface = bone.surfaces["coarse"]
    along = surface.vertices_mm.astype(float) @ distal
    low, high = along.min(), along.max()
    centres = []
    for share in np.linspace(0.05, 0.95, STATIONS):
        cut = Cut(point_mm=point((low + share * (high - low)) * distal), normal=point(distal))
        try:
            centres.append(centroid(osteotomy.outlines(surface, cut), distal)[0])
        except OsteotomyError:
            continue
    if len(centres) < STATIONS // 2:
        raise GeometryError(f"{bone.title} has no sections across its length to plan on.")
    return np.array(centres)


def centroid(outlines: tuple[Floats, ...], normal: Floats) -> tuple[Floats, float]:
    """Centroid and area [mm2] of a flat section with outlines right-handed about its normal."""
    total, area = np.zeros(3), 0.0
    for outline in outlines:
        first = outline[0]
        a, b = outline - first, np.roll(outline, -1, axis=0) - first
        parts = np.cross(a, b) @ normal / 2
        total += (parts[:, None] * (first + (a + b) / 3)).sum(axis=0)
        area += float(parts.sum())
    return total / area, area


def bow(limb: Limb, cut: Cut | None = None, correction: Correction | None = None) -> float:
    """How far the centre line bends off the straight line between its ends [mm].

    As it is, or with what lies beyond the cut moved by the correction.
    """
    line = limb.line
    if cut is not None and correction is not None:
        beyond = (line - cut.point_mm) @ np.array(cut.normal) > 0
        line = np.where(beyond[:, None], moved(line, correction.matrix), line)
    chord = line[-1] - line[0]
    chord = chord / np.linalg.norm(chord)
    return float(np.linalg.norm(np.cross(line - line[0], chord), axis=1).max())
