"""The three defects of Bokeh-FastAPI 0.1.8 stay repaired, and a page can come back."""

import asyncio
import json
import re
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from bokeh.document.events import ModelChangedEvent
from bokeh.models import ColumnDataSource
from serving import Served, ask
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

FRAMES = 200


def in_loop(visit: Coroutine[Any, Any, Any]) -> Any:
    """What `visit` returns, in a thread without a loop: browser tests leave theirs in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, visit).result()


def token(served: Served) -> str:
    """The signed token of a fresh page."""
    page = ask(served.url).text
    return json.loads(re.search(r'"token":("[^"]+")', page).group(1))  # type: ignore[union-attr]


def opened(served: Served, ticket: str, origin: str | None = "own", **more: Any) -> connect:
    headers = {} if origin is None else {"Origin": served.origin if origin == "own" else origin}
    return connect(
        served.url.replace("http", "ws") + "ws",
        subprotocols=["bokeh", ticket],  # type: ignore[list-item]
        additional_headers=headers,
        max_size=None,
        **more,
    )


async def message(socket: ClientConnection) -> dict[str, Any]:
    """One whole message: header, metadata, content and its buffers, in this order."""
    header = json.loads(await socket.recv())
    assert set(header) >= {"msgid", "msgtype"}, f"a header was expected, not {header}"
    json.loads(await socket.recv())
    content = json.loads(await socket.recv())
    for _ in range(header.get("num_buffers", 0)):
        assert "id" in json.loads(await socket.recv())
        assert isinstance(await socket.recv(), bytes)
    return {**header, "content": content}


def contexts(served: Served) -> Any:
    return served.app.state.bokeh._applications["/"]


def wait_for(fact: Callable[[], bool], *, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if fact():
            return True
        time.sleep(0.1)
    return fact()


def test_closed_pages_free_their_sessions(served: Served) -> None:
    bokeh = served.app.state.bokeh

    async def visits() -> None:
        for _ in range(4):
            async with opened(served, token(served)) as socket:
                assert (await message(socket))["msgtype"] == "ACK"

    in_loop(visits())
    assert wait_for(lambda: not bokeh._clients, seconds=5)
    assert all(session.connection_count == 0 for session in contexts(served).sessions)
    contexts(served).io_loop.asyncio_loop.call_soon_threadsafe(
        lambda: asyncio.ensure_future(contexts(served)._cleanup_sessions(0))
    )
    assert wait_for(lambda: not list(contexts(served).sessions), seconds=5)


@pytest.mark.parametrize(
    "origin", [None, "http://evil.example", "null", "http://127.0.0.1.evil.example", "http://[bad"]
)
def test_a_foreign_origin_gets_no_socket(served: Served, origin: str | None) -> None:
    async def visit() -> None:
        with pytest.raises(InvalidStatus) as refusal:
            async with opened(served, token(served), origin):
                pass
        assert refusal.value.response.status_code == 403

    in_loop(visit())
    assert not served.app.state.bokeh._clients


@pytest.mark.parametrize("forged", ["", "x", "eyJzZXNzaW9uX2lkIjogIngifQ", "a.b"])
def test_a_forged_token_gets_no_socket(served: Served, forged: str) -> None:
    async def visit() -> None:
        with pytest.raises((InvalidStatus, ValueError)):
            async with opened(served, forged):
                pass

    in_loop(visit())
    assert ask(served.url + "healthz").status == 200


def test_messages_of_many_tasks_reach_a_slow_reader_whole(served: Served) -> None:
    async def visit() -> int:
        async with opened(served, token(served), max_queue=1) as socket:
            assert (await message(socket))["msgtype"] == "ACK"
            (connection,) = served.app.state.bokeh._clients
            source = ColumnDataSource({"x": np.zeros(20_000)})

            async def flood() -> None:
                event = ModelChangedEvent(
                    connection.session.document, source, "data", {"x": np.random.rand(20_000)}
                )
                await asyncio.gather(
                    *(
                        connection._socket.send_message(
                            connection.protocol.create("PATCH-DOC", [event])
                        )
                        for _ in range(FRAMES)
                    )
                )

            loop = connection.application_context.io_loop.asyncio_loop
            sent = asyncio.run_coroutine_threadsafe(flood(), loop)
            seen = 0
            while seen < FRAMES:
                if seen % 20 == 0:
                    await asyncio.sleep(0.02)
                seen += (await message(socket))["msgtype"] == "PATCH-DOC"
            sent.result(5)
            return seen

    assert in_loop(visit()) == FRAMES


def test_a_page_that_lost_its_socket_comes_back_to_its_session(served: Served) -> None:
    async def visit() -> None:
        ticket = token(served)
        async with opened(served, ticket) as socket:
            assert (await message(socket))["msgtype"] == "ACK"
            (connection,) = served.app.state.bokeh._clients
            before = connection.session.id
        await asyncio.sleep(0.3)
        async with opened(served, ticket) as socket:
            assert (await message(socket))["msgtype"] == "ACK"
            (connection,) = served.app.state.bokeh._clients
            assert connection.session.id == before

    in_loop(visit())
