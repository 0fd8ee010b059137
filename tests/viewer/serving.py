"""A real server on a real port, in a thread of the test."""

import gzip
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import uvicorn

from viewer.app import Services, server_config
from viewer.settings import Settings


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Served:
    """A running server: its address, and its inside for what a browser cannot see."""

    settings: Settings
    app: Any

    @property
    def url(self) -> str:
        return self.settings.address

    @property
    def origin(self) -> str:
        return self.settings.address.rstrip("/")

    @property
    def services(self) -> Services:
        services: Services = self.app.state.services
        return services


@dataclass(frozen=True)
class Answer:
    """What a server answered; the content is unpacked."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()

    def json(self) -> Any:
        return json.loads(self.content)


def ask(
    url: str,
    *,
    method: str = "GET",
    query: dict[str, str] | None = None,
    body: bytes | Iterable[bytes] | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    """One request as it stands: no redirect is followed, no path tidied."""
    place = urlsplit(url)
    path = quote(place.path or "/", safe="/%") + (f"?{place.query}" if place.query else "")
    if query:
        path += "?" + urlencode(query)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
    connection.request(
        method, path, body, {"Accept-Encoding": "gzip", **(headers or {})},
        encode_chunked="Transfer-Encoding" in (headers or {}),
    )  # fmt: skip
    got = connection.getresponse()
    content = got.read()
    connection.close()
    heads = {name.lower(): value for name, value in got.getheaders()}
    packed = heads.get("content-encoding") == "gzip" and content
    return Answer(got.status, heads, gzip.decompress(content) if packed else content)


def run(app: Any, settings: Settings) -> tuple[uvicorn.Server, threading.Thread]:
    server = uvicorn.Server(server_config(app, settings))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    for _ in range(200):
        if server.started:
            return server, thread
        time.sleep(0.05)
    raise RuntimeError("the server did not start")
