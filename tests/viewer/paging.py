"""A page without a browser: what the theatre says to the server over its socket, and hears back."""

import asyncio
import json
import re
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from serving import Served, ask
from websockets.asyncio.client import ClientConnection, connect

PATIENCE_S = 60.0


class Page:
    """One visit with an open case. Its own thread reads all that comes; `heard` keeps it."""

    def __init__(self, served: Served, case: str) -> None:
        page = ask(served.url + f"?case={quote(case)}").text
        token = json.loads(re.search(r'"token":("[^"]+")', page).group(1))  # type: ignore[union-attr]
        self.heard: list[dict[str, Any]] = []
        self._news = threading.Condition()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._socket: ClientConnection = self._do(self._connect(served, token))
        self._reading = asyncio.run_coroutine_threadsafe(self._read(), self._loop)
        self._model = theatre_of(served)
        self._read_to = 0

    async def _connect(self, served: Served, token: str) -> ClientConnection:
        socket = await connect(
            served.url.replace("http", "ws") + "ws",
            subprotocols=["bokeh", token],  # type: ignore[list-item]
            additional_headers={"Origin": served.origin},
            max_size=None,
        )
        await _whole(socket)  # ACK
        return socket

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    async def _read(self) -> None:
        while True:
            content = await _whole(self._socket)
            for event in content.get("events", ()) if isinstance(content, dict) else ():
                data = event.get("msg_data", {})
                if data.get("name") == "esm_event":
                    with self._news:
                        self.heard.append(plain(data["values"])["data"])
                        self._news.notify_all()

    def say(self, type: str, **fields: Any) -> None:
        """Send one message of the theatre."""
        self.say_all([{"type": type, **fields}])

    def say_all(self, messages: list[dict[str, Any]]) -> None:
        """Send messages at once, in this order."""
        frames = [_frames(self._model, one) for one in messages]

        async def send() -> None:
            for frame in frames:
                for part in frame:
                    await self._socket.send(part)

        self._do(send())

    def hear(self, type: str, *, where: Callable[[dict[str, Any]], bool] | None = None) -> Any:
        """The next message of that type, for which `where` holds; those before it are passed by."""
        end = time.monotonic() + PATIENCE_S
        with self._news:
            while time.monotonic() < end:
                while self._read_to < len(self.heard):
                    message = self.heard[self._read_to]
                    self._read_to += 1
                    if message["type"] == type and (where is None or where(message)):
                        return message
                self._news.wait(end - time.monotonic())
        raise AssertionError(f"no {type} came; {[one['type'] for one in self.heard[-20:]]}")

    def asked(self, type: str, answer: str, **fields: Any) -> Any:
        """What the page hears next of type `answer` after it said `type`."""
        self._read_to = len(self.heard)
        self.say(type, **fields)
        return self.hear(answer)

    def close(self) -> None:
        """Leave."""
        self._reading.cancel()
        self._do(self._socket.close())
        self._loop.call_soon_threadsafe(self._loop.stop)


def theatre_of(served: Served) -> str:
    """The id of the theatre's model in the session that was opened last."""
    contexts = served.app.state.bokeh._applications["/"]
    newest = list(contexts.sessions)[-1]
    (model,) = [
        one for one in newest.document.models if "Theatre" in str(getattr(one, "class_name", ""))
    ]
    return str(model.id)


def plain(value: Any) -> Any:
    """A value of Bokeh's wire as Python has it."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        if value.get("type") == "map":
            return {plain(key): plain(one) for key, one in value.get("entries", ())}
        if "id" in value and len(value) == 1:
            return value["id"]
        raise AssertionError(f"no plain JSON passes here: {str(value)[:200]}")
    return value


def wired(value: Any) -> Any:
    """A value of Python as Bokeh's wire has it."""
    if isinstance(value, dict):
        return {"type": "map", "entries": [[key, wired(one)] for key, one in value.items()]}
    return [wired(one) for one in value] if isinstance(value, (list, tuple)) else value


def _frames(model: str, message: dict[str, Any]) -> tuple[str, str, str]:
    values = {"type": "map", "entries": [["model", {"id": model}], ["data", wired(message)]]}
    event = {"type": "event", "name": "data_event", "values": values}
    sent = {"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": event}
    header = {"msgid": f"{time.monotonic_ns():x}", "msgtype": "PATCH-DOC"}
    return json.dumps(header), "{}", json.dumps({"events": [sent]})


async def _whole(socket: ClientConnection) -> Any:
    """The content of one whole message."""
    header = json.loads(await socket.recv())
    await socket.recv()
    content = json.loads(await socket.recv())
    for _ in range(header.get("num_buffers", 0)):
        await socket.recv()
        await socket.recv()
    return content
