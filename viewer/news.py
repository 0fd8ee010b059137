"""News of the library and its imports: one look for the whole server, told to the open pages."""

import logging
import threading
import time
from collections.abc import Callable

from twin.jobs import Jobs
from twin.repository import Repository

log = logging.getLogger(__name__)

LOOK_S = 0.5
"""How often the library and the imports are looked at."""
TICK_S = 1.0
"""How often pages hear of an import under way, whose seconds count on."""


class News:
    """Tells every listener after a change, and each second while an import is under way.

    A page that looked for itself would cost the server some per cent of a core for each viewer.
    """

    def __init__(self, jobs: Jobs, repository: Repository) -> None:
        self._jobs, self._repository = jobs, repository
        self._listeners: dict[object, Callable[[], None]] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._seen = self._state()
        threading.Thread(target=self._watch, name="theatrum-news", daemon=True).start()

    def listen(self, tell: Callable[[], None]) -> Callable[[], None]:
        """Call `tell`, from a thread of its own, whenever there is news; the result ends that."""
        key = object()
        with self._lock:
            self._listeners[key] = tell

        def stop() -> None:
            with self._lock:
                self._listeners.pop(key, None)

        return stop

    def close(self) -> None:
        """Look no more."""
        self._ended.set()

    def _watch(self) -> None:
        told_s = 0.0
        while not self._ended.wait(LOOK_S):
            now = self._state()
            ticking = any(job.open for job in self._jobs.all())
            if now != self._seen or (ticking and time.monotonic() - told_s >= TICK_S):
                self._seen, told_s = now, time.monotonic()
                self._tell()

    def _state(self) -> tuple[int, tuple[str, ...]]:
        return self._jobs.version, tuple(self._repository.names())

    def _tell(self) -> None:
        with self._lock:
            listeners = list(self._listeners.values())
        for tell in listeners:
            try:
                tell()
            except Exception:  # One page that is gone must not keep the news from the others.
                log.exception("a page could not be told")
