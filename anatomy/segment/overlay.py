"""Users' label maps, and those of plugged-in segmenters, laid over what was computed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

import numpy as np
from numpy.typing import NDArray

from anatomy.errors import TermError
from anatomy.grid import Grid
from anatomy.regrid import resample_labels
from anatomy.segment.parts import NAMES, NUMBER
from anatomy.structure import INTRACRANIAL
from anatomy.terms import split, title
from anatomy.volume import LabelMap, Mask, Volume

GROUP = "theatrum.segmenters"
"""Entry points of this group are callables (volume) -> LabelMap; a site brings its own model."""
SOLIDS = ("scalp", "brain")
"""Solids that hold others: from a user's map they fill only what has no label at all."""
GENERAL = (0, NUMBER["scalp"], NUMBER["brain"])
"""Numbers of voxels that have no finer name."""
COMPUTED = frozenset(split(name)[0].id for name in NUMBER)
"""Kinds of structure that the reconstruction finds by itself."""


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """A label map that joins the head; `precedence`: its thalamus wins over the computed one."""

    labelmap: LabelMap
    precedence: bool
    name: str
    origin: str = "manual"


def lesions(overlays: Sequence[Overlay], grid: Grid) -> Mask | None:
    """Voxels of `grid` that an overlay calls pathology; None where there are none."""
    found: Mask | None = None
    for overlay in overlays:
        names = set(overlay.labelmap.key.values())
        ill = [name for name in names if split(name)[0].group == "pathology"]
        if not ill:
            continue
        here = resample_labels(overlay.labelmap, grid)
        mask = np.isin(here.labels, [n for n, name in here.key.items() if name in ill])
        found = mask if found is None else found | mask
    return found if found is not None and found.any() else None


def laid_over(
    labels: NDArray[np.uint16], grid: Grid, overlays: Sequence[Overlay]
) -> tuple[NDArray[np.uint16], dict[int, str], dict[str, str], list[str]]:
    """Labels with the overlays' own numbers added, the new keys, their origins, and notes.

    What is never computed (lesions, vessels, devices ...) wins over every computed label. Of a kind
    that is computed too, an overlay with precedence replaces the computed structure altogether
    (what is left of that falls back to "brain"); without, the computed one stands. Whatever is not
    used of an overlay is said in a note.
    """
    paint = _Paint(labels, grid)
    brought = [(overlay, resample_labels(overlay.labelmap, grid)) for overlay in overlays]
    for overlay, here in brought:
        paint.notes.extend(_outside(overlay, here))
    for last in (False, True):
        for overlay, here in brought:
            for number, name in here.key.items():
                if (split(name)[0].id not in COMPUTED) is last:
                    paint.lay(overlay, name, here.labels == number)
    return paint.out, *paint.done()


class _Paint:
    """The label map while overlays are laid over it."""

    def __init__(self, labels: NDArray[np.uint16], grid: Grid) -> None:
        self.out = labels.copy()
        self.notes: list[str] = []
        self._grid = grid
        self._laid: dict[int, tuple[str, Overlay, int]] = {}

    def lay(self, overlay: Overlay, name: str, mask: Mask) -> None:
        """One structure of one overlay; a note where part of it is not used."""
        count = int(np.count_nonzero(mask))
        if not count:
            return
        if name in SOLIDS:
            self._solid(overlay, name, mask, count)
            return
        rivals = self._rivals(name)
        if not overlay.precedence and rivals:
            self._say(overlay, name, count, count, "the computed one stands where no precedence "
                      "was given.")  # fmt: skip
            return
        if not overlay.precedence and split(name)[0].id in COMPUTED:
            mask = mask & np.isin(self.out, GENERAL)
            used = int(np.count_nonzero(mask))
            self._say(overlay, name, count - used, count, "finer computed labels stand there, "
                      "where no precedence was given.")  # fmt: skip
        rest = NUMBER["scalp" if split(name)[0].id == "skull" else "brain"]
        older = [
            n for n, (known, of, _) in self._laid.items()
            if known == name and of.origin != "manual" and overlay.origin == "manual"
        ]  # fmt: skip
        self.out[np.isin(self.out, [*rivals, *older])] = rest
        for number in older:
            del self._laid[number]
        fresh = max(self._laid, default=len(NUMBER)) + 1
        self.out[mask] = fresh
        self._laid[fresh] = (name, overlay, int(np.count_nonzero(mask)))

    def done(self) -> tuple[dict[int, str], dict[str, str], list[str]]:
        """Keys, origins and notes, with what maps took from one another."""
        left = np.bincount(self.out.ravel(), minlength=max(self._laid, default=0) + 1)
        for number, (name, overlay, count) in self._laid.items():
            self._say(overlay, name, count - int(left[number]), count,
                      "another structure of your maps lies over it.")  # fmt: skip
        kept = {n: laid for n, laid in self._laid.items() if left[n]}
        key = {n: name for n, (name, _, _) in kept.items()}
        return key, {name: overlay.origin for name, overlay, _ in kept.values()}, self.notes

    def _rivals(self, name: str) -> list[int]:
        """Numbers of the computed structures that `name` would replace and that occur."""
        kind, side = split(name)
        same = [
            number for other, number in NUMBER.items()
            if split(other)[0].id == kind.id and side in (None, split(other)[1])
        ]  # fmt: skip
        return [number for number in same if np.any(self.out == number)]

    def _solid(self, overlay: Overlay, name: str, mask: Mask, count: int) -> None:
        self.out[mask & (self.out == 0)] = NUMBER[name]
        if name == "brain":
            inside = [n for n, known in enumerate(NAMES, 1) if _intracranial(known)]
            inside += [n for n, (known, _, _) in self._laid.items() if _intracranial(known)]
            out = count - int(np.count_nonzero(mask & np.isin(self.out, inside)))
            self._say(overlay, name, out, count, "the computed brain does not reach there.")

    def _say(self, overlay: Overlay, name: str, lost: int, count: int, why: str) -> None:
        if lost:
            self.notes.append(_unused(overlay, name, lost, count, self._grid, why))


def _unused(overlay: Overlay, name: str, lost: int, count: int, grid: Grid, why: str) -> str:
    share = f"{lost * grid.voxel_ml:.2f} of {count * grid.voxel_ml:.2f} mL"
    return f"{share} of {title(name)} ({overlay.name}) were not used: {why}"


def _intracranial(name: str) -> bool:
    return split(name)[0].group in INTRACRANIAL


def _outside(overlay: Overlay, here: LabelMap) -> list[str]:
    """A note for each structure that did not wholly arrive in `here`, the map on the image."""
    own, grid = overlay.labelmap, here.grid
    if own.grid.same_as(grid):
        return []
    lost: dict[str, int] = {}
    step = grid.ras_to_ijk @ own.grid.ijk_to_ras
    for number, name in own.key.items():
        at = np.argwhere(own.labels == number)
        there = np.floor(at @ step[:3, :3].T + step[:3, 3] + 0.5)
        out = ~((there >= 0) & (there < grid.shape)).all(axis=1)
        lost[name] = lost.get(name, 0) + int(np.count_nonzero(out))
    arrived = set(here.key.values())
    counts = {name: int(np.count_nonzero(own.mask(name))) for name in lost}
    notes = []
    for name, count in counts.items():
        if not count:
            continue
        if name not in arrived:
            why = "it lies outside the image or between its voxels."
            notes.append(_unused(overlay, name, count, count, own.grid, why))
        elif lost[name]:
            why = "they lie outside the image."
            notes.append(_unused(overlay, name, lost[name], count, own.grid, why))
    return notes


def segmenters() -> dict[str, EntryPoint]:
    """The plugged-in segmenters by name, not loaded yet."""
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def segmenter_id(name: str) -> str:
    """Name, package and version of the segmenter `name`; TermError if it is not installed."""
    entry = _plugged(name)
    return f"{name} {entry.dist.name} {entry.dist.version}" if entry.dist else name


def segmented(volume: Volume, name: str) -> Overlay:
    """What the plugged-in segmenter `name` makes of the image, as an overlay with precedence."""
    make: Callable[[Volume], LabelMap] = _plugged(name).load()
    return Overlay(labelmap=make(volume), precedence=True, name=name, origin="automatic")


def _plugged(name: str) -> EntryPoint:
    known = segmenters()
    if name not in known:
        offered = ", ".join(sorted(known)) or "none is installed"
        raise TermError(f"No segmenter is called {name!r}; installed: {offered}.", name=name)
    return known[name]
