"""Make a scene for the development page from a whole-head label map and its painted T1.

    python viewer/js/dev/make_scene.py SHARED_DATA OUT [CASE [ID ...]]

A quick stand-in for a reconstructed case: it writes OUT/scene.json and OUT/data/<digest> in the
formats that the server serves (gzip bodies, THM1 meshes, axis-aligned RAS volumes), so that the
page and its tests run without a server.
"""

import gzip
import hashlib
import json
import struct
import sys
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from scipy import ndimage
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkFiltersCore import (
    vtkFlyingEdges3D,
    vtkPolyDataNormals,
    vtkQuadricDecimation,
    vtkWindowedSincPolyDataFilter,
)

# id, title, side, group, colour, opacity, SynthSeg labels (None: the whole head), coarse triangles
BRAIN = [2, 3, 4, 5, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 24, 26, 28, 30]
BRAIN += [41, 42, 43, 44, 46, 47, 49, 50, 51, 52, 53, 54, 58, 60, 62, 72, 85, 136, 137, 163, 164]
SOLIDS: list[tuple[str, str, str, str, list[int], float, list[int] | None, int]] = [
    ("scalp", "Scalp", "midline", "Head", [177, 122, 101], 0.25, None, 14000),
    ("skull", "Skull", "midline", "Head", [241, 213, 144], 0.4, [515, 516], 12000),
    ("brain", "Brain", "midline", "Brain", [250, 250, 225], 1.0, BRAIN, 12000),
    ("brainstem", "Brainstem", "midline", "Brain", [113, 158, 140], 1.0, [16], 1200),
    ("cerebellum", "Cerebellum", "midline", "Brain", [194, 195, 164], 1.0, [7, 8, 46, 47], 3000),
    ("third_ventricle", "Third ventricle", "midline", "Ventricles", [88, 106, 215], 1.0, [14], 600),
    (
        "fourth_ventricle",
        "Fourth ventricle",
        "midline",
        "Ventricles",
        [88, 106, 215],
        1.0,
        [15],
        600,
    ),
]
ALL: frozenset[str] = frozenset()
PAIRS = [
    ("grey_matter", "Grey matter", "Brain", [200, 200, 235], [3], [42], 9000),
    ("white_matter", "White matter", "Brain", [250, 250, 225], [2], [41], 9000),
    (
        "lateral_ventricle",
        "Lateral ventricle",
        "Ventricles",
        [88, 106, 215],
        [4, 5],
        [43, 44],
        1800,
    ),
    ("thalamus", "Thalamus", "Deep nuclei", [255, 238, 170], [10], [49], 800),
    ("caudate", "Caudate", "Deep nuclei", [152, 189, 207], [11], [50], 800),
    ("putamen", "Putamen", "Deep nuclei", [111, 184, 210], [12], [51], 800),
    ("pallidum", "Pallidum", "Deep nuclei", [178, 212, 242], [13], [52], 600),
    ("hippocampus", "Hippocampus", "Deep nuclei", [255, 204, 102], [17], [53], 800),
    ("amygdala", "Amygdala", "Deep nuclei", [255, 180, 140], [18], [54], 600),
]
for _id, _title, _group, _colour, _left, _right, _n in PAIRS:
    for _side, _labels in (("left", _left), ("right", _right)):
        SOLIDS.append(
            (f"{_id}_{_side}", f"{_title}, {_side}", _side, _group, _colour, 1.0, _labels, _n)
        )


def keep(out: Path, body: bytes) -> str:
    """Store gzip-compressed `body` under its digest and return the digest."""
    packed = gzip.compress(body, 6, mtime=0)
    digest = hashlib.sha256(packed).hexdigest()
    (out / "data" / digest).write_bytes(packed)
    return digest


def contour(mask: np.ndarray, origin_mm: np.ndarray, triangles: int | None) -> Any:
    """A smoothed surface of `mask` (RAS grid, 1 mm), reduced to about `triangles`."""
    where = ndimage.find_objects(mask.astype(np.uint8))[0]
    low = np.array([max(s.start - 2, 0) for s in where])
    high = np.array([s.stop + 2 for s in where])
    block = mask[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    block = np.pad(block, 2).astype(np.float32)
    field = ndimage.gaussian_filter(block, 0.7)
    image = vtkImageData()
    image.SetDimensions(*field.shape)
    image.SetOrigin(*(origin_mm + low - 2.0))
    image.GetPointData().SetScalars(numpy_to_vtk(field.ravel(order="F"), deep=True))
    edges = vtkFlyingEdges3D()
    edges.SetInputData(image)
    edges.SetValue(0, 0.5)
    edges.ComputeNormalsOff()
    edges.Update()
    full = edges.GetOutput().GetNumberOfPolys()
    smooth = vtkWindowedSincPolyDataFilter()
    smooth.SetInputConnection(edges.GetOutputPort())
    smooth.SetNumberOfIterations(15)
    smooth.SetPassBand(0.05)
    smooth.Update()
    last: Any = smooth
    if triangles is not None and triangles < full:
        last = vtkQuadricDecimation()
        last.SetInputConnection(smooth.GetOutputPort())
        last.SetTargetReduction(1.0 - triangles / full)
    normals = vtkPolyDataNormals()
    normals.SetInputConnection(last.GetOutputPort())
    normals.ConsistencyOn()
    normals.AutoOrientNormalsOn()
    normals.SplittingOff()
    normals.Update()
    return normals.GetOutput()


def thm1(poly: Any, structure: str, level: str) -> tuple[bytes, int, np.ndarray]:
    """THM1 bytes of `poly`, its triangle count and its corner points [mm]."""
    points = vtk_to_numpy(poly.GetPoints().GetData()).astype(np.float64)
    faces = vtk_to_numpy(poly.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    seen, first = np.unique(faces.ravel(), return_index=True)
    order = seen[np.argsort(first)]
    back = np.full(len(points), -1)
    back[order] = np.arange(len(order))
    points, faces = points[order], back[faces]
    origin = points.min(axis=0)
    step = float((points.max(axis=0) - origin).max() / 65535)
    quantised = np.round((points - origin) / step).astype(np.int64)
    head = {"vertices": len(points), "triangles": len(faces), "origin_mm": origin.tolist()}
    head |= {"step_mm": step, "frame": "dev", "structure": structure, "level": level}
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 4)
    planes = b"".join(
        np.diff(quantised[:, axis], prepend=0).astype("<u2").tobytes() for axis in range(3)
    )
    planes += b"\0" * (-len(planes) % 4)
    steps = np.diff(faces.ravel().astype(np.int64), prepend=0)
    zigzag = ((steps << 1) ^ (steps >> 63)).astype("<u4").tobytes()
    return b"THM1" + struct.pack("<I", len(text)) + text + planes + zigzag, len(faces), points


def make(shared: Path, out: Path, *, case: str = "01", only: frozenset[str] = ALL) -> None:
    """Write the scene of head `case`; `only` names the structures to keep (empty: all)."""
    (out / "data").mkdir(parents=True, exist_ok=True)
    folder = shared / "labelmap"
    labels_image = nib.as_closest_canonical(nib.load(folder / f"synthseg_{case}_labels.nii.gz"))
    labels = np.asarray(labels_image.dataobj).astype(np.uint16)
    painted = folder / f"synthseg_{case}_synthetic_T1.nii.gz"
    if painted.exists():
        image = nib.as_closest_canonical(nib.load(painted))
        volume = np.asarray(image.dataobj).astype(np.int16)
    else:  # no painted T1 of this head: a plain one from the labels, for a second case to switch to
        volume = (np.where(labels > 0, 60 + labels % 97, 0)).astype(np.int16)
    origin = labels_image.affine[:3, 3]
    head = ndimage.binary_fill_holes(labels > 0)
    where = ndimage.find_objects(head.astype(np.uint8))[0]
    box = tuple(slice(max(s.start - 6, 0), s.stop + 6) for s in where)
    labels, volume, head = labels[box], volume[box], head[box]
    origin = origin + [s.start for s in box]

    key: dict[str, str] = {}
    drawn = np.zeros(labels.shape, np.uint16)
    structures = []
    for number, (id, title, side, group, colour, opacity, values, coarse) in enumerate(SOLIDS, 1):
        if only and id not in only:
            continue
        mask = head if values is None else np.isin(labels, values)
        if not mask.any():
            continue
        key[str(number)] = id
        drawn[mask] = number
        meshes, corner, count = [], np.zeros((1, 3)), 0
        for level, goal in (("coarse", coarse), ("fine", 4 * coarse)):
            body, count, corner = thm1(contour(mask, origin, goal), id, level)
            digest = keep(out, body)
            size = (out / "data" / digest).stat().st_size
            meshes.append(
                {"level": level, "url": f"data/{digest}", "triangles": count, "bytes": size}
            )
        low, high = corner.min(axis=0), corner.max(axis=0)
        box6 = [v for pair in zip(low.tolist(), high.tolist(), strict=True) for v in pair]
        structures.append(
            {
                "id": id, "title": title, "side": side, "group": group, "colour": colour,
                "opacity": opacity, "visible": id not in {"skull", "brain"},
                "estimated": id == "skull", "origin": "estimated" if id == "skull" else "manual",
                "sigma_mm": 2.5 if id == "skull" else 0.5, "volume_ml": float(mask.sum()) / 1000,
                "surface_volume_ml": float(mask.sum()) / 1000, "surface_p95_mm": 0.6,
                "triangles": count, "watertight": True, "note": "", "bounds_mm": box6,
                "meshes": meshes,
            }
        )  # fmt: skip
        print(id, count, meshes[0]["triangles"], flush=True)
    low, high = np.percentile(volume, [0.1, 99.9])
    positive = volume[volume > 0]
    shape = list(volume.shape)
    last = origin + np.array(shape) - 1
    bounds = [v for a, b in zip(origin - 0.5, last + 0.5, strict=True) for v in (a, b)]
    scene = {
        "case": f"dev{case}", "title": f"Development head {case}",
        "strip": f"Development head {case} · synthetic T1 · not a patient",
        "anatomy": f"dev{case}", "frame": "dev",
        "volume": {
            "url": "data/" + keep(out, volume.astype("<i2").tobytes(order="F")), "shape": shape,
            "spacing_mm": [1.0, 1.0, 1.0], "origin_mm": origin.tolist(), "dtype": "int16",
            "slope": 1.0, "inter": 0.0, "range": [float(volume.min()), float(volume.max())],
            "window": [float(low), float(high)],
            "presets": [
                {"id": "auto", "title": "Auto", "low": float(low), "high": float(high)},
                {"id": "brain", "title": "Brain", "low": float(np.percentile(positive, 20)),
                 "high": float(np.percentile(positive, 95))},
                {"id": "fluid", "title": "Fluid", "low": 0.0,
                 "high": float(np.percentile(positive, 60))},
            ],
        },
        "labels": {
            "url": "data/" + keep(out, drawn.astype("<u2").tobytes(order="F")),
            "dtype": "uint16", "key": key,
        },
        "structures": structures, "bounds_mm": bounds,
        "notes": ["A synthetic image painted from a label map."],
    }  # fmt: skip
    (out / "scene.json").write_text(json.dumps(scene, indent=1))


if __name__ == "__main__":
    shared, out, case, *only = (*sys.argv[1:], "01")[: max(len(sys.argv) - 1, 3)]
    make(Path(shared), Path(out), case=case, only=frozenset(only))
