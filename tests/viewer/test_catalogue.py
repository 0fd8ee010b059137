"""What the page offers to plan with on a case, and why it does not offer the rest."""

import json
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from anatomy.terms import split
from surgery.device import devices
from surgery.procedure import procedures
from viewer.catalogue import planning

HEAD = (
    "scalp", "skull", "brain", "grey_matter_left", "lateral_ventricle_left", "thalamus_left",
    "pallidum_right", "hippocampus_left",
)  # fmt: skip


def offered(*ids: str) -> dict[str, Any]:
    """The catalogue of a case that holds these structures; nothing else of a case is read."""
    case: Any = SimpleNamespace(structures=[SimpleNamespace(id=id) for id in ids])
    return json.loads(json.dumps(planning(case), allow_nan=False))  # type: ignore[no-any-return]


def by_id(rows: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in rows}


def test_a_head_without_vessels_is_planned_on_and_says_what_is_not_assessed() -> None:
    listed = by_id(offered(*HEAD)["procedures"])

    assert listed["dbs_lead"]["offered"]
    assert listed["dbs_lead"]["reason"] == "vessels: not assessed"
    assert {"word": "vessels", "title": "Vessels", "present": False} in listed["dbs_lead"]["needs"]
    assert by_id(offered(*HEAD, "artery")["procedures"])["dbs_lead"]["reason"] == ""


def test_what_cannot_be_judged_is_not_offered_and_says_why() -> None:
    listed = by_id(offered(*HEAD)["procedures"])
    spine = by_id(offered("vertebra_l3", "spinal_canal")["procedures"])

    for id, reason in (
        ("pedicle_screw", "There is no vertebra in this twin to aim at."),
        ("craniotomy", "There is no lesion in this twin to aim at."),
        ("pacing_lead", "There is no myocardium in this twin to aim at."),
    ):
        assert (listed[id]["offered"], listed[id]["reason"]) == (False, reason)
    assert listed["needle_biopsy"]["offered"]
    assert "lesion" in listed["needle_biopsy"]["reason"]
    assert spine["pedicle_screw"]["offered"]
    assert not spine["dbs_lead"]["offered"]
    assert "no brain" in by_id(offered("tumour_core")["procedures"])["needle_biopsy"]["reason"]


def test_of_words_that_stand_for_each_other_those_that_are_there_are_listed() -> None:
    spine = by_id(offered("vertebra_l3", "vertebra_l4", "spinal_cord")["procedures"])
    none = by_id(offered("brain")["procedures"])

    assert [one["word"] for one in spine["pedicle_screw"]["needs"]] == [
        "vertebra_l3",
        "vertebra_l4",
    ]
    assert [(one["word"], one["present"]) for one in spine["pedicle_screw"]["wants"]] == [
        ("spinal_cord", True)
    ]
    assert [(one["title"], one["present"]) for one in none["pedicle_screw"]["needs"]] == [
        ("Vertebra", False)
    ]


def test_targets_are_structures_of_this_twin_with_pathology_first() -> None:
    listed = by_id(offered(*HEAD, "oedema", "tumour_core")["procedures"])
    aims = [one["id"] for one in listed["seeg_array"]["targets"]]

    assert aims[:3] == ["tumour_core", "oedema", "hippocampus_left"]
    assert {split(id)[0].group for id in aims[:2]} == {"pathology"}
    assert [one["id"] for one in listed["dbs_lead"]["targets"]] == [
        "pallidum_right", "thalamus_left",
    ]  # fmt: skip


def test_every_procedure_and_device_is_listed_with_what_the_page_draws() -> None:
    plan = offered(*HEAD)

    assert [one["id"] for one in plan["procedures"]] == list(procedures())
    assert [one["id"] for one in plan["devices"]] == list(devices())
    for one in plan["procedures"]:
        assert set(one["devices"]) <= set(devices())
        assert one["devices"]
        assert all(step["title"] for step in one["steps"])
    lead = by_id(plan["devices"])["medtronic_3389"]
    assert [round(one["centre_mm"], 2) for one in lead["contacts"]] == [2.25, 4.25, 6.25, 8.25]
    assert by_id(plan["procedures"])["dbs_lead"]["by_contact"] is True
    assert by_id(plan["profiles"])["careful"]["weights"]["vessel_clearance"] == 6.0
    assert by_id(plan["deliveries"])["robot"]["sigma_target_mm"] < 1.1


def test_the_catalogue_is_small_enough_to_come_with_the_page() -> None:
    assert len(json.dumps(offered(*HEAD))) < 100_000
