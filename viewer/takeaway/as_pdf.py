"""A report as PDF on A4, set with ReportLab; the same sheet gives the same bytes."""

import io
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

from reportlab.graphics.shapes import Drawing, Rect
from reportlab.lib.colors import HexColor, black, white
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    Image,
    KeepTogether,
    PageTemplate,
    Paragraph,
    Spacer,
)
from reportlab.platypus import Table as Grid

from viewer.takeaway.fonts import typeface
from viewer.takeaway.sheet import (
    SHAPES,
    Bar,
    Block,
    Figures,
    Heading,
    Line,
    Sheet,
    Swatches,
    Table,
    Tone,
    Verdict,
    Words,
    plain,
)

SIDE, TOP, BOTTOM = 12 * mm, 20 * mm, 16 * mm
WIDTH = A4[0] - 2 * SIDE
FACE, BOLD = "TheatrumSans", "TheatrumSansBold"
INK, QUIET, LINE, GROUND = "#12181c", "#4a5862", "#c3ccd2", "#f4f6f7"
TONES: dict[Tone, str] = {
    "plain": INK, "ok": "#14653a", "warn": "#7a4d00", "bad": "#a3190b", "gap": "#0f5c8a"
}  # fmt: skip
FOLLOWING = 30 * mm
"""A heading stands on the page where so much of what it heads has room."""


def pdf(sheet: Sheet) -> bytes:
    """The file's bytes. It is set twice: first to count the pages."""
    _faces()
    _, pages = _set(sheet, 0)
    content, _ = _set(sheet, pages)
    return content


def _set(sheet: Sheet, pages: int) -> tuple[bytes, int]:
    """The file with `pages` told on each page, and how many there came to be."""
    out = io.BytesIO()
    document = BaseDocTemplate(
        out, pagesize=A4, title=sheet.title, author="Theatrum", subject=sheet.use,
        creator="Theatrum", lang="en", invariant=1,
    )  # fmt: skip
    frame = Frame(
        SIDE, BOTTOM, WIDTH, A4[1] - TOP - BOTTOM,
        leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0,
    )  # fmt: skip
    document.addPageTemplates(PageTemplate(frames=[frame], onPage=_edges(sheet, pages)))
    document.build(_story(sheet.blocks))
    return out.getvalue(), int(document.page)


def _edges(sheet: Sheet, pages: int) -> Callable[[Canvas, BaseDocTemplate], None]:
    """What stands on every page: whose head, which plan, what it is for, which page."""

    def draw(canvas: Canvas, document: BaseDocTemplate) -> None:
        right = A4[0] - SIDE
        canvas.saveState()
        canvas.setFont(FACE, 7.5)
        canvas.setFillColor(HexColor(QUIET))
        canvas.drawString(SIDE, A4[1] - 12 * mm, _shown(sheet.strip))
        canvas.drawString(SIDE, 6.5 * mm, _shown(sheet.title))
        canvas.drawRightString(right, 10.5 * mm, f"{document.page} / {pages}")
        canvas.setFont(BOLD, 7.5)
        canvas.setFillColor(HexColor(TONES["warn"]))
        canvas.drawString(SIDE, 10.5 * mm, _shown(sheet.use))
        canvas.setStrokeColor(HexColor(LINE))
        canvas.setLineWidth(0.5)
        for height in (A4[1] - 14 * mm, 14.5 * mm):
            canvas.line(SIDE, height, right, height)
        canvas.restoreState()

    return draw


def _story(blocks: Sequence[Block]) -> list[Flowable]:
    """Everything in order; a heading stays with the pictures under it."""
    story: list[Flowable] = []
    held: list[Flowable] = []
    for block, after in zip(blocks, [*blocks[1:], None], strict=True):
        held += _flow(block)
        if isinstance(block, Heading) and isinstance(after, Heading | Figures | Bar):
            continue
        story += [KeepTogether(held)] if isinstance(block, Figures | Bar) else held
        held = []
    return story


def _flow(block: Block) -> list[Flowable]:
    match block:
        case Heading():
            return _heading(block)
        case Words():
            style = _style(7.8, QUIET) if block.quiet else _style(9)
            return [Paragraph(_marked(block.line, block.tone), style), Spacer(1, 1.2 * mm)]
        case Verdict():
            return _verdict(block)
        case Table():
            return [_table(block), Spacer(1, 2.5 * mm)]
        case Figures():
            return _figures(block)
        case Swatches():
            return [_swatches(block), Spacer(1, 2 * mm)]
        case Bar():
            return _bar(block)


def _heading(heading: Heading) -> list[Flowable]:
    size = {1: 17.0, 2: 11.5}.get(heading.level, 9.0)
    colour = QUIET if heading.level > 2 else INK
    words = Paragraph(escape(_shown(heading.text)), _style(size, colour, bold=True))
    before = [] if heading.level == 1 else [CondPageBreak(FOLLOWING), Spacer(1, 3.5 * mm)]
    return [*before, words, Spacer(1, 1.6 * mm)]


def _verdict(verdict: Verdict) -> list[Flowable]:
    colour = HexColor(TONES[verdict.tone])
    word = f"{SHAPES[verdict.tone]} {escape(_shown(verdict.word))}"
    grid = Grid(
        [
            [
                Paragraph(word, _style(13, TONES[verdict.tone], bold=True)),
                Paragraph(_line(verdict.beside), _style(12, right=True)),
            ],
            [Paragraph(escape(_shown(verdict.sentence)), _style(9)), ""],
        ],
        colWidths=(WIDTH * 0.4, WIDTH * 0.6),
        style=[
            ("BACKGROUND", (0, 0), (-1, -1), HexColor(GROUND)),
            ("BOX", (0, 0), (-1, -1), 0.6, colour),
            ("LINEBEFORE", (0, 0), (0, -1), 5, colour, 0),
            ("SPAN", (0, 1), (-1, 1)),
            ("LEFTPADDING", (0, 0), (-1, -1), 10),
            ("RIGHTPADDING", (0, 0), (-1, -1), 8),
            ("TOPPADDING", (0, 0), (-1, -1), 5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 6),
        ],
    )
    return [grid, Spacer(1, 2 * mm)]


def _table(table: Table) -> Flowable:
    rows: list[list[Any]] = []
    style: list[Any] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-2, -1), 7),
        ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 2.2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.6),
    ]
    if table.heads:
        heads = [
            Paragraph(escape(head), _style(7.6, QUIET, bold=True, right=n in table.right))
            for n, head in enumerate(table.heads)
        ]
        rows.append(heads)
        style += [("VALIGN", (0, 0), (-1, 0), "BOTTOM"), _under(0)]
    for row in table.rows:
        first = len(rows)
        cells: list[Any] = [
            Paragraph(_line(cell), _style(8.4, right=n in table.right))
            for n, cell in enumerate(row.cells)
        ]
        if row.tone != "plain":
            word = f"{SHAPES[row.tone]} {_line(row.cells[0])}"
            cells[0] = Paragraph(word, _style(8.4, TONES[row.tone], bold=True))
        rows.append(cells)
        if row.note:
            under = Paragraph(_line(row.note), _style(7.4, QUIET))
            rows.append([under, *[""] * (len(row.cells) - 1)])
            style += [
                ("SPAN", (0, first + 1), (-1, first + 1)),
                ("NOSPLIT", (0, first), (-1, first + 1)),
                ("TOPPADDING", (0, first + 1), (-1, first + 1), 0),
            ]
        style.append(_under(len(rows) - 1))
    widths = [WIDTH * share for share in table.widths]
    repeated = int(bool(table.heads))
    return Grid(rows, colWidths=widths, style=style, repeatRows=repeated, hAlign="LEFT")


def _under(row: int) -> tuple[Any, ...]:
    return ("LINEBELOW", (0, row), (-1, row), 0.4, HexColor(LINE))


def _figures(figures: Figures) -> list[Flowable]:
    gap = 2 * mm
    room = WIDTH * figures.most - gap * (len(figures.row) - 1)
    per_pixel = room / sum(one.size[0] for one in figures.row)
    cells = [
        [
            Image(io.BytesIO(one.png), one.size[0] * per_pixel, one.size[1] * per_pixel),
            Spacer(1, 1 * mm),
            Paragraph(_line(one.caption), _style(7.4, QUIET)),
        ]
        for one in figures.row
    ]
    widths = [one.size[0] * per_pixel + gap for one in figures.row]
    widths[-1] -= gap
    grid = Grid(
        [cells],
        colWidths=widths,
        style=[
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-2, -1), gap),
            ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 0),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ],
    )
    return [grid, Spacer(1, 1.5 * mm)]


def _swatches(swatches: Swatches) -> Flowable:
    entries = "  ".join(
        f'<font color="#{r:02x}{g:02x}{b:02x}">■</font>\u00a0{escape(_shown(name))}'
        for (r, g, b), name in swatches.entries
    )
    return Paragraph(entries, _style(7.8))


def _bar(bar: Bar) -> list[Flowable]:
    whole = max(bar.parts[-1][1] - bar.parts[0][0], 1e-9)
    drawing = Drawing(WIDTH, 7 * mm)
    for start, end, (r, g, b), _ in bar.parts:
        left, wide = WIDTH * start / whole, WIDTH * (end - start) / whole
        fill = HexColor(f"#{r:02x}{g:02x}{b:02x}")
        drawing.add(Rect(left, 0, wide, 7 * mm, fillColor=fill, strokeColor=white, strokeWidth=0.3))
    drawing.add(Rect(0, 0, WIDTH, 7 * mm, fillColor=None, strokeColor=black, strokeWidth=0.4))
    names = {name: colour for _, _, colour, name in bar.parts}
    legend = _swatches(Swatches(entries=[(colour, name) for name, colour in names.items()]))
    return [drawing, Spacer(1, 1 * mm), legend, Spacer(1, 2 * mm)]


def _marked(line: Line, tone: Tone) -> str:
    shape = SHAPES[tone]
    mark = f'<font name="{BOLD}" color="{TONES[tone]}">{shape}</font> ' if shape else ""
    return mark + _line(line)


def _line(line: Line) -> str:
    return escape(_shown(plain(line)))


def _style(
    size: float, colour: str = INK, *, bold: bool = False, right: bool = False
) -> ParagraphStyle:
    return ParagraphStyle(
        "line", fontName=BOLD if bold else FACE, fontSize=size, leading=1.32 * size,
        textColor=HexColor(colour), alignment=2 if right else 0, splitLongWords=1,
    )  # fmt: skip


@cache
def _faces() -> frozenset[int]:
    """Register both faces; the code points that the plain one can show."""
    for name, bold in ((FACE, False), (BOLD, True)):
        pdfmetrics.registerFont(TTFont(name, str(typeface(bold=bold))))
    return frozenset(pdfmetrics.getFont(FACE).face.charToGlyph)


def _shown(text: str) -> str:
    """The text with what the face lacks as code points, so that nothing is lost or hides."""
    known = _faces()
    return "".join(
        c if ord(c) in known and c.isprintable() else " " if c.isspace() else f"<U+{ord(c):04X}>"
        for c in text
    )
