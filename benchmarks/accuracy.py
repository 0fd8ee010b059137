"""How good the labels are: `python -m benchmarks.accuracy [--case NAME]... [--json]`.

Every figure stands beside the same figure of what a user would otherwise take on such a machine,
computed in the same run. Exits with 1 if a target is missed.
"""

import argparse
import json
import sys
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy import register
from anatomy.reconstruct import reconstruct
from anatomy.segment import learned
from anatomy.segment.head import head_mask, is_bare, otsu
from anatomy.segment.lattice import bounds, lattice_of
from anatomy.segment.morphology import closed, filled, largest, opened
from anatomy.template import template
from anatomy.volume import LabelMap, Mask
from benchmarks.heads import HEADS, Head

TARGETS: dict[str, tuple[tuple[str, ...], float]] = {
    "brain": (("painted", "colin", "ixi"), 0.94),
    "white_matter": (("painted",), 0.93),
    "grey_matter": (("painted",), 0.80),
    "lateral_ventricle": (("painted",), 0.85),
    "thalamus": (("painted",), 0.80),
    "putamen": (("painted",), 0.75),
    "caudate": (("painted",), 0.72),
    "hippocampus": (("painted",), 0.70),
    "scalp": (("painted",), 0.97),
    "skull": (("painted",), 0.70),
}
"""Structure: kinds of heads it is asked of, least Dice."""
DISTANCE_MM = 5.0
"""Most 95th percentile surface distance of the brain."""
VOLUME = 0.15
"""Most relative error of the lateral ventricles' volume on IXI heads."""


@dataclass(frozen=True)
class Figure:
    """One measured number: ours, the alternative's, what is asked (None: only shown)."""

    case: str
    what: str
    unit: str
    ours: float
    other: float | None
    other_name: str
    low: float | None = None
    high: float | None = None

    @property
    def reached(self) -> bool:
        """Whether ours meets what is asked."""
        return (self.low is None or self.ours >= self.low) and (
            self.high is None or self.ours <= self.high
        )


def dice(a: Mask, b: Mask) -> float:
    """Overlap of two masks, 0..1."""
    return float(2 * np.count_nonzero(a & b) / max(int(a.sum()) + int(b.sum()), 1))


def surface_distances(a: Mask, b: Mask, spacing: tuple[float, ...]) -> NDArray[Any]:
    """Distances [mm] of the border voxels of either mask to the other's border, both ways."""
    box = bounds(a | b, 2)
    if box is None or not a.any() or not b.any():
        return np.array([np.inf])
    edge = [m[box] & ~ndimage.binary_erosion(m[box]) for m in (a, b)]
    far = [ndimage.distance_transform_edt(~e, sampling=spacing) for e in edge]
    return np.concatenate([far[1][edge[0]], far[0][edge[1]]])


def p95(a: Mask, b: Mask, spacing: tuple[float, ...]) -> float:
    """95th percentile of the surface distances [mm]."""
    return float(np.percentile(surface_distances(a, b, spacing), 95))


def solids(labelmap: LabelMap) -> dict[str, Mask]:
    """Masks by structure id; scalp and brain with all they hold."""
    number = {name: n for n, name in labelmap.key.items()}
    found = {name: labelmap.labels == n for name, n in number.items()}
    found["scalp"] = labelmap.labels > 0
    found["brain"] = labelmap.labels >= number["brain"]
    return found


def affine_atlas(head: Head) -> dict[str, Mask]:
    """The atlas carried over by the affine fit alone."""
    known, lattice = template(), lattice_of(head.volume.grid)
    image = lattice.image(head.volume.voxels)
    inside = head_mask(image)
    affine = register.fit_affine(
        image, inside, known, bare=is_bare(image, inside), ignore=None, poll=lambda _: None
    )
    box = register.brain_box(affine, known, image.shape, pad=4)

    def on_grid(mask: Mask) -> Mask:
        whole = np.zeros(image.shape, np.uint16)
        whole[box] = register.carried(mask, affine, image.shape, box) > 0.5
        return lattice.labels(whole, [1]) > 0

    wanted = {n: m for n, m in known.regions.items() if n in head.truth}
    return {"brain": on_grid(known.brain), **{n: on_grid(m) for n, m in wanted.items()}}


def otsu_brain(head: Head) -> Mask:
    """Threshold, opening by 4 mm, largest piece, closing: the usual script without an atlas."""
    lattice = lattice_of(head.volume.grid)
    image = lattice.image(head.volume.voxels)
    mask = opened(image > otsu(image[::2, ::2, ::2]), 4)
    whole = filled(closed(largest(mask), 4)).astype(np.uint16)
    return lattice.labels(whole, [1]) > 0


def otsu_tissues(head: Head) -> dict[str, Mask]:
    """Three-class Otsu inside the true brain: no atlas, no neighbours, a perfect mask."""
    from skimage.filters import threshold_multiotsu

    voxels, brain = head.volume.voxels, head.truth["brain"]
    low, high = threshold_multiotsu(voxels[brain], 3)
    return {
        "white_matter": brain & (voxels > high),
        "grey_matter": brain & (voxels > low) & (voxels <= high),
    }


def threshold_scalp(head: Head) -> Mask:
    """Everything brighter than Otsu's threshold, filled."""
    voxels = head.volume.voxels
    return np.asarray(ndimage.binary_fill_holes(voxels > otsu(voxels[::2, ::2, ::2])))


def shell_skull(head: Head, scalp: Mask, brain: Mask) -> Mask:
    """A shell of 7 mm around the affinely carried brain, cut at the scalp."""
    from anatomy.segment.morphology import distance

    away = distance(brain)
    return np.asarray((away > 1) & (away <= 8) & scalp & (head.truth["scalp"] | scalp))


def pooled(masks: dict[str, Mask], truth: dict[str, Mask], base: str) -> float | None:
    """Mean Dice over the sides of a structure; None where either lacks it."""
    names = [n for n in truth if n == base or n in (f"{base}_left", f"{base}_right")]
    if not names or any(n not in masks for n in names):
        return None
    return float(np.mean([dice(masks[n], truth[n]) for n in names]))


def bases(truth: dict[str, Mask]) -> list[str]:
    """Structures of a truth without their sides, in order."""
    return list(dict.fromkeys(n.removesuffix("_left").removesuffix("_right") for n in truth))


def measured(head: Head) -> list[Figure]:
    """All figures of one head."""
    started = time.perf_counter()
    result = reconstruct(head.volume)
    seconds = time.perf_counter() - started
    ours, spacing = solids(result.labelmap), head.volume.grid.spacing_mm
    atlas = affine_atlas(head)
    figures = [
        Figure(head.name, "seconds (labels)", "s", seconds, None, ""),
        *(Figure(head.name, f"  {name}", "s", took, None, "") for name, took, _ in result.stages),
        Figure(head.name, "quality gate", "1", float(result.quality.passed), None, "", low=1),
    ]
    figures += [
        Figure(head.name, f"  flagged: {c.id}", c.unit, c.value, None, "")
        for c in result.quality.checks
        if not c.passed
    ]
    for base in bases(head.truth):
        value = pooled(ours, head.truth, base)
        other, named = pooled(atlas, head.truth, base), "affine atlas"
        if head.kind == "painted" and base in ("white_matter", "grey_matter"):
            tissue = otsu_tissues(head)[base]
            other = dice(tissue, head.truth[f"{base}_left"] | head.truth[f"{base}_right"])
            named = "multi-Otsu in the true brain"
        if base == "scalp":
            other, named = dice(threshold_scalp(head), head.truth["scalp"]), "Otsu, filled"
        if base == "skull":
            shell = shell_skull(head, ours["scalp"], atlas["brain"])
            other, named = dice(shell, head.truth["skull"]), "7 mm shell"
        kinds, low = TARGETS.get(base, ((), 0.0))
        asked = low if head.kind in kinds else None
        figures.append(Figure(head.name, base, "Dice", value or 0.0, other, named, low=asked))
    brain = head.truth["brain"]
    figures += [
        Figure(
            head.name, "brain", "mm p95", p95(ours["brain"], brain, spacing),
            p95(atlas["brain"], brain, spacing), "affine atlas", high=DISTANCE_MM,
        ),
        Figure(head.name, "brain (Otsu + opening)", "Dice", pooled(ours, head.truth, "brain") or 0,
               dice(otsu_brain(head), brain), "Otsu + opening"),
    ]  # fmt: skip
    if "skull" in head.truth:
        off = surface_distances(ours["skull"], head.truth["skull"], spacing)
        figures.append(Figure(head.name, "skull", "mm mean", float(off.mean()), None, ""))
    if "lateral_ventricle_left" in head.truth:
        figures.append(_ventricles(head, ours, atlas))
    return figures


def _ventricles(head: Head, ours: dict[str, Mask], atlas: dict[str, Mask]) -> Figure:
    names = ("lateral_ventricle_left", "lateral_ventricle_right")
    true = sum(int(head.truth[n].sum()) for n in names)
    error = [abs(sum(int(m[n].sum()) for n in names) / true - 1) for m in (ours, atlas)]
    high = VOLUME if head.kind == "ixi" else None
    return Figure(head.name, "lateral_ventricle volume", "rel. error", error[0], error[1],
                  "affine atlas", high=high)  # fmt: skip


def table(figures: list[Figure]) -> str:
    """The figures as text."""
    lines = [f"{'case':14} {'what':28} {'unit':10} {'ours':>8} {'other':>8}  asked"]
    for f in figures:
        other = "" if f.other is None else f"{f.other:8.3f}"
        asked = f">= {f.low}" if f.low is not None else f"<= {f.high}" if f.high is not None else ""
        mark = "" if f.reached else "  MISSED"
        lines.append(
            f"{f.case:14} {f.what:28} {f.unit:10} {f.ours:8.3f} {other:>8}  {asked:8}{mark}"
            f"{'  (' + f.other_name + ')' if f.other is not None else ''}"
        )
    return "\n".join(lines)


def masks_used() -> str:
    """Which brain masks this environment gives, as a head line."""
    version = learned.available()
    helped = f"helped by deepbet {version}" if version else "without a learned one (no deepbet)"
    return f"Brain masks: classical, {helped}."


def main(arguments: list[str] | None = None) -> int:
    """Runs the cases asked for and prints their figures; 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", action="append", choices=sorted(HEADS), help="default: all")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    asked = parser.parse_args(arguments)
    print(masks_used(), file=sys.stderr if asked.json else sys.stdout, flush=True)
    figures: list[Figure] = []
    for name in asked.case or HEADS:
        print(f"{name} ...", file=sys.stderr, flush=True)
        figures += measured(HEADS[name]())
    if asked.json:
        rows = [{**f.__dict__, "reached": f.reached} for f in figures]
        print(json.dumps(rows, indent=1))
    else:
        print(table(figures))
    return 0 if all(f.reached for f in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
