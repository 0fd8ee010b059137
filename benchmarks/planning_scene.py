"""A head of closed-form solids to plan in: two vessel trees, ventricles, folds, eloquent cortex."""

from collections.abc import Callable

import numpy as np

from anatomy.field import CHANNELS, LOWEST_MM, PART_MM, Packed
from anatomy.geometry import Floats
from anatomy.solids import Blend, Ellipsoid, Solid, Tube

BOX_MM = ((-80.0, 80.0), (-98.0, 98.0), (-70.0, 86.0))
HEAD = Ellipsoid((0.0, 0.0, 0.0), (78.0, 96.0, 84.0))
HULL = Ellipsoid((0.0, 0.0, 0.0), (70.0, 88.0, 76.0))
VENTRICLES = Blend(
    (
        Ellipsoid((-14.0, 4.0, 14.0), (7.0, 30.0, 9.0), yaw_deg=8.0),
        Ellipsoid((14.0, 4.0, 14.0), (7.0, 30.0, 9.0), yaw_deg=-8.0),
    )
)
MOTOR = Blend(
    (
        Ellipsoid((-34.0, -8.0, 56.0), (20.0, 7.0, 9.0)),
        Ellipsoid((34.0, -8.0, 56.0), (20.0, 7.0, 9.0)),
    )
)
LANGUAGE = Ellipsoid((-52.0, 22.0, 10.0), (8.0, 14.0, 10.0))


def vessels(seed: int, *, trunks: int = 14) -> Blend:
    """A tree of straight tubes from the base outward, radius 2.5 mm falling to 0.4 mm."""
    rng = np.random.default_rng(seed)
    tubes = []
    for _ in range(trunks):
        place = rng.normal((0, 0, -30), 6)
        way = rng.normal((0, 0, 1.2))
        radius = 2.5
        points, radii = [tuple(map(float, place))], [radius]
        for _ in range(7):
            way = way / np.linalg.norm(way) + rng.normal(0, 0.45, 3)
            place = place + 15 * way / np.linalg.norm(way)
            radius = max(0.4, radius * 0.78)
            points.append(tuple(map(float, place)))
            radii.append(radius)
        tubes.append(Tube(tuple(points), tuple(radii)))
    return Blend(tuple(tubes))


def grey(place: tuple[np.ndarray, ...], depth_mm: float = 4.0) -> np.ndarray:
    """Signed distance to the cortex, a shell under the hull's surface, to first order."""
    return np.abs(HULL.distance(place) + depth_mm / 2) - depth_mm / 2


def folds(place: tuple[np.ndarray, ...]) -> np.ndarray:
    """Signed distance to a lattice of sheets 1 mm thick in the outer 20 mm of the brain."""
    x, y, _ = place
    sheets = np.minimum(np.abs((x + 9) % 18 - 9), np.abs((y + 10) % 20 - 10)) - np.float32(0.5)
    return np.maximum(sheets, np.abs(HULL.distance(place) + 10) - 10)


SOLIDS: dict[str, Solid | Callable[..., np.ndarray]] = {
    "artery": vessels(1),
    "vein": vessels(2),
    "ventricle": VENTRICLES,
    "sulcus": folds,
    "motor": MOTOR,
    "language": LANGUAGE,
    "brain": HULL,
    "grey_matter": grey,
}


def distance(name: str, points_mm: Floats) -> np.ndarray:
    """True distance [mm] of places (n, 3) to a solid of the scene."""
    solid = SOLIDS[name]
    at = solid if callable(solid) else solid.distance
    return at(tuple(np.asarray(points_mm, np.float32).T))


def packed(spacing_mm: float = 1.0, *, names: tuple[str, ...] = tuple(SOLIDS)) -> Packed:
    """The true distances at the nodes, rounded down to bytes as `anatomy.field.pack` does."""
    axes = [np.arange(a, b + spacing_mm / 2, spacing_mm, dtype=np.float32) for a, b in BOX_MM]
    shape = tuple(len(axis) for axis in axes)
    values = np.full((*shape, CHANNELS), 255, np.uint8)
    for i, x in enumerate(axes[0]):
        y, z = np.meshgrid(axes[1], axes[2], indexing="ij")
        slab = np.stack([np.full(y.shape, x), y, z], axis=-1).reshape(-1, 3)
        for channel, name in enumerate(names):
            parts = np.floor((distance(name, slab) - LOWEST_MM) / PART_MM + 1e-4)
            values[i, ..., channel] = parts.clip(0, 255).reshape(y.shape)
    (x0, _), (y0, _), (z0, _) = BOX_MM
    return Packed((x0, y0, z0), spacing_mm, shape, values)


def entries(count: int) -> tuple[Floats, Floats]:
    """Places on the upper head, evenly spread (golden angle), and the outward normals there."""
    turn = np.pi * (3 - np.sqrt(5))
    up = 1 - (np.arange(count) + 0.5) / count * 1.1
    around = turn * np.arange(count)
    flat = np.sqrt(1 - up**2)
    unit = np.stack([flat * np.cos(around), flat * np.sin(around), up], axis=1)
    half = np.array(HEAD.half_mm)
    normals = unit / half
    return unit * half, normals / np.linalg.norm(normals, axis=1, keepdims=True)
