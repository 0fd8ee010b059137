"""One T1 in, one labelled head out: the stages in order, each kept by digest of its inputs."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from anatomy import quality, register
from anatomy.errors import ReadError
from anatomy.quality import Quality
from anatomy.segment import head as heads
from anatomy.segment import learned, tissue
from anatomy.segment.apart import WorkerError, call
from anatomy.segment.brain import bare_brain, levels, refined
from anatomy.segment.lattice import lattice_of
from anatomy.segment.morphology import grown, shrunk
from anatomy.segment.overlay import Overlay, laid_over, lesions, segmented
from anatomy.segment.parts import NAMES, NUMBER, ORIGIN, parts
from anatomy.segment.skull import skull
from anatomy.template import template
from anatomy.volume import LabelMap, Mask, Volume, digest

__all__ = ["Keep", "Overlay", "Progress", "Reconstruction", "reconstruct", "remember"]

VERSION = "5"
"""Raised whenever a stage computes something else: older kept results no longer match."""
ROOM = 14
"""Room around the carried brain [mm]."""

Progress = Callable[[str, float, str], None]
"""stage, fraction 0..1 of the whole, a sentence for people; raises Cancelled to call it off."""
Arrays = dict[str, NDArray[Any]]
Array = NDArray[np.float32]

STAGES = {
    "head": (0.02, "Finding the head in the image."),
    "pose": (0.08, "Laying the average brain into the head."),
    "shading": (0.25, "Evening out the shading of the image."),
    "outline": (0.35, "Finding the outline of the brain."),
    "learned": (0.39, "Finding the inside of the skull with deepbet."),
    "brain": (0.42, "Separating the brain from what surrounds it."),
    "detail": (0.48, "Bending the average brain to this one."),
    "tissue": (0.68, "Telling grey matter, white matter and fluid apart."),
    "skull": (0.88, "Estimating the skull."),
    "labels": (0.95, "Writing the labels on the image's own voxels."),
}


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
class Reconstruction:
    """A labelled head on the input's grid. `stages`: (name, seconds, taken from what was kept)."""

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
    segmenter: str | None = None,
) -> Reconstruction:
    """Labels for a whole-head or skull-stripped T1, on the grid of `volume`.

    `segmenter` names a plugged-in one whose labels take precedence over the computed ones.
    """
    if segmenter is not None:
        overlays = (segmented(volume, segmenter), *overlays)
    ill = lesions(overlays, volume.grid)
    run = _Run(volume, ill, progress, keep)
    run.head()
    run.pose()
    run.shading()
    run.brain()
    run.tissue()
    run.skull()
    labels = run.labels()
    labels, extra, origin, notes = laid_over(labels, volume.grid, overlays)
    key = {n: name for n, name in {**dict(enumerate(NAMES, 1)), **extra}.items() if n in labels}
    origins = {name: ORIGIN.get(name.removesuffix("_left").removesuffix("_right"), "automatic")
               for name in key.values()}  # fmt: skip
    progress("labels", 1.0, "The head is labelled.")
    return Reconstruction(
        labelmap=LabelMap(grid=volume.grid, labels=labels, key=key),
        origin={**origins, **origin},
        quality=run.judged(),
        stages=tuple(run.stages),
        skull_stripped=run.bare,
        notes=(*run.notes, *notes),
    )


class _Run:
    """The stages of one reconstruction and what they hand on.

    All arrays lie on the working lattice (whole, or the box around the brain).
    """

    def __init__(self, volume: Volume, ill: Mask | None, progress: Progress, keep: Keep) -> None:
        self.known = template()
        self.lattice = lattice_of(volume.grid)
        self.image = self.lattice.image(volume.voxels)
        self.ill = None if ill is None else self.lattice.mask(ill)
        self.progress, self.keep = progress, keep
        self.stages: list[tuple[str, float, bool]] = []
        self.notes: list[str] = []
        parts = () if ill is None else (ill,)
        self.key = digest(volume.digest, self.known.digest, VERSION, *parts)
        self.checks: list[quality.Check] = []

    def stage(self, name: str, make: Callable[[], Arrays]) -> Arrays:
        """The arrays of one stage, kept or made; its seconds are noted."""
        self.now = (name, *STAGES[name])
        self.poll()
        started = time.perf_counter()
        made: list[bool] = []

        def making() -> Arrays:
            made.append(True)
            return make()

        result = self.keep(name, digest(self.key, name), making)
        self.stages.append((name, round(time.perf_counter() - started, 3), not made))
        return result

    def poll(self, _: float = 0.0) -> None:
        """Says where the work is; the listener may raise to call it off."""
        self.progress(*self.now)

    def head(self) -> None:
        """The solid inside the skin, and whether the skull was stripped from the image."""
        found = self.stage("head", lambda: {"head": heads.head_mask(self.image)})
        self.inside: Mask = found["head"].astype(bool)
        self.bare = heads.is_bare(self.image, self.inside)
        if self.bare:
            self.notes.append(
                "The image holds a brain whose skull was stripped: there is no scalp and no skull."
            )

    def pose(self) -> None:
        """The affine from the template and the box around the brain."""
        found = self.stage("pose", lambda: {"affine": register.fit_affine(
            self.image, self.inside, self.known, bare=self.bare, ignore=self.ill, poll=self.poll
        )})  # fmt: skip
        self.affine = found["affine"]
        self.box = register.brain_box(self.affine, self.known, self.image.shape, pad=ROOM)
        self.start = (self.box[0].start, self.box[1].start, self.box[2].start)
        self.carried = register.carried(
            self.known.brain, self.affine, self.image.shape, self.box
        ) > 0.5  # fmt: skip
        if self.carried.sum() < 100_000:
            raise ReadError(
                "No brain was found in the image: it may show another body part, or its voxel "
                "size may be wrong.", found_ml=float(self.carried.sum() / 1000),
            )  # fmt: skip
        self.sick = None if self.ill is None else self.ill[self.box]

    def shading(self) -> None:
        """The image around the brain freed of shading."""
        near = grown(self.carried, 4) & (self.image[self.box] > 0)
        if self.sick is not None:
            near &= ~self.sick
        found = self.stage("shading", lambda: {"field": call(
            "anatomy.segment.native:shading", self.image[self.box], near, 4, (40, 30, 20),
            what="Evening out the shading", poll=self.poll,
        )})  # fmt: skip
        self.even = (self.image[self.box] / np.exp(found["field"])).astype(np.float32)
        core = shrunk(self.carried, 3)
        core = core if self.sick is None else core & ~self.sick
        self.fluid, self.grey, self.white = levels(self.even, core)
        self.capped = np.clip(self.even, 0, 2 * self.white - self.grey).astype(np.float32)
        average = register.carried(self.known.t1, self.affine, self.image.shape, self.box)
        known = self.carried if self.sick is None else self.carried & ~self.sick
        self.checks.append(quality.likeness(self.capped, average, known))

    def cavity(self) -> Mask | None:
        """The inside of the skull in the box by deepbet; None without it or for a bare brain.

        Where it is used, all later stages are kept under its version too.
        """
        version = None if self.bare else learned.available()
        if version is None:
            return None
        key, name = self.key, f"deepbet {version}"
        self.key = digest(key, name)
        try:
            found = self.stage("learned", lambda: {
                "cavity": learned.intracranial(self.image, poll=self.poll)
            })["cavity"].astype(bool)[self.box]  # fmt: skip
            if not learned.plausible(found, self.carried):
                raise ReadError("Its mask does not lie where the average brain was laid.")
        except (ReadError, WorkerError) as problem:
            self.key = key
            self.notes.append(
                f"The brain's outline was found without {name}, which failed: {problem}"
            )
            return None
        self.notes.append(f"The brain's outline was helped by {name}.")
        return found

    def brain(self) -> None:
        """The brain mask in the box, then the warp of the template to the bare brain."""
        warped = self.stage("outline", lambda: {"field": self._warp(
            self.capped, register.ENVELOPE
        )})["field"]  # fmt: skip
        cavity = self.cavity()

        def refine() -> Arrays:
            points = register.template_points(warped, self.box, self.affine)
            outline = register.sampled(self.known.brain.astype(np.float32), points) > 0.5
            if self.bare:
                return {"brain": bare_brain(self.inside[self.box], outline)}
            return {"brain": refined(self.even, outline, self.carried, cavity)}

        self.mask: Mask = self.stage("brain", refine)["brain"].astype(bool)
        if self.mask.sum() < 100_000:
            raise ReadError("No brain could be separated from the head in this image.")
        stripped = np.where(self.mask, self.capped, 0).astype(np.float32)
        self.field = self.stage("detail", lambda: {"field": self._warp(
            stripped, register.DETAIL
        )})["field"]  # fmt: skip

    def _warp(self, image: Array, stage: register.Stage) -> Array:
        return register.fit_warp(
            image, self.box, self.affine, self.known, stage, ignore=self.sick, poll=self.poll
        )

    def tissue(self) -> None:
        """Parts of the brain in the box."""

        def classify() -> Arrays:
            points = register.template_points(self.field, self.box, self.affine, self.mask)
            prior = tissue.priors(self.known, points)
            values = self.even[self.mask]
            healthy = np.ones(values.size, bool)
            if self.sick is not None:
                healthy = ~self.sick[self.mask]
            seen = tissue.first_levels(values[healthy], prior[:, healthy])
            post = tissue.classify(values, prior, self.mask, healthy, poll=self.poll)
            return {
                "parts": parts(post, self.mask, points, self.known),
                "levels": np.array([seen["fluid"], seen["grey_matter"], seen["white_matter"]]),
            }

        found = self.stage("tissue", classify)
        self.parts = found["parts"]
        self.levels = dict(
            zip(("fluid", "grey_matter", "white_matter"), found["levels"].tolist(), strict=True)
        )

    def skull(self) -> None:
        """The estimated skull on the whole lattice; empty for a stripped image."""

        def estimate() -> Arrays:
            if self.bare:
                return {"skull": np.zeros(self.image.shape, bool)}
            whole = np.zeros(self.image.shape, bool)
            whole[self.box] = self.mask
            return {
                "skull": skull(self.image, self.inside, whole, grey=self.grey, fluid=self.fluid)
            }

        self.bone: Mask = self.stage("skull", estimate)["skull"].astype(bool)

    def labels(self) -> NDArray[np.uint16]:
        """Everything as one label map on the input's grid."""

        def write() -> Arrays:
            whole = np.zeros(self.image.shape, np.uint16)
            if not self.bare:
                whole[self.inside] = NUMBER["scalp"]
                whole[self.bone] = NUMBER["skull"]
            view = whole[self.box]
            view[self.parts > 0] = self.parts[self.parts > 0]
            return {"labels": self.lattice.labels(whole, range(1, len(NAMES) + 1))}

        return self.stage("labels", write)["labels"].astype(np.uint16)

    def judged(self) -> Quality:
        """The checks of this run as one verdict."""
        tissues = ("grey_matter", "white_matter")
        sides = [
            float(np.isin(self.parts, [NUMBER[f"{t}_{side}"] for t in tissues]).sum())
            for side in ("left", "right")
        ]
        return quality.judged([
            *self.checks,
            quality.complete(self.affine, self.known.brain, self.image.shape),
            *quality.edges(self.mask, self.image.shape, self.start),
            quality.overlap(self.mask, self.carried),
            quality.volume(float(self.mask.sum()) / 1000),
            *quality.contrast(self.levels),
            quality.balance(*sides),
        ])  # fmt: skip
