"""Surfaces keep their place within 0.01 mm through every format, and lying files are refused."""

import base64
import json
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from anatomy.errors import GeometryError, Question, ReadError, WriteError
from anatomy.mesh_file import read_mesh, write_mesh

FORMATS = ("stl", "ply", "obj", "glb", "vtp")
SPACE = {"space": "RAS"}


def a_ball(radius_mm: float = 80.0) -> tuple[np.ndarray, np.ndarray]:
    """A closed sphere with its centre off to the right, front and low side."""
    import trimesh

    ball = trimesh.creation.icosphere(subdivisions=3, radius=radius_mm)
    return np.asarray(ball.vertices) + np.array([31.0, 22.0, -17.0]), np.asarray(ball.faces)


def signed_volume(vertices: np.ndarray, faces: np.ndarray) -> float:
    a, b, c = (vertices[faces[:, i]].astype(float) for i in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_surface_keeps_its_place_and_its_outside_through_a_file(
    tmp_path: Path, suffix: str
) -> None:
    vertices, faces = a_ball()
    write_mesh(tmp_path / f"ball.{suffix}", vertices, faces, frame="case-7")

    back = read_mesh(tmp_path / f"ball.{suffix}", expect="head")

    corners = back.vertices_mm[back.faces]
    assert np.abs(corners - vertices[faces]).max() <= 0.01
    assert signed_volume(back.vertices_mm, back.faces) > 0
    assert len(back.vertices_mm) == len(vertices)
    assert back.frame == "case-7"
    assert back.notes == ()


@pytest.mark.parametrize("suffix", ["stl", "ply", "obj", "glb"])
def test_other_programs_read_what_we_write(tmp_path: Path, suffix: str) -> None:
    import trimesh

    vertices, faces = a_ball()
    write_mesh(tmp_path / f"ball.{suffix}", vertices, faces)

    truth = trimesh.load(tmp_path / f"ball.{suffix}", force="mesh")

    if suffix == "glb":  # metres; X right, Y superior, -Z anterior
        assert truth.centroid * 1000 == pytest.approx([31, -17, -22], abs=0.01)
    else:
        assert truth.centroid == pytest.approx([31, 22, -17], abs=0.01)
    assert truth.is_watertight
    assert truth.volume > 0


def test_vtk_reads_our_vtp(tmp_path: Path) -> None:
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkIOXML import vtkXMLPolyDataReader

    vertices, faces = a_ball()
    write_mesh(tmp_path / "ball.vtp", vertices, faces)

    reader = vtkXMLPolyDataReader()
    reader.SetFileName(str(tmp_path / "ball.vtp"))
    reader.Update()
    found = reader.GetOutput()

    assert np.allclose(vtk_to_numpy(found.GetPoints().GetData()), vertices, atol=0.001)
    assert found.GetNumberOfPolys() == len(faces)
    assert '"space": "RAS"' in found.GetFieldData().GetAbstractArray("theatrum").GetValue(0)
    assert json.loads((tmp_path / "ball.vtp.json").read_text())["unit"] == "mm"


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_same_surface_is_written_with_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    for name in ("a", "b"):
        write_mesh(tmp_path / f"{name}.{suffix}", *a_ball())

    assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


def foreign(path: Path, scale: float = 1.0) -> Path:
    """The ball as another program writes it: no word of space or unit."""
    import trimesh

    vertices, faces = a_ball()
    trimesh.Trimesh(vertices * scale, faces, process=False).export(path)
    return path


@pytest.mark.parametrize("suffix", ["stl", "ply", "obj", "glb"])
def test_a_file_that_does_not_state_its_space_is_asked_about(tmp_path: Path, suffix: str) -> None:
    path = foreign(tmp_path / f"theirs.{suffix}", 0.001 if suffix == "glb" else 1.0)

    with pytest.raises(Question, match=rf"theirs\.{suffix} does not say") as question:
        read_mesh(path)
    ras, lps = read_mesh(path, space="RAS"), read_mesh(path, space="LPS")

    assert question.value.facts["flag"] == "--space RAS|LPS"
    assert np.allclose(lps.vertices_mm, ras.vertices_mm * (-1, -1, 1), atol=1e-3)
    assert signed_volume(lps.vertices_mm, lps.faces) > 0


def test_space_in_a_comment_or_a_file_beside_it_is_believed(tmp_path: Path) -> None:
    path = foreign(tmp_path / "theirs.obj")
    path.write_bytes(b"# 3D Slicer output. SPACE=LPS\n" + path.read_bytes())
    other = foreign(tmp_path / "other.stl")
    other.with_name("other.stl.json").write_text('{"space": "LPS", "unit": "mm"}')

    one, two = read_mesh(path), read_mesh(other)

    assert one.vertices_mm.mean(axis=0) == pytest.approx([-31, -22, -17], abs=0.01)
    assert two.vertices_mm.mean(axis=0) == pytest.approx([-31, -22, -17], abs=0.01)


@pytest.mark.parametrize(
    ("scale", "unit"), [(1000.0, "um"), (0.001, "m"), (1 / 25.4, "in"), (0.1, "cm")]
)
def test_a_head_in_another_unit_is_questioned_and_the_answer_heard(
    tmp_path: Path, scale: float, unit: str
) -> None:
    path = foreign(tmp_path / "head.stl", scale)

    with pytest.raises(Question, match=r"head\.stl is .* mm large") as question:
        read_mesh(path, **SPACE, expect="head")
    told = read_mesh(path, **SPACE, unit=unit, expect="head")

    assert unit in question.value.facts["flag"]
    assert np.ptp(told.vertices_mm, axis=0) == pytest.approx([160, 160, 160], rel=0.01)


def test_a_unit_that_makes_no_head_is_refused(tmp_path: Path) -> None:
    path = foreign(tmp_path / "head.stl")

    with pytest.raises(ReadError, match="not the size of a head"):
        read_mesh(path, **SPACE, unit="in", expect="head")


def an_ascii_stl() -> bytes:
    facet = "facet normal 0 0 1\nouter loop\n{}endloop\nendfacet\n"
    corners = [(0, 0, 0), (90, 0, 0), (0, 90, 0), (0, 0, 90)]
    rings = [(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)]
    body = "".join(
        facet.format("".join("vertex {} {} {}\n".format(*corners[n]) for n in ring))
        for ring in rings
    )
    return f"solid SPACE=RAS UNIT=mm\n{body}endsolid\n".encode()


def test_stl_in_letters_is_read(tmp_path: Path) -> None:
    (tmp_path / "t.stl").write_bytes(an_ascii_stl())

    mesh = read_mesh(tmp_path / "t.stl")

    assert (len(mesh.vertices_mm), len(mesh.faces)) == (4, 4)
    assert signed_volume(mesh.vertices_mm, mesh.faces) == pytest.approx(90**3 / 6)


def test_ply_in_letters_and_squares_are_read(tmp_path: Path) -> None:
    (tmp_path / "q.ply").write_text(
        "ply\nformat ascii 1.0\ncomment SPACE=RAS UNIT=mm\nelement vertex 4\nproperty float x\n"
        "property float y\nproperty float z\nelement face 1\nproperty list uchar int vertex_indices"
        "\nend_header\n0 0 0\n50 0 0\n50 50 0\n0 50 0\n4 0 1 2 3\n"
    )
    (tmp_path / "q.obj").write_text(
        "# SPACE=RAS UNIT=mm\nv 0 0 0\nv 50 0 0\nv 50 50 0\nv 0 50 0\nf -4/1/1 -3//2 -2 -1\n"
    )

    for name in ("q.ply", "q.obj"):
        assert len(read_mesh(tmp_path / name).faces) == 2


def a_glb(**more: object) -> bytes:
    tree = {"asset": {"version": "2.0"}, **more}
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    chunk = struct.pack("<I4s", len(text), b"JSON") + text
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunk)) + chunk


def our_vtp() -> bytes:
    from anatomy.mesh_write import Part, vtp

    vertices, faces = a_ball()
    part = Part(vertices_mm=vertices.astype(np.float32), faces=faces.astype(np.uint32))
    return vtp([part], "f")


LYING: list[tuple[str, str, Callable[[], bytes], str]] = [
    ("empty", "a.stl", lambda: b"", "empty"),
    ("unknown suffix", "a.fbx", lambda: b"abc", "no mesh"),
    ("short", "a.stl", lambda: b"tiny", "too short"),
    ("lying count", "a.stl", lambda: bytes(80) + struct.pack("<I", 4_000_000_000) + bytes(50),
     "cut off"),
    ("no triangles", "a.stl", lambda: bytes(84), "no triangles"),
    ("cut letters", "a.stl", lambda: an_ascii_stl()[:-60], "cut off"),
    ("NaN corners", "a.stl", lambda: bytes(80) + struct.pack("<I", 1) + struct.pack("<12f2x",
     *[float("nan")] * 12), "not finite"),
    ("not a number", "a.obj", lambda: b"v 1 2 x\nv 0 0 0\nv 1 1 1\nf 1 2 3\n", "three numbers"),
    ("missing corner", "a.obj", lambda: b"v 1 2 3\nv 0 0 0\nv 1 1 1\nf 1 2 9\n", "do not exist"),
    ("bad face", "a.obj", lambda: b"v 1 2 3\nf a b c\n", "line 2"),
    ("points only", "a.obj", lambda: b"v 1 2 3\nv 2 2 2\nv 9 0 1\n", "no triangles"),
    ("PLY mark", "a.ply", lambda: b"plz\n" * 40, "no PLY"),
    ("PLY count", "a.ply", lambda: b"ply\nformat ascii 1.0\nelement vertex 999999999999\n"
     b"property float x\nproperty float y\nproperty float z\nelement face 1\n"
     b"property list uchar int vertex_indices\nend_header\n0 0 0\n", "cut off"),
    ("GLB mark", "a.glb", lambda: b"nope" * 20, "no GLB"),
    ("GLB length", "a.glb", lambda: a_glb()[:-4], "cut off"),
    ("GLB outside", "a.glb", lambda: a_glb(buffers=[{"uri": "../../etc/passwd",
     "byteLength": 8}]), "other files"),
    ("GLB image outside", "a.glb", lambda: a_glb(images=[{"uri": "http://x/y"}]), "other files"),
    ("GLB packed", "a.glb", lambda: a_glb(extensionsRequired=["KHR_draco_mesh_compression"]),
     "extensions"),
    ("GLB no mesh", "a.glb", lambda: a_glb(), "a.glb"),
    ("VTP of others", "a.vtp", lambda: b'<?xml version="1.0"?><VTKFile type="PolyData"/>',
     "not written by Theatrum"),
    ("VTP entity", "a.vtp", lambda: our_vtp().replace(b"<PolyData>",
     b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><PolyData>'),
     "not written by Theatrum"),
    ("VTP cut", "a.vtp", lambda: our_vtp()[:-300], "not written by Theatrum"),
    ("VTP lying length", "a.vtp", lambda: our_vtp().replace(
     base64.b64encode(struct.pack("<I", 642 * 12))[:5],
     base64.b64encode(struct.pack("<I", 1 << 31))[:5]), "not written by Theatrum"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "make", "fact"), [b[1:] for b in LYING], ids=[b[0] for b in LYING]
)
def test_a_lying_mesh_is_refused_by_name(
    tmp_path: Path, file: str, make: Callable[[], bytes], fact: str
) -> None:
    (tmp_path / file).write_bytes(make())

    with pytest.raises(ReadError) as refusal:
        read_mesh(tmp_path / file, **SPACE)

    assert refusal.value.message.startswith(file)
    assert fact in refusal.value.message
    assert not isinstance(refusal.value, Question)


def test_what_is_no_surface_is_not_written(tmp_path: Path) -> None:
    vertices, faces = a_ball()

    with pytest.raises(GeometryError):
        write_mesh(tmp_path / "x.stl", vertices * np.nan, faces)
    with pytest.raises(GeometryError):
        write_mesh(tmp_path / "x.stl", vertices[:10], faces)
    with pytest.raises(WriteError, match=r"x\.fbx"):
        write_mesh(tmp_path / "x.fbx", vertices, faces)
    with pytest.raises(WriteError, match=r"x\.stl could not be written"):
        write_mesh(tmp_path / "no" / "x.stl", vertices, faces)
    assert list(tmp_path.iterdir()) == []
