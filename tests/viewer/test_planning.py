"""Planning over the real server and its socket: what the library keeps, forms, files."""

import json
import time
from typing import Any

import panel_material_ui as pmui
import pytest
from paging import Page
from serving import Served, ask
from tabs import ABOVE, MIDDLE, NEEDLE, keep, moved

from surgery import markups, plan_file

STRAIGHT = {"ac_mm": [0, 13, 0], "pc_mm": [0, -13, 0], "mid_mm": [0, 0, 60]}


# What the library keeps


def test_a_saved_plan_is_there_after_the_page_is_loaded_again(
    page: Page, wire: dict[str, Any]
) -> None:
    saved = keep(page, wire)
    keep(page, moved(wire, depth_mm=6.0), "depth changed")
    (one,) = page.asked("plan_open", "plans")["plans"]

    assert (saved["id"], saved["rev"]) == ("biopsy_1", 1)
    assert abs(saved["saved_s"] - time.time()) < 60
    assert one["plan"]["placements"][0]["depth_mm"] == 6.0
    assert (one["plan"]["rev"], one["look"], one["stale"]) == (2, {"name": "One"}, False)
    assert [entry["reason"] for entry in one["history"]] == ["placed", "depth changed"]


def test_of_many_saves_at_once_the_last_one_sent_is_the_newest(
    page: Page, wire: dict[str, Any]
) -> None:
    page.say_all([
        {"type": "plan_save", "plan": moved(wire, depth_mm=n / 100), "reason": str(n)}
        for n in range(60)
    ])  # fmt: skip
    page.hear("plan_saved", where=lambda m: m["history"][-1]["reason"] == "59")
    time.sleep(0.5)
    (one,) = page.asked("plan_open", "plans")["plans"]

    assert one["plan"]["placements"][0]["depth_mm"] == 0.59
    assert not [m for m in page.heard if m["type"] == "plan_refused"]


def test_a_tab_that_did_not_see_another_tabs_save_is_refused_with_it_and_may_save_then(
    page: Page, tabs: list[Page], wire: dict[str, Any]
) -> None:
    keep(page, wire)
    tabs[1].asked("plan_open", "plans")
    keep(tabs[1], moved(wire, depth_mm=5.0), "by the other tab")
    refused = page.asked("plan_save", "plan_refused", plan=moved(wire, depth_mm=9.0), reason="mine")

    assert "was changed on another page" in refused["sentence"]
    assert (refused["of"], refused["id"]) == ("plan_save", "biopsy_1")
    assert refused["current"]["plan"]["placements"][0]["depth_mm"] == 5.0
    assert keep(page, moved(wire, depth_mm=9.0), "mine, on top")["rev"] == 3


def test_a_plan_that_another_tab_made_under_the_same_name_is_never_written_over(
    page: Page, tabs: list[Page], wire: dict[str, Any]
) -> None:
    tabs[1].asked("plan_open", "plans")
    keep(page, wire)
    for _ in range(2):
        refused = tabs[1].asked("plan_save", "plan_refused", plan=moved(wire, depth_mm=1.0))
        assert "another page" in refused["sentence"]


def test_a_removed_plan_comes_back_from_the_trash_and_by_undo(
    page: Page, wire: dict[str, Any]
) -> None:
    keep(page, wire)
    gone = page.asked("plan_remove", "plans", id="biopsy_1")
    back = page.asked("plan_restore", "plans", id="biopsy_1")
    page.asked("plan_remove", "plans", id="biopsy_1")
    undone = keep(page, wire, "undone")

    assert (gone["plans"], [one["id"] for one in gone["trash"]]) == ([], ["biopsy_1"])
    assert [one["id"] for one in back["plans"]] == ["biopsy_1"]
    assert undone["rev"] == 2
    assert page.asked("plan_remove", "plan_refused", id="nobody")["id"] == "nobody"


def test_a_plan_that_another_tab_removed_is_not_saved_again_unseen(
    page: Page, tabs: list[Page], wire: dict[str, Any]
) -> None:
    keep(page, wire)
    tabs[1].asked("plan_open", "plans")
    tabs[1].asked("plan_remove", "plans", id="biopsy_1")

    refused = page.asked("plan_save", "plan_refused", plan=moved(wire, depth_mm=2.0))
    assert "lies in the trash" in refused["sentence"]


def test_an_older_version_is_restored_as_the_newest(page: Page, wire: dict[str, Any]) -> None:
    keep(page, wire)
    keep(page, moved(wire, depth_mm=2.0), "deeper")
    (one,) = page.asked("plan_restore", "plans", id="biopsy_1", rev=1)["plans"]

    assert one["plan"]["placements"][0]["depth_mm"] == 7.0
    assert [entry["reason"] for entry in one["history"]][-1] == "version 1 restored"
    assert len(one["history"]) == 3


def test_a_damaged_file_is_named_and_the_other_plans_are_listed(
    page: Page, planned: Served, wire: dict[str, Any]
) -> None:
    keep(page, wire)
    bad = planned.settings.library / "plans" / "ball" / "broken"
    bad.mkdir()
    (bad / "000001.json").write_text("{")
    listed = page.asked("plan_open", "plans")
    sentence = page.hear("say")["sentence"]

    assert [one["id"] for one in listed["plans"]] == ["biopsy_1"]
    assert "ball/broken/000001.json is damaged" in sentence
    assert listed["damaged"] == [sentence]


def test_a_plan_of_another_anatomy_is_listed_as_stale_and_gets_no_number(
    page: Page, wire: dict[str, Any]
) -> None:
    keep(page, {**wire, "anatomy": "f" * 64})
    (one,) = page.asked("plan_open", "plans")["plans"]
    scored = page.asked("plan_score", "plan_scored", key="k", plan={**wire, "anatomy": "f" * 64})

    assert one["stale"]
    assert (scored["result"]["verdict"], scored["result"]["metrics"]) == ("stale", [])
    assert scored["result"]["total"] is None


def test_pins_measures_and_landmarks_stay_with_the_case(page: Page) -> None:
    pin = {"id": "p1", "point_mm": [1, 2, 3], "text": "Look <b>here</b>"}
    measure = {
        "id": "m1", "kind": "distance", "points_mm": [[0, 0, 0], [3, 4, 0]], "text": "5.0 mm",
        "confirmed": True,
    }  # fmt: skip
    saved = page.asked(
        "pins_save", "pins_saved", pins=[pin], measures=[measure], landmarks=STRAIGHT
    )
    found = page.asked("plan_open", "plans")

    assert found["pins"] == saved["pins"]
    assert found["pins"][0]["text"] == "Look <b>here</b>"
    assert found["measures"] == [measure]
    assert found["landmarks"]["ac_mm"] == [0, 13, 0]


def test_a_message_updates_nothing_else_of_any_page(
    page: Page, wire: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    updated, update = [], pmui.Page._update_model

    def counted(self: Any, *given: Any, **more: Any) -> Any:
        updated.append(1)
        return update(self, *given, **more)

    monkeypatch.setattr(pmui.Page, "_update_model", counted)
    keep(page, wire)
    time.sleep(0.3)

    assert updated == []


# Forms


def test_forms_of_a_path_and_what_is_typed_in_them_agree(page: Page, wire: dict[str, Any]) -> None:
    tilted = moved(wire, entry_mm=[20.0, 5.0, 52.0])
    told = page.asked("plan_forms", "plan_formed", key="k", plan=tilted, landmarks=STRAIGHT)
    forms = told["forms"]

    assert forms["acpc"]["entry_mm"] == pytest.approx([20, 5, 52])
    assert forms["frame"]["target_mm"] == [100.0, 100.0, 100.0]
    for form, end, values in (
        ("frame", "entry", forms["frame"]),
        ("acpc", "entry", forms["acpc"]["entry_mm"]),
        ("ras", "target", forms["ras"]["target_mm"]),
    ):
        placed = page.asked(
            "plan_place", "plan_placed", form=form, values=values, placement=0, end=end,
            plan=tilted, landmarks=STRAIGHT,
        )  # fmt: skip
        assert placed["entry_mm"] == pytest.approx([20, 5, 52], abs=1e-6)
        assert placed["target_mm"] == pytest.approx([0, 0, 0], abs=1e-6)


def test_a_head_without_landmarks_says_what_to_click(page: Page, wire: dict[str, Any]) -> None:
    page.asked("pins_save", "pins_saved", pins=[], measures=[])
    forms = page.asked("plan_forms", "plan_formed", key="k", plan=wire, landmarks=None)["forms"]
    typed = page.asked(
        "plan_place", "plan_refused", form="acpc", values=[0, 0, 0], placement=0, end="entry",
        plan=wire,
    )  # fmt: skip

    assert (forms["acpc"], forms["frame"]) == (None, None)
    assert forms["sentence"] == "Landmarks: not set. Click AC, PC and a point in the midline."
    assert typed["sentence"] == forms["sentence"]


# Files


def test_a_plan_file_comes_back_as_it_was_and_takes_no_others_place(
    page: Page, wire: dict[str, Any]
) -> None:
    keep(page, wire)
    text = plan_file.write(plan_file.read(wire))
    listed = page.asked("plan_import", "plans", name="p.json", text=text)
    first, second = sorted(listed["plans"], key=lambda one: str(one["id"]))

    assert (first["id"], second["id"]) == ("biopsy_1", "biopsy_1_2")
    assert second["plan"]["placements"] == first["plan"]["placements"]
    assert second["history"][0]["reason"] == "brought in from p.json"


def test_an_uploaded_plan_of_another_patient_is_listed_with_a_warning(
    page: Page, planned: Served, wire: dict[str, Any]
) -> None:
    text = plan_file.write(plan_file.read({**wire, "anatomy": "f" * 64}))
    answer = ask(
        planned.url + "upload", method="POST", query={"name": "other.json"}, body=text.encode(),
        headers={"Origin": planned.origin},
    )  # fmt: skip
    ticket = answer.json()["ticket"]
    listed = page.asked("plan_import", "plans", ticket=ticket)

    assert listed["plans"][0]["stale"]
    assert "another patient" in page.hear("say")["sentence"]
    assert "no longer there" in page.asked("plan_import", "plan_refused", ticket=ticket)["sentence"]


def test_lines_of_slicer_come_back_as_the_plan_they_were(page: Page, wire: dict[str, Any]) -> None:
    plan = plan_file.read(wire)
    text = markups.write(plan, stamp={})
    (one,) = page.asked("plan_import", "plans", name="p.mrk.json", text=text)["plans"]

    assert one["plan"]["placements"] == plan.wire()["placements"]
    assert one["plan"]["procedure"] == "needle_biopsy"


def test_a_line_drawn_in_slicer_gets_the_device_that_is_chosen(page: Page) -> None:
    line = {
        "@schema": markups.SCHEMA,
        "markups": [{
            "type": "Line", "coordinateSystem": "RAS", "coordinateUnits": "mm", "name": "L 1",
            "controlPoints": [{"position": ABOVE}, {"position": MIDDLE}],
        }],
    }  # fmt: skip
    (one,) = page.asked(
        "plan_import", "plans", name="l.mrk.json", text=json.dumps(line),
        procedure="needle_biopsy", device=NEEDLE, delivery="robot",
    )["plans"]  # fmt: skip

    assert (one["id"], one["plan"]["delivery"]) == ("l", "robot")
    assert one["plan"]["placements"][0]["device"] == NEEDLE
    assert one["plan"]["placements"][0]["entry_mm"] == ABOVE


def test_a_plan_is_taken_away_as_a_file_that_is_fetched_by_its_digest(
    page: Page, planned: Served, wire: dict[str, Any]
) -> None:
    keep(page, wire)
    made = page.asked("plan_export", "plan_exported", id="biopsy_1", kind="json")
    content = ask(planned.url + made["url"]).content
    refused = page.asked("plan_export", "plan_refused", id="biopsy_1", kind="docx")

    assert plan_file.read(content).wire()["placements"] == wire["placements"]
    assert made["name"] == "ball-biopsy_1-r1.plan.json"
    assert "No file is of kind 'docx'" in refused["sentence"]
