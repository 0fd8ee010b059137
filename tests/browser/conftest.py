"""A real server in a process of its own with a synthetic head, and a Chromium that looks at it."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from stage import a_scene_of_each_case, a_stage  # noqa: F401  (fixtures of the theatre's tests)
from visiting import CHROMIUM, FLAGS, Theatre, Visit, served

from anatomy.phantom_head import Phantom, head_grid, whole_head


@pytest.fixture(scope="session")
def a_head() -> Phantom:
    """The synthetic head on a 2 mm grid, with exact labels."""
    return whole_head(grid=head_grid(2.0), seed=3)


@pytest.fixture(scope="session")
def a_library(a_head: Phantom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that holds the synthetic head twice; built once, a copy for each worker."""
    here = tmp_path_factory.getbasetemp()
    shared = here.parent if "PYTEST_XDIST_WORKER" in os.environ else here
    with (shared / "library.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "library").exists():
            stored(a_head, shared / "library.part")
            (shared / "library.part").rename(shared / "library")
    folder = tmp_path_factory.mktemp("library")
    shutil.copytree(shared / "library", folder, dirs_exist_ok=True)
    return folder


def stored(a_head: Phantom, folder: Path) -> None:
    """The synthetic head as two cases, drawn from its true labels."""
    from anatomy.quality import Check, Quality
    from anatomy.reconstruct import Reconstruction
    from anatomy.surface import structures_from
    from twin.build import Order, Reading, store
    from twin.repository import Repository

    structures = structures_from(a_head.labelmap, workers=1)
    for name, passed in (("phantom-good", True), ("phantom-failed", False)):
        made = Reconstruction(
            labelmap=a_head.labelmap,
            origin={one.id: "manual" for one in structures},
            quality=Quality(
                passed=passed,
                checks=(
                    Check(
                        id="brain_volume", title="Brain volume", value=900.0, unit="mL",
                        low=1000.0, high=2000.0, passed=passed,
                        sentence="The brain measures 900 mL, less than a head's.",
                    ),
                ),
            ),
            stages=(("phantom", 0.0, False),),
            skull_stripped=False,
            notes=("Drawn from the phantom's truth.",),
        )  # fmt: skip
        reading = Reading(
            volume=a_head.volume, report={"file": name, "axes": "RAS"}, overlays=[], laid=[],
            recipe=name,
        )  # fmt: skip
        store(Repository(folder), Order(path=Path(name), case=name), reading, made, structures)


@pytest.fixture(scope="session")
def theatre(a_library: Path) -> Iterator[Theatre]:
    there = served(a_library)
    yield there
    there.process.terminate()
    there.process.wait(15)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    sync = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with sync.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any) -> Iterator[Visit]:
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    seen = Visit(context.new_page())
    local = ("http://127.0.0.1:", "ws://127.0.0.1:", "blob:", "data:")

    def socket_opened(socket: Any) -> None:
        socket.on("framesent", lambda frame: seen.sent.append(str(frame)))
        socket.on("framereceived", lambda frame: seen.heard.append(str(frame)))

    seen.page.on("websocket", socket_opened)
    seen.page.on(
        "request", lambda r: None if r.url.startswith(local) else seen.outbound.append(r.url)
    )
    seen.page.on("pageerror", lambda error: seen.faults.append(str(error)))
    seen.page.on("console", lambda m: seen.faults.append(m.text) if m.type == "error" else None)
    yield seen
    context.close()
