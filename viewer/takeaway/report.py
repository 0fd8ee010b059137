"""The report of one plan: what a surgeon reads before anything else comes first.

What holds the plan back, where it lies, what was measured, how robust it is, how it is carried out,
and at the end what it was made from. A stale plan's report says so and holds no number.
"""

import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from anatomy.terms import split, title
from surgery.plan import Plan
from surgery.plan_file import read
from surgery.procedure import procedure
from surgery.scene import Scene
from twin.records import Case
from twin.repository import Repository
from viewer.render import picture
from viewer.scene import INTENDED_USE, strip
from viewer.takeaway.course import placements, steps, tissues
from viewer.takeaway.findings import deliveries, held_back, within_limits
from viewer.takeaway.planes import Plane, along_path, hazard, through_target
from viewer.takeaway.sheet import (
    Block,
    Figure,
    Figures,
    Heading,
    Line,
    Number,
    Row,
    Sheet,
    Swatches,
    Table,
    Tone,
    Verdict,
    Words,
    number,
)
from viewer.takeaway.slices import Picture, Scan, drawn, scan_of

VERDICTS: Mapping[str, tuple[str, Tone]] = {
    "accepted": ("Accepted", "ok"),
    "incomplete": ("Incomplete", "gap"),
    "rejected": ("Rejected", "bad"),
    "stale": ("STALE", "bad"),
}
SOLID_SIZE = (1440, 640)
"""Pixels of the picture in space."""
WHOLE_PER_MM = 2.4
"""Pixels a millimetre of the slices through the target."""
CLOSE_PIXELS = 760
"""Height of the pictures along the path."""
AROUND_MM = 12.0
"""What the slices through the target show around the head."""


def report(
    library: Repository,
    case: Case,
    scene: Scene,
    result: Mapping[str, Any],
    run: Mapping[str, Any],
    *,
    made: str = "",
) -> Sheet:
    """The sheet of a scored plan; `result` and `run` are the engine's, as JSON has them."""
    plan = read(result["plan"])
    asked = procedure(plan.procedure)
    word, tone = VERDICTS[result["verdict"]]
    blocks: list[Block] = [Heading(text=f"{asked.title}: plan {plan.id}", level=1)]
    dated = f" · report of {made}" if made else ""
    by = f" by {plan.author}" if plan.author else ""
    blocks.append(Words(line=(f"Revision {plan.rev}{by}{dated}",), quiet=True))
    if result["verdict"] == "stale":
        blocks += [
            Verdict(word=word, tone=tone, sentence=result["sentence"]),
            Words(line=("A stale plan has no scores: none of its numbers are printed here.",)),
            *_made_from(case, plan, result, stale=True),
        ]
        return _sheet(case, plan, blocks)
    beside: Line = ()
    if (total := result["total"]) is not None:
        whole = all(one["grade"] is not None for one in result["metrics"] if one["weight"])
        of_what = f" of 100{'' if whole else ' of what was judged'}, profile {plan.profile}"
        beside = (Number(total, f"{100 * total:.0f}"), of_what)
    blocks.append(Verdict(word=word, tone=tone, sentence=result["sentence"], beside=beside))
    if not case.passed:
        blocks += [
            Words(line=(f"The reconstruction did not pass: {one['sentence']}",), tone="bad")
            for one in case.quality.get("checks", ())
            if not one.get("passed")
        ]
    blocks += held_back(result)
    blocks += placements(plan)
    blocks += _pictures(library, case, scene, plan, result)
    blocks += within_limits(result)
    blocks += deliveries(result)
    blocks += tissues(scene, plan, run["passages"])
    blocks += steps(run["steps"], several=len(plan.placements) > 1)
    blocks += _structures(case, result)
    blocks += _made_from(case, plan, result, stale=False)
    return _sheet(case, plan, blocks)


def _sheet(case: Case, plan: Plan, blocks: list[Block]) -> Sheet:
    return Sheet(
        title=f"{case.case}: plan {plan.id}, revision {plan.rev}",
        strip=strip(case),
        use=INTENDED_USE,
        blocks=blocks,
    )


def _pictures(
    library: Repository, case: Case, scene: Scene, plan: Plan, result: Mapping[str, Any]
) -> list[Block]:
    """In space, along each path, through each target."""
    with tempfile.TemporaryDirectory(prefix="theatrum-") as folder:
        solid = Path(folder) / "plan.png"
        picture(scene, plan, solid, size=SOLID_SIZE)
        png = solid.read_bytes()
    whole = Figure(png=png, size=SOLID_SIZE, shows="The plan in the anatomy, from two sides")
    blocks: list[Block] = [Heading(text="Pictures"), Figures(row=(whole,))]
    scan = scan_of(library, case)
    outlined: dict[str, None] = {}
    for n in range(len(plan.placements)):
        blocks += _slices(scan, plan, n, result, outlined)
    if outlined:
        kinds = {split(id)[0].title: split(id)[0].colour for id in outlined}
        blocks.append(Swatches(entries=[(colour, name) for name, colour in kinds.items()]))
    return blocks


def _slices(
    scan: Scan, plan: Plan, n: int, result: Mapping[str, Any], outlined: dict[str, None]
) -> list[Block]:
    one, several = plan.placements[n], len(plan.placements) > 1
    low, high = scan.box_mm
    planes = through_target(one, low - AROUND_MM, high + AROUND_MM)
    first = [drawn(scan, plane, [one], per_mm=WHOLE_PER_MM) for plane in planes]
    nearest = hazard(result["metrics"], one, n)
    mark = nearest.point_mm if nearest else None
    lengthwise = along_path(one, mark)
    second = [
        drawn(
            scan, plane, [one], per_mm=CLOSE_PIXELS / plane.height_mm, close=True,
            marked_mm=mark if plane is lengthwise[0] else None,
        )
        for plane in lengthwise
    ]  # fmt: skip
    outlined |= dict.fromkeys(id for picture in (*first, *second) for id in picture.outlined)
    words: tuple[Line, Line] = ((), ("Square to the other, about the same path.",))
    if nearest:
        told = (*number(nearest.value_mm, "mm"), f" ({title(nearest.structure)})")
        words = (("1: ", nearest.title, " ", *told), words[1])
    blocks: list[Block] = [Heading(text=f"Placement {n + 1}", level=3)] if several else []
    blocks += [
        Figures(
            row=[
                _figure(plane, shown, caption)
                for plane, shown, caption in zip(lengthwise, second, words, strict=True)
            ],
            most=0.9,
        ),
        Figures(row=[_figure(plane, shown) for plane, shown in zip(planes, first, strict=True)]),
        Words(
            line=(
                "Radiological: the patient's right is on the left. E entry, T target, 1 the "
                "nearest hazard; dashes: in front of or behind the slice.",
            ),
            quiet=True,
        ),
    ]
    return blocks


def _figure(plane: Plane, shown: Picture, more: Line = ()) -> Figure:
    told: Line = (f"{plane.title}. ", *more) if more else (plane.title,)
    return Figure(png=shown.png, size=shown.size, shows=plane.title, caption=told)


def _structures(case: Case, result: Mapping[str, Any]) -> list[Block]:
    """How well what was measured to is known."""
    named = dict.fromkeys(one["structure"] for one in result["metrics"] if one["structure"])
    records = [record for record in case.structures if record.id in named]
    if not records:
        return []
    rows = [
        Row(
            cells=(
                (record.title,),
                (record.origin,),
                number(record.sigma_mm, "mm", digits=1),
                (record.note or "–",),
            ),
            tone="warn" if record.origin == "estimated" else "plain",
        )
        for record in records
    ]
    heads = ("Structure", "Origin", "Boundary, 1 sigma", "Note")
    table = Table(heads=heads, rows=rows, widths=(0.25, 0.14, 0.16, 0.45), right=frozenset({2}))
    return [Heading(text="What was measured to"), table]


def _made_from(case: Case, plan: Plan, result: Mapping[str, Any], *, stale: bool) -> list[Block]:
    """Digests and versions: enough to make every number again."""
    asked = procedure(plan.procedure)
    facts = [
        ("Case", case.case),
        ("Anatomy", case.anatomy),
        *([("Anatomy of the plan", plan.anatomy)] if stale else []),
        ("Plan", result["digest"]),
        ("Revision before", plan.parent or "none"),
        ("Theatrum", version("theatrum")),
        ("Author", plan.author or "not given"),
        ("Note", plan.note or "none"),
    ]
    if not stale:
        facts += [
            ("Scan, SHA-256", case.source_digest),
            ("Reconstructed", f"{case.created[:10]} by Theatrum {case.engine}"),
            ("Scoring engine", result["engine"]),
            ("Seed", str(result["seed"])),
            ("Profile of weights and limits", plan.profile),
            ("Notes of the reconstruction", " ".join(case.notes) or "none"),
            ("References", " ".join(asked.references)),
        ]
    rows = [Row(cells=((name,), (value,))) for name, value in facts]
    table = Table(heads=(), rows=rows, widths=(0.3, 0.7))
    return [Heading(text="Made from"), table]
