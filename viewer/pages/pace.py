"""Messages that come often, said at a pace that a page can follow."""

import threading
import time
from collections.abc import Callable
from typing import Any

PROGRESS_S = 0.2
"""The least time between two words on how far a search is."""


class Pace:
    """Says the newest of many messages, at most one every PROGRESS_S, and none after the end."""

    def __init__(self, say: Callable[[dict[str, Any]], None]) -> None:
        self._say, self._said_s = say, -PROGRESS_S
        self._next: dict[str, Any] | None = None
        self._later: threading.Timer | None = None
        self._lock = threading.Lock()

    def say(self, message: dict[str, Any]) -> None:
        """At once, or when it is time, unless a newer one has come by then."""
        with self._lock:
            rest_s = self._said_s + PROGRESS_S - time.monotonic()
            if rest_s <= 0 and self._later is None:
                self._said_s = time.monotonic()
                self._say(message)
                return
            self._next = message
            if self._later is None:
                self._later = threading.Timer(max(rest_s, 0.0), self._now)
                self._later.daemon = True
                self._later.start()

    def end(self) -> None:
        """Whatever still waits is not said."""
        with self._lock:
            self._next = None

    def _now(self) -> None:
        with self._lock:
            self._later, message = None, self._next
            if message is not None:
                self._next, self._said_s = None, time.monotonic()
                self._say(message)
