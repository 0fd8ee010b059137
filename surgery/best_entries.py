"""Of a risk map, the few entries that a surgeon would look at first."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from anatomy.geometry import Point, point
from surgery.entries import Entries
from surgery.search import RiskMap

SHOWN, APART_MM = 5, 10.0
"""House values: how many entries, and how far they lie from one another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """An entry that keeps every limit of the search: not certified, as the whole map."""

    entry_mm: Point
    risk: float
    """Vessel risk, 0 to 1; 0 where no vessel is known, which makes nothing safe."""
    length_mm: float
    """Inside the skull."""
    incidence_deg: float

    def wire(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "entry_mm": list(self.entry_mm),
            "risk": self.risk,
            "length_mm": self.length_mm,
            "incidence_deg": self.incidence_deg,
        }


def best_entries(seen: RiskMap, entries: Entries, *, most: int = SHOWN) -> tuple[Best, ...]:
    """The least vessel risk first, of equal ones the shortest; none where no entry is feasible."""
    kept = np.flatnonzero(seen.feasible)
    order = kept[np.lexsort((seen.rows.length_mm[kept], seen.rows.risk[kept]))]
    found: list[Best] = []
    while len(order) and len(found) < most:
        first = order[0]
        place = entries.points_mm[first]
        found.append(
            Best(
                entry_mm=point(place),
                risk=float(seen.rows.risk[first]),
                length_mm=float(seen.rows.length_mm[first]),
                incidence_deg=float(seen.incidence_deg[first]),
            )
        )
        order = order[np.linalg.norm(entries.points_mm[order] - place, axis=1) >= APART_MM]
    return tuple(found)
