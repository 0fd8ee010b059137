"""A real server on a real port, in a thread of the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from desks import Desk, Shell, desk_in
from serving import Served, free_port, run

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
