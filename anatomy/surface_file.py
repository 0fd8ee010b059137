"""THM1: one surface as a small file for the browser, 16-bit positions and coded indices.

    THM1 | header length (uint32) | header (JSON, space padded to 4 bytes)
    x, y, z planes of uint16 differences, zero padded to 4 bytes | zig-zag uint32 index differences

Little endian. Position [mm] = origin_mm + step_mm * q, the same step on all axes; the error of
one coordinate is at most half a step, which the header states. Stored as gzip without a date,
so equal surfaces make equal bytes.
"""

import gzip
import json
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy.errors import ReadError
from anatomy.surface import Surface

MAGIC = b"THM1"
STEPS = 65_535
MOST_BYTES = 512 * 2**20  # house value: no surface of one structure comes near it


def encode(surface: Surface, *, structure: str, level: str, step_mm: float = 0.0) -> bytes:
    """The gzip bytes of one surface.

    `step_mm` 0 takes 0.01 mm, or what 16 bits need for the longest side where that is more.
    """
    order, faces = _in_strips(surface)
    vertices = surface.vertices_mm[order].astype(float)
    origin = vertices.min(axis=0)
    least = float((vertices - origin).max()) / STEPS
    step = max(step_mm or 0.01, least * (1 + 1e-9))
    q = np.rint((vertices - origin) / step).clip(0, STEPS).astype(np.uint16)
    header = {
        "vertices": len(vertices),
        "triangles": len(faces),
        "origin_mm": [float(v) for v in origin],
        "step_mm": step,
        "error_mm": step / 2,
        "frame": surface.frame,
        "structure": structure,
        "level": level,
    }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    planes = np.diff(q.T, axis=1, prepend=np.uint16(0)).astype("<u2").tobytes()
    indices = _zigzag(_differences(faces.ravel())).tobytes()
    body = MAGIC + struct.pack("<I", len(text)) + text + planes + b"\0" * (-len(planes) % 4)
    return gzip.compress(body + indices, compresslevel=6, mtime=0)


def decode(packed: bytes) -> tuple[Surface, dict[str, Any]]:
    """The surface and the header of THM1 bytes (gzip or plain); raises ReadError."""
    raw = _unpacked(packed)
    if raw[:4] != MAGIC or len(raw) < 8:
        raise ReadError("This is not a THM1 surface file: its first four bytes are different.")
    length = int.from_bytes(raw[4:8], "little")
    try:
        header: dict[str, Any] = json.loads(raw[8 : 8 + length])
        n, m = int(header["vertices"]), int(header["triangles"])
        origin, step = np.array(header["origin_mm"], dtype=float), float(header["step_mm"])
        frame = str(header["frame"])
    except (ValueError, KeyError, TypeError) as bad:
        raise ReadError(f"The header of a THM1 surface cannot be read: {bad}.") from bad
    start, planes = 8 + length, 6 * n
    ends = start + planes + (-planes % 4)
    if n < 1 or m < 1 or len(raw) != ends + 12 * m:
        raise ReadError(
            f"A THM1 surface of {n} vertices and {m} triangles does not have {len(raw)} bytes."
        )
    steps = np.frombuffer(raw, "<u2", 3 * n, start).reshape(3, n)
    q = np.cumsum(steps, axis=1, dtype=np.uint16)
    vertices = (origin + step * q.T.astype(float)).astype(np.float32)
    coded = np.frombuffer(raw, "<u4", 3 * m, ends).astype(np.int64)
    faces = np.cumsum((coded >> 1) ^ -(coded & 1)).reshape(-1, 3)
    return Surface(vertices, faces, frame), header


def _unpacked(packed: bytes) -> bytes:
    if packed[:2] != b"\x1f\x8b":
        return packed
    import io

    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as stream:
            raw = stream.read(MOST_BYTES + 1)
    except (OSError, EOFError) as bad:
        raise ReadError(f"A THM1 surface is cut off or damaged: {bad}.") from bad
    if len(raw) > MOST_BYTES:
        raise ReadError("A THM1 surface unpacks to more than 512 MiB.")
    return raw


def _differences(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each number less the one before it; the first less 0."""
    return numbers - np.concatenate([[0], numbers[:-1]])


def _zigzag(differences: NDArray[np.int64]) -> NDArray[np.uint32]:
    """0, -1, 1, -2 ... to 0, 1, 2, 3 ..."""
    return ((differences << 1) ^ (differences >> 63)).astype("<u4")


def _in_strips(surface: Surface) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Vertex order by first use, and faces in that numbering, neighbours after one another.

    Faces follow triangle strips, each turned so that its first corner is an old acquaintance:
    then most index differences are small and alike, which is what gzip needs.
    """
    faces = _stripped(surface)
    flat = faces.ravel()
    used, first = np.unique(flat, return_index=True)
    order = used[np.argsort(first, kind="stable")]
    rank = np.empty(len(surface.vertices_mm), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return order, rank[flat].reshape(-1, 3)


def _stripped(surface: Surface) -> NDArray[np.int64]:
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkFiltersCore import vtkStripper

    from anatomy.meshing import polydata

    stripper = vtkStripper()
    stripper.SetInputData(polydata((surface.vertices_mm, surface.faces)))
    stripper.SetMaximumLength(100_000)
    stripper.PassCellDataAsFieldDataOff()
    stripper.Update()
    out = stripper.GetOutput()
    strips, polys = out.GetStrips(), out.GetPolys()
    points = vtk_to_numpy(strips.GetConnectivityArray()).astype(np.int64)
    starts = vtk_to_numpy(strips.GetOffsetsArray()).astype(np.int64)
    lone = vtk_to_numpy(polys.GetConnectivityArray()).astype(np.int64).reshape(-1, 3)
    if len(points) == 0:
        return lone
    at = np.arange(len(points) - 2)
    place = at - np.repeat(starts[:-1], np.diff(starts))[: len(at)]
    room = np.repeat(starts[1:], np.diff(starts))[: len(at)] - at
    at, odd = at[room > 2], (place[room > 2] % 2).astype(bool)
    a, b, c = points[at], points[at + 1], points[at + 2]
    faces = np.stack([np.where(odd, b, a), np.where(odd, a, b), c], axis=1)
    return np.concatenate([faces, lone])
