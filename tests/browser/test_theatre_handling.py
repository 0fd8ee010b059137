"""How the drawn work area answers the hand: keys, double clicks, menus, lists and widths."""

import pytest
from stage import Stage

pytestmark = pytest.mark.browser

PRESSED = "document.querySelector('[data-action={}]').ariaPressed === '{}'"
LARGE = (
    "[...document.querySelectorAll('.th-view')].filter((v) => v.checkVisibility()).length === {}"
)


def test_keys_are_listed_and_a_view_is_enlarged(stage: Stage) -> None:
    stage.open()
    stage.page.keyboard.press("?")
    assert "Ctrl + Z" in stage.text(".th-sheet")
    assert "Clip plane" in stage.text(".th-sheet")
    stage.page.keyboard.press("Escape")
    stage.page.mouse.dblclick(*stage.at("coronal"))
    stage.until(
        "[...document.querySelectorAll('.th-view')].filter((v) => v.checkVisibility()).length === 1"
    )
    stage.page.keyboard.press("f")
    stage.until(
        "[...document.querySelectorAll('.th-view')].filter((v) => v.checkVisibility()).length === 4"
    )


@pytest.mark.parametrize("mode", ["", "m", "Shift+M"])
@pytest.mark.parametrize("view", ["axial", "space"])
def test_a_double_click_only_enlarges(stage: Stage, view: str, mode: str) -> None:
    stage.open()
    if mode:
        stage.page.keyboard.press(mode)
        stage.click("coronal", 0.4, 0.4)
    before = stage.text(".th-ras"), stage.text('[data-view="sagittal"] .th-position')

    stage.page.mouse.dblclick(*stage.at(view, 0.56, 0.44))
    stage.until(LARGE.format(1))
    stage.page.wait_for_timeout(800)
    stage.page.keyboard.press("f")
    stage.until(LARGE.format(4))
    stage.settle()

    assert (stage.text(".th-ras"), stage.text('[data-view="sagittal"] .th-position')) == before
    assert stage.page.locator(".th-measures li").count() == 0
    assert stage.page.locator("[data-action=undo]").is_disabled()
    assert stage.page.locator("[data-structure=scalp]").get_attribute("aria-expanded") == "false"
    if mode == "m":
        stage.click("coronal", 0.6, 0.4)
        assert stage.page.locator(".th-measures li").count() == 1, "the first point still stands"


def test_keys_work_from_anywhere_but_a_field_or_a_dialog(stage: Stage) -> None:
    stage.open()
    stage.page.evaluate(
        """() => { const host = document.body.appendChild(document.createElement('div'));
        host.attachShadow({mode: 'open'}).innerHTML =
          '<button>a</button><input><p contenteditable>c</p><p role=dialog><button>d</button></p>';
        globalThis.elsewhere = (what) => host.shadowRoot.querySelector(what).focus(); }"""
    )
    for what, works in (
        ("button", True), ("input", False), ("[contenteditable]", False), ("[role=dialog] *", False)
    ):  # fmt: skip
        was = stage.page.locator("[data-action=crosshair]").get_attribute("aria-pressed")
        stage.page.evaluate("what => elsewhere(what)", what)
        stage.page.keyboard.press("c")
        stage.page.wait_for_timeout(600)
        now = stage.page.locator("[data-action=crosshair]").get_attribute("aria-pressed")
        assert (now != was) == works, what

    stage.page.evaluate("document.body.append(document.createElement('dialog'))")
    stage.page.evaluate("elsewhere('button')")
    was = stage.page.locator("[data-action=crosshair]").get_attribute("aria-pressed")
    stage.page.evaluate("document.querySelector('dialog').show()")
    stage.page.evaluate("document.activeElement.blur()")
    stage.page.keyboard.press("c")
    stage.page.wait_for_timeout(600)
    assert stage.page.locator("[data-action=crosshair]").get_attribute("aria-pressed") == was


def test_escape_empties_the_search_and_then_leaves_it(stage: Stage) -> None:
    stage.open()
    stage.page.keyboard.press("/")
    stage.page.keyboard.type("thal")
    stage.until("document.querySelector('[data-structure=scalp]').offsetParent === null")
    stage.page.keyboard.press("Escape")
    assert stage.page.locator(".th-structures .th-search").input_value() == ""
    assert stage.page.locator("[data-structure=scalp]").is_visible()
    assert stage.page.evaluate("document.activeElement.matches('.th-search')")
    stage.page.keyboard.press("Escape")
    assert not stage.page.evaluate("document.activeElement.matches('.th-search')")
    stage.page.keyboard.press("c")
    stage.until(PRESSED.format("crosshair", "false"))


def test_the_panel_button_tells_the_truth_at_every_width(stage: Stage) -> None:
    stage.open()
    stage.until(PRESSED.format("panel", "true"))
    stage.page.set_viewport_size({"width": 720, "height": 768})
    stage.until(PRESSED.format("panel", "false"))
    assert not stage.page.locator(".th-side").is_visible()
    wide = stage.page.locator('[data-view="axial"]').bounding_box()
    stage.page.click("[data-action=panel]")
    stage.until(PRESSED.format("panel", "true"))
    assert stage.page.locator("[data-structure=scalp]").is_visible()
    assert stage.page.locator('[data-view="axial"]').bounding_box() == wide, "it lies over them"


def test_the_volume_menu_closes_after_a_choice(stage: Stage) -> None:
    stage.open()
    stage.page.click("[data-menu=volume]")
    stage.page.keyboard.press("Tab")
    stage.page.keyboard.press("ArrowDown")
    assert stage.page.get_by_text("Maximum intensity (MIP)").is_visible(), "arrows only walk"
    stage.page.get_by_text("Maximum intensity (MIP)").click()
    stage.until("!document.querySelector('.th-menu:not([hidden])')")
    stage.until("document.querySelector('[data-menu=volume]').ariaPressed === 'true'")


def test_names_dates_and_presets_are_not_cut(stage: Stage) -> None:
    stage.page.set_viewport_size({"width": 1140, "height": 812})
    stage.page.goto(stage.url)
    stage.page.evaluate(
        """async () => { const s = await readScene('a');
        s.strip = 'colin27 · scan a0090511 · anatomy d5cdbc5a · 2026-11-24';
        const x = s.structures.find(x => x.id === 'thalamus_left');
        Object.assign(x, {title: 'Hippocampus, left', origin: 'atlas', volume_ml: 15.22,
          code: '5366008', side: 'left'});
        s.structures.find(x => x.id === 'thalamus_right').code = '';
        s.volume.presets[0].title = 'Standard (1 to 99.9 %)';
        theatre.setScene(s); }"""
    )
    stage.until("document.querySelector('[data-structure=thalamus_left]')")
    cut = stage.page.evaluate(
        "[...document.querySelectorAll('.th-title')].filter(e => e.scrollWidth > e.clientWidth)"
        ".map(e => e.textContent)"
    )
    assert cut == []
    room = stage.page.evaluate(
        """() => { const select = document.querySelector('.th-select');
        const pen = document.createElement('canvas').getContext('2d');
        pen.font = getComputedStyle(select).font;
        return select.clientWidth - 12 - 20 - pen.measureText('1 Standard').width; }"""
    )
    assert room >= 0
    for width in (724, 640):
        stage.page.set_viewport_size({"width": width, "height": 646})
        stage.settle()
        rows = stage.page.evaluate(
            "[...document.querySelectorAll('.th-strip-part')].map(e => e.getBoundingClientRect()"
            ".height)"
        )
        assert max(rows) < 20, "no part of the strip is broken over two lines"


def test_a_card_says_code_and_side(stage: Stage) -> None:
    stage.page.goto(stage.url)
    stage.page.evaluate(
        """async () => { const s = await readScene('a');
        const find = (id) => s.structures.find(x => x.id === id);
        Object.assign(find('thalamus_left'), {code: '42695009', side: 'left'});
        Object.assign(find('scalp'), {code: '', side: 'midline'});
        theatre.setScene(s); }"""
    )
    for id, code, side in (
        ("thalamus_left", "42695009", "Left"),
        ("scalp", "not assigned", "Midline"),
    ):
        stage.page.locator(f"[data-structure={id}]").click()
        stage.until(f"document.querySelector('.th-facts')?.innerText.includes('{code}')")
        facts = stage.text(".th-facts").split("\n")
        assert facts[:4] == ["Code (SNOMED CT)", code, "Side", side]


def test_the_middle_has_no_side(stage: Stage) -> None:
    stage.open()
    stage.goto((0.0, 10, 15))
    assert stage.text(".th-ras").startswith("0.0  A 10.0")


def test_the_list_of_keys_names_the_window_presets(stage: Stage) -> None:
    stage.open()
    titles = stage.page.evaluate("readScene('a').then(s => s.volume.presets.map(p => p.title))")
    stage.page.keyboard.press("?")
    sheet = stage.text(".th-sheet")
    for title in titles:
        assert f"Window: {title}" in sheet
    assert "Window preset" not in sheet
