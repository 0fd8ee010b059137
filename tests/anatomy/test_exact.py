"""Exact distances against closed forms, brute force over dense samples, Open3D and trimesh."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anatomy.closest import triangles_of
from anatomy.errors import GeometryError
from anatomy.exact import Exact, tree_of
from anatomy.surface import Surface

COORDINATE = st.integers(-600, 600).map(lambda n: n / 50)
POINT = st.tuples(COORDINATE, COORDINATE, COORDINATE)


def a_triangle(*corners) -> Surface:
    return Surface(np.array(corners, dtype=float), np.array([[0, 1, 2]]), "head")


def a_box(half) -> Surface:
    import trimesh

    mesh = trimesh.creation.box(extents=2 * np.asarray(half))
    return Surface(mesh.vertices, mesh.faces, "head")


def a_bumpy_ball(detail=5) -> Surface:
    import trimesh

    mesh = trimesh.creation.icosphere(subdivisions=detail, radius=1)
    x, y, _ = mesh.vertices.T
    waves = 1 + 0.2 * np.sin(7 * x + 1) * np.sin(6 * y)
    return Surface(9 * waves[:, None] * mesh.vertices, mesh.faces, "head")


def from_open3d(surface, points):
    import open3d

    scene = open3d.t.geometry.RaycastingScene(nthreads=1)
    scene.add_triangles(np.array(surface.vertices_mm), np.array(surface.faces))
    return scene.compute_distance(points.astype(np.float32)).numpy()


def box_distance(points, half):
    """Distance to the skin of a box about the origin, in closed form."""
    beyond = np.abs(points) - half
    return np.abs(np.linalg.norm(beyond.clip(0), axis=-1) + beyond.max(axis=-1).clip(max=0))


def along(a, b, count=400):
    return np.linspace(a, b, count + 1)


FLOOR = Exact(a_triangle((0, 0, 0), (10, 0, 0), (0, 10, 0)))


@pytest.mark.parametrize(
    ("a", "b", "distance", "place", "s"),
    [
        ((2, 2, 5), (2, 2, 1), 1.0, (2, 2, 0), 1.0),
        ((2, 2, -1), (2, 2, 3), 0.0, (2, 2, 0), 0.25),
        ((-3, 5, 4), (-3, -5, 4), 5.0, None, None),
        ((-1, 5, -2), (-1, 5, 2), 1.0, (0, 5, 0), 0.5),
        ((10, 10, -3), (10, 10, 3), 10 / math.sqrt(2), (5, 5, 0), 0.5),
        ((13, 0, 4), (20, 0, 4), 5.0, (10, 0, 0), 0.0),
        ((1, 1, 0), (2, 2, 0), 0.0, None, None),
        ((3, 3, 7), (3, 3, 7), 7.0, (3, 3, 0), None),
        ((-2, 3, 3), (4, 3, 3), 3.0, None, None),
    ],
)
def test_a_segment_and_one_triangle(a, b, distance, place, s):
    found = FLOOR.segment(a, b)

    assert found.distance_mm == pytest.approx(distance, abs=1e-12)
    if place is not None:
        assert found.point_mm == pytest.approx(place, abs=1e-12)
    if s is not None:
        assert found.s == pytest.approx(s, abs=1e-12)


def test_a_triangle_without_area_is_as_near_as_its_longest_edge():
    needle = Exact(a_triangle((0, 0, 0), (4, 0, 0), (10, 0, 0)))

    assert needle.segment((7, 3, 4), (7, 9, 12)).distance_mm == pytest.approx(5)
    assert needle.points([(12, 0, 0), (5, 0, 2)])[0] == pytest.approx([2, 2])


@settings(deadline=None, max_examples=150)
@given(corners=st.tuples(POINT, POINT, POINT), a=POINT, b=POINT)
def test_any_segment_is_as_near_to_any_triangle_as_the_best_of_many_samples(corners, a, b):
    surface = a_triangle(*corners)
    found = Exact(surface).segment(a, b)
    on_path = np.array(a) + found.s * (np.array(b) - a)
    share = np.array([(i, j, 80 - i - j) for i in range(81) for j in range(81 - i)]) / 80
    places = share @ surface.vertices_mm.astype(float)
    path, way = along(a, b, 200), np.subtract(b, a) / 200
    sampled = np.sqrt(((path[:, None] - places[None]) ** 2).sum(axis=2)).min()
    sides = np.linalg.norm(np.diff(surface.vertices_mm[[0, 1, 2, 0]].astype(float), axis=0), axis=1)

    assert math.dist(on_path, found.point_mm) == pytest.approx(found.distance_mm, abs=1e-9)
    assert found.distance_mm <= sampled + 1e-5
    assert found.distance_mm >= sampled - np.linalg.norm(way) / 2 - sides.max() / 80


@settings(deadline=None, max_examples=150)
@given(half=st.tuples(*[st.integers(1, 40).map(lambda n: n / 5)] * 3), a=POINT, b=POINT)
def test_any_segment_is_as_near_to_a_box_as_its_closed_form_says(half, a, b):
    found = Exact(a_box(half)).segment(a, b)
    half = np.array(half, np.float32).astype(float)
    path = along(a, b)
    beyond = np.abs(path) - half
    inside = beyond.max(axis=1) < 0
    sampled = box_distance(path, half)
    step = math.dist(a, b) / 400
    on_path = np.array(a) + found.s * np.subtract(b, a)

    assert box_distance(np.array(found.point_mm), half) == pytest.approx(0, abs=1e-9)
    assert math.dist(on_path, found.point_mm) == pytest.approx(found.distance_mm, abs=1e-9)
    assert found.distance_mm <= sampled.min() + 1e-9
    assert found.distance_mm >= sampled.min() - step
    if inside.any() and not inside.all():
        assert found.distance_mm == 0


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("tiny", [5e-324, 1e-313, 1e-200, 1e-160])
def test_a_way_whose_square_is_no_number_any_more_is_measured(axis, tiny):
    box = a_box((4, 4, 4))
    away = Surface(box.vertices_mm + 10 * np.eye(3)[axis], box.faces, "head")
    a, b = np.eye(3)[axis - 1], -np.eye(3)[axis - 1]
    b[axis] = tiny

    assert Exact(away).segment(tuple(a), tuple(b)).distance_mm == pytest.approx(6)


@pytest.mark.parametrize("tiny", [1e-300, 1e-200, 1e-170, 1e-9])
def test_a_tiny_way_that_ends_short_of_a_triangle_does_not_cross_it(tiny):
    below = Exact(a_triangle((0, 0, 0), (1, 0, 0), (0, 1, 0)))
    found = below.segment((0.2, 0.2, -3 * tiny), (0.2, 0.2, -2 * tiny))

    assert 0 <= found.s <= 1
    assert found.point_mm == pytest.approx((0.2, 0.2, 0))


def test_of_several_crossings_the_first_is_named():
    for turn in (1, -1):
        found = Exact(a_box((5, 4, 3))).segment((-20 * turn, 0.3, 0.2), (20 * turn, 0.3, 0.2))

        assert found.distance_mm == 0
        assert found.s == pytest.approx(15 / 40)
        assert found.point_mm == pytest.approx((-5 * turn, 0.3, 0.2))


def test_points_agree_with_trimesh_on_a_tetrahedron_and_with_open3d_on_a_bumpy_surface():
    import trimesh

    corners = np.array([(1, 1, 1), (-1, -1, 1), (-1, 1, -1), (1, -1, -1)]) * 4.0
    mesh = trimesh.convex.convex_hull(corners)
    points = np.random.default_rng(3).uniform(-12, 12, (3000, 3))
    places, theirs, _ = trimesh.proximity.closest_point_naive(mesh, points[:300])
    distance, ours = Exact(Surface(mesh.vertices, mesh.faces, "head")).points(points[:300])

    assert distance == pytest.approx(theirs, abs=1e-6)
    assert np.linalg.norm(ours - points[:300], axis=1) == pytest.approx(distance, abs=1e-9)
    assert np.linalg.norm(ours - places, axis=1).mean() < 0.1

    ball = a_bumpy_ball()
    assert Exact(ball).points(points)[0] == pytest.approx(from_open3d(ball, points), abs=2e-5)


def test_segments_agree_with_open3d_sampled_every_hundredth_of_a_mm():
    ball = a_bumpy_ball()
    rng = np.random.default_rng(5)
    a, b = rng.uniform(-14, 14, (2, 60, 3))
    distance, places, s = Exact(ball).segments(a, b)
    for one in range(len(a)):
        count = math.ceil(math.dist(a[one], b[one]) / 0.01)
        theirs = from_open3d(ball, along(a[one], b[one], count)).min()
        # A sample lies within 0.005 mm of the nearest place of the path; Open3D counts in float32.
        assert theirs - 0.0051 <= distance[one] <= theirs + 2e-5
    on_path = a + s[:, None] * (b - a)
    assert np.linalg.norm(on_path - places, axis=1) == pytest.approx(distance, abs=1e-9)
    assert (distance == 0).sum() > 5


def test_the_tree_prunes_nothing_that_a_search_of_all_triangles_finds():
    ball = a_bumpy_ball(detail=2)
    whole = Exact(ball)
    corners = triangles_of(ball).reshape(-1, 3, 3)
    singles = [Exact(a_triangle(*one)) for one in corners]
    a, b = np.random.default_rng(6).uniform(-14, 14, (2, 200, 3))
    best = np.min([one.segments(a, b)[0] for one in singles], axis=0)

    assert whole.segments(a, b)[0] == pytest.approx(best, abs=1e-9)
    assert sorted(map(tuple, tree_of(ball).triangles)) == sorted(map(tuple, triangles_of(ball)))


def test_a_rigid_motion_changes_no_distance():
    ball = a_bumpy_ball(detail=4)
    turn, _ = np.linalg.qr(np.random.default_rng(8).normal(size=(3, 3)))
    turn *= np.sign(np.linalg.det(turn))
    shift = np.array([3.0, -8.0, 5.0])
    moved = Surface(ball.vertices_mm.astype(float) @ turn.T + shift, ball.faces, "head")
    a, b = np.random.default_rng(9).uniform(-14, 14, (2, 300, 3))
    there = Exact(moved).segments(a @ turn.T + shift, b @ turn.T + shift)[0]

    assert there == pytest.approx(Exact(ball).segments(a, b)[0], abs=1e-5)


def test_two_threads_at_once_answer_as_one_does():
    from concurrent.futures import ThreadPoolExecutor

    exact = Exact(a_bumpy_ball(detail=4))
    a, b = np.random.default_rng(10).uniform(-14, 14, (2, 400, 3))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: exact.segments(a, b), range(8)))

    for answer in answers:
        assert all(np.array_equal(x, y) for x, y in zip(answer, exact.segments(a, b), strict=True))


def test_points_that_are_none_are_refused():
    with pytest.raises(GeometryError, match="finite"):
        FLOOR.points([(0, 0, math.nan)])
    with pytest.raises(GeometryError, match="as many"):
        FLOOR.segments([(0, 0, 0)], np.zeros((2, 3)))


def test_a_segment_is_near_where_its_distance_says_so():
    exact, rng = Exact(a_bumpy_ball(4)), np.random.default_rng(6)
    a, b = rng.uniform(-20, 20, (2, 500, 3))
    distance, _, _ = exact.segments(a, b)

    for within_mm in (0.5, 2.0, 6.0):
        near = exact.near(a, b, within_mm)
        assert 0 < near.sum() < len(near)
        assert (near == (distance < within_mm)).all()
