"""Whether the window is too narrow for the drawer beside the theatre."""

from pathlib import Path

import param
from panel.custom import JSComponent


class Narrow(JSComponent):  # type: ignore[misc]
    """Follows the window's width; takes no room on the page."""

    narrow = param.Boolean(default=False, doc="True while the window is less than 1200 px wide.")

    _bundle = Path(__file__).parent.parent / "static" / "narrow.js"
