"""What runs inside a worker process: greedy registrations and the N4 shading estimate.

All images lie on plain lattices; coordinates are voxel counts, so no world frame is involved.
greedy by default shifts its samples and adds noise at random, and its affine sums depend on how
threads meet: a fixed seed, no shift, no noise and one thread there make equal inputs equal bytes.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy.segment.apart import THREADS

Array = NDArray[Any]
FLIP = np.diag([-1.0, -1.0, 1.0, 1.0])
"""greedy writes matrices for x, y pointing the other way."""


def _image(array: Array) -> Any:
    import SimpleITK

    return SimpleITK.GetImageFromArray(np.ascontiguousarray(array.transpose(2, 1, 0)))


def affine(fixed: Array, moving: Array, mask: Array, freedoms: tuple[int, ...]) -> Array:
    """(4, 4) voxels of `fixed` to voxels of `moving` (same lattice), weighted correlation.

    `mask` (0/1) says where `fixed` counts. `freedoms`: 6, 7 or 12, one stage after the other.
    """
    import tempfile
    from pathlib import Path

    from picsl_greedy import Greedy3D

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stage.mat"
        start = "-ia-identity"
        for freedom in freedoms:
            greedy = Greedy3D()
            greedy.execute(
                f"-threads 1 -seed 1 -jitter 0 -noise 0 -a -dof {freedom} "
                f"-m WNCC 2x2x2 -n 60x40 {start} "
                f"-i fixed moving -gm mask -o {path}",
                fixed=_image(fixed.astype(np.float32)),
                moving=_image(moving.astype(np.float32)),
                mask=_image(mask.astype(np.float32)),
            )
            start = f"-ia {path}"
        return FLIP @ np.loadtxt(path) @ FLIP


def warp(fixed: Array, moving: Array, mask: Array, rounds: str, smooth: str) -> Array:
    """Displacement (3, ...) [voxels], float32: `fixed` at x looks like `moving` at x + d(x).

    `rounds`: iterations by level, e.g. "60x40x20"; `smooth`: greedy's two widths.
    """
    import SimpleITK
    from picsl_greedy import Greedy3D

    greedy = Greedy3D()
    greedy.execute(
        f"-threads {THREADS} -seed 1 -noise 0 -m WNCC 2x2x2 -n {rounds} -s {smooth} -e 1 "
        "-i fixed moving -gm mask -o field",
        fixed=_image(fixed.astype(np.float32)),
        moving=_image(moving.astype(np.float32)),
        mask=_image(mask.astype(np.float32)),
        field=None,
    )
    field = SimpleITK.GetArrayFromImage(greedy["field"])
    return np.ascontiguousarray(field.transpose(3, 2, 1, 0), dtype=np.float32)


def shading(image: Array, mask: Array, shrink: int, rounds: tuple[int, ...]) -> Array:
    """The logarithm of the multiplicative shading (N4), on the image's own lattice, float32."""
    import SimpleITK

    SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(THREADS)
    whole = _image(image.astype(np.float32))
    inside = _image(mask.astype(np.uint8))
    n4 = SimpleITK.N4BiasFieldCorrectionImageFilter()
    n4.SetMaximumNumberOfIterations(list(rounds))
    n4.Execute(SimpleITK.Shrink(whole, [shrink] * 3), SimpleITK.Shrink(inside, [shrink] * 3))
    field = SimpleITK.GetArrayFromImage(n4.GetLogBiasFieldAsImage(whole))
    return np.ascontiguousarray(field.transpose(2, 1, 0), dtype=np.float32)
