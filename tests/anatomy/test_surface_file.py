"""THM1 files: round trips within the stated error, small, repeatable, safe to read."""

import gzip
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anatomy import phantom
from anatomy.errors import ReadError
from anatomy.surface import Surface, structures_from
from anatomy.surface_file import decode, encode


def corners(surface):
    """Each triangle's corners, smallest first, triangles sorted: the same for the same shape."""
    turned = []
    for triangle in surface.vertices_mm[surface.faces].astype(float):
        first = min(range(3), key=lambda i: tuple(triangle[i]))
        turned.append(np.roll(triangle, -first, axis=0).ravel())
    return np.array(sorted(map(tuple, turned)))


@pytest.fixture(scope="module")
def a_ball():
    (structure,) = structures_from(phantom.sphere(20, grid=phantom.box()), workers=1)
    return structure.surfaces["fine"]


@given(seed=st.integers(0, 10_000), count=st.integers(4, 60), scale=st.floats(0.1, 400))
@settings(max_examples=40, deadline=None)
def test_any_soup_of_triangles_comes_back_within_the_stated_error(seed, count, scale):
    random = np.random.default_rng(seed)
    vertices = (random.normal(size=(count, 3)) * scale).astype(np.float32)
    faces = np.array([random.choice(count, 3, replace=False) for _ in range(2 * count)])
    faces = np.unique(faces, axis=0)
    surface = Surface(vertices, faces, "here")

    back, header = decode(encode(surface, structure="lesion", level="fine"))

    assert header["triangles"] == len(faces)
    order = {tuple(v): n for n, v in enumerate(np.round(vertices.astype(float), 6))}
    assert len(order) == count
    there = np.sort(vertices[faces].astype(float).sum(axis=1), axis=0)
    again = np.sort(back.vertices_mm[back.faces].astype(float).sum(axis=1), axis=0)
    slack = 3 * header["error_mm"] + 1e-4 * scale
    assert np.abs(there - again).max() <= slack


def test_a_surface_comes_back_with_the_same_triangles_and_winding(a_ball):
    back, header = decode(encode(a_ball, structure="tumour_core", level="fine"))

    assert back.frame == "phantom"
    assert (header["structure"], header["level"]) == ("tumour_core", "fine")
    assert header["error_mm"] <= 0.005
    assert back.closed
    assert back.volume_ml == pytest.approx(a_ball.volume_ml, rel=1e-3)
    assert np.sort(back.vertices_mm, axis=0) == pytest.approx(
        np.sort(a_ball.vertices_mm, axis=0), abs=header["error_mm"] + 1e-5
    )


def test_vertices_are_numbered_by_first_use(a_ball):
    back, _ = decode(encode(a_ball, structure="lesion", level="fine"))
    _, first = np.unique(back.faces.ravel(), return_index=True)
    assert (np.diff(first) > 0).all()


def test_a_file_follows_the_layout_byte_by_byte():
    vertices = np.array([[0, 0, 0], [2, 0, 0], [0, 1, 0]], np.float32)
    surface = Surface(vertices, np.array([[0, 1, 2]]), "here")
    raw = gzip.decompress(encode(surface, structure="lesion", level="coarse", step_mm=0.5))
    length = int.from_bytes(raw[4:8], "little")
    header = json.loads(raw[8 : 8 + length])
    planes = np.frombuffer(raw, "<u2", 9, 8 + length).reshape(3, 3)
    q = np.cumsum(planes, axis=1) % 65536
    indices = np.frombuffer(raw, "<u4", 3, 8 + length + 20)

    assert raw[:4] == b"THM1"
    assert length % 4 == 0
    assert header["step_mm"] == 0.5
    assert sorted((q.T * 0.5 + header["origin_mm"]).tolist()) == sorted(vertices.tolist())
    assert indices.tolist() == [0, 2, 2]  # 0, +1, +1 in zig-zag
    assert len(raw) == 8 + length + 20 + 12


def test_equal_surfaces_make_equal_bytes_and_few_of_them(a_ball):
    packed = encode(a_ball, structure="lesion", level="fine")

    assert packed == encode(a_ball, structure="lesion", level="fine")
    assert packed[4:8] == b"\0\0\0\0"  # no date
    assert len(packed) <= 9 * a_ball.triangles


@pytest.mark.parametrize(
    "spoil",
    [
        lambda b: b[:40],
        lambda b: b"XXXX" + b[4:],
        lambda b: gzip.compress(gzip.decompress(b)[:-4]),
        lambda b: gzip.compress(gzip.decompress(b) + b"more"),
        lambda _: gzip.compress(b"THM1" + (4).to_bytes(4, "little") + b"nope"),
        lambda _: b"",
    ],
)
def test_a_damaged_file_is_refused_with_a_sentence(a_ball, spoil):
    with pytest.raises(ReadError, match="THM1"):
        decode(spoil(encode(a_ball, structure="lesion", level="fine")))
