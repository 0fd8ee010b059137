"""Closed surfaces in RAS millimetres, and the structures of a label map with two levels each."""

import multiprocessing
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
from numpy.typing import NDArray

from anatomy import meshing
from anatomy.errors import GeometryError, TwinError
from anatomy.geometry import Floats, FrameId, moved
from anatomy.grid import Grid
from anatomy.structure import Origin, Structure, mask_of, parts_of
from anatomy.terms import split
from anatomy.volume import LabelMap, Mask, digest, freeze

Progress = Callable[[str, float, str], None]
OFFSET_MM = 0.1
"""House value: a shift of the whole surface above this is told in the note."""


class SurfaceError(TwinError):
    """A surface that could not be made, with the reason."""

    code = "anatomy.surface"


@dataclass(frozen=True, eq=False)
class Surface:
    """Triangles in RAS [mm]: vertices (n, 3) float32, faces (m, 3) uint32, read-only.

    Faces run counter-clockwise seen from outside.
    Invariants: finite, indices in range, no face with a corner twice, and where the surface
    is closed it holds a positive volume (faces look outward).
    """

    vertices_mm: NDArray[np.float32]
    faces: NDArray[np.uint32]
    frame: FrameId

    def __post_init__(self) -> None:
        vertices = np.asarray(self.vertices_mm, dtype="<f4")
        faces = np.asarray(self.faces)
        if vertices.ndim != 2 or vertices.shape[1] != 3 or faces.ndim != 2 or faces.shape[1] != 3:
            raise GeometryError("A surface needs vertices (n, 3) and faces (m, 3).")
        if len(faces) == 0 or not np.isfinite(vertices).all():
            raise GeometryError("A surface needs at least one face and finite vertices.")
        if int(faces.min()) < 0 or int(faces.max()) >= len(vertices):
            raise GeometryError("A face names a vertex that does not exist.")
        a, b, c = faces.T
        if bool(((a == b) | (b == c) | (c == a)).any()):
            raise GeometryError("A face names one vertex twice.")
        object.__setattr__(self, "vertices_mm", freeze(vertices))
        object.__setattr__(self, "faces", freeze(faces.astype("<u4", copy=False)))
        if self.closed and self.volume_ml <= 0:
            raise GeometryError("A closed surface faces inward.", volume_ml=self.volume_ml)

    @property
    def triangles(self) -> int:
        """Number of faces."""
        return len(self.faces)

    @cached_property
    def closed(self) -> bool:
        """True if each edge of each face is met by exactly one face running the other way."""
        a, b, c = self.faces.astype(np.int64).T
        start, stop = np.concatenate([a, b, c]), np.concatenate([b, c, a])
        n = len(self.vertices_mm)
        there, back = np.sort(start * n + stop), np.sort(stop * n + start)
        return bool(np.array_equal(there, back) and (np.diff(there) > 0).all())

    @cached_property
    def volume_ml(self) -> float:
        """Enclosed volume [mL]; meaningless where the surface is open."""
        return meshing.volume_mm3((self.vertices_mm, self.faces)) / 1000

    @cached_property
    def area_mm2(self) -> float:
        """Area of all faces [mm2]."""
        return meshing.area_mm2((self.vertices_mm, self.faces))

    @property
    def bounds_mm(self) -> tuple[float, float, float, float, float, float]:
        """x0, x1, y0, y1, z0, z1 [mm]."""
        low, high = self.vertices_mm.min(axis=0), self.vertices_mm.max(axis=0)
        x0, y0, z0, x1, y1, z1 = (float(v) for v in (*low, *high))
        return x0, x1, y0, y1, z0, z1

    @cached_property
    def digest(self) -> str:
        """SHA-256 of vertices, faces and frame."""
        return digest(self.vertices_mm, self.faces, self.frame)


def structures_from(
    labelmap: LabelMap,
    *,
    origin: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    workers: int = 2,
) -> list[Structure]:
    """Every structure that occurs in a label map, in the key's order, with fine and coarse levels.

    `origin` says where each id's label came from; ids that it does not name are "manual".
    Two processes share the work; 1 worker stays in this process. A worker that dies raises
    SurfaceError with the reason; a `progress` that raises stops the rest within seconds.
    """
    upright = _upright(labelmap)
    tell = progress or _silent
    done: dict[str, Structure] = {}
    tasks = list(_tasks(upright))
    if not tasks:
        raise SurfaceError("The label map holds no labelled voxel, so there is nothing to draw.")
    with closing(_run(tasks, workers)) as results:
        for name, made, grid, count in results:
            done[name] = _structure(name, made, grid, count, (origin or {}).get(name, "manual"))
            share = len(done) / len(tasks)
            tell("surfaces", share, f"Drawn: {done[name].title} ({len(done)} of {len(tasks)}).")
    order = [name for name in labelmap.key.values() if name in done]
    return [done[name] for name in dict.fromkeys(order)]


def _silent(*_: object) -> None:
    """Says nothing."""


@dataclass(frozen=True)
class _Task:
    """One solid, cropped, with a free border; bits packed for the way to a worker."""

    name: str
    grid: Grid
    bits: bytes
    count: int
    walls: int
    """Voxel faces across the last axis, which tells how much work the surface is."""

    def mask(self) -> Mask:
        size = int(np.prod(self.grid.shape))
        flat = np.unpackbits(np.frombuffer(self.bits, np.uint8), count=size)
        return flat.reshape(self.grid.shape).astype(bool)


def _upright(labelmap: LabelMap) -> LabelMap:
    """The same voxels with axes flipped and swapped towards RAS.

    All 48 orders of a scan go through one computation and give one surface.
    """
    from nibabel.orientations import apply_orientation, inv_ornt_aff, io_orientation

    old = labelmap.grid
    turn = io_orientation(old.ijk_to_ras)
    labels = apply_orientation(labelmap.labels, turn)
    grid = Grid(labels.shape, old.ijk_to_ras @ inv_ornt_aff(turn, old.shape), old.frame)
    return LabelMap(grid=grid, labels=labels, key=labelmap.key)


def _tasks(labelmap: LabelMap) -> Iterator[_Task]:
    """One task for each structure that occurs, the longest work first."""
    from scipy.ndimage import find_objects

    boxes = {n: box for n, box in enumerate(find_objects(labelmap.labels), 1) if box}
    names = dict.fromkeys(labelmap.key[n] for n in boxes)
    tasks = [_task(labelmap, name, boxes) for name in names]
    yield from sorted(tasks, key=lambda task: (-task.walls, task.name))


def _task(labelmap: LabelMap, name: str, boxes: Mapping[int, tuple[slice, ...]]) -> _Task:
    wanted = parts_of(name, labelmap)
    numbers = [n for n in boxes if labelmap.key[n] in wanted]
    start = [min(boxes[n][axis].start for n in numbers) for axis in range(3)]
    stop = [max(boxes[n][axis].stop for n in numbers) for axis in range(3)]
    grid = labelmap.grid.cropped((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))
    crop = labelmap.labels[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))]
    solid = mask_of(LabelMap(grid=grid, labels=crop, key=labelmap.key), name)
    n = solid.shape
    room = grid.cropped((-2, -2, -2), (n[0] + 2, n[1] + 2, n[2] + 2))
    bits = np.packbits(np.pad(solid, 2)).tobytes()
    walls = int(np.count_nonzero(solid[..., 1:] != solid[..., :-1]))
    return _Task(name, room, bits, int(np.count_nonzero(solid)), walls)


def _work(task: _Task) -> meshing.Meshed:
    return meshing.meshed(task.mask(), task.grid.spacing_mm)


Made = tuple[str, meshing.Meshed, Grid, int]


def _run(tasks: list[_Task], workers: int) -> Generator[Made, None, None]:
    if workers <= 1 or len(tasks) == 1:
        for task in tasks:
            yield task.name, _work(task), task.grid, task.count
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(max_workers=workers, mp_context=context)
    try:
        waiting = {pool.submit(_work, task): task for task in tasks}
        left: set[Future[meshing.Meshed]] = set(waiting)
        while left:
            ready, left = wait(left, return_when=FIRST_COMPLETED)
            for future in ready:
                task = waiting[future]
                yield task.name, _result(future, task), task.grid, task.count
    finally:
        # Without waiting, Python 3.11 can leave both workers and its own exit hanging.
        pool.shutdown(wait=True, cancel_futures=True)


def _result(future: "Future[meshing.Meshed]", task: _Task) -> meshing.Meshed:
    try:
        return future.result()
    except BrokenProcessPool as gone:
        raise SurfaceError(
            "A process that draws surfaces was stopped from outside, most often because memory "
            f"ran out, while {task.name} was waiting. Close other programs and try again.",
            structure=task.name,
        ) from gone
    except MemoryError as short:
        raise SurfaceError(
            f"Memory ran out while the surface of {task.name} was made.", structure=task.name
        ) from short


def _structure(name: str, made: meshing.Meshed, grid: Grid, count: int, origin: str) -> Structure:
    term, side = split(name)
    fine, coarse = (_placed(level, grid) for level in (made.fine, made.coarse))
    volume_ml = count * grid.voxel_ml
    return Structure(
        id=name,
        title=f"{term.title}, {side}" if side in ("left", "right") else term.title,
        code=term.code,
        side=side,
        colour=term.colour,
        opacity=term.opacity,
        origin=cast(Origin, origin),
        sigma_mm=term.sigma_mm,
        volume_ml=volume_ml,
        surface_volume_ml=abs(fine.volume_ml),
        watertight=made.watertight and fine.closed and coarse.closed,
        surface_p95_mm=made.p95_mm,
        surfaces={"fine": fine, "coarse": coarse},
        note=_note(made, count, abs(fine.volume_ml) / volume_ml, grid),
    )


def _placed(mesh: meshing.Triangles, grid: Grid) -> Surface:
    """Local millimetres to RAS; faces are turned over where the voxel axes are left-handed."""
    to_ras: Floats = grid.ijk_to_ras @ np.diag([*(1 / np.array(grid.spacing_mm)), 1.0])
    faces = mesh[1][:, ::-1] if grid.left_handed else mesh[1]
    return Surface(moved(mesh[0], to_ras).astype(np.float32), faces, grid.frame)


def _note(made: meshing.Meshed, count: int, share: float, grid: Grid) -> str:
    notes = []
    if not made.watertight:
        notes.append("Its surface could not be closed; distances to it are not exact.")
    if made.smoothing >= len(meshing.LADDER) - 2:
        notes.append("Drawn less smooth than usual, to stay true to its few or thin voxels.")
    if abs(made.offset_mm) > OFFSET_MM:
        way = "outward" if made.offset_mm > 0 else "inward"
        notes.append(
            f"The smoothed surface was moved {way} by {abs(made.offset_mm):.2f} mm "
            "to hold the labelled volume."
        )
    if abs(share - 1) > (0.02 if count >= 500 else 0.06):
        notes.append(f"The surface holds {100 * share:.0f} % of the labelled volume.")
    if made.p95_mm > grid.voxel_ml ** (1 / 3) * 10:
        notes.append(f"One point in twenty lies over {made.p95_mm:.1f} mm from the label.")
    return " ".join(notes)
