"""A place to drop or choose a file, which is streamed to POST upload with its progress shown."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import param
from panel.custom import JSComponent

SCRIPT = Path(__file__).parent.parent / "static" / "drop.js"


class Drop(JSComponent):  # type: ignore[misc]
    """Calls `arrived(ticket, name)` once a file is on the server, else `failed(sentence)`."""

    hint = param.String(doc="What to drop here, in words.")
    accept = param.String(doc="Endings that the file dialog offers.")
    done = param.String(doc="The name of the file that has arrived; empty shows the hint.")

    _bundle = SCRIPT

    def __init__(
        self,
        *,
        arrived: Callable[[str, str], None],
        failed: Callable[[str], None],
        **params: Any,
    ) -> None:
        super().__init__(**params)
        self._arrived, self._failed = arrived, failed

    def _handle_msg(self, data: Any) -> None:
        if not isinstance(data, dict):
            return
        if data.get("type") == "arrived":
            self._arrived(str(data.get("ticket")), str(data.get("name")))
        elif data.get("type") == "failed":
            self._failed(str(data.get("sentence"))[:500])
