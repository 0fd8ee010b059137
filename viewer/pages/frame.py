"""The frame around the theatre: patient strip, cases, imports, report. No state of its own."""

import html
from collections.abc import Callable
from pathlib import Path
from typing import Any

import panel as pn
import panel_material_ui as pmui
from bokeh.events import ConnectionLost
from bokeh.models import CustomJS
from panel.io.state import set_curdoc
from panel.util import edit_readonly

from anatomy.errors import TwinError
from twin.records import Case
from viewer.pages.importing import imports
from viewer.pages.report import report
from viewer.pages.theatre import Logic
from viewer.panes.address import Address
from viewer.panes.narrow import Narrow
from viewer.panes.theatre import BUNDLE, Theatre
from viewer.scene import INTENDED_USE, strip

STATIC = Path(__file__).parent.parent / "static"

THEME = {
    "palette": {
        "mode": "dark",
        "primary": {"main": "#7fc4dd"},
        "warning": {"main": "#e0b45c"},
        "error": {"main": "#e07a6e"},
        "success": {"main": "#79b894"},
        "background": {"default": "#0a0e12", "paper": "#10161c"},
        "divider": "#26323c",
    },
    "typography": {"fontSize": 13, "button": {"textTransform": "none"}},
    "components": {
        "MuiAppBar": {
            "styleOverrides": {
                "root": {
                    "backgroundColor": "#0d1318",
                    "backgroundImage": "none",
                    "color": "#e6edf2",
                    "boxShadow": "none",
                    "borderBottom": "1px solid #26323c",
                    "& h3, & h5, & .title": {"fontSize": "17px", "fontWeight": 500},
                }
            }
        },
        "MuiPaper": {"styleOverrides": {"root": {"backgroundImage": "none"}}},
        "MuiToolbar": {"styleOverrides": {"root": {"minHeight": "44px !important"}}},
    },
}


OPENING = """
html, body { background: #0a0e12 !important; }
#loader:not(.error) { background: none; pointer-events: none; justify-content: end; }
#loader .spinner { display: none !important; }
#loader:not(.error)::after {
  content: "Opening the theatre …"; color: #9fb0bc; padding: 20px;
  font: 13px/1.4 Roboto, system-ui, sans-serif;
}
"""
"""Dark from the first moment, with words for a spinner that turns at 60 Hz: on software GL each of
its frames takes 30 ms from the theatre's first picture."""


class NotBuilt(TwinError):
    """The bundle that draws is missing."""

    code = "viewer.not_built"


BAND = {"background": "#241f12", "border-bottom": "1px solid #6b5a2c", "align-items": "center"}


def view(logic: Logic) -> Any:
    """One visit's page."""
    if not BUNDLE.is_file():
        raise NotBuilt("The browser code has not been built: run `make demo`, or reinstall.")
    theatre = Theatre(heard=logic.heard, sizing_mode="stretch_both", min_height=300)
    logic.say = theatre.say
    words = pn.pane.HTML("", sizing_mode="stretch_width", margin=0)
    address, empty, narrow = Address(), _empty(), Narrow()
    about, opened = report(logic)
    bands, warned = _bands(logic)
    cases, listed = _cases(logic, opened)
    imported = imports(logic)
    page = _page(
        header=[words],
        sidebar=[*cases, *imported.parts],
        main=[*bands, empty, theatre, address, narrow, about, *imported.dialogs],
    )
    drawn, planning = "", False

    def folded(_: Any = None) -> None:
        page.sidebar_open = not (planning or (narrow.narrow and logic.state.case is not None))

    def room() -> None:
        nonlocal planning
        planning = True
        folded()

    def changed() -> None:
        nonlocal drawn, planning
        case = logic.state.case
        name = case.case if case else ""
        words.object = _strip(case)
        if name != drawn:
            theatre.scene = {}
            theatre.scene = logic.state.scene
            drawn, planning = name, False
            folded()
        theatre.visible, empty.visible = case is not None, case is None
        address.case = name
        warned()
        listed()
        imported.changed()

    def soon() -> None:
        # What changes before the page has loaded does not reach the browser: it waits for that.
        if pn.state.curdoc is None or pn.state.loaded:
            changed()
        else:
            pn.state.onload(changed)

    def loaded() -> None:
        narrow.param.watch(folded, "narrow")
        folded()

    pn.state.onload(loaded)
    logic.refresh()
    asked = (pn.state.session_args or {}).get("case")
    if asked:
        logic.open(asked[0].decode("utf-8", "replace")[:80])
    changed()
    logic.changed, logic.room = soon, room
    _watch(logic, imported.tick)
    return page


def _bands(logic: Logic) -> tuple[list[Any], Callable[[], None]]:
    """The bands over the theatre: failed checks, and a caution that can be closed."""
    gate = pn.pane.HTML("", visible=False, sizing_mode="stretch_width", margin=0)
    caution = pn.pane.HTML("", sizing_mode="stretch_width", margin=0)
    cautioned = pn.Row(
        caution,
        pmui.IconButton(icon="close", size="small", margin=0, on_click=lambda _: logic.warn("")),
        visible=False, sizing_mode="stretch_width", margin=0, styles=BAND | {"color": "#e8d3a0"},
    )  # fmt: skip

    def changed() -> None:
        failed = _gate(logic.state.case)
        gate.object, gate.visible = _line(failed, role="alert"), bool(failed)
        caution.object = _line(logic.state.caution, role="status")
        cautioned.visible = bool(logic.state.caution)

    return [gate, cautioned], changed


def _cases(logic: Logic, opened: Callable[[], None]) -> tuple[list[Any], Callable[[], None]]:
    """The list of cases, and the button that calls `opened` for the report of the open one."""
    cases = pmui.MenuList(
        items=[], dense=True, sizing_mode="stretch_width", margin=0, on_click=None,
        styles={"max-height": "28vh", "overflow-y": "auto"},
    )  # fmt: skip
    details = pmui.Button(
        label="Import report and notes", variant="outlined", size="small", icon="description",
        sizing_mode="stretch_width", visible=False, margin=(4, 12), on_click=lambda _: opened(),
    )  # fmt: skip

    def changed() -> None:
        case = logic.state.case
        details.visible = case is not None
        items = [_item(one) for one in logic.state.cases]
        if items != cases.items:
            cases.items = items
        names = [one.case for one in logic.state.cases]
        cases.active = names.index(case.case) if case and case.case in names else None

    def chosen(item: Any) -> None:
        if isinstance(item, dict):
            logic.open(item["case"])

    cases.on_click(chosen)
    return [_heading("Cases"), cases, details], changed


def _page(*, header: list[Any], sidebar: list[Any], main: list[Any]) -> Any:
    page = pmui.Page(
        title="Theatrum",
        dark_theme=True,
        theme_toggle=False,
        theme_config={"dark": THEME, "light": THEME},
        busy_indicator=None,
        raw_css=[OPENING],
        sidebar=[pn.Column(*sidebar, sizing_mode="stretch_width", margin=0)],
        sidebar_width=300,
        sidebar_resizable=False,
        header=header,
        main=[pn.Column(*main, sizing_mode="stretch_both", margin=0)],
        sizing_mode="stretch_both",
    )
    # It follows Panel's busy state, of all visits: twice for each message of anyone, 4 ms each.
    with edit_readonly(page):
        page.busy = False
    return page


def _watch(logic: Logic, tick: Callable[[], None]) -> None:
    """Follow the news of the server, and say on the page when it cannot be reached."""
    doc = pn.state.curdoc
    if doc is None:
        return

    def look() -> None:
        with set_curdoc(doc):
            logic.refresh()
            tick()

    stop = logic.services.news.listen(lambda: doc.add_next_tick_callback(look))

    def gone(_: Any) -> None:
        stop()
        logic.planning.close()

    doc.on_session_destroyed(gone)
    script = (STATIC / "offline.js").read_text(encoding="utf-8")
    doc.js_on_event(ConnectionLost, CustomJS(code=script))


def _heading(text: str) -> Any:
    return pmui.Typography(text, variant="overline", margin=(10, 12, 0, 12))


def _item(case: Case) -> dict[str, Any]:
    checked = "" if case.passed else " · checks failed"
    return {
        "label": case.case,
        "secondary": f"{case.created[:16].replace('T', ' ')}{checked}",
        "icon": "person" if case.passed else "warning",
        "case": case.case,
    }


def _line(sentence: str, *, role: str) -> str:
    """A sentence as one slim band."""
    colour = "background:#3a1714;border-bottom:1px solid #8c453c;color:#f3c6bf"
    return (
        f'<div role="{role}" style="padding:7px 14px;font:13px/1.4 Roboto,system-ui,sans-serif;'
        f'{colour if role == "alert" else ""}">{html.escape(sentence)}</div>'
    )


def _gate(case: Case | None) -> str:
    """Why the quality gate stopped this reconstruction, or nothing."""
    if case is None or case.passed:
        return ""
    failed = [c["sentence"] for c in case.quality.get("checks", ()) if not c.get("passed", True)]
    return " ".join(["This reconstruction did not pass its checks. Do not rely on it.", *failed])


def _strip(case: Case | None) -> str:
    """The patient strip and the line on intended use, for the dark bar."""
    left = html.escape(strip(case)) if case else "No case is open"
    return (
        '<div class="strip" style="display:flex;gap:16px;align-items:center;'
        "justify-content:space-between;width:100%;padding-left:28px;"
        'font:13px/1.25 Roboto,system-ui,sans-serif;color:#e6edf2">'
        '<span class="patient" style="white-space:nowrap;overflow:hidden;'
        f'text-overflow:ellipsis">{left}</span><span class="use" style="color:#b9a878;'
        f'text-align:right">{INTENDED_USE}</span></div>'
    )


def _empty() -> Any:
    return pn.pane.HTML(
        '<div style="max-width:520px;margin:16vh auto;padding:0 24px;color:#c9d5dd;'
        'font:15px/1.6 Roboto,system-ui,sans-serif"><div style="font-size:22px;color:#e6edf2;'
        'margin-bottom:10px">The theatre is empty</div>'
        "Open a case from the list on the left, or import a scan: drop a whole-head T1 "
        "(.nii, .nii.gz) into the box on the left and press Reconstruct. It takes a minute "
        "or two, and goes on if you close this page.</div>",
        sizing_mode="stretch_both",
    )
