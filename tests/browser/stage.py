"""A tab with a theatre in it, for the tests of the development page."""

import hashlib
import importlib.util
import io
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
DEV = ROOT / "viewer" / "js" / "dev"
KEPT = frozenset({"scalp", "skull", "grey_matter_left", "thalamus_left", "thalamus_right"})
TEXT = "(selector => document.querySelector(selector).textContent)"
BOXES = """() => {
  const seen = ['.th-toolbar button', '.th-toolbar select', '.th-status > *', '.th-name',
    '.th-letter', '.th-info', '.th-strip', '.th-view-tools', '.th-card button', '.th-card dd'];
  return [...document.querySelectorAll(seen)]
    .filter((e) => e.offsetParent && (e.textContent || e.children.length))
    .map((e) => [e, e.getBoundingClientRect()])
    .map(([e, r]) => [e.className, e.textContent.slice(0, 20), r.left, r.top, r.right, r.bottom]);
}"""


def module(name: str) -> ModuleType:
    """A script of the development page, which is no package."""
    spec = importlib.util.spec_from_file_location(f"theatre_dev_{name}", DEV / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = made
    spec.loader.exec_module(made)
    return made


@dataclass
class Stage:
    """One tab with a theatre in it."""

    page: Any
    url: str
    faults: Any
    outbound: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def open(self, scene: str = "a", *, until: str = "coarse") -> "Stage":
        self.page.goto(f"{self.url}?scene={scene}")
        if scene:
            self.until(f"said.some(m => m.type === 'drawn' && m.stage === '{until}')")
            self.until("!document.querySelector('.th-loading').offsetParent")
        return self

    def until(self, script: str, *, seconds: float = 40) -> None:
        for _ in range(round(seconds * 20)):
            if self.page.evaluate(script):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"not within {seconds} s: {script}")

    def at(self, view: str, across: float = 0.5, down: float = 0.5) -> tuple[float, float]:
        box = self.page.locator(f'[data-view="{view}"] .th-stage').bounding_box()
        return box["x"] + across * box["width"], box["y"] + down * box["height"]

    def click(self, view: str, across: float = 0.5, down: float = 0.5) -> None:
        self.page.mouse.click(*self.at(view, across, down))
        self.settle()

    def settle(self) -> None:
        self.page.evaluate(
            "new Promise(f => requestAnimationFrame(() => requestAnimationFrame(f)))"
        )

    def text(self, selector: str) -> str:
        return str(self.page.locator(selector).first.inner_text())

    def letters(self, view: str) -> dict[str, str]:
        return {
            edge: self.text(f'[data-view="{view}"] [data-edge="{edge}"]')
            for edge in ("left", "right", "top", "bottom")
        }

    def goto(self, point: Any) -> None:
        self.page.evaluate(
            "p => theatre.receive({type: 'goto', point_mm: p})", [float(x) for x in point]
        )
        self.settle()

    def picture(self, view: str) -> np.ndarray:
        """The slice canvas, (rows, columns) of red values."""
        flat, width = self.page.evaluate(
            """v => { const c = document.querySelector(`[data-view="${v}"] .th-canvas`);
            const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
            return [Array.from(d.filter((_, i) => i % 4 === 0)), c.width]; }""",
            view,
        )
        return np.array(flat, dtype=float).reshape(-1, width)

    def screenshot(self, view: str) -> np.ndarray:
        """A view as it is on screen, (rows, columns) of greys."""
        place = self.page.locator(f'[data-view="{view}"] .th-stage')
        return np.array(Image.open(io.BytesIO(place.screenshot())).convert("L"), dtype=float)


@pytest.fixture(name="scenes", scope="session")
def a_scene_of_each_case(shared_data: Path) -> dict[str, Path]:
    """Two heads, made once and kept as long as their script does not change."""
    if not (ROOT / "viewer" / "static" / "bundle" / "theatre.js").exists():
        pytest.skip("the browser code is not built: npm ci && npm run build in viewer/js")
    digest = hashlib.sha256((DEV / "make_scene.py").read_bytes()).hexdigest()[:12]
    folders = {}
    for name, case in (("a", "01"), ("b", "05")):
        folders[name] = ROOT / ".cache" / "theatre" / digest / name
        if not (folders[name] / "scene.json").exists():
            module("make_scene").make(shared_data, folders[name], case=case, only=KEPT)
    return folders


@pytest.fixture(name="stage")
def a_stage(chromium: Any, scenes: dict[str, Path]) -> Iterator[Stage]:
    yield from staged(chromium, scenes)


def staged(browser: Any, scenes: dict[str, Path]) -> Iterator[Stage]:
    serve = module("serve")
    faults = serve.Faults()
    server = serve.server(scenes, faults=faults)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}/"
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    it = Stage(context.new_page(), url, faults)
    it.page.on(
        "request",
        lambda r: None if r.url.startswith((url, "data:", "blob:")) else it.outbound.append(r.url),
    )
    it.page.on("console", lambda m: it.errors.append(m.text) if "GL_" in m.text else None)
    it.page.on("pageerror", lambda e: it.errors.append(str(e)))
    yield it
    context.close()
    server.shutdown()
    server.server_close()
    assert it.outbound == []
    assert it.errors == []
