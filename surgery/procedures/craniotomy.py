"""Craniotomy for an intracranial lesion: a round flap about the axis of approach.

The placement's entry and target are that axis; its device is what opens the bone. What is then
taken out of the lesion is followed stroke by stroke (`surgery.resection`).
"""

import numpy as np

from anatomy.errors import GeometryError
from anatomy.geometry import Floats, Point, point
from surgery import questions
from surgery.flap import Flap, flap
from surgery.plan import Placement
from surgery.procedure import Procedure
from surgery.scene import STEP_MM, Scene
from surgery.score import Limit, Metric, Reading

RADIUS_MM = 20.0
"""docs/evidence.md#lesion-under-flap"""
POINTS = 64
"""A ring of so many points rings the area of its circle but for 0.2 %."""


def ring_mm(placement: Placement) -> list[Point]:
    """The flap's line: points on a circle of RADIUS_MM about the axis, at the entry [mm, RAS]."""
    ahead = placement.facing(0.0)
    aside = placement.facing(90.0)
    turns = np.linspace(0, 2 * np.pi, POINTS, endpoint=False)[:, None]
    ring = RADIUS_MM * (np.cos(turns) * ahead + np.sin(turns) * aside)
    return [point(one) for one in placement.trajectory.entry_mm + ring]


def opened(scene: Scene, placement: Placement) -> Flap:
    """The bone that comes off."""
    skull = scene.find("skull")[0]
    return flap(ring_mm(placement), skull.surfaces["fine"], title=skull.title)


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
    """Share of the lesions' voxels that lie no further from the axis than the flap's edge."""
    places = _lesion_mm(scene)
    from_entry = places - placement.trajectory.entry_mm
    aside = np.linalg.norm(np.cross(from_entry, placement.trajectory.direction), axis=1)
    worst = int(aside.argmax())
    return Reading(
        value=float((aside <= RADIUS_MM).mean()),
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
    inside = np.flatnonzero(scene.depths("lesion", way, along) <= 0)
    if not len(inside):
        raise GeometryError("the axis of approach meets no lesion")
    place = point(np.add(way.entry_mm, along[inside[0]] * way.direction))
    return Reading(
        value=float(along[inside[0]] - into.along_mm),
        point_mm=place,
        structure=scene.label_at(place),
        least=0.0,
    )


def _lesion_mm(scene: Scene) -> Floats:
    """Centres of all voxels of lesions [mm, RAS]."""
    labelmap = scene.labelmap
    masks = [labelmap.mask(one.id) for one in scene.find("lesion")]
    return labelmap.grid.ras(np.argwhere(np.any(masks, axis=0)))


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
DEPTH = Metric(
    id="lesion_depth",
    title="Depth of the lesion under the brain's surface",
    unit="mm",
    limit=Limit(),
    weight=0.0,
    source=questions.EVIDENCE + "lesion-depth",
    needs=("brain", "lesion"),
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
        DEPTH,
    ),
    steps=("incision", "drill", "dura", "advance"),
    lesson="Open where the lesion lies shallow and nothing that matters lies above it; what is "
    "left behind in millilitres counts, not the percentage that is gone.",
    references=("Karschnia 2023, doi:10.1093/neuonc/noac193 (residual volume and classes)",),
)
