"""Where a plan lies and how it is carried out, as tables of a report."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from anatomy.terms import split
from surgery.metrics import shaft
from surgery.plan import Plan
from surgery.run import named
from surgery.scene import NOWHERE, Scene
from viewer.takeaway.sheet import (
    Bar,
    Block,
    Heading,
    Line,
    Number,
    Row,
    Table,
    Tone,
    Words,
    number,
    place,
)

OUTCOMES: Mapping[str, Tone] = {"pass": "ok", "warn": "warn", "fail": "bad"}
UNLABELLED = (168, 178, 186)
"""Colour of what lies outside of every structure."""


def placements(plan: Plan) -> list[Block]:
    """Each placement with its ends, depth, roll and device."""
    rows = []
    for n, one in enumerate(plan.placements, 1):
        way, tool = one.trajectory, one.made_of
        house = f" Chosen here: {tool.note}" if tool.house else ""
        rows.append(
            Row(
                cells=(
                    (Number(n, str(n)),),
                    place(way.entry_mm),
                    place(way.target_mm),
                    number(way.length_mm, "mm"),
                    number(one.depth_mm, "mm"),
                    (Number(one.roll_rad, f"{math.degrees(one.roll_rad):.1f}"), "°"),
                ),
                note=(f"{tool.title} ({tool.id}). Source: {tool.source}{house}",),
            )
        )
    heads = ("No", "Entry R, A, S", "Target R, A, S", "Entry to target", "Tip beyond", "Roll")
    table = Table(
        heads=heads, rows=rows, widths=(0.05, 0.27, 0.27, 0.16, 0.14, 0.11),
        right=frozenset({3, 4, 5}),
    )  # fmt: skip
    frame: Line = (
        f"Millimetres in the frame {plan.frame}: + is the patient's right, front, top; - is left, "
        "back, bottom. Roll turns right-handed about entry to target from where the device's "
        "marker faces the front.",
    )
    return [Heading(text="Placements"), table, Words(line=frame, quiet=True)]


def tissues(scene: Scene, plan: Plan, passages: Sequence[Mapping[str, Any]]) -> list[Block]:
    """Through what each placement runs, and how long."""
    blocks: list[Block] = [Heading(text="Through which tissue")]
    for n, (placement, one) in enumerate(zip(plan.placements, passages, strict=True), 1):
        if len(passages) > 1:
            blocks.append(Heading(text=f"Placement {n}", level=3))
        parts = [
            (
                piece.from_mm,
                piece.to_mm,
                UNLABELLED if piece.structure == NOWHERE else split(piece.structure)[0].colour,
                named(piece.structure),
            )
            for piece in scene.stretches(shaft(placement))
        ]
        rows = [
            Row(cells=((named(id),), number(length, "mm")))
            for id, length in one["lengths_mm"].items()
        ]
        whole = Row(cells=(("Entry to tip",), number(one["length_mm"], "mm")))
        heads = ("Structure, in the order met", "Length")
        table = Table(
            heads=heads, rows=[*rows, whole], widths=(0.42, 0.18), right=frozenset({1})
        )  # fmt: skip
        blocks += [Bar(parts=parts), table]
    return blocks


def steps(taken: Sequence[Mapping[str, Any]], *, several: bool) -> list[Block]:
    """The procedure step by step."""
    rows = [
        Row(
            cells=(
                (one["outcome"],),
                (one["title"] + (f", placement {one['placement'] + 1}" if several else ""),),
                (one["reason"],),
            ),
            tone=OUTCOMES[one["outcome"]],
        )
        for one in taken
    ]
    table = Table(heads=("Outcome", "Step", "Why"), rows=rows, widths=(0.12, 0.2, 0.68))
    return [Heading(text="Step by step"), table]
