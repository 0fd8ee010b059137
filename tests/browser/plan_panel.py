"""What a person does in the plan panel, and what it says."""

from typing import Any

import pytest
from plan_engine import Server
from stage import ROOT, Stage

VERDICT = "document.querySelector('.pl-verdict').dataset"
AXE = ROOT / "viewer" / "js" / "node_modules" / "axe-core" / "axe.min.js"
FAULTS = """async () => {
  const found = await axe.run(document.querySelector('.pl-panel'), {resultTypes: ['violations']});
  return found.violations.map(v => [v.id, v.impact, v.nodes.map(n => n.html.slice(0, 160))]);
}"""


class Panel:
    """What a person does in the panel, and what it says."""

    def __init__(self, stage: Stage, server: Server) -> None:
        self.stage, self.page, self.server = stage, stage.page, server

    def show(self) -> "Panel":
        """Open the case, and the panel beside it."""
        self.page.evaluate("() => { said.length = 0; held.clear(); return show('ball'); }")
        self.stage.until("said.some(m => m.type === 'drawn' && m.stage === 'coarse')")
        self.page.keyboard.press("Shift+P")
        self.stage.until("document.querySelector('.pl-panel').checkVisibility()")
        self.stage.settle()
        return self

    def place(self, numbers: tuple[str, ...], *, verdict: str = "") -> "Panel":
        """Type entry and target; wait for the certified verdict, where one is named."""
        self.open("typed")
        self.page.locator("[data-form=ras]").click()
        fields = self.page.locator("[data-section=typed] input.pl-number-input")
        for n, text in enumerate(numbers):
            fields.nth(n).fill(text)
            fields.nth(n).press("Tab")
        self.stage.settle()
        if verdict:
            self.stage.until(f"{VERDICT}.state === 'certified'")
            assert self.page.evaluate(f"{VERDICT}.verdict") == verdict
        return self

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.stage.settle()

    def click(self, name: str) -> Any:
        """Click the one button that is called so."""
        found = self.page.get_by_role("button", name=name, exact=True)
        found.click()
        self.stage.settle()
        return found

    def search(self) -> None:
        """Let paths to the middle of the ball be proposed."""
        self.stage.goto((0, 0, 0))
        self.open("search")
        self.page.locator("[data-section=search] select").first.select_option("at the crosshair")
        self.page.locator(".pl-main").click()
        self.stage.until("document.querySelectorAll('.pl-proposal').length > 0", seconds=90)

    def open(self, section: str) -> None:
        head = self.page.locator(f"[data-section={section}] .th-fold")
        if head.get_attribute("aria-expanded") == "false":
            head.click()

    def text(self, selector: str) -> str:
        return str(self.page.locator(selector).first.inner_text())

    def texts(self, selector: str) -> list[str]:
        return [str(one) for one in self.page.locator(selector).all_inner_texts()]

    def metric(self, title: str) -> Any:
        return self.page.locator(".pl-metric-button").filter(
            has=self.page.get_by_text(title, exact=True)
        )

    def asked(self, kind: str) -> list[dict[str, Any]]:
        found = self.page.evaluate("kind => said.filter(m => m.type === kind)", kind)
        return [dict(one) for one in found]

    def certified(self) -> dict[str, Any]:
        """The engine's own answer to the plan that was scored last."""
        (answer,) = self.server.answers(self.asked("plan_score")[-1])
        return dict(answer["result"])

    def faults(self) -> list[Any]:
        """What axe finds wrong in the panel as it stands."""
        if not AXE.exists():
            pytest.skip("axe-core is not installed: npm ci in viewer/js")
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        return list(self.page.evaluate(FAULTS))

    def crosshair(self) -> list[float]:
        self.stage.settle()
        self.page.wait_for_timeout(250)
        return list(self.asked("cursor")[-1]["point_mm"])
