"""Planning over the real server, its socket and its engine, on the smallest head there is."""

import base64
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import panel_material_ui as pmui
import pytest
from paging import Page
from serving import Served, ask, free_port, run

from anatomy.phantom_bodies import ARTERY_MM, ARTERY_X_MM, HEAD, SKIN_MM, bodies
from anatomy.quality import Quality
from anatomy.reconstruct import Reconstruction
from anatomy.volume import Volume
from surgery import markups, plan_file
from twin.build import Order, Reading, store
from twin.plans import Plans
from twin.records import Case
from twin.repository import Repository
from viewer.app import create_app
from viewer.settings import Settings

NEEDLE = "side_cutting_needle_25"
ABOVE, MIDDLE = [0.0, 0.0, SKIN_MM + 1.0], [0.0, 0.0, 0.0]
STRAIGHT = {"ac_mm": [0, 13, 0], "pc_mm": [0, -13, 0], "mid_mm": [0, 0, 60]}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server whose library holds a ball of a head called `ball`."""
    library: Path = tmp_path_factory.mktemp("library")
    anatomy, labelmap = bodies(HEAD, spacing_mm=4.0, times=3)
    voxels = labelmap.labels.astype(np.float32)
    store(
        Repository(library),
        Order(path=Path("ball.nii"), case="ball"),
        Reading(
            volume=Volume(grid=labelmap.grid, voxels=voxels, source="b" * 64),
            report={"notes": []}, overlays=[], laid=[], recipe="ball",
        ),
        Reconstruction(
            labelmap=labelmap, origin=dict.fromkeys(HEAD, "manual"),
            quality=Quality(passed=True, checks=()), stages=(), skull_stripped=False, notes=(),
        ),
        list(anatomy),
    )  # fmt: skip
    settings = Settings(library=library, port=free_port())
    app = create_app(settings)
    server, thread = run(app, settings)
    yield Served(settings, app)
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def pages(served: Served) -> Iterator[list[Page]]:
    """Two tabs of one person."""
    both = [Page(served, "ball"), Page(served, "ball")]
    yield both
    for page in both:
        page.close()


@pytest.fixture
def page(pages: list[Page], served: Served) -> Page:
    """The first tab, just opened, on a case without plans."""
    for folder in ("", ".trash"):
        for one in (served.settings.library / "plans" / "ball" / folder).glob("[!.]*"):
            one.rename(served.settings.library / "tmp" / f"{time.monotonic_ns()}")
    pages[0].asked("plan_open", "plans")
    return pages[0]


@pytest.fixture(scope="module")
def case(served: Served) -> Case:
    return Repository(served.settings.library).case("ball")


@pytest.fixture
def wire(case: Case) -> dict[str, Any]:
    """A biopsy from above into the tumour, as the page sends it."""
    return {
        "format": "theatrum-plan", "version": 1, "id": "biopsy_1", "rev": 1, "parent": None,
        "procedure": "needle_biopsy", "anatomy": case.anatomy, "frame": case.frame,
        "placements": [
            {"device": NEEDLE, "entry_mm": ABOVE, "target_mm": MIDDLE, "depth_mm": 7.0,
             "roll_rad": 0.0}
        ],
        "delivery": "frame", "profile": "default", "author": "", "note": "",
    }  # fmt: skip


def moved(wire: dict[str, Any], **placement: Any) -> dict[str, Any]:
    return {**wire, "placements": [{**wire["placements"][0], **placement}]}


def keep(page: Page, wire: dict[str, Any], reason: str = "placed") -> dict[str, Any]:
    saved: dict[str, Any] = page.asked(
        "plan_save", "plan_saved", plan=wire, look={"name": "One"}, reason=reason
    )
    return saved


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
    page: Page, pages: list[Page], wire: dict[str, Any]
) -> None:
    keep(page, wire)
    pages[1].asked("plan_open", "plans")
    keep(pages[1], moved(wire, depth_mm=5.0), "by the other tab")
    refused = page.asked("plan_save", "plan_refused", plan=moved(wire, depth_mm=9.0), reason="mine")

    assert "was changed on another page" in refused["sentence"]
    assert (refused["of"], refused["id"]) == ("plan_save", "biopsy_1")
    assert refused["current"]["plan"]["placements"][0]["depth_mm"] == 5.0
    assert keep(page, moved(wire, depth_mm=9.0), "mine, on top")["rev"] == 3


def test_a_plan_that_another_tab_made_under_the_same_name_is_never_written_over(
    page: Page, pages: list[Page], wire: dict[str, Any]
) -> None:
    pages[1].asked("plan_open", "plans")
    keep(page, wire)
    for _ in range(2):
        refused = pages[1].asked("plan_save", "plan_refused", plan=moved(wire, depth_mm=1.0))
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
    page: Page, pages: list[Page], wire: dict[str, Any]
) -> None:
    keep(page, wire)
    pages[1].asked("plan_open", "plans")
    pages[1].asked("plan_remove", "plans", id="biopsy_1")

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
    page: Page, served: Served, wire: dict[str, Any]
) -> None:
    keep(page, wire)
    bad = served.settings.library / "plans" / "ball" / "broken"
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


# What the engine answers


def test_a_plan_is_scored_with_the_tissue_along_it_and_its_tolerance(
    page: Page, wire: dict[str, Any]
) -> None:
    scored = page.asked("plan_score", "plan_scored", key="k", plan=wire)
    result = scored["result"]
    vessels = next(one for one in result["metrics"] if one["metric"] == "vessel_clearance")
    (strip,) = result["strip"]

    assert (scored["key"], scored["status"]) == ("k", "ok")
    assert scored["sentence"] == result["sentence"]
    assert vessels["value"] == pytest.approx(ARTERY_X_MM - ARTERY_MM - 1.25, abs=0.3)
    assert strip[0]["from_mm"] == 0.0
    assert strip[-1]["to_mm"] == pytest.approx(SKIN_MM + 1 + 7)
    assert "Tumour core" in [one["title"] for one in strip]
    assert len(result["tolerance"]["each"]) == 1
    assert 0 <= result["tolerance"]["any_hit"]["share"] <= 1
    assert len(result["contacts"]) == 1


def test_a_lead_comes_with_the_outline_of_what_it_activates(
    page: Page, wire: dict[str, Any]
) -> None:
    lead = moved(wire, device="medtronic_3389", depth_mm=2.25)
    scored = page.asked(
        "plan_score", "plan_scored", key="k", plan={**lead, "procedure": "dbs_lead"}
    )
    (tissue,) = scored["result"]["vta"]

    assert np.mean(tissue["points"], axis=0) == pytest.approx(MIDDLE, abs=0.1)
    assert len(scored["result"]["contacts"][0]) == 4


def test_a_plan_that_cannot_be_is_refused_with_what_to_do(page: Page, wire: dict[str, Any]) -> None:
    inside = moved(wire, entry_mm=[0, 0, 30])
    scored = page.asked("plan_score", "plan_scored", key="k", plan=inside)
    live = page.asked("plan_live", "plan_refused", key="l", plan=inside, moved=0)

    assert (scored["status"], scored["result"]) == ("refused", None)
    assert "entry lies inside the brain" in scored["sentence"]
    assert (live["key"], "entry lies inside the brain" in live["sentence"]) == ("l", True)


def test_a_path_in_the_hand_is_scored_and_never_certified(page: Page, wire: dict[str, Any]) -> None:
    live = page.asked("plan_live", "plan_lived", key="k", plan=wire, moved=0)

    assert live["key"] == "k"
    assert live["live"]["certified"] is False
    assert live["ms"] > 0


def test_a_risk_map_sends_its_entries_once(page: Page) -> None:
    ask_for = {
        "procedure": "needle_biopsy", "device": NEEDLE, "target_mm": MIDDLE, "profile": "default",
    }  # fmt: skip
    first = page.asked("plan_map", "plan_mapped", key="a", **ask_for)
    again = page.asked("plan_map", "plan_mapped", key="b", **{**ask_for, "target_mm": [2, 0, 0]})
    entries = first["entries"] or again["entries"]
    places = np.frombuffer(base64.b64decode(entries), "<f4").reshape(-1, 3)
    levels = np.frombuffer(base64.b64decode(first["levels"]), "u1")

    assert again["entries"] is None
    assert len(places) == len(levels) == len(base64.b64decode(again["levels"]))
    assert np.linalg.norm(places, axis=1) == pytest.approx(SKIN_MM, abs=1.0)
    assert (levels <= 127).sum() == first["feasible"]
    assert 0 <= first["best"][0]["risk"] <= 1
    assert first["legend"]["title"].startswith("Vessel risk")


def test_a_search_tells_how_far_it_is_and_what_it_found(page: Page) -> None:
    page.say(
        "plan_search", job="j1", procedure="needle_biopsy", device=NEEDLE, targets=[MIDDLE],
        delivery="robot", profile="default", top=2, seed=1,
    )  # fmt: skip
    found = page.hear("plan_found")
    told = [m for m in page.heard if m["type"] == "plan_progress" and m["job"] == "j1"]

    assert found["job"] == "j1"
    assert found["examined"] > 1000
    assert found["feasible"] <= found["examined"]
    assert 1 <= len(found["plans"]) <= 2
    assert found["plans"][0]["plan"]["delivery"] == "robot"
    assert found["plans"][0]["result"]["digest"]
    for choice in found["front"]:
        assert (
            choice["plan"] is None
            or choice["entry_mm"]
            == (found["plans"][choice["plan"]]["plan"]["placements"][0]["entry_mm"])
        )
    assert all(0 <= one["share"] <= 1 and one["sentence"] for one in told)
    assert len(told) <= 2 + 5 * found["seconds"]


def test_a_search_that_is_called_off_says_so_at_once(page: Page) -> None:
    page.say(
        "plan_search", job="j2", procedure="needle_biopsy", device=NEEDLE, targets=["brain"],
        top=2, seed=1,
    )  # fmt: skip
    page.hear("plan_progress")
    began = time.monotonic()
    page.say("plan_stop", job="j2")

    assert page.hear("plan_found") == {"type": "plan_found", "job": "j2", "stopped": True}
    assert time.monotonic() - began < 10


def test_a_plan_is_carried_out_step_by_step(page: Page, wire: dict[str, Any]) -> None:
    ran = page.asked("plan_run", "plan_ran", key="k", plan=wire)["run"]

    assert [step["id"] for step in ran["steps"]] == [
        "incision", "drill", "dura", "advance", "deploy",
    ]  # fmt: skip
    assert sum(ran["passages"][0]["lengths_mm"].values()) == pytest.approx(SKIN_MM + 8, abs=0.1)


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
    page: Page, served: Served, wire: dict[str, Any]
) -> None:
    text = plan_file.write(plan_file.read({**wire, "anatomy": "f" * 64}))
    answer = ask(
        served.url + "upload", method="POST", query={"name": "other.json"}, body=text.encode(),
        headers={"Origin": served.origin},
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
    page: Page, served: Served, wire: dict[str, Any]
) -> None:
    keep(page, wire)
    made = page.asked("plan_export", "plan_exported", id="biopsy_1", kind="json")
    content = ask(served.url + made["url"]).content
    refused = page.asked("plan_export", "plan_refused", id="biopsy_1", kind="docx")

    assert plan_file.read(content).wire()["placements"] == wire["placements"]
    assert made["name"] == "ball-biopsy_1-r1.plan.json"
    assert "No file is of kind 'docx'" in refused["sentence"]


# What a browser may send


@pytest.mark.parametrize(
    "message",
    [
        {"type": "plan_save"},
        {"type": "plan_save", "plan": "p"},
        {"type": "plan_save", "plan": {}},
        {"type": "plan_save", "plan": {"placements": [{}] * 99}},
        {"type": "plan_restore", "id": ["x"]},
        {"type": "plan_restore", "id": "../../etc"},
        {"type": "plan_restore", "id": "biopsy_1", "rev": "1"},
        {"type": "plan_remove", "id": "x" * 300},
        {"type": "plan_search", "job": "j", "procedure": "magic", "targets": ["brain"]},
        {"type": "plan_search", "job": "j", "procedure": "needle_biopsy", "targets": []},
        {"type": "plan_search", "job": "j", "procedure": "needle_biopsy", "device": NEEDLE,
         "targets": [[0, 0, "x"]]},
        {"type": "plan_search", "job": "j", "procedure": "needle_biopsy", "device": NEEDLE,
         "targets": ["brain"], "top": 10**9},
        {"type": "plan_map", "key": "k", "procedure": "needle_biopsy", "device": "spoon",
         "target_mm": [0, 0, 0]},
        {"type": "plan_map", "key": "k", "procedure": "needle_biopsy", "device": NEEDLE,
         "target_mm": [0, 0]},
        {"type": "plan_live", "key": "k", "plan": {}, "moved": -1},
        {"type": "plan_import", "text": "{"},
        {"type": "plan_import", "text": "[]"},
        {"type": "plan_import"},
        {"type": "pins_save", "pins": 3},
        {"type": "plan_place", "form": "magic"},
        {"type": "plan_magic"},
    ],
    ids=lambda message: json.dumps(message)[9:60],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_one_sentence(
    page: Page, message: dict[str, Any]
) -> None:
    refused = page.asked(answer="plan_refused", **message)

    assert refused["of"] == message["type"]
    assert refused["sentence"].endswith((".", "?"))
    assert "Traceback" not in refused["sentence"]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), "7", True, None])
def test_a_number_that_is_none_makes_no_plan(
    page: Page, wire: dict[str, Any], number: object
) -> None:
    for plan in (moved(wire, depth_mm=number), moved(wire, entry_mm=[number, 0, 60])):
        refused = page.asked("plan_save", "plan_refused", plan=plan)
        assert refused["sentence"].endswith(".")


def test_nothing_is_said_any_more_to_a_page_that_is_gone(
    served: Served, wire: dict[str, Any]
) -> None:
    page = Page(served, "ball")
    page.asked("plan_open", "plans")
    page.say("plan_score", key="late", plan=wire)
    page.close()
    time.sleep(0.3)

    assert ask(served.url + "healthz").status == 200
    assert Plans(Repository(served.settings.library)).all("ball")


def test_an_engine_that_dies_fails_the_score_in_words(
    page: Page, served: Served, wire: dict[str, Any]
) -> None:
    page.say(
        "plan_search", job="last", procedure="needle_biopsy", device=NEEDLE, targets=[MIDDLE]
    )  # fmt: skip
    page.hear("plan_found", where=lambda m: m["job"] == "last")  # Nothing else is under way.
    pid = served.services.engine.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    page.say("plan_score", key="b", plan=moved(wire, depth_mm=6.5))
    time.sleep(0.3)
    os.kill(pid, signal.SIGKILL)
    failed = page.hear("plan_scored", where=lambda m: m["key"] == "b")

    assert (failed["status"], failed["result"]) == ("failed", None)
    assert "ask again" in failed["sentence"]
