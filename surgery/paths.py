"""Paths scored against packed distances: as many as there are, from one place in the code."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy.errors import GeometryError
from anatomy.geometry import Floats
from surgery.ground import Ground, Rules
from surgery.kernels import AT, COLUMNS, GREY, LENGTH, RISK, score_many
from surgery.threads import in_blocks

BLOCK = 512
"""Paths in one block; fewer are done at once on the calling thread."""
LONGEST_MM = 1000.0


@dataclass(frozen=True, eq=False)
class Rows:
    """What the fields say of n paths. `values` (n, COLUMNS) as `surgery.kernels` fills them.

    Clearances are of the device's surface and hold from -5 mm less its radius to 20 mm; they may
    be wrong by `anatomy.field.GUARD_MM`, so what is shown is measured again.
    """

    values: NDArray[np.float32]
    structures: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.values)

    @property
    def clearance_mm(self) -> NDArray[np.float32]:
        """(n, channels)."""
        return self.values[:, : len(self.structures)]

    @property
    def at_mm(self) -> NDArray[np.float32]:
        """Where each clearance is least, from the target, (n, channels)."""
        return self.values[:, AT : AT + len(self.structures)]

    @property
    def risk(self) -> NDArray[np.float32]:
        """Vessel risk 0..1 without the step of a missed margin."""
        return self.values[:, RISK]

    @property
    def grey(self) -> NDArray[np.float32]:
        """Share of the intracranial length in grey matter, 0..1."""
        return self.values[:, GREY]

    @property
    def length_mm(self) -> NDArray[np.float32]:
        """Inside the inner table; of the whole axis where no hull is known."""
        return self.values[:, LENGTH]

    def take(self, chosen: NDArray[np.intp]) -> "Rows":
        """The rows chosen, in that order."""
        return Rows(self.values[chosen], self.structures)


def score_paths(
    ground: Ground, entries_mm: ArrayLike, targets_mm: ArrayLike, *, radius_mm: float
) -> Rows:
    """Rows of the paths from entries (n, 3) to targets (n, 3), or to one target (1, 3) [mm]."""
    entries, targets = places(entries_mm), places(targets_mm)
    if len(targets) not in (1, len(entries)):
        raise GeometryError("Paths need one target for all, or one for each entry.")
    length = np.linalg.norm(entries - targets, axis=1)
    if len(length) and not (length.min() >= 1.0 and length.max() <= LONGEST_MM):
        raise GeometryError(
            f"A path is {1.0:g} to {LONGEST_MM:g} mm long; one of these is not.",
            shortest_mm=float(length.min()),
            longest_mm=float(length.max()),
        )
    return rows_of(ground, ground.rules(radius_mm=radius_mm), entries, targets)


def rows_of(ground: Ground, rules: Rules, entries: Floats, targets: Floats) -> Rows:
    """The same for places that are known to be sound."""
    values = np.empty((len(entries), COLUMNS), np.float32)
    lattice, entries, targets = ground.lattice, _still(entries), _still(targets)

    def work(start: int, stop: int) -> None:
        to = targets if len(targets) == 1 else targets[start:stop]
        score_many(lattice, rules, entries[start:stop], to, values[start:stop])

    in_blocks(len(entries), BLOCK, work)
    return Rows(values, ground.structures)


def serial_rows(ground: Ground, rules: Rules, entries: Floats, targets: Floats) -> Rows:
    """The same on the calling thread alone."""
    values = np.empty((len(entries), COLUMNS), np.float32)
    score_many(ground.lattice, rules, _still(entries), _still(targets), values)
    return Rows(values, ground.structures)


def _still(places_mm: Floats) -> Floats:
    """The same places, read-only: the kernel is compiled for one kind of array."""
    view = places_mm.view()
    view.flags.writeable = False
    return view


def places(values: ArrayLike) -> Floats:
    """Places (n, 3) [mm], finite; raises GeometryError."""
    array = np.ascontiguousarray(values, dtype=np.float64)
    array = array[None] if array.ndim == 1 else array
    if array.ndim != 2 or array.shape[1] != 3 or not np.isfinite(array).all():
        raise GeometryError("Places need three finite coordinates in mm each.", shape=array.shape)
    return array
