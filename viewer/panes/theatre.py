"""The work area: a Panel component around viewer/static/bundle/theatre.js.

The page's head asks for the bundle (viewer.app); static/theatre_pane.js waits for it.
"""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import param
from panel.custom import JSComponent
from panel.models.esm import DataEvent

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
        self._arrivals = itertools.count(1)

    def say(self, message: dict[str, Any]) -> None:
        """Send one message to the browser."""
        self._send_msg(message)

    def _server_event(self, doc: Any, event: Any) -> None:
        """Number each message as it comes (`arrived`): Panel's threads take them in any order."""
        if isinstance(event, DataEvent) and isinstance(event.data, dict):
            event.data["arrived"] = next(self._arrivals)
        super()._server_event(doc, event)

    def _handle_msg(self, data: Any) -> None:
        if isinstance(data, dict) and isinstance(data.get("type"), str):
            self._heard(data)
