"""A real server on a real port, in a thread of the test."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desks import Desk, Shell, desk_in
from paging import Page
from serving import Served, free_port, run
from tabs import ABOVE, MIDDLE, NEEDLE

from viewer.app import create_app
from viewer.cli import main
from viewer.settings import Settings


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    library: Path = tmp_path_factory.mktemp("library")
    settings = Settings(library=library, port=free_port(), upload_bytes=200_000)
    app = create_app(settings)
    server, thread = run(app, settings)
    yield Served(settings, app)
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A ball of a head in a library, with plans of it."""
    return desk_in(tmp_path_factory.mktemp("desk"))


@pytest.fixture
def desk_shell(desk: Desk, capsys: pytest.CaptureFixture[str]) -> Shell:
    """The command on the library of `desk`."""

    def typed(*words: object) -> tuple[int, str]:
        status = main([*map(str, words), "--library", str(desk.library.root)])
        return status, capsys.readouterr().err

    return typed


@pytest.fixture(scope="session")
def planned(desk: Desk) -> Iterator[Served]:
    """A server of the library of `desk`."""
    settings = Settings(library=desk.library.root, port=free_port())
    app = create_app(settings)
    server, thread = run(app, settings)
    yield Served(settings, app)
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="session")
def tabs(planned: Served) -> Iterator[list[Page]]:
    """Two tabs of one person, on the case `ball`."""
    both = [Page(planned, "ball"), Page(planned, "ball")]
    yield both
    for page in both:
        page.close()


@pytest.fixture
def page(tabs: list[Page], planned: Served) -> Page:
    """The first tab, just opened, on a case without plans."""
    plans = planned.settings.library / "plans" / "ball"
    for one in (*plans.glob("[!.]*"), *plans.glob(".trash/*")):
        one.rename(planned.settings.library / "tmp" / f"{time.monotonic_ns()}")
    tabs[0].asked("plan_open", "plans")
    return tabs[0]


@pytest.fixture
def wire(desk: Desk) -> dict[str, Any]:
    """A biopsy from above into the tumour, as the page sends it."""
    return {
        "format": "theatrum-plan", "version": 1, "id": "biopsy_1", "rev": 1, "parent": None,
        "procedure": "needle_biopsy", "anatomy": desk.case.anatomy, "frame": desk.case.frame,
        "placements": [
            {"device": NEEDLE, "entry_mm": ABOVE, "target_mm": MIDDLE, "depth_mm": 7.0,
             "roll_rad": 0.0}
        ],
        "delivery": "frame", "profile": "default", "author": "", "note": "",
    }  # fmt: skip
