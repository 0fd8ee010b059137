"""Pedicle screw: a screw from the arch of a vertebra through its pedicle into the body."""

import numpy as np

from anatomy.errors import GeometryError
from anatomy.geometry import Floats
from anatomy.structure import Structure
from surgery import screw, screw_search
from surgery.plan import Placement, Trajectory
from surgery.procedure import Procedure
from surgery.questions import EVIDENCE
from surgery.scene import Scene
from surgery.score import Limit, Metric, Reading

VERTEBRAE = screw_search.VERTEBRAE
CANAL = ("spinal_canal", "spinal_cord")


def pedicle_breach(scene: Scene, placement: Placement) -> Reading:
    """Largest radius less depth in the bone [mm], from one diameter behind where the axis enters.

    Before that a screw always breaks the surface, as it has to.
    """
    made, bone = screw.screw_on(placement), _vertebra(scene, placement)
    axis = _axis(made, placement)
    into = next((a for a, _ in scene.shell(bone.id).inside(axis)), None)
    first_mm = None if into is None else into + 2 * made.radius_mm
    if first_mm is None or first_mm >= made.length_mm:
        raise GeometryError(f"the screw does not get into {bone.title}")

    def depth(points: Floats) -> Floats:
        along = (points - axis.entry_mm) @ axis.direction
        return scene.depths(bone.id, axis, along)

    found = screw.breach(depth, made, from_mm=first_mm)
    return Reading(
        value=found.depth.value,
        point_mm=found.depth.point_mm,
        structure=bone.id,
        sigma_mm=bone.sigma_mm,
        note=f"Gertzbein-Robbins grade {found.grade}.",
    )


def canal_clearance(scene: Scene, placement: Placement) -> Reading:
    """Screw's side to the spinal canal, or to the cord where only that is known [mm]."""
    made = screw.screw_on(placement)
    word = next(word for word in CANAL if scene.has(word))
    return scene.clearance(word, _axis(made, placement), made.radius_mm)


def _axis(made: screw.Screw, placement: Placement) -> Trajectory:
    """The screw's axis, from its entry to its tip."""
    frame = placement.trajectory.frame
    return Trajectory(entry_mm=made.entry_mm, target_mm=made.tip_mm, frame=frame)


def _vertebra(scene: Scene, placement: Placement) -> Structure:
    """The vertebra that holds the target, or the one nearest to it."""
    aim = placement.trajectory.target_mm
    found = {one.id: one for word in VERTEBRAE for one in scene.find(word)}
    away = {id: float(np.squeeze(scene.exact(id).points([aim])[0])) for id in found}
    label = scene.label_at(aim)
    return found[label if label in found else min(away, key=lambda id: away[id])]


BREACH = Metric(
    id="pedicle_breach",
    title="Breach of the vertebra",
    unit="mm",
    limit=Limit(hard_high=2.0, good_high=0.0),
    weight=3.0,
    source=EVIDENCE + "gertzbein-robbins",
    needs=VERTEBRAE,
    measure=pedicle_breach,
)
CANAL_CLEARANCE = Metric(
    id="canal_clearance",
    title="Distance to the spinal canal",
    unit="mm",
    limit=Limit(hard_low=0.0, good_low=1.0),
    weight=2.0,
    source=EVIDENCE + "canal-clearance",
    needs=CANAL,
    measure=canal_clearance,
)
PROCEDURE = Procedure(
    id="pedicle_screw",
    title="Pedicle screw",
    needs=VERTEBRAE,
    wants=CANAL,
    targets=VERTEBRAE,
    devices=("screw",),
    metrics=(BREACH, CANAL_CLEARANCE),
    steps=("incision", "drill", "advance", "deploy"),
    most_placements=16,
    outside=None,
    within=(),
    propose=screw_search.propose,
    lesson="Keep the whole thread inside the pedicle and the tip inside the body; a breach "
    "towards the canal is the dangerous one.",
    references=(
        "Gertzbein and Robbins 1990, Spine 15:11 (grades A to E)",
        "ExcelsiusGPS series of 728 screws, IJSS 8660 (96 % A or B)",
    ),
)
