"""The questions that several procedures ask, with their limits; each source is an anchor.

A procedure that wants another limit or weight takes `dataclasses.replace`.
"""

from surgery import ends, metrics, slip
from surgery.score import Limit, Metric

EVIDENCE = "docs/evidence.md#"
HEAD = ("vessels", "ventricles", "eloquent nuclei", "skull", "scalp", "brain")
"""What every path into a head needs to know."""
EXTRA = ("sulci", "grey matter")
"""What it is good to know."""

VESSEL_CLEARANCE = Metric(
    id="vessel_clearance",
    title="Distance to vessels",
    unit="mm",
    limit=Limit(hard_low=3.0, good_low=4.0),
    weight=3.0,
    source=EVIDENCE + "vessel-clearance",
    needs=("vessels",),
    measure=metrics.clearance("vessels"),
)
VESSEL_RISK = Metric(
    id="vessel_risk",
    title="Vessel risk",
    unit="1",
    limit=Limit(good_high=0.6),
    weight=2.0,
    source=EVIDENCE + "vessel-risk",
    needs=("vessels",),
    measure=metrics.vessel_risk,
)
VENTRICLE_CLEARANCE = Metric(
    id="ventricle_clearance",
    title="Distance to ventricles",
    unit="mm",
    limit=Limit(hard_low=0.0, good_low=2.0),
    weight=1.0,
    source=EVIDENCE + "ventricle-clearance",
    needs=("ventricles",),
    measure=metrics.clearance("ventricles"),
)
SULCUS_CLEARANCE = Metric(
    id="sulcus_clearance",
    title="Distance to sulci below the first 10 mm",
    unit="mm",
    limit=Limit(good_low=1.0),
    weight=1.0,
    source=EVIDENCE + "sulcus-clearance",
    needs=("sulci",),
    measure=metrics.clearance("sulci", skipped_mm=metrics.SULCI_FROM_MM),
)
ELOQUENT_CLEARANCE = Metric(
    id="eloquent_clearance",
    title="Distance to eloquent nuclei",
    unit="mm",
    limit=Limit(good_low=2.0),
    weight=1.0,
    source=EVIDENCE + "eloquent-clearance",
    needs=("eloquent nuclei",),
    measure=metrics.clearance("eloquent nuclei", spare_target=True),
)
LENGTH = Metric(
    id="intracranial_length",
    title="Length inside the skull",
    unit="mm",
    limit=Limit(hard_high=90.0, good_high=60.0),
    weight=1.0,
    source=EVIDENCE + "intracranial-length",
    needs=("brain",),
    measure=metrics.intracranial_length,
    live=True,
)
INCIDENCE = Metric(
    id="incidence",
    title="Angle to the skull's normal",
    unit="deg",
    limit=Limit(hard_high=30.0, good_high=25.0),
    weight=1.0,
    source=EVIDENCE + "incidence",
    needs=("skull",),
    measure=metrics.incidence,
    live=True,
    step="drill",
)
BONE = Metric(
    id="bone_thickness",
    title="Length in bone",
    unit="mm",
    limit=Limit(),
    weight=0.0,
    source=EVIDENCE + "bone-thickness",
    needs=("skull",),
    measure=metrics.bone_thickness,
    live=True,
    step="drill",
)
SKIN_GAP = Metric(
    id="skin_gap",
    title="Distance of the entry to the skin",
    unit="mm",
    limit=Limit(good_high=5.0),
    weight=0.0,
    source=EVIDENCE + "skin-gap",
    needs=("scalp",),
    measure=metrics.skin_gap,
    live=True,
    step="incision",
)
PIAL_ENTRIES = Metric(
    id="pial_entries",
    title="Entries into the brain's surface",
    unit="1",
    limit=Limit(hard_low=1.0, good_high=1.0),
    weight=1.0,
    source=EVIDENCE + "pial-entries",
    needs=("brain",),
    measure=metrics.pial_entries,
    live=True,
    step="dura",
)
GREY_SHARE = Metric(
    id="grey_share",
    title="Share of grey matter",
    unit="1",
    limit=Limit(),
    weight=0.0,
    source=EVIDENCE + "grey-matter",
    needs=("grey matter",),
    measure=metrics.grey_share,
    live=True,
)
REACH = Metric(
    id="reach",
    title="Device left outside of the entry",
    unit="mm",
    limit=Limit(hard_low=0.0),
    weight=0.0,
    source=EVIDENCE + "reach",
    measure=metrics.reach,
    live=True,
)
TIP_ERROR = Metric(
    id="target_error",
    title="Distance of the tip to the target",
    unit="mm",
    limit=Limit(good_high=2.0),
    weight=1.0,
    source=EVIDENCE + "target-error",
    measure=ends.tip_error,
    live=True,
    step="deploy",
)
CONTACT_ERROR = Metric(
    id="target_error",
    title="Distance of the nearest contact to the target",
    unit="mm",
    limit=Limit(good_high=2.0),
    weight=1.0,
    source=EVIDENCE + "target-error",
    measure=ends.contact_error,
    live=True,
    step="deploy",
)
HIT_VESSELS = Metric(
    id="hit_vessels",
    title="Chance of touching vessels",
    unit="%",
    limit=Limit(good_high=1.0),
    weight=1.0,
    source=EVIDENCE + "chance-of-a-hit",
    needs=("vessels",),
    delivered=slip.hit("vessels", "vessel_clearance"),
)
HIT_VENTRICLES = Metric(
    id="hit_ventricles",
    title="Chance of touching ventricles",
    unit="%",
    limit=Limit(),
    weight=0.0,
    source=EVIDENCE + "chance-of-a-hit",
    needs=("ventricles",),
    delivered=slip.hit("ventricles", "ventricle_clearance"),
)
TOLERANCE_RADIUS = Metric(
    id="tolerance_radius",
    title="Slip that breaks no hard distance",
    unit="mm",
    limit=Limit(),
    weight=0.0,
    source=EVIDENCE + "tolerance-radius",
    needs=("vessels",),
    delivered=slip.tolerance_radius,
)
PATH = (
    SKIN_GAP,
    INCIDENCE,
    BONE,
    PIAL_ENTRIES,
    VESSEL_CLEARANCE,
    VESSEL_RISK,
    SULCUS_CLEARANCE,
    GREY_SHARE,
    REACH,
    HIT_VESSELS,
    TOLERANCE_RADIUS,
)
"""What every path into a head is asked, whatever it carries."""
