"""Work that may take the interpreter down with it, done in a process of its own.

`greedy` is native code that can crash; its death becomes a sentence instead of ours.
"""

import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from anatomy.errors import TwinError

THREADS = 2
"""Threads of native code; fixed, because sums over another number of threads differ in bits."""


class WorkerError(TwinError):
    """A worker process died or never came back."""

    code = "anatomy.worker"


def call(
    function: str,
    *arguments: Any,
    what: str,
    seconds: float = 180,
    poll: Callable[[float], None] = lambda _: None,
) -> Any:
    """`function` ("module:name") of `arguments` in a fresh process.

    `poll(elapsed seconds)` is called five times a second and may raise to call the work off;
    the process is then killed. A refusal of the worker is raised here. `what` names the work in
    the sentence of a WorkerError.
    """
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
        "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": str(THREADS),
        "OMP_NUM_THREADS": str(THREADS),
    }
    child = subprocess.Popen(
        [sys.executable, "-c", "from anatomy.segment.apart import serve; serve()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )
    answer: list[tuple[bytes, bytes]] = []
    question = pickle.dumps((function, arguments), protocol=5)

    def exchange() -> None:
        answer.append(child.communicate(question))

    talk = threading.Thread(target=exchange, daemon=True)
    started = time.monotonic()
    talk.start()
    try:
        while talk.is_alive():
            talk.join(0.2)
            elapsed = time.monotonic() - started
            poll(elapsed)
            if elapsed > seconds:
                raise WorkerError(
                    f"{what} did not finish within {seconds:.0f} s and was stopped.",
                    seconds=seconds,
                )
    finally:
        if child.poll() is None:
            child.kill()
        talk.join()
    return _unpacked(answer, child.returncode, what)


def _unpacked(answer: list[tuple[bytes, bytes]], code: int, what: str) -> Any:
    """The worker's result; WorkerError where there is none."""
    out, err = answer[0] if answer else (b"", b"")
    if code != 0 or not out:
        cause = f"signal {-code}" if code < 0 else f"exit status {code}"
        raise WorkerError(
            f"{what} failed: its worker process died ({cause}). "
            "Try again; if it repeats, the image may be damaged or memory too short.",
            status=code,
            stderr=err.decode(errors="replace")[-2000:],
        )
    fine, result = pickle.loads(out)
    if not fine:
        raise result
    return result


def serve() -> None:
    """The worker's side: one question on standard input, one answer on standard output."""
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    function, arguments = pickle.load(sys.stdin.buffer)
    module, name = function.split(":")
    try:
        result: tuple[bool, Any] = (True, getattr(import_module(module), name)(*arguments))
    except TwinError as refusal:
        result = (False, refusal)
    pickle.dump(result, channel, protocol=5)
    channel.flush()
    os._exit(0)
