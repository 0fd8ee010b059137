"""A case from label maps alone: bone, vessels or a heart that a person has labelled.

Nothing is computed but surfaces: the labels are taken as they are, and an image, if there is one,
is what the slices show.
"""

import json
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from anatomy.errors import ReadError
from anatomy.joined import Named, around, joined
from anatomy.quality import Quality
from anatomy.volume import LabelMap, Volume, digest
from twin.build import Built, Clock, LabelFile, Order, Progress, Reading, store, within
from twin.drawn import structures
from twin.repository import Repository

WHERE = (0.30, 0.92)
"""The part of the whole that the surfaces take, from measured runs."""
LABELLED, BLANK = 100.0, 0.0
"""What the slices show where no image was given: labelled or not."""
NOTES = {
    True: "Made from label maps alone: every structure is as the person who labelled it drew it, "
    "and nothing was checked against the image.",
    False: "Made from label maps alone, without an image: the slices show where labels are, and "
    "nothing was checked against a scan.",
}


@dataclass(frozen=True, kw_only=True)
class Model:
    """What to build: label maps, the image to look at, the case's name; `again` redoes it."""

    labels: tuple[LabelFile, ...]
    image: Path | None = None
    image_name: str = ""
    """What people call the image's file."""
    case: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    again: bool = False

    @property
    def shown(self) -> str:
        """What people call what the case is made from: the image, else the first map."""
        first = self.labels[0]
        own = first.name or first.path.name
        return own if self.image is None else self.image_name or self.image.name


def build_model(repository: Repository, model: Model, *, progress: Progress) -> Built:
    """Read, join, draw and store; returns the case that is now in the library.

    The same files with the same keys are found by digest and returned as they are, unless `again`.
    """
    repository.tidy()
    progress("read", 0.0, f"Reading {model.shown}.")
    clock = Clock()
    reading, labelmap, notes = read(model)
    if not model.again and (known := repository.made_from(recipe=reading.recipe, name=model.case)):
        return Built(case=known, found=True)
    clock.lap("read")
    drawn, kept = structures(
        repository,
        labelmap,
        origin=dict.fromkeys(labelmap.key.values(), "manual"),
        progress=within(progress, *WHERE),
    )
    clock.lap("surfaces", cached=kept)
    progress("store", WHERE[1], "Preparing the pictures for the slices.")
    from anatomy.reconstruct import Reconstruction

    made = Reconstruction(
        labelmap=labelmap,
        origin={one.id: one.origin for one in drawn},
        quality=Quality(passed=True, checks=()),
        stages=(),
        skull_stripped=False,
        notes=(NOTES[model.image is not None], *notes),
    )
    order = Order(path=Path(model.shown), case=model.case)
    case = store(repository, order, reading, made, drawn, clock=clock)
    progress("done", 1.0, f"Case {case.case} is ready.")
    return Built(case=case, found=False)


def read(model: Model) -> tuple[Reading, LabelMap, list[str]]:
    """Read the maps and the image, in a child process each; the joined map and notes on it."""
    from anatomy.nifti import read_labels, read_volume
    from anatomy.regrid import check_overlap
    from anatomy.report import Answers
    from anatomy.schemes import find_scheme

    if not model.labels:
        raise ReadError("A model needs at least one label map.")
    answers = Answers(**model.answers)  # type: ignore[arg-type]
    maps: list[Named] = []
    laid: list[dict[str, Any]] = []
    reports: list[dict[str, Any]] = []
    for file in model.labels:
        name = file.name or file.path.name
        meaning = find_scheme(file.scheme)
        labelmap, seen = read_labels(file.path, scheme=meaning, answers=answers, name=name)
        maps.append(Named(labelmap, name))
        reports.append(seen.wire())
        laid.append({"name": name, "scheme": meaning.name, "report": reports[-1]})
    volume: Volume | None = None
    report = reports[0]
    if model.image is not None:
        volume, seen = read_volume(
            model.image, answers=answers, expect=None, name=model.image_name or None
        )
        report = seen.wire()
        for one in maps:
            check_overlap(one.labelmap, volume, name=one.name)
    whole, notes = joined(maps)
    if volume is None:
        whole = around(whole)
        voxels = np.where(whole.labels > 0, LABELLED, BLANK).astype(np.float32)
        volume = Volume(grid=whole.grid, voxels=voxels, source=reports[0]["digest"])
    recipe = digest(
        "model",
        version("theatrum"),
        volume.digest,
        *(one.labelmap.digest for one in maps),
        json.dumps(model.answers, sort_keys=True),
    )
    reading = Reading(volume=volume, report=report, overlays=[], laid=laid, recipe=recipe)
    return reading, whole, notes
