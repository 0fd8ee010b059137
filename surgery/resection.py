"""What strokes of an instrument take out of a patient: volumes, extent and the cavity's surface.

The cavity is a level set: at each sample the distance to the nearest stroke's surface [mm],
negative inside, cut off a little outside. A voxel is removed where its centre is inside. The least
of all distances is the same in any order, so an undo need only ask the other strokes again, and
gives back the same bits. The surface comes in pieces, one a block; neighbours share the samples
between them, so their edges are the same points.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anatomy.errors import TwinError
from anatomy.geometry import Floats, Point, moved, point
from anatomy.grid import Grid
from anatomy.regrid import resample_labels
from anatomy.surface import Surface
from anatomy.volume import LabelMap, Mask, digest
from surgery import carving
from surgery.scene import NOWHERE

Block = tuple[int, int, int]

SPACING_MM = 0.5
"""House value: docs/evidence.md#resection-grid"""
RADIUS_MM = (0.25, 30.0)
"""docs/evidence.md#resection-grid"""
ROUNDING = 1e-6
VOXELS = 100_000_000
"""A region with more would take over half a gigabyte."""


class ResectionError(TwinError, ValueError):
    """A stroke, a region or a question that does not fit this resection."""

    code = "surgery.resection"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """A ball drawn straight from one point to another [mm, RAS]; where both are one, a ball."""

    from_mm: Point
    to_mm: Point
    radius_mm: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "from_mm", point(self.from_mm))
        object.__setattr__(self, "to_mm", point(self.to_mm))
        low, high = RADIUS_MM
        if not low <= self.radius_mm <= high:
            raise ResectionError(
                f"An instrument of {self.radius_mm:g} mm radius cannot be used here: it must be "
                f"{low:g} to {high:g} mm."
            )

    @property
    def capsule(self) -> tuple[float, ...]:
        """x0 y0 z0 x1 y1 z1 radius [mm]."""
        return (*self.from_mm, *self.to_mm, self.radius_mm)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Voxels of each structure before and removed since; exact counts.

    NOWHERE counts what has no label, where the region holds any: with it the structures add up.
    """

    voxel_ml: float
    before: Mapping[str, int]
    removed: Mapping[str, int]

    def before_ml(self, *structures: str) -> float:
        """Volume of these structures together before the first stroke [mL]."""
        return sum(self.before[self._known(one)] for one in structures) * self.voxel_ml

    def removed_ml(self, *structures: str) -> float:
        """What was taken of them [mL]."""
        return sum(self.removed[self._known(one)] for one in structures) * self.voxel_ml

    def residual_ml(self, *structures: str) -> float:
        """What is left of them [mL]."""
        left = (self.before[self._known(one)] - self.removed[one] for one in structures)
        return sum(left) * self.voxel_ml

    def extent_percent(self, *structures: str) -> float:
        """Extent of resection of these structures together: docs/evidence.md#resection-extent"""
        before_ml = self.before_ml(*structures)
        if before_ml == 0:
            raise ResectionError("An extent of resection needs a structure to resect.")
        return 100 * (1 - self.residual_ml(*structures) / before_ml)

    def _known(self, structure: str) -> str:
        if structure not in self.before:
            known = ", ".join(self.before) or "nothing"
            raise ResectionError(f"The region holds no {structure}; it holds {known}.")
        return structure


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Piece:
    """The cavity's surface in one block: vertices (n, 3) [mm, RAS] and faces (m, 3).

    Faces run counter-clockwise seen from outside the cavity. No face: no surface in this block.
    """

    block: Block
    vertices_mm: NDArray[np.float32]
    faces: NDArray[np.uint32]


class Resection:
    """One region being resected. It changes with each stroke: whoever owns it holds its strokes.

    `cut`, `undo` and `redo` give the blocks whose surface may have changed.
    """

    def __init__(self, labelmap: LabelMap) -> None:
        """`labelmap` is the region, on a grid of about SPACING_MM: `region_of` makes one."""
        if labelmap.labels.size > VOXELS:
            raise ResectionError("The region is too large to be resected live; take less of it.")
        # One more sample all around that is never removed closes the cavity's surface.
        shift = np.eye(4)
        shift[:3, 3] = -1
        x, y, z = (n + 2 for n in labelmap.labels.shape)
        self.grid = Grid((x, y, z), labelmap.grid.ijk_to_ras @ shift, labelmap.grid.frame)
        self._key = labelmap.key
        self._labels = np.pad(labelmap.labels, 1)
        self._band_mm = 2 * max(self.grid.spacing_mm)
        self._field = np.full(self.grid.shape, self._band_mm, np.float32)
        self._before = np.bincount(labelmap.labels.ravel(), minlength=65536)
        self._removed = np.zeros(65536, np.int64)
        self._done: list[Stroke] = []
        self._undone: list[Stroke] = []
        self._boxes: dict[Stroke, tuple[tuple[int, ...], tuple[int, ...]]] = {}

    @property
    def strokes(self) -> tuple[Stroke, ...]:
        """All strokes that count, the first one first."""
        return tuple(self._done)

    @property
    def field(self) -> NDArray[np.float32]:
        """Distance to the cavity's surface at each sample of `grid` [mm], to look at only."""
        seen = self._field.view()
        seen.flags.writeable = False
        return seen

    @property
    def removed(self) -> Mask:
        """Which voxels of the region are gone, shaped like its labels."""
        return self._field[1:-1, 1:-1, 1:-1] < 0

    @property
    def digest(self) -> str:
        """SHA-256 of the level set."""
        return digest(self._field)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """All blocks of the region."""
        x, y, z = self._block_counts()
        return tuple((i, j, k) for i in range(x) for j in range(y) for k in range(z))

    @property
    def tally(self) -> Tally:
        """Voxels of each structure of the key, before and removed."""
        named = {
            name: [n for n, one in self._key.items() if one == name] for name in self._key.values()
        }
        if self._before[0] > 0:
            named[NOWHERE] = [0]
        return Tally(
            voxel_ml=self.grid.voxel_ml,
            before={name: int(self._before[ns].sum()) for name, ns in named.items()},
            removed={name: int(self._removed[ns].sum()) for name, ns in named.items()},
        )

    def cut(self, stroke: Stroke) -> tuple[Block, ...]:
        """Takes out what the stroke passes over; what was undone before is forgotten."""
        self._undone.clear()
        return self._add(stroke)

    def undo(self) -> tuple[Block, ...]:
        """Takes the last stroke back."""
        if not self._done:
            raise ResectionError("There is no stroke to undo.")
        stroke = self._done.pop()
        self._undone.append(stroke)
        low, high = self._boxes[stroke]
        boxes = np.array([self._boxes[one] for one in self._done], np.int64).reshape(-1, 2, 3)
        near = ((boxes[:, 0] < high) & (boxes[:, 1] > low)).all(axis=1)
        others = np.array([one.capsule for one in self._done]).reshape(-1, 7)
        marks = self._marks()
        carving.restore(
            self._field,
            self._labels,
            self.grid.ijk_to_ras,
            low,
            high,
            stroke.capsule,
            others[near],
            boxes[near],
            self._band_mm,
            self._removed,
            marks,
        )
        return _marked(marks)

    def redo(self) -> tuple[Block, ...]:
        """Makes the stroke again that was undone last."""
        if not self._undone:
            raise ResectionError("There is no stroke to make again.")
        return self._add(self._undone.pop())

    def piece(self, block: Block) -> Piece:
        """The cavity's surface in one block."""
        start = [carving.EDGE * b for b in block]
        i, j, k = (slice(s, s + carving.EDGE + 1) for s in start)
        vertices, faces = contour(self._field[i, j, k], start)
        placed = moved(vertices, self.grid.ijk_to_ras).astype(np.float32)
        outward = faces[:, ::-1] if self.grid.left_handed else faces
        return Piece(block=block, vertices_mm=placed, faces=outward)

    def pieces(self, blocks: Iterable[Block]) -> Iterator[Piece]:
        """The cavity's surface in each of these blocks."""
        return (self.piece(block) for block in blocks)

    def surface(self) -> Surface:
        """The whole cavity, closed; raises ResectionError where nothing was removed.

        Pieces share the very bits of the points between them, so equal points become one.
        """
        pieces = [piece for piece in self.pieces(self.blocks) if len(piece.faces)]
        if not pieces:
            raise ResectionError("Nothing has been removed, so there is no cavity to draw.")
        starts = np.cumsum([0, *(len(piece.vertices_mm) for piece in pieces)])
        faces = np.vstack([p.faces + n for p, n in zip(pieces, starts[:-1], strict=True)])
        points, index = np.unique(
            np.vstack([piece.vertices_mm for piece in pieces]), axis=0, return_inverse=True
        )
        joined = index.reshape(-1)[faces].astype(np.uint32)
        flat = (joined == np.roll(joined, 1, axis=1)).any(axis=1)
        return Surface(points, joined[~flat], self.grid.frame)

    def _add(self, stroke: Stroke) -> tuple[Block, ...]:
        self._done.append(stroke)
        low, high = self._boxes.setdefault(stroke, self._box(stroke))
        marks = self._marks()
        carving.carve(
            self._field,
            self._labels,
            self.grid.ijk_to_ras,
            low,
            high,
            stroke.capsule,
            self._removed,
            marks,
        )
        return _marked(marks)

    def _box(self, stroke: Stroke) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """First and last (excluded) sample that the stroke can change, in each direction."""
        ends = self.grid.ijk([stroke.from_mm, stroke.to_mm])
        reach = stroke.radius_mm + self._band_mm
        margin = reach * np.linalg.norm(self.grid.ras_to_ijk[:3, :3], axis=1)
        last = np.array(self.grid.shape) - 1
        low = np.clip(np.floor(ends.min(axis=0) - margin), 1, last)
        high = np.clip(np.ceil(ends.max(axis=0) + margin) + 1, 1, last)
        return tuple(int(n) for n in low), tuple(int(n) for n in high)

    def _block_counts(self) -> tuple[int, int, int]:
        x, y, z = (-(-(n - 1) // carving.EDGE) for n in self.grid.shape)
        return x, y, z

    def _marks(self) -> Mask:
        return np.zeros(self._block_counts(), np.bool_)


def contour(field: NDArray[np.float32], start: Iterable[int]) -> tuple[Floats, NDArray[np.uint32]]:
    """The zero level of samples, the first one at `start`: vertices in samples, outward faces."""
    from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkFiltersCore import vtkFlyingEdges3D

    if field.min() >= 0 or field.max() < 0:
        return np.zeros((0, 3)), np.zeros((0, 3), np.uint32)
    image = vtkImageData()
    image.SetExtent([n for s, m in zip(start, field.shape, strict=True) for n in (s, s + m - 1)])
    image.GetPointData().SetScalars(numpy_to_vtk(np.ravel(field, order="F")))
    edges = vtkFlyingEdges3D()
    edges.SetInputData(image)
    edges.SetValue(0, 0.0)
    edges.ComputeNormalsOff()
    edges.ComputeGradientsOff()
    edges.ComputeScalarsOff()
    edges.Update()
    found = edges.GetOutput()
    vertices = vtk_to_numpy(found.GetPoints().GetData()).astype(float)
    faces = vtk_to_numpy(found.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    return vertices, faces[:, ::-1].astype(np.uint32)  # VTK looks to where it is less


def region_of(
    labelmap: LabelMap,
    around: Iterable[str],
    *,
    margin_mm: float = 10.0,
    spacing_mm: float = SPACING_MM,
    strokes: Iterable[Stroke] = (),
) -> LabelMap:
    """The labels about these structures on a fine grid along the axes of RAS, ready to resect.

    It reaches `margin_mm` beyond them and as far as the strokes. It begins at a voxel's corner:
    voxels of the map that lie along the axes and are whole multiples of `spacing_mm` wide are cut
    into equal parts, and volumes stay what they were.
    """
    wanted = np.isin(labelmap.labels, [n for n, one in labelmap.key.items() if one in set(around)])
    if not wanted.any():
        raise ResectionError(f"The label map holds no {' or '.join(sorted(set(around)))}.")
    places = labelmap.grid.ras(np.argwhere(wanted))
    half_mm = np.abs(labelmap.grid.ijk_to_ras[:3, :3]).sum(axis=1) / 2
    corner, end = places.min(axis=0) - half_mm, places.max(axis=0) + half_mm
    low, high = corner - margin_mm, end + margin_mm
    for one in strokes:
        low = np.minimum(low, np.minimum(one.from_mm, one.to_mm) - one.radius_mm)
        high = np.maximum(high, np.maximum(one.from_mm, one.to_mm) + one.radius_mm)
    before = np.ceil((corner - low) / spacing_mm - ROUNDING)
    i, j, k = (before + np.ceil((high - corner) / spacing_mm - ROUNDING)).astype(int).tolist()
    if i * j * k > VOXELS:
        raise ResectionError("The region is too large to be resected live; take less of it.")
    placed = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    placed[:3, 3] = corner + (0.5 - before) * spacing_mm
    return resample_labels(labelmap, Grid((i, j, k), placed, labelmap.grid.frame))


def _marked(marks: Mask) -> tuple[Block, ...]:
    return tuple((int(i), int(j), int(k)) for i, j, k in np.argwhere(marks))
