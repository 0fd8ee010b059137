"""A disposable process for files that strangers made: whatever they do to it, the parent lives on.

The child gets its work pickled (from us, so trusted) and answers with JSON and plain `.npy` arrays,
which the parent loads without pickles: nothing that a file did to the child can run in the parent.
"""

import contextlib
import importlib
import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from anatomy import errors
from anatomy.errors import ReadError, TwinError

GIB = 1024**3
OPEN_FILES = 64


def in_child(
    function: Callable[..., Any],
    *args: Any,
    subject: str = "The file",
    memory_gb: float = 4.0,
    seconds: float = 120.0,
    **options: Any,
) -> Any:
    """What `function(*args, **options)` returns, worked out in a child process with limits.

    `function` must be importable by name; it returns JSON-ready values in which arrays may stand
    anywhere. Its TwinErrors are raised here again. A child that runs out of memory [GiB] or time
    [s], or dies, becomes a ReadError about `subject`.
    """
    work = pickle.dumps((function.__module__, function.__qualname__, args, options, subject))
    with tempfile.TemporaryDirectory(prefix="theatrum-intake-") as folder:
        command = [sys.executable, "-m", "anatomy.intake", folder, str(memory_gb), str(seconds)]
        try:
            done = subprocess.run(
                command,
                input=work,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                timeout=seconds,
                start_new_session=True,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ReadError(
                f"{subject} was not read: reading took longer than {seconds:g} s and was stopped.",
                seconds=seconds,
            ) from None
        answer = Path(folder, "answer.json")
        if done.returncode != 0 or not answer.exists():
            raise ReadError(
                f"{subject} was not read: its reader {_fate(done.returncode)}. "
                "Nothing was kept of it.",
                returncode=done.returncode,
                memory_gb=memory_gb,
            )
        spoken = json.loads(answer.read_text(encoding="utf-8"))
        if "error" in spoken:
            raise _kind(spoken["error"])(spoken["message"], **spoken["facts"])
        return _with_arrays(spoken["value"], Path(folder))


def _kind(name: str) -> type[TwinError]:
    kind = getattr(errors, name, None)
    return kind if isinstance(kind, type) and issubclass(kind, TwinError) else ReadError


def _environment() -> dict[str, str]:
    """As little as Python needs; no secrets of the parent."""
    home = str(Path(__file__).resolve().parent.parent)
    keep = {k: os.environ[k] for k in ("PATH", "LANG", "TMPDIR", "SYSTEMROOT") if k in os.environ}
    path = [home, *(p for p in sys.path if p and p != home)]
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
    return {**keep, **threads, "PYTHONPATH": os.pathsep.join(path), "PYTHONDONTWRITEBYTECODE": "1"}


def _fate(returncode: int) -> str:
    if returncode >= 0:
        return f"stopped with exit status {returncode}"
    try:
        name = signal.Signals(-returncode).name
    except ValueError:
        name = str(-returncode)
    if name in ("SIGXCPU", "SIGKILL"):
        return f"was stopped by the system ({name}: it used too much time or memory)"
    return f"crashed ({name})"


def _with_arrays(value: Any, folder: Path) -> Any:
    if isinstance(value, dict):
        if set(value) == {"array"}:
            return np.load(folder / f"{int(value['array'])}.npy", allow_pickle=False)
        return {key: _with_arrays(v, folder) for key, v in value.items()}
    if isinstance(value, list):
        return [_with_arrays(v, folder) for v in value]
    return value


def _without_arrays(value: Any, folder: Path) -> Any:
    if isinstance(value, np.ndarray):
        number = len(list(folder.glob("*.npy")))
        np.save(folder / f"{number}.npy", value, allow_pickle=False)
        return {"array": number}
    if isinstance(value, dict):
        return {key: _without_arrays(v, folder) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_without_arrays(v, folder) for v in value]
    return value


def _limit(memory_gb: float, seconds: float) -> None:
    try:
        import resource
    except ImportError:  # no rlimits on this system: the parent's clock remains
        return
    wanted = {
        resource.RLIMIT_AS: int(memory_gb * GIB),
        resource.RLIMIT_CPU: max(1, int(seconds)),
        resource.RLIMIT_FSIZE: int(memory_gb * GIB),
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    for what, most in wanted.items():
        with contextlib.suppress(ValueError, OSError):  # a lower limit is already in force
            resource.setrlimit(what, (most, most))


def _answer(folder: Path, work: bytes) -> dict[str, Any]:
    module, name, args, options, subject = pickle.loads(work)
    try:
        function: Any = importlib.import_module(module)
        for part in name.split("."):
            function = getattr(function, part)
        return {"value": _without_arrays(function(*args, **options), folder)}
    except TwinError as refusal:
        facts = json.loads(json.dumps(refusal.facts, default=str))
        return {"error": type(refusal).__name__, "message": refusal.message, "facts": facts}
    except MemoryError:
        sentence = f"{subject} was not read: it needs more memory than a reader may have."
        return {"error": "ReadError", "message": sentence, "facts": {"memory": True}}
    except OSError as error:
        sentence = f"{subject} was not read: {error.strerror or 'the system refused it'}."
        return {"error": "ReadError", "message": sentence, "facts": {"errno": error.errno}}
    except Exception as error:  # noqa: BLE001 - the text may quote the file: only kind and place
        frame = traceback.extract_tb(error.__traceback__)[-1]
        kind = type(error).__name__
        where = f"{Path(frame.filename).name}:{frame.lineno}"
        sentence = f"{subject} was not read: its contents make no sense ({kind} in {where})."
        return {"error": "ReadError", "message": sentence, "facts": {"kind": kind, "where": where}}


def _main(folder: Path, memory_gb: float, seconds: float) -> None:
    work = sys.stdin.buffer.read()
    _limit(memory_gb, seconds)
    text = json.dumps(_answer(folder, work), allow_nan=True)
    partial = folder / "answer.part"
    partial.write_text(text, encoding="utf-8")
    partial.rename(folder / "answer.json")


if __name__ == "__main__":
    _main(Path(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]))
