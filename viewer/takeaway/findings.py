"""The engine's numbers as tables of a report; nothing is computed here."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from anatomy.field import LOWEST_MM, PART_MM
from anatomy.terms import title
from surgery.delivery import delivery
from surgery.score import Limit
from viewer.takeaway.sheet import (
    Block,
    Heading,
    Line,
    Number,
    Row,
    Table,
    Tone,
    Words,
    number,
    percent,
    place,
)

Metric = Mapping[str, Any]
WORDS: Mapping[str, tuple[str, Tone]] = {
    "ok": ("ok", "ok"),
    "rejected": ("rejected", "bad"),
    "failed": ("failed", "bad"),
    "cannot_be_judged": ("cannot be judged", "gap"),
}
SPANS: Mapping[str, tuple[str, str]] = {
    "length_mm": ("Length from inner table to tip", "mm"),
    "target_miss_mm": ("Miss of the target", "mm"),
    "entry_miss_mm": ("Miss of the entry", "mm"),
    "incidence_deg": ("Angle to the skull's normal", "deg"),
}
FIELDS_END_MM = LOWEST_MM + 255 * PART_MM
"""Distances under delivery are told up to here; what is farther counts as this far."""


def unsure(one: Metric) -> bool:
    """True where the value passes and its range does not."""
    limit = Limit(**one["threshold"])
    return one["status"] == "ok" and not all(map(limit.allows, one["range"] or ()))


def held_back(result: Mapping[str, Any]) -> list[Block]:
    """What keeps the plan from being accepted, and what nothing is known of."""
    metrics, gaps = result["metrics"], result["gaps"]
    broken = [one for one in metrics if one["status"] == "rejected"]
    unjudged = [one for one in metrics if one["status"] in ("failed", "cannot_be_judged")]
    held = [one for one in unjudged if one["sentence"] in gaps]
    told = {one["sentence"] for one in unjudged}
    several = _several(result)
    blocks: list[Block] = []
    if broken:
        blocks += [Heading(text="Beyond a hard limit"), _measured(broken, several=several)]
    if unjudged or gaps:
        blocks.append(Heading(text="Could not be judged"))
        blocks += [Words(line=(gap,), tone="gap") for gap in gaps if gap not in told]
        if held:
            blocks.append(_unjudged("Holds the plan back", held, several=several))
        if rest := [one for one in unjudged if one not in held]:
            heading = "Not known, and not needed for the verdict"
            blocks.append(_unjudged(heading, rest, several=several))
    return blocks


def within_limits(result: Mapping[str, Any]) -> list[Block]:
    """What was measured and may be as it is, of all placements and of each one.

    Doubtful ones first, then those that are less than good, then by weight.
    """
    kept = [one for one in result["metrics"] if one["status"] == "ok"]
    kept.sort(key=lambda one: (not unsure(one), one["grade"] >= 1, -one["weight"]))
    if not kept:
        return []
    blocks: list[Block] = [Heading(text="Measured, within every hard limit")]
    if not _several(result):
        return [*blocks, _measured(kept)]
    for n in (None, *range(len(result["plan"]["placements"]))):
        if those := [one for one in kept if one["placement"] == n]:
            which = "All placements" if n is None else f"Placement {n + 1}"
            blocks += [Heading(text=which, level=3), _measured(those)]
    return blocks


def deliveries(result: Mapping[str, Any]) -> list[Block]:
    """What became of each placement when it was delivered many times."""
    spreads = result["tolerances"]
    if not spreads:
        return []
    by = delivery(result["plan"]["delivery"])
    first, hit = spreads[0], result["any_hit"]
    how: Line = (
        f"{by.title}: delivered ", Number(first["count"], str(first["count"])),
        " times, scattered by ", *number(by.sigma_entry_mm, "mm"), " at the entry and ",
        *number(by.sigma_target_mm, "mm"), " at the target along each axis (one standard "
        "deviation), seed ", Number(first["seed"], str(first["seed"])), ".",
    )  # fmt: skip
    several = len(spreads) > 1
    touched: Line = (
        "Of the deliveries ", *_chance(hit),
        f" touch what {'any of them' if several else 'the device'} must not.",
    )  # fmt: skip
    blocks: list[Block] = [
        Heading(text="How robust it is"),
        Words(line=touched),
        Words(line=how),
    ]
    if by.bias:
        blocks.append(Words(line=(by.bias,), quiet=True))
    blocks.append(Words(line=(f"Source of the spread: {by.source} {by.note}".strip(),), quiet=True))
    for n, spread in enumerate(spreads):
        if several:
            blocks.append(Heading(text=f"Placement {n + 1}", level=3))
        blocks += _spread(spread)
    return blocks


def _measured(metrics: Iterable[Metric], *, several: bool = False) -> Table:
    """With `several`, each row tells of which placement it is."""
    rows = []
    for one in metrics:
        word, tone = _status(one)
        unit, low_high = one["unit"], one["range"]
        span: Line = ("–",)
        if low_high:
            span = (*number(low_high[0]), " to ", *number(low_high[1], unit))
        which = f" ({_which([one['placement']])})" if several else ""
        rows.append(
            Row(
                cells=(
                    (word,),
                    (one["title"] + which,),
                    number(one["value"], unit),
                    span,
                    (Limit(**one["threshold"]).words(unit) or "none",),
                    number(one["weight"], digits=1),
                    number(one["grade"]),
                ),
                note=(one["sentence"], *_where(one), f" · {one['source']}"),
                tone=tone,
            )
        )
    heads = ("Status", "Metric", "Value", "Range", "Limits", "Weight", "Grade")
    widths = (0.15, 0.23, 0.13, 0.17, 0.17, 0.08, 0.07)
    return Table(heads=heads, rows=rows, widths=widths, right=frozenset({2, 3, 5, 6}))


def _unjudged(heading: str, metrics: Iterable[Metric], *, several: bool) -> Table:
    """A row for each sentence, with the placements that it is told of."""
    alike: dict[tuple[str, str], list[Metric]] = {}
    for one in metrics:
        alike.setdefault((one["metric"], one["sentence"]), []).append(one)
    rows = []
    for (_, sentence), those in alike.items():
        word, tone = _status(those[0])
        which = f" ({_which([one['placement'] for one in those])})" if several else ""
        cells = (
            (word,),
            (sentence + which, f" · {those[0]['source']}"),
            (Limit(**those[0]["threshold"]).words(those[0]["unit"]) or "none",),
            number(those[0]["weight"], digits=1),
        )
        rows.append(Row(cells=cells, tone=tone))
    heads = ("Status", heading, "Limits", "Weight")
    return Table(heads=heads, rows=rows, widths=(0.2, 0.52, 0.2, 0.08), right=frozenset({3}))


def _status(one: Metric) -> tuple[str, Tone]:
    """The engine's word, and what a passing number still leaves to be desired."""
    word, tone = WORDS[one["status"]]
    if unsure(one):
        return f"{word}, in doubt", "warn"
    if one["status"] == "ok" and one["grade"] < 1:
        return f"{word}, not good", "warn"
    return word, tone


def _several(result: Mapping[str, Any]) -> bool:
    return len(result["plan"]["placements"]) > 1


def _which(numbers: Sequence[int | None]) -> str:
    """`placement 2`, `placements 1, 3`, `all placements`."""
    if None in numbers:
        return "all placements"
    told = ", ".join(str(n + 1) for n in numbers if n is not None)
    return f"placement{'s' if len(numbers) > 1 else ''} {told}"


def _where(one: Metric) -> Line:
    if not one["point_mm"]:
        return ()
    structure = f"{title(one['structure'])} at" if one["structure"] else "point"
    return (f" · {structure} ", *place(one["point_mm"]), " mm RAS")


def _chance(chance: Mapping[str, float]) -> Line:
    return (
        percent(chance["share"]), " % (95 % interval ", percent(chance["low"]), " to ",
        percent(chance["high"]), " %)",
    )  # fmt: skip


def _spread(spread: Mapping[str, Any]) -> list[Block]:
    touched = [
        Row(cells=((word.capitalize(),), _chance(hit), _chance(spread["short"][word])))
        for word, hit in spread["hits"].items()
    ]
    blocks: list[Block] = []
    if touched:
        hits = ("Structure", "Touched", "Margin missed")
        blocks.append(Table(heads=hits, rows=touched, widths=(0.2, 0.35, 0.35)))
    named_spans = {word: (f"Distance to {word}", "mm") for word in spread["hits"]} | dict(SPANS)
    rows = [
        Row(cells=((named_spans[key][0],), *(
            number(span[part], named_spans[key][1]) for part in ("p5", "median", "p95", "worst")
        )))
        for key, span in spread["spans"].items()
        if key in named_spans
    ]  # fmt: skip
    heads = ("Over all deliveries", "5th percentile", "Median", "95th", "Mean of the worst 5 %")
    widths = (0.36, 0.16, 0.16, 0.16, 0.16)
    blocks.append(Table(heads=heads, rows=rows, widths=widths, right=frozenset({1, 2, 3, 4})))
    if spread["guaranteed_mm"] is not None:
        line: Line = (
            "As far as this twin holds what must be spared, no slip of any point of the axis by "
            "less than ", *number(spread["guaranteed_mm"], "mm"), " misses a margin"
            + ("; negative: one is missed as planned." if spread["guaranteed_mm"] < 0 else "."),
        )  # fmt: skip
        blocks.append(Words(line=line))
    ends = f"These distances are read from fields that end at {FIELDS_END_MM:g} mm from a surface."
    return [*blocks, Words(line=(ends,), quiet=True)]
