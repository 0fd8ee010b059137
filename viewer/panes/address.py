"""The browser's address follows the open case."""

from pathlib import Path

import param
from panel.custom import JSComponent


class Address(JSComponent):  # type: ignore[misc]
    """Writes `?case=NAME` and the window's title; takes no room on the page."""

    case = param.String(doc="Name of the open case; empty leaves the address as it is.")

    _bundle = Path(__file__).parent.parent / "static" / "address.js"
