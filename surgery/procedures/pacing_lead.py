"""Resynchronisation: a pacing lead on the left ventricle, by how it shortens the activation."""

from collections.abc import Sequence

from anatomy.geometry import point
from surgery import activation, lead_search
from surgery.lead_search import activated, site_of
from surgery.plan import Placement
from surgery.procedure import Procedure
from surgery.quantity import Quantity
from surgery.questions import EVIDENCE
from surgery.scene import Scene
from surgery.score import Limit, Metric, Reading

MUSCLE, CAVITY, SCAR = ("myocardium",), ("heart_ventricle",), ("myocardial_scar",)


def off_muscle(scene: Scene, placement: Placement) -> Reading:
    """Distance of the lead's first electrode to the muscle's surface [mm]."""
    muscle = scene.find("myocardium")[0]
    distance, place = scene.exact(muscle.id).points([site_of(placement).at_mm])
    return Reading(
        value=float(distance[0]),
        point_mm=point(place[0]),
        structure=muscle.id,
        sigma_mm=muscle.sigma_mm,
        least=0.0,
    )


def activation_time(scene: Scene, placement: Placement) -> Reading:
    """Total activation time of the muscle from this lead alone [ms]."""
    return _read(activated(scene, [site_of(placement)]).total)


def activation_change(scene: Scene, placements: Sequence[Placement]) -> Reading:
    """Change of the total activation time by the other leads, against the first alone [ms]."""
    sites = [site_of(placement) for placement in placements]
    before = activated(scene, sites[:1]).total.value
    after = activated(scene, sites).total
    return Reading(value=after.value - before, point_mm=after.point_mm, structure="myocardium")


def scar_distance(scene: Scene, placement: Placement) -> Reading:
    """Distance of the lead's first electrode to the scar [mm], negative inside it."""
    scar = scene.find("myocardial_scar")[0]
    at_mm = site_of(placement).at_mm
    distance, place = scene.exact(scar.id).points([at_mm])
    inside = scene.holds(scar.id, at_mm)
    return Reading(
        value=-float(distance[0]) if inside else float(distance[0]),
        point_mm=point(place[0]),
        structure=scar.id,
        sigma_mm=scar.sigma_mm,
    )


def _read(total: Quantity) -> Reading:
    return Reading(value=total.value, point_mm=total.point_mm, structure="myocardium", least=0.0)


OFF_MUSCLE = Metric(
    id="off_muscle",
    title="Distance of the lead to the muscle",
    unit="mm",
    limit=Limit(hard_high=activation.OFF_MUSCLE_MM, good_high=1.0),
    weight=1.0,
    source=EVIDENCE + "activation-site",
    needs=MUSCLE,
    measure=off_muscle,
    step="deploy",
)
TIME = Metric(
    id="activation_time",
    title="Total activation time from this lead alone",
    unit="ms",
    limit=Limit(),
    weight=0.0,
    source=EVIDENCE + "activation-time",
    needs=MUSCLE,
    measure=activation_time,
    step="deploy",
)
CHANGE = Metric(
    id="activation_change",
    title="Change of the total activation time by the added leads",
    unit="ms",
    limit=Limit(hard_high=0.0),
    weight=3.0,
    source=EVIDENCE + "activation-time",
    needs=MUSCLE,
    across=activation_change,
    step="deploy",
)
SCAR_DISTANCE = Metric(
    id="scar_distance",
    title="Distance of the lead to the scar",
    unit="mm",
    limit=Limit(hard_low=0.0, good_low=5.0),
    weight=2.0,
    source=EVIDENCE + "scar-distance",
    needs=SCAR,
    measure=scar_distance,
    step="deploy",
)
PROCEDURE = Procedure(
    id="pacing_lead",
    title="Resynchronisation lead",
    needs=MUSCLE,
    wants=CAVITY + SCAR,
    targets=MUSCLE,
    devices=("pacing_lead",),
    metrics=(OFF_MUSCLE, TIME, CHANGE, SCAR_DISTANCE),
    steps=("incision", "advance", "deploy"),
    most_placements=3,
    outside=None,
    within=(),
    propose=lead_search.propose,
    lesson="Set the first lead where the beat begins and the second where the wave comes late; "
    "the last place of all is not always the best.",
    references=(
        "PMC6746621 (eikonal model with a fast endocardial layer)",
        "PMC5225964 (late and last-activated sites)",
    ),
)
