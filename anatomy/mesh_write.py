"""Triangles as STL, PLY, OBJ, GLB and VTP bytes, each stating its space, frame and unit."""

import base64
import json
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anatomy.terms import Colour

Vertices = NDArray[np.float32]
Faces = NDArray[np.uint32]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Part:
    """One surface of a file: corners (n, 3) RAS [mm], triangles (m, 3), how it may be shown."""

    vertices_mm: Vertices
    faces: Faces
    name: str = ""
    colour: Colour | None = None
    """RGB, 0 to 255."""
    opacity: float = 1.0
    painted: NDArray[np.uint8] | None = None
    """RGB of each corner (n, 3); PLY alone keeps it."""


Writer = Callable[[Sequence[Part], str, Sequence[str]], bytes]
"""Of parts, the name of their frame, and further words `KEY=value` that the file shall state."""


def stl(parts: Sequence[Part], frame: str, stamp: Sequence[str] = ()) -> bytes:
    """Binary STL, all parts in one; the header text of 80 bytes states what it can hold."""
    vertices, faces = _joined(parts)
    corners = vertices[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    kind = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("extra", "<u2")])
    rows = np.zeros(len(faces), kind)
    rows["normal"] = np.divide(normals, lengths, out=np.zeros_like(normals), where=lengths > 0)
    rows["corners"] = corners
    words = " ".join(("Theatrum SPACE=RAS UNIT=mm", f"FRAME={frame}", *stamp))
    title = words.encode("ascii", "replace")[:80]
    return title.ljust(80) + struct.pack("<I", len(faces)) + rows.tobytes()


def ply(parts: Sequence[Part], frame: str, stamp: Sequence[str] = ()) -> bytes:
    """Binary little-endian PLY, all parts in one; comments state space and unit.

    Where a part is painted every corner has a colour; those of other parts have the part's own.
    """
    vertices, faces = _joined(parts)
    says = ("Theatrum", "SPACE=RAS", "UNIT=mm", f"FRAME={frame}", *stamp)
    painted = any(part.painted is not None for part in parts)
    colours = "property uchar red\nproperty uchar green\nproperty uchar blue\n" * painted
    head = (
        "ply\nformat binary_little_endian 1.0\n"
        + "".join(f"comment {_line(words)}\n" for words in says)
        + f"element vertex {len(vertices)}\nproperty float x\nproperty float y\nproperty float z\n"
        f"{colours}element face {len(faces)}\nproperty list uchar int vertex_indices\nend_header\n"
    )
    corners = np.zeros(len(vertices), np.dtype([("at", "<f4", 3), ("rgb", "u1", 3 * painted)]))
    corners["at"] = vertices
    if painted:
        corners["rgb"] = np.concatenate([_paint(part) for part in parts])
    rows = np.zeros(len(faces), np.dtype([("count", "u1"), ("ring", "<i4", 3)]))
    rows["count"], rows["ring"] = 3, faces
    return head.encode("ascii", "replace") + corners.tobytes() + rows.tobytes()


def _paint(part: Part) -> NDArray[np.uint8]:
    if part.painted is not None:
        return part.painted
    plain = np.array(part.colour or (255, 255, 255), np.uint8)
    return np.broadcast_to(plain, (len(part.vertices_mm), 3))


def obj(parts: Sequence[Part], frame: str, stamp: Sequence[str] = ()) -> bytes:
    """Wavefront OBJ, a named object a part; comments state space and unit."""
    says = ("Theatrum", "SPACE=RAS", "UNIT=mm", f"FRAME={frame}", *stamp)
    lines, before = [f"# {_line(words)}\n" for words in says], 1
    for part in parts:
        lines += [f"o {_line(part.name)}\n"] if part.name else []
        lines += [f"v {x:.4f} {y:.4f} {z:.4f}\n" for x, y, z in part.vertices_mm.tolist()]
        rings = (part.faces.astype(np.int64) + before).tolist()
        lines += [f"f {a} {b} {c}\n" for a, b, c in rings]
        before += len(part.vertices_mm)
    return "".join(lines).encode("ascii", "replace")


def glb(parts: Sequence[Part], frame: str, stamp: Sequence[str] = ()) -> bytes:
    """glTF 2.0 binary, a named node a part: metres, +X right, +Y superior, -Z anterior.

    That is the turn that Z-up programs undo.
    """
    says = {"space": "RAS", "frame": frame, "unit": "m", "axes": "X right, Y superior, -Z anterior"}
    tree: dict[str, list[dict[str, object]]] = {
        "nodes": [], "meshes": [], "accessors": [], "bufferViews": [], "materials": []
    }  # fmt: skip
    body = b""
    for n, part in enumerate(parts):
        r, a, s = (part.vertices_mm.astype(np.float64) / 1000.0).T
        points = np.ascontiguousarray(np.stack([r, s, -a], axis=1), dtype="<f4")
        rings = np.ascontiguousarray(part.faces, dtype="<u4")
        tree["bufferViews"] += [
            {"buffer": 0, "byteOffset": len(body), "byteLength": points.nbytes, "target": 34962},
            {
                "buffer": 0, "byteOffset": len(body) + points.nbytes,
                "byteLength": rings.nbytes, "target": 34963,
            },
        ]  # fmt: skip
        body += points.tobytes() + rings.tobytes()
        tree["accessors"] += [
            {
                "bufferView": 2 * n, "componentType": 5126, "count": len(points), "type": "VEC3",
                "min": points.min(axis=0).tolist(), "max": points.max(axis=0).tolist(),
            },
            {
                "bufferView": 2 * n + 1, "componentType": 5125, "count": rings.size,
                "type": "SCALAR",
            },
        ]  # fmt: skip
        shape: dict[str, object] = {
            "attributes": {"POSITION": 2 * n}, "indices": 2 * n + 1, "mode": 4
        }  # fmt: skip
        if part.colour is not None:
            shape["material"] = len(tree["materials"])
            tree["materials"].append(_material(part))
        called = {"name": part.name} if part.name else {}
        tree["meshes"].append({"primitives": [shape], **called})
        tree["nodes"].append({"mesh": n, **called})
    whole: dict[str, object] = {
        "asset": {
            "version": "2.0",
            "generator": "Theatrum",
            "extras": says | ({"stamp": list(stamp)} if stamp else {}),
        },
        "scene": 0,
        "scenes": [{"nodes": list(range(len(parts)))}],
        **{name: rows for name, rows in tree.items() if rows},
        "buffers": [{"byteLength": len(body)}],
    }
    text = json.dumps(whole, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    body += b"\0" * (-len(body) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text
    chunks += struct.pack("<I4s", len(body), b"BIN\0") + body
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def _material(part: Part) -> dict[str, object]:
    """Base colour in linear light, as glTF asks, and see-through where it is so shown."""
    shown = [(value / 255) ** 2.2 for value in part.colour or (255, 255, 255)]
    base = {"baseColorFactor": [*shown, part.opacity], "metallicFactor": 0.0}
    glass = {"alphaMode": "BLEND"} if part.opacity < 1 else {}
    return {"name": part.name, "pbrMetallicRoughness": base, "doubleSided": True, **glass}


def vtp(parts: Sequence[Part], frame: str, stamp: Sequence[str] = ()) -> bytes:
    """VTK XML PolyData, all parts in one; a field named theatrum states space, frame and unit."""
    vertices, faces = _joined(parts)
    words = {"space": "RAS", "frame": frame, "unit": "mm"}
    says = json.dumps(words | ({"stamp": list(stamp)} if stamp else {}))
    codes = " ".join(str(code) for code in (*says.encode("ascii", "replace"), 0))
    ends = np.arange(3, 3 * len(faces) + 1, 3, dtype="<i4")

    def packed(array: NDArray[np.generic]) -> str:
        raw = array.tobytes()
        return base64.b64encode(struct.pack("<I", len(raw)) + raw).decode()

    def part(kind: str, label: str, array: NDArray[np.generic], more: str = "") -> str:
        return (
            f'<DataArray type="{kind}" Name="{label}"{more} format="binary">'
            f"{packed(array)}</DataArray>\n"
        )

    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<VTKFile type="PolyData" version="0.1" byte_order="LittleEndian" header_type="UInt32">\n'
        "<PolyData>\n<FieldData>\n"
        f'<DataArray type="String" Name="theatrum" NumberOfTuples="1" format="ascii">{codes}'
        "</DataArray>\n</FieldData>\n"
        f'<Piece NumberOfPoints="{len(vertices)}" NumberOfVerts="0" NumberOfLines="0" '
        f'NumberOfStrips="0" NumberOfPolys="{len(faces)}">\n<Points>\n'
        + part("Float32", "Points", vertices.astype("<f4"), ' NumberOfComponents="3"')
        + "</Points>\n<Polys>\n"
        + part("Int32", "connectivity", faces.astype("<i4"))
        + part("Int32", "offsets", ends)
        + "</Polys>\n</Piece>\n</PolyData>\n</VTKFile>\n"
    ).encode()


def _joined(parts: Sequence[Part]) -> tuple[Vertices, Faces]:
    starts = np.cumsum([0, *(len(part.vertices_mm) for part in parts)])
    rings = [part.faces + np.uint32(n) for part, n in zip(parts, starts, strict=False)]
    return np.concatenate([part.vertices_mm for part in parts]), np.concatenate(rings)


def _line(words: str) -> str:
    """On one line, whatever a name holds."""
    return " ".join(words.split())


WRITERS: dict[str, Writer] = {".stl": stl, ".ply": ply, ".obj": obj, ".glb": glb, ".vtp": vtp}
