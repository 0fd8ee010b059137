"""The page that says in words why there is no page."""

import html
from typing import Any

from anatomy.errors import TwinError

TROUBLE = "The theatre cannot be opened"


def trouble(fault: Exception) -> Any:
    """A plain page with what failed and what to do; no traceback."""
    import panel as pn

    if isinstance(fault, TwinError):
        words = fault.message
    else:
        words = (
            f"Theatrum could not make this page ({type(fault).__name__}). "
            "The server's log holds the details."
        )
    return pn.pane.HTML(
        '<div role="alert" style="max-width:560px;margin:12vh auto;padding:28px 32px;'
        "border:1px solid #33424e;border-radius:8px;background:#121920;color:#e6edf2;"
        'font:16px/1.5 system-ui,sans-serif"><div style="font-size:20px;margin-bottom:8px">'
        f"{TROUBLE}</div>{html.escape(words)}"
        '<div style="margin-top:16px"><a href="." style="color:#9fd3e6">Load the page again'
        "</a></div></div>",
        sizing_mode="stretch_width",
    )
