"""The import report of the open case in a dialog: what was read, noted and checked."""

import html
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import panel as pn
import panel_material_ui as pmui

from twin.records import Case
from viewer.pages.theatre import Logic
from viewer.scene import INTENDED_USE, strip

ROWS = (
    ("file", "File"),
    ("format", "Format"),
    ("digest", "SHA-256"),
    ("shape", "Voxels"),
    ("spacing_mm", "Spacing [mm]"),
    ("fov_mm", "Field of view [mm]"),
    ("axes", "Axes"),
    ("space", "Space of its numbers"),
    ("sform_code", "sform code"),
    ("qform_code", "qform code"),
    ("unit_stated", "Unit stated"),
    ("unit_used", "Unit used"),
    ("datatype", "Data type"),
    ("oblique_deg", "Oblique by [degrees]"),
    ("left_handed", "Left-handed voxels"),
)


def report(logic: Logic) -> tuple[Any, Callable[[], None]]:
    """The dialog and the function that opens it for the case that is open."""
    body = pn.pane.HTML("", sizing_mode="stretch_width")
    dialog = pmui.Dialog(
        body, title="Import report and notes", open=False, show_close_button=True,
        close_on_click=True, width_option="md", title_variant="h6",
    )  # fmt: skip

    def opened() -> None:
        if logic.state.case is not None:
            body.object = _page(logic.state.case)
            dialog.open = True

    return dialog, opened


def _page(case: Case) -> str:
    notes = "".join(f"<li>{html.escape(str(note))}</li>" for note in case.notes)
    parts = [
        f"<p><b>{html.escape(strip(case))}</b><br>{INTENDED_USE}</p>",
        f"<h4>Notes</h4><ul>{notes}</ul>" if notes else "",
        "<h4>Checks of the reconstruction</h4>" + _checks(case),
        "<h4>Scan</h4>" + _table(_scan(case)),
        *(
            f"<h4>{_kind(o)[0]} {html.escape(str(o.get('name', '')))}</h4>"
            + _table(((_kind(o)[1], o.get("scheme", "")), *_rows(o.get("report", {}))))
            for o in case.overlays
        ),
        "<h4>Stages</h4>"
        + _table(
            (s["name"], f"{s['seconds']:.1f} s" + (" (kept)" if s.get("cached") else ""))
            for s in case.stages
        ),
    ]
    return f'<div style="font:13px/1.5 Roboto,system-ui,sans-serif">{"".join(parts)}</div>'


def _kind(laid: Mapping[str, Any]) -> tuple[str, str]:
    return ("Mesh", "Structure") if laid.get("kind") == "mesh" else ("Label map", "Scheme")


def _scan(case: Case) -> list[tuple[str, Any]]:
    rows = list(_rows(case.report))
    intensity = case.report.get("intensity") or {}
    rows.append(("Intensity", ", ".join(f"{k} {_plain(v)}" for k, v in intensity.items())))
    if case.display.resampled:
        rows.append(("Slices", "interpolated on straight axes, because the scan is oblique"))
    return rows


def _rows(report: Any) -> Iterable[tuple[str, Any]]:
    return [(title, report[name]) for name, title in ROWS if report.get(name) not in (None, "")]


def _checks(case: Case) -> str:
    checks = case.quality.get("checks", ())
    if not checks:
        return "<p>No checks are recorded.</p>"
    return _table(
        (
            ("✓ " if check.get("passed") else "✗ ") + str(check.get("title", check.get("id"))),
            check.get("sentence") or f"{_plain(check.get('value'))} {check.get('unit', '')}",
        )
        for check in checks
    )


def _table(rows: Iterable[tuple[str, Any]]) -> str:
    cells = "".join(
        f'<tr><td style="padding:2px 14px 2px 0;color:#9fb0bc;white-space:nowrap;'
        f'vertical-align:top">{html.escape(str(name))}</td>'
        f'<td style="overflow-wrap:anywhere">{html.escape(_plain(value))}</td></tr>'
        for name, value in rows
    )
    return f"<table>{cells}</table>"


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        return " × ".join(_plain(v) for v in value)
    return str(value)
