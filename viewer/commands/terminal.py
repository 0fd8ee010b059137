"""What every command asks of its options and says on the terminal."""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

from twin.build import Built, Order, build
from twin.model import Model, build_model
from twin.records import Case
from twin.repository import Repository
from viewer.settings import Settings


def add_library(parser: argparse.ArgumentParser) -> None:
    """Declare --library."""
    parser.add_argument(
        "--library",
        type=Path,
        metavar="DIR",
        help="the library's folder (default: $THEATRUM_LIBRARY or ~/.local/share/theatrum)",
    )


def settings(given: argparse.Namespace, **more: Any) -> Settings:
    """Settings of the environment and the options."""
    return Settings.read(os.environ, library=given.library, **more)


def repository(given: argparse.Namespace, *, make: bool = True) -> Repository:
    """The library that the options name; NotFound where it is not there and `make` is False."""
    return Repository(settings(given).library, make=make)


class Teller:
    """Progress on standard error: one line that is redrawn on a terminal, else one a sentence."""

    def __init__(self) -> None:
        self._began, self._last = time.monotonic(), ""
        self._terminal = sys.stderr.isatty()

    def __call__(self, stage: str, fraction: float, sentence: str) -> None:
        took = time.monotonic() - self._began
        line = f"{took:5.0f} s  {100 * fraction:3.0f} %  {sentence}"
        if self._terminal:
            end = "\n" if fraction >= 1 else ""
            print(f"\r\x1b[K{line[:110]}", end=end, file=sys.stderr, flush=True)
        elif (stage + sentence) != self._last:
            print(line, file=sys.stderr, flush=True)
        self._last = stage + sentence

    def stop(self) -> None:
        """Leave the redrawn line, before something else is said."""
        if self._terminal and self._last:
            print(file=sys.stderr)


def built(library: Repository, order: Order | Model, *, offer: bool = True) -> Built:
    """Build with progress told; a failed quality gate is warned of, an old case offered."""
    teller = Teller()
    try:
        if isinstance(order, Model):
            made = build_model(library, order, progress=teller)
        else:
            made = build(library, order, progress=teller)
    except BaseException:
        teller.stop()
        raise
    if made.found and offer:
        unused = f"; the name {order.case} was not used" if _renamed(made, order) else ""
        print(
            f"{made.case.source_name} is in the library already, as case {made.case.case}{unused}; "
            "--again makes it once more.",
            file=sys.stderr,
        )
    warn(made.case)
    return made


def _renamed(made: Built, order: Order | Model) -> bool:
    return order.case not in ("", made.case.case)


def warn(case: Case) -> None:
    """Say on standard error what the quality gate found."""
    if not case.passed:
        failed = [c["sentence"] for c in case.quality.get("checks", ()) if not c.get("passed")]
        words = " ".join(failed)
        print(
            f"WARNING: {case.case} did not pass its checks; do not rely on it. {words}",
            file=sys.stderr,
        )
