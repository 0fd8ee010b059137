"""The lattice of voxels: where each one lies in the patient."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from anatomy.errors import GeometryError
from anatomy.geometry import Floats, FrameId, affine, moved

SPACING_MM = (0.05, 20.0)


@dataclass(frozen=True, eq=False)
class Grid:
    """A box of voxels. `ijk_to_ras` maps voxel centres to RAS [mm]; `shape` counts voxels.

    Invariants: three positive counts, an invertible map, spacing 0.05 to 20 mm.
    """

    shape: tuple[int, int, int]
    ijk_to_ras: Floats
    frame: FrameId

    def __post_init__(self) -> None:
        if len(self.shape) != 3 or min(self.shape) < 1:
            raise GeometryError("A grid needs three positive counts.", shape=self.shape)
        object.__setattr__(self, "shape", tuple(int(n) for n in self.shape))
        object.__setattr__(self, "ijk_to_ras", affine(self.ijk_to_ras))
        low, high = SPACING_MM
        if not all(low <= s <= high for s in self.spacing_mm):
            raise GeometryError(
                f"Voxel spacing {self.spacing_mm} mm is outside {low} to {high} mm.",
                spacing_mm=self.spacing_mm,
            )

    @cached_property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Edge lengths of one voxel [mm]."""
        x, y, z = np.linalg.norm(self.ijk_to_ras[:3, :3], axis=0)
        return float(x), float(y), float(z)

    @cached_property
    def ras_to_ijk(self) -> Floats:
        """The inverse map, (4, 4)."""
        inverse: Floats = np.asarray(np.linalg.inv(self.ijk_to_ras), dtype=np.float64)
        return inverse

    @property
    def left_handed(self) -> bool:
        """True where the voxel axes form a left-handed system (LAS and its kin)."""
        return bool(np.linalg.det(self.ijk_to_ras[:3, :3]) < 0)

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel [mL]."""
        return float(abs(np.linalg.det(self.ijk_to_ras[:3, :3])) / 1000)

    @property
    def extent_mm(self) -> tuple[float, float, float]:
        """Edge lengths of the whole box, outer face to outer face [mm]."""
        x, y, z = (n * s for n, s in zip(self.shape, self.spacing_mm, strict=True))
        return x, y, z

    def ras(self, ijk: ArrayLike) -> Floats:
        """Voxel coordinates (..., 3) to RAS [mm]; whole numbers are voxel centres."""
        return moved(ijk, self.ijk_to_ras)

    def ijk(self, ras_mm: ArrayLike) -> Floats:
        """RAS [mm] (..., 3) to continuous voxel coordinates."""
        return moved(ras_mm, self.ras_to_ijk)

    def same_as(self, other: "Grid", *, tolerance_mm: float = 0.01) -> bool:
        """True if both lattices put every voxel in the same place, within `tolerance_mm`."""
        if self.shape != other.shape:
            return False
        corners = np.array(np.meshgrid(*[(0, n - 1) for n in self.shape])).reshape(3, -1).T
        apart = np.linalg.norm(self.ras(corners) - other.ras(corners), axis=1)
        return bool(apart.max() <= tolerance_mm)

    def cropped(self, start: tuple[int, int, int], stop: tuple[int, int, int]) -> "Grid":
        """The sub-lattice of voxels `start` to `stop` (excluded)."""
        shift = np.eye(4)
        shift[:3, 3] = start
        shape = (stop[0] - start[0], stop[1] - start[1], stop[2] - start[2])
        return Grid(shape, self.ijk_to_ras @ shift, self.frame)
