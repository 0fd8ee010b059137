"""Where to cut a long bone for a correction asked: level, tilt, hinge, and the wedge it takes."""

import math
import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from anatomy.geometry import Point, moved, point
from anatomy.structure import Structure
from anatomy.surface import Surface
from anatomy.terms import split
from surgery import osteotomy
from surgery.assess import assess
from surgery.device import Device
from surgery.limb import Limb, bow, centroid, limb_of
from surgery.offer import ORDER, Offer, Offers, Request, found_or_told
from surgery.osteotomy import Correction, Cut, OsteotomyError
from surgery.plan import Placement, PlanError, Trajectory
from surgery.scene import NOWHERE, Scene

Kind = Literal["opening", "closing"]

BONES = ("bone", "femur", "tibia", "fibula", "humerus", "clavicle")
WORDS = ("varus", "valgus", "flexion", "extension")
MOST_DEG = 45.0
SPAN, LEVELS = (0.12, 0.88), 39
"""docs/evidence.md#osteotomy-search: where a bone is cut, as shares of its length."""
TILTS_DEG = (-30.0, -20.0, -10.0, 0.0, 10.0, 20.0, 30.0)
ALIKE_MM = 0.5
"""docs/evidence.md#osteotomy-search: bows that differ by less count as the same."""
APART_MM = 10.0
"""House value: what the levels of two plans of one kind are apart."""
OUTSIDE_MM = 30.0
"""House value: how far outside the bone the path of a saw begins."""
SPARE_MM = 2.0
"""docs/evidence.md#saw-reach"""


@dataclass(frozen=True, eq=False, kw_only=True)
class Candidate:
    """One cut with its hinge; `wedge_mm3` by the section's area, exact for a flat face."""

    kind: Kind
    level_mm: float
    """Along the bone from its near end."""
    tilt_deg: float
    cut: Cut
    correction: Correction
    wedge_mm3: float
    bow_mm: float
    depth_mm: float
    """Of the section, along the saw."""


def asked(correction: str) -> tuple[str, float]:
    """Word and degrees of a correction such as `valgus:8`; raises PlanError."""
    found = re.fullmatch(rf"({'|'.join(WORDS)}):(\d+(?:\.\d+)?)", correction.strip().lower())
    if not found or not 0 < float(found[2]) <= MOST_DEG:
        given = f", not {correction!r}" if correction else ""
        raise PlanError(
            f"Say which correction the bone needs, as --correction valgus:8{given}: varus, valgus, "
            f"flexion or extension of its far part, up to {MOST_DEG:g} degrees."
        )
    return found[1], float(found[2])


def propose(scene: Scene, request: Request) -> Offers:
    """Cuts of one bone, opening and closing, at every level or at the one given.

    Best is what leaves the bone's centre line straightest; of cuts that do so alike, the one with
    the smallest wedge.
    """
    word, degrees = asked(request.correction)
    if len(request.targets) != 1:
        raise PlanError("One bone is cut at a time: give one target.")
    target = request.targets[0]
    bone = _bone(scene, target)
    limb = limb_of(bone, word)
    levels = _levels(limb, target)
    coarse = bone.surfaces["coarse"]
    tried = [
        one
        for level in levels
        for tilt in TILTS_DEG
        for one in _candidates(coarse, limb, level, tilt, degrees)
    ]
    if not tried:
        raise PlanError(f"No plane across {bone.title} cuts one closed outline there. Move it.")
    reached = [one for one in tried if _blade(request, one) is not None]
    best_mm = min((one.bow_mm for one in reached), default=0.0)
    reached.sort(
        key=lambda one: (
            math.floor(max(one.bow_mm - best_mm, 0.0) / ALIKE_MM), one.wedge_mm3,
            abs(one.tilt_deg), one.kind, one.level_mm,
        )
    )  # fmt: skip
    offers = [
        _offer(scene, request, limb, word, one, number)
        for number, one in enumerate(_apart(reached, request.top), 1)
    ]
    kept = [one for one in offers if one.assessment.verdict != "rejected"]
    kept.sort(key=lambda one: ORDER[one.assessment.verdict])
    return Offers(
        examined=len(tried),
        feasible=len(reached),
        offers=tuple(kept),
        rejected={"saw_reach": len(tried) - len(reached)} if len(reached) < len(tried) else {},
        turned_down=len(offers) - len(kept),
        binding=None if kept else _binding(request, tried, offers),
    )


def _bone(scene: Scene, target: str | Point) -> Structure:
    if isinstance(target, str):
        bone = found_or_told(scene, target)[0]
    else:
        label = scene.label_at(target)
        if label == NOWHERE:
            raise PlanError("The target lies in no bone. Set it into the bone, at the level.")
        bone = scene.anatomy[label]
    if split(bone.id)[0].id not in BONES:
        raise PlanError(
            f"{bone.title} is no long bone: an osteotomy is planned in {', '.join(BONES[1:])}."
        )
    return bone


def _levels(limb: Limb, target: str | Point) -> list[float]:
    """Places along `distal` at which to cut: that of a point, or all within SPAN."""
    low, high = limb.ends_mm
    if not isinstance(target, str):
        return [float(np.array(target) @ limb.distal)]
    first, last = (low + share * (high - low) for share in SPAN)
    return np.linspace(first, last, LEVELS).tolist()


def _candidates(
    surface: Surface, limb: Limb, level: float, tilt: float, degrees: float
) -> list[Candidate]:
    """The opening and the closing wedge of one plane; none where it does not cut the bone."""
    lean = math.radians(tilt)
    normal = math.cos(lean) * limb.distal + math.sin(lean) * limb.towards
    station = int(np.argmin(np.abs(limb.line @ limb.distal - level)))
    through = limb.line[station] + (level - float(limb.line[station] @ limb.distal)) * limb.distal
    cut = Cut(point_mm=point(through), normal=point(normal))
    try:
        outlines = osteotomy.outlines(surface, cut)
    except OsteotomyError:
        return []
    if sum(centroid((one,), normal)[1] > 0 for one in outlines) != 1:
        return []
    centre, area = centroid(outlines, normal)
    across = math.cos(lean) * limb.towards - math.sin(lean) * limb.distal
    corners = np.concatenate(outlines)
    reach = (corners - centre) @ across
    made: list[Candidate] = []
    for kind, edge in (("opening", float(reach.max())), ("closing", float(reach.min()))):
        hinge = centre + edge * across
        correction = Correction(hinge_mm=point(hinge), axis=point(limb.axis), angle_deg=degrees)
        made.append(
            Candidate(
                kind="opening" if kind == "opening" else "closing",
                level_mm=level - limb.ends_mm[0], tilt_deg=tilt, correction=correction,
                cut=Cut(point_mm=point(centre), normal=point(normal)),
                wedge_mm3=area * abs(edge) * math.sin(math.radians(degrees)),
                bow_mm=bow(limb, cut, correction), depth_mm=float(np.ptp(reach)),
            )
        )  # fmt: skip
    return made


def _blade(request: Request, one: Candidate) -> Device | None:
    """The shortest blade that reaches through the section; None where none does."""
    fit = [d for d in request.devices if d.length_mm >= one.depth_mm + SPARE_MM]
    return min(fit, key=lambda made: (made.length_mm, made.id), default=None)


def _apart(sorted_: list[Candidate], most: int) -> list[Candidate]:
    """The best ones, each of another kind or APART_MM along the bone from those before."""
    chosen: list[Candidate] = []
    for one in sorted_:
        if len(chosen) == most:
            break
        if all(
            one.kind != other.kind or abs(one.level_mm - other.level_mm) >= APART_MM
            for other in chosen
        ):
            chosen.append(one)
    return chosen


def _offer(
    scene: Scene, request: Request, limb: Limb, word: str, one: Candidate, number: int
) -> Offer:
    """The plan of one candidate: each cut face is a placement of the saw."""
    made = _blade(request, one)
    if made is None:
        raise PlanError("No blade of the catalogue reaches through the bone.")
    placements = [_placed(limb, one, one.cut, made)]
    if one.kind == "closing":
        back = Correction(
            hinge_mm=one.correction.hinge_mm, axis=one.correction.axis,
            angle_deg=-one.correction.angle_deg,
        ).matrix  # fmt: skip
        # The second face is where the first one comes to lie: the far bone between them goes.
        second = Cut(
            point_mm=point(moved(one.cut.point_mm, back)),
            normal=point(back[:3, :3] @ one.cut.normal),
        )
        placements.append(_placed(limb, one, second, made))
    plan = request.plan(scene, placements, number=number)
    parts = osteotomy.divided(limb.bone.surfaces["fine"], one.cut)
    after = osteotomy.corrected(parts, one.correction)
    gap, overlap = (after.widest, after.opening), (after.deepest, after.closing)
    height, volume = gap if one.kind == "opening" else overlap
    facts = {
        "kind": one.kind,
        "correction": f"{word}:{one.correction.angle_deg:g}",
        "structure": limb.bone.id,
        "level_mm": one.level_mm,
        "tilt_deg": one.tilt_deg,
        "cut": {"point_mm": one.cut.point_mm, "normal": one.cut.normal},
        "hinge_mm": one.correction.hinge_mm,
        "axis": one.correction.axis,
        "angle_deg": one.correction.angle_deg,
        "wedge_height_mm": height.value,
        "wedge_ml": volume.value / 1000,
        "gap_ml": after.opening.value / 1000,
        "removed_ml": after.closing.value / 1000,
        "section_mm2": parts.section.value,
        "bow_before_mm": bow(limb),
        "bow_after_mm": one.bow_mm,
    }
    what = "to fill" if one.kind == "opening" else "to remove"
    words = (
        f"{one.kind.capitalize()} wedge of {one.correction.angle_deg:g} degrees {word}, "
        f"{one.level_mm:.0f} mm from the near end of {limb.bone.title}, cut tilted by "
        f"{abs(one.tilt_deg):g} degrees: {height.value:.1f} mm high at its base, "
        f"{volume.value / 1000:.2f} mL {what}.",
        f"The bone's centre line bends {one.bow_mm:.1f} mm off straight afterwards, "
        f"{bow(limb):.1f} mm before.",
    )
    judged = assess(scene, plan, seed=request.seed)
    return Offer(plan=plan, assessment=judged, words=words, facts=facts)


def _placed(limb: Limb, one: Candidate, cut: Cut, made: Device) -> Placement:
    """The saw in a cut, from the wedge's base towards the hinge, its marker square to the plane."""
    normal = np.array(cut.normal)
    inward = np.cross(limb.axis, normal)
    inward = (
        inward if (np.subtract(one.correction.hinge_mm, cut.point_mm) @ inward) > 0 else -inward
    )
    entry = np.subtract(cut.point_mm, (one.depth_mm / 2 + OUTSIDE_MM) * inward)
    way = Trajectory(entry_mm=point(entry), target_mm=cut.point_mm, frame=limb.bone.frame)
    plain = Placement(device=made.id, trajectory=way)
    marker, aside = plain.facing(0.0), plain.facing(90.0)
    turn = math.atan2(float(normal @ aside), float(normal @ marker)) - math.pi / 2
    return plain.moved(roll_rad=math.remainder(turn, 2 * math.pi))


def _binding(request: Request, tried: list[Candidate], offers: list[Offer]) -> str:
    if offers:
        return offers[0].assessment.sentence
    least = min(one.depth_mm for one in tried)
    longest = max(one.length_mm for one in request.devices)
    return (
        f"No blade reaches through the bone: it is {least:.0f} mm deep at least, the longest blade "
        f"cuts {longest:.0f} mm and {SPARE_MM:g} mm are to spare."
    )
