"""theatrum serve: the library in the browser."""

import argparse
import socket
import sys
from typing import Any

from anatomy.errors import TwinError
from viewer.commands import terminal
from viewer.settings import Settings


class PortTaken(TwinError, OSError):
    """Something else listens there."""

    code = "viewer.port_taken"

    def __str__(self) -> str:
        return self.message


def add(verbs: Any) -> None:
    """Declare the command."""
    parser = verbs.add_parser("serve", help="show the library in the browser")
    terminal.add_library(parser)
    add_place(parser)
    parser.set_defaults(run=run)


def add_place(parser: argparse.ArgumentParser) -> None:
    """Declare --port and --host."""
    parser.add_argument("--port", type=int, help="port to listen on (default 5106)")
    parser.add_argument("--host", help="address to listen on (default 127.0.0.1: this machine)")


def run(given: argparse.Namespace) -> int:
    """Serve until interrupted."""
    serve(terminal.settings(given, host=given.host, port=given.port))
    return 0


def serve(settings: Settings, *, opening: str = "") -> None:
    """Serve; prints the address, of the case `opening` where one is named."""
    _need_port(settings)
    from viewer.app import serve as run_server

    if not settings.local:
        print(
            f"WARNING: Theatrum listens on {settings.host} and has no login: everybody who can "
            "reach this machine sees every case.",
            file=sys.stderr,
        )
    print(f"Theatrum: {settings.address}{f'?case={opening}' if opening else ''}", flush=True)
    print("Stop with Ctrl-C.", file=sys.stderr, flush=True)
    run_server(settings)


def _need_port(settings: Settings) -> None:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as reason:
            raise PortTaken(
                f"Port {settings.port} on {settings.host} cannot be listened on "
                f"({reason.strerror}); choose another with --port."
            ) from None
