"""External ventricular drain or shunt: a catheter into a frontal horn."""

from dataclasses import replace

from surgery import ends, questions
from surgery.procedure import Procedure
from surgery.score import Limit, Metric

KAKARLA = Metric(
    id="kakarla_grade",
    title="Kakarla grade of the tip",
    unit="1",
    limit=Limit(hard_high=2.0, good_high=1.0),
    weight=3.0,
    source=questions.EVIDENCE + "kakarla-grade",
    needs=("ventricles",),
    measure=ends.kakarla,
    live=True,
    step="deploy",
)
WALL = Metric(
    id="tip_wall",
    title="Distance of the tip to the ventricle's wall",
    unit="mm",
    limit=Limit(good_low=1.0),
    weight=1.0,
    source=questions.EVIDENCE + "tip-wall",
    needs=("ventricles",),
    measure=ends.tip_wall,
    live=True,
    step="deploy",
)
HOLES = Metric(
    id="holes_in_ventricle",
    title="Share of the holes in ventricles",
    unit="1",
    limit=Limit(good_low=1.0),
    weight=1.0,
    source=questions.EVIDENCE + "holes-in-ventricle",
    needs=("ventricles",),
    measure=ends.opening_in("ventricles"),
    live=True,
    step="deploy",
)
PROCEDURE = Procedure(
    id="ventricular_drain",
    title="External ventricular drain or shunt",
    needs=questions.HEAD,
    wants=questions.EXTRA,
    targets=("lateral_ventricle", "third_ventricle"),
    devices=("catheter",),
    metrics=(
        *questions.PATH,
        replace(questions.ELOQUENT_CLEARANCE, limit=Limit(hard_low=0.0, good_low=2.0)),
        replace(
            questions.LENGTH,
            limit=Limit(hard_high=70.0, good_high=65.0),
            source=questions.EVIDENCE + "drain-length",
        ),
        questions.TIP_ERROR,
        KAKARLA,
        WALL,
        HOLES,
    ),
    lesson="Enter in front of the coronal suture, square to the skull, and end in the frontal "
    "horn of the same side, free of its walls.",
    references=(
        "Kakarla grade as given in Trials 2014, 15:478, table 1",
        "Banerjee 2007 (freehand tip to foramen of Monro: 16 mm)",
    ),
)
