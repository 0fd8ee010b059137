"""Label maps from elsewhere, brought onto a volume's grid by their place in the patient."""

import numpy as np
from numpy.typing import NDArray

from anatomy.errors import ReadError
from anatomy.grid import Grid
from anatomy.volume import LabelMap, Volume

SLAB = 1 << 20
LEAST_INSIDE = 0.5
"""House value: a map with less of itself inside the scan belongs to another patient or region."""


def resample_labels(labelmap: LabelMap, grid: Grid) -> LabelMap:
    """The labels on `grid`, each voxel taking the nearest one by RAS [mm]; outside is background.

    Works in slabs: little memory beyond the result. The key keeps only labels that arrive.
    """
    if labelmap.grid.same_as(grid):
        return labelmap
    step = labelmap.grid.ras_to_ijk @ grid.ijk_to_ras
    out = np.zeros(grid.shape, np.uint16)
    thick = max(1, SLAB // (grid.shape[1] * grid.shape[2]))
    for start in range(0, grid.shape[0], thick):
        stop = min(start + thick, grid.shape[0])
        axes = np.ogrid[start:stop, : grid.shape[1], : grid.shape[2]]
        out[start:stop] = _nearest(labelmap.labels, step, axes)
    present = {int(n) for n in np.unique(out)}
    key = {n: id for n, id in labelmap.key.items() if n in present}
    return LabelMap(grid=grid, labels=out, key=key)


def check_overlap(labelmap: LabelMap, volume: Volume | Grid, *, name: str = "The map") -> float:
    """The share of labelled voxels that lie inside the volume's field; ReadError below half."""
    grid = volume.grid if isinstance(volume, Volume) else volume
    step = grid.ras_to_ijk @ labelmap.grid.ijk_to_ras
    inside = total = 0
    shape = labelmap.grid.shape
    thick = max(1, SLAB // (shape[1] * shape[2]))
    for start in range(0, shape[0], thick):
        part = labelmap.labels[start : start + thick] > 0
        at = np.argwhere(part) + np.array([start, 0, 0])
        there = np.floor(at @ step[:3, :3].T + step[:3, 3] + 0.5)
        inside += int(((there >= 0) & (there < grid.shape)).all(axis=1).sum())
        total += len(at)
    share = inside / total if total else 0.0
    if share < LEAST_INSIDE:
        raise ReadError(
            f"{name} lies elsewhere than the scan: {100 * share:.0f} % of it is inside its "
            "field. It may be another patient's, or drawn on another scan.",
            share=share,
        )
    return share


def _nearest(
    labels: NDArray[np.uint16], step: NDArray[np.float64], axes: tuple[NDArray[np.intp], ...]
) -> NDArray[np.uint16]:
    i, j, k = axes
    found: list[NDArray[np.int32]] = []
    valid: NDArray[np.bool_] = np.ones((1, 1, 1), bool)
    for row, count in zip(step[:3], labels.shape, strict=True):
        at = np.floor(row[0] * i + row[1] * j + row[2] * k + (row[3] + 0.5)).astype(np.int32)
        valid = valid & (at >= 0) & (at < count)
        found.append(np.clip(at, 0, count - 1))
    return np.where(valid, labels[tuple(found)], np.uint16(0))
