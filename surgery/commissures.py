"""AC and PC estimated from an atlas: where the deep structures of a head lie, they lie between.

Method, sources and how far it is off: docs/evidence.md#commissures.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from anatomy.geometry import Floats, Point, point
from anatomy.structure import Structure
from anatomy.surface import Surface
from surgery.stereotaxy import Landmarks, StereotaxyError

NOT_SET = "Landmarks: not set. Click AC, PC and a point in the midline."
AC_MM, PC_MM, MID_MM = (0.25, 1.298, -5.003), (-0.188, -24.756, -2.376), (0.25, 1.298, 55.0)
"""In MNI space [mm]."""
CENTRES_MM: Mapping[str, Point] = MappingProxyType(
    {
        "thalamus_left": (-11.2, -19.2, 6.4),
        "thalamus_right": (12.1, -17.6, 6.6),
        "caudate_left": (-13.3, 6.5, 10.6),
        "caudate_right": (13.7, 8.9, 10.1),
        "putamen_left": (-25.7, 0.3, -0.4),
        "putamen_right": (26.4, 2.5, -1.4),
        "pallidum_left": (-19.7, -4.6, -1.0),
        "pallidum_right": (20.7, -3.6, -1.1),
        "hippocampus_left": (-25.3, -23.0, -14.0),
        "hippocampus_right": (26.7, -21.4, -14.2),
        "amygdala_left": (-23.1, -5.0, -19.7),
        "amygdala_right": (24.0, -3.7, -19.8),
        "third_ventricle": (0.4, -10.3, -4.3),
        "fourth_ventricle": (0.2, -43.9, -32.4),
        "brainstem": (0.5, -30.4, -32.7),
    }
)
"""Centres of the atlas's regions in MNI space [mm]."""
FEWEST = 10
"""House value: structures that the estimate needs."""
FARTHEST_MM = 5.0
"""House value: where one lies farther off than this, something pushes the brain aside."""


def estimated(structures: Mapping[str, Structure]) -> Landmarks:
    """AC, PC and a mid-sagittal point by the affine map that fits the atlas's centres best.

    Structures by id; those of CENTRES_MM are read. Raises StereotaxyError, which says what to do.
    """
    names = [name for name in CENTRES_MM if name in structures]
    if len(names) < FEWEST:
        raise StereotaxyError(NOT_SET)
    known = np.array([CENTRES_MM[name] for name in names])
    seen = np.array([centre_mm(structures[name].surfaces["fine"]) for name in names])
    carry, *_ = np.linalg.lstsq(_with_one(known), seen, rcond=None)
    off_mm = np.linalg.norm(_with_one(known) @ carry - seen, axis=1)
    if off_mm.max() > FARTHEST_MM:
        raise StereotaxyError(
            f"{NOT_SET} They are not estimated: {structures[names[off_mm.argmax()]].title} lies "
            f"{off_mm.max():.0f} mm from where an atlas has it."
        )
    ac, pc, mid = (point(one) for one in _with_one(np.array((AC_MM, PC_MM, MID_MM))) @ carry)
    return Landmarks(ac_mm=ac, pc_mm=pc, mid_mm=mid, estimated=True)


def centre_mm(surface: Surface) -> Floats:
    """Centre of the volume inside a closed surface [mm], shape (3,): that of its tetrahedra."""
    corners = surface.vertices_mm.astype(float)[surface.faces]
    first = corners[0, 0]
    a, b, c = (corners[:, n] - first for n in range(3))
    volume = np.einsum("ij,ij->i", a, np.cross(b, c))
    moment = (volume[:, None] * (a + b + c) / 4).sum(axis=0)
    return np.asarray(first + moment / volume.sum())


def _with_one(points: Floats) -> Floats:
    return np.column_stack([points, np.ones(len(points))])
