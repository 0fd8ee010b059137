"""Repair of Bokeh-FastAPI 0.1.8's websocket: who may connect, whole messages, sessions freed.

Three defects of the released handler, each with a test in tests/viewer/test_bokeh_repair.py:
the Origin header is never looked at, two tasks write the frames of their messages between one
another, and a closed socket keeps its session for ever (bokeh/bokeh-fastapi#19). When a release
passes those tests without `apply()`, delete this module.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from bokeh.util.token import check_token_signature
from bokeh_fastapi.handler import WSHandler
from fastapi import WebSocket, WebSocketDisconnect

log = logging.getLogger(__name__)

Handler = Any


def apply() -> None:
    """Repair the handler class, once."""
    if getattr(WSHandler, "_theatrum", False):
        return
    WSHandler._theatrum = True
    WSHandler.ws_connect = _admitted(WSHandler.ws_connect)
    WSHandler._receive_loop = _freed(WSHandler._receive_loop)
    WSHandler.send_message = _whole(WSHandler.send_message)


def _admitted(
    connect: Callable[[Handler, WebSocket], Awaitable[None]],
) -> Callable[[Handler, WebSocket], Awaitable[None]]:
    """Refuse (403) a foreign or missing Origin and a token that is not of this start."""

    async def ws_connect(self: Handler, websocket: WebSocket) -> None:
        origin = websocket.headers.get("origin", "")
        offered = websocket.scope["subprotocols"]
        if not _ours(self, origin):
            log.warning("websocket refused: origin %r", origin[:200])
        elif len(offered) != 2 or offered[0] != "bokeh":
            log.warning("websocket refused: not a Bokeh client")
        elif not _signed(self, offered[1]):
            log.warning("websocket refused: the page is older than this server")
        else:
            await connect(self, websocket)
            return
        await websocket.close(1008)

    return ws_connect


def _ours(handler: Handler, origin: str) -> bool:
    try:
        return bool(origin) and handler.check_origin(origin)
    except ValueError:
        return False


def _signed(handler: Handler, token: str) -> bool:
    try:
        return check_token_signature(
            token,
            signed=handler.application.sign_sessions,
            secret_key=handler.application.secret_key,
        )
    except ValueError:
        return False


def _freed(
    loop: Callable[[Handler], Awaitable[None]],
) -> Callable[[Handler], Awaitable[None]]:
    """Let go of the session however the connection ends."""

    async def receive_loop(self: Handler) -> None:
        try:
            await loop(self)
        finally:
            if self.connection is not None:
                self.application.client_lost(self.connection)

    return receive_loop


def _whole(
    send: Callable[[Handler, Any], Awaitable[int]],
) -> Callable[[Handler, Any], Awaitable[int]]:
    """One message at a time: header, metadata, content and buffers stay together."""

    async def send_message(self: Handler, message: Any) -> int:
        lock = self.__dict__.setdefault("_one_writer", asyncio.Lock())
        async with lock:
            try:
                return await send(self, message)
            except (RuntimeError, WebSocketDisconnect):
                log.debug("message to a closed page dropped")
                return 0

    return send_message
