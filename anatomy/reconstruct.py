"""One T1 in, one labelled head out: the stages in order, each kept by digest of its inputs."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from anatomy import register
from anatomy.quality import Quality, judged
from anatomy.segment import brain as brains
from anatomy.segment import head as heads
from anatomy.segment import parts as named
from anatomy.segment import skull as skulls
from anatomy.segment import tissue
from anatomy.segment.apart import call
from anatomy.segment.lattice import Lattice, lattice_of
from anatomy.template import Template, template
from anatomy.volume import LabelMap, Volume, digest

VERSION = "1"
"""Raised whenever a stage computes something else: old kept results no longer match."""

Progress = Callable[[str, float, str], None]
"""stage, fraction 0..1 of the whole, a sentence for people; raises Cancelled to call it off."""
Arrays = dict[str, NDArray[Any]]


class Keep(Protocol):
    """Where stage results are kept: the arrays under `key`, made if they are not there yet."""

    def __call__(self, name: str, key: str, make: Callable[[], Arrays]) -> Arrays: ...


def remember(name: str, key: str, make: Callable[[], Arrays]) -> Arrays:
    """Keeps nothing: makes every stage anew."""
    _ = name, key
    return make()


def silent(stage: str, fraction: float, sentence: str) -> None:
    """Progress that nobody listens to."""
    _ = stage, fraction, sentence


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """A user's label map that joins the head; `precedence`: it wins over what was computed."""

    labelmap: LabelMap
    precedence: bool
    name: str


@dataclass(frozen=True, kw_only=True)
class Reconstruction:
    """A labelled head on the input's grid."""

    labelmap: LabelMap
    origin: dict[str, str]
    quality: Quality
    stages: tuple[tuple[str, float, bool], ...]
    skull_stripped: bool
    notes: tuple[str, ...]


def reconstruct(
    volume: Volume,
    *,
    overlays: Sequence[Overlay] = (),
    progress: Progress = silent,
    keep: Keep = remember,
) -> Reconstruction:
    """Labels for a whole-head or skull-stripped T1, on the grid of `volume`."""
    run = _Run(volume, progress, keep)
    stages = run.stages
    lattice, known = run.lattice, template()
    image = lattice.image(volume.voxels)
    head = run.stage("head", 0.02, "Finding the head.", lambda: {"head": heads.head_mask(image)})[
        "head"
    ]
    bare = False
    affine = run.stage(
        "pose",
        0.1,
        "Laying the average brain into the head.",
        lambda: {
            "affine": register.fit_affine(image, head, known, bare=bare, ignore=None, poll=run.poll)
        },
    )["affine"]
    box = register.brain_box(affine, known, image.shape, pad=14)
    outline = register.carried(known.brain, affine, image.shape)[box] > 0.5
    near = heads.grown(outline, 4)
    flat = run.stage(
        "shading",
        0.25,
        "Evening out the shading.",
        lambda: {
            "field": call(
                "anatomy.segment.native:shading",
                image[box],
                near & (image[box] > 0),
                4,
                (40, 30, 20),
                what="Evening out the shading",
                poll=run.poll,
            )
        },
    )["field"]
    even = image[box] / np.exp(flat)
    f, g, w = brains.levels(even, heads.shrunk(outline, 3))
    capped = np.clip(even, 0, w + (w - g))
    field = run.stage(
        "outline",
        0.35,
        "Finding the outline of the brain.",
        lambda: {
            "field": register.fit_warp(
                capped, box, affine, known, register.ENVELOPE, ignore=None, poll=run.poll
            )
        },
    )["field"]

    def mask() -> Arrays:
        pts = register.template_points(field, box, affine)
        o = register.sampled(known.brain.astype(np.float32), pts) > 0.5
        return {"brain": brains.refined(even, o), "outline": o}

    got = run.stage("brain", 0.45, "Separating the brain from what surrounds it.", mask)
    brain = got["brain"]
    stripped = np.where(brain, capped, 0).astype(np.float32)
    field = run.stage(
        "detail",
        0.5,
        "Bending the average brain to this one.",
        lambda: {
            "field": register.fit_warp(
                stripped, box, affine, known, register.DETAIL, ignore=None, poll=run.poll
            )
        },
    )["field"]

    def tissues() -> Arrays:
        pts = register.template_points(field, box, affine, brain)
        pr = tissue.priors(known, pts)
        v = even[brain]
        post = tissue.classify(v, pr, brain, np.ones(v.size, bool))
        return {"parts": named.parts(post, brain, pts, known)}

    part = run.stage("tissue", 0.7, "Telling the tissues apart.", tissues)["parts"]
    full = np.zeros(image.shape, np.uint16)

    def bone() -> Arrays:
        b = np.zeros(image.shape, bool)
        b[box] = brain
        return {"skull": skulls.skull(image, head, b, grey=g)}

    sk = run.stage("skull", 0.85, "Estimating the skull.", bone)["skull"]
    full[head] = 1
    full[sk] = 2
    view = full[box]
    view[part > 0] = part[part > 0]
    labels = lattice.labels(full, range(1, len(named.NAMES) + 1))
    key = {n: name for name, n in named.NUMBER.items()}
    return Reconstruction(
        labelmap=LabelMap(grid=volume.grid, labels=labels, key=key),
        origin={},
        quality=judged([]),
        stages=tuple(stages),
        skull_stripped=bare,
        notes=(),
    )


class _Run:
    """What the stages of one reconstruction share: progress, keeping, the clock's readings."""

    def __init__(self, volume: Volume, progress: Progress, keep: Keep) -> None:
        self.lattice: Lattice = lattice_of(volume.grid)
        self.stages: list[tuple[str, float, bool]] = []
        self.progress, self.keep = progress, keep
        self.key = digest(volume.digest, template().digest, VERSION)
        self.now = ("", 0.0, "")

    def poll(self, _: float) -> None:
        self.progress(*self.now)

    def stage(
        self, name: str, fraction: float, sentence: str, make: Callable[[], Arrays]
    ) -> Arrays:
        self.now = (name, fraction, sentence)
        self.progress(*self.now)
        started = time.perf_counter()
        made = []

        def making() -> Arrays:
            made.append(True)
            return make()

        result = self.keep(name, digest(self.key, name), making)
        self.stages.append((name, round(time.perf_counter() - started, 3), not made))
        return result
