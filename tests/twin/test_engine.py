"""The planning engine with its real child: answers, refusals, death, hanging, calling off, orphans.

One library with a small ball of a head; one engine for what does not kill it.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anatomy.errors import GeometryError, TermError
from anatomy.phantom_bodies import ARTERY_MM, ARTERY_X_MM, HEAD, SKIN_MM, bodies
from anatomy.quality import Quality
from anatomy.reconstruct import Reconstruction
from anatomy.volume import Volume
from surgery.plan import PlanError
from twin.answers import ANSWERS
from twin.build import Order, Reading, store
from twin.engine import Engine
from twin.question import QUESTIONS, EngineFailed, Superseded
from twin.repository import NotFound, Repository

BALL = {"case": "ball", "procedure": "needle_biopsy"}
NEEDLE = "core_needle_14g"
ENTRY_MM, TARGET_MM = (0.0, 0.0, SKIN_MM + 1.0), (0.0, 0.0, 0.0)
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def a_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with the case `ball`."""
    root: Path = tmp_path_factory.mktemp("library")
    anatomy, labelmap = bodies(HEAD, spacing_mm=4.0, times=3)
    store(
        Repository(root),
        Order(path=Path("ball.nii"), case="ball"),
        Reading(
            volume=Volume(
                grid=labelmap.grid, voxels=labelmap.labels.astype(np.float32), source="b" * 64
            ),
            report={"notes": []}, overlays=[], laid=[], recipe="ball",
        ),
        Reconstruction(
            labelmap=labelmap, origin=dict.fromkeys(HEAD, "manual"),
            quality=Quality(passed=True, checks=()), stages=(), skull_stripped=False, notes=(),
        ),
        list(anatomy),
    )  # fmt: skip
    return root


@pytest.fixture(scope="module")
def an_engine(a_library: Path) -> Iterator[Engine]:
    engine = Engine(a_library)
    assert asked(engine, "warm", seconds=600.0)["seconds"] > 0
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def a_plan(an_engine: Engine) -> dict[str, Any]:
    anatomy = asked(an_engine, "open", **BALL)["anatomy"]
    return {
        "format": "theatrum-plan", "version": 1, "id": "p1", "procedure": "needle_biopsy",
        "anatomy": anatomy, "frame": "phantom",
        "placements": [{"device": NEEDLE, "entry_mm": [*ENTRY_MM], "target_mm": [*TARGET_MM]}],
    }  # fmt: skip


def asked(engine: Engine, *question: Any, **given: Any) -> Any:
    return engine.ask(*question, **given).result(600.0)


def until(fact: Callable[[], bool], *, seconds: float = 10.0) -> float:
    """Seconds until something is so."""
    began = time.monotonic()
    while not fact():
        assert time.monotonic() - began < seconds
        time.sleep(0.01)
    return time.monotonic() - began


def gone(pid: int) -> bool:
    """Neither running nor a zombie that nobody has taken off the books."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def long_search(engine: Engine, **more: Any) -> tuple[Any, list[str]]:
    """The answer of a search that takes seconds, and what it tells; it has begun."""
    heard: list[str] = []
    answer = engine.ask(
        "search", device=NEEDLE, targets=["brain"], **BALL,
        tell=lambda _, sentence: heard.append(sentence), **more,
    )  # fmt: skip
    until(lambda: len(heard) > 1, seconds=PATIENCE_S)
    return answer, heard


def test_every_question_has_an_answer() -> None:
    assert QUESTIONS.keys() == ANSWERS.keys()


def test_a_score_is_the_closed_form_and_travels_as_json(
    an_engine: Engine, a_plan: dict[str, Any]
) -> None:
    made = asked(an_engine, "score", case="ball", plan=a_plan)
    clearance = next(one for one in made["metrics"] if one["metric"] == "vessel_clearance")

    assert clearance["status"] == "ok"
    radius_mm = 2.108 / 2  # 14 gauge.
    assert clearance["value"] == pytest.approx(ARTERY_X_MM - ARTERY_MM - radius_mm, abs=0.15)
    assert len(made["tolerances"]) == 1
    assert made["strip"][0][-1]["to_mm"] == pytest.approx(SKIN_MM + 1.0)
    assert made["plan"]["placements"][0]["target_mm"] == [*TARGET_MM]
    json.dumps(made, allow_nan=False)


def test_a_path_in_the_hand_is_scored_as_it_will_be_and_never_certified(
    an_engine: Engine, a_plan: dict[str, Any]
) -> None:
    live = asked(an_engine, "quick", case="ball", plan=a_plan)
    clearance = next(one for one in live["scores"] if one["metric"] == "vessel_clearance")

    assert not live["certified"]
    radius_mm = 2.108 / 2  # 14 gauge.
    assert clearance["value"] == pytest.approx(ARTERY_X_MM - ARTERY_MM - radius_mm, abs=0.3)


def test_asyncio_waits_for_an_answer(an_engine: Engine, a_plan: dict[str, Any]) -> None:
    async def wait() -> Any:
        return await asyncio.wrap_future(an_engine.ask("run", case="ball", plan=a_plan))

    ran = asyncio.run(asyncio.wait_for(wait(), PATIENCE_S))

    # The entry lies 57 mm from the target, along z.
    assert ran["passages"][0]["length_mm"] == pytest.approx(SKIN_MM + 1.0)


def test_a_risk_map_has_a_level_for_each_entry(an_engine: Engine) -> None:
    entries = asked(an_engine, "open", **BALL)["entries_mm"]
    seen = asked(an_engine, "risk_map", device=NEEDLE, target_mm=TARGET_MM, **BALL)

    assert (entries.shape[1], entries.dtype, seen["level"].dtype) == (3, np.float32, np.uint8)
    assert len(seen["level"]) == len(entries) > 0
    assert 0 < seen["feasible"] < len(entries)
    first = np.linalg.norm(entries - seen["best"][0]["entry_mm"], axis=1).argmin()
    assert seen["level"][first] == round(127 * seen["best"][0]["risk"])


def test_refusals_arrive_as_they_were_raised(an_engine: Engine, a_plan: dict[str, Any]) -> None:
    inside = {**a_plan["placements"][0], "entry_mm": [0.0, 0.0, 20.0]}
    with pytest.raises(PlanError, match="lies inside the brain") as refused:
        asked(an_engine, "score", case="ball", plan={**a_plan, "placements": [inside]})
    assert refused.value.wire()["code"] == "surgery.plan"
    assert refused.value.facts == {"entry_mm": (0.0, 0.0, 20.0)}
    with pytest.raises(NotFound, match="no case 'cube'"):
        asked(an_engine, "score", case="cube", plan=a_plan)
    with pytest.raises(TermError, match="No structure is called 'stapes'"):
        asked(an_engine, "targets", case="ball", structure="stapes")
    with pytest.raises(GeometryError, match="finite"):
        asked(an_engine, "risk_map", device=NEEDLE, target_mm=[0, 0, float("nan")], **BALL)


def test_our_own_fault_becomes_a_sentence_and_the_child_lives(
    an_engine: Engine, a_plan: dict[str, Any]
) -> None:
    pid = an_engine.pid
    with pytest.raises(EngineFailed, match="Theatrum has a fault, TypeError"):
        asked(an_engine, "score", case="ball", plan=a_plan, colour="red")
    with pytest.raises(EngineFailed, match="too long"):
        an_engine.ask("score", case="ball", plan={"note": "x" * 100_000})
    asked(an_engine, "score", case="ball", plan=a_plan)

    assert an_engine.pid == pid


def test_only_the_newest_of_a_hand_is_answered(an_engine: Engine, a_plan: dict[str, Any]) -> None:
    asked(an_engine, "score", case="ball", plan=a_plan)
    assert an_engine.pid is not None
    os.kill(an_engine.pid, signal.SIGSTOP)
    try:
        an_engine.ask("run", case="ball", plan=a_plan)
        older, old, new = (
            an_engine.ask("score", case="ball", plan={**a_plan, "id": id}, latest="anna")
            for id in ("a", "b", "c")
        )
        other = an_engine.ask("score", case="ball", plan={**a_plan, "id": "d"}, latest="bert")
        for one in (older, old):
            with pytest.raises(Superseded):
                one.result(0.0)
    finally:
        os.kill(an_engine.pid, signal.SIGCONT)

    assert [one.result(PATIENCE_S)["plan"]["id"] for one in (new, other)] == ["c", "d"]


def test_a_search_holds_up_no_score_and_ends_when_it_is_called_off(
    an_engine: Engine, a_plan: dict[str, Any]
) -> None:
    asked(an_engine, "score", case="ball", plan=a_plan)
    pid = an_engine.pid
    search, heard = long_search(an_engine)
    unheard: list[str] = []
    waiting = an_engine.ask("open", tell=lambda _, said: unheard.append(said), **BALL)
    asked(an_engine, "score", case="ball", plan=a_plan)
    assert not search.done()
    waiting.cancel()
    search.cancel()
    with pytest.raises(CancelledError):
        search.result(0.0)
    asked(an_engine, "open", **BALL)

    assert "of 1,200,000 paths" in heard[-1]
    assert unheard == []
    assert an_engine.pid == pid


def test_a_child_that_is_killed_gives_a_reason_and_the_next_one_scores_the_same(
    an_engine: Engine, a_plan: dict[str, Any]
) -> None:
    before = asked(an_engine, "score", case="ball", plan=a_plan)
    search, _ = long_search(an_engine)
    pid = an_engine.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(
        EngineFailed, match=r"stopped by SIGKILL.*out of memory.*ask again"
    ) as failed:
        search.result(5.0)

    assert failed.value.wire()["status"] == "failed"
    assert gone(pid)
    assert asked(an_engine, "score", case="ball", plan=a_plan) == before


def test_a_child_that_is_killed_while_it_rests_is_not_missed(an_engine: Engine) -> None:
    pid = an_engine.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: gone(pid))

    assert an_engine.pid is None
    asked(an_engine, "targets", case="ball", structure="tumour_core")


def test_a_child_that_hangs_is_killed_and_only_what_it_hung_on_fails(
    an_engine: Engine, a_plan: dict[str, Any]
) -> None:
    pid = an_engine.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    late = an_engine.ask("score", case="ball", plan=a_plan, seconds=0.3)
    beside = an_engine.ask("open", **BALL)
    with pytest.raises(EngineFailed, match=r"no answer within 0.3 s and was stopped") as failed:
        late.result(5.0)

    assert failed.value.facts == {"question": "score", "reason": "hung"}
    assert gone(pid)
    assert beside.result(PATIENCE_S)["anatomy"] == a_plan["anatomy"]


def test_the_child_has_no_more_memory_than_it_may(an_engine: Engine) -> None:
    asked(an_engine, "targets", case="ball", structure="tumour_core")
    assert an_engine.pid is not None
    limits = Path(f"/proc/{an_engine.pid}/limits").read_text().splitlines()

    space = next(line for line in limits if line.startswith("Max address space"))
    assert space.split()[3:5] == [str(6 << 30)] * 2


def test_closing_ends_the_child_and_what_it_was_asked(a_library: Path) -> None:
    engine = Engine(a_library)
    answers = [engine.ask("warm") for _ in range(2)]
    until(lambda: engine.pid is not None)
    pid = engine.pid
    assert pid is not None
    engine.close()

    assert gone(pid)
    for answer in answers:
        with pytest.raises(EngineFailed, match="server is closing"):
            answer.result(0.0)
    with pytest.raises(EngineFailed, match="server is closing"):
        engine.ask("warm")


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's signal at a parent's death")
def test_a_child_dies_with_its_server_even_while_it_is_stopped(a_library: Path) -> None:
    code = (
        "import sys, time, pathlib; from twin.engine import Engine\n"
        "engine = Engine(pathlib.Path(sys.argv[1])); engine.ask('warm')\n"
        "while engine.pid is None: time.sleep(0.01)\n"
        "print(engine.pid, flush=True); time.sleep(60)\n"
    )
    server = subprocess.Popen(
        [sys.executable, "-c", code, str(a_library)], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    pid = int(server.stdout.readline())
    status = Path(f"/proc/{pid}/status")
    until(lambda: "Threads:\t3" in status.read_text(), seconds=30.0)  # It reads our messages.
    os.kill(pid, signal.SIGSTOP)
    server.kill()
    server.wait()

    def ended() -> bool:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            return "State:\tZ" in status.read_text()  # Nobody's child now: init's to take away.
        return True

    until(ended, seconds=5.0)
