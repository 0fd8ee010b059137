"""Several label maps of one patient as one: on one grid, one integer a structure."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from anatomy.errors import ReadError
from anatomy.grid import Grid
from anatomy.regrid import resample_labels
from anatomy.structure import PARTS, mask_of, parts_among
from anatomy.terms import title
from anatomy.volume import LabelMap

MOST_VOXELS = 512**3
"""House value: what a laptop's memory holds several times."""
AROUND_MM = 10.0
"""House value: room around the labels where no image says how far the patient reaches."""


class Named(NamedTuple):
    """A label map and what people call its file."""

    labelmap: LabelMap
    name: str


def joined(maps: Sequence[Named]) -> tuple[LabelMap, list[str]]:
    """The maps as one, and notes on what was lost or is cut off; raises ReadError.

    Where two maps name a voxel, the later one has it; a part (an annulus, a scar, a tumour) always
    has its own within its whole (the aorta, the muscle, the brain). They lie on the grid of the
    finest map (the first of equals), widened by whole voxels until every label is inside.
    """
    grid = _shared_grid(maps)
    brought = [(one, resample_labels(one.labelmap, grid)) for one in maps]
    layers = [(one, here, name) for one, here in brought for name in _names(one.labelmap)]
    out = np.zeros(grid.shape, np.uint16)
    numbers: dict[str, int] = {}
    givers: dict[str, str] = {}
    notes: list[str] = []
    for one, here, name in sorted(layers, key=lambda layer: _rank(layer[2])):
        mask = here.mask(name)
        if not mask.any():
            notes.append(f"{title(name)} ({one.name}) is too fine for the other maps' voxels.")
            continue
        number = numbers.setdefault(name, len(numbers) + 1)
        counts = np.bincount(out[mask], minlength=number + 1)
        notes += [
            f"{counts[n] * grid.voxel_ml:.2f} mL of {title(other)} ({givers[other]}) became "
            f"{title(name)} ({one.name}), which was given later."
            for other, n in numbers.items()
            if counts[n] and name not in parts_among(other, (name,))
        ]
        givers[name] = one.name
        out[mask] = number
    key = {number: name for name, number in numbers.items() if np.any(out == number)}
    notes += [
        f"{title(name)} is covered by the other maps and left out."
        for name, number in numbers.items()
        if number not in key
    ]
    made = LabelMap(grid=grid, labels=out, key=key)
    return made, notes + [note for one in maps for note in _cut_off(one, made)]


def _names(labelmap: LabelMap) -> tuple[str, ...]:
    return tuple(dict.fromkeys(labelmap.key.values()))


def _rank(name: str) -> int:
    """Solids that hold others are laid first, whatever the order of the files."""
    return list(PARTS).index(name) if name in PARTS else len(PARTS)


def around(labelmap: LabelMap, *, room_mm: float = AROUND_MM) -> LabelMap:
    """The map cut down, or widened, to the box of its labels with `room_mm` to each side."""
    low, high = _box(labelmap)
    room = np.ceil(room_mm / np.array(labelmap.grid.spacing_mm)).astype(int)
    start, stop = low - room, high + room
    return LabelMap(
        grid=_sub(labelmap.grid, start, stop),
        labels=_window(labelmap.labels, start, stop),
        key=labelmap.key,
    )


def _shared_grid(maps: Sequence[Named]) -> Grid:
    first = min(maps, key=lambda one: one.labelmap.grid.voxel_ml)
    grid = first.labelmap.grid
    start, stop = np.zeros(3, int), np.array(grid.shape)
    for one in maps:
        own = one.labelmap.grid
        if own.same_as(grid):
            continue
        low, high = _inside(grid, own, np.zeros(3), np.array(own.shape))
        if (low >= grid.shape).any() or (high <= 0).any():
            raise ReadError(
                f"{one.name} and {first.name} lie in different places: their fields do not meet. "
                "They may be of two patients or of two scans."
            )
        low, high = _inside(grid, own, *_box(one.labelmap))
        start, stop = np.minimum(start, low), np.maximum(stop, high)
    voxels = int(np.prod(stop - start))
    if voxels > MOST_VOXELS:
        raise ReadError(
            f"On the voxels of {first.name} the label maps need {voxels / 1e6:.0f} million of "
            f"them: up to {MOST_VOXELS / 1e6:.0f} million are possible. Resample {first.name} to "
            "larger voxels first."
        )
    return _sub(grid, start, stop)


def _box(labelmap: LabelMap) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First voxel of the labels and the one after their last, along each axis."""
    found = labelmap.labels > 0
    rows = [np.flatnonzero(found.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    return np.array([row[0] for row in rows]), np.array([row[-1] + 1 for row in rows])


def _inside(
    grid: Grid, own: Grid, low: NDArray[np.generic], high: NDArray[np.generic]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The box `low` to `high` of voxels of `own`, faces included, in voxels of `grid`."""
    corners = np.array(np.meshgrid(*np.stack([low, high], axis=1) - 0.5)).reshape(3, -1).T
    there = grid.ijk(own.ras(corners)) + 0.5
    return np.floor(there.min(0) + 1e-6).astype(int), np.ceil(there.max(0) - 1e-6).astype(int)


def _sub(grid: Grid, start: NDArray[np.int64], stop: NDArray[np.int64]) -> Grid:
    a, b = start.tolist(), stop.tolist()
    return grid.cropped((a[0], a[1], a[2]), (b[0], b[1], b[2]))


def _window(
    labels: NDArray[np.uint16], start: NDArray[np.int64], stop: NDArray[np.int64]
) -> NDArray[np.uint16]:
    """Labels from `start` to `stop` (excluded), 0 beyond the array."""
    out = np.zeros(tuple((stop - start).tolist()), np.uint16)
    low, high = np.maximum(start, 0), np.minimum(stop, labels.shape)
    there = tuple(slice(a, b) for a, b in zip(low - start, high - start, strict=True))
    out[there] = labels[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    return out


def _cut_off(one: Named, made: LabelMap) -> list[str]:
    """A note on the structures that reach the edge of their own map; none where there are none."""
    cut = []
    for name in _names(one.labelmap):
        mask = mask_of(one.labelmap, name)
        faces = (np.take(mask, end, axis) for axis in range(3) for end in (0, -1))
        if name in made.key.values() and any(face.any() for face in faces):
            cut.append(title(name))
    if not cut:
        return []
    words = f"{', '.join(cut[:-1])} and {cut[-1]} are" if len(cut) > 1 else f"{cut[0]} is"
    return [f"{words} cut off by the edge of {one.name}: sizes and plans hold for what is there."]
