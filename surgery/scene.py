"""What planning reads of one anatomy: distances, labels, crossings, the lie of the skull.

Everything in RAS millimetres of the anatomy's frame. Distances are exact to the fine surfaces;
labels are those of the voxels. Trees are made when first asked for, and stay.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import proxy

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy.errors import GeometryError, TermError
from anatomy.exact import Exact
from anatomy.field import Box, Field, lattice, nearest_field
from anatomy.geometry import Floats, Point, point
from anatomy.structure import Anatomy, Structure, parts_of
from anatomy.surface import Surface
from anatomy.terms import split, terms
from anatomy.volume import LabelMap, digest
from surgery.crossing import KEPT, Crossing, Shell
from surgery.lie import Outside, Plane
from surgery.plan import Trajectory
from surgery.score import Reading
from surgery.voxels import walk
from surgery.words import KINDS, means

if TYPE_CHECKING:
    from anatomy.reconstruct import Keep

STEP_MM = 0.5
DEPTH_STEP_MM = 0.1
"""How finely the deepest point inside a structure is looked for: to half of it, since a distance
changes by no more than the way gone."""
TOUCH_MM = 1.0
"""House value: surfaces of touching labels may overlap by as much."""
NOWHERE = "outside"
"""The label of voxels that belong to no structure, and of everything beyond the label map."""


class Stretch(NamedTuple):
    """A piece of a path in one label, from and to [mm] of its entry."""

    from_mm: float
    to_mm: float
    structure: str

    @property
    def length_mm(self) -> float:
        return self.to_mm - self.from_mm


class InnerTable(NamedTuple):
    """Where a path enters the space inside the skull, and what stands for its wall."""

    along_mm: float
    point_mm: Point
    structure: Structure
    note: str


@dataclass(frozen=True, eq=False)
class Scene:
    """One anatomy with its label map. Invariant: both lie in one frame."""

    anatomy: Anatomy
    labelmap: LabelMap
    keep: "Keep | None" = None
    """Where distance fields are kept between sessions."""
    _made: dict[tuple[str, str], Any] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.labelmap.grid.frame != self.anatomy.frame:
            raise GeometryError("Label map and surfaces lie in different frames.")

    @property
    def digest(self) -> str:
        """That of the anatomy, which plans pin."""
        return self.anatomy.id

    def find(self, word: str) -> tuple[Structure, ...]:
        """Structures of a kind, of a term on both sides, or the one of that id.

        `artery` and `vein` also find `vessel`, which may be either. Unknown words raise TermError.
        """
        return self.once("word", word, lambda: self._found(word))

    def has(self, word: str) -> bool:
        """True where `find` finds something."""
        return bool(self.find(word))

    def exact(self, structure: str) -> Exact:
        """Distances to one structure's fine surface."""
        return self.once("exact", structure, lambda: Exact(self._surface(structure)))

    def shell(self, structure: str) -> Shell:
        """Crossings of one structure's fine surface."""
        closed = self._surface(structure).closed
        return self.once(
            "shell", structure, lambda: Shell(self.exact(structure).tree, closed=closed)
        )

    def outside(self, structure: str) -> Outside:
        """How the outer side of one structure lies."""
        return self.once(
            "outside", structure, lambda: Outside(self._surface(structure), self.exact(structure))
        )

    def field(self, word: str, *, box_mm: Box, spacing_mm: float = 1.0) -> Field:
        """Signed distances to the nearest structure of `word` over a box, negative inside any.

        Kept by what they were made from. Raises TermError where there is none, GeometryError
        where one is open.
        """
        found = self.find(word)
        if not found:
            raise TermError(f"There are no {word} in this twin.", word=word)
        for one in found:
            self._closed(one)
        shapes = [self._surface(one.id).digest for one in found]
        key = shapes[0] if len(shapes) == 1 else digest(*shapes)
        key += f"-{spacing_mm!r}-" + "-".join(repr(float(v)) for v in box_mm)

        def make() -> dict[str, NDArray[Any]]:
            trees = [self.exact(one.id).tree for one in found]
            frame = self.anatomy.frame
            made = nearest_field(trees, frame, box_mm=box_mm, spacing_mm=spacing_mm)
            return {"values": made.values}

        values = (make() if self.keep is None else self.keep("field", key, make))["values"]
        return Field(lattice(box_mm, spacing_mm, self.anatomy.frame), values)

    def clearance(
        self,
        word: str,
        trajectory: Trajectory,
        radius_mm: float,
        *,
        without: frozenset[str] = frozenset(),
    ) -> Reading:
        """Least distance of the device's side to the nearest structure of `word` [mm].

        The device is the axis from entry to target with `radius_mm` around it. Negative where
        the axis is inside: by the depth of its deepest point, to half of DEPTH_STEP_MM.
        """
        found = [one for one in self.find(word) if one.id not in without]
        if not found:
            raise TermError(f"There are no other {word} in this twin.", word=word)
        readings = [self._clearance(one, trajectory, radius_mm) for one in found]
        return min(readings, key=lambda reading: reading.value)

    def near(
        self, word: str, starts_mm: Floats, ends_mm: Floats, within_mm: float
    ) -> NDArray[np.bool_]:
        """Which of n segments (n, 3) to (n, 3) [mm] come nearer than `within_mm` to a structure of
        `word`, (n,). One that never leaves a structure counts as far from its wall."""
        found = self.find(word)
        if not found:
            raise TermError(f"There are no {word} in this twin.", word=word)
        near = [self.exact(one.id).near(starts_mm, ends_mm, within_mm) for one in found]
        return np.logical_or.reduce(near)

    def depths(self, word: str, trajectory: Trajectory, along_mm: Floats) -> Floats:
        """Signed distance [mm], (n,), to the nearest of `word` at n distances from the entry.

        They may be negative, or go beyond the target.
        """
        rows = [self._signed(one.id, trajectory, along_mm) for one in self.find(word)]
        if not rows:
            raise TermError(f"There are no {word} in this twin.", word=word)
        return np.min(rows, axis=0)

    def label_at(self, point_mm: Point) -> str:
        """The id of the voxel that holds a point; NOWHERE outside."""
        x, y, z = point_mm
        i, j, k = (round(a * x + b * y + c * z + d) for a, b, c, d in self._to_voxels)
        within = all(
            0 <= n < size for n, size in zip((i, j, k), self.labelmap.grid.shape, strict=True)
        )
        number = int(self.labelmap.labels[i, j, k]) if within else 0
        return self.labelmap.key[number] if number else NOWHERE

    @cached_property
    def _to_voxels(self) -> list[list[float]]:
        """Three rows of four: RAS [mm] to voxels."""
        return self.labelmap.grid.ras_to_ijk[:3].tolist()

    def labels_at(self, points_mm: ArrayLike) -> list[str]:
        """The id of the voxel that holds each of the points (n, 3); NOWHERE outside."""
        grid = self.labelmap.grid
        ijk = np.rint(grid.ijk(points_mm)).astype(np.int64)
        within = ((ijk >= 0) & (ijk < grid.shape)).all(axis=1)
        numbers = np.zeros(len(ijk), np.int64)
        numbers[within] = self.labelmap.labels[tuple(ijk[within].T)]
        return [self.labelmap.key[n] if n else NOWHERE for n in numbers.tolist()]

    def holds(self, word: str, point_mm: Point) -> bool:
        """True where the point's voxel belongs to the solid of a structure of `word`."""
        label = self.label_at(point_mm)
        return any(label in parts_of(one.id, self.labelmap) for one in self.find(word))

    def stretches(self, trajectory: Trajectory) -> tuple[Stretch, ...]:
        """The path cut at the voxels' faces where its label changes; the pieces join and add up."""
        start, end = self.labelmap.grid.ijk([trajectory.entry_mm, trajectory.target_mm])
        shares, numbers = walk(self.labelmap.labels, start, end)
        places = (shares * trajectory.length_mm).tolist()
        labels = [self.labelmap.key[n] if n else NOWHERE for n in numbers.tolist()]
        return tuple(
            Stretch(*ends, label) for ends, label in zip(pairwise(places), labels, strict=True)
        )

    def crossing(self, word: str, trajectory: Trajectory) -> tuple[Crossing, ...]:
        """Where the axis enters and leaves structures of `word` between entry and target."""
        every = (c for one in self.find(word) for c in self.shell(one.id).crossings(trajectory))
        return tuple(sorted(c for c in every if 0 <= c.along_mm <= trajectory.length_mm))

    def inner_table(self, trajectory: Trajectory) -> InnerTable:
        """Where the path leaves the skull inwards; or enters the brain, if that is estimated."""
        # By a proxy: a scene that is let go leaves memory at once.
        found = partial(Scene._inner_table, proxy(self))
        kept = self.once("inner tables", "", lambda: lru_cache(KEPT)(found))
        return kept(trajectory)

    def _inner_table(self, trajectory: Trajectory) -> InnerTable:
        into = next((c for c in self.crossing("brain", trajectory) if c.enters), None)
        if into is None:
            raise GeometryError(
                "The path never enters the brain. Move the target inside or turn the path.",
                entry_mm=trajectory.entry_mm,
                target_mm=trajectory.target_mm,
            )
        skulls = self.find("skull")
        if skulls and skulls[0].origin != "estimated":
            out = [c for c in self.crossing("skull", trajectory) if not c.enters]
            if before := [c for c in out if c.along_mm <= into.along_mm + TOUCH_MM]:
                return InnerTable(before[-1].along_mm, before[-1].point_mm, skulls[0], "")
        note = (
            "The skull is estimated, so the brain's envelope stands for the inner table."
            if skulls
            else "There is no skull, so the brain's envelope stands for the inner table."
        )
        return InnerTable(into.along_mm, into.point_mm, self.anatomy["brain"], note)

    def skull_normal(self, point_mm: Point) -> Plane:
        """The plane of the outer table about the place of the skull nearest to `point_mm`."""
        skulls = self.find("skull")
        if not skulls:
            raise TermError("There is no skull in this twin.", word="skull")
        return self.outside(skulls[0].id).plane_at(point_mm)

    def _found(self, word: str) -> tuple[Structure, ...]:
        if word not in KINDS and word not in terms():
            split(word)
            return tuple(one for one in self.anatomy if one.id == word)
        return tuple(one for one in self.anatomy if means(word, split(one.id)[0]))

    def _clearance(self, one: Structure, trajectory: Trajectory, radius_mm: float) -> Reading:
        self._closed(one)
        near = self.exact(one.id).segment(trajectory.entry_mm, trajectory.target_mm)
        value, place = near.distance_mm, near.point_mm
        for a, b in self.shell(one.id).inside(trajectory):
            along = np.linspace(a, b, math.ceil((b - a) / DEPTH_STEP_MM) + 1)
            points = trajectory.entry_mm + np.outer(along, trajectory.direction)
            depth, _ = self.exact(one.id).points(points)
            deepest = int(np.argmax(depth))
            if -depth[deepest] < value:
                value, place = -float(depth[deepest]), point(points[deepest])
        return Reading(
            value=value - radius_mm, point_mm=place, structure=one.id, sigma_mm=one.sigma_mm
        )

    def _signed(self, structure: str, trajectory: Trajectory, along_mm: Floats) -> Floats:
        points = trajectory.entry_mm + np.outer(along_mm, trajectory.direction)
        distance, _ = self.exact(structure).points(points)
        return np.where(self.shell(structure).holds(trajectory, along_mm), -distance, distance)

    def _closed(self, one: Structure) -> None:
        """Raises GeometryError where the surface is open: it has no inside to stay out of."""
        if not self._surface(one.id).closed:
            raise GeometryError(f"The surface of {one.title} is open; close it first.")

    def _surface(self, structure: str) -> Surface:
        return self.anatomy[structure].surfaces["fine"]

    def once(self, kind: str, name: str, make: Callable[[], Any]) -> Any:
        """What `make` gives for a name of a kind: made when first asked for, and kept."""
        if (kind, name) not in self._made:
            self._made[kind, name] = make()
        return self._made[kind, name]
