"""Users' label maps, and those of plugged-in segmenters, laid over what was computed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points

import numpy as np
from numpy.typing import NDArray

from anatomy.errors import TermError
from anatomy.grid import Grid
from anatomy.regrid import resample_labels
from anatomy.segment.parts import NUMBER
from anatomy.terms import split, title
from anatomy.volume import LabelMap, Mask, Volume

GROUP = "theatrum.segmenters"
"""Entry points of this group are callables (volume) -> LabelMap; a site brings its own model."""
SOLIDS = ("scalp", "brain")
"""Solids that hold others: from a user's map they fill only what has no finer name."""


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """A user's label map that joins the head; `precedence`: it wins over what was computed."""

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

    A structure that an overlay with precedence brings replaces the computed one altogether; what
    is left of that falls back to "brain". Without precedence an overlay fills only voxels that
    have no finer name than scalp or brain.
    """
    out = labels.copy()
    key: dict[int, str] = {}
    origin: dict[str, str] = {}
    notes: list[str] = []
    for overlay in overlays:
        here = resample_labels(overlay.labelmap, grid)
        lost = sorted(set(overlay.labelmap.key.values()) - set(here.key.values()))
        notes.extend(
            f"{title(name)} of {overlay.name} lies outside the image or between its voxels "
            "and was left out."
            for name in lost
            if np.any(overlay.labelmap.mask(name))
        )
        general = np.isin(out, (0, NUMBER["scalp"], NUMBER["brain"]))
        for number, name in here.key.items():
            mask = here.labels == number
            known = name in NUMBER and bool(np.any(out == NUMBER[name]))
            if name in SOLIDS:
                mask &= out == 0
                out[mask] = NUMBER[name]
                continue
            if overlay.precedence:
                if known:
                    rest = "scalp" if name == "skull" else "brain"
                    out[out == NUMBER[name]] = NUMBER[rest]
            elif known:
                notes.append(f"{title(name)} of {overlay.name} was not used: the computed one "
                             "stands where no precedence was given.")  # fmt: skip
                continue
            else:
                mask &= general
            if not mask.any():
                continue
            fresh = len(NUMBER) + len(key) + 1
            key[fresh] = name
            origin[name] = overlay.origin
            out[mask] = fresh
    return out, key, origin, notes


def segmenters() -> dict[str, Callable[[Volume], LabelMap]]:
    """The plugged-in segmenters by name, loaded."""
    return {entry.name: entry.load() for entry in entry_points(group=GROUP)}


def segmented(volume: Volume, name: str) -> Overlay:
    """What the plugged-in segmenter `name` makes of the image, as an overlay with precedence."""
    known = segmenters()
    if name not in known:
        offered = ", ".join(sorted(known)) or "none is installed"
        raise TermError(f"No segmenter is called {name!r}; installed: {offered}.", name=name)
    labelmap = known[name](volume)
    return Overlay(labelmap=labelmap, precedence=True, name=name, origin="automatic")
