"""The library on disk: cases by name, files by digest, stage results by the digest of their inputs.

Everything appears whole or not at all: it is written to `tmp/`, synced, and renamed.
"""

import contextlib
import errno
import fcntl
import gzip
import hashlib
import json
import logging
import os
import secrets
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from anatomy.errors import TwinError
from twin.records import NAME, Case, RecordError

log = logging.getLogger(__name__)

Arrays = dict[str, NDArray[Any]]
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
STALE_S = 24 * 3600
STAGES_BYTES = 4 << 30


class LibraryError(TwinError, OSError):
    """The library's folder cannot be read or written."""

    code = "twin.library"

    def __str__(self) -> str:
        return self.message


class NotFound(TwinError, LookupError):
    """No such case or file in the library."""

    code = "twin.not_found"

    def __str__(self) -> str:
        return self.message


class Repository:
    """One library folder, made where it is not there unless `make` is False (NotFound).

    Safe to open from several processes at once.
    """

    def __init__(self, root: Path, *, make: bool = True) -> None:
        self.root = root.expanduser().absolute()
        self._cases, self._blobs = self.root / "cases", self.root / "blobs"
        self._stages, self.tmp = self.root / "stages", self.root / "tmp"
        self._known: dict[str, tuple[int, Case]] = {}
        self._fresh: list[Path] = []
        if not make and not self._cases.is_dir():
            raise NotFound(
                f"There is no library at {self.root}; `theatrum reconstruct T1.nii.gz` makes one, "
                "--library DIR names another.",
                library=str(self.root),
            )
        try:
            for folder in (self._cases, self._blobs, self._stages, self.tmp):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as reason:
            raise self._refusal(reason) from reason

    # Files by digest

    def put(self, content: bytes) -> str:
        """Store gzip `content` under the SHA-256 of these bytes; returns the digest."""
        digest = hashlib.sha256(content).hexdigest()
        target = self._blobs / digest[:2] / digest
        if not target.exists():
            self._write(target, lambda file: file.write(content))
            self._fresh.append(target)
        return digest

    def blob(self, digest: str) -> Path:
        """The stored file of that digest; raises NotFound."""
        if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
            raise NotFound("A file is named by its 64 hexadecimal digits.", digest=digest[:80])
        target = self._blobs / digest[:2] / digest
        if not target.is_file():
            raise NotFound(f"The library holds no file {digest[:12]}.", digest=digest)
        return target

    def content(self, digest: str) -> bytes:
        """The unpacked content of that digest."""
        return gzip.decompress(self.blob(digest).read_bytes())

    def write(self, target: Path, content: bytes) -> None:
        """A file of the library at `target`, whole or not at all; raises LibraryError."""
        self._write(target, lambda file: file.write(content))

    # Cases

    def names(self) -> list[str]:
        """Names of all cases, in order."""
        return sorted(file.stem for file in self._cases.glob("*.json"))

    def case(self, name: str) -> Case:
        """The case of that name; raises NotFound, or RecordError if its file is damaged."""
        file = self._cases / f"{name}.json"
        if not NAME.fullmatch(name) or not file.is_file():
            raise NotFound(f"There is no case '{name}' in the library {self.root}.", case=name)
        changed = file.stat().st_mtime_ns
        known = self._known.get(name)
        if known is None or known[0] != changed:
            try:
                known = changed, Case.read(json.loads(file.read_bytes()))
            except (ValueError, RecordError) as reason:
                raise RecordError(
                    f"The file of case '{name}' is damaged ({reason}); import the scan again.",
                    case=name,
                ) from reason
            self._known[name] = known
        return known[1]

    def cases(self) -> list[Case]:
        """All readable cases, newest first; damaged ones are logged and left out."""
        found = []
        for name in self.names():
            try:
                found.append(self.case(name))
            except (NotFound, RecordError) as reason:
                log.warning("%s", reason)
        return sorted(found, key=lambda case: case.created, reverse=True)

    def made_from(self, *, recipe: str, name: str = "") -> Case | None:
        """A case with that recipe: the one called `name`, else the newest; None without one."""
        found = [case for case in self.cases() if case.recipe == recipe]
        return next((case for case in found if case.case == name), found[0] if found else None)

    def free_name(self, wanted: str) -> str:
        """`wanted`, or `wanted-2`, `wanted-3` ... where it is taken."""
        taken = set(self.names())
        candidates = (wanted if n == 1 else f"{wanted}-{n}" for n in range(1, len(taken) + 2))
        return next(name for name in candidates if name not in taken)

    def save(self, case: Case) -> None:
        """Write the case; its files must be there already (hold `locked()` over both)."""
        for digest in case.digests():
            self.blob(digest)
        text = json.dumps(case.wire(), indent=1, ensure_ascii=False).encode()
        self._write(self._cases / f"{case.case}.json", lambda file: file.write(text))

    def remove(self, name: str) -> None:
        """Delete a case and the files that no other case needs."""
        with self.locked():
            needed = self.case(name).digests()
            (self._cases / f"{name}.json").unlink()
            self._known.pop(name, None)
            for other in self.cases():
                needed -= other.digests()
            for digest in needed:
                (self._blobs / digest[:2] / digest).unlink(missing_ok=True)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """One writer of cases at a time, over all processes; what it put is undone if it fails."""
        try:
            file = (self.root / "lock").open("wb")
        except OSError as reason:
            raise self._refusal(reason) from reason
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self._fresh.clear()
            try:
                yield
            except BaseException:
                for target in self._fresh:
                    target.unlink(missing_ok=True)
                raise

    # Stage results

    def keep(self, name: str, key: str, make: Callable[[], Mapping[str, NDArray[Any]]]) -> Arrays:
        """The arrays of stage `name` for inputs of digest `key`, made once."""
        target = self._stages / f"{hashlib.sha256(f'{name}:{key}'.encode()).hexdigest()}.npz"
        with contextlib.suppress(FileNotFoundError, ValueError, EOFError, zipfile.BadZipFile):
            with np.load(target, allow_pickle=False) as stored:
                arrays = {part: stored[part] for part in stored.files}
            os.utime(target)
            return arrays
        arrays = dict(make())
        self._write(target, lambda file: np.savez(file, **arrays))
        return arrays

    def tidy(self, *, now_s: float | None = None) -> None:
        """Drop what broken runs left behind and the oldest stage results above 4 GiB."""
        now = time.time() if now_s is None else now_s
        for left in self.tmp.iterdir():
            if now - left.stat().st_mtime > STALE_S:
                shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink()
        with self.locked():
            cases = self.cases()
            needed = {digest for case in cases for digest in case.digests()}
            old = [b for b in self._blobs.glob("??/*") if now - b.stat().st_mtime > STALE_S]
            for left in old:
                if left.name not in needed and len(cases) == len(self.names()):
                    left.unlink()
        stages = sorted(self._stages.glob("*.npz"), key=lambda file: file.stat().st_mtime)
        total = sum(file.stat().st_size for file in stages)
        for file in stages:
            if total <= STAGES_BYTES:
                break
            total -= file.stat().st_size
            file.unlink()

    def _write(self, target: Path, write: Callable[[IO[bytes]], object]) -> None:
        half = self.tmp / f"{os.getpid()}-{secrets.token_hex(8)}"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with half.open("xb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            half.replace(target)
        except OSError as reason:
            raise self._refusal(reason) from reason
        finally:
            half.unlink(missing_ok=True)

    def _refusal(self, reason: OSError) -> LibraryError:
        if reason.errno in _FULL:
            return LibraryError(
                f"The disk of the library {self.root} is full; nothing half-written was left. "
                "Free some space and start again.",
                library=str(self.root),
            )
        return LibraryError(
            f"The library {self.root} cannot be written: {reason.strerror or reason}.",
            library=str(self.root),
        )
