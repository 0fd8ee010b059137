"""Stereo-EEG: up to sixteen depth electrodes that must not come near each other."""

from dataclasses import replace

from surgery import questions, spacing
from surgery.procedure import Procedure
from surgery.score import Limit, Metric

SPACING = Metric(
    id="electrode_spacing",
    title="Distance between electrodes below their bolts",
    unit="mm",
    limit=Limit(hard_low=10.0),
    weight=1.0,
    source=questions.EVIDENCE + "electrode-spacing",
    needs=("brain",),
    across=spacing.electrode_spacing,
    live=True,
)
BOLTS = Metric(
    id="bolt_spacing",
    title="Distance between electrodes at their bolts",
    unit="mm",
    limit=Limit(good_low=4.0),
    weight=1.0,
    source=questions.EVIDENCE + "electrode-spacing",
    across=spacing.bolt_spacing,
    live=True,
    step="drill",
)
PROCEDURE = Procedure(
    id="seeg_array",
    title="Stereo-EEG",
    needs=questions.HEAD,
    wants=questions.EXTRA,
    targets=("hippocampus", "amygdala", "grey matter", "lesion"),
    devices=("seeg_electrode",),
    metrics=(
        *questions.PATH,
        questions.VENTRICLE_CLEARANCE,
        questions.HIT_VENTRICLES,
        replace(questions.ELOQUENT_CLEARANCE, limit=Limit(hard_low=0.0, good_low=2.0)),
        replace(questions.LENGTH, limit=Limit(hard_high=80.0, good_high=60.0)),
        questions.CONTACT_ERROR,
        SPACING,
        BOLTS,
    ),
    most_placements=16,
    lesson="Bring as many contacts as you can into grey matter; keep electrodes 10 mm apart and "
    "3 mm off every vessel.",
    references=(
        "Sparks 2017, doi:10.1007/s11548-016-1452-x (risk, grey matter, length, angle)",
        "Vakharia 2020, doi:10.3389/fneur.2020.00706 (318 planned electrodes)",
    ),
)
