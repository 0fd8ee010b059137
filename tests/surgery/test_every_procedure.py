"""What holds for every procedure of the catalogue, and what the head's own four measure."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from heads import ARTERY_MM, ARTERY_X_MM, HEAD, head, plan, put, scene_of, turned
from hypothesis import given, settings
from hypothesis import strategies as st

from anatomy.structure import Anatomy
from anatomy.surface import Surface
from surgery import metrics
from surgery.assess import assess
from surgery.device import DeviceError
from surgery.plan import PlanError
from surgery.procedure import Procedure, ProcedureError, catalogue, procedure, procedures
from surgery.scene import Scene
from surgery.score import Limit, Metric, Reading

ROOT = Path(__file__).resolve().parents[2]
ALL = sorted(procedures())
PLACED = {
    "needle_biopsy": ("side_cutting_needle_25", (-6.0, 0.5, 56.0), (0.2, 0.1, 0.0), 7.0),
    "ventricular_drain": ("ventricular_catheter_25", (-16.0, 28.0, 46.0), (-10.0, 24.0, 0.0), 0.0),
    "dbs_lead": ("medtronic_3389", (13.0, -20.0, 51.0), (12.0, -24.0, 0.0), 2.25),
    "seeg_array": ("dixi_d08_08", (-56.0, 0.0, 2.0), (-20.0, 0.0, 0.0), 1.0),
}
"""Device, entry, target, depth of the tip beyond it."""
HEADS_OWN = sorted(PLACED)
offsets = st.integers(-400, 400).map(lambda hundredths: hundredths / 100)


def a_plan(scene, id, *, by=(0.0, 0.0, 0.0)):
    name, entry, target, depth_mm = PLACED[id]
    moved = tuple(a + b for a, b in zip(entry, by, strict=True))
    return plan(scene, id, put(name, moved, target, depth_mm=depth_mm))


def values(assessment):
    return {(s.metric, s.placement): s.value for s in assessment.scores if s.value is not None}


def score(assessment, metric):
    return next(s for s in assessment.scores if s.metric == metric)


@pytest.mark.parametrize("id", ALL)
def test_every_metric_names_an_anchor_that_the_evidence_has_once(id):
    page = (ROOT / "docs/evidence.md").read_text()
    anchors = re.findall(r"^#+ ([a-z0-9-]+)$", page, re.M)
    for metric in procedures()[id].metrics:
        file, _, anchor = metric.source.partition("#")
        assert file == "docs/evidence.md"
        assert anchors.count(anchor) == 1, anchor


@pytest.mark.parametrize("id", ALL)
def test_every_procedure_teaches_something_and_names_its_references(id):
    one = procedures()[id]
    assert one.id == id
    assert one.lesson
    assert one.references
    assert one.targets


@pytest.mark.parametrize("id", HEADS_OWN)
def test_a_plan_without_vessels_is_never_more_than_incomplete(id):
    scene = head("artery", "vein")
    found = assess(scene, a_plan(scene, id))
    vessels = score(found, "vessel_clearance")
    assert vessels.status == "cannot_be_judged"
    assert "cannot be judged: no vessels in this twin" in vessels.sentence
    assert vessels.grade is None
    assert found.verdict in ("incomplete", "rejected")
    assert any("no vessels" in gap for gap in found.gaps)


@pytest.mark.parametrize("id", HEADS_OWN)
@settings(max_examples=4, deadline=None)
@given(by=st.tuples(offsets, offsets, offsets), angle_rad=st.floats(-3.0, 3.0))
def test_moving_patient_and_plan_together_changes_no_score(id, by, angle_rad):
    rigid = np.eye(4)
    c, s = math.cos(angle_rad), math.sin(angle_rad)
    rigid[:3, :3] = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]) @ np.array(
        [[c, -s, 0], [s, c, 0], [0, 0, 1]]
    )
    rigid[:3, 3] = np.multiply(by, 10)
    here, there = head(), turned(head(), rigid)
    name, entry, target, depth_mm = PLACED[id]
    ends = np.array([entry, target]) @ rigid[:3, :3].T + rigid[:3, 3]
    moved = put(name, tuple(ends[0]), tuple(ends[1]), depth_mm=depth_mm)
    one, other = assess(here, a_plan(here, id)), assess(there, plan(there, id, moved))
    assert other.verdict == one.verdict
    assert values(other) == pytest.approx(values(one), abs=2e-2)
    assert [s.status for s in other.scores] == [s.status for s in one.scores]


@pytest.mark.parametrize("x_mm", [11.0, 12.5, 13.5])
def test_the_distance_to_vessels_is_the_closed_form_and_decides(x_mm):
    scene = head()
    needle = put("side_cutting_needle_25", (x_mm, 0.3, 54.0), (x_mm, 0.3, -6.0))
    found = score(assess(scene, plan(scene, "needle_biopsy", needle)), "vessel_clearance")
    truth = ARTERY_X_MM - ARTERY_MM - x_mm - 1.25
    assert found.value == pytest.approx(truth, abs=0.02)
    assert found.status == ("ok" if truth >= 3 else "rejected")
    assert found.grade == pytest.approx(min(max(truth - 3, 0), 1), abs=0.02)


def test_a_path_through_a_vessel_is_rejected_whatever_the_rest():
    scene = head()
    needle = put("side_cutting_needle_25", (20.0, 0.3, 51.0), (20.0, 0.3, -10.0))
    found = assess(scene, plan(scene, "needle_biopsy", needle))
    assert found.verdict == "rejected"
    assert "vessel_clearance" in [veto.metric for veto in found.vetoes]
    assert score(found, "vessel_clearance").value == pytest.approx(-ARTERY_MM - 1.25, abs=0.35)


def test_two_parallel_electrodes_are_as_far_apart_as_their_axes():
    scene = head()
    pair = [put("dixi_d08_08", (-56.0, y, 0.3), (-20.0, y, 0.3)) for y in (-4.0, 5.0)]
    found = assess(scene, plan(scene, "seeg_array", *pair))
    found_spacing = score(found, "electrode_spacing")
    assert found_spacing.value == pytest.approx(9.0, abs=1e-9)
    assert found_spacing.status == "rejected"
    assert found_spacing.placement is None
    assert found.verdict == "rejected"


@pytest.mark.parametrize("id", HEADS_OWN)
def test_every_number_of_an_assessment_is_json_and_has_a_sentence(id):
    wire = assess(head(), a_plan(head(), id), seed=7).wire()
    assert json.loads(json.dumps(wire, allow_nan=False)) == wire
    assert wire["seed"] == 7
    for one in wire["scores"]:
        assert one["sentence"].endswith(".")
        assert one["source"].startswith("docs/evidence.md#")


def test_a_plan_of_another_patient_is_stale_and_has_no_number():
    scene = head()
    found = assess(scene, replace(a_plan(scene, "needle_biopsy"), anatomy="f" * 64))
    assert found.verdict == "stale"
    assert found.scores == ()
    assert found.total is None
    assert "was made on anatomy ffffffffffff" in found.sentence


@pytest.mark.parametrize(
    ("entry", "target", "device_id", "sentence"),
    [
        ((0.0, 0.0, 30.0), (0.0, 0.0, 0.0), "fine_needle_22g", "entry lies inside the brain"),
        ((0.0, 0.0, 56.0), (0.0, 0.0, 90.0), "fine_needle_22g", "target lies outside the head"),
        ((0.0, 0.0, 56.0), (0.0, 0.0, 0.0), "medtronic_3389", "Choose another device"),
    ],
)
def test_what_cannot_be_carried_out_is_refused_by_a_sentence(entry, target, device_id, sentence):
    scene = head()
    with pytest.raises(PlanError, match=sentence):
        assess(scene, plan(scene, "needle_biopsy", put(device_id, entry, target)))


def test_a_tip_that_stops_before_the_entry_and_too_many_needles_are_refused():
    scene = head()
    short = put("fine_needle_22g", (0.0, 0.0, 56.0), (0.0, 0.0, 0.0), depth_mm=-56.0)
    with pytest.raises(PlanError, match="does not get past the entry"):
        assess(scene, plan(scene, "needle_biopsy", short))
    one = short.moved(depth_mm=0.0)
    with pytest.raises(PlanError, match="at most 1"):
        assess(scene, plan(scene, "needle_biopsy", one, one))


def test_unknown_procedures_and_devices_are_refused_with_the_nearest_ones():
    scene = head()
    with pytest.raises(ProcedureError, match="needle_biopsy"):
        assess(scene, plan(scene, "needle_biopsi", a_plan(scene, "dbs_lead").placements[0]))
    with pytest.raises(DeviceError):
        put("medtronic_3388", (0.0, 0.0, 56.0), (0.0, 0.0, 0.0))


def test_a_path_that_misses_the_brain_is_not_accepted():
    scene = head()
    beside = put("side_cutting_needle_25", (49.0, 0.0, 45.0), (49.0, 0.0, 0.0))
    found = assess(scene, plan(scene, "needle_biopsy", beside))
    assert found.verdict in ("incomplete", "rejected")
    assert score(found, "intracranial_length").status == "failed"
    assert "never enters the brain" in score(found, "intracranial_length").sentence


def test_an_open_surface_gives_no_clearance():
    scene = head()
    fine = scene.anatomy["artery"].surfaces["fine"]
    cut = Surface(fine.vertices_mm, fine.faces[5:], fine.frame)
    broken = [
        replace(one, surfaces={"fine": cut, "coarse": cut}) if one.id == "artery" else one
        for one in scene.anatomy
    ]
    torn = Scene(Anatomy(scene.anatomy.frame, tuple(broken)), scene.labelmap)
    found = assess(torn, a_plan(torn, "needle_biopsy"))
    assert score(found, "vessel_clearance").status == "failed"
    assert "open" in score(found, "vessel_clearance").sentence
    assert found.verdict != "accepted"


def test_a_measurement_that_gives_no_number_fails_and_is_not_accepted(monkeypatch):
    blind = replace(procedure("seeg_array").metrics[0], measure=lambda *_: Reading(value=math.nan))
    asked = replace(procedure("seeg_array"), metrics=(blind,))
    monkeypatch.setattr("surgery.assess.procedure", lambda _: asked)
    scene = head()
    found = assess(scene, a_plan(scene, "seeg_array"))
    assert found.scores[0].status == "failed"
    assert found.verdict == "incomplete"
    assert found.total is None


def a_procedure(**more):
    probe = Metric(
        id="m", title="M", unit="mm", limit=Limit(), weight=1.0, source="docs/evidence.md#reach",
        measure=metrics.reach,
    )  # fmt: skip
    return Procedure(
        **{
            "id": "probe", "title": "Probe", "needs": ("brain",), "targets": ("brain",),
            "devices": ("needle",), "metrics": (probe,), "lesson": "x", "references": ("y",),
        }
        | more
    )  # fmt: skip


def test_two_procedures_of_one_id_are_refused():
    with pytest.raises(ProcedureError, match="both called probe"):
        catalogue([a_procedure(), a_procedure(title="Other")])
    with pytest.raises(ProcedureError, match="no Procedure"):
        catalogue(["probe"])


def test_a_strangers_entry_point_joins_the_catalogue(monkeypatch):
    class Entry:
        def load(self):
            return a_procedure()

    monkeypatch.setattr("surgery.procedure.entry_points", lambda **_: [Entry()])
    procedures.cache_clear()
    try:
        assert "probe" in procedures()
        assert set(HEADS_OWN) < set(procedures())
    finally:
        procedures.cache_clear()


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"devices": ("spoon",)}, "devices of a known kind"),
        ({"needs": ("brian",)}, "brian"),
        ({"steps": ("drill",)}, "takes no step"),
        ({"metrics": a_procedure().metrics * 2}, "twice"),
        ({"metrics": (replace(a_procedure().metrics[0], needs=("skull",)),)}, "needs skull"),
    ],
)
def test_a_procedure_that_contradicts_itself_is_refused(more, sentence):
    with pytest.raises(ProcedureError, match=sentence):
        a_procedure(**more)


def test_the_same_plan_gives_the_same_bytes():
    scene = head()
    again = scene_of(HEAD)
    one = json.dumps(assess(scene, a_plan(scene, "needle_biopsy")).wire())
    assert json.dumps(assess(again, a_plan(again, "needle_biopsy")).wire()) == one


def test_a_good_plan_is_accepted():
    scene = head()
    found = assess(scene, a_plan(scene, "needle_biopsy"))
    assert found.verdict == "accepted", found.sentence
    assert 0.9 < found.total <= 1
