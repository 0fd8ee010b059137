"""Volumes and label maps in and out: header first, in a child process, into RAS millimetres."""

import gzip
import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from anatomy import intake, nrrd
from anatomy.errors import ReadError, WriteError
from anatomy.grid import Grid
from anatomy.header import DATATYPES, Header, body_start, check, parse
from anatomy.placement import PATIENT, axis_codes, near, oblique_deg, place
from anatomy.report import Answers, ImportReport
from anatomy.schemes import Scheme
from anatomy.stream import Unpacked, fingerprint, opened, refuse_strangers
from anatomy.structure import whole_key
from anatomy.volume import LabelMap, Volume
from anatomy.writing import write_whole

__all__ = ["Answers", "read_labels", "read_volume", "write_labels"]

CT_AIR = (-1100.0, -900.0)
CT_BONE = 300.0
PERCENTILES = {"p0_1": 0.1, "p1": 1.0, "p50": 50.0, "p99": 99.0, "p99_9": 99.9}
SAMPLED = 2_000_000
LEAST_SLICES = 20
THICK_MM = 3.0
FLAT = 0.2
"""House value: images have up to 0.1 of their voxels in flat regions, label maps 0.3 and more."""
FEW = 1024
"""House value: no label map of a head has more integers."""


def read_volume(
    path: str | os.PathLike[str],
    *,
    answers: Answers = Answers(),  # noqa: B008 - frozen
    expect: Literal["head"] | None = "head",
    name: str | None = None,
) -> tuple[Volume, ImportReport]:
    """The image at `path` (.nii, .nii.gz) in RAS mm, and the report of its import.

    `expect="head"` refuses fields of view and intensities that are no head in T1; None takes any
    scan. `name` is what messages call the file (its base name if not given). Raises ReadError, or
    Question where an answer would settle it.
    """
    called = name or Path(path).name
    found = intake.in_child(take, str(path), called, answers, expect, False, subject=called)
    grid = Grid(tuple(found["voxels"].shape), np.array(found["affine"]), PATIENT)
    report = _report(found["report"])
    volume = Volume(
        grid=grid, voxels=found["voxels"], source=report.digest, modality=report.modality
    )
    return volume, report


def read_labels(
    path: str | os.PathLike[str],
    *,
    scheme: Scheme,
    answers: Answers = Answers(),  # noqa: B008 - frozen
    name: str | None = None,
) -> tuple[LabelMap, ImportReport]:
    """The label map at `path` (.nii, .nii.gz, .nrrd, .seg.nrrd) named by `scheme`.

    Raises ReadError if the scheme does not fit or leaves an integer unnamed.
    """
    called = name or Path(path).name
    found = intake.in_child(take, str(path), called, answers, None, True, subject=called)
    labels, present = found["voxels"], [int(n) for n in found["present"]]
    key = scheme.fit(present, name=called)
    ignored = [n for n in present if n in scheme.ignore]
    report = found["report"]
    if ignored:
        labels = np.where(np.isin(labels, ignored), np.uint16(0), labels)
        report["notes"].append(
            f"Labels {', '.join(map(str, ignored))} were left out, as {scheme.title} says."
        )
    grid = Grid(tuple(labels.shape), np.array(found["affine"]), PATIENT)
    return LabelMap(grid=grid, labels=labels, key=key), _report(report)


def write_labels(labelmap: LabelMap, path: str | os.PathLike[str]) -> None:
    """Write `path` (.nii.gz) on the map's own grid [mm], and OUT.json (integer to id) beside it.

    Where a solid is made of several integers (scalp, brain), OUT.parts.json tells which (id to
    integers). The same map gives the same bytes. Nothing is left behind when writing fails.
    """
    out = Path(path)
    if not out.name.endswith(".nii.gz"):
        raise WriteError(f"{out.name} must end in .nii.gz: label maps are written as such.")
    stem = out.name.removesuffix(".nii.gz")
    parts = {
        out: lambda: _packed(labelmap),
        out.with_name(f"{stem}.json"): lambda: _json(
            {str(n): id for n, id in labelmap.key.items()}
        ),
    }
    whole = whole_key(labelmap.key)
    if any(len(numbers) > 1 for numbers in whole.values()):
        parts[out.with_name(f"{stem}.parts.json")] = lambda: _json(whole)
    write_whole(parts)


def _json(values: Mapping[str, Any]) -> bytes:
    lines = [f" {json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in values.items()]
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def take(
    path: str, name: str, answers: Answers, expect: str | None, labels: bool
) -> dict[str, Any]:
    """Read one file whole; runs in the child. Arrays, affine and the report's values."""
    with opened(Path(path), name=name) as file:
        stream = Unpacked(file, name=name)
        first = stream.read(540)
        if first[:4] == b"NRRD":
            if not labels:
                raise ReadError(f"{name} is NRRD: images are read from .nii or .nii.gz only.")
            body, affine, facts = nrrd.take(file, name=name, answers=answers)
        else:
            body, affine, facts = _nifti(
                stream, first, name=name, answers=answers, head=expect == "head",
                size=None if stream.packed else os.fstat(file.fileno()).st_size,
            )  # fmt: skip
        near(affine, body.shape, name=name)
        digest = fingerprint(file)
    values: NDArray[Any] = (
        _labels(_scaled(body, facts), name=name) if labels else _image(body, facts, name=name)
    )
    modality = "SEG" if labels else _modality(values)
    if expect == "head" and modality == "CT":
        raise ReadError(
            f"{name} looks like a CT (air near -1000, bone above {CT_BONE:g}): a head is "
            "reconstructed from a T1-weighted MRI.",
            modality="CT",
        )
    if expect == "head" and min(values.shape) < LEAST_SLICES:
        raise ReadError(
            f"{name} has {min(values.shape)} slices along one axis: at least {LEAST_SLICES} are "
            "needed for a head."
        )
    if expect == "head" and flatness(values) > FLAT:
        raise ReadError(
            f"{name} looks like a label map (few whole numbers in flat regions), not like an "
            "image: give the T1 first and this file with --labels and --scheme."
        )
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    if not labels and spacing.max() > THICK_MM:
        facts["notes"].append(
            f"Voxels are up to {spacing.max():.1f} mm long: finer structures are not in the file."
        )
    report = {
        **{k: facts[k] for k in _FACTS},
        "file": name,
        "digest": digest,
        "shape": list(values.shape),
        "spacing_mm": spacing.tolist(),
        "fov_mm": (spacing * values.shape).tolist(),
        "axes": axis_codes(affine),
        "intensity": _intensity(values),
        "oblique_deg": round(oblique_deg(affine), 4),
        "left_handed": bool(np.linalg.det(affine[:3, :3]) < 0),
        "modality": modality,
    }
    present = _present(values) if labels else []
    return {"voxels": values, "affine": affine.tolist(), "report": report, "present": present}


_FACTS = (
    "format", "datatype", "sform_code", "qform_code", "placed_by", "unit_stated", "unit_used",
    "notes",
)  # fmt: skip


def _nifti(
    stream: Unpacked, first: bytes, *, name: str, answers: Answers, head: bool, size: int | None
) -> tuple[NDArray[Any], NDArray[np.float64], dict[str, Any]]:
    refuse_strangers(first, name=name)
    header = parse(first, name=name)
    check(header, name=name)
    start = body_start(header, name=name, file_bytes=size)
    placement = place(header, name=name, answers=answers, head=head)
    passed = len(first) + stream.skip(start - len(first)) if start > len(first) else len(first)
    if passed < start:
        raise ReadError(
            f"{name} says that its voxels start at byte {start}, past its end ({passed} bytes).",
            vox_offset=start,
        )
    kind = np.dtype(header.order + DATATYPES[header.datatype][1])
    body = stream.body(kind, header.shape, before=first[start:])
    notes = list(placement.notes)
    if header.texts or start > (352 if header.format == "NIfTI-1" else 544):
        notes.append("Text in the file's header was left behind: it may name the patient.")
    return body, placement.ijk_to_ras, _facts(header, placement.placed_by, placement.unit_used,
        notes, packed=stream.packed)  # fmt: skip


def _facts(
    header: Header, placed_by: str, unit_used: str, notes: list[str], *, packed: bool
) -> dict[str, Any]:
    return {
        "format": header.format + (" (gzip)" if packed else ""),
        "datatype": DATATYPES[header.datatype][0],
        "sform_code": header.sform_code,
        "qform_code": header.qform_code,
        "placed_by": placed_by,
        "unit_stated": header.unit,
        "unit_used": unit_used,
        "notes": notes,
        "slope": header.slope,
        "inter": header.inter,
    }


def _image(body: NDArray[Any], facts: Mapping[str, Any], *, name: str) -> NDArray[np.float32]:
    values = _scaled(body, facts).astype(np.float32)
    _finite(values, name=name)
    if values.min() == values.max():
        raise ReadError(f"{name} is blank: every voxel holds {values.flat[0]:g}.")
    return values


def _labels(body: NDArray[Any], *, name: str) -> NDArray[np.uint16]:
    _finite(body, name=name)
    whole = np.rint(body) if body.dtype.kind == "f" else body
    if body.dtype.kind == "f" and np.abs(body - whole).max() > 1e-3:
        raise ReadError(f"{name} is not a label map: it holds values that are not whole numbers.")
    low, high = whole.min(), whole.max()
    if low < 0 or high > 65535:
        raise ReadError(f"{name} holds labels from {low} to {high}: 0 to 65535 are possible.")
    if high == 0:
        raise ReadError(f"{name} holds no labels: every voxel is 0.")
    return whole.astype(np.uint16)


def _scaled(body: NDArray[Any], facts: Mapping[str, Any]) -> NDArray[Any]:
    slope, inter = facts.get("slope", 1.0), facts.get("inter", 0.0)
    if not np.isfinite(slope) or slope == 0 or (slope == 1 and inter == 0):
        return body
    values = np.multiply(body, slope, dtype=np.float64)
    values += inter if np.isfinite(inter) else 0.0
    return values


def _finite(values: NDArray[Any], *, name: str) -> None:
    if values.dtype.kind == "f" and (bad := int(np.count_nonzero(~np.isfinite(values)))):
        raise ReadError(
            f"{name} holds {bad} voxels that are not numbers (NaN or infinite, "
            f"{100 * bad / values.size:.3g} %): repair it first.",
            count=bad,
        )


def _present(labels: NDArray[Any]) -> list[int]:
    found = np.zeros(65536, bool)
    for slab in labels.T:
        found[slab] = True
    return np.flatnonzero(found).tolist()


def _modality(values: NDArray[Any]) -> str:
    low, high = CT_AIR
    if values.min() >= -200 or values.max() < CT_BONE:
        return "MR"
    air = np.count_nonzero((values >= low) & (values <= high)) / values.size
    return "CT" if air > 0.01 else "MR"


def flatness(values: NDArray[Any]) -> float:
    """Share of voxels, without the commonest value, that all six neighbours equal; 0..1.

    0 for values that are not few, whole and at least 0. Seen in at most 64 planes.
    """
    sample = values.ravel(order="K")[::97]
    found, counts = np.unique(sample, return_counts=True)
    if len(found) > FEW or found[0] < 0 or (found != np.rint(found)).any():
        return 0.0
    common = found[counts.argmax()]
    flat = total = 0
    for at in range(1, len(values) - 1, max(1, len(values) // 64)):
        here = values[at, 1:-1, 1:-1]
        same = here != common
        total += int(np.count_nonzero(same))
        for plane in (values[at - 1], values[at + 1]):
            same &= plane[1:-1, 1:-1] == here
        own = values[at]
        for beside in (own[:-2, 1:-1], own[2:, 1:-1], own[1:-1, :-2], own[1:-1, 2:]):
            same &= beside == here
        flat += int(np.count_nonzero(same))
    return flat / total if total else 0.0


def _intensity(values: NDArray[Any]) -> dict[str, float]:
    flat = values.ravel(order="K")
    sample = flat[:: max(1, flat.size // SAMPLED)]
    cuts = np.percentile(sample, list(PERCENTILES.values()))
    found = {"min": float(flat.min()), "max": float(flat.max())}
    return found | {k: round(float(v), 6) for k, v in zip(PERCENTILES, cuts, strict=True)}


def _report(values: dict[str, Any]) -> ImportReport:
    fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    return ImportReport(**fields)


def _packed(labelmap: LabelMap) -> bytes:
    import nibabel

    grid = labelmap.grid
    kind = np.uint8 if max(labelmap.key, default=0) <= 255 else np.uint16
    image = nibabel.Nifti1Image(labelmap.labels.astype(kind), grid.ijk_to_ras)
    columns = grid.ijk_to_ras[:3, :3] / grid.spacing_mm
    right = np.abs(columns.T @ columns - np.eye(3)).max() < 1e-5
    image.set_qform(grid.ijk_to_ras, code=1 if right else 0)
    image.set_sform(grid.ijk_to_ras, code=1)
    image.header.set_xyzt_units("mm")
    image.header.set_intent("label")
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", filename="", mtime=0, compresslevel=6) as packed:
        packed.write(image.to_bytes())
    return out.getvalue()
