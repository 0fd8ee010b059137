"""The heads that accuracy is measured on, each with a truth that the pipeline never sees.

Real heads: Colin27 (brain from `ch2bet`, nuclei from AAL, both drawn on it), the same head moved
and warped, IXI heads with the DLMUSE label map. Painted heads: label maps of real adults, every
class filled with its own T1 mean, blurred, shaded and made noisy; there the labels are exact.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy.grid import Grid
from anatomy.volume import Mask, Volume, digest

ROOT = Path(__file__).resolve().parent.parent

PAINT = {
    **dict.fromkeys((2, 41), (160, 7.6)),
    **dict.fromkeys((3, 42), (97, 9.5)),
    **dict.fromkeys((4, 5, 14, 15, 24, 43, 44), (48, 10)),
    **dict.fromkeys((7, 46), (130, 6.7)),
    **dict.fromkeys((8, 47), (85, 6.8)),
    **dict.fromkeys((10, 49), (132, 7.9)),
    **dict.fromkeys((11, 50, 26, 58), (101, 8)),
    **dict.fromkeys((12, 51), (129, 6)),
    **dict.fromkeys((13, 52), (154, 4.4)),
    **dict.fromkeys((17, 53, 18, 54), (96, 8)),
    **dict.fromkeys((16,), (127, 7.2)),
    **dict.fromkeys((28, 60), (143, 9)),
    **dict.fromkeys((25, 57), (121, 9)),
    **dict.fromkeys((30, 62), (96, 8)),
    **dict.fromkeys((72, 136, 137, 163, 164), (61, 10)),
    85: (151, 10), 502: (119, 26), 506: (19, 7), 507: (91, 15.7), 508: (115, 19.6),
    509: (66, 9.5), 511: (109, 24), 512: (66, 11), 514: (49, 9), 515: (32, 9), 516: (88, 14),
    530: (135, 14),
}  # fmt: skip
"""T1 mean and spread of each class of a whole-head label map (0..255 scale), as measured on the
painted image of `labelmap/synthseg_01_synthetic_T1.nii.gz`."""

PARTS = {
    "white_matter": ((2,), (41,)),
    "grey_matter": ((3,), (42,)),
    "lateral_ventricle": ((4, 5), (43, 44)),
    "thalamus": ((10,), (49,)),
    "caudate": ((11,), (50,)),
    "putamen": ((12,), (51,)),
    "pallidum": ((13,), (52,)),
    "hippocampus": ((17,), (53,)),
    "amygdala": ((18,), (54,)),
    "third_ventricle": ((14,),),
    "fourth_ventricle": ((15,),),
    "brainstem": ((16,),),
    "cerebellum": ((7, 8, 46, 47),),
}
"""Structure to label numbers, left then right, in the FreeSurfer numbering of the painted maps."""

AAL = {
    "hippocampus": ((37,), (38,)),
    "amygdala": ((41,), (42,)),
    "caudate": ((71,), (72,)),
    "putamen": ((73,), (74,)),
    "pallidum": ((75,), (76,)),
    "thalamus": ((77,), (78,)),
}
MUSE = {
    "lateral_ventricle": ((52, 50), (51, 49)),
    "thalamus": ((60,), (59,)),
    "caudate": ((37,), (36,)),
    "putamen": ((58,), (57,)),
    "pallidum": ((56,), (55,)),
    "hippocampus": ((48,), (47,)),
    "amygdala": ((32,), (31,)),
    "third_ventricle": ((4,),),
    "fourth_ventricle": ((11,),),
    "brainstem": ((35,),),
}
SKULL, OUTSIDE = (515, 516), 500


@dataclass(frozen=True)
class Head:
    """An image and what is known of it: masks on its grid by structure id."""

    name: str
    kind: str
    """`painted`, `colin` or `ixi`: which targets apply."""
    volume: Volume
    truth: dict[str, Mask] = field(default_factory=dict)


def data_folder() -> Path:
    """Where the development data lies."""
    return Path(os.environ.get("THEATRUM_DATA", ROOT.parent / "shared" / "data"))


def colin_folder() -> Path:
    """Where Colin27 (Debian package mricron-data, unpacked) lies."""
    default = ROOT / ".cache/mricron/usr/share/mricron/templates"
    return Path(os.environ.get("THEATRUM_COLIN27", default))


def load(path: Path) -> tuple[NDArray[Any], Grid]:
    """Voxels (scaled) and grid of a NIfTI file, as stored."""
    import nibabel

    image = nibabel.load(path)
    voxels = np.asarray(image.dataobj)
    return voxels, Grid(voxels.shape[:3], image.affine, path.name)


def as_volume(voxels: NDArray[Any], grid: Grid) -> Volume:
    """A Volume of an array, its source being the digest of the array."""
    voxels = np.ascontiguousarray(voxels, dtype=np.float32)
    return Volume(grid=grid, voxels=voxels, source=digest(voxels))


def ball(radius_mm: float, spacing_mm: tuple[float, float, float]) -> Mask:
    """A ball as a structuring element on an anisotropic lattice."""
    reach = [int(radius_mm / s) for s in spacing_mm]
    axes = np.ogrid[tuple(slice(-r, r + 1) for r in reach)]
    far = sum((a * s) ** 2 for a, s in zip(axes, spacing_mm, strict=True))
    return np.asarray(far <= radius_mm**2)


def envelope(mask: Mask, spacing_mm: tuple[float, float, float], *, closing_mm: float = 4) -> Mask:
    """`mask` closed by a ball, its holes filled: the truth for "brain"."""
    pad = [int(np.ceil(closing_mm / s)) + 1 for s in spacing_mm]
    padded = np.pad(mask, [(p, p) for p in pad])
    outside = ndimage.distance_transform_edt(~padded, sampling=spacing_mm)
    grown = outside <= closing_mm
    inside = ndimage.distance_transform_edt(grown, sampling=spacing_mm)
    closed = (inside > closing_mm) | padded
    inner = closed[tuple(slice(p, -p) for p in pad)]
    return np.asarray(ndimage.binary_fill_holes(inner))


def sides(labels: NDArray[Any], table: dict[str, tuple[tuple[int, ...], ...]]) -> dict[str, Mask]:
    """Masks by structure id; two number groups mean left and right."""
    found = {}
    for name, groups in table.items():
        ends = ("",) if len(groups) == 1 else ("_left", "_right")
        for end, numbers in zip(ends, groups, strict=True):
            found[name + end] = np.isin(labels, numbers)
    return found


def painted(number: str) -> Head:
    """Label map `number` painted as T1; map 01 uses the image that lies beside it."""
    folder = data_folder() / "labelmap"
    labels, grid = load(folder / f"synthseg_{number}_labels.nii.gz")
    labels = np.rint(labels).astype(np.int16)
    if number == "01":
        voxels, _ = load(folder / "synthseg_01_synthetic_T1.nii.gz")
    else:
        voxels = paint(labels, seed=int(number))
    truth = sides(labels, PARTS)
    tissue = (labels > 0) & (labels < OUTSIDE) & (labels != 24)
    truth["brain"] = envelope(tissue, grid.spacing_mm)
    truth["scalp"] = np.asarray(ndimage.binary_fill_holes(labels > 0))
    truth["skull"] = np.isin(labels, SKULL)
    return Head(f"painted_{number}", "painted", as_volume(voxels, grid), truth)


def paint(labels: NDArray[Any], *, seed: int) -> NDArray[np.float32]:
    """A T1-like image: class means jittered 4 %, texture, 0.5 voxel blur, 15 % shading, noise."""
    random = np.random.default_rng(seed)
    mean = np.zeros(int(labels.max()) + 1, np.float32)
    spread = np.zeros_like(mean)
    jitter: dict[tuple[float, float], float] = {}
    for number, (level, width) in PAINT.items():
        factor = jitter.setdefault((level, width), float(random.normal(1, 0.04)))
        if number < mean.size:
            mean[number], spread[number] = level * factor, width
    texture = random.standard_normal(labels.shape, dtype=np.float32)
    image = ndimage.gaussian_filter(mean[labels] + spread[labels] * texture, 0.5)
    image *= 1 + 0.15 * smooth_field(labels.shape, random)
    image += 3 * random.standard_normal(labels.shape, dtype=np.float32)
    return np.asarray(np.clip(image, 0, 255), np.float32)


def smooth_field(shape: tuple[int, ...], random: np.random.Generator) -> NDArray[np.float32]:
    """A slow random field scaled to -1..1."""
    coarse = random.standard_normal((4, 4, 4))
    field = ndimage.zoom(coarse, [n / 4 for n in shape], order=3, mode="nearest")
    field = field[: shape[0], : shape[1], : shape[2]]
    return np.asarray(field / np.abs(field).max(), np.float32)


def colin_truth() -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], Grid]:
    """Image, brain (0/1), AAL labels and grid of Colin27."""
    voxels, grid = load(colin_folder() / "ch2.nii.gz")
    stripped, _ = load(colin_folder() / "ch2bet.nii.gz")
    labels, _ = load(colin_folder() / "aal.nii.gz")
    return voxels.astype(np.float32), envelope(stripped > 0, (1, 1, 1)), labels, grid


def colin() -> Head:
    """Colin27 as Debian ships it."""
    voxels, brain, labels, grid = colin_truth()
    return Head("colin", "colin", as_volume(voxels, grid), {"brain": brain, **sides(labels, AAL)})


def rotation(axis: int, degrees: float) -> NDArray[np.float64]:
    """(3, 3) rotation about one axis."""
    a, b = [i for i in range(3) if i != axis]
    turn = np.eye(3)
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn[a, a], turn[a, b], turn[b, a], turn[b, b] = cos, -sin, sin, cos
    return turn


def sample(array: NDArray[Any], grid: Grid, ras_mm: NDArray[Any], order: int) -> NDArray[Any]:
    """`array` on `grid` at points [mm], shape (3, ...); zero outside."""
    points = grid.ijk(np.moveaxis(ras_mm, 0, -1))
    return ndimage.map_coordinates(
        array, np.moveaxis(points, -1, 0), order=order, output=np.float32
    )


def mesh_mm(shape: tuple[int, ...], matrix: NDArray[Any]) -> NDArray[np.float64]:
    """World coordinates (3, i, j, k) of a lattice."""
    ijk = np.indices(shape, dtype=float)
    return np.einsum("ab,b...->a...", matrix[:3, :3], ijk) + matrix[:3, 3].reshape(3, 1, 1, 1)


def colin_moved() -> Head:
    """Colin27 turned 20 degrees, shifted, averaged to 1 x 1 x 3 mm, stored LPS, x 7.3, noisy."""
    voxels, brain, labels, grid = colin_truth()
    turn = rotation(2, 12) @ rotation(0, 16)
    fine = np.eye(4)
    fine[:3, 3] = (-104, -138, -86)
    shape = (208, 256, 216)
    back = np.einsum(
        "ab,b...->a...", turn.T, mesh_mm(shape, fine) - np.array((12, -8, 15)).reshape(3, 1, 1, 1)
    )
    averaged = sample(voxels, grid, back, 1).reshape(208, 256, 72, 3).mean(3)
    masks = {"brain": brain, **sides(labels, AAL)}
    noise = np.random.default_rng(3).standard_normal(averaged.shape)
    image = np.clip(7.3 * averaged + 20 * noise, 0, None)
    thick = fine.copy()
    thick[2, 2], thick[2, 3] = 3, -85
    flip = np.diag([-1.0, -1.0, 1.0, 1.0])
    flip[:2, 3] = (shape[0] - 1, shape[1] - 1)
    lps = Grid((208, 256, 72), thick @ flip, "colin_moved")
    centre = back[..., 1::3]
    truth = {
        name: np.ascontiguousarray(
            sample(mask.astype(np.float32), grid, centre, 1)[::-1, ::-1] > 0.5
        )
        for name, mask in masks.items()
    }
    return Head("colin_moved", "colin", as_volume(image[::-1, ::-1], lps), truth)


def colin_warped() -> Head:
    """Colin27 turned -20 degrees, scaled, bent by up to 7 mm, shaded +-35 %, noisy, stored RSA."""
    voxels, brain, labels, grid = colin_truth()
    random = np.random.default_rng(7)
    fine = np.eye(4)
    fine[:3, 3] = (-104, -140, -90)
    shape = (208, 264, 220)
    places = mesh_mm(shape, fine)
    bend = np.stack([7 * smooth_field(shape, random) for _ in range(3)])
    turn = rotation(1, -12) @ rotation(0, -14) @ rotation(2, 8)
    scale = np.array((1.06, 0.94, 1.03)).reshape(3, 1, 1, 1)
    back = np.einsum("ab,b...->a...", turn.T, places - 4) / scale + bend
    image = sample(voxels, grid, back, 1)
    image = image * (1 + 0.35 * smooth_field(shape, random))
    image = np.clip(image + 3 * random.standard_normal(shape), 0, None)
    order = (0, 2, 1)
    swap = np.eye(4)[:, [0, 2, 1, 3]]
    rsa = Grid((208, 220, 264), fine @ swap, "colin_warped")
    masks = {"brain": brain, **sides(labels, AAL)}
    truth = {
        name: np.ascontiguousarray(
            (sample(mask.astype(np.float32), grid, back, 1) > 0.5).transpose(order)
        )
        for name, mask in masks.items()
    }
    return Head("colin_warped", "colin", as_volume(image.transpose(order), rsa), truth)


def ixi(number: str) -> Head:
    """An elderly adult at 2 mm; truth: the automatic DLMUSE labels."""
    voxels, grid = load(data_folder() / "ixi" / f"Subj{number}_T1.nii.gz")
    labels, _ = load(data_folder() / "ixi" / f"Subj{number}_T1_DLMUSE.nii.gz")
    truth = sides(labels, MUSE)
    truth["brain"] = envelope(labels > 0, grid.spacing_mm)
    return Head(f"ixi_{number}", "ixi", as_volume(voxels, grid), truth)


HEADS: dict[str, Callable[[], Head]] = {
    "colin": colin,
    "colin_moved": colin_moved,
    "colin_warped": colin_warped,
    **{f"painted_{n}": partial(painted, n) for n in ("01", "02", "05", "10", "19")},
    **{f"ixi_{n}": partial(ixi, n) for n in ("1", "9", "14", "19")},
}
"""Every evaluation head by name; made when called."""
