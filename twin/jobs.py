"""Imports in a process of their own: progress over a pipe, cancelling, and death with a reason.

At most one import runs and one waits. A job outlives the page that asked for it.
"""

import contextlib
import logging
import multiprocessing as mp
import os
import secrets
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any, Literal

from anatomy.errors import Cancelled, Question, TwinError
from twin.build import Order, build
from twin.repository import Repository

log = logging.getLogger(__name__)

State = Literal["waiting", "running", "question", "refused", "done", "cancelled"]
PATIENCE_S = 5.0
"""How long a cancelled worker may take to stop by itself before it is killed."""
KEPT = 20
STOPPING = "Stopping."


class Busy(TwinError):
    """One import runs and one waits already."""

    code = "twin.busy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One import as people see it. `fraction` is 0..1 of the whole; times are seconds (epoch)."""

    id: str
    order: Order
    state: State = "waiting"
    stage: str = ""
    fraction: float = 0.0
    sentence: str = "Waiting for the import before it."
    asked_s: float = 0.0
    ended_s: float | None = None
    refusal: dict[str, Any] | None = None
    case: str = ""
    found: bool = False

    @property
    def open(self) -> bool:
        """True while it waits or runs."""
        return self.state in ("waiting", "running")

    def elapsed_s(self, now_s: float) -> float:
        """Seconds since it was asked for, or that it took."""
        return (self.ended_s or now_s) - self.asked_s


class Jobs:
    """The imports of one server. All methods may be called from any thread and return at once."""

    def __init__(self, root: Path, *, ended: Callable[[Job], None] = lambda _: None) -> None:
        self._root, self._ended = root, ended
        self._jobs: dict[str, Job] = {}
        self._lock = threading.RLock()
        self._process: SpawnProcess | None = None
        self._stop: Event | None = None
        self._closed = False
        self.version = 0
        """Rises with every change, so that a page can tell cheaply whether to look."""

    def submit(self, order: Order, *, instead_of: str = "") -> Job:
        """Ask for an import, in place of one that has ended; Busy where one runs and one waits."""
        with self._lock:
            if sum(job.open for job in self._jobs.values()) >= 2:
                raise Busy("One import runs and one waits; cancel one or wait until it is done.")
            job = Job(id=secrets.token_hex(8), order=order, asked_s=time.time())
            self._jobs.pop(instead_of, None)
            self._jobs[job.id] = job
            for old in list(self._jobs)[:-KEPT]:
                if not self._jobs[old].open:
                    del self._jobs[old]
            self._changed()
            self._next()
            return self._jobs[job.id]

    def job(self, id: str) -> Job:
        """The job of that id; raises KeyError."""
        with self._lock:
            return self._jobs[id]

    def all(self) -> list[Job]:
        """Every job still known, oldest first."""
        with self._lock:
            return list(self._jobs.values())

    def cancel(self, id: str) -> None:
        """Call a job off; what it wrote so far is either whole or gone."""
        with self._lock:
            job = self._jobs.get(id)
            if job is None or not job.open:
                return
            if job.state == "waiting":
                self._end(job.id, state="cancelled", sentence="The import was called off.")
                return
            self._set(job.id, sentence=STOPPING)
            if self._stop is not None:
                self._stop.set()
            process = self._process
        threading.Thread(target=self._kill_later, args=(process,), daemon=True).start()

    def dismiss(self, id: str) -> None:
        """Forget a job that has ended."""
        with self._lock:
            if id in self._jobs and not self._jobs[id].open:
                del self._jobs[id]
                self._changed()

    def close(self) -> None:
        """Stop at once, for the end of the server."""
        with self._lock:
            self._closed = True
            process = self._process
        if process is not None:
            _kill(process)

    def _next(self) -> None:
        """Start the oldest waiting job once the worker before it is gone (lock held)."""
        job = next((job for job in self._jobs.values() if job.state == "waiting"), None)
        if self._closed or self._process is not None or job is None:
            return
        spawn = mp.get_context("spawn")
        ours, theirs = spawn.Pipe(duplex=False)
        self._stop = spawn.Event()
        self._process = spawn.Process(
            target=_work, args=(self._root, job.order, theirs, self._stop), name="theatrum-import"
        )
        self._set(job.id, state="running", sentence="Starting.")
        self._process.start()
        theirs.close()
        threading.Thread(
            target=self._listen, args=(job.id, self._process, ours), daemon=True
        ).start()

    def _listen(self, id: str, process: SpawnProcess, pipe: Connection) -> None:
        """Follow one worker until its pipe closes; a worker that says nothing last has died."""
        with contextlib.suppress(EOFError, OSError):
            while True:
                kind, *values = pipe.recv()
                with self._lock:
                    if kind == "progress":
                        stage, fraction, sentence = values
                        if self._stop is not None and self._stop.is_set():
                            sentence = STOPPING
                        self._set(id, stage=stage, fraction=fraction, sentence=sentence)
                    elif kind == "done":
                        case, found = values
                        self._end(
                            id, state="done", case=case, found=found, fraction=1.0, sentence=""
                        )
                    else:
                        state, refusal = values
                        self._end(id, state=state, refusal=refusal, sentence=refusal["message"])
        pipe.close()
        process.join(PATIENCE_S)
        _kill(process)
        process.join()
        with self._lock:
            job = self._jobs.get(id)
            if job is not None and job.open:
                refusal = _obituary(job, process.exitcode)
                state = "cancelled" if refusal["code"] == Cancelled.code else "refused"
                self._end(id, state=state, refusal=refusal, sentence=refusal["message"])
            self._process = self._stop = None
            self._next()

    def _kill_later(self, process: SpawnProcess | None) -> None:
        if process is not None:
            process.join(PATIENCE_S)
            _kill(process)

    def _set(self, id: str, **values: Any) -> None:
        job = replace(self._jobs[id], **values)
        if job != self._jobs[id]:
            self._jobs[id] = job
            self._changed()

    def _end(self, id: str, **values: Any) -> None:
        self._set(id, ended_s=time.time(), **values)
        self._ended(self._jobs[id])

    def _changed(self) -> None:
        self.version += 1


def _obituary(job: Job, exitcode: int | None) -> dict[str, Any]:
    name = job.order.shown
    if job.sentence == STOPPING:
        return {"code": Cancelled.code, "message": "The import was called off.", "facts": {}}
    if exitcode is not None and exitcode < 0:
        why = f"it was stopped by {signal.Signals(-exitcode).name}"
        if exitcode == -signal.SIGKILL:
            why += ", which is what a machine does that is out of memory"
    else:
        why = f"it ended with code {exitcode}"
    return {
        "code": "twin.worker_died",
        "message": (
            f"The import of {name} died during '{job.stage or 'start'}': {why}. "
            "Nothing half-written was left; start it again to go on from the last finished stage."
        ),
        "facts": {"exitcode": exitcode, "stage": job.stage},
    }


def _kill(process: SpawnProcess) -> None:
    """End the worker and every process it started."""
    if process.pid is None:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if process.is_alive():
            process.kill()
        os.killpg(process.pid, signal.SIGKILL)


def _work(root: Path, order: Order, pipe: Connection, stop: Event) -> None:
    """The worker's whole life."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, args=(os.getppid(),), daemon=True).start()

    def progress(stage: str, fraction: float, sentence: str) -> None:
        if stop.is_set():
            raise Cancelled("The import was called off.")
        pipe.send(("progress", stage, fraction, sentence))

    try:
        built = build(Repository(root), order, progress=progress)
        pipe.send(("done", built.case.case, built.found))
    except Cancelled as refusal:
        pipe.send(("end", "cancelled", refusal.wire()))
    except Question as question:
        state = "question" if question.facts.get("flag") else "refused"
        pipe.send(("end", state, _plain(question)))
    except TwinError as refusal:
        pipe.send(("end", "refused", _plain(refusal)))
    except MemoryError:
        name = order.shown
        message = f"{name} needs more memory than this machine has free; nothing was kept."
        pipe.send(("end", "refused", {"code": "twin.memory", "message": message, "facts": {}}))
    except Exception as fault:
        log.exception("import failed")
        message = (
            f"The import of {order.shown} failed by a fault of Theatrum "
            f"({type(fault).__name__}: {fault}); nothing half-written was left."
        )
        pipe.send(("end", "refused", {"code": "twin.fault", "message": message, "facts": {}}))


def _plain(refusal: TwinError) -> dict[str, Any]:
    facts = {name: str(value) for name, value in refusal.facts.items()}
    return {**refusal.wire(), "facts": facts}


def _die_with_parent(parent: int) -> None:
    """A worker never outlives its server: it holds memory that the next one needs."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os.killpg(0, signal.SIGKILL)
