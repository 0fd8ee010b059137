"""theatrum check: is this installation whole, and does it measure right?"""

import argparse
import json
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
    parser.add_argument(
        "--accuracy",
        action="store_true",
        help="measure bodies of known size and show each metric beside its closed form",
    )
    parser.add_argument("--json", action="store_true", help="the result as JSON, and nothing else")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Print one line a check, or a metric; 1 if one fails."""
    return _accuracy(as_json=given.json) if given.accuracy else _installation(as_json=given.json)


def _installation(*, as_json: bool) -> int:
    found = []
    for title, check in (
        ("the five packages are Theatrum's own", _own_names),
        ("the data that ships is there", _assets),
        ("the browser code is built", _bundle),
        ("the libraries that draw and compute can be loaded", _libraries),
        ("a library can be written and read", _library),
        ("the page can be made", _page),
    ):
        wrong = check()
        found.append({"title": title, "ok": not wrong, "fault": wrong})
        if not as_json:
            print(f"{'FAILED' if wrong else 'ok    '}  {title}{f': {wrong}' if wrong else ''}")
    version = metadata.version("theatrum")
    if as_json:
        print(json.dumps({"version": version, "checks": found}, indent=1))
    else:
        print(f"Theatrum {version}, Python {sys.version.split()[0]}")
    return 0 if all(one["ok"] for one in found) else 1


def _accuracy(*, as_json: bool) -> int:
    from surgery.accuracy import table
    from surgery.assess import ENGINE

    rows = table()
    off = [row.metric for row in rows if not row.ok]
    if as_json:
        answer = {"engine": ENGINE, "ok": not off, "rows": [row.wire() for row in rows]}
        print(json.dumps(answer, indent=1))
        return 1 if off else 0
    head = ("metric", "closed form", "measured", "error", "tolerance", "unit", "phantom")
    form = "{:6}  {:26}{:>12}{:>12}{:>11}{:>11}  {:5} {}"
    print(form.format("", *head))
    for row in rows:
        numbers = (f"{row.expected:.4f}", f"{row.measured:.4f}", f"{row.error:+.6f}")
        verdict = "ok" if row.ok else "FAILED"
        print(form.format(
            verdict, row.metric, *numbers, f"{row.tolerance:g}", row.unit, row.fault or row.phantom
        ))  # fmt: skip
    print(f"{len(rows) - len(off)} of {len(rows)} metrics agree with their closed form.")
    if off:
        print(f"theatrum: Out of tolerance: {', '.join(off)}.", file=sys.stderr)
    return 1 if off else 0


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
