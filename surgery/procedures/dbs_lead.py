"""Deep brain stimulation: a lead whose contacts lie in a deep nucleus."""

from surgery import ends, questions
from surgery.procedure import Procedure
from surgery.score import Limit, Metric

TARGETS = ("subthalamic_nucleus", "pallidum_internal", "pallidum", "thalamus")
CONTACTS = Metric(
    id="contacts_in_target",
    title="Contacts in the nucleus",
    unit="1",
    limit=Limit(hard_low=1.0, good_low=2.0),
    weight=2.0,
    source=questions.EVIDENCE + "contacts-in-target",
    needs=TARGETS,
    measure=ends.contacts_in(*TARGETS),
    live=True,
    step="deploy",
)
ACTIVATED = Metric(
    id="activated_in_target",
    title="Share of the activated tissue in the nucleus",
    unit="1",
    limit=Limit(),
    weight=0.0,
    source=questions.EVIDENCE + "reference-stimulation",
    needs=TARGETS,
    measure=ends.activated_in(*TARGETS),
    step="deploy",
)
PROCEDURE = Procedure(
    id="dbs_lead",
    title="Deep brain stimulation lead",
    needs=questions.HEAD,
    wants=questions.EXTRA,
    targets=TARGETS,
    devices=("dbs_lead",),
    metrics=(
        *questions.PATH,
        questions.VENTRICLE_CLEARANCE,
        questions.HIT_VENTRICLES,
        questions.ELOQUENT_CLEARANCE,
        questions.LENGTH,
        questions.CONTACT_ERROR,
        CONTACTS,
        ACTIVATED,
    ),
    most_placements=2,
    lesson="Enter on a gyrus, stay out of sulci and the ventricle, and lay two contacts or more "
    "into the nucleus.",
    references=(
        "Essert 2012, doi:10.1007/s11548-011-0651-8 (constraints of a path)",
        "Hamze 2016, doi:10.1007/978-3-319-46720-7_62 (Pareto planning)",
    ),
)
