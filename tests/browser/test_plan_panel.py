"""The plan panel on the development page, with the server's own planning behind it.

The head is a ball: skin, bone and brain are spheres about the origin, a straight artery of 3 mm
runs along y through (20, y, 0), and a lesion of 7 mm lies in the middle.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from plan_engine import BALL, Server, library_with_a_ball, page_scene
from plan_panel import VERDICT, Panel
from stage import ROOT, Stage, staged

pytestmark = pytest.mark.browser

THROUGH = ("45", "0", "30", "10", "0", "0")
"""Entry and target of a path that passes the artery's axis at 6.51 mm."""
CLEAR = ("-40", "0", "45", "0", "0", "0")


@pytest.fixture(name="server", scope="module")
def a_server(tmp_path_factory: pytest.TempPathFactory) -> Server:
    return Server(library_with_a_ball(tmp_path_factory.mktemp("ball")), BALL)


@pytest.fixture(name="tab", scope="module")
def a_tab(chromium: Any, server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    if not (ROOT / "viewer" / "static" / "bundle" / "theatre.js").exists():
        pytest.skip("the browser code is not built: npm ci && npm run build in viewer/js")
    folder = page_scene(server.library, BALL, tmp_path_factory.mktemp("scene"))
    for stage in staged(chromium, {BALL: folder}):
        stage.page.goto(f"{stage.url}?scene=")
        server.put_behind(stage.page)
        stage.page.set_default_timeout(8000)
        yield stage


@pytest.fixture(name="panel")
def a_panel(tab: Stage, server: Server) -> Panel:
    """The panel of the ball with no plan yet, at 1440 x 900."""
    server.begin()
    tab.page.set_viewport_size({"width": 1440, "height": 900})
    return Panel(tab, server).show()


def test_an_empty_panel_teaches_the_steps_and_offers_nothing_that_cannot_be_judged(
    panel: Panel,
) -> None:
    assert "three steps" in panel.text(".pl-begin-title")
    assert [step.split()[0] for step in panel.texts(".pl-steps > li")] == [
        "Choose",
        "Place",
        "Read",
    ]
    needs = panel.texts(".pl-needs li")
    assert "✓ Vessels" in needs
    assert "✗ Sulci: missing" in needs
    closed = panel.page.locator("[data-pick=procedure] option:disabled").all_inner_texts()
    reasons = panel.page.locator(".pl-reasons li").all_text_contents()
    assert closed == [one.partition(":")[0] for one in reasons]
    assert "Pedicle screw: There is no vertebra in this twin to aim at." in reasons
    assert "to scale" in panel.page.locator(".pl-device").get_attribute("aria-label")


def test_every_number_is_the_engines_and_leads_to_the_place_that_causes_it(panel: Panel) -> None:
    panel.place(THROUGH, verdict="rejected")

    result = panel.certified()
    assert panel.text(".pl-total") == f"{100 * result['total']:.0f}"
    assert panel.text(".pl-sure") == "certified"
    assert panel.texts(".pl-verdict .pl-lead")[: len(result["vetoes"])] == result["vetoes"]
    apart = 10 * 30 / math.hypot(35, 30) - 3.0 - 1.05  # To the axis, less both radii.
    shown = panel.metric("Distance to vessels")
    assert f"{apart:.1f} mm" in shown.inner_text()
    assert "rejected" in shown.inner_text()
    statuses = panel.page.locator(".pl-metric").evaluate_all(
        "all => all.map(e => e.dataset.standing)"
    )
    ranks = ["failed", "untold", "rejected", "unsure", "allowed", "good", "told"]
    assert statuses == sorted(statuses, key=ranks.index), "what was not judged comes first"

    panel.page.locator(".pl-lead").first.click()
    panel.stage.settle()
    panel.stage.settle()

    assert shown.get_attribute("aria-expanded") == "true"
    (score,) = (one for one in result["metrics"] if one["metric"] == "vessel_clearance")
    more = panel.text(".pl-metric-more:not([hidden])")
    assert score["sentence"] in more
    assert "docs/evidence.md#vessel-clearance" in more
    x, _, z = panel.crosshair()
    assert math.hypot(x - 20, z) == pytest.approx(3, abs=0.2), "the views stand on the artery"


def test_while_a_path_is_dragged_rows_stay_and_only_their_text_changes(panel: Panel) -> None:
    panel.place(CLEAR, verdict="accepted")
    panel.page.evaluate(
        "() => { globalThis.rows = [...document.querySelectorAll('.pl-metric')];"
        "globalThis.changes = []; new MutationObserver(l => changes.push(...l)).observe("
        "document.querySelector('.pl-metrics'), {childList: true}); }"
    )
    before = panel.metric("Length inside the skull").inner_text()
    x, y = handle(panel)
    panel.page.mouse.move(x, y)
    panel.page.mouse.down()
    for step in range(1, 7):
        panel.page.mouse.move(x + 3 * step, y + 2 * step)
        panel.page.wait_for_timeout(40)
    panel.stage.until("said.filter(m => m.type === 'plan_live').length >= 2")
    panel.stage.until(f"{VERDICT}.state === 'live'")

    assert panel.text(".pl-sure") == "live estimate"
    assert panel.metric("Length inside the skull").inner_text() != before
    same = "rows.every((row, n) => row === document.querySelectorAll('.pl-metric')[n])"
    assert panel.page.evaluate(same)
    assert panel.page.evaluate("changes.length") == 0

    panel.page.mouse.up()

    panel.stage.until(f"{VERDICT}.state === 'certified'")
    assert panel.text(".pl-sure") == "certified"
    assert (
        len(
            panel.page.evaluate(
                "[...new Set(said.filter(m => m.type === 'plan_save').map(m => m.reason))]"
            )
        )
        >= 2
    )


def handle(panel: Panel) -> tuple[float, float]:
    """Where the target's handle lies on the page, in the axial view."""
    panel.page.locator("[data-section=typed] .th-fold").click()
    panel.stage.goto((0, 0, 0))
    return panel.stage.at("axial")


def test_a_search_is_ranked_looked_at_by_keys_and_taken_without_asking_again(panel: Panel) -> None:
    panel.search()

    assert "20,000 paths looked at" in panel.text("[data-section=search]")
    look = panel.page.locator(".pl-proposal-look")
    look.first.focus()
    panel.press("ArrowDown")
    assert look.nth(1).get_attribute("aria-pressed") == "true"
    totals = [float(one) for one in panel.texts(".pl-proposal-look strong")]
    assert totals == sorted(totals, reverse=True)

    front = panel.page.locator(".pl-pareto")
    front.focus()
    panel.press("ArrowRight")
    chosen = front.get_attribute("aria-activedescendant")
    words = panel.page.locator(f"#{chosen}").get_attribute("aria-label")
    assert words == panel.text(".pl-front [role=status]")
    assert panel.page.locator(".pl-pareto text.label").text_content().split(",")[0] in words

    assert panel.faults() == []

    look.first.focus()
    panel.press("Enter")

    panel.stage.until(f"{VERDICT}.state === 'certified'")
    assert panel.asked("plan_score") == [], "what the search has certified is not asked again"
    assert panel.asked("plan_save")[-1]["reason"] == "proposed by the search"


def test_electrodes_that_come_too_near_are_named_with_the_engines_distance(panel: Panel) -> None:
    panel.page.locator("[data-pick=procedure]").select_option("seeg_array")
    panel.place(("-40", "0", "45", "-8", "0", "0"))
    panel.stage.until(f"{VERDICT}.state === 'certified'")
    panel.click("Add a placement")
    fields = panel.page.locator("[data-section=typed] input.pl-number-input")
    for n, text in ((1, "5"), (4, "5")):
        fields.nth(n).fill(text)
        fields.nth(n).press("Tab")
    panel.stage.until("document.querySelector('.pl-conflicts')?.textContent.includes('5.0 mm')")

    assert panel.texts(".pl-conflicts li") == ["Electrodes 1 and 2 are 5.0 mm apart."]
    assert panel.texts(".pl-chip") == ["■ 1", "■ 2"] or len(panel.texts(".pl-chip")) == 2


def test_plans_are_named_hidden_copied_compared_and_come_back_by_undo(panel: Panel) -> None:
    panel.place(CLEAR, verdict="accepted")
    panel.page.locator(".pl-plan-open").dblclick()
    panel.page.keyboard.type("<b>From the left</b>")
    panel.press("Enter")
    assert panel.text(".pl-plan-name") == "<b>From the left</b>"
    panel.click("Copy <b>From the left</b>")
    panel.place(THROUGH, verdict="rejected")
    panel.page.locator(".pl-comparison select").select_option(label="<b>From the left</b>")
    panel.stage.settle()
    length = panel.page.locator(".pl-compare tr").filter(has_text="Distance to vessels")
    assert "better" in length.inner_text()
    assert "+" in length.inner_text()
    panel.click("Hide <b>From the left</b> (copy)")
    assert panel.asked("plan_save")[-1]["look"]["hidden"] is True
    panel.click("Remove <b>From the left</b> (copy)")
    assert len(panel.texts(".pl-plan")) == 1

    panel.page.keyboard.press("Control+z")

    panel.stage.until("document.querySelectorAll('.pl-plan').length === 2")
    assert panel.server.answers({"type": "plan_open"})[0]["trash"] == []


def test_robustness_and_steps_are_told_as_the_engine_has_them(panel: Panel) -> None:
    panel.place(CLEAR, verdict="accepted")

    result = panel.certified()
    (each,) = result["tolerance"]["each"]
    assert f"under {each['guaranteed_mm']:.1f} mm" in panel.text(".pl-radius")
    assert f"delivered {each['count']} times, seed {each['seed']}" in panel.text(
        "[data-section=robust]"
    )
    spans = dict(zip(panel.texts(".pl-span-title"), panel.texts(".pl-span-value"), strict=True))
    length = each["spans"]["length_mm"]
    told = " · ".join(f"{length[name]:.1f}" for name in ("p5", "median", "p95"))
    assert spans["Length"] == f"{told} mm"
    tube = panel.click("Draw it as a tube")
    assert tube.get_attribute("aria-pressed") == "true"

    panel.open("run")
    panel.stage.until("document.querySelectorAll('.pl-step').length === 5")
    lengths = [float(one.split()[0]) for one in panel.texts("[data-section=run] td.pl-number")]
    assert sum(lengths[:-1]) == pytest.approx(lengths[-1], abs=0.05 * len(lengths))
    assert lengths[-1] == pytest.approx(math.hypot(40, 45) + 14.5, abs=0.06)


def test_numbers_typed_in_any_form_agree_and_faults_are_said_in_words(panel: Panel) -> None:
    panel.place(("L 40", "0", "45", "0", "0", "0"), verdict="accepted")
    fields = panel.page.locator("[data-section=typed] input.pl-number-input")
    assert fields.first.input_value() == "-40.00"
    fields.nth(2).fill("high")
    fields.nth(2).press("Tab")
    assert panel.text(".pl-fault") == "S is a number of millimetres, such as 12.50 or S 12.50."
    fields.nth(2).press("Escape")
    for point, name in (((0, 12, 0), "AC"), ((0, -12, 0), "PC"), ((0, 0, 40), "Midline")):
        panel.stage.goto(point)
        panel.page.locator("[data-form=acpc]").click()
        panel.page.get_by_role("button", name=f"{name} here").click()
    panel.stage.until("document.querySelector('.pl-number-input').value === '-40.00'")
    panel.page.locator("[data-form=frame]").click()
    panel.stage.until("document.querySelector('.pl-number-input').value !== ''")
    ring, arc, depth, *aim = (float(field.input_value()) for field in fields.all())
    assert (ring, arc) == pytest.approx((90, 180 - math.degrees(math.atan2(45, 40))), abs=0.01)
    assert depth == pytest.approx(math.hypot(40, 45), abs=0.01)
    assert aim == [100, 100, 100], "the frame's middle lies between the commissures"
    fields.nth(3).fill("105")
    fields.nth(3).press("Tab")
    panel.stage.until("said.filter(m => m.type === 'plan_save').at(-1).reason === 'typed'")
    moved = panel.asked("plan_save")[-1]["plan"]["placements"][0]
    assert moved["target_mm"] == pytest.approx([-5, 0, 0], abs=0.05)
    assert moved["entry_mm"] == pytest.approx([-45, 0, 45], abs=0.05)


def test_a_plan_that_gets_no_number_says_why_and_what_to_do(panel: Panel) -> None:
    panel.place(("10", "0", "20", "0", "0", "0"))
    panel.stage.until(f"{VERDICT}.state === 'refused'")
    assert "inside the brain" in panel.text(".pl-verdict-words")
    assert panel.texts(".pl-metric") == []
    assert not panel.page.locator(".pl-score").is_visible()

    panel.page.evaluate("() => held.add('plan_score')")
    panel.place(CLEAR)
    panel.stage.until(f"{VERDICT}.state === 'pending'")
    (key,) = {one["key"] for one in panel.asked("plan_score")[-1:]}
    sentence = "The planning engine did not finish the score of a plan: it was killed."
    panel.page.evaluate(
        "([key, sentence]) => theatre.receive("
        "{type: 'plan_scored', key, status: 'failed', sentence, result: null})",
        [key, sentence],
    )
    panel.stage.until(f"{VERDICT}.state === 'failed'")
    assert sentence in panel.text(".pl-verdict")
    panel.page.evaluate("() => held.clear()")
    panel.click("Ask again")
    panel.stage.until(f"{VERDICT}.verdict === 'accepted'")

    panel.server.keep(panel.asked("plan_save")[-1]["plan"] | {"anatomy": 64 * "0"})
    panel.show()
    panel.stage.until(f"{VERDICT}.state === 'stale'")
    assert "another reconstruction" in panel.text(".pl-verdict")
    assert panel.texts(".pl-metric") == []
    panel.click("Plan it anew on this reconstruction")
    panel.stage.until(f"{VERDICT}.verdict === 'accepted'")


def test_a_plan_taken_away_as_a_file_comes_back_the_same(panel: Panel, tmp_path: Path) -> None:
    panel.place(CLEAR, verdict="accepted")
    panel.open("away")
    with panel.page.expect_download() as waited:
        panel.click("Plan: Plan file")
    saved = tmp_path / waited.value.suggested_filename
    saved.write_bytes(panel.server.file(waited.value.url.rpartition("/")[2]))
    with panel.page.expect_file_chooser() as chooser:
        panel.page.get_by_role("button", name="Bring in a plan file …").click()
    chooser.value.set_files(saved)

    panel.stage.until("document.querySelectorAll('.pl-plan').length === 2")
    (listed, *_) = panel.server.answers({"type": "plan_open"})
    one, other = (plan["plan"]["placements"][0] for plan in listed["plans"])
    for end in ("entry_mm", "target_mm"):
        assert math.dist(one[end], other[end]) < 0.001


def test_a_path_is_planned_and_read_by_keys_alone(panel: Panel) -> None:
    panel.press("e")
    for _ in range(29):
        panel.page.keyboard.press("ArrowUp")
    panel.press("Enter")
    for _ in range(29):
        panel.page.keyboard.press("ArrowDown")
    panel.press("Enter")
    panel.stage.until(f"{VERDICT}.state === 'certified'")

    placed = panel.asked("plan_save")[-1]["plan"]["placements"][0]
    assert placed["entry_mm"][2] - placed["target_mm"][2] == pytest.approx(58, abs=0.1)
    focus = "document.activeElement.className"
    for _ in range(80):
        panel.page.keyboard.press("Tab")
        if panel.page.evaluate(focus) == "pl-metric-button":
            break
    panel.press("ArrowDown")
    panel.press("Enter")
    assert panel.page.evaluate("document.activeElement.ariaExpanded") == "true"
    assert panel.page.locator(".pl-metric-more:not([hidden])").count() == 1


def test_axe_finds_nothing_in_the_panel(panel: Panel) -> None:
    assert panel.faults() == []
    panel.place(THROUGH, verdict="rejected")
    for section in ("run", "away", "pickers", "search"):
        panel.open(section)
    assert panel.faults() == []


CUT = """() => [...document.querySelectorAll('.pl-panel *')]
  .filter(e => e.checkVisibility())
  .filter(e => !e.closest('svg, .pl-hidden, .pl-heard, select, .pl-wide-table'))
  .filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0
    && getComputedStyle(e).display !== 'inline')
  .map(e => `${e.className} ${e.textContent.slice(0, 40)}`)"""


def test_nothing_is_cut_at_any_size_nor_at_twice_the_text(panel: Panel) -> None:
    panel.place(THROUGH, verdict="rejected")
    for section in ("pickers", "search", "run", "away"):
        panel.open(section)
    for width, height in ((1440, 900), (1024, 768), (720, 450)):
        panel.page.set_viewport_size({"width": width, "height": height})
        if width < 800:  # 1440 x 900 at twice the size of everything.
            panel.page.locator("[data-action=panel]").click()
        panel.stage.settle()
        assert panel.page.evaluate(CUT) == [], f"at {width} x {height}"
        inner, outer = panel.page.evaluate(
            "(({scrollWidth, clientWidth}) => [scrollWidth, clientWidth])"
            "(document.querySelector('.pl-panel'))"
        )
        assert inner <= outer
