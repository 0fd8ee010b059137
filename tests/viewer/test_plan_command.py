"""Planning from the shell, on a ball of a head whose distances are known exactly."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from shelf import Shell, shelve

from anatomy.phantom_bodies import ARTERY_MM, ARTERY_X_MM, HEAD, SKIN_MM
from surgery.device import device

NEEDLE = "core_needle_14g"


@pytest.fixture(scope="module")
def a_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with the case `ball`, and `bare` without its artery."""
    root: Path = tmp_path_factory.mktemp("library")
    bare = {id: solid for id, solid in HEAD.items() if id not in ("artery", "vein")}
    shelve(root, "ball", HEAD)
    shelve(root, "bare", bare)
    return root


@pytest.fixture
def shell(a_library: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(a_library, capsys)


BIOPSY = ("plan", "ball", "--procedure", "needle_biopsy", "--target", "tumour_core")


def to_artery_mm(entry: np.ndarray, tip: np.ndarray) -> float:
    """From a path to the artery's wall: its centre line is straight, along y, 60 mm long."""
    t, y = np.meshgrid(np.linspace(0, 1, 2001), np.linspace(-30, 30, 1201))
    way = entry[:, None, None] + (tip - entry)[:, None, None] * t
    off = np.stack([way[0] - ARTERY_X_MM, way[1] - y, way[2]])
    return float(np.sqrt((off**2).sum(axis=0)).min()) - ARTERY_MM


def metric(plan: dict[str, Any], id: str) -> dict[str, Any]:
    return next(one for one in plan["metrics"] if one["metric"] == id)


def test_every_plan_of_a_search_keeps_every_hard_limit_by_closed_form(shell: Shell) -> None:
    status, answer = shell.answer(*BIOPSY, "--top", "3")
    needle = device(NEEDLE)

    assert status == 0
    assert answer["candidates_examined"] > 100_000
    assert 0 < answer["feasible"] < answer["candidates_examined"]
    assert len(answer["plans"]) == 3
    for plan in answer["plans"]:
        (way,) = plan["plan"]["placements"]
        entry, target = np.array(way["entry_mm"]), np.array(way["target_mm"])
        along = (target - entry) / np.linalg.norm(target - entry)
        tip = target + way["depth_mm"] * along
        clear = to_artery_mm(entry, tip) - needle.radius_mm
        shown = metric(plan, "vessel_clearance")

        assert plan["verdict"] == "accepted"
        assert clear >= 3.0
        assert shown["value"] == pytest.approx(clear, abs=0.05)
        assert shown["status"] == "ok"
        assert shown["threshold"]["hard_low"] == 3.0
        assert shown["source"].startswith("docs/evidence.md#")
        assert math.hypot(*shown["point_mm"][::2]) < ARTERY_X_MM + ARTERY_MM + 0.1
        assert np.linalg.norm(entry) == pytest.approx(SKIN_MM, abs=0.5)
        assert metric(plan, "incidence")["value"] == pytest.approx(
            math.degrees(math.acos(-along @ entry / np.linalg.norm(entry))), abs=1.5
        )
        assert 0 <= plan["tolerance"]["any_hit"]["share"] <= 1


def test_the_same_seed_gives_the_same_plans(shell: Shell) -> None:
    first, second = (shell.answer(*BIOPSY, "--top", "2", "--seed", "7")[1] for _ in range(2))

    assert first["plans"] == second["plans"]


def test_a_plan_file_is_scored_with_the_numbers_it_was_found_with(
    shell: Shell, tmp_path: Path
) -> None:
    file = tmp_path / "plan.json"
    _, found = shell.answer(*BIOPSY, "--top", "1", "--out", str(file))
    status, scored = shell.answer("score", "ball", str(file))

    assert status == 0
    assert scored["metrics"] == found["plans"][0]["metrics"]
    assert scored["verdict"] == found["plans"][0]["verdict"]


def test_a_plan_of_another_anatomy_is_stale_and_has_no_number(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    shell.answer(*BIOPSY, "--top", "1", "--out", str(file))
    _, scored = shell.answer("score", "bare", str(file))

    assert scored["verdict"] == "stale"
    assert (scored["metrics"], scored["total"], scored["tolerance"]) == ([], None, None)


def test_without_vessels_nothing_is_called_accepted(shell: Shell) -> None:
    _, answer = shell.answer("plan", "bare", *BIOPSY[2:], "--top", "2")

    assert {plan["verdict"] for plan in answer["plans"]} == {"incomplete"}
    clearance = metric(answer["plans"][0], "vessel_clearance")
    assert clearance["value"] is None
    assert "no vessels in this twin" in clearance["sentence"]


def test_a_path_through_the_artery_is_rejected_and_says_why(shell: Shell) -> None:
    status, answer = shell.answer(*BIOPSY[:-1], "0,0,0", "--entry", "57,0,0")

    assert status == 3
    assert answer["feasible"] == 0
    assert "vessels" in answer["binding"]
    assert answer["plans"][0]["verdict"] == "rejected"


def test_a_target_beside_the_artery_leaves_no_plan_and_the_limit_is_named(shell: Shell) -> None:
    status, answer = shell.answer(*BIOPSY[:-1], f"{ARTERY_X_MM - ARTERY_MM - 1:g},0,0")

    assert status == 3
    assert answer["plans"] == []
    assert "vessels" in answer["binding"]


def test_the_best_plan_is_drawn_with_its_device_and_nothing_is_drawn_without_a_plan(
    shell: Shell, tmp_path: Path
) -> None:
    drawn, absent = tmp_path / "plan.png", tmp_path / "none.png"
    shell(*BIOPSY, "--top", "1", "--picture", str(drawn))
    shell(*BIOPSY[:-1], "0,0,0", "--entry", "57,0,0", "--picture", str(absent))
    pixels = np.array(Image.open(drawn).convert("RGB")).astype(int)
    red, green, blue = np.moveaxis(pixels, -1, 0)
    bright = (pixels.min(axis=2) > 95) & (np.ptp(pixels, axis=2) < 32)
    space, sections = bright[92:478], bright[480:866]
    left, right = np.hsplit(space, 2)

    assert pixels.shape == (900, 1440, 3)
    assert left.sum() > 300, "the needle in the head"
    assert right.sum() > left.sum(), "the same needle close by"
    assert sections.sum() > 300, "the needle in the scan"
    assert ((red > 130) & (green < 110) & (blue < 110))[92:478].sum() > 100, "the artery"
    assert not absent.exists()


SEEG = ("plan", "ball", "--procedure", "seeg_array")


def test_the_electrodes_of_an_array_are_chosen_with_proof_and_keep_their_distance(
    shell: Shell,
) -> None:
    status, answer = shell.answer(*SEEG, "--target", "0,-12,20", "--target", "0,6,20")
    (plan,) = answer["plans"]
    first, second = plan["plan"]["placements"]
    apart = segment_distance_mm(first, second)

    assert status == 0
    assert "proven" in answer["choice"]
    assert plan["verdict"] == "accepted"
    assert apart >= 10.0 - 0.05
    assert {one["placement"] for one in plan["metrics"]} == {0, 1, None}


def test_electrodes_to_targets_too_near_each_other_are_proven_impossible(shell: Shell) -> None:
    status, answer = shell.answer(*SEEG, "--target", "0,0,20", "--target", "0,5,20")

    assert status == 3
    assert answer["plans"] == []
    assert "0,0,20" in answer["binding"]
    assert "0,5,20" in answer["binding"]


def segment_distance_mm(a: dict[str, Any], b: dict[str, Any]) -> float:
    """Between two shafts, by dense samples of both."""
    t = np.linspace(0, 1, 801)[:, None]
    one, two = (
        np.array(way["entry_mm"]) * (1 - t) + np.array(way["target_mm"]) * t for way in (a, b)
    )
    return float(np.linalg.norm(one[:, None] - two[None], axis=2).min())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*BIOPSY[:-1], "artery_left"), "There is no artery_left"),
        ((*BIOPSY[:-1], "nan,0,0"), "three finite numbers"),
        ((*BIOPSY[:-1], "1,2"), "three finite numbers"),
        ((*BIOPSY[:-1], "-5,0,0", "--entry", "-30,0,0"), "Move it out to the skin"),
        ((*BIOPSY[:-1], "90,0,0", "--entry", "0,0,57"), "outside the head"),
        ((*BIOPSY[:-1], "0,0,57", "--entry", "0,0,57"), "coincide"),
        ((*BIOPSY, "--device", "core_needle_15g"), "core_needle_14g"),
        (("plan", "ball", "--procedure", "needle_biopsie", "--target", "0,0,0"), "needle_biopsy"),
        ((*BIOPSY, "--delivery", "by_hand"), "by_hand"),
        ((*BIOPSY, "--profile", "carefull"), "careful"),
        ((*BIOPSY, "--top", "0"), "--top"),
        (("plan", "nobody", *BIOPSY[2:]), "There is no case 'nobody'"),
        (("score", "ball", "missing.json"), "missing.json"),
        ((*BIOPSY, "--target", "0,0,5"), "at most 1 placements"),
        ((*SEEG, "--target", "0,0,20", "--target", "0,0,20"), "twice"),
    ],
)
def test_what_cannot_be_planned_is_refused_in_one_sentence(
    shell: Shell, words: tuple[str, ...], said: str
) -> None:
    status, out, error = shell(*words)
    last = error.strip().splitlines()[-1]

    assert (status, out) == (2, "")
    assert last.startswith("theatrum: ")
    assert said in last
    assert "Traceback" not in error


def test_the_printed_answer_reads_for_people(shell: Shell) -> None:
    status, out, error = shell(*BIOPSY, "--top", "1")

    assert status == 0
    assert "candidates" in out
    assert "mm RAS" in out
    assert "Not a medical device" in error
