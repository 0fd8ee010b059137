"""The page on loopback with software GL, beside Panel's own VTK pane of the same meshes.

    python benchmarks/page.py [--library DIR --case NAME] [--runs 3] [--json]

Medians over fresh browsers: seconds from the address to the first outline, to all coarse and to
all fine surfaces; bytes of a first and of a second visit; milliseconds of a crosshair move and of
a click's answer; server memory for each further viewer; requests that leave the machine.
Without --case the synthetic head is drawn from its true labels.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FLAGS = ("--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
LIMITS = {
    "first outline [s]": 3.0,
    "all coarse surfaces [s]": 6.0,
    "second visit [kB]": 100.0,
    "crosshair move [ms]": 250.0,
    "click answered [ms]": 50.0,
    "memory per further viewer [MB]": 3.0,
    "outbound requests": 0.0,
}
LOCAL = ("http://127.0.0.1:", "ws://127.0.0.1:", "blob:", "data:")
MOVE = """async () => {
  const deep = (root) => [...root.querySelectorAll('*')].flatMap(
    (e) => [e, ...(e.shadowRoot ? deep(e.shadowRoot) : [])]);
  const canvas = deep(document).find((e) => e.tagName === 'CANVAS' && e.clientWidth > 100);
  const box = canvas.getBoundingClientRect();
  const times = [];
  for (let i = 0; i < 12; i++) {
    const at = { bubbles: true, composed: true, pointerId: 1, button: 0, buttons: 1,
      clientX: box.x + box.width * (0.35 + 0.02 * i), clientY: box.y + box.height * 0.5 };
    const begun = performance.now();
    canvas.dispatchEvent(new PointerEvent(i ? 'pointermove' : 'pointerdown', at));
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    times.push(performance.now() - begun);
  }
  canvas.dispatchEvent(new PointerEvent('pointerup', { bubbles: true, composed: true,
    pointerId: 1, button: 0 }));
  return times;
}"""


PICKS = """globalThis.answered = [];
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
  if (!this.heard) {
    this.heard = true;
    this.addEventListener('message', ({ data }) => {
      if (typeof data === 'string' && data.includes('"picked"') && globalThis.asked)
        answered.push(performance.now() - asked);
    });
  }
  if (typeof data === 'string' && data.includes('"pick"')) globalThis.asked = performance.now();
  return send.call(this, data);
};"""
"""Times, in the page itself, from the message `pick` to its answer."""


@dataclass
class Watched:
    """One tab and when it said what [s since the address was opened]."""

    page: Any
    began: float = field(default_factory=time.perf_counter)
    sent: list[tuple[float, str]] = field(default_factory=list)
    heard: list[tuple[float, str]] = field(default_factory=list)
    outbound: list[str] = field(default_factory=list)

    def open(self, address: str) -> None:
        self.began = time.perf_counter()
        self.sent.clear()
        self.heard.clear()
        self.page.goto(address, wait_until="commit")

    def when(self, *words: str, heard: bool = False, seconds: float = 120) -> float:
        """Seconds until a message with all words passed."""
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            for at, text in self.heard if heard else self.sent:
                if all(f'"{word}"' in text for word in words):
                    return at
            self.page.wait_for_timeout(20)
        raise TimeoutError(f"no message with {words} in {seconds} s")


def watched(context: Any) -> Watched:
    seen = Watched(context.new_page())

    def now() -> float:
        return time.perf_counter() - seen.began

    def socket_opened(connection: Any) -> None:
        connection.on("framesent", lambda frame: seen.sent.append((now(), str(frame))))
        connection.on("framereceived", received)

    def received(frame: Any) -> None:
        seen.heard.append((now(), frame if isinstance(frame, str) else ""))

    seen.page.on("websocket", socket_opened)
    seen.page.on(
        "request", lambda r: None if r.url.startswith(LOCAL) else seen.outbound.append(r.url)
    )
    return seen


class Relay:
    """Hands on what browser and server say to one another, and counts the server's bytes."""

    def __init__(self, port: int) -> None:
        self.bytes = 0
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                browser, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._to))
                for source, sink, counts in ((browser, server, False), (server, browser, True)):
                    threading.Thread(
                        target=self._hand_on, args=(source, sink, counts), daemon=True
                    ).start()

    def _hand_on(self, source: socket.socket, sink: socket.socket, counts: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                self.bytes += len(data) if counts else 0
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextlib.contextmanager
def browser_through(playwright: Any, url: str) -> Iterator[tuple[Any, Relay]]:
    """A Chromium that reaches the server of `url` through a counting relay."""
    port = int(re.findall(r":(\d+)", url)[0])
    relay = Relay(port)
    rule = f"--host-resolver-rules=MAP 127.0.0.1:{port} 127.0.0.1:{relay.port}"
    browser = playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS, rule])
    try:
        yield browser, relay
    finally:
        browser.close()


def measure_page(browser: Any, relay: Relay, url: str, pid: int, runs: int) -> dict[str, float]:
    rows: list[dict[str, float]] = []
    for _ in range(runs):
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        tab = watched(context)
        relay.bytes = 0
        tab.open(url)
        row = {
            "first outline [s]": tab.when("drawn", "outline"),
            "all coarse surfaces [s]": tab.when("drawn", "coarse"),
        }
        with contextlib.suppress(TimeoutError):
            row["all fine surfaces [s]"] = tab.when("drawn", "fine", seconds=20)
        row["first visit [kB]"] = relay.bytes / 1000
        row["crosshair move [ms]"] = statistics.median(tab.page.evaluate(MOVE)[1:])
        relay.bytes = 0
        tab.open(url)
        row["second visit, all coarse surfaces [s]"] = tab.when("drawn", "coarse")
        tab.page.wait_for_timeout(1000)
        row["second visit [kB]"] = relay.bytes / 1000
        row["outbound requests"] = float(len(tab.outbound))
        rows.append(row)
        context.close()
    result = {name: statistics.median(r[name] for r in rows if name in r) for name in rows[0]}
    result["memory per further viewer [MB]"] = memory(browser, url, pid, lambda tab: tab.when(
        "drawn", "coarse"))  # fmt: skip
    return result


def click(playwright: Any, url: str) -> float:
    """Milliseconds from the message `pick` to its answer, as a page without the relay sees them."""
    browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_init_script(PICKS)
    tab = watched(context)
    tab.open(url)
    tab.when("drawn", "coarse")
    box = tab.page.locator('[data-view="space"] canvas').first.bounding_box()
    for across in (0.4, 0.45, 0.5, 0.55, 0.6):
        tab.page.wait_for_timeout(600)
        tab.page.mouse.click(box["x"] + across * box["width"], box["y"] + box["height"] / 2)
    tab.page.wait_for_timeout(600)
    answered = tab.page.evaluate("answered")
    browser.close()
    return statistics.median(answered)


def memory(browser: Any, url: str, pid: int, ready: Callable[[Watched], object]) -> float:
    """Megabytes that the server grows by for each of four further viewers."""
    contexts, sizes = [], []
    for _ in range(5):
        context = browser.new_context()
        tab = watched(context)
        tab.open(url)
        ready(tab)
        tab.page.wait_for_timeout(1500)
        contexts.append(context)
        sizes.append(resident_mb(pid))
    for context in contexts:
        context.close()
    return (sizes[-1] - sizes[0]) / 4


def resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure_pane(browser: Any, relay: Relay, url: str, pid: int, runs: int) -> dict[str, float]:
    """The same for pn.pane.VTK: it is drawn, at the earliest, when its canvas is there."""
    shown = (
        "() => { const deep = (root) => [...root.querySelectorAll('*')].flatMap("
        "(e) => [e, ...(e.shadowRoot ? deep(e.shadowRoot) : [])]);"
        "return deep(document).some((e) => e.tagName === 'CANVAS' && e.clientWidth > 100); }"
    )
    rows = []
    for _ in range(runs):
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        tab = watched(context)
        relay.bytes = 0
        tab.open(url)
        tab.page.wait_for_function(shown, timeout=120_000)
        row = {"first outline [s]": time.perf_counter() - tab.began}
        tab.page.wait_for_timeout(3000)
        row["first visit [kB]"] = relay.bytes / 1000
        relay.bytes = 0
        tab.open(url)
        tab.page.wait_for_function(shown, timeout=120_000)
        tab.page.wait_for_timeout(3000)
        row["second visit [kB]"] = relay.bytes / 1000
        row["outbound requests"] = float(len(tab.outbound))
        rows.append(row)
        context.close()
    result = {name: statistics.median(row[name] for row in rows) for name in rows[0]}
    result["memory per further viewer [MB]"] = memory(
        browser, url, pid, lambda tab: tab.page.wait_for_function(shown, timeout=120_000)
    )
    return result


@contextlib.contextmanager
def server(*command: str) -> Iterator[tuple[str, int]]:
    """A process that prints its address; the address and the process id."""
    process = subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        found = None
        while found is None:
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(f"{command} ended without an address")
            found = re.search(r"http://127\.0\.0\.1:(\d+)\S*", line)
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", int(found.group(1)))) == 0:
                    break
            time.sleep(0.1)
        yield found.group(0), process.pid
    finally:
        process.terminate()
        process.wait(20)


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def pane(library: str, name: str, port: str) -> None:
    """Serve the coarse surfaces of a case through pn.pane.VTK (runs in its own process)."""
    import panel as pn
    import pyvista

    from anatomy.surface_file import decode
    from twin.repository import Repository

    repository = Repository(Path(library))
    case = repository.case(name)
    parts = []
    for record in case.structures:
        content = repository.blob(record.meshes["coarse"].digest).read_bytes()
        surface, _ = decode(content)
        mesh = pyvista.PolyData.from_regular_faces(surface.vertices_mm, surface.faces)
        parts.append((mesh, record))

    def page() -> Any:
        plotter = pyvista.Plotter(off_screen=True)
        for mesh, record in parts:
            plotter.add_mesh(mesh, color=record.colour, opacity=record.opacity)
        return pn.pane.VTK(plotter.ren_win, sizing_mode="stretch_both", min_height=600)

    pn.extension("vtk")
    print(f"http://127.0.0.1:{port}/", flush=True)
    pn.serve({"/": page}, port=int(port), show=False, address="127.0.0.1")


def synthetic(folder: Path) -> str:
    """A case of the synthetic head at 1 mm, drawn from its true labels."""
    from anatomy.phantom_head import whole_head
    from anatomy.quality import Quality
    from anatomy.reconstruct import Reconstruction
    from anatomy.surface import structures_from
    from twin.build import Order, Reading, store
    from twin.repository import Repository

    head = whole_head(seed=27)
    made = Reconstruction(
        labelmap=head.labelmap, origin={}, quality=Quality(passed=True, checks=()), stages=(),
        skull_stripped=False, notes=(),
    )  # fmt: skip
    reading = Reading(volume=head.volume, report={}, overlays=[], laid=[], recipe="synthetic")
    order = Order(path=Path("synthetic"), case="synthetic")
    store(Repository(folder), order, reading, made, structures_from(head.labelmap))
    return "synthetic"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--library", type=Path)
    parser.add_argument("--case")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--no-pane", action="store_true", help="leave the alternative out")
    parser.add_argument("--pane", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.pane:
        pane(*given.pane)
        return 0
    from playwright.sync_api import sync_playwright

    with contextlib.ExitStack() as stack:
        folder = given.library or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        case = given.case or synthetic(folder)
        playwright = stack.enter_context(sync_playwright())
        with (
            server("-m", "viewer.cli", "serve", "--library", str(folder), "--port", free_port())
            as (url, pid),
            browser_through(playwright, url) as (browser, relay),
        ):  # fmt: skip
            ours = measure_page(browser, relay, f"{url}?case={case}", pid, given.runs)
            ours["click answered [ms]"] = click(playwright, f"{url}?case={case}")
        theirs: dict[str, float] = {}
        if not given.no_pane:
            with (
                server(__file__, "--pane", str(folder), case, free_port()) as (url, pid),
                browser_through(playwright, url) as (browser, relay),
            ):
                theirs = measure_pane(browser, relay, url, pid, given.runs)
    missed = [name for name, most in LIMITS.items() if ours.get(name, 0.0) > most]
    if given.json:
        print(json.dumps({"ours": ours, "pn.pane.VTK": theirs, "missed": missed}, indent=1))
    else:
        print(f"{'':<40}{'ours':>10}{'must be <=':>12}{'pn.pane.VTK':>13}")
        for name, value in ours.items():
            most = f"{LIMITS[name]:g}" if name in LIMITS else ""
            other = f"{theirs[name]:.1f}" if name in theirs else "-"
            mark = "  MISSED" if name in missed else ""
            print(f"{name:<40}{value:>10.1f}{most:>12}{other:>13}{mark}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
