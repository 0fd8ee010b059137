"""The work area: a Panel component around viewer/static/bundle/theatre.js.

The page's head asks for the bundle (viewer.app); static/theatre_pane.js waits for it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import param
from panel.custom import JSComponent

STATIC = Path(__file__).parent.parent / "static"
BUNDLE = STATIC / "bundle" / "theatre.js"


class Theatre(JSComponent):  # type: ignore[misc]
    """Four linked views of one head. `scene` {} is the empty theatre; anatomy goes by address only.

    Messages both ways are dictionaries with a `type`, as listed in docs/server.md.
    """

    scene = param.Dict(default={}, doc="What to draw: viewer.scene.scene() of a case.")

    _bundle = STATIC / "theatre_pane.js"

    def __init__(self, *, heard: Callable[[dict[str, Any]], None], **params: Any) -> None:
        super().__init__(**params)
        self._heard = heard

    def say(self, message: dict[str, Any]) -> None:
        """Send one message to the browser."""
        self._send_msg(message)

    def _handle_msg(self, data: Any) -> None:
        if isinstance(data, dict) and isinstance(data.get("type"), str):
            self._heard(data)
