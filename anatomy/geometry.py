"""Points, frames and affine maps in the one world space of Theatrum: RAS millimetres.

+x points to the patient's Right, +y to Anterior, +z to Superior, all in millimetres.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy.errors import GeometryError

Point = tuple[float, float, float]
FrameId = str
Floats = NDArray[np.float64]


def point(values: Sequence[float] | Floats) -> Point:
    """Three finite numbers [mm] as a Point; raises GeometryError otherwise."""
    numbers = [float(v) for v in values]
    if len(numbers) != 3 or not all(math.isfinite(v) for v in numbers):
        raise GeometryError("A point needs three finite coordinates in mm.", point=numbers)
    return numbers[0], numbers[1], numbers[2]


def affine(matrix: ArrayLike) -> Floats:
    """A finite, invertible (4, 4) map whose last row is 0 0 0 1; raises GeometryError."""
    array = np.array(matrix, dtype=float)
    if array.shape != (4, 4) or not np.isfinite(array).all():
        raise GeometryError("An affine map needs 4 x 4 finite numbers.", shape=array.shape)
    if not np.array_equal(array[3], [0, 0, 0, 1]):
        raise GeometryError("The last row of an affine map must be 0 0 0 1.")
    if abs(np.linalg.det(array[:3, :3])) < 1e-9:
        raise GeometryError("The affine map is singular: it flattens the body.")
    array.flags.writeable = False
    return array


def moved(points: ArrayLike, by: ArrayLike) -> Floats:
    """Points, shape (..., 3), through the (4, 4) affine `by`."""
    array, matrix = np.asarray(points, dtype=float), np.asarray(by, dtype=float)
    return array @ matrix[:3, :3].T + matrix[:3, 3]


def ras_from_lps(points: ArrayLike) -> Floats:
    """Points, shape (..., 3), from LPS [mm] (DICOM, ITK, most mesh files) to RAS [mm]."""
    return np.asarray(points, dtype=float) * (-1.0, -1.0, 1.0)
