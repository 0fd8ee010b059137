"""Bytes of a stranger's file: what kind it is, and its body unpacked only as far as promised."""

import gzip
import hashlib
import math
import os
import stat
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from anatomy.errors import ReadError

CHUNK = 1 << 20
SPARE = 64 * 1024
"""Bytes after the promised end that are passed over; more of them is a bomb or another file."""
MOST_FILE_BYTES = 2 * 1024**3


def opened(path: Path, *, name: str) -> BinaryIO:
    """The regular, non-empty file at `path`, open for reading; ReadError in words otherwise."""
    try:
        state = os.stat(path)
        if stat.S_ISDIR(state.st_mode):
            raise ReadError(f"{name} is a folder: name one file.")
        if not stat.S_ISREG(state.st_mode):
            raise ReadError(f"{name} is not an ordinary file.")
        if state.st_size == 0:
            raise ReadError(f"{name} is empty: it holds no bytes at all.")
        if state.st_size > MOST_FILE_BYTES:
            raise ReadError(f"{name} is {state.st_size / 1e9:.1f} GB large: at most 2 GiB is read.")
        return open(path, "rb")
    except FileNotFoundError:
        raise ReadError(f"{name} does not exist.") from None
    except PermissionError:
        raise ReadError(f"{name} may not be read: permission is missing.") from None
    except ReadError:
        raise
    except OSError as error:
        raise ReadError(f"{name} cannot be opened: {error.strerror}.") from None


def fingerprint(file: BinaryIO) -> str:
    """SHA-256 of the whole file; leaves it at its start."""
    file.seek(0)
    total = hashlib.sha256()
    while part := file.read(CHUNK):
        total.update(part)
    file.seek(0)
    return total.hexdigest()


def refuse_strangers(first: bytes, *, name: str) -> None:
    """Say what a file is when it is not a volume; `first` are its first unpacked bytes."""
    if first[128:132] == b"DICM":
        raise ReadError(f"{name} is a DICOM file: convert the series to NIfTI first.")
    if first[:4] == b"PK\x03\x04":
        raise ReadError(f"{name} is a zip archive: unpack it and name the volume inside.")
    if first[:4] == b"\0\0\0\1" and name.lower().endswith((".mgz", ".mgh")):
        raise ReadError(
            f"{name} is a FreeSurfer MGH volume: convert it to NIfTI first (mri_convert)."
        )
    head = first[:256]
    if head and all(byte in b"\t\n\r\f" or 32 <= byte < 127 for byte in head):
        raise ReadError(f"{name} is a text file, not a volume.")


class Unpacked:
    """A file read front to back, unpacked on the way if it is gzip. Never holds more than asked."""

    def __init__(self, file: BinaryIO, *, name: str) -> None:
        """From where `file` stands; whether it is packed is told by its first two bytes."""
        self.name = name
        here = file.tell()
        self.packed = file.read(2) == b"\x1f\x8b"
        file.seek(here)
        self._from: BinaryIO | gzip.GzipFile = gzip.GzipFile(fileobj=file) if self.packed else file

    def read(self, count: int) -> bytes:
        """At most `count` bytes; fewer only at the end."""
        parts = []
        while count > 0:
            part = self._some(min(count, CHUNK))
            if not part:
                break
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def skip(self, count: int) -> int:
        """Pass over up to `count` bytes; how many there were."""
        passed = 0
        while passed < count:
            part = self._some(min(count - passed, CHUNK))
            if not part:
                break
            passed += len(part)
        return passed

    def body(
        self, dtype: np.dtype[Any], shape: tuple[int, ...], *, before: bytes = b""
    ) -> NDArray[Any]:
        """The promised voxels, first index fastest; ReadError if there are fewer or far more.

        `before` are bytes of them that were read already.
        """
        promised = math.prod(shape) * dtype.itemsize
        raw = np.empty(promised, np.uint8)
        found = min(len(before), promised)
        raw[:found] = np.frombuffer(before[:found], np.uint8)
        while found < promised:
            part = self._some(min(promised - found, CHUNK))
            if not part:
                raise ReadError(
                    f"{self.name} is cut off: {promised} bytes of voxels are promised, {found} "
                    "are there.",
                    promised=promised,
                    found=found,
                )
            raw[found : found + len(part)] = np.frombuffer(part, np.uint8)
            found += len(part)
        if self.packed and self.skip(SPARE + 1) > SPARE:
            raise ReadError(
                f"{self.name} unpacks to more than the {promised} bytes of voxels that its header "
                "promises (as a gzip bomb does): it was not read on."
            )
        return raw.view(dtype).reshape(shape, order="F")

    def _some(self, count: int) -> bytes:
        try:
            return self._from.read(count)
        except EOFError:
            raise ReadError(f"{self.name} is cut off: its gzip stream ends early.") from None
        except (zlib.error, gzip.BadGzipFile):
            raise ReadError(f"{self.name} is damaged: its gzip stream does not unpack.") from None
