"""Resynchronisation: a pacing lead on the left ventricle, by how it shortens the activation."""

from collections.abc import Sequence
from functools import reduce

import numpy as np

from anatomy.geometry import point
from surgery import activation
from surgery.plan import Placement
from surgery.procedure import Procedure
from surgery.quantity import Quantity
from surgery.questions import EVIDENCE
from surgery.scene import Scene
from surgery.score import Limit, Metric, Reading

MUSCLE, CAVITY = ("myocardium",), ("heart_ventricle",)


def off_muscle(scene: Scene, placement: Placement) -> Reading:
    """Distance of the lead's first electrode to the muscle's surface [mm]."""
    muscle = scene.find("myocardium")[0]
    distance, place = scene.exact(muscle.id).points([_site(placement).at_mm])
    return Reading(
        value=float(distance[0]),
        point_mm=point(place[0]),
        structure=muscle.id,
        sigma_mm=muscle.sigma_mm,
        least=0.0,
    )


def activation_time(scene: Scene, placement: Placement) -> Reading:
    """Total activation time of the muscle from this lead alone [ms]."""
    return _read(activation.activated(_muscle(scene), [_site(placement)]).total)


def activation_change(scene: Scene, placements: Sequence[Placement]) -> Reading:
    """Change of the total activation time by the other leads, against the first alone [ms]."""
    first, *others = map(_site, placements)
    muscle = _muscle(scene)
    before = activation.activated(muscle, [first]).total.value
    after = activation.activated(muscle, [first, *others]).total
    return Reading(value=after.value - before, point_mm=after.point_mm, structure="myocardium")


def _site(placement: Placement) -> activation.Site:
    contacts = placement.made_of.contacts
    behind_mm = contacts[0].centre_mm if contacts else 0.0
    return activation.Site(at_mm=point(placement.at_mm([behind_mm])[0]))


def _muscle(scene: Scene) -> activation.Muscle:
    labels = scene.labelmap
    cavities = [labels.mask(one.id) for word in CAVITY for one in scene.find(word)]
    cavity = reduce(np.logical_or, cavities) if cavities else None
    return activation.muscle(labels.grid, labels.mask("myocardium"), cavity=cavity)


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
PROCEDURE = Procedure(
    id="pacing_lead",
    title="Resynchronisation lead",
    needs=MUSCLE,
    wants=CAVITY,
    targets=MUSCLE,
    devices=("pacing_lead",),
    metrics=(OFF_MUSCLE, TIME, CHANGE),
    steps=("incision", "advance", "deploy"),
    most_placements=3,
    outside=None,
    within=(),
    lesson="Set the first lead where the beat begins and the second where the wave comes late; "
    "the last place of all is not always the best.",
    references=(
        "PMC6746621 (eikonal model with a fast endocardial layer)",
        "PMC5225964 (late and last-activated sites)",
    ),
)
