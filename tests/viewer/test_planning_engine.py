"""Planning over the real server, its socket and its engine: answers, refusals, a death."""

import base64
import json
import os
import signal
import time
from typing import Any

import numpy as np
import pytest
from paging import Page
from serving import Served, ask
from tabs import MIDDLE, NEEDLE, moved

from anatomy.phantom_bodies import ARTERY_MM, ARTERY_X_MM, SKIN_MM
from twin.plans import Plans
from twin.repository import Repository


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
    planned: Served, wire: dict[str, Any]
) -> None:
    page = Page(planned, "ball")
    page.asked("plan_open", "plans")
    page.say("plan_score", key="late", plan=wire)
    page.close()
    time.sleep(0.3)

    assert ask(planned.url + "healthz").status == 200
    assert Plans(Repository(planned.settings.library)).all("ball")


def test_an_engine_that_dies_fails_the_score_in_words(
    page: Page, planned: Served, wire: dict[str, Any]
) -> None:
    page.say(
        "plan_search", job="last", procedure="needle_biopsy", device=NEEDLE, targets=[MIDDLE]
    )  # fmt: skip
    page.hear("plan_found", where=lambda m: m["job"] == "last")  # Nothing else is under way.
    pid = planned.services.engine.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    page.say("plan_score", key="b", plan=moved(wire, depth_mm=6.5))
    time.sleep(0.3)
    os.kill(pid, signal.SIGKILL)
    failed = page.hear("plan_scored", where=lambda m: m["key"] == "b")

    assert (failed["status"], failed["result"]) == ("failed", None)
    assert "ask again" in failed["sentence"]
