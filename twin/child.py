"""A child process that answers over a pipe, and never outlives who started it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from multiprocessing.connection import Connection
from pathlib import Path

PR_SET_PDEATHSIG = 1
"""linux/prctl.h: the signal that a process gets when the thread that started it ends."""
GRACE_S = 1.0
HOME = Path(__file__).resolve().parent.parent


class Child:
    """A module that runs as a fresh interpreter. Its arguments: the number of its end of the pipe,
    our process id, and `given`. Raises OSError where none can be started."""

    def __init__(self, module: str, *given: str) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    "-m",
                    module,
                    str(theirs.fileno()),
                    str(os.getpid()),
                    *given,
                ],
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
            self.pipe = Connection(ours.detach())

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def kill(self) -> None:
        """Whatever it is at."""
        self._process.kill()

    def end(self) -> int:
        """Hang up, and take it off the system's books; its exit code.

        A process that has left its pipe gets a moment to end by itself, then it is killed.
        """
        self.pipe.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(GRACE_S)
        self.kill()
        return self._process.wait()


def environment() -> dict[str, str]:
    """The parent's, with our own modules first and with one thread in each algebra library."""
    path = [str(HOME), *(one for one in sys.path if one and one != str(HOME))]
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
    return {**os.environ, **threads, "PYTHONPATH": os.pathsep.join(path)}


def end_with(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, even where this one is stopped.

    Without such a kernel, whoever reads from the parent must notice that nobody writes any more.
    """
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # It ended before the kernel knew.
        os._exit(0)


def limit_memory(most_bytes: int) -> None:
    """No more address space than that; a lower limit that is in force already stays."""
    import resource

    for what, most in ((resource.RLIMIT_AS, most_bytes), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


def lower_priority(by: int) -> None:
    """Of the calling thread, and of those that it starts from now on."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), by)


def ending(returncode: int | None) -> str:
    """How a process ended, as the second half of a sentence: `it was stopped by SIGKILL, ...`."""
    if returncode is None or returncode >= 0:
        return f"it ended with code {returncode}"
    try:
        name = signal.Signals(-returncode).name
    except ValueError:
        name = f"signal {-returncode}"
    why = f"it was stopped by {name}"
    if name == "SIGKILL":
        why += ", which is what a machine does that is out of memory"
    return why
