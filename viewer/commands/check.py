"""theatrum check: is this installation whole?"""

import argparse
import socket
import sys
import tempfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

from viewer.pages.trouble import TROUBLE

NAMES = ("anatomy", "surgery", "twin", "viewer", "assets")


def add(verbs: Any) -> None:
    """Declare the command."""
    parser = verbs.add_parser("check", help="is this installation whole?")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:  # noqa: ARG001 - every command takes its options
    """Print one line a check; 1 if one fails."""
    bad = 0
    for title, check in (
        ("the five packages are Theatrum's own", _own_names),
        ("the data that ships is there", _assets),
        ("the browser code is built", _bundle),
        ("the libraries that draw and compute can be loaded", _libraries),
        ("a library can be written and read", _library),
        ("the page can be made", _page),
    ):
        wrong = check()
        bad += bool(wrong)
        print(f"{'FAILED' if wrong else 'ok    '}  {title}{f': {wrong}' if wrong else ''}")
    print(f"Theatrum {metadata.version('theatrum')}, Python {sys.version.split()[0]}")
    return 1 if bad else 0


def _own_names() -> str:
    owners = metadata.packages_distributions()
    strangers = {name: set(owners.get(name, ())) - {"theatrum"} for name in NAMES}
    wrong = [f"{name} belongs to {', '.join(sorted(o))}" for name, o in strangers.items() if o]
    missing = [name for name in NAMES if not _importable(name)]
    return "; ".join([*wrong, *(f"{name} is missing" for name in missing)])


def _importable(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec(name) is not None


def _assets() -> str:
    def load() -> None:
        from anatomy.schemes import scheme, schemes
        from anatomy.terms import terms

        terms()
        for name in schemes():
            scheme(name)

    return _said(load)


def _bundle() -> str:
    from viewer.panes.theatre import BUNDLE

    if not BUNDLE.is_file() or BUNDLE.stat().st_size < 10_000:
        return f"{BUNDLE} is missing; run `make {BUNDLE.name}`'s build, or reinstall"
    return ""


def _libraries() -> str:
    def load() -> None:
        import open3d  # noqa: F401
        import SimpleITK  # noqa: F401
        import trimesh  # noqa: F401
        from vtkmodules import vtkCommonCore  # noqa: F401

    return _said(load)


def _library() -> str:
    def use() -> None:
        import numpy as np

        from twin.repository import Repository

        with tempfile.TemporaryDirectory() as folder:
            library = Repository(Path(folder))
            made = library.keep("check", "1", lambda: {"a": np.arange(3)})
            again = library.keep("check", "1", dict)
            if list(made["a"]) != list(again["a"]):
                raise ValueError("a stage result changed on its way to the disk and back")

    return _said(use)


def _page() -> str:
    def make() -> None:
        import threading
        import urllib.request

        import uvicorn

        from viewer.app import create_app, server_config
        from viewer.settings import Settings

        with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
            probe.close()
            settings = Settings(library=Path(folder), port=port)
            app = create_app(settings)
            server = uvicorn.Server(server_config(app, settings))
            thread = threading.Thread(target=server.run, daemon=True)
            thread.start()
            while thread.is_alive() and not server.started:
                thread.join(0.05)
            try:
                urllib.request.urlopen(settings.address, timeout=30).read()
                (session,) = app.state.bokeh._applications["/"].sessions
                if TROUBLE in str(session.document.to_json()):
                    raise ValueError(TROUBLE)
            finally:
                server.should_exit = True
                thread.join(10)

    return _said(make)


def _said(step: Callable[[], None]) -> str:
    try:
        step()
    except Exception as fault:  # noqa: BLE001 - the check's purpose is to say it
        return f"{type(fault).__name__}: {fault}"
    return ""
