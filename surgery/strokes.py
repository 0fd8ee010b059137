"""Strokes that take out a target with a margin, and how near any strokes come to what must stay.

Instruments of SIZES_MM, the widest first, are drawn in straight lines through all places where a
ball of their size stays within the margin of the target and off everything spared; each finer one
takes what the wider ones could not reach. Each stroke is then held against the exact surfaces.
"""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from anatomy.errors import TwinError
from anatomy.field import GUARD_MM, Box
from anatomy.geometry import Floats, Point, point
from anatomy.volume import LabelMap, Mask
from surgery.plan import Trajectory
from surgery.procedure import Procedure
from surgery.resection import RADIUS_MM, Resection, ResectionError, Stroke
from surgery.scene import STEP_MM, Scene
from surgery.score import Metric, Reading, Score, cannot_be_judged, failed, judged

SIZES_MM = (8.0, 4.0, 2.0)
"""docs/evidence.md#resection-strokes"""
MARGIN_MM = 2.0
"""docs/evidence.md#resection-margin"""
MOST_MARGIN_MM = 20.0
"""House value: beyond it no resection is about its target any more."""
SPARED = ("vessels", "ventricles", "eloquent nuclei")
"""Words of what a resection keeps off, with the limits of its procedure."""


class Spared(NamedTuple):
    """What a resection keeps off: the question, and how near strokes of the engine's own come."""

    metric: Metric
    least_mm: float

    @property
    def word(self) -> str:
        """Of `Scene.find`."""
        return self.metric.needs[0]


def spared(asked: Procedure) -> tuple[Spared, ...]:
    """The procedure's questions about the distance of SPARED, asked of the cavity.

    A cavity that enters what has a good limit alone is rejected too.
    """
    found = []
    for one in asked.metrics:
        low, good = one.limit.hard_low, one.limit.good_low
        if one.unit != "mm" or not set(one.needs[:1]) & set(SPARED) or (low, good) == (None, None):
            continue
        limit = one.limit if low is not None else replace(one.limit, hard_low=0.0)
        metric = replace(one, title=f"Cavity's distance to {one.needs[0]}", limit=limit)
        found.append(Spared(metric, low if low is not None else good or 0.0))
    return tuple(found)


def carve(
    scene: Scene, resection: Resection, region: LabelMap, targets: Collection[str], *,
    asked: Procedure, margin_mm: float = MARGIN_MM,
) -> None:  # fmt: skip
    """Cut the target (ids) with its margin out of the resection of `region`.

    Nothing comes nearer to what the procedure spares than its hard limit, or its good one where
    it has no hard one. What cannot be reached so is left; raises ResectionError where that is all.
    """
    if not 0 <= margin_mm <= MOST_MARGIN_MM:
        raise ResectionError(
            f"A margin lies between 0 and {MOST_MARGIN_MM:g} mm, not {margin_mm:g}."
        )
    solid = np.isin(region.labels, [n for n, id in region.key.items() if id in targets])
    room, corner = _room(scene, region, solid, targets, asked, margin_mm)
    along = int(np.argmax(room.shape))
    for radius_mm in SIZES_MM:
        safe = room >= radius_mm
        if not safe.any():
            continue
        gone = resection.removed[
            tuple(slice(a, a + n) for a, n in zip(corner, room.shape, strict=True))
        ]
        left = _near(safe, radius_mm, region) & ~gone
        if not left.any():
            continue
        useful = safe & _near(left, radius_mm, region)
        ends = _lines(safe, useful, along, max(1, int(radius_mm / 2 / region.grid.spacing_mm[0])))
        from_mm, to_mm = (region.grid.ras(end + corner) for end in ends)
        for stroke in _kept(scene, asked, targets, from_mm, to_mm, radius_mm):
            resection.cut(stroke)
    if not resection.strokes:
        raise ResectionError(
            "Nothing of the target can be taken without coming too near to vessels, ventricles or "
            "eloquent nuclei. Choose another target, or draw strokes of your own: --strokes FILE."
        )


def distances(
    scene: Scene, asked: Procedure, strokes: Sequence[Stroke], targets: Collection[str]
) -> list[Score]:
    """How near the strokes' sides come to what is spared, against the procedure's limits.

    The targets (ids) are not spared. Negative inside, by the depth of the deepest axis and the
    radius.
    """
    scores = []
    for metric, word in ((one.metric, one.word) for one in spared(asked)):
        found = [one for one in scene.find(word) if one.id not in targets]
        if not found:
            scores.append(cannot_be_judged(metric))
            continue
        try:
            readings = [_nearest(scene, one.id, strokes) for one in found]
        except TwinError as broken:
            scores.append(failed(metric, str(broken)))
            continue
        scores.append(judged(metric, min(readings, key=lambda reading: reading.value)))
    return scores


def beside(
    scene: Scene, asked: Procedure, places_mm: Floats, targets: Collection[str]
) -> dict[str, tuple[float, NDArray[np.bool_]]]:
    """What lies so near to something spared that own strokes leave it, by structure.

    How near [mm], and which of the places (n, 3) do.
    """
    found = {}
    for kept in spared(asked):
        reach = kept.least_mm + SIZES_MM[-1]
        for one in scene.find(kept.word):
            if one.id in targets:
                continue
            away, _ = scene.exact(one.id).points(places_mm)
            if (near := away <= reach).any():
                found[one.id] = (reach, near)
    return found


def _room(
    scene: Scene, region: LabelMap, solid: Mask, targets: Collection[str], asked: Procedure,
    margin_mm: float,
) -> tuple[Floats, NDArray[np.int64]]:  # fmt: skip
    """The widest ball [mm] that fits at each voxel about the target, and the first voxel."""
    from scipy.ndimage import distance_transform_edt

    spacing = region.grid.spacing_mm[0]
    at = np.argwhere(solid)
    reach = math.ceil(margin_mm / spacing) + 1
    corner = np.maximum(at.min(axis=0) - reach, 0)
    end = np.minimum(at.max(axis=0) + reach + 1, solid.shape)
    box = solid[tuple(slice(a, b) for a, b in zip(corner, end, strict=True))]
    inside = distance_transform_edt(np.pad(box, 1))[1:-1, 1:-1, 1:-1]
    outside = distance_transform_edt(~box)
    room: Floats = margin_mm + spacing * np.where(box, inside - 0.5, 0.5 - outside)
    open_ = np.argwhere(room >= SIZES_MM[-1])
    if not len(open_):
        return room, corner
    places = region.grid.ras(open_ + corner)
    low, high = places.min(axis=0), places.max(axis=0)
    around: Box = (low[0], high[0], low[1], high[1], low[2], high[2])
    for kept in spared(asked):
        for one in scene.find(kept.word):
            vertices = one.surfaces["fine"].vertices_mm
            away = np.maximum(low - vertices.max(axis=0), vertices.min(axis=0) - high).max()
            if one.id in targets or away > kept.least_mm + SIZES_MM[0]:
                continue
            field = scene.field(one.id, box_mm=around)
            free = field.sample(places) - kept.least_mm - GUARD_MM
            room[tuple(open_.T)] = np.minimum(room[tuple(open_.T)], free)
    return room, corner


def _near(mask: Mask, radius_mm: float, region: LabelMap) -> Mask:
    """Voxels no further than `radius_mm` from one of the mask."""
    from scipy.ndimage import distance_transform_edt

    away: Floats = distance_transform_edt(~mask, sampling=region.grid.spacing_mm)
    return away <= radius_mm - 1e-6


def _lines(
    safe: Mask, useful: Mask, along: int, step: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last voxels (n, 3) of lines along one axis, every `step` voxels across.

    Each runs through safe voxels only, from its first useful one to its last.
    """
    sparse = np.zeros_like(safe)
    across = [slice(step // 2, None, step)] * 3
    across[along] = slice(None)
    sparse[tuple(across)] = True
    turned = np.moveaxis(safe & sparse, along, -1)
    wanted = np.moveaxis(useful & sparse, along, -1)
    edges = np.diff(np.pad(turned, ((0, 0), (0, 0), (1, 1))).astype(np.int8), axis=-1)
    starts, stops = np.argwhere(edges > 0), np.argwhere(edges < 0)
    counted = np.concatenate(
        [np.zeros((*wanted.shape[:2], 1), int), wanted.cumsum(axis=-1)], axis=-1
    )
    first, last = [], []
    for (i, j, start), (_, _, stop) in zip(starts.tolist(), stops.tolist(), strict=True):
        if counted[i, j, stop] == counted[i, j, start]:
            continue
        on = np.flatnonzero(wanted[i, j, start:stop])
        first.append((i, j, start + int(on[0])))
        last.append((i, j, start + int(on[-1])))
    order = [0, 1]
    order.insert(along, 2)
    found = [np.array(rows, np.int64).reshape(-1, 3)[:, order] for rows in (first, last)]
    return found[0], found[1]


def _kept(
    scene: Scene, asked: Procedure, targets: Collection[str], from_mm: Floats, to_mm: Floats,
    radius_mm: float,
) -> Iterable[Stroke]:  # fmt: skip
    """The lines as strokes, each so thin that it keeps its limits by exact distance."""
    radii = np.full(len(from_mm), radius_mm)
    for kept in spared(asked):
        for one in scene.find(kept.word):
            if one.id not in targets:
                away, _, _ = scene.exact(one.id).segments(from_mm, to_mm)
                radii = np.minimum(radii, away - kept.least_mm)
    for a, b, radius in zip(from_mm, to_mm, radii.tolist(), strict=True):
        if radius >= RADIUS_MM[0]:
            yield Stroke(from_mm=point(a), to_mm=point(b), radius_mm=radius)


def _nearest(scene: Scene, structure: str, strokes: Sequence[Stroke]) -> Reading:
    """The stroke whose side comes nearest to one structure, or lies deepest in it."""
    from_mm, to_mm = (np.array([getattr(s, end) for s in strokes]) for end in ("from_mm", "to_mm"))
    away, places, _ = scene.exact(structure).segments(from_mm, to_mm)
    vertices = scene.anatomy[structure].surfaces["fine"].vertices_mm
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    near = (np.minimum(from_mm, to_mm) <= high).all(axis=1) & (
        np.maximum(from_mm, to_mm) >= low
    ).all(axis=1)
    for n in np.flatnonzero(near).tolist():
        deepest = _deepest(scene, structure, strokes[n])
        if deepest is not None:
            away[n], places[n] = deepest[0], deepest[1]
    room = away - [stroke.radius_mm for stroke in strokes]
    worst = int(np.argmin(room))
    return Reading(
        value=float(room[worst]), point_mm=point(places[worst]), structure=structure,
        sigma_mm=scene.anatomy[structure].sigma_mm,
    )  # fmt: skip


def _deepest(scene: Scene, structure: str, stroke: Stroke) -> tuple[float, Point] | None:
    """Depth [mm, negative] and place of the stroke's axis inside a structure; None if outside."""
    way = np.subtract(stroke.to_mm, stroke.from_mm)
    length = float(np.linalg.norm(way))
    axis = way / length if length > 0 else np.array([1.0, 0.0, 0.0])
    ahead = point(stroke.from_mm + max(length, 1.0) * axis)
    line = Trajectory(entry_mm=stroke.from_mm, target_mm=ahead, frame=scene.anatomy.frame)
    along = np.linspace(0.0, length, math.ceil(length / STEP_MM) + 1)
    inside = along[scene.shell(structure).holds(line, along)]
    if not len(inside):
        return None
    points = stroke.from_mm + np.outer(inside, axis)
    depth, _ = scene.exact(structure).points(points)
    worst = int(np.argmax(depth))
    return -float(depth[worst]), point(points[worst])
