"""Named parts of one patient: what each is, where it came from and how well it is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np

from anatomy.errors import GeometryError, TermError
from anatomy.geometry import FrameId
from anatomy.terms import split
from anatomy.volume import LabelMap, Mask, digest

if TYPE_CHECKING:
    from anatomy.surface import Surface

Origin = Literal["manual", "automatic", "atlas", "estimated"]
Level = Literal["fine", "coarse"]

INTRACRANIAL = frozenset({"brain", "ventricles", "deep nuclei", "pathology"})
"""Groups of the term table that lie inside the brain's envelope."""
PARTS: Mapping[str, str] = MappingProxyType(
    {
        "scalp": "everything that is labelled: the solid bounded by the skin",
        "brain": "the brain's own label, all intracranial brain parts and lesions",
        "aorta": "the aorta's own label and the planes through its root",
        "myocardium": "the heart muscle's own label and its scar",
    }
)
"""Solids that hold more than their own label, in words; `parts_of` says it in ids."""
NAMED_PARTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "aorta": frozenset({"aortic_annulus", "sinotubular_junction"}),
        "myocardium": frozenset({"myocardial_scar"}),
    }
)
"""Structures that a solid of PARTS holds beside its own label, where it is not a whole group."""


def parts_of(structure: str, labelmap: LabelMap) -> frozenset[str]:
    """Ids of `labelmap` whose voxels belong to the solid of `structure`, itself included."""
    return parts_among(structure, labelmap.key.values())


def parts_among(structure: str, names: Iterable[str]) -> frozenset[str]:
    """Of the ids `names`, those whose voxels belong to the solid of `structure`, with itself."""
    if structure == "scalp":
        return frozenset(names)
    if structure == "brain":
        return frozenset(name for name in names if split(name)[0].group in INTRACRANIAL)
    inside = NAMED_PARTS.get(structure, frozenset())
    return frozenset({structure, *(name for name in names if name in inside)})


def whole_key(key: Mapping[int, str]) -> dict[str, list[int]]:
    """The integers of each whole solid of PARTS that a label map with that key holds."""
    return {
        solid: [n for n, name in key.items() if name in parts_among(solid, key.values())]
        for solid in PARTS
        if solid in key.values()
    }


def solid_of(labelmap: LabelMap, structure: str) -> LabelMap:
    """The whole solid of one structure as a map of its own, with the one integer 1."""
    solid = mask_of(labelmap, structure)
    return LabelMap(grid=labelmap.grid, labels=solid.astype(np.uint16), key={1: structure})


def mask_of(labelmap: LabelMap, structure: str) -> Mask:
    """The solid of one structure, bool, shaped like the grid: its label and its parts."""
    if structure not in labelmap.key.values():
        raise TermError(f"The label map holds no {structure}.", structure=structure)
    wanted = parts_of(structure, labelmap)
    lookup = np.zeros(max(labelmap.key) + 1, dtype=bool)
    lookup[[n for n, name in labelmap.key.items() if name in wanted and n > 0]] = True
    return lookup[labelmap.labels]


CARD = (
    "id", "title", "code", "side", "colour", "opacity", "origin", "sigma_mm", "volume_ml",
    "surface_volume_ml", "watertight", "surface_p95_mm", "note",
)  # fmt: skip
"""What a structure's card says, without its surfaces; a stored card has the same names."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Structure:
    """One structure with its surfaces and the numbers of its card.

    Invariants: both levels are there, in one frame; numbers are finite and not negative.
    """

    id: str
    title: str
    code: str
    side: str | None
    colour: tuple[int, int, int]
    opacity: float
    origin: Origin
    sigma_mm: float
    """One standard deviation of where the boundary lies [mm], from the term table."""
    volume_ml: float
    """Volume of the labelled voxels [mL]."""
    surface_volume_ml: float
    """Volume enclosed by the fine surface [mL]."""
    watertight: bool
    surface_p95_mm: float
    """95th percentile distance of the fine surface and the voxel boundary, both ways [mm]."""
    surfaces: Mapping[Level, Surface] = field(repr=False)
    note: str = ""

    def __post_init__(self) -> None:
        if set(self.surfaces) != {"fine", "coarse"}:
            raise GeometryError(f"{self.title} needs a fine and a coarse surface.")
        if len({surface.frame for surface in self.surfaces.values()}) != 1:
            raise GeometryError(f"The surfaces of {self.title} lie in different frames.")
        numbers = (self.sigma_mm, self.volume_ml, self.surface_volume_ml, self.surface_p95_mm)
        if not all(np.isfinite(n) and n >= 0 for n in numbers):
            raise GeometryError(f"The numbers of {self.title} are not finite.", numbers=numbers)
        object.__setattr__(self, "surfaces", MappingProxyType(dict(self.surfaces)))

    @property
    def triangles(self) -> int:
        """Triangles of the fine surface."""
        return self.surfaces["fine"].triangles

    @property
    def frame(self) -> FrameId:
        """The frame of both surfaces."""
        return self.surfaces["fine"].frame


@dataclass(frozen=True, eq=False)
class Anatomy:
    """All structures of one patient in one frame. Invariants: one frame, ids unique.

    `stored_as` is the id of an anatomy that comes back from a library, whose surfaces are rounded.
    """

    frame: FrameId
    structures: tuple[Structure, ...]
    stored_as: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "structures", tuple(self.structures))
        ids = [structure.id for structure in self.structures]
        if twice := sorted({one for one in ids if ids.count(one) > 1}):
            raise GeometryError(f"Structures {twice} occur twice in one anatomy.", twice=twice)
        if any(structure.frame != self.frame for structure in self.structures):
            raise GeometryError("An anatomy holds structures of one frame only.")

    @cached_property
    def id(self) -> str:
        """SHA-256 over the fine surfaces and ids, as they were when they were made."""
        if self.stored_as:
            return self.stored_as
        parts = [f"{s.id}:{s.surfaces['fine'].digest}" for s in self.structures]
        return digest(self.frame, *parts)

    def __iter__(self) -> Iterator[Structure]:
        return iter(self.structures)

    def __getitem__(self, structure: str) -> Structure:
        for one in self.structures:
            if one.id == structure:
                return one
        raise TermError(f"This anatomy holds no {structure}.", structure=structure)
