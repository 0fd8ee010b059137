"""The process that plans: reads questions from its pipe, answers them in two lanes, tells how far.

The main thread is the far lane: only there can work be stopped from outside, by a signal's handler
that raises. The near lane is a thread beside it; compiled code leaves the interpreter to it.
"""

import contextlib
import logging
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from anatomy.errors import TwinError
from twin.child import end_with, limit_memory, lower_priority
from twin.question import QUESTIONS

log = logging.getLogger(__name__)

PRIORITY = 5
"""House value: how much lower a search stands than pages and paths in the hand."""


class CalledOff(BaseException):
    """Nobody waits for this work any more. No Exception: no metric may take it for its own."""


class Worker:
    """One child's life. `work` returns when nobody is at the other end of the pipe."""

    def __init__(self, pipe: Connection, answers: Callable[[], Callable[..., Any]]) -> None:
        self._pipe, self._answers = pipe, answers
        self._ready = threading.Event()
        self._sending = threading.Lock()
        self._near: SimpleQueue[tuple[Any, ...]] = SimpleQueue()
        self._far: SimpleQueue[tuple[Any, ...]] = SimpleQueue()
        self._at = self._off = 0
        """The question that the far lane can be called off from, and the one that it was."""

    def work(self) -> None:
        """Answer until the process ends."""
        signal.signal(signal.SIGINT, self._interrupt)
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._serve_near, daemon=True).start()
        lower_priority(PRIORITY)  # Of this thread: the others have been started.
        self._answer = self._answers()
        self._ready.set()
        while True:
            number, name, given = self._far.get()
            try:
                self._begin(number)
                made = self._made(number, name, given)
                self._at = 0
            except CalledOff:
                made = ("off", number, None)
            self._send(made)

    def _read(self) -> None:
        """The parent's messages; it is gone where there are no more."""
        with contextlib.suppress(EOFError, OSError):
            while True:
                kind, number, *asked = self._pipe.recv()
                if kind == "off":
                    self._off = number
                    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
                else:
                    lane = QUESTIONS[asked[0]].lane
                    (self._near if lane == "near" else self._far).put((number, *asked))
        os._exit(0)

    def _serve_near(self) -> None:
        self._ready.wait()
        while True:
            self._send(self._made(*self._near.get()))

    def _begin(self, number: int) -> None:
        """From here on the far lane can be called off; at once, where it has been already."""
        self._at = number
        self._interrupt()

    def _interrupt(self, *_: object) -> None:
        """Called in the main thread between two of its steps; a question is left only once."""
        if self._at and self._at == self._off:
            self._at = 0
            raise CalledOff

    def _made(self, number: int, name: str, given: Mapping[str, Any]) -> tuple[Any, ...]:
        """The message that ends a question."""

        def tell(fraction: float, sentence: str) -> None:
            far = self._at == number
            if far:
                self._at = 0  # No message is cut in two.
            self._send(("progress", number, (fraction, sentence)))
            if far:
                self._begin(number)

        try:
            return "answer", number, self._answer(name, tell, given)
        except TwinError as refusal:
            return "refusal", number, _portable(refusal)
        except MemoryError:
            return "broken", number, "it needs more memory than THEATRUM_PLANNING_MB gives it"
        except Exception as fault:
            log.exception("a question to the planning engine failed: %s", name)
            return "broken", number, f"Theatrum has a fault, {type(fault).__name__}: {fault}"

    def _send(self, message: tuple[Any, ...]) -> None:
        with self._sending, contextlib.suppress(OSError):
            self._pipe.send(message)


def _portable(refusal: TwinError) -> TwinError:
    """The refusal with facts that can travel."""
    try:
        pickle.loads(pickle.dumps(refusal))
    except Exception:  # noqa: BLE001 - whatever is wrong with a fact, the sentence must arrive
        facts = {name: str(fact) for name, fact in refusal.facts.items()}
        return type(refusal)(refusal.message, **facts)
    return refusal


def _answers(library: Path) -> Callable[..., Any]:
    """Imports all that plans: a second or two."""
    from twin.answers import answer
    from twin.planning import Desk
    from twin.repository import Repository

    return partial(answer, Desk(Repository(library)))


def _main(end: int, parent: int, library: Path, most_bytes: int) -> None:
    end_with(parent)
    limit_memory(most_bytes)
    Worker(Connection(end), partial(_answers, library)).work()


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
