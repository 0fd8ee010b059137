"""From files to a case in the library: the one way, for the command and for the page alike."""

import gzip
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from anatomy.grid import Grid
from anatomy.structure import Anatomy
from anatomy.volume import LabelMap, Volume, digest
from twin.display import display, packed
from twin.records import Case, DisplayRecord, MeshRecord, StructureRecord, name_from
from twin.repository import Repository

if TYPE_CHECKING:
    from anatomy.reconstruct import Overlay
    from anatomy.structure import Structure

Progress = Callable[[str, float, str], None]
"""Called with stage, fraction of the whole 0..1 and a sentence; raises Cancelled to stop."""


@dataclass(frozen=True, kw_only=True)
class LabelFile:
    """A label map to lay over the head: its file, what its numbers mean, whether it wins.

    `scheme` is a scheme's name or the path of a key (CSV, JSON). `name` is shown to people.
    """

    path: Path
    scheme: str
    precedence: bool = False
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to build. `name` is what people call the file; `again` redoes what is there."""

    path: Path
    name: str = ""
    case: str = ""
    labels: tuple[LabelFile, ...] = ()
    answers: dict[str, str] = field(default_factory=dict)
    again: bool = False


@dataclass(frozen=True, kw_only=True)
class Built:
    """The case, and whether the library had it already."""

    case: Case
    found: bool


def build(repository: Repository, order: Order, *, progress: Progress) -> Built:
    """Read, reconstruct, draw and store; returns the case that is now in the library.

    A file that was imported before with the same labels and answers is found by digest and
    returned as it is, unless `order.again`.
    """
    from anatomy.reconstruct import reconstruct
    from anatomy.surface import structures_from

    repository.tidy()
    began = time.perf_counter()
    shown = order.name or order.path.name
    progress("read", 0.0, f"Reading {shown}.")
    volume, report, overlays, laid = _read(order)
    recipe = _recipe(volume, overlays, order)
    if not order.again and (known := repository.made_from(recipe=recipe)):
        return Built(case=known, found=True)
    stages = [{"name": "read", "seconds": time.perf_counter() - began, "cached": False}]

    made = reconstruct(
        volume,
        overlays=overlays,
        progress=_within(progress, 0.03, 0.70),
        keep=repository.keep,
    )
    stages += [{"name": n, "seconds": s, "cached": c} for n, s, c in made.stages]

    began = time.perf_counter()
    structures = structures_from(
        made.labelmap, origin=made.origin, progress=_within(progress, 0.70, 0.92)
    )
    stages.append({"name": "surfaces", "seconds": time.perf_counter() - began, "cached": False})

    began = time.perf_counter()
    progress("picture", 0.92, "Preparing the pictures for the slices.")
    shape = display(volume, made.labelmap)
    image, labels = packed(shape.stored), packed(shape.labels)
    progress("store", 0.96, "Storing the case.")
    with repository.locked():
        records = [_record(repository, structure) for structure in structures]
        stages.append({"name": "store", "seconds": time.perf_counter() - began, "cached": False})
        notes = [*report.get("notes", ()), *made.notes]
        if shape.resampled:
            notes.append("The scan is oblique: the slices are interpolated on straight axes.")
        case = Case(
            case=repository.free_name(order.case or name_from(shown)),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            engine=version("theatrum"),
            recipe=recipe,
            source_name=shown,
            source_digest=volume.source,
            report=report,
            overlays=laid,
            anatomy=Anatomy(volume.grid.frame, tuple(structures)).id,
            frame=volume.grid.frame,
            structures=records,
            display=DisplayRecord(
                volume=repository.put(image),
                slope=shape.slope,
                inter=shape.inter,
                labels=repository.put(labels),
                shape=shape.grid.shape,
                spacing_mm=shape.grid.spacing_mm,
                origin_mm=shape.origin_mm,
                percentiles=shape.percentiles,
                range=shape.range,
                resampled=shape.resampled,
                key={str(n): name for n, name in made.labelmap.key.items()},
            ),
            labelmap=repository.put(pack_labels(made.labelmap)),
            quality=made.quality.wire(),
            stages=stages,
            notes=list(dict.fromkeys(notes)),
        )
        repository.save(case)
    progress("done", 1.0, f"Case {case.case} is ready.")
    return Built(case=case, found=False)


def pack_labels(labelmap: LabelMap) -> bytes:
    """A label map on its own grid as gzip: one line of JSON, then the numbers, i fastest."""
    head = {
        "shape": labelmap.grid.shape,
        "ijk_to_ras": labelmap.grid.ijk_to_ras.tolist(),
        "frame": labelmap.grid.frame,
        "key": {str(n): name for n, name in labelmap.key.items()},
    }
    body = labelmap.labels.astype("<u2").tobytes(order="F")
    return gzip.compress(json.dumps(head).encode() + b"\n" + body, compresslevel=4, mtime=0)


def unpack_labels(content: bytes) -> LabelMap:
    """The label map of `pack_labels`, from the unpacked content."""
    line, body = content.split(b"\n", 1)
    head = json.loads(line)
    shape = (int(head["shape"][0]), int(head["shape"][1]), int(head["shape"][2]))
    return LabelMap(
        grid=Grid(shape, np.array(head["ijk_to_ras"]), head["frame"]),
        labels=np.frombuffer(body, "<u2").reshape(shape, order="F").astype(np.uint16),
        key={int(n): name for n, name in head["key"].items()},
    )


def _read(
    order: Order,
) -> tuple[Volume, dict[str, Any], list["Overlay"], list[dict[str, Any]]]:
    from anatomy.nifti import read_labels, read_volume
    from anatomy.reconstruct import Overlay
    from anatomy.report import Answers
    from anatomy.schemes import find_scheme

    answers = Answers(**order.answers)  # type: ignore[arg-type]
    volume, report = read_volume(order.path, answers=answers, name=order.name or None)
    overlays, laid = [], []
    for file in order.labels:
        name = file.name or file.path.name
        meaning = find_scheme(file.scheme)
        labelmap, seen = read_labels(file.path, scheme=meaning, answers=answers, name=name)
        overlays.append(Overlay(labelmap=labelmap, precedence=file.precedence, name=name))
        laid.append({"name": name, "scheme": meaning.name, "report": seen.wire()})
    return volume, report.wire(), overlays, laid


def _recipe(volume: Volume, overlays: Sequence["Overlay"], order: Order) -> str:
    parts = [
        volume.source,
        volume.digest,
        version("theatrum"),
        *(f"{o.labelmap.digest}:{o.precedence}" for o in overlays),
        json.dumps(order.answers, sort_keys=True),
    ]
    return digest(*parts)


def _within(progress: Progress, low: float, high: float) -> Progress:
    def part(stage: str, fraction: float, sentence: str) -> None:
        progress(stage, low + (high - low) * min(max(fraction, 0.0), 1.0), sentence)

    return part


def _record(repository: Repository, structure: "Structure") -> StructureRecord:
    from anatomy.surface_file import encode

    meshes = {}
    for level, surface in structure.surfaces.items():
        content = encode(surface, structure=structure.id, level=level)
        meshes[str(level)] = MeshRecord(
            digest=repository.put(content), triangles=surface.triangles, bytes=len(content)
        )
    return StructureRecord(
        id=structure.id,
        title=structure.title,
        code=structure.code,
        side=structure.side,
        colour=structure.colour,
        opacity=structure.opacity,
        origin=structure.origin,
        sigma_mm=structure.sigma_mm,
        volume_ml=structure.volume_ml,
        surface_volume_ml=structure.surface_volume_ml,
        triangles=structure.triangles,
        watertight=structure.watertight,
        surface_p95_mm=structure.surface_p95_mm,
        note=structure.note,
        bounds_mm=structure.surfaces["fine"].bounds_mm,
        meshes=meshes,
    )
