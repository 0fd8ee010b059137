"""A report as plain blocks in reading order; HTML and PDF are two settings of one sheet."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from surgery.score import spoken

Tone = Literal["plain", "ok", "warn", "bad", "gap"]
SHAPES: dict[Tone, str] = {"plain": "", "ok": "✓", "warn": "▲", "bad": "✕", "gap": "○"}
"""A shape beside each word of status: hue alone never says it."""
DIGITS = 2
"""After the point, as the engine's sentences have it."""


class Number(NamedTuple):
    """A number as the engine gives it, and as it is printed."""

    value: float
    text: str


Line = Sequence[str | Number]
"""Text with numbers in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Cells of a table, and a line under them over its whole width."""

    cells: Sequence[Line]
    note: Line = ()
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`widths` are shares of the page's; columns in `right` hold numbers. Heads may be none."""

    heads: Sequence[str]
    rows: Sequence[Row]
    widths: Sequence[float]
    right: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """`level` 1 is the title of the whole, 2 that of a section, 3 of a part."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A paragraph."""

    line: Line
    tone: Tone = "plain"
    quiet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The whole judgement in one box."""

    word: str
    tone: Tone
    sentence: str
    beside: Line = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A PNG of that many pixels, what it shows, what stands under it."""

    png: bytes
    size: tuple[int, int]
    shows: str
    caption: Line = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Pictures in one row, all at one scale of pixels; `most` is the row's share of the width."""

    row: Sequence[Figure]
    most: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Swatches:
    """Colours with their names."""

    entries: Sequence[tuple[tuple[int, int, int], str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Lengths end to end, drawn to scale: from, to [mm], colour, name."""

    parts: Sequence[tuple[float, float, tuple[int, int, int], str]]


Block = Heading | Words | Verdict | Table | Figures | Swatches | Bar


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What a report says. `strip` and `use` stand on every page."""

    title: str
    strip: str
    use: str
    blocks: Sequence[Block]


def number(value: float, unit: str = "", *, digits: int = DIGITS) -> Line:
    """A number with its UCUM unit, as people say it."""
    said = spoken(unit) if unit else ""
    shown = Number(value, f"{value:.{digits}f}") if math.isfinite(value) else "no limit"
    return (shown, f" {said}") if said else (shown,)


def percent(share: float) -> Number:
    """A share as per cent, one digit; its value stays the share."""
    return Number(share, f"{100 * share:.1f}")


def place(point_mm: Sequence[float]) -> Line:
    """R, A, S [mm]."""
    r, a, s = (Number(v, f"{v:.{DIGITS}f}") for v in point_mm)
    return r, ", ", a, ", ", s


def plain(line: Line) -> str:
    """The text alone."""
    return "".join(one if isinstance(one, str) else one.text for one in line)
