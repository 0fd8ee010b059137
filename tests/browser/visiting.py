"""A real server in a process of its own with a synthetic head, and a Chromium that looks at it."""

import os
import re
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FLAGS = ("--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@dataclass
class Theatre:
    """A running server and its library."""

    url: str
    library: Path
    process: subprocess.Popen[str]


def served(library: Path) -> Theatre:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "viewer.cli", "serve", "--port", str(port)],
        env={**os.environ, "THEATRUM_LIBRARY": str(library)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://\S+", line)
    assert found, line
    wait_for_port(port)
    return Theatre(found.group(0), library, process)


def wait_for_port(port: int) -> None:
    import time

    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the server does not listen")


@dataclass
class Visit:
    """One tab: what it says to the server and hears from it, and what went wrong."""

    page: Any
    sent: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    outbound: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def wait(self, *words: str, frames: str = "sent", seconds: float = 60) -> str:
        """The first message that holds all `words`, once it has passed."""
        for _ in range(round(seconds * 10)):
            for text in getattr(self, frames):
                if all(f'"{word}"' in text for word in words):
                    return str(text)
            self.page.wait_for_timeout(100)
        raise AssertionError(f"no message with {words} within {seconds} s")

    def drawn(self, stage: str = "coarse") -> None:
        """Wait until the theatre says that it has drawn."""
        self.wait("drawn", stage)
