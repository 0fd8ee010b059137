"""Serve the development page: its own files, the bundle, and folders of scenes.

    python viewer/js/dev/serve.py NAME=FOLDER [NAME=FOLDER ...] [--port 8123]

Bodies under NAME/data are stored gzip-compressed and go out as they are. `Faults` lets a test make
files fail, be slow, or the whole server fall silent.
"""

import argparse
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUNDLE = HERE.parent.parent / "static" / "bundle" / "theatre.js"
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}


@dataclass
class Faults:
    """What goes wrong on purpose: digests or names that are missing, seconds before each body."""

    missing: set[str] = field(default_factory=set)
    delay_s: float = 0.0


def server(
    scenes: Mapping[str, Path], *, port: int = 0, faults: Faults | None = None
) -> ThreadingHTTPServer:
    """A server on 127.0.0.1, not yet running; port 0 takes a free one."""
    wrong = faults or Faults()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            name = self.path.partition("?")[0].lstrip("/") or "index.html"
            head, _, rest = name.partition("/")
            if head in scenes:
                path, packed = scenes[head] / rest, rest.startswith("data/")
            else:
                path, packed = (BUNDLE if name == "theatre.js" else HERE / name), False
            if path.name in wrong.missing or ".." in name or not path.is_file():
                self.send_response(404)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if packed:
                time.sleep(wrong.delay_s)
            body = path.read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", TYPES.get(path.suffix, "application/octet-stream"))
            self.send_header("Content-Length", str(len(body)))
            if packed:
                self.send_header("Content-Encoding", "gzip")
                self.send_header("Cache-Control", "private, max-age=31536000, immutable")
            self.end_headers()
            try:
                self.wfile.write(body)
            except ConnectionError:  # the tab has gone; there is nobody to tell
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenes", nargs="*", help="NAME=FOLDER")
    parser.add_argument("--port", type=int, default=8123)
    given = parser.parse_args()
    scenes = {name: Path(folder) for name, _, folder in (s.partition("=") for s in given.scenes)}
    it = server(scenes, port=given.port)
    print(f"http://127.0.0.1:{it.server_address[1]}/?scene={next(iter(scenes), '')}", flush=True)
    threading.Thread(target=it.serve_forever).start()


if __name__ == "__main__":
    main()
