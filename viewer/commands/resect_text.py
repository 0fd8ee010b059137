"""A resection in words: the approach, what is taken and left, how near it comes to what."""

from typing import TYPE_CHECKING, Any

from surgery.outcome import named
from viewer.commands import asked

if TYPE_CHECKING:
    from surgery.outcome import Outcome

SHOWN = ("lesion_under_flap", "exposed_brain", "lesion_depth")
"""Metrics of the approach that are said; --json has all of them."""


def text(answer: dict[str, Any], found: "Outcome") -> str:
    """The resection for people."""
    titles = " and ".join(named(one) for one in found.targets)
    head = [f"Resection of {titles} on {answer['case']}: {found.verdict}", f"  {found.sentence}"]
    parts = ["\n".join(head), _approach_text(answer["approach"])]
    margin = answer["margin_mm"]
    how = "strokes of the file" if margin is None else f"strokes with a margin of {margin:g} mm"
    undone = f", the last {answer['undone']} taken back" if answer["undone"] else ""
    left = found.tally.residual_ml(*found.targets)
    lines = [
        f"{len(found.strokes)} {how}{undone}",
        f"  extent of resection  {found.extent_percent:.1f} %, {left:.2f} mL left",
    ]
    lines += [
        f"                       {one.volume_ml:.2f} mL of it within {one.within_mm:g} mm of "
        f"{named(one.structure)}"
        for one in found.left
    ]
    if found.rano is None:
        lines.append("  RANO class           none: no enhancing tumour is labelled in this twin")
    else:
        lines.append(f"  RANO class           {found.rano.number}, {found.rano.title.lower()}")
        lines.append(f"                       {found.rano.sentence}")
    healthy = found.tally.removed_ml(*found.healthy)
    lines.append(f"  healthy tissue taken {healthy:.2f} mL; the way in to it is not counted")
    parts += ["\n".join(lines), _tissues(found)]
    rows = [f"  {s.status.replace('_', ' '):<17}{s.sentence}" for s in found.scores]
    parts.append("\n".join(["How near the cavity comes", *rows, f"  {answer['not_known']}"]))
    return "\n\n".join(parts)


def _approach_text(approach: dict[str, Any]) -> str:
    if approach["plan"] is None:
        return str(approach["sentence"])
    way = approach["plan"]["placements"][0]
    ends = " to ".join(
        "(" + ", ".join(f"{v:.1f}" for v in way[end]) + ")" for end in ("entry_mm", "target_mm")
    )
    bone = approach["flap"]
    flap = approach["flap_absent"] or (
        f"Bone flap {bone['outer_mm2'] / 100:.1f} cm2 outside, {bone['inner_mm2'] / 100:.1f} cm2 "
        f"inside, {bone['bone_ml']:.1f} mL, rim {bone['rim_mm']:.0f} mm."
    )
    told = [m["sentence"] for m in approach["metrics"] if m["metric"] in SHOWN and m["value"]]
    return "\n".join([
        f"Approach {ends} mm RAS, opening {2 * approach['opening_radius_mm']:.0f} mm wide",
        f"  {approach['sentence']}", f"  {flap}", *(f"  {one}" for one in told),
    ])  # fmt: skip


def _tissues(found: "Outcome") -> str:
    """Volumes of every tissue that was met; printed rows and columns add up."""
    tally = found.tally
    met = [one for one in tally.before if tally.removed[one] or one in found.targets]
    names = [named(one) for one in met]
    removed = asked.rounded((tally.removed_ml(one) for one in met), places=3)
    left = asked.rounded((tally.residual_ml(one) for one in met), places=3)
    rows = [(float(gone), float(rest)) for gone, rest in zip(removed, left, strict=True)]
    rows.append((sum(gone for gone, _ in rows), sum(rest for _, rest in rows)))
    names.append("together")
    wide = max(map(len, names))
    lines = [
        f"  {name:<{wide}}  {gone + rest:>9.3f}  {gone:>9.3f}  {rest:>9.3f}"
        for name, (gone, rest) in zip(names, rows, strict=True)
    ]
    head = f"  {'mL':<{wide}}  {'before':>9}  {'removed':>9}  {'left':>9}"
    return "\n".join(
        [
            "Tissues that were met, as labelled in the region about the target",
            head,
            *lines,
        ]
    )
