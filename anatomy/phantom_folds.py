"""Where the cortex of the synthetic head dips: named sulci, seeded small ones, and the cleft.

Every sulcus is a sheet of fluid in closed form. On the outside a sheet stands upright: it is
drawn out from `HUB_MM` through a line on the brain's surface. On the wall of the cleft it goes
straight outwards from the midline. Lines join a few places of the adult brain in MNI [mm], to
about half a centimetre; small folds between them are sums of waves and differ from seed to seed.
"""

import math
from itertools import pairwise

import numpy as np

from anatomy.geometry import Floats, Point
from anatomy.solids import Blend, Ellipsoid, Field, Place, Tube

HUB_MM: Field = np.array((0, -16, 8), np.float32)
SHELL_MM = np.float32(62)  # how far from the hub the waves have their stated length
SHEET_MM = np.float32(0.8)  # half width of a sulcus
NAMED_MM, SMALL_MM = np.float32(20), np.float32(12)  # how deep named and small sulci go
WALL_MM = np.float32(12)  # how far from the midline those of the wall go
APART_MM = np.float32(6)  # no small sulcus is closer to a named one

OUTSIDE: dict[str, tuple[Point, ...]] = {  # of the right half
    "central": ((4, -34, 70), (25, -26, 64), (40, -16, 50), (55, -8, 28), (60, -4, 18)),
    "precentral": ((24, -8, 60), (40, 0, 45), (54, 8, 28)),
    "postcentral": ((20, -42, 68), (45, -32, 52), (58, -22, 32)),
    "superior frontal": ((24, 0, 60), (23, 30, 48), (20, 52, 30)),
    "middle frontal": ((34, 24, 48), (34, 48, 26)),
    "inferior frontal": ((46, 10, 32), (46, 30, 20), (38, 50, 8)),
    "intraparietal": ((46, -40, 46), (30, -60, 50), (22, -76, 40)),
    "superior temporal": ((50, 12, -24), (58, -20, -8), (56, -45, 10), (45, -64, 22)),
    "inferior temporal": ((52, -10, -32), (58, -40, -14), (50, -64, -6)),
    "lateral occipital": ((48, -66, 8), (34, -88, 10)),
    "occipitotemporal": ((46, -40, -24), (44, -66, -18), (34, -88, -12)),
    "collateral": ((28, -10, -34), (30, -40, -18), (28, -66, -12)),
    "olfactory": ((12, 14, -20), (12, 54, -22)),
    "orbital": ((24, 20, -22), (26, 54, -16)),
}
CINGULATE = ((0, 30, -8), (0, 44, 8), (0, 36, 28), (0, 10, 40), (0, -20, 44), (0, -36, 62))
CALCARINE = ((0, -58, 4), (0, -75, 6), (0, -98, 2))
PARIETO_OCCIPITAL = ((0, -62, 8), (0, -72, 26), (0, -84, 42))
WALL = Blend(
    tuple(Tube(line, (0.8,) * len(line)) for line in (CINGULATE, CALCARINE, PARIETO_OCCIPITAL))
)
SYLVIAN = Blend(  # the fissure above the temporal lobe, and the insula at its floor
    (
        Ellipsoid((52, -4, 3), (18, 30, 1.6), pitch_deg=-20),
        Ellipsoid((37, 2, 3), (1.5, 22, 12), yaw_deg=-8),
    )
)
CALLOSUM = Ellipsoid((0, -6, 10), (46, 44, 21))


class Folds:
    """The sulci of one seed."""

    def __init__(self, random: np.random.Generator) -> None:
        turns = random.normal(size=(9, 3))
        waves: Floats = turns / np.linalg.norm(turns, axis=1, keepdims=True)
        waves *= 2 * np.pi * float(SHELL_MM) / random.uniform(14, 20, size=(9, 1))
        self.waves = waves.astype(np.float32)
        self.phases = random.uniform(0, 2 * np.pi, size=9).astype(np.float32)

    def distance(self, place: Place, depth: Field) -> Field:
        """Distance [mm] to the fluid between the folds, negative in it, to first order.

        `depth` [mm] is how far a place lies under the outside of the cerebrum.
        """
        x, y, z = np.abs(place[0]), place[1], place[2]
        away = [p - c for p, c in zip(place, HUB_MM, strict=True)]
        far = np.maximum(np.sqrt(_dot(away, away)), np.float32(1))
        ray = [a / far for a in away]
        named = _ribbons([np.abs(ray[0]), ray[1], ray[2]]) * far - SHEET_MM
        small = self._small(ray) * far - SHEET_MM
        small = np.maximum(small, np.maximum(APART_MM - named, depth - SMALL_MM))
        wall = np.maximum(WALL.distance((np.zeros_like(x), y, z)), x - WALL_MM)
        core = CALLOSUM.distance((x, y, z))
        sulci = np.minimum(np.minimum(small, np.maximum(named, depth - NAMED_MM)), wall)
        cleft = np.maximum(x - np.float32(1.2), np.float32(1.5) - core)
        cleft = np.minimum(cleft, SYLVIAN.distance((x, y, z)))
        return np.minimum(cleft, np.maximum(sulci, 7 - core))

    def _small(self, ray: list[Field]) -> Field:
        """Angle [rad] from a unit `ray` to the nearest zero of the waves, to first order."""
        wave, slope = np.zeros_like(ray[0]), [np.zeros_like(ray[0]) for _ in range(3)]
        for k, phase in zip(self.waves, self.phases, strict=True):
            turn = _dot(k, ray) + phase
            wave += np.sin(turn)
            pull = np.cos(turn)
            for axis in range(3):
                slope[axis] += k[axis] * pull
        along = _dot(slope, slope) - _dot(slope, ray) ** 2  # only what lies across the ray turns it
        steep = np.sqrt(np.maximum(along, 0))
        angle: Field = np.abs(wave) / np.maximum(steep, SHELL_MM / 4)
        return angle


def _ribbons(ray: list[Field]) -> Field:
    """Angle [rad] from a unit `ray` to the nearest line of `OUTSIDE`, as the chord it spans."""
    near = np.full_like(ray[0], -1)
    for line in OUTSIDE.values():
        for a, b in pairwise(_unit(p) for p in line):
            to_a, to_b = _dot(a, ray), _dot(b, ray)
            gap = np.float32(1) - a @ b
            share = ((to_b - to_a + gap) / (2 * gap)).clip(0, 1)
            length = np.sqrt(1 - 2 * share * (1 - share) * gap)
            near = np.maximum(near, (to_a + share * (to_b - to_a)) / length)
    chord: Field = np.sqrt(np.maximum(2 - 2 * near, 0))
    return chord


def _unit(place: Point) -> Field:
    """The direction from the hub to a place."""
    away = np.subtract(place, HUB_MM)
    return (away / math.hypot(*away)).astype(np.float32)


def _dot(a: "Field | list[Field]", b: list[Field]) -> Field:
    product: Field = a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
    return product
