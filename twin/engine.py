"""The planning engine: questions to a child process that may die, hang or be called off.

Nothing here computes. A search takes every processor, and a fault in compiled code ends the process
that it is in, so the server only asks and waits: whatever becomes of the child, it lives on.

One child with two threads and not two children: docs/decisions/0007-one-planning-child.md.
"""

import contextlib
import itertools
import logging
import pickle
import socket
import threading
import time
from collections import deque
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from twin.child import Child, ending
from twin.question import (
    NO_NUMBER,
    QUESTIONS,
    Answer,
    Asked,
    EngineFailed,
    Lane,
    Name,
    Superseded,
    Tell,
)

log = logging.getLogger(__name__)

MEMORY_BYTES = 6 << 30
"""House value: address space of the child; three heads, one with vessels, took 1.4 GB."""
LONGEST = 1 << 16
"""Bytes of a question: two of them fit into a socket that nobody reads from."""
PATIENCE_S = 10.0
"""How long work that was called off may take to stop before its process is killed."""


class Engine:
    """The planning of one library. All methods may be called from any thread."""

    def __init__(self, library: Path, *, memory_bytes: int = MEMORY_BYTES) -> None:
        self._command = ("twin.engine_child", str(library), str(memory_bytes))
        self._child: Child | None = None
        self._numbers = itertools.count(1)
        self._waiting: dict[Lane, deque[Asked]] = {"near": deque(), "far": deque()}
        self._running: dict[Lane, Asked] = {}
        self._lock = threading.Lock()
        self._closed = False
        self._woken, self._wakes = socket.socketpair()
        self._wakes.setblocking(False)
        self._thread = threading.Thread(target=self._serve, name="theatrum-engine", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int | None:
        """Of the child, where there is one."""
        child = self._child
        return None if child is None else child.pid

    def ask(
        self, name: Name, *, seconds: float | None = None, latest: str = "",
        tell: Tell = lambda *_: None, **given: Any,
    ) -> Answer:  # fmt: skip
        """Ask a question of QUESTIONS; `given` are the arguments of its function in twin/answers.

        The answer raises TwinErrors of the work as they were raised there, and EngineFailed where
        the child died, broke, or took longer than `seconds` from when it began on this question.
        A question with a word `latest` takes the place of one with the same word that still waits,
        which is Superseded. Otherwise each lane answers in order. `tell` hears of progress, on the
        engine's thread.
        """
        number, kind = next(self._numbers), QUESTIONS[name]
        message = pickle.dumps(("ask", number, name, given))
        if len(message) > LONGEST:
            raise EngineFailed(
                f"What was asked of the planning engine is too long: {len(message)} bytes, and "
                f"{LONGEST} are allowed. Place fewer devices.",
                question=name,
            )
        asked = Asked(
            number=number, name=name, message=message, latest=latest, tell=tell,
            seconds=kind.seconds if seconds is None else seconds, answer=Answer(self._wake),
        )  # fmt: skip
        with self._lock:
            if self._closed:
                raise EngineFailed("The server is closing, so nothing more is planned.")
            line = self._waiting[kind.lane]
            older = [one for one in line if latest and one.latest == latest]
            for one in older:
                line.remove(one)
            line.append(asked)
        for one in older:
            one.settle(refusal=Superseded("A newer question took the place of this one."))
        self._wake()
        return asked.answer

    def close(self) -> None:
        """End the child at once; whatever was still asked fails."""
        with self._lock:
            self._closed = True
        self._wake()
        self._thread.join()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # Full: it is awake; closed: nobody sleeps.
            self._wakes.send(b"!")

    # All that follows runs on the engine's own thread.

    def _serve(self) -> None:
        try:
            while not self._closed:
                self._step()
        except Exception:
            log.exception("the planning engine has a fault and answers nothing more")
        with self._lock:
            self._closed = True
        if self._child is not None:
            self._child.kill()
            self._child.end()
        for asked in (*self._running.values(), *self._waiting["near"], *self._waiting["far"]):
            asked.fail("the server is closing", reason="closed", way_on=NO_NUMBER)
        self._woken.close()
        self._wakes.close()

    def _step(self) -> None:
        """Sleep until something happens, and see to it."""
        pipes = [] if self._child is None else [self._child.pipe]
        happened = wait([self._woken, *pipes], timeout=self._rest_s())
        if self._woken in happened:
            self._woken.recv(4096)
        if self._child is not None and self._child.pipe in happened:
            self._hear(self._child)
        self._stop_late()
        self._call_off()
        self._send()

    def _rest_s(self) -> float | None:
        due = [asked.due_s for asked in self._running.values()]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _call_off(self) -> None:
        """Tell the child of what nobody waits for any more; near questions are soon over."""
        for lane, asked in self._running.items():
            if asked.answer.cancelled() and not asked.off and self._child is not None:
                asked.off = True
                if lane == "far":
                    asked.due_s = min(asked.due_s, time.monotonic() + PATIENCE_S)
                    with contextlib.suppress(OSError):
                        self._child.pipe.send(("off", asked.number))

    def _send(self) -> None:
        for lane in self._waiting:
            while lane not in self._running and (asked := self._next(lane)):
                try:
                    if self._child is None:
                        self._child = Child(*self._command)
                    self._child.pipe.send_bytes(asked.message)
                except OSError as reason:
                    asked.fail(f"it could not be reached ({reason})", reason="unreachable")
                    self._bury()
                else:
                    asked.due_s = time.monotonic() + asked.seconds
                    self._running[lane] = asked

    def _next(self, lane: Lane) -> Asked | None:
        with self._lock:
            while line := self._waiting[lane]:
                if not (asked := line.popleft()).answer.cancelled():
                    return asked
        return None

    def _hear(self, child: Child) -> None:
        try:
            while child.pipe.poll():
                kind, number, value = child.pipe.recv()
                for lane, asked in tuple(self._running.items()):
                    if asked.number == number:
                        self._take(lane, asked, kind, value)
        except (EOFError, OSError):
            self._bury()
        except Exception:
            log.exception("an answer of the planning engine could not be read")
            child.kill()
            self._bury()

    def _take(self, lane: Lane, asked: Asked, kind: str, value: Any) -> None:
        if kind == "progress":
            try:
                asked.tell(*value)
            except Exception:
                log.exception("nobody could be told of %s", asked.name)
            return
        del self._running[lane]
        if kind == "answer":
            asked.settle(value)
        elif kind == "refusal":
            asked.settle(refusal=value)
        elif kind == "broken":
            asked.fail(value, reason="broken", way_on=NO_NUMBER)

    def _stop_late(self) -> None:
        """Kill a child that hangs; a question beside the late one is asked again."""
        late = [one for one in self._running.values() if one.due_s <= time.monotonic()]
        if not late or self._child is None:
            return
        running, self._running = self._running, {}
        self._child.kill()
        self._bury()
        for lane, asked in running.items():
            if asked in late:
                asked.fail(
                    f"it gave no answer within {asked.seconds:g} s and was stopped", reason="hung"
                )
            else:
                with self._lock:
                    self._waiting[lane].appendleft(asked)

    def _bury(self) -> None:
        """Whatever a child that is gone was asked has failed."""
        child, self._child = self._child, None
        if child is None:
            return
        why = ending(child.end())
        for asked in self._running.values():
            asked.fail(why, reason="died")
        self._running.clear()
