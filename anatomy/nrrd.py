"""Label maps from 3D Slicer (.nrrd, .seg.nrrd): pynrrd parses the header, the body is read here.

NRRD calls its world RAS, LPS or LAS by name; both of the last are turned into RAS.
"""

import io
import math
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from anatomy.errors import Question, ReadError
from anatomy.geometry import Floats
from anatomy.header import MOST_BYTES, MOST_VOXELS
from anatomy.placement import SCALE, settle_unit, sound
from anatomy.report import Answers
from anatomy.stream import Unpacked

MOST_HEADER = 1 << 20
SPACES = {
    "right-anterior-superior": (1, 1, 1), "ras": (1, 1, 1),
    "left-posterior-superior": (-1, -1, 1), "lps": (-1, -1, 1),
    "left-anterior-superior": (-1, 1, 1), "las": (-1, 1, 1),
}  # fmt: skip
KINDS = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "int64", "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",),
    "f8": ("double",),
}
TYPES = {word: code for code, words in KINDS.items() for word in words}
UNIT_WORDS = {"mm": "mm", "m": "m", "um": "um", "µm": "um", "millimeter": "mm", "": "unknown"}


def take(
    file: BinaryIO, *, name: str, answers: Answers
) -> tuple[NDArray[Any], Floats, dict[str, Any]]:
    """Body, map to RAS [mm] and report facts of an NRRD label map; runs in the child."""
    header = _header(file, name=name)
    shape = _shape(header, name=name)
    kind = _kind(header, shape, name=name)
    affine, unit, notes = _placed(header, shape, name=name, answers=answers)
    encoding = str(header.get("encoding", "")).lower()
    if encoding not in ("raw", "gzip", "gz"):
        raise ReadError(f"{name} is packed as {encoding[:20]!r}: raw and gzip are read.")
    stream = Unpacked(file, name=name)
    if stream.packed == (encoding == "raw"):
        raise ReadError(f"{name} says that its voxels are {encoding}, and they are not.")
    body = stream.body(kind, shape)
    facts: dict[str, Any] = {
        "format": "NRRD" + ("" if encoding == "raw" else " (gzip)"),
        "datatype": kind.name,
        "sform_code": 0,
        "qform_code": 0,
        "placed_by": "space directions",
        "unit_stated": unit[0],
        "unit_used": unit[1],
        "notes": notes,
    }
    return body, affine, facts


def _header(file: BinaryIO, *, name: str) -> dict[str, Any]:
    """The parsed header; `file` is left where the body starts."""
    import nrrd

    file.seek(0)
    text = file.read(MOST_HEADER)
    ends = [at + len(mark) for mark in (b"\n\n", b"\r\n\r\n") if (at := text.find(mark)) >= 0]
    if not ends:
        raise ReadError(f"{name} has no end of its NRRD header within {MOST_HEADER} bytes.")
    lines = text[: min(ends)].decode("utf-8", "replace").lower().splitlines()
    if any(line.startswith(("data file:", "datafile:")) for line in lines):
        raise ReadError(
            f"{name} keeps its voxels in another file: save it as one .nrrd with the data inside."
        )
    try:
        header = dict(nrrd.read_header(io.BytesIO(text[: min(ends)])))
    except (nrrd.NRRDError, ValueError, KeyError, IndexError, AssertionError):
        raise ReadError(f"{name} has an NRRD header that cannot be parsed.") from None
    for field in ("line skip", "lineskip", "byte skip", "byteskip"):
        if int(header.get(field, 0)) != 0:
            raise ReadError(f"{name} skips bytes before its voxels: save it again without.")
    file.seek(min(ends))
    return header


def _shape(header: dict[str, Any], *, name: str) -> tuple[int, int, int]:
    sizes = [int(n) for n in np.atleast_1d(header.get("sizes", []))]
    if len(sizes) == 4 and sizes[0] > 1:
        raise ReadError(
            f"{name} holds {sizes[0]} layers of overlapping segments: export them as one label map."
        )
    if len(sizes) != 3 or min(sizes) < 1:
        raise ReadError(f"{name} holds {' x '.join(map(str, sizes))} voxels: three axes are read.")
    if math.prod(sizes) > MOST_VOXELS:
        raise ReadError(
            f"{name} claims {' x '.join(map(str, sizes))} voxels: at most 512 x 512 x 512 are read."
        )
    return sizes[0], sizes[1], sizes[2]


def _kind(header: dict[str, Any], shape: tuple[int, int, int], *, name: str) -> np.dtype[Any]:
    word = str(header.get("type", "")).lower()
    if word not in TYPES:
        raise ReadError(f"{name} holds values of type {word[:20]!r}: a label map has numbers.")
    order = ">" if str(header.get("endian", "little")).lower() == "big" else "<"
    kind = np.dtype(order + TYPES[word])
    if math.prod(shape) * kind.itemsize > MOST_BYTES:
        raise ReadError(f"{name} claims more than 1 GiB of voxels.")
    return kind


def _placed(
    header: dict[str, Any], shape: tuple[int, int, int], *, name: str, answers: Answers
) -> tuple[Floats, tuple[str, str], list[str]]:
    space = str(header.get("space", "")).lower()
    directions, origin = header.get("space directions"), header.get("space origin")
    if space not in SPACES or directions is None or origin is None:
        raise Question(
            f"{name} does not say how the patient lies in it (space, space directions and space "
            "origin are needed): save it again from the program that drew it.",
            flag="",
        )
    columns = np.asarray(directions, dtype=float).T
    if columns.shape != (3, 3) or np.shape(origin) != (3,):
        raise ReadError(f"{name} has space directions that do not fit three axes.")
    spacing = np.linalg.norm(columns, axis=0)
    words = [str(word) for word in np.atleast_1d(header.get("space units", []))]
    stated = UNIT_WORDS.get(words[0] if words else "", "unknown")
    unit, notes = settle_unit(spacing * shape, stated, name=name, answers=answers, head=False)
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = columns, origin
    affine[:3] *= SCALE[unit]
    affine[:3] *= np.array(SPACES[space])[:, None]
    sound(affine, name=name)
    if not space.startswith("r"):
        notes = [*notes, f"The file's world is {space}; it was turned into RAS."]
    return affine, (stated, unit), notes
