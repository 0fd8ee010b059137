"""The outline of the tissue that a lead activates, to be drawn around its contacts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy.geometry import Floats
from anatomy.phantom_bodies import icosphere
from surgery.ends import REFERENCE_MA, reference_sources
from surgery.plan import Placement
from surgery.vta import CONDUCTIVITY_S_PER_M, ISOLEVEL_V_PER_MM, Source, field_at

TIMES = 2
"""162 directions."""
HALVINGS = 20
"""A reach of 10 mm is told to 0.01 micrometres."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Outline:
    """Where the field reaches the isolevel: a closed surface about the middle of the current."""

    points_mm: Floats
    """(n, 3), RAS."""
    faces: NDArray[np.int64]
    """(m, 3), counter-clockwise from outside."""
    current_ma: float

    def wire(self) -> dict[str, Any]:
        """JSON-ready, points to a hundredth of a millimetre."""
        return {
            "points": np.round(self.points_mm, 2).tolist(),
            "faces": self.faces.tolist(),
            "current_ma": self.current_ma,
            "sentence": f"Tissue that {self.current_ma:g} mA activate from the contact nearest to "
            f"the target, monopolar, at {ISOLEVEL_V_PER_MM:g} V/mm in "
            f"{CONDUCTIVITY_S_PER_M:g} S/m. A model, not a prediction for this patient.",
        }


def reference_outline(placement: Placement) -> Outline | None:
    """That of the reference stimulation of a lead; None for anything else."""
    if placement.made_of.kind != "dbs_lead":
        return None
    points, faces = outline(reference_sources(placement))
    return Outline(points_mm=points, faces=faces, current_ma=REFERENCE_MA)


def outline(sources: Sequence[Source]) -> tuple[Floats, NDArray[np.int64]]:
    """Points and faces of the isolevel of monopolar sources, which every ray from their middle
    leaves once: their fields point away from them and fall off along it."""
    ways, faces = icosphere(TIMES)
    middle = np.mean([np.add(one.from_mm, one.to_mm) / 2 for one in sources], axis=0)
    total = sum(abs(one.current_ma) for one in sources)
    spread = max(
        float(np.linalg.norm(np.subtract(end, middle)))
        for one in sources
        for end in (one.from_mm, one.to_mm)
    )
    reach = spread + math.sqrt(total / (4 * math.pi * CONDUCTIVITY_S_PER_M * ISOLEVEL_V_PER_MM))
    low, high = np.zeros(len(ways)), np.full(len(ways), reach)
    for _ in range(HALVINGS):
        half = (low + high) / 2
        field = field_at(
            middle + half[:, None] * ways, sources, conductivity_s_per_m=CONDUCTIVITY_S_PER_M
        )
        inside = field > ISOLEVEL_V_PER_MM
        low, high = np.where(inside, half, low), np.where(inside, high, half)
    return middle + ((low + high) / 2)[:, None] * ways, np.asarray(faces, np.int64)
