"""Surfaces: how true, how quick, how small, beside the usual alternative in the same run.

    python benchmarks/surfaces.py [--json] [--labels SYNTHSEG.nii.gz]

Solids with closed forms, 1 mm voxels: volume and distance of the vertices to the true surface,
ours and that of pyvista's `contour_labels()` as it comes (surface nets, 16 smoothing passes).
Then one whole head, two levels of every structure, by two processes: wall and processor seconds,
triangles, worst distance at the 95th percentile, worst volume error, bytes on the wire, and the
milliseconds of a click's ray.
"""

import argparse
import json
import resource
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from anatomy import phantom
from anatomy.grid import Grid
from anatomy.meshing import meshed, volume_mm3
from anatomy.ray import Caster
from anatomy.solids import Ellipsoid, Solid, Tube
from anatomy.surface import structures_from
from anatomy.surface_file import encode
from anatomy.volume import LabelMap

SOLIDS: dict[str, Any] = {
    "ellipsoid 30x22x18": Ellipsoid((0.3, 0.1, -0.2), (30, 22, 18)),
    "thalamus 14x9x8": Ellipsoid((0.2, 0.4, 0.1), (14, 9, 8), yaw_deg=25),
    "subthalamic 5x2.5x3.5": Ellipsoid((0.2, 0.1, 0.3), (5, 2.5, 3.5), yaw_deg=30),
    "vessel r 1.5": Tube(((-20, -8, -5), (20, 8, 9)), (1.5, 1.5)),
}
ASEG = {
    "scalp": (502, 506, 507, 509, 511, 512, 514, 530), "skull": (515, 516),
    "brain": (24, 26, 28, 30, 58, 60, 62, 72, 85, 136, 137, 163, 164),
    "grey_matter_left": (3,), "grey_matter_right": (42,),
    "white_matter_left": (2,), "white_matter_right": (41,),
    "lateral_ventricle_left": (4, 5), "lateral_ventricle_right": (43, 44),
    "third_ventricle": (14,), "fourth_ventricle": (15,),
    "thalamus_left": (10,), "thalamus_right": (49,), "caudate_left": (11,), "caudate_right": (50,),
    "putamen_left": (12,), "putamen_right": (51,), "pallidum_left": (13,), "pallidum_right": (52,),
    "hippocampus_left": (17,), "hippocampus_right": (53,),
    "amygdala_left": (18,), "amygdala_right": (54,),
    "brainstem": (16,), "cerebellum": (7, 8, 46, 47),
}  # fmt: skip


def ours(labels: LabelMap) -> tuple[np.ndarray, float, bool]:
    """Vertices in RAS [mm], volume [mm3], closed."""
    made = meshed(np.pad(labels.labels > 0, 2), labels.grid.spacing_mm)
    vertices = made.fine[0] + labels.grid.ijk_to_ras[:3, 3] - 2 * np.array(labels.grid.spacing_mm)
    return vertices, volume_mm3(made.fine), made.watertight


def usual(labels: LabelMap) -> tuple[np.ndarray, float, bool]:
    """The same from pyvista's label contours with their default smoothing."""
    import pyvista

    image = pyvista.ImageData(
        dimensions=labels.grid.shape,
        spacing=labels.grid.spacing_mm,
        origin=labels.grid.ijk_to_ras[:3, 3],
    )
    image["labels"] = (labels.labels > 0).ravel(order="F").astype(np.uint8)
    mesh = image.contour_labels(scalars="labels").triangulate()
    return np.asarray(mesh.points), float(mesh.volume), bool(mesh.is_manifold)


def solids() -> list[dict[str, Any]]:
    """One row for each solid and method."""
    rows = []
    for name, solid in SOLIDS.items():
        labels = phantom.placed({"lesion": solid}, phantom.box(extent_mm=(72, 60, 60)))
        for method in (ours, usual):
            vertices, volume, closed = method(labels)
            off = np.abs(distance(solid, vertices))
            rows.append(
                {
                    "solid": name,
                    "method": "theatrum" if method is ours else "pyvista contour_labels()",
                    "volume_error_percent": round(100 * (volume / 1000 / solid.volume_ml - 1), 2),
                    "mean_mm": round(float(off.mean()), 3),
                    "p95_mm": round(float(np.percentile(off, 95)), 3),
                    "closed": closed,
                }
            )
    return rows


def distance(solid: Solid, vertices: np.ndarray) -> np.ndarray:
    """Signed distance of vertices [mm] to the true surface."""
    x, y, z = vertices.astype(np.float32).T
    return solid.distance((x, y, z))


def real(path: Path) -> LabelMap:
    """A FreeSurfer-like label map with 5xx classes outside the brain, under our ids."""
    import nibabel
    from scipy.ndimage import binary_fill_holes

    image = nibabel.load(path)
    theirs = np.asarray(image.dataobj).astype(int)
    i, j, k = theirs.shape
    labels = np.zeros((i, j, k), np.uint16)
    for number, values in enumerate(ASEG.values(), 1):
        labels[np.isin(theirs, values)] = number
    labels[binary_fill_holes(labels > 0) & (labels == 0)] = 1
    return LabelMap(
        grid=Grid((i, j, k), image.affine, "head"), labels=labels, key=dict(enumerate(ASEG, 1))
    )


def head(labelmap: LabelMap) -> dict[str, Any]:
    """Everything about one head."""
    before, start = _cpu(), time.perf_counter()
    structures = structures_from(labelmap, workers=2)
    wall, cpu = time.perf_counter() - start, _cpu() - before
    packed = {
        (s.id, level): len(encode(surface, structure=s.id, level=level))
        for s in structures
        for level, surface in s.surfaces.items()
    }
    fine = sum(s.triangles for s in structures)
    coarse = sum(s.surfaces["coarse"].triangles for s in structures)
    start = time.perf_counter()
    caster = Caster(structures)
    built = time.perf_counter() - start
    times = []
    for turn in np.linspace(0, 2 * np.pi, 30):
        start = time.perf_counter()
        way = (float(np.cos(turn)), float(np.sin(turn)), 0.0)
        caster.hits((-500 * way[0], -500 * way[1], 10.0), way)
        times.append(1000 * (time.perf_counter() - start))
    return {
        "structures": len(structures),
        "wall_s": round(wall, 1),
        "processor_s": round(cpu, 1),
        "triangles_fine": fine,
        "triangles_coarse": coarse,
        "bytes_per_triangle": round(sum(packed.values()) / (fine + coarse), 2),
        "bytes_coarse": sum(size for (_, level), size in packed.items() if level == "coarse"),
        "bytes_all": sum(packed.values()),
        "worst_p95_voxels": round(
            max(s.surface_p95_mm for s in structures) / (1000 * labelmap.grid.voxel_ml) ** (1 / 3),
            2,
        ),
        "worst_volume_percent": round(
            max(100 * abs(s.surface_volume_ml / s.volume_ml - 1) for s in structures), 2
        ),
        "watertight": all(s.watertight for s in structures),
        "caster_built_s": round(built, 2),
        "ray_ms": round(statistics.median(times), 2),
        "ray_worst_ms": round(max(times), 2),
    }


def _cpu() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(use.ru_utime + use.ru_stime for use in both)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="figures as JSON on standard output")
    parser.add_argument("--labels", type=Path, help="a SynthSeg-like whole-head label map")
    asked = parser.parse_args()
    found: dict[str, Any] = {
        "solids": solids(),
        "head": head(phantom.whole_head(lesion=True).labelmap),
    }
    if asked.labels:
        found["labels"] = head(real(asked.labels))
    if asked.json:
        json.dump(found, sys.stdout, indent=1)
        return
    for row in found["solids"]:
        print("  ".join(f"{value}" for value in row.values()))
    for name in ("head", "labels"):
        for key, value in found.get(name, {}).items():
            print(f"{name}.{key} = {value}")


if __name__ == "__main__":
    main()
