"""The drawn work area on its development page: real anatomy, no Panel, faults made on purpose."""

import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from stage import BOXES, KEPT, TEXT, Stage, staged
from visiting import CHROMIUM

pytestmark = pytest.mark.browser

USE = "Research, planning rehearsal and education. Not a medical device."
SIZES = ((1024, 768), (1440, 900))


def thalamus(shared_data: Path, side: str) -> tuple[np.ndarray, int]:
    """A voxel well inside a thalamus [RAS mm] and its grey value, read apart from the theatre."""
    folder = shared_data / "labelmap"
    labels = nibabel.load(folder / "synthseg_01_labels.nii.gz")
    image = nibabel.load(folder / "synthseg_01_synthetic_T1.nii.gz")
    inside = np.argwhere(np.asarray(labels.dataobj) == {"left": 10, "right": 49}[side])
    ijk = inside[np.argmin(np.linalg.norm(inside - inside.mean(axis=0), axis=1))]
    return labels.affine[:3, :3] @ ijk + labels.affine[:3, 3], int(image.dataobj[tuple(ijk)])


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_thalamus_is_found_on_its_own_side_with_its_own_grey(
    stage: Stage, shared_data: Path, side: str
) -> None:
    point, value = thalamus(shared_data, side)
    stage.open().goto(point)

    assert (point[0] < 0) == (side == "left")
    assert stage.text(".th-where") == f"Thalamus, {side} · value {value}"
    assert stage.text(".th-ras").startswith("L" if side == "left" else "R")


def test_letters_and_pixels_turn_together_with_the_convention(stage: Stage) -> None:
    stage.open()
    for key in ("o", "o", "c"):
        stage.page.keyboard.press(key)
    stage.goto((20, 10, 15))
    stage.settle()
    before = stage.picture("axial")
    assert stage.letters("axial") == {"left": "R", "right": "L", "top": "A", "bottom": "P"}
    assert stage.letters("coronal") == {"left": "R", "right": "L", "top": "S", "bottom": "I"}
    assert "right is on screen left" in stage.text(".th-convention")

    stage.page.click("[data-action=convention]")
    stage.settle()
    after = stage.picture("axial")
    assert stage.letters("axial")["left"] == "L"
    assert stage.letters("coronal")["right"] == "R"
    assert "right is on screen right" in stage.text(".th-convention")
    middle = slice(60, -60)
    mirrored = np.abs(before[middle] - after[middle, ::-1]).mean()
    same = np.abs(before[middle] - after[middle]).mean()
    assert mirrored < 0.2 * same

    assert stage.letters("sagittal") == {"left": "A", "right": "P", "top": "S", "bottom": "I"}
    stage.page.click("[data-action=nose]")
    stage.settle()
    assert stage.letters("sagittal")["right"] == "A"
    stage.page.keyboard.press("Control+z")
    stage.page.keyboard.press("Control+z")
    stage.settle()
    assert stage.letters("axial")["left"] == "R"
    assert {"convention", "sagittal_nose"} <= set(
        stage.page.evaluate("said.findLast(m => m.type === 'preference')")
    )


def test_a_click_moves_every_view_to_one_point(stage: Stage) -> None:
    stage.open()
    stage.click("axial", 0.55, 0.45)
    first = stage.text(".th-ras")
    coronal = stage.text('[data-view="coronal"] .th-position')
    stage.click("sagittal", 0.45, 0.4)
    second = stage.text(".th-ras")

    assert first != second
    assert coronal != stage.text('[data-view="coronal"] .th-position')
    moved = float(first.split("  ")[0][2:]) - float(second.split("  ")[0][2:])
    assert abs(moved) <= 0.5, "a sagittal click stays in its slice"
    stage.until("said.some(m => m.type === 'cursor')")


def test_a_crosshair_move_is_on_screen_within_a_quarter_of_a_second(stage: Stage) -> None:
    stage.open()
    stage.page.wait_for_timeout(1500)
    took = stage.page.evaluate(
        """async () => { const out = []; const frame = () => new Promise(requestAnimationFrame);
        for (let i = 0; i < 15; i += 1) { const t = performance.now();
        theatre.receive({type: 'goto', point_mm: [2 * i - 15, i - 7, 10 - i]});
        await frame(); await frame(); out.push(performance.now() - t); }
        return out.sort((a, b) => a - b)[7]; }"""
    )
    print(f"crosshair, median {took:.0f} ms")
    assert took <= 250


def test_the_wheel_scrolls_by_slices_and_keys_do_too(stage: Stage) -> None:
    stage.open()

    def slice_number() -> int:
        return int(stage.text('[data-view="axial"] .th-position').split()[-1].split("/")[0])

    start = slice_number()
    stage.page.mouse.move(*stage.at("axial"))
    stage.page.mouse.wheel(0, -180)
    stage.until(f"{TEXT}('[data-view=axial] .th-position').includes('{start + 3}/')")
    stage.page.locator('[data-view="axial"]').focus()
    stage.page.keyboard.press("ArrowDown")
    stage.settle()
    assert slice_number() == start + 2


def test_measures_are_answered_listed_undone_and_deleted(stage: Stage) -> None:
    stage.open()
    stage.page.keyboard.press("m")
    stage.click("axial", 0.45, 0.5)
    stage.click("axial", 0.55, 0.5)
    stage.until("said.some(m => m.type === 'measure' && m.kind === 'distance')")
    a, b = stage.page.evaluate("said.find(m => m.type === 'measure').points_mm")
    stage.until("document.querySelector('.th-measures .th-volume')")
    assert stage.text(".th-measures .th-volume") == f"{np.linalg.norm(np.subtract(a, b)):.1f} mm"

    stage.page.keyboard.press("Shift+M")
    for place in ((0.4, 0.4), (0.5, 0.6), (0.6, 0.4)):
        stage.click("coronal", *place)
    stage.until("document.querySelectorAll('.th-measures .th-volume').length === 2")
    assert stage.page.locator(".th-measures .th-volume").nth(1).inner_text().endswith("°")

    stage.page.keyboard.press("Escape")
    stage.page.keyboard.press("Control+z")
    stage.until("document.querySelectorAll('.th-measures .th-volume').length === 1")
    stage.page.keyboard.press("Control+Shift+Z")
    stage.until("document.querySelectorAll('.th-measures .th-volume').length === 2")
    stage.page.get_by_label("Delete the distance").click()
    stage.until("document.querySelectorAll('.th-measures .th-volume').length === 1")


def test_a_click_in_3d_asks_the_server_and_follows_its_answer(stage: Stage) -> None:
    stage.open()
    stage.page.keyboard.press("End")
    before = stage.text(".th-ras")
    stage.click("space", 0.5, 0.35)
    stage.until("said.some(m => m.type === 'pick')")
    asked = stage.page.evaluate("said.find(m => m.type === 'pick')")
    assert asked["direction"][1] < -0.9, "from the front one looks backwards"
    assert "scalp" in asked["structures"]
    assert "skull" not in asked["structures"]
    stage.until(f"document.querySelector('.th-ras').textContent !== {json.dumps(before)}")
    stage.until("document.querySelector('[data-structure=scalp]').ariaExpanded === 'true'")
    stage.until(f"{TEXT}('.th-where').startsWith('Scalp (surface)')")
    stage.goto((0, 0, 20))
    assert "surface" not in stage.text(".th-where")


def test_standard_views_write_their_letters(stage: Stage) -> None:
    stage.open()
    corners = {"left": "RA", "right": "LP", "top": "S", "bottom": "I"}
    assert stage.letters("space") == corners, "a case opens from the patient's left front"
    for key, left, top in (
        ("End", "R", "S"),
        ("Home", "L", "A"),
        ("Shift+End", "L", "S"),
        ("PageDown", "A", "S"),
    ):
        stage.page.keyboard.press(key)
        stage.settle()
        assert (stage.letters("space")["left"], stage.letters("space")["top"]) == (left, top), key
    stage.page.keyboard.press("r")
    stage.settle()
    assert stage.letters("space") == corners


def test_slices_stand_in_3d_the_right_way_round(stage: Stage) -> None:
    stage.open()
    for id in sorted(KEPT - {"skull"}):
        stage.page.click(f'[data-eye="{id}"]')
    for key in ("o", "o", "c"):
        stage.page.keyboard.press(key)
    stage.page.keyboard.press("p")
    for key, view, point in (
        ("End", "coronal", (8, 20, 15)),
        ("PageDown", "sagittal", (30, 0, 15)),
        ("Home", "axial", (8, 20, 30)),
    ):
        stage.goto(point)
        picture = patch(stage.picture(view))
        if view == "axial":
            picture = picture[:, ::-1]  # from above, right is right
        stage.page.keyboard.press(key)
        stage.page.wait_for_timeout(1200)
        seen = patch(stage.screenshot("space"))
        flips = {
            (v, h): np.corrcoef(seen.ravel(), picture[::v, ::h].ravel())[0, 1]
            for v in (1, -1)
            for h in (1, -1)
        }
        assert max(flips, key=lambda k: flips[k]) == (1, 1), (view, flips)
        assert flips[1, 1] > 0.5


def test_a_volume_rendering_replaces_the_surfaces_and_goes_again(stage: Stage) -> None:
    stage.open()
    surfaces = stage.screenshot("space")
    stage.page.click("[data-menu=volume]")
    stage.page.get_by_text("Maximum intensity (MIP)").click()
    stage.page.get_by_text("without a graphics processor").wait_for()
    stage.page.keyboard.press("Escape")
    stage.page.wait_for_timeout(5000)
    volume = stage.screenshot("space")
    assert (volume > 120).mean() > 0.05
    assert np.abs(volume - surfaces).mean() > 5

    stage.page.keyboard.press("Control+z")
    stage.page.wait_for_timeout(2000)
    assert np.abs(stage.screenshot("space") - surfaces).mean() < 1


def patch(picture: np.ndarray) -> np.ndarray:
    """What is bright in a picture, cut out and brought to 48 × 48."""
    inner = picture[40:-40, 60:-60]
    rows, columns = np.nonzero(inner > 40)
    cut = inner[rows.min() : rows.max(), columns.min() : columns.max()]
    place = [np.linspace(0, n - 1, 48).round().astype(int) for n in cut.shape]
    return cut[np.ix_(*place)]


def test_nothing_of_one_case_is_seen_under_the_next_one(stage: Stage) -> None:
    stage.open("a")
    stage.faults.delay_s = 1.5
    ink = stage.page.evaluate(
        """async () => { const next = await readScene('b');
        theatre.setScene(next);
        const ink = {};
        for (const c of document.querySelectorAll('.th-canvas')) {
          const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
          ink[c.closest('.th-view').dataset.view] = d.reduce((s, x) => s + x, 0); }
        const gl = document.querySelector('.th-space').getContext('webgl2');
        const size = [gl.drawingBufferWidth, gl.drawingBufferHeight];
        const p = new Uint8Array(4 * size[0] * size[1]);
        gl.readPixels(0, 0, ...size, gl.RGBA, gl.UNSIGNED_BYTE, p);
        ink.gl = p.reduce((m, x, i) => (i % 4 === 3 ? m : Math.max(m, x)), 0);
        ink.strips = [...document.querySelectorAll('.th-strip-case')].map(s => s.textContent);
        return ink; }"""
    )
    assert [ink[v] for v in ("axial", "sagittal", "coronal")] == [0, 0, 0]
    assert ink["gl"] < 20, "only the ground is left in 3D"
    assert len(ink["strips"]) == 6
    assert all("head 05" in s for s in ink["strips"])
    stage.until("document.querySelector('.th-loading').offsetParent")
    assert "Loading" in stage.text(".th-loading")


def test_a_file_that_fails_is_named_and_can_be_tried_again(
    stage: Stage, scenes: dict[str, Path]
) -> None:
    scene = json.loads((scenes["a"] / "scene.json").read_text())
    left = next(s for s in scene["structures"] if s["id"] == "thalamus_left")
    lost = {left["meshes"][0]["url"].split("/")[1], scene["volume"]["url"].split("/")[1]}
    stage.faults.missing |= lost
    stage.page.goto(f"{stage.url}?scene=a")
    stage.until("said.filter(m => m.type === 'lost').length === 2")

    stage.page.get_by_text("Thalamus, left could not be loaded.").first.wait_for()
    assert stage.page.get_by_text("The image could not be loaded.").count() == 3
    stage.faults.missing.clear()
    stage.page.locator('[data-view="axial"] .th-message button').click()
    stage.page.locator(".th-failure button").first.click()
    stage.until("said.some(m => m.type === 'drawn' && m.stage === 'coarse')")
    stage.until("document.querySelector('[data-view=axial] .th-info').textContent.startsWith('W ')")
    assert stage.page.locator(".th-failure:visible").count() == 0


def test_hostile_names_are_only_text(stage: Stage) -> None:
    stage.page.goto(stage.url)
    stage.page.evaluate(
        """async () => { const s = await readScene('a');
        const bad = '<img src=x onerror="pwned=1">';
        s.strip = s.title = bad;
        for (const x of s.structures) x.title = x.group = x.note = bad;
        theatre.setScene(s); }"""
    )
    stage.until("said.some(m => m.type === 'drawn' && m.stage === 'coarse')")
    stage.page.locator("[data-structure=scalp]").click()
    stage.page.evaluate("theatre.receive({type: 'say', level: 'stop', sentence: '<b>x</b>'})")
    assert stage.page.locator(".th-root img, .th-root b").count() == 0
    assert stage.page.evaluate("typeof pwned") == "undefined"
    assert "<img" in stage.text('[data-view="axial"] .th-strip-case')


def test_a_lost_graphics_context_is_said_and_comes_back(stage: Stage) -> None:
    stage.open()
    stage.page.evaluate(
        "document.querySelector('.th-space').getContext('webgl2')"
        ".getExtension('WEBGL_lose_context').loseContext()"
    )
    stage.page.get_by_text("The graphics driver dropped the 3D view").wait_for()
    stage.page.get_by_text("The 3D view is back").wait_for()
    assert stage.page.get_by_text("The graphics driver dropped").count() == 0
    assert not stage.page.evaluate("said.some(m => m.type === 'lost')"), "it was not lost for good"
    stage.click("axial", 0.6, 0.4)
    assert stage.letters("space")["left"] == "RA"
    assert stage.page.locator(".th-space").count() == 1


def test_without_webgl_the_slices_still_work(chromium: Any, scenes: dict[str, Path]) -> None:
    browser = chromium.browser_type.launch(
        executable_path=CHROMIUM, args=["--no-sandbox", "--disable-3d-apis"]
    )
    for stage in staged(browser, scenes):
        stage.page.goto(f"{stage.url}?scene=a")
        stage.page.get_by_text("This browser gives no WebGL 2").wait_for()
        stage.until(
            "document.querySelector('[data-view=axial] .th-info').textContent.startsWith('W ')"
        )
        stage.click("axial", 0.55, 0.45)
        assert stage.picture("axial").max() > 100
        assert stage.page.evaluate("said.find(m => m.type === 'ready').webgl") is False
    browser.close()


def test_a_silent_server_is_said_in_words(stage: Stage) -> None:
    stage.open()
    stage.page.evaluate("dispatchEvent(new Event('theatrum:offline'))")
    assert "The server does not answer" in stage.text(".th-offline")
    stage.page.evaluate("dispatchEvent(new Event('theatrum:online'))")
    assert not stage.page.locator(".th-offline").is_visible()


def test_an_empty_theatre_is_no_blank_page(stage: Stage) -> None:
    stage.open("")
    stage.page.get_by_text("No case is open").wait_for()


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_everything_fits_and_nothing_overlaps(stage: Stage, width: int, height: int) -> None:
    stage.page.set_viewport_size({"width": width, "height": height})
    stage.open()
    stage.page.locator("[data-structure=skull]").click()
    boxes = stage.page.evaluate(BOXES)
    assert len(boxes) > 50
    for name, text, left, top, right, bottom in boxes:
        inside = left >= -0.5 and top >= -0.5 and right <= width + 0.5 and bottom <= height + 0.5
        assert inside, (name, text, left, top, right, bottom)
    for i, a in enumerate(boxes):
        for b in boxes[i + 1 :]:
            apart = a[4] <= b[2] + 1 or b[4] <= a[2] + 1 or a[5] <= b[3] + 1 or b[5] <= a[3] + 1
            assert apart, (a, b)
    for strip in stage.page.locator(".th-strip").all():
        assert USE in strip.inner_text()
        assert "Development head 01" in strip.inner_text()
