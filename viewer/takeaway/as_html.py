"""A report as one HTML file: everything inside, no script, nothing to load; light on paper."""

import base64
from html import escape

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
    Verdict,
    Words,
)

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
STYLE = """
:root { --ground: #0b1014; --raised: #141b21; --line: #2a3640; --text: #e3eaef; --quiet: #9fb0bc;
  --ok: #7fd1a0; --warn: #f2b84b; --bad: #ff8a7a; --gap: #8fc7e8; }
@media print { :root { --ground: #fff; --raised: #f4f6f7; --line: #c3ccd2; --text: #12181c;
  --quiet: #4a5862; --ok: #14653a; --warn: #7a4d00; --bad: #a3190b; --gap: #0f5c8a; } }
@page { size: A4; margin: 14mm 12mm 16mm;
  @bottom-left { content: USE; font: 8pt sans-serif; color: #4a5862; }
  @bottom-right { content: counter(page) " / " counter(pages); font: 8pt sans-serif;
    color: #4a5862; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px; max-width: 1080px; background: var(--ground);
  color: var(--text); font: 13px/1.45 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
header, footer { display: flex; justify-content: space-between; gap: 16px; color: var(--quiet);
  border-bottom: 1px solid var(--line); padding-bottom: 6px; flex-wrap: wrap; }
footer { border: 0; border-top: 1px solid var(--line); padding: 6px 0 0; margin-top: 24px; }
.use { font-weight: 600; color: var(--warn); }
h1 { font-size: 24px; margin: 14px 0 10px; line-height: 1.2; }
h2 { font-size: 16px; margin: 26px 0 8px; }
h3 { font-size: 13px; margin: 16px 0 6px; color: var(--quiet); }
p { margin: 6px 0; max-width: 100ch; }
.quiet { color: var(--quiet); font-size: 12px; }
.ok > .mark { color: var(--ok); } .warn > .mark { color: var(--warn); }
.bad > .mark { color: var(--bad); } .gap > .mark { color: var(--gap); }
.mark { font-weight: 600; }
.verdict { border: 1px solid currentColor; border-left-width: 8px; padding: 10px 14px;
  background: var(--raised); margin: 10px 0; }
.verdict.ok { border-color: var(--ok); } .verdict.warn { border-color: var(--warn); }
.verdict.bad { border-color: var(--bad); } .verdict.gap { border-color: var(--gap); }
.verdict .mark { font-size: 18px; } .verdict .beside { float: right; font-size: 18px; }
table { border-collapse: collapse; margin: 6px 0; table-layout: fixed; }
th { text-align: left; color: var(--quiet); font-weight: 600; font-size: 12px;
  border-bottom: 1px solid var(--line); padding: 4px 12px 4px 0; vertical-align: bottom;
  overflow-wrap: normal; }
td { padding: 5px 12px 5px 0; vertical-align: top; }
th:last-child, td:last-child { padding-right: 0; }
tbody { border-bottom: 1px solid var(--line); break-inside: avoid; }
td.under { padding-top: 0; color: var(--quiet); font-size: 12px; }
.right { text-align: right; }
.row { display: flex; gap: 8px; margin: 8px auto; align-items: flex-start; }
figure { margin: 0; break-inside: avoid; min-width: 0; }
figure img { width: 100%; height: auto; display: block; background: #000; }
figcaption { color: var(--quiet); font-size: 12px; margin-top: 4px; }
.bar { display: flex; height: 26px; margin: 8px 0; border: 1px solid var(--line); }
.bar i { display: block; border-right: 1px solid #0008; min-width: 1px; }
ul.swatches { display: flex; flex-wrap: wrap; gap: 4px 16px; padding: 0; margin: 8px 0;
  list-style: none; font-size: 12px; }
.swatches i { display: inline-block; width: 14px; height: 14px; margin-right: 6px;
  vertical-align: -2px; border: 1px solid var(--line); }
h2, h3 { break-after: avoid; }
@media print { body { padding: 0; max-width: none; font-size: 9.5pt; }
  h1 { font-size: 16pt; } h2 { font-size: 11.5pt; margin-top: 16px; }
  th, .quiet, td.under, figcaption, ul.swatches, header { font-size: 8pt; }
  th, td { padding-right: 7px; } footer { display: none; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""


def html(sheet: Sheet) -> bytes:
    """The file's bytes, UTF-8; the same sheet gives the same bytes. Words are set as text."""
    quoted = '"' + sheet.use.replace("\\", "\\\\").replace('"', '\\"') + '"'
    use = f'<span class="use">{escape(sheet.use)}</span>'
    strip = f"<span>{escape(sheet.strip)}</span>"
    body = "\n".join(_block(block) for block in sheet.blocks)
    text = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="description" content="{escape(sheet.use)}">\n'
        f"<title>{escape(sheet.title)}</title>\n"
        f"<style>{STYLE.replace('USE', quoted, 1)}</style>\n</head>\n<body>\n"
        f"<header>{strip}{use}</header>\n<main>\n{body}\n</main>\n"
        f"<footer>{strip}{use}</footer>\n</body>\n</html>\n"
    )
    return text.encode("utf-8", "replace")


def _block(block: Block) -> str:
    match block:
        case Heading():
            return f"<h{block.level}>{escape(block.text)}</h{block.level}>"
        case Words():
            quiet = " quiet" if block.quiet else ""
            return f'<p class="{block.tone}{quiet}">{_mark(block.tone)}{_line(block.line)}</p>'
        case Verdict():
            beside = f'<span class="beside">{_line(block.beside)}</span>' if block.beside else ""
            word = f'<span class="mark">{SHAPES[block.tone]} {escape(block.word)}</span>'
            return (
                f'<div class="verdict {block.tone}" role="note">{beside}{word}'
                f"<p>{escape(block.sentence)}</p></div>"
            )
        case Table():
            return _table(block)
        case Figures():
            return _figures(block)
        case Swatches():
            entries = "".join(
                f'<li><i style="background: rgb{colour}"></i>{escape(name)}</li>'
                for colour, name in block.entries
            )
            return f'<ul class="swatches">{entries}</ul>'
        case Bar():
            return _bar(block)


def _mark(tone: str) -> str:
    shape = SHAPES[tone]  # type: ignore[index]
    return f'<span class="mark">{shape}</span> ' if shape else ""


def _line(line: Line) -> str:
    return "".join(
        escape(one)
        if isinstance(one, str)
        else f'<data value="{one.value!r}">{escape(one.text)}</data>'
        for one in line
    )


def _table(table: Table) -> str:
    whole = sum(table.widths)
    columns = "".join(f'<col style="width: {100 * w / whole:.1f}%">' for w in table.widths)
    sides = ['class="right"' if n in table.right else "" for n in range(len(table.widths))]
    heads = "".join(
        f'<th scope="col" {side}>{escape(head)}</th>'
        for head, side in zip(table.heads, sides, strict=False)
    )
    top = f"<thead><tr>{heads}</tr></thead>" if heads else ""
    bodies = []
    for row in table.rows:
        told = [
            f"<td {side}>{_line(cell)}</td>" for side, cell in zip(sides, row.cells, strict=True)
        ]
        if SHAPES[row.tone]:
            word = f'<span class="mark">{SHAPES[row.tone]} {_line(row.cells[0])}</span>'
            told[0] = f'<td class="{row.tone}">{word}</td>'
        cells = "".join(told)
        under = (
            f'<tr><td class="under" colspan="{len(table.widths)}">{_line(row.note)}</td></tr>'
            if row.note
            else ""
        )
        bodies.append(f"<tbody><tr>{cells}</tr>{under}</tbody>")
    head = f'<table style="width: {100 * whole:.0f}%"><colgroup>{columns}</colgroup>{top}'
    return head + "".join(bodies) + "</table>"


def _figures(figures: Figures) -> str:
    whole = sum(one.size[0] for one in figures.row)
    shown = []
    for one in figures.row:
        source = f"data:image/png;base64,{base64.b64encode(one.png).decode()}"
        width, height = one.size
        caption = f"<figcaption>{_line(one.caption)}</figcaption>" if one.caption else ""
        shown.append(
            f'<figure style="flex: {width / whole:.4f} 1 0"><img src="{source}" width="{width}" '
            f'height="{height}" alt="{escape(one.shows)}">{caption}</figure>'
        )
    return f'<div class="row" style="width: {100 * figures.most:g}%">{"".join(shown)}</div>'


def _bar(bar: Bar) -> str:
    names = ", ".join(f"{name} from {a:.1f} to {b:.1f} mm" for a, b, _, name in bar.parts)
    parts = "".join(
        f'<i style="flex: {b - a:.3f} 1 0; background: rgb{colour}" title="{escape(name)}"></i>'
        for a, b, colour, name in bar.parts
    )
    entries = {name: colour for _, _, colour, name in bar.parts}
    legend = _block(Swatches(entries=[(colour, name) for name, colour in entries.items()]))
    return f'<div class="bar" role="img" aria-label="{escape(names)}">{parts}</div>{legend}'
