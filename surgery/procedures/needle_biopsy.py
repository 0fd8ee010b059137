"""Stereotactic needle biopsy of an intracranial lesion."""

from surgery import ends, questions
from surgery.procedure import Procedure
from surgery.score import Limit, Metric

WINDOW = Metric(
    id="window_in_lesion",
    title="Share of the needle's window in the lesion",
    unit="1",
    limit=Limit(hard_low=0.5, good_low=1.0),
    weight=2.0,
    source=questions.EVIDENCE + "window-in-lesion",
    needs=("lesion",),
    measure=ends.opening_in("lesion"),
    live=True,
    step="deploy",
)
PROCEDURE = Procedure(
    id="needle_biopsy",
    title="Stereotactic needle biopsy",
    needs=(*questions.HEAD, "lesion"),
    wants=questions.EXTRA,
    targets=("lesion",),
    any_point=True,
    devices=("needle",),
    metrics=(
        *questions.PATH,
        questions.VENTRICLE_CLEARANCE,
        questions.HIT_VENTRICLES,
        questions.ELOQUENT_CLEARANCE,
        questions.LENGTH,
        questions.CONTACT_ERROR,
        WINDOW,
    ),
    lesson="Bring the whole window into the lesion on a path that meets no vessel and no sulcus.",
    references=(
        "Zanello 2020, doi:10.1007/s10143-020-01315-1 (what planners score)",
        "Shamir 2010 and Trope 2015, doi:10.1007/s11548-014-1126-5 (risk of a path)",
    ),
)
