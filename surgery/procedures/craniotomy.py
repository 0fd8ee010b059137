"""Craniotomy for an intracranial lesion: a round flap about the axis of approach.

The placement's entry and target are that axis; its device opens the bone, and the corridor to the
lesion is as wide as that. What is then taken out is followed stroke by stroke
(`surgery.resection`, `theatrum resect`).
"""

import numpy as np

from anatomy.errors import GeometryError, TermError
from anatomy.geometry import Floats, Point, point
from surgery import questions
from surgery.flap import Flap, flap
from surgery.plan import Placement
from surgery.procedure import Procedure
from surgery.scene import NOWHERE, STEP_MM, Scene
from surgery.score import Limit, Metric, Reading
from surgery.words import CORE

RADIUS_MM, WIDEST_MM, AROUND_MM = 20.0, 40.0, 5.0
"""docs/evidence.md#lesion-under-flap: least and largest radius, room around the lesion."""
POINTS = 64
"""A ring of so many points rings the area of its circle but for 0.2 %."""


def operated(scene: Scene, target_mm: Point) -> tuple[str, ...]:
    """Ids of what is taken out: of the tumour's core all parts, else the lesion at the target.

    Where that is none, every lesion; without any, the structure at the target. Oedema is not
    resected where there is another lesion.
    """
    held = scene.label_at(target_mm)
    if held in CORE:
        return tuple(one.id for one in scene.find("tumour_core"))
    every = tuple(one.id for one in scene.find("lesion"))
    lesions = tuple(one for one in every if one != "oedema") or every
    if held in lesions or (not lesions and held != NOWHERE):
        return (held,)
    return lesions


def radius_mm(scene: Scene, placement: Placement) -> float:
    """Of the flap: AROUND_MM wider than the lesion lies off the axis, RADIUS_MM to WIDEST_MM."""
    aside, _ = _aside(scene, placement)
    return float(np.clip(aside.max(initial=0.0) + AROUND_MM, RADIUS_MM, WIDEST_MM))


def ring_mm(placement: Placement, radius: float = RADIUS_MM) -> list[Point]:
    """The flap's line: points on a circle of `radius` about the axis, at the entry [mm, RAS]."""
    ahead = placement.facing(0.0)
    aside = placement.facing(90.0)
    turns = np.linspace(0, 2 * np.pi, POINTS, endpoint=False)[:, None]
    ring = radius * (np.cos(turns) * ahead + np.sin(turns) * aside)
    return [point(one) for one in placement.trajectory.entry_mm + ring]


def opened(scene: Scene, placement: Placement) -> Flap:
    """The bone that comes off."""
    skull = scene.find("skull")
    if not skull:
        raise TermError("no skull in this twin")
    line = ring_mm(placement, radius_mm(scene, placement))
    return flap(line, skull[0].surfaces["fine"], title=skull[0].title)


def bone_area(scene: Scene, placement: Placement) -> Reading:
    """Outer surface of the freed bone [mm2]."""
    skull = scene.find("skull")[0]
    into = scene.crossing("skull", placement.trajectory)
    return Reading(
        value=opened(scene, placement).outer_mm2,
        point_mm=into[0].point_mm if into else None,
        structure=skull.id,
        least=0.0,
        note="The skull is estimated, not seen." if skull.origin == "estimated" else "",
    )


def lesion_under_flap(scene: Scene, placement: Placement) -> Reading:
    """Share of the lesion's voxels that lie no further from the axis than the flap's edge."""
    aside, places = _aside(scene, placement)
    worst = int(aside.argmax())
    return Reading(
        value=float((aside <= radius_mm(scene, placement)).mean()),
        point_mm=point(places[worst]),
        structure=scene.label_at(point(places[worst])),
        least=0.0,
    )


def lesion_depth(scene: Scene, placement: Placement) -> Reading:
    """From where the axis enters the brain to where it meets the lesion [mm]."""
    way = placement.trajectory
    into = next((c for c in scene.crossing("brain", way) if c.enters), None)
    if into is None:
        raise GeometryError("the axis of approach meets no brain")
    along = np.arange(into.along_mm, way.length_mm, STEP_MM)
    ids = operated(scene, way.target_mm)
    depths = np.array([scene.depths(id, way, along) for id in ids])
    inside = np.flatnonzero(depths.min(axis=0) <= 0)
    if not len(inside):
        raise GeometryError("the axis of approach meets no lesion")
    return Reading(
        value=float(along[inside[0]] - into.along_mm),
        point_mm=point(np.add(way.entry_mm, along[inside[0]] * way.direction)),
        structure=ids[int(depths[:, inside[0]].argmin())],
        least=0.0,
    )


def exposed(scene: Scene, placement: Placement) -> Reading:
    """Brain surface under the opening [mm2]: what looks at the entry within the flap's radius."""
    brain = scene.find("brain")[0]
    surface, way = brain.surfaces["fine"], placement.trajectory
    corners = surface.vertices_mm.astype(float)[surface.faces]
    middle = corners.mean(axis=1) - way.entry_mm
    along = middle @ way.direction
    aside = np.linalg.norm(middle - np.outer(along, way.direction), axis=1)
    facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) / 2
    seen = (aside <= radius_mm(scene, placement)) & (facing @ way.direction < 0)
    seen &= along <= way.length_mm
    return Reading(
        value=float(np.linalg.norm(facing[seen], axis=1).sum()),
        structure=brain.id,
        point_mm=point(middle[seen][along[seen].argmin()] + way.entry_mm) if seen.any() else None,
        least=0.0,
    )


def _aside(scene: Scene, placement: Placement) -> tuple[Floats, Floats]:
    """How far each voxel of what is taken out lies off the axis (n,), and where it is (n, 3)."""
    way = placement.trajectory
    ids = operated(scene, way.target_mm)

    def voxels() -> Floats:
        masks = [np.argwhere(scene.labelmap.mask(id)) for id in ids]
        return scene.labelmap.grid.ras(np.concatenate([np.zeros((0, 3)), *masks]))

    places: Floats = scene.once("voxels", " ".join(ids), voxels)
    return np.linalg.norm(np.cross(places - way.entry_mm, way.direction), axis=1), places


FLAP = Metric(
    id="flap_area",
    title="Outer surface of the bone flap",
    unit="mm2",
    limit=Limit(),
    weight=0.0,
    source=questions.EVIDENCE + "craniotomy-flap",
    needs=("skull",),
    measure=bone_area,
    step="drill",
)
UNDER = Metric(
    id="lesion_under_flap",
    title="Share of the lesion under the flap",
    unit="1",
    limit=Limit(good_low=1.0),
    weight=2.0,
    source=questions.EVIDENCE + "lesion-under-flap",
    needs=("lesion",),
    measure=lesion_under_flap,
)
EXPOSED = Metric(
    id="exposed_brain",
    title="Brain surface under the opening",
    unit="mm2",
    limit=Limit(),
    weight=0.0,
    source=questions.EVIDENCE + "lesion-under-flap",
    needs=("brain",),
    measure=exposed,
    step="dura",
)
DEPTH = Metric(
    id="lesion_depth",
    title="Depth of the lesion under the brain's surface",
    unit="mm",
    limit=Limit(),
    weight=0.0,
    source=questions.EVIDENCE + "lesion-depth",
    needs=("lesion",),
    measure=lesion_depth,
)
PROCEDURE = Procedure(
    id="craniotomy",
    title="Craniotomy with resection",
    needs=(*questions.HEAD, "lesion"),
    wants=questions.EXTRA,
    targets=("lesion",),
    devices=("drill",),
    metrics=(
        questions.VESSEL_CLEARANCE,
        questions.VENTRICLE_CLEARANCE,
        questions.ELOQUENT_CLEARANCE,
        FLAP,
        UNDER,
        EXPOSED,
        DEPTH,
    ),
    steps=("incision", "drill", "dura", "advance"),
    lesson="Open where the lesion lies shallow and nothing that matters lies above it; what is "
    "left behind in millilitres counts, not the percentage that is gone.",
    references=("Karschnia 2023, doi:10.1093/neuonc/noac193 (residual volume and classes)",),
)
