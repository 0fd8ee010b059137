"""Triangles from strangers' STL, PLY, OBJ and GLB and from our own VTP; runs in the child."""

import base64
import json
import os
import re
import struct
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from anatomy.errors import ReadError
from anatomy.stream import opened

MOST_BYTES = 512 * 1024**2
MOST_TRIANGLES = 20_000_000
TAGGED = 16 * 1024
GLB_HEADER = 12
SUFFIXES = (".stl", ".ply", ".obj", ".glb", ".vtp")

Arrays = tuple[NDArray[np.float64], NDArray[np.int64]]


def take(path: str, name: str) -> dict[str, Any]:
    """Vertices as stored (n, 3), faces (m, 3), and what the file says of its space and unit."""
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES:
        raise ReadError(f"{name} is no mesh that is read here: {', '.join(SUFFIXES)} are.")
    with opened(Path(path), name=name) as file:
        size = os.fstat(file.fileno()).st_size
        if size > MOST_BYTES:
            raise ReadError(f"{name} is {size / 1e6:.0f} MB large: meshes up to 512 MiB are read.")
        raw = file.read()
    tags: dict[str, str] = {}
    if suffix == ".glb":
        (vertices, faces), tags = _glb(raw, name=name)
    elif suffix == ".vtp":
        (vertices, faces), tags = _vtp(raw, name=name)
    else:
        reader = {".stl": _stl, ".ply": _ply, ".obj": _obj}[suffix]
        vertices, faces = reader(raw, name=name)
        tags = _tags(raw[:80] if suffix == ".stl" and _binary_stl(raw) else raw[:TAGGED])
    if not len(faces):
        raise ReadError(f"{name} holds no triangles: a surface is needed.")
    if len(faces) > MOST_TRIANGLES:
        raise ReadError(f"{name} holds {len(faces)} triangles: {MOST_TRIANGLES} at most are read.")
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise ReadError(f"{name} has triangles with corners that do not exist: it is damaged.")
    if not np.isfinite(vertices).all():
        raise ReadError(f"{name} has corners that are not finite numbers: it is damaged.")
    vertices, faces = _joined(vertices, faces)
    return {
        "vertices": vertices.astype(np.float64),
        "faces": faces.astype(np.uint32),
        "format": suffix[1:].upper(),
        **{key: tags.get(key, "") for key in ("space", "unit", "frame")},
    }


def _tags(head: bytes) -> dict[str, str]:
    found = {}
    patterns = {
        "space": rb"SPACE=(RAS|LPS)\b",
        "unit": rb"UNIT=(mm|cm|m|um|in)\b",
        "frame": rb"FRAME=([!-~]{1,64})",
    }
    for key, pattern in patterns.items():
        if match := re.search(pattern, head):
            found[key] = match.group(1).decode()
    return found


def _joined(vertices: NDArray[np.float64], faces: NDArray[np.int64]) -> Arrays:
    """Equal corners made one, in order of first use; triangles without area left out."""
    _, first, inverse = np.unique(vertices, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    joined = rank[inverse.ravel()[faces]]
    flat = (joined[:, 0] == joined[:, 1]) | (joined[:, 1] == joined[:, 2])
    flat |= joined[:, 0] == joined[:, 2]
    return vertices[first[order]], joined[~flat]


def _binary_stl(raw: bytes) -> bool:
    return len(raw) >= 84 and len(raw) == 84 + 50 * struct.unpack_from("<I", raw, 80)[0]


def _stl(raw: bytes, *, name: str) -> Arrays:
    if _binary_stl(raw):
        kind = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("extra", "<u2")])
        corners = np.frombuffer(raw, kind, offset=84)["corners"].reshape(-1, 3)
    elif raw[:5].lower() == b"solid" and b"facet" in raw[:TAGGED]:
        words = re.findall(rb"vertex\s+(\S+)\s+(\S+)\s+(\S+)", raw)
        corners = _floats(words, name=name)
        if len(corners) % 3 or b"endsolid" not in raw[-TAGGED:]:
            raise ReadError(f"{name} is cut off: its last triangle is not whole.")
    elif len(raw) >= 84:
        promised = struct.unpack_from("<I", raw, 80)[0]
        raise ReadError(
            f"{name} is cut off or no STL: it promises {promised} triangles in "
            f"{84 + 50 * promised} bytes and has {len(raw)}."
        )
    else:
        raise ReadError(f"{name} is no STL file: it is too short to be one.")
    faces = np.arange(len(corners), dtype=np.int64).reshape(-1, 3)
    return corners.astype(np.float64), faces


def _floats(words: list[Any], *, name: str) -> NDArray[np.float64]:
    try:
        return np.array(words, dtype="S32").astype(np.float64).reshape(-1, 3)
    except ValueError:
        raise ReadError(f"{name} holds corners that are not three numbers.") from None


def _obj(raw: bytes, *, name: str) -> Arrays:
    corners: list[list[bytes]] = []
    faces: list[tuple[int, int, int]] = []
    for number, line in enumerate(raw.splitlines(), 1):
        words = line.split()
        if not words:
            continue
        if words[0] == b"v":
            corners.append(words[1:4])
        elif words[0] == b"f":
            try:
                ring = [int(word.split(b"/")[0]) for word in words[1:]]
            except ValueError:
                raise ReadError(f"{name} has a face in line {number} that is no list.") from None
            ring = [n - 1 if n > 0 else n + len(corners) for n in ring]
            faces.extend((ring[0], ring[i], ring[i + 1]) for i in range(1, len(ring) - 1))
    if any(len(corner) != 3 for corner in corners):
        raise ReadError(f"{name} holds corners that are not three numbers.")
    return _floats(corners, name=name), np.array(faces, dtype=np.int64).reshape(-1, 3)


def _ply(raw: bytes, *, name: str) -> Arrays:
    end = raw.find(b"end_header")
    if raw[:3] != b"ply" or not 0 < end < TAGGED:
        raise ReadError(f"{name} is no PLY file: its header is missing.")
    promised = sum(
        int(count) * least
        for kind, count in re.findall(rb"element\s+(\w+)\s+(\d{1,18})", raw[:end])
        for least in ((6,) if kind in (b"vertex", b"face") else (1,))
    )
    if promised > len(raw) - end:
        raise ReadError(f"{name} is cut off: its header promises more than the file holds.")
    return _by_trimesh(raw, "ply", name=name)


def _glb(raw: bytes, *, name: str) -> tuple[Arrays, dict[str, str]]:
    if len(raw) < GLB_HEADER + 8 or raw[:4] != b"glTF":
        raise ReadError(f"{name} is no GLB file: its mark is missing.")
    version, length = struct.unpack_from("<II", raw, 4)
    chunk, kind = struct.unpack_from("<I4s", raw, GLB_HEADER)
    if version != 2 or length != len(raw) or kind != b"JSON" or chunk > len(raw) - 20:
        raise ReadError(f"{name} is cut off or damaged: its length is not the one it states.")
    try:
        tree = json.loads(raw[20 : 20 + chunk])
        outside = [p for key in ("buffers", "images") for p in tree.get(key, []) if "uri" in p]
        needed = tree.get("extensionsRequired", [])
        said = tree.get("asset", {}).get("extras", {})
        tags = {key: str(said.get(key, "")) for key in ("space", "frame")}
    except (ValueError, AttributeError, TypeError, RecursionError):
        raise ReadError(f"{name} is damaged: its description is not glTF.") from None
    if outside:
        raise ReadError(f"{name} points to other files: save it with everything inside.")
    if needed:
        raise ReadError(f"{name} needs extensions ({str(needed)[:60]}): save it without packing.")
    vertices, faces = _by_trimesh(raw, "glb", name=name)
    x, y, z = vertices.T
    return (np.stack([x, -z, y], axis=1), faces), {**tags, "unit": "m"}


def _by_trimesh(raw: bytes, kind: str, *, name: str) -> Arrays:
    import io

    import trimesh

    try:
        mesh = trimesh.load(io.BytesIO(raw), file_type=kind, process=False, force="mesh")
        return np.asarray(mesh.vertices, np.float64), np.asarray(mesh.faces, np.int64)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - any failure of a parser is a refusal
        kind_of = type(error).__name__
        raise ReadError(f"{name} cannot be read as {kind.upper()} ({kind_of}).") from None


def _vtp(raw: bytes, *, name: str) -> tuple[Arrays, dict[str, str]]:
    stranger = ReadError(
        f"{name} was not written by Theatrum: of VTP only its own files are read; save it as STL, "
        "PLY, OBJ or GLB."
    )
    if b"<!" in raw or not raw.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<VTKFile'):
        raise stranger
    try:
        root = ElementTree.fromstring(raw)
        arrays = {part.get("Name", ""): part for part in root.iter("DataArray")}
        marks = json.loads(_text(arrays["theatrum"]))
        vertices = np.frombuffer(_bytes(arrays["Points"]), "<f4").reshape(-1, 3)
        faces = np.frombuffer(_bytes(arrays["connectivity"]), "<i4").reshape(-1, 3)
        tags = {key: str(marks[key]) for key in ("space", "unit", "frame")}
    except (ElementTree.ParseError, KeyError, ValueError, TypeError, struct.error):
        raise stranger from None
    return (vertices.astype(np.float64), faces.astype(np.int64)), tags


def _bytes(part: ElementTree.Element) -> bytes:
    packed = base64.b64decode((part.text or "").strip(), validate=True)
    count = struct.unpack_from("<I", packed)[0]
    if count != len(packed) - 4:
        raise ValueError("length")
    return packed[4:]


def _text(part: ElementTree.Element) -> str:
    return bytes(int(n) for n in (part.text or "").split() if n != "0").decode("ascii")
