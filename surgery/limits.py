"""What a path must keep to, by how much it does not, and which limit stands in the way of all."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anatomy.errors import GeometryError
from anatomy.field import GUARD_MM
from anatomy.geometry import Floats
from surgery.ground import Ground
from surgery.paths import Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The device and the surgeon's hard limits; margins to structures are the ground's.

    Defaults: docs/evidence.md#intracranial-length and #incidence. `guard_mm` is added to every
    margin while searching.
    """

    radius_mm: float
    longest_mm: float = 90.0
    """Of the intracranial length."""
    steepest_deg: float = 30.0
    """Of the axis to the outward normal of the skull at the entry."""
    guard_mm: float = GUARD_MM

    def __post_init__(self) -> None:
        if not 1 <= self.longest_mm <= 500:
            raise GeometryError(f"A path is at most 1 to 500 mm long, not {self.longest_mm:g} mm.")
        if not 0 < self.steepest_deg <= 180:
            raise GeometryError(
                f"The steepest angle lies between 0 and 180 degrees, not {self.steepest_deg:g}."
            )
        if not 0 <= self.guard_mm <= 2:
            raise GeometryError(f"A guard is 0 to 2 mm wide, not {self.guard_mm:g} mm.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """The limit that stands in the way where no path is feasible.

    `gives` is how much it alone would have to give for one path, None where it alone is not
    enough; `rejects` of `examined` paths miss it.
    """

    limit: str
    rejects: int
    examined: int
    gives: float | None
    unit: str

    @property
    def sentence(self) -> str:
        """For the surgeon."""
        what = {"length": "The length limit", "angle": "The angle limit"}.get(
            self.limit, f"The margin to {self.limit}"
        )
        often = f"{what} rejects {self.rejects} of {self.examined} paths"
        if self.gives is None:
            return f"{often}; no path passes by easing it alone. Choose another target."
        return f"{often}; one passes when it gives {self.gives:.1f} {self.unit}."


def names(ground: Ground) -> tuple[str, ...]:
    """Of the limits, in the order of `missing`: structures with a margin, length, angle."""
    asked = (one.structure for one in ground.channels if one.margin_mm is not None)
    return (*asked, "length", "angle")


def missing(ground: Ground, reach: Reach, rows: Rows, incidence_deg: Floats) -> Floats:
    """By how much each path misses each limit, (n, limits) [mm or degrees]; 0 where it keeps it."""
    margins = ground.margins_mm
    asked = ~np.isnan(margins)
    short = margins[asked] + reach.guard_mm - rows.clearance_mm[:, asked]
    over = np.stack([rows.length_mm - reach.longest_mm, incidence_deg - reach.steepest_deg], axis=1)
    result: Floats = np.maximum(np.concatenate([short, over], axis=1), 0.0)
    return result


def binding(ground: Ground, miss: Floats) -> Binding:
    """Of paths none of which keeps all limits, by what each misses (n, limits).

    The limit that needs to give least, in mm or degrees, to let one path through alone; if none
    is enough alone, the one that rejects most.
    """
    kinds = names(ground)
    missed: NDArray[np.bool_] = miss > 0
    alone = missed.sum(axis=1) == 1
    gives = [
        float(np.min(miss[alone & missed[:, n], n], initial=math.inf)) for n in range(len(kinds))
    ]
    rejects = missed.sum(axis=0)
    least = int(np.argmin(gives)) if min(gives) < math.inf else int(np.argmax(rejects))
    return Binding(
        limit=kinds[least],
        rejects=int(rejects[least]),
        examined=len(miss),
        gives=gives[least] if gives[least] < math.inf else None,
        unit="degrees" if kinds[least] == "angle" else "mm",
    )
