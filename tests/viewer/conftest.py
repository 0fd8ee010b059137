"""A real server on a real port, in a thread of the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import Served, free_port, run

from viewer.app import create_app
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
