"""Volume of tissue activated by a stimulating lead: where its field reaches a threshold.

Each active contact is a uniform line source in a homogeneous, isotropic medium and the case far
away takes the current back (monopolar). The lead's own volume counts as tissue; insulation and
encapsulation are not modelled. I [mA] / (4 pi sigma [S/m] r^2 [mm2]) is a field in V/mm.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np
from numba import njit
from numpy.typing import NDArray

from anatomy.errors import TwinError
from anatomy.field import lattice
from anatomy.geometry import Floats, FrameId, Point, point
from anatomy.grid import Grid
from anatomy.volume import LabelMap
from surgery.plan import Placement
from surgery.quantity import Distance, Quantity

ISOLEVEL_V_PER_MM = 0.2
"""docs/evidence.md#vta-isolevel"""
CONDUCTIVITY_S_PER_M = 0.1
"""docs/evidence.md#vta-conductivity"""
MOST_NODES = 20_000_000
"""House value: 80 MB of field."""
TINY_MM = 1e-6
"""Closer than this to a source counts as on it."""
UNLABELLED = "unlabelled"
VOLUME, COVERAGE = "docs/evidence.md#vta-isolevel", "docs/evidence.md#vta-coverage"
FORMULAS = "docs/evidence.md#vta-radius-formulas"
_NO_DOMAIN = "gives no radius for this setting"


class StimulationError(TwinError, ValueError):
    """A stimulation that the model cannot answer for."""

    code = "surgery.stimulation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Current [mA] that leaves evenly along a straight piece, or from a point where both ends meet.

    The sign tells cathode from anode; only contacts of one sign can be computed together.
    """

    from_mm: Point
    to_mm: Point
    current_ma: float


def sources(placement: Placement, currents_ma: Mapping[int, float]) -> tuple[Source, ...]:
    """The active contacts of a lead, numbered from the tip (0), with their current [mA].

    A ring is a line on the axis; a contact on one side is a line where its middle lies.
    """
    contacts = placement.made_of.contacts
    made = []
    for number, current in sorted(currents_ma.items()):
        if not 0 <= number < len(contacts):
            raise StimulationError(
                f"{placement.made_of.title} has {len(contacts)} contacts; none is number {number}.",
                contact=number,
            )
        one = contacts[number]
        ends = placement.at_mm(
            [one.centre_mm - one.length_mm / 2, one.centre_mm + one.length_mm / 2]
        )
        if one.arc_deg < 360:
            ends = ends + one.radius_mm * placement.facing(one.facing_deg)
        made.append(Source(from_mm=point(ends[0]), to_mm=point(ends[1]), current_ma=current))
    return tuple(made)


@dataclass(frozen=True, eq=False, kw_only=True)
class Activated:
    """|E| on a lattice that holds everything above the isolevel."""

    grid: Grid
    field_v_per_mm: NDArray[np.float32]
    sources: tuple[Source, ...]
    isolevel_v_per_mm: float
    conductivity_s_per_m: float

    @cached_property
    def share(self) -> NDArray[np.float32]:
        """How much of each voxel is activated, 0 to 1, shaped like the grid.

        1 / sqrt(|E|) grows like a distance, so it tells where in a voxel the isolevel runs.
        """
        reach = math.sqrt(self._total_ma / (4 * math.pi * self.conductivity_s_per_m))
        edge = reach / math.sqrt(self.isolevel_v_per_mm)
        field = np.maximum(self.field_v_per_mm, np.float32(1e-12))  # currents can cancel out
        depth = (edge - reach / np.sqrt(field)) / self.grid.spacing_mm[0]
        return np.clip(0.5 + depth, 0, 1).astype(np.float32)

    @property
    def volume(self) -> Quantity:
        """Everything activated [mm3]; the point is the middle of the current."""
        weights = [abs(one.current_ma) for one in self.sources]
        middles = [np.add(one.from_mm, one.to_mm) / 2 for one in self.sources]
        middle = point(np.average(middles, axis=0, weights=weights))
        return Quantity(value=self._mm3(self.share), unit="mm3", source=VOLUME, point_mm=middle)

    def within(self, distance: Distance) -> Quantity:
        """What is activated inside of a closed structure [mm3], told by its signed distance."""
        around = np.nonzero(self.share)
        depth = -distance(self.grid.ras(np.stack(around, axis=-1)))
        inside = np.clip(0.5 + depth / self.grid.spacing_mm[0], 0, 1)
        value = self._mm3(self.share[around] * inside)
        return Quantity(value=value, unit="mm3", source=COVERAGE)

    def _mm3(self, share: NDArray[np.floating]) -> float:
        return float(share.sum(dtype=np.float64)) * self.grid.voxel_ml * 1000

    @property
    def _total_ma(self) -> float:
        return sum(abs(one.current_ma) for one in self.sources)


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How an activated volume lies in labelled tissue."""

    target: str
    covered: Quantity
    """Activated share of the target [%]; the point is where the target's field is weakest."""
    in_target: Quantity
    spill: Mapping[str, Quantity]
    """Activated volume outside of the target [mm3] by structure, the largest first.

    The point is where that structure's field is strongest.
    """


def field_at(
    points_mm: Floats, sources: Sequence[Source], *, conductivity_s_per_m: float
) -> Floats:
    """|E| [V/mm], (n,), at points (n, 3), RAS [mm]."""
    ends = np.array([[*one.from_mm, *one.to_mm, abs(one.current_ma)] for one in sources])
    points = np.ascontiguousarray(points_mm, dtype=np.float64)
    return _field(points, ends) / (4 * math.pi * conductivity_s_per_m)


def activated(
    sources: Sequence[Source],
    *,
    frame: FrameId,
    conductivity_s_per_m: float = CONDUCTIVITY_S_PER_M,
    isolevel_v_per_mm: float = ISOLEVEL_V_PER_MM,
    spacing_mm: float = 0.25,
) -> Activated:
    """Where the field of monopolar sources reaches the isolevel; raises StimulationError.

    The lattice reaches sqrt(I / (4 pi sigma E)) beyond the sources: no sum of them is above the
    isolevel farther away, however they share the current.
    """
    currents = [one.current_ma for one in sources]
    if not currents or not all(math.isfinite(i) and i != 0 for i in currents):
        raise StimulationError("Each active contact needs a current in mA, and one must be active.")
    if min(currents) < 0 < max(currents):
        raise StimulationError(
            "Current flows between contacts (bipolar). The monopolar formula does not hold there "
            "and published models disagree, so no volume is shown. Set the case as the return.",
            currents_ma=currents,
        )
    settings = (conductivity_s_per_m, isolevel_v_per_mm, spacing_mm)
    if not all(math.isfinite(v) and v > 0 for v in settings):
        raise StimulationError("Conductivity, isolevel and spacing must be above 0.")
    total = sum(map(abs, currents))
    reach = math.sqrt(total / (4 * math.pi * conductivity_s_per_m * isolevel_v_per_mm))
    ends = np.array([end for one in sources for end in (one.from_mm, one.to_mm)])
    low, high = ends.min(axis=0) - reach - spacing_mm, ends.max(axis=0) + reach + spacing_mm
    if np.prod((high - low) / spacing_mm + 2) > MOST_NODES:
        raise StimulationError(
            f"{total:g} mA would reach {reach:.0f} mm, too far for steps of {spacing_mm:g} mm. "
            "Check the currents (mA) and the conductivity (S/m).",
            reach_mm=reach,
        )
    (x0, y0, z0), (x1, y1, z1) = low.tolist(), high.tolist()
    grid = lattice((x0, x1, y0, y1, z0, z1), spacing_mm, frame)
    nodes = grid.ras(np.moveaxis(np.indices(grid.shape), 0, -1).reshape(-1, 3))
    field = field_at(nodes, sources, conductivity_s_per_m=conductivity_s_per_m)
    return Activated(
        grid=grid,
        field_v_per_mm=field.reshape(grid.shape).astype(np.float32),
        sources=tuple(sources),
        isolevel_v_per_mm=isolevel_v_per_mm,
        conductivity_s_per_m=conductivity_s_per_m,
    )


def coverage(activated: Activated, labelmap: LabelMap, target: str) -> Coverage:
    """How much of `target` is activated, and what else is; raises StimulationError."""
    if labelmap.grid.frame != activated.grid.frame:
        raise StimulationError(
            f"The lead lies in the frame {activated.grid.frame}, the labels in "
            f"{labelmap.grid.frame}. Put both in one frame."
        )
    members = np.argwhere(labelmap.mask(target))
    if not len(members):
        raise StimulationError(f"The label map holds no {target} to stimulate.", target=target)
    where = np.argwhere(activated.share > 0)
    share, field = (array[tuple(where.T)] for array in (activated.share, activated.field_v_per_mm))
    places = activated.grid.ras(where)
    names = np.array(_labels(labelmap, places))
    volumes = {name: activated._mm3(share[names == name]) for name in np.unique(names).tolist()}
    inside_mm3 = volumes.pop(target, 0.0)
    spill = {
        name: Quantity(
            value=value,
            unit="mm3",
            source=COVERAGE,
            point_mm=point(places[np.argmax(np.where(names == name, field, 0))]),
        )
        for name, value in sorted(volumes.items(), key=lambda item: (-item[1], item[0]))
    }
    voxels = labelmap.grid.ras(members)
    there = field_at(voxels, activated.sources, conductivity_s_per_m=activated.conductivity_s_per_m)
    percent = 100 * inside_mm3 / (len(members) * labelmap.grid.voxel_ml * 1000)
    weakest = point(voxels[np.argmin(there)])
    return Coverage(
        target=target,
        covered=Quantity(value=percent, unit="%", source=COVERAGE, point_mm=weakest),
        in_target=Quantity(value=inside_mm3, unit="mm3", source=COVERAGE),
        spill=MappingProxyType(spill),
    )


def maedler_mm(*, volts: float, ohms: float) -> Quantity:
    """Radius [mm] after Maedler and Coenen (2012): monopolar, 60 us."""
    _above_zero(volts=volts, ohms=ohms)
    k1, k3, k4 = -1.0473, 0.2786, 0.0009856
    middle = k4 * ohms + k1
    radius = (math.sqrt(middle * middle + 4 * k3 * volts) - middle) / (2 * k3)
    return Quantity(value=radius, unit="mm", source=FORMULAS)


def kuncel_mm(*, volts: float) -> Quantity:
    """Radius [mm] after Kuncel and others (2008): threshold 0.1 V and 0.22 V/mm2."""
    _above_zero(volts=volts)
    if volts < 0.1:
        raise StimulationError(f"Kuncel's formula {_NO_DOMAIN}: it begins at 0.1 V.", volts=volts)
    return Quantity(value=math.sqrt((volts - 0.1) / 0.22), unit="mm", source=FORMULAS)


def dembek_mm(
    *,
    volts: float,
    ohms: float,
    pulse_us: float,
    reference_us: float,
    threshold_v_per_mm: float,
) -> Quantity:
    """Radius [mm] after Dembek and others (2017), for a pulse against one of `reference_us`.

    Reference and threshold have no default: the authors' could not be confirmed.
    """
    _above_zero(
        volts=volts, ohms=ohms, pulse=pulse_us, reference=reference_us, threshold=threshold_v_per_mm
    )
    strength = math.sqrt(0.72 * volts / ohms / (1000 * threshold_v_per_mm))
    radius = 1000 * (pulse_us / reference_us) ** 0.3 * strength
    return Quantity(value=radius, unit="mm", source=FORMULAS)


def _above_zero(**settings: float) -> None:
    for name, value in settings.items():
        if not (math.isfinite(value) and value > 0):
            raise StimulationError(f"The formula {_NO_DOMAIN}: {name} must be above 0.")


def _labels(labelmap: LabelMap, places_mm: Floats) -> list[str]:
    """The structure at each place (n, 3): that of the nearest voxel."""
    ijk = np.rint(labelmap.grid.ijk(places_mm)).astype(int)
    held = np.all((ijk >= 0) & (ijk < labelmap.grid.shape), axis=1)
    numbers = np.where(held, labelmap.labels[tuple(np.where(held[:, None], ijk, 0).T)], 0)
    return [labelmap.key.get(number, UNLABELLED) for number in numbers.tolist()]


@njit(cache=True, nogil=True)
def _field(points: Floats, ends: Floats) -> Floats:
    """|sum of current * field of a unit source| [mA/mm2], (n,); infinite on a source.

    `ends` (m, 7) holds from, to and current of each source.
    """
    out = np.empty(len(points))
    for n in range(len(points)):
        ex, ey, ez = 0.0, 0.0, 0.0
        for m in range(len(ends)):
            x, y, z = _pull(points[n, 0], points[n, 1], points[n, 2], ends, m)
            ex, ey, ez = ex + ends[m, 6] * x, ey + ends[m, 6] * y, ez + ends[m, 6] * z
        out[n] = math.sqrt(ex * ex + ey * ey + ez * ez)
    return out


@njit(cache=True, nogil=True)
def _pull(x: float, y: float, z: float, ends: Floats, m: int) -> tuple[float, float, float]:
    """Field of source `m` for a unit current, times 4 pi sigma.

    Along the line it is (1/rb - 1/ra) / L, across it (za/ra - zb/rb) / (L rho), with z and r of
    the point seen from either end and rho from the line. Without length it is a point's 1/r^2.
    """
    x, y, z = x - ends[m, 0], y - ends[m, 1], z - ends[m, 2]
    tx, ty, tz = ends[m, 3] - ends[m, 0], ends[m, 4] - ends[m, 1], ends[m, 5] - ends[m, 2]
    length, ra = math.sqrt(tx * tx + ty * ty + tz * tz), math.sqrt(x * x + y * y + z * z)
    if length < TINY_MM:
        if ra < TINY_MM:
            return np.inf, 0.0, 0.0
        return x / ra**3, y / ra**3, z / ra**3
    tx, ty, tz = tx / length, ty / length, tz / length
    za = x * tx + y * ty + z * tz
    zb = za - length
    x, y, z = x - za * tx, y - za * ty, z - za * tz
    rho2 = x * x + y * y + z * z
    if rho2 < TINY_MM**2:
        if zb <= TINY_MM and za >= -TINY_MM:
            return np.inf, 0.0, 0.0
        rho2 = TINY_MM**2
    ra, rb = math.sqrt(rho2 + za * za), math.sqrt(rho2 + zb * zb)
    along, across = (1.0 / rb - 1.0 / ra) / length, (za / ra - zb / rb) / (length * rho2)
    return along * tx + across * x, along * ty + across * y, along * tz + across * z
