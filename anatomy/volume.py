"""Images and label maps: read-only voxels on a grid, compared by digest."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy.errors import GeometryError
from anatomy.grid import Grid

Mask = NDArray[np.bool_]


def freeze(array: NDArray[Any]) -> NDArray[Any]:
    """A copy that nothing can make writable again."""
    return np.frombuffer(array.tobytes(), array.dtype).reshape(array.shape)


def digest(*parts: NDArray[Any] | bytes | str) -> str:
    """SHA-256 over arrays (with dtype and shape), bytes and text, in order."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            total.update(f"{part.dtype.str}{part.shape}".encode())
            total.update(np.ascontiguousarray(part).tobytes())
        else:
            raw = part.encode() if isinstance(part, str) else part
            total.update(str(len(raw)).encode() + b":" + raw)
    return total.hexdigest()


@dataclass(frozen=True, eq=False, kw_only=True)
class Volume:
    """An image. Invariants: voxels are float32, finite, read-only, shaped like the grid."""

    grid: Grid
    voxels: NDArray[np.float32]
    source: str
    """SHA-256 of the file's bytes."""
    modality: str = "MR"

    def __post_init__(self) -> None:
        if self.voxels.shape != self.grid.shape:
            raise GeometryError("Voxels and grid differ in shape.", voxels=self.voxels.shape)
        if not np.isfinite(self.voxels).all():
            raise GeometryError("An image holds voxels that are not finite.")
        object.__setattr__(self, "voxels", freeze(self.voxels.astype(np.float32, copy=False)))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of voxels and placement."""
        return digest(self.voxels, self.grid.ijk_to_ras)


@dataclass(frozen=True, eq=False, kw_only=True)
class LabelMap:
    """Labels on a grid. `key` maps each integer that occurs (0 is background) to a structure id."""

    grid: Grid
    labels: NDArray[np.uint16]
    key: Mapping[int, str]

    def __post_init__(self) -> None:
        if self.labels.shape != self.grid.shape:
            raise GeometryError("Labels and grid differ in shape.", labels=self.labels.shape)
        present = {int(n) for n in np.unique(self.labels)} - {0}
        if missing := sorted(present - set(self.key)):
            raise GeometryError(f"Labels {missing} have no entry in the key.", missing=missing)
        object.__setattr__(self, "labels", freeze(self.labels.astype(np.uint16, copy=False)))
        object.__setattr__(self, "key", MappingProxyType(dict(sorted(self.key.items()))))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of labels, placement and key."""
        return digest(self.labels, self.grid.ijk_to_ras, repr(dict(self.key)))

    def mask(self, structure: str) -> Mask:
        """Voxels labelled `structure`; all False if the key does not name it."""
        numbers = [n for n, name in self.key.items() if name == structure]
        return np.isin(self.labels, numbers)

    def volume_ml(self, structure: str) -> float:
        """Volume of the voxels labelled `structure` [mL]."""
        return float(np.count_nonzero(self.mask(structure)) * self.grid.voxel_ml)
