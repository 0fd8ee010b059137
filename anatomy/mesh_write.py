"""Triangles as STL, PLY, OBJ, GLB and VTP bytes, each stating its space, frame and unit."""

import base64
import json
import struct
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Vertices = NDArray[np.float32]
Faces = NDArray[np.uint32]
Writer = Callable[[Vertices, Faces, str], bytes]


def stl(vertices: Vertices, faces: Faces, frame: str) -> bytes:
    """Binary STL; the header text states space and unit."""
    corners = vertices[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    kind = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("extra", "<u2")])
    rows = np.zeros(len(faces), kind)
    rows["normal"] = np.divide(normals, lengths, out=np.zeros_like(normals), where=lengths > 0)
    rows["corners"] = corners
    title = f"Theatrum SPACE=RAS UNIT=mm FRAME={frame}".encode("ascii", "replace")[:80]
    return title.ljust(80) + struct.pack("<I", len(faces)) + rows.tobytes()


def ply(vertices: Vertices, faces: Faces, frame: str) -> bytes:
    """Binary little-endian PLY; comments state space and unit."""
    head = (
        "ply\nformat binary_little_endian 1.0\n"
        f"comment Theatrum\ncomment SPACE=RAS\ncomment UNIT=mm\ncomment FRAME={frame}\n"
        f"element vertex {len(vertices)}\nproperty float x\nproperty float y\nproperty float z\n"
        f"element face {len(faces)}\nproperty list uchar int vertex_indices\nend_header\n"
    )
    rows = np.zeros(len(faces), np.dtype([("count", "u1"), ("ring", "<i4", 3)]))
    rows["count"], rows["ring"] = 3, faces
    return head.encode("ascii", "replace") + vertices.astype("<f4").tobytes() + rows.tobytes()


def obj(vertices: Vertices, faces: Faces, frame: str) -> bytes:
    """Wavefront OBJ; comments state space and unit."""
    head = f"# Theatrum\n# SPACE=RAS\n# UNIT=mm\n# FRAME={frame}\n"
    corners = "".join(f"v {x:.4f} {y:.4f} {z:.4f}\n" for x, y, z in vertices.tolist())
    rings = "".join(f"f {a} {b} {c}\n" for a, b, c in (faces.astype(np.int64) + 1).tolist())
    return (head + corners + rings).encode("ascii", "replace")


def glb(vertices: Vertices, faces: Faces, frame: str) -> bytes:
    """glTF 2.0 binary: metres, +Y superior, +X right, -Z anterior, as Z-up programs expect."""
    r, a, s = (vertices.astype(np.float64) / 1000.0).T
    points = np.ascontiguousarray(np.stack([r, s, -a], axis=1), dtype="<f4")
    rings = np.ascontiguousarray(faces, dtype="<u4")
    body = points.tobytes() + rings.tobytes()
    says = {"space": "RAS", "frame": frame, "unit": "m", "axes": "X right, Y superior, -Z anterior"}
    tree = {
        "asset": {"version": "2.0", "generator": "Theatrum", "extras": says},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1, "mode": 4}]}],
        "accessors": [
            {
                "bufferView": 0, "componentType": 5126, "count": len(points), "type": "VEC3",
                "min": points.min(axis=0).tolist(), "max": points.max(axis=0).tolist(),
            },
            {"bufferView": 1, "componentType": 5125, "count": rings.size, "type": "SCALAR"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteOffset": 0, "byteLength": points.nbytes, "target": 34962},
            {
                "buffer": 0, "byteOffset": points.nbytes, "byteLength": rings.nbytes,
                "target": 34963,
            },
        ],
        "buffers": [{"byteLength": len(body)}],
    }  # fmt: skip
    text = json.dumps(tree, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    body += b"\0" * (-len(body) % 4)
    parts = struct.pack("<I4s", len(text), b"JSON") + text
    parts += struct.pack("<I4s", len(body), b"BIN\0") + body
    return struct.pack("<4sII", b"glTF", 2, 12 + len(parts)) + parts


def vtp(vertices: Vertices, faces: Faces, frame: str) -> bytes:
    """VTK XML PolyData; a field named theatrum states space, frame and unit."""
    says = json.dumps({"space": "RAS", "frame": frame, "unit": "mm"})
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


WRITERS: dict[str, Writer] = {".stl": stl, ".ply": ply, ".obj": obj, ".glb": glb, ".vtp": vtp}
