"""From files to a case in the library: the one way, for the command and for the page alike."""

import gzip
import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from anatomy.grid import Grid
from anatomy.structure import CARD, Anatomy
from anatomy.volume import LabelMap, Volume, digest
from twin.display import display, packed
from twin.drawn import structures
from twin.records import Case, DisplayRecord, MeshRecord, StructureRecord, name_from
from twin.repository import Repository

if TYPE_CHECKING:
    from anatomy.reconstruct import Overlay, Reconstruction
    from anatomy.structure import Structure

Progress = Callable[[str, float, str], None]
"""Called with stage, fraction of the whole 0..1 and a sentence; raises Cancelled to stop."""

LABELS, SURFACES = (0.04, 0.64), (0.64, 0.95)
"""The parts of the whole that these steps take, from measured runs."""
PACKERS = 2
"""Threads that pack what is stored; gzip leaves the interpreter free meanwhile."""


@dataclass(frozen=True, kw_only=True)
class LabelFile:
    """A label map to lay over the head: its file, what its numbers mean, whether it wins.

    `scheme` is a scheme's name or the path of a key (CSV, JSON). `name` is shown to people.
    """

    path: Path
    scheme: str
    precedence: bool = True
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
    segmenter: str = ""
    """A plugged-in segmenter (docs/reconstruction.md); none if empty."""

    @property
    def shown(self) -> str:
        """What people call the file."""
        return self.name or self.path.name


@dataclass(frozen=True, kw_only=True)
class Built:
    """The case, and whether the library had it already."""

    case: Case
    found: bool


@dataclass(frozen=True, eq=False, kw_only=True)
class Reading:
    """What the files hold. `recipe` is the digest of everything that decides the result."""

    volume: Volume
    report: dict[str, Any]
    overlays: list["Overlay"]
    laid: list[dict[str, Any]]
    recipe: str


def build(repository: Repository, order: Order, *, progress: Progress) -> Built:
    """Read, reconstruct, draw and store; returns the case that is now in the library.

    A file that was imported before with the same labels and answers is found by digest and
    returned as it is, unless `order.again`.
    """
    repository.tidy()
    progress("read", 0.0, f"Reading {order.shown}.")
    clock = Clock()
    reading = read(order)
    if not order.again and (known := repository.made_from(recipe=reading.recipe, name=order.case)):
        return Built(case=known, found=True)
    clock.lap("read")

    from anatomy.reconstruct import reconstruct

    made = reconstruct(
        reading.volume,
        overlays=reading.overlays,
        progress=within(progress, *LABELS),
        keep=repository.keep,
        segmenter=order.segmenter or None,
    )
    clock.add(made.stages)
    drawn, kept = structures(
        repository, made.labelmap, origin=made.origin, progress=within(progress, *SURFACES)
    )
    clock.lap("surfaces", cached=kept)
    progress("store", SURFACES[1], "Preparing the pictures for the slices.")
    case = store(repository, order, reading, made, drawn, clock=clock)
    progress("done", 1.0, f"Case {case.case} is ready.")
    return Built(case=case, found=False)


def read(order: Order) -> Reading:
    """Read the scan and its label maps, in a child process each."""
    from anatomy.nifti import read_labels, read_volume
    from anatomy.reconstruct import Overlay
    from anatomy.regrid import check_overlap
    from anatomy.report import Answers
    from anatomy.schemes import find_scheme
    from anatomy.segment.overlay import segmenter_id

    model = segmenter_id(order.segmenter) if order.segmenter else ""
    answers = Answers(**order.answers)  # type: ignore[arg-type]
    volume, report = read_volume(order.path, answers=answers, name=order.name or None)
    overlays, laid = [], []
    for file in order.labels:
        name = file.name or file.path.name
        meaning = find_scheme(file.scheme)
        labelmap, seen = read_labels(file.path, scheme=meaning, answers=answers, name=name)
        check_overlap(labelmap, volume, name=name)
        overlays.append(Overlay(labelmap=labelmap, precedence=file.precedence, name=name))
        laid.append({"name": name, "scheme": meaning.name, "report": seen.wire()})
    recipe = digest(
        volume.source,
        volume.digest,
        version("theatrum"),
        *(f"{one.labelmap.digest}:{one.precedence}" for one in overlays),
        json.dumps(order.answers, sort_keys=True),
        *((f"segmenter {model}",) if model else ()),
    )
    return Reading(volume=volume, report=report.wire(), overlays=overlays, laid=laid, recipe=recipe)


def store(
    repository: Repository,
    order: Order,
    reading: Reading,
    made: "Reconstruction",
    drawn: Sequence["Structure"],
    *,
    clock: "Clock | None" = None,
) -> Case:
    """Put a reconstruction and its surfaces into the library, whole or not at all.

    Labels that lie on another grid than the image are shown on the image's voxels.
    """
    from anatomy.regrid import resample_labels

    clock = clock or Clock()
    shown = display(reading.volume, resample_labels(made.labelmap, reading.volume.grid))
    with ThreadPoolExecutor(PACKERS) as pool:
        image, labels = pool.map(packed, (shown.stored, shown.labels))
    notes = [*reading.report.get("notes", ()), *made.notes]
    if shown.resampled:
        notes.append("The scan is oblique: the slices are interpolated on straight axes.")
    frame = reading.volume.grid.frame
    with repository.locked():
        with ThreadPoolExecutor(PACKERS) as pool:
            records = list(pool.map(partial(stored, repository), drawn))
        picture = DisplayRecord(
            volume=repository.put(image),
            slope=shown.slope,
            inter=shown.inter,
            labels=repository.put(labels),
            shape=shown.grid.shape,
            spacing_mm=shown.grid.spacing_mm,
            origin_mm=shown.origin_mm,
            percentiles=shown.percentiles,
            range=shown.range,
            resampled=shown.resampled,
            key={str(n): name for n, name in made.labelmap.key.items()},
        )
        labelmap = repository.put(pack_labels(made.labelmap))
        clock.lap("store")
        case = Case(
            case=repository.free_name(order.case or name_from(order.shown)),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            engine=version("theatrum"),
            recipe=reading.recipe,
            source_name=order.shown,
            source_digest=reading.volume.source,
            report=reading.report,
            overlays=reading.laid,
            anatomy=Anatomy(frame, tuple(drawn)).id,
            frame=frame,
            structures=records,
            display=picture,
            labelmap=labelmap,
            quality=made.quality.wire(),
            stages=clock.stages,
            notes=list(dict.fromkeys(notes)),
        )
        repository.save(case)
    return case


class Clock:
    """Seconds per stage, one after the other."""

    def __init__(self) -> None:
        self.stages: list[dict[str, Any]] = []
        self._began = time.perf_counter()

    def lap(self, name: str, *, cached: bool = False) -> None:
        """The stage that ends now."""
        now = time.perf_counter()
        self._note(name, now - self._began, cached=cached)
        self._began = now

    def add(self, stages: Sequence[tuple[str, float, bool]]) -> None:
        """Stages that were timed elsewhere and end now."""
        for name, seconds, cached in stages:
            self._note(name, seconds, cached=cached)
        self._began = time.perf_counter()

    def _note(self, name: str, seconds: float, *, cached: bool) -> None:
        self.stages.append({"name": name, "seconds": round(seconds, 3), "cached": cached})


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


def within(progress: Progress, low: float, high: float) -> Progress:
    """Progress of a step that is this part of the whole."""

    def part(stage: str, fraction: float, sentence: str) -> None:
        progress(stage, low + (high - low) * min(max(fraction, 0.0), 1.0), sentence)

    return part


def stored(repository: Repository, structure: "Structure") -> StructureRecord:
    """The structure's card, its surfaces put into the library (hold `locked()`)."""
    from anatomy.surface_file import encode

    meshes = {}
    for level, surface in structure.surfaces.items():
        content = encode(surface, structure=structure.id, level=level)
        meshes[str(level)] = MeshRecord(
            digest=repository.put(content), triangles=surface.triangles, bytes=len(content)
        )
    return StructureRecord(
        **{name: getattr(structure, name) for name in CARD},
        triangles=structure.triangles,
        bounds_mm=structure.surfaces["fine"].bounds_mm,
        meshes=meshes,
    )
