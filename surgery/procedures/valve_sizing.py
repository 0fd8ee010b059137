"""Sizing of an aortic valve: the annulus is the section of the aorta at the target, square to the
valve's axis."""

import numpy as np

from anatomy.errors import GeometryError
from anatomy.geometry import Floats, point
from surgery import valve
from surgery.osteotomy import Cut, outlines
from surgery.plan import Placement
from surgery.procedure import Procedure
from surgery.questions import EVIDENCE
from surgery.scene import Scene
from surgery.score import Limit, Metric, Reading

AORTA = ("aorta",)
NOTE = "The section at the target is taken for the annulus: set the target into its plane."


def annulus_of(scene: Scene, placement: Placement) -> valve.Annulus:
    """The outline about the target of the aorta's section there; raises where there is none."""
    way = placement.trajectory
    cut = Cut(point_mm=way.target_mm, normal=point(way.direction))
    for one in scene.find("aorta"):
        for outline in outlines(one.surfaces["fine"], cut):
            if _around(outline, cut):
                return valve.annulus(outline)
    raise GeometryError("the target does not lie in the aorta, so no annulus is around it")


def oversize_by_area(scene: Scene, placement: Placement) -> Reading:
    """Valve's area over the annulus', less 1 [%]."""
    found = annulus_of(scene, placement)
    sizing = valve.sizing(found, placement.made_of)
    return _read(found, sizing.by_area.percent.value, NOTE)


def oversize_by_diameter(scene: Scene, placement: Placement) -> Reading:
    """Valve's diameter over the annulus' mean one, less 1 [%]."""
    found = annulus_of(scene, placement)
    sizing = valve.sizing(found, placement.made_of)
    return _read(found, sizing.by_diameter.percent.value)


def eccentricity(scene: Scene, placement: Placement) -> Reading:
    """1 - narrowest / widest diameter."""
    found = annulus_of(scene, placement)
    return _read(found, found.eccentricity.value)


def _read(found: valve.Annulus, value: float, note: str = "") -> Reading:
    return Reading(value=value, point_mm=found.centre_mm, structure="aorta", note=note)


def _around(outline: Floats, cut: Cut) -> bool:
    """True where an outline runs around the cut's point: it turns about it once."""
    from_point = outline - cut.point_mm
    ahead = np.roll(from_point, -1, axis=0)
    sine = np.cross(from_point, ahead) @ np.array(cut.normal)
    turned = np.arctan2(sine, (from_point * ahead).sum(axis=1)).sum()
    return bool(turned > np.pi)


BY_AREA = Metric(
    id="oversize_by_area",
    title="Oversize by area",
    unit="%",
    limit=Limit(
        hard_low=valve.POSSIBLE[0],
        good_low=valve.WINDOWS["area"][0],
        good_high=valve.WINDOWS["area"][1],
        hard_high=valve.POSSIBLE[1],
    ),
    weight=3.0,
    source=EVIDENCE + "valve-oversize",
    needs=AORTA,
    measure=oversize_by_area,
    step="deploy",
)
BY_DIAMETER = Metric(
    id="oversize_by_diameter",
    title="Oversize by mean diameter",
    unit="%",
    limit=Limit(good_low=valve.WINDOWS["diameter"][0], good_high=valve.WINDOWS["diameter"][1]),
    weight=1.0,
    source=EVIDENCE + "valve-oversize",
    needs=AORTA,
    measure=oversize_by_diameter,
    step="deploy",
)
ECCENTRICITY = Metric(
    id="annulus_eccentricity",
    title="Eccentricity of the annulus",
    unit="1",
    limit=Limit(),
    weight=0.0,
    source=EVIDENCE + "annulus-size",
    needs=AORTA,
    measure=eccentricity,
    step="deploy",
)
PROCEDURE = Procedure(
    id="valve_sizing",
    title="Sizing of an aortic valve",
    needs=AORTA,
    targets=AORTA,
    devices=("valve",),
    metrics=(BY_AREA, BY_DIAMETER, ECCENTRICITY),
    steps=("incision", "advance", "deploy"),
    outside=None,
    within=AORTA,
    lesson="Area and diameter give different percentages for one valve: name the basis, and size "
    "on the annulus' own plane.",
    references=(
        "PMID 24582045 (one valve, 10 % by diameter and 22 % by area)",
        "PMID 23587400 (wanted oversize)",
    ),
)
