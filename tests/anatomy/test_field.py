"""Distance fields against the closed form of a box and against Open3D; packing; refusals."""

import numpy as np
import pytest

from anatomy.errors import GeometryError
from anatomy.field import LOWEST_MM, PART_MM, Field, distance_field, lattice, pack
from anatomy.surface import Surface

BOX = (-16.0, 16.0, -14.0, 14.0, -12.0, 12.0)
HALF = np.array([7.3, 5.1, 3.7])
TURN = np.linalg.qr(np.random.default_rng(4).normal(size=(3, 3)))[0]
TURN *= np.sign(np.linalg.det(TURN))


def a_box(half=HALF, turn=None, shift=(0.0, 0.0, 0.0)) -> Surface:
    import trimesh

    mesh = trimesh.creation.box(extents=2 * np.asarray(half))
    turn = np.eye(3) if turn is None else turn
    return Surface(mesh.vertices @ turn.T + shift, mesh.faces, "head")


def a_bumpy_ball(radius=9.0, detail=4) -> Surface:
    import trimesh

    mesh = trimesh.creation.icosphere(subdivisions=detail, radius=1)
    x, y, z = mesh.vertices.T
    waves = 1 + 0.2 * np.sin(7 * x + 1) * np.sin(6 * y) + 0.1 * np.cos(9 * z)
    return Surface(radius * waves[:, None] * mesh.vertices, mesh.faces, "head")


def box_distance(points, half=HALF):
    """Signed distance of a box about the origin, in closed form."""
    beyond = np.abs(points) - half
    return np.linalg.norm(beyond.clip(0), axis=-1) + beyond.max(axis=-1).clip(max=0)


def nodes(field: Field):
    return field.grid.ras(np.moveaxis(np.indices(field.grid.shape), 0, -1))


def reference(surface: Surface, points):
    import open3d

    scene = open3d.t.geometry.RaycastingScene(nthreads=1)
    scene.add_triangles(np.array(surface.vertices_mm), np.array(surface.faces))
    return scene.compute_signed_distance(points.astype(np.float32), nsamples=5).numpy()


def test_every_node_of_a_box_has_its_closed_form_distance():
    field = distance_field(a_box(), box_mm=BOX)

    assert field.values.dtype == np.float32
    assert field.values == pytest.approx(box_distance(nodes(field)), abs=1e-5)


def test_a_turned_box_has_its_distance_too():
    shift = np.array([0.2, -0.3, 0.4])
    field = distance_field(a_box(turn=TURN, shift=shift), box_mm=BOX, spacing_mm=0.5)

    assert field.values == pytest.approx(box_distance((nodes(field) - shift) @ TURN), abs=1e-3)


def test_faces_edges_and_corners_that_lie_on_nodes_leave_no_leak():
    half = np.array([6.0, 4.0, 3.0])
    field = distance_field(a_box(half), box_mm=BOX)

    assert field.values == pytest.approx(box_distance(nodes(field), half), abs=1e-5)


def test_a_bumpy_surface_agrees_with_open3d_in_sign_and_size():
    surface = a_bumpy_ball()
    field = distance_field(surface, box_mm=BOX)
    theirs = reference(surface, nodes(field))
    near = np.abs(theirs) < 0.9
    clear = np.abs(theirs) > 1e-3

    assert (np.sign(field.values) == np.sign(theirs))[clear].all()
    assert field.values[near] == pytest.approx(theirs[near], abs=1e-4)
    assert np.abs(field.values - theirs).max() < 0.2


def test_a_cavity_is_outside_of_its_shell():
    outer, inner = a_box((8.0, 8.0, 8.0)), a_box((4.0, 4.0, 4.0))
    vertices = np.vstack([outer.vertices_mm, inner.vertices_mm])
    faces = np.vstack([outer.faces, inner.faces[:, ::-1] + len(outer.vertices_mm)])
    field = distance_field(Surface(vertices, faces, "head"), box_mm=(-10, 10) * 3)

    assert field.sample([(0, 0, 0), (6, 0, 0), (9, 0, 0)]) == pytest.approx([4, -2, 1], abs=1e-5)


@pytest.mark.parametrize("box", [(-3, 4, -14, 2, -1, 9), (-2, 2) * 3, (20, 30, -4, 4, -5, 5)])
def test_a_box_that_holds_only_a_part_or_nothing_of_the_surface_is_as_true(box):
    field = distance_field(a_box(), box_mm=box)

    assert field.values == pytest.approx(box_distance(nodes(field)), abs=1e-4)


def test_a_crop_through_a_bumpy_surface_agrees_with_open3d():
    surface = a_bumpy_ball()
    field = distance_field(surface, box_mm=(2, 14, -14, -3, -1, 6))
    theirs = reference(surface, nodes(field))

    assert np.abs(field.values - theirs).max() < 0.15


def test_a_rigid_motion_of_surface_and_points_changes_nothing_that_interpolation_does_not():
    points = np.random.default_rng(0).uniform(-9, 9, (4000, 3))
    truth = box_distance(points)
    still = distance_field(a_box(), box_mm=(-17, 17) * 3).sample(points)
    moved = distance_field(a_box(turn=TURN), box_mm=(-17, 17) * 3).sample(points @ TURN.T)

    # The distance of a box is linear but across edges and middle planes: 0.87 mm is the bound
    # for any surface (half the diagonal of a cell, distance changing by at most as much).
    assert np.abs(still - truth).max() < 0.5
    assert np.abs(moved - truth).max() < 0.5
    assert np.abs(still - moved).mean() < 0.05


def test_a_shift_by_whole_nodes_shifts_the_field():
    here = distance_field(a_box(), box_mm=BOX).values
    box = tuple(v + s for v, s in zip(BOX, (3, 3, -5, -5, 8, 8), strict=True))

    assert distance_field(a_box(shift=(3, -5, 8)), box_mm=box).values == pytest.approx(
        here, abs=1e-5
    )


def test_the_same_surface_gives_the_same_bytes():
    one, two = (distance_field(a_bumpy_ball(), box_mm=BOX).values.tobytes() for _ in range(2))

    assert one == two


def test_between_nodes_the_value_is_trilinear_and_outside_of_the_box_it_is_not_a_number():
    grid = lattice((0, 3, 0, 3, 0, 3), 1.0, "head")
    i, j, k = np.indices(grid.shape)
    field = Field(grid, (1 + i - 2 * j + 3 * k + i * j * k).astype(np.float32))
    points = np.random.default_rng(2).uniform(0, 3, (50, 3))
    inside = np.floor(points)
    x, y, z = points.T
    # A field that is linear along each axis within a cell, and is so across cells, comes back.
    assert field.sample(points) == pytest.approx(1 + x - 2 * y + 3 * z + x * y * z, abs=1e-5)
    assert field.sample(inside) == pytest.approx(field.values[tuple(inside.astype(int).T)])
    assert field.sample([(3, 3, 3)]) == pytest.approx([1 + 3 - 6 + 9 + 27])
    assert np.isnan(field.sample([(3.001, 1, 1), (-0.001, 1, 1), (np.nan, 1, 1)])).all()


def test_packing_never_promises_more_room_than_the_field():
    fields = [distance_field(a_box(half), box_mm=(-40, 40) * 3) for half in (HALF, HALF + 1)]
    packed = pack(fields)
    said = LOWEST_MM + PART_MM * packed.values[..., :2].astype(float)
    meant = np.stack([f.values for f in fields], axis=-1).clip(-5, 20.5)

    assert packed.values.shape == (81, 81, 81, 8)
    assert (packed.origin_mm, packed.spacing_mm) == ((-40, -40, -40), 1.0)
    assert (said - meant).max() < 1e-5
    assert (meant - said).max() < PART_MM + 1e-5
    assert (packed.values[..., 2:] == 255).all()


def test_fields_of_different_boxes_are_not_packed():
    one = distance_field(a_box(), box_mm=BOX)
    other = distance_field(a_box(), box_mm=BOX, spacing_mm=2.0)

    with pytest.raises(GeometryError, match="spacings"):
        pack([one, other])
    with pytest.raises(GeometryError, match="8"):
        pack([one] * 9)


def test_an_open_surface_is_refused_by_name():
    whole = a_box()
    with pytest.raises(GeometryError, match="Artery, left is open"):
        distance_field(
            Surface(whole.vertices_mm, whole.faces[1:], "head"), box_mm=BOX, name="Artery, left"
        )


@pytest.mark.parametrize(
    ("box", "spacing", "words"),
    [
        ((5, 1, 0, 1, 0, 1), 1.0, "low to high"),
        (BOX, 0.0, "positive"),
        ((-900, 900) * 3, 1.0, "too large"),
        ((0, np.inf) * 3, 1.0, "low to high"),
    ],
)
def test_a_box_that_cannot_be_is_refused(box, spacing, words):
    with pytest.raises(GeometryError, match=words):
        distance_field(a_box(), box_mm=box, spacing_mm=spacing)
