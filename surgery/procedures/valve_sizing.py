"""Sizing of an aortic valve: the annulus is the section at the target, square to the valve's axis,
of the labelled annulus or of the aorta."""

from anatomy.geometry import point
from surgery import valve, valve_search
from surgery.osteotomy import Cut
from surgery.plan import Placement
from surgery.procedure import Procedure
from surgery.questions import EVIDENCE
from surgery.scene import Scene
from surgery.score import Limit, Metric, Reading

AORTA = ("aortic_annulus", "aorta")
NOTE = "The section at the target is taken for the annulus: set the target into its plane."


def annulus_of(scene: Scene, placement: Placement) -> tuple[valve.Annulus, str]:
    """The outline about the target of the section there, and the structure it is of; raises.

    Of the labelled annulus where the target lies in it, else of the aorta.
    """
    way = placement.trajectory
    return valve_search.annulus_at(scene, Cut(point_mm=way.target_mm, normal=point(way.direction)))


def oversize_by_area(scene: Scene, placement: Placement) -> Reading:
    """Valve's area over the annulus', less 1 [%]."""
    found, on = annulus_of(scene, placement)
    sizing = valve.sizing(found, placement.made_of)
    note = NOTE if on == valve_search.AORTA else ""
    return _read(found, on, sizing.by_area.percent.value, note)


def oversize_by_diameter(scene: Scene, placement: Placement) -> Reading:
    """Valve's diameter over the annulus' mean one, less 1 [%]."""
    found, on = annulus_of(scene, placement)
    sizing = valve.sizing(found, placement.made_of)
    return _read(found, on, sizing.by_diameter.percent.value)


def eccentricity(scene: Scene, placement: Placement) -> Reading:
    """1 - narrowest / widest diameter."""
    found, on = annulus_of(scene, placement)
    return _read(found, on, found.eccentricity.value)


def _read(found: valve.Annulus, on: str, value: float, note: str = "") -> Reading:
    return Reading(value=value, point_mm=found.centre_mm, structure=on, note=note)


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
    within=("aorta", "aortic_annulus"),
    propose=valve_search.propose,
    lesson="Area and diameter give different percentages for one valve: name the basis, and size "
    "on the annulus' own plane.",
    references=(
        "PMID 24582045 (one valve, 10 % by diameter and 22 % by area)",
        "PMID 23587400 (wanted oversize)",
    ),
)
