"""The page as a surgeon meets it, in a real browser against a real server."""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import nibabel
import numpy as np
import pytest
from visiting import Theatre, Visit, served

pytestmark = pytest.mark.browser

USE = "Research, planning rehearsal and education. Not a medical device."


def test_an_empty_library_says_how_to_begin(visit: Visit, tmp_path: Path) -> None:
    theatre = served(tmp_path)
    try:
        visit.page.goto(theatre.url)
        visit.page.get_by_text("The theatre is empty").wait_for()
        assert visit.page.get_by_text(USE).count() >= 1
        assert visit.page.get_by_text("or a path on this machine").count() >= 1
    finally:
        theatre.process.terminate()


def test_a_case_is_opened_by_its_address_and_drawn_without_leaving_the_machine(
    theatre: Theatre, visit: Visit
) -> None:
    visit.page.goto(theatre.url + "?case=phantom-good")
    visit.drawn()
    strip = visit.page.locator(".patient").inner_text()

    assert re.match(r"phantom-good · scan \w{8} · anatomy \w{8} · \d{4}-\d\d-\d\d$", strip)
    assert visit.page.get_by_text(USE).count() >= 1
    assert visit.page.locator("canvas").count() >= 4
    assert visit.outbound == []
    assert visit.faults == []


def test_nothing_turns_while_the_page_opens(theatre: Theatre, visit: Visit) -> None:
    visit.page.add_init_script(
        """globalThis.turning = [];
        setInterval(() => turning.push(...document.getAnimations()
          .filter((a) => a.effect.getTiming().iterations === Infinity)
          .map((a) => a.animationName)), 50);"""
    )
    visit.page.goto(theatre.url + "?case=phantom-good")
    visit.drawn()
    visit.page.locator("#loader").wait_for(state="hidden")

    assert visit.page.evaluate("turning") == []


def test_a_page_at_rest_costs_the_server_nothing(theatre: Theatre, visit: Visit) -> None:
    visit.page.goto(theatre.url + "?case=phantom-good")
    visit.drawn()
    visit.page.wait_for_timeout(2000)
    said = len(visit.heard), len(visit.sent)
    visit.page.wait_for_timeout(2500)

    assert (len(visit.heard), len(visit.sent)) == said


def test_a_click_on_the_head_is_answered_with_its_structure(theatre: Theatre, visit: Visit) -> None:
    visit.page.goto(theatre.url + "?case=phantom-good")
    visit.drawn()
    box = visit.page.locator("canvas").last.bounding_box()
    for canvas in visit.page.locator("canvas").all():
        box = canvas.bounding_box()
        if box is None:
            continue
        visit.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        visit.page.wait_for_timeout(300)
        if any('"picked"' in text for text in visit.heard):
            break
    answer = visit.wait("picked", frames="heard", seconds=10)

    assert '"structure","' in answer
    assert '"point_mm",[' in answer


def test_opening_another_case_clears_the_first_and_warns_of_its_failed_checks(
    theatre: Theatre, visit: Visit
) -> None:
    visit.page.goto(theatre.url + "?case=phantom-good")
    visit.drawn()
    assert visit.page.get_by_text("did not pass its checks").count() == 0
    visit.page.get_by_text("phantom-failed").first.click()
    visit.page.get_by_text("The brain measures 900 mL").wait_for()

    assert visit.page.locator(".patient").inner_text().startswith("phantom-failed · ")
    assert visit.page.url.endswith("?case=phantom-failed")
    scenes = [text for text in visit.heard if '"scene"' in text]
    assert any(re.search(r'"attr":"scene","new":\{"type":"map"\}', text) for text in scenes)


def test_the_report_shows_what_was_read_and_checked(theatre: Theatre, visit: Visit) -> None:
    visit.page.goto(theatre.url + "?case=phantom-failed")
    visit.page.get_by_text("Import report and notes").click()
    visit.page.get_by_text("Drawn from the phantom's truth.").wait_for()

    assert visit.page.get_by_text("✗ Brain volume").count() == 1


def test_an_unknown_case_is_said_in_words(theatre: Theatre, visit: Visit) -> None:
    visit.page.goto(theatre.url + "?case=nobody<b>")
    visit.page.get_by_text("There is no case 'nobody<b>'").wait_for()


def test_a_second_visit_takes_next_to_nothing(theatre: Theatre, visit: Visit) -> None:
    visit.page.goto(theatre.url + "?case=phantom-good")
    visit.drawn()
    client = visit.page.context.new_cdp_session(visit.page)
    client.send("Network.enable")
    sizes: list[float] = []
    client.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    visit.sent.clear()
    visit.page.goto(theatre.url + "?case=phantom-good")
    visit.drawn()

    assert sum(sizes) <= 100_000


def test_a_stopped_server_is_said_over_the_page(a_library: Path, visit: Visit) -> None:
    theatre = served(a_library)
    visit.page.goto(theatre.url)
    visit.page.get_by_text("The theatre is empty").wait_for()
    visit.page.wait_for_timeout(1000)
    theatre.process.send_signal(signal.SIGTERM)
    theatre.process.wait(15)
    visit.page.get_by_text("The connection to Theatrum is lost").wait_for()
    visit.page.get_by_role("button", name="Load the page again").wait_for()


def test_a_text_file_is_refused_by_name_and_the_page_goes_on(
    theatre: Theatre, visit: Visit, tmp_path: Path
) -> None:
    letter = tmp_path / "letter.nii.gz"
    letter.write_text("Dear colleague,\n" * 50)
    visit.page.goto(theatre.url)
    visit.page.locator("input[type=file]").first.set_input_files(letter)
    go = visit.page.get_by_role("button", name="Reconstruct", exact=True)
    go.click()
    refusal = visit.page.get_by_role("status").filter(has_text="letter.nii.gz")
    refusal.wait_for(timeout=60_000)
    visit.page.get_by_role("button", name="Dismiss").click()
    refusal.wait_for(state="detached")

    assert not [f for f in (theatre.library / "tmp").rglob("*") if f.is_file()]


def test_a_file_chosen_before_the_page_has_loaded_is_taken(
    theatre: Theatre, visit: Visit, tmp_path: Path
) -> None:
    letter = tmp_path / "letter.nii.gz"
    letter.write_text("Dear colleague,\n" * 50)
    visit.page.add_init_script(
        """const send = WebSocket.prototype.send
        let parts = []
        WebSocket.prototype.send = function (part) {
          parts.push(part)
          if (parts.length < 3) return
          const whole = parts
          parts = []
          const go = () => whole.forEach((one) => send.call(this, one))
          if (String(whole[2]).includes("document_ready")) setTimeout(go, 3000)
          else go()
        }"""
    )
    visit.page.goto(theatre.url)
    visit.page.locator("input[type=file]").first.set_input_files(letter)
    visit.wait("arrived")
    assert not any("document_ready" in text for text in visit.sent)
    go = visit.page.get_by_role("button", name="Reconstruct", exact=True)
    go.click(trial=True)


def an_open_file(folder: Path, flag: str) -> Path:
    """A blank scan that leaves one thing open; once that is settled it is refused as blank."""
    scan = nibabel.Nifti1Image(np.ones((90, 110, 90), np.int16), np.diag([2.0, 2, 2, 1]))
    scan.header.set_xyzt_units("meter" if flag == "unit" else "mm")
    moved = np.diag([2.0, 2, 2, 1])
    moved[:3, 3] = 30 if flag == "use" else 0
    scan.set_sform(moved, code=0 if flag == "orientation" else 2)
    scan.set_qform(np.diag([2.0, 2, 2, 1]), code=0 if flag == "orientation" else 1)
    nibabel.save(scan, folder / f"{flag}.nii.gz")
    return folder / f"{flag}.nii.gz"


def ordered(visit: Visit, path: Path) -> None:
    """Type a path and press Reconstruct."""
    box = visit.page.get_by_label("or a path on this machine").first
    box.fill(str(path))
    box.press("Enter")
    visit.page.get_by_role("button", name="Reconstruct", exact=True).click()


def blank(visit: Visit) -> None:
    """Wait until the import has gone on to the refusal of the blank scan, and dismiss that."""
    visit.page.get_by_role("status").filter(has_text="blank").wait_for(timeout=60_000)
    visit.page.get_by_role("button", name="Dismiss").click()
    visit.page.get_by_role("status").filter(has_text="blank").wait_for(state="detached")


@pytest.mark.parametrize(
    ("flag", "answers", "chosen"),
    [
        ("unit", ["Millimetres"], "Millimetres"),
        ("orientation", ["Trust the storage axes"], "Trust the storage axes"),
        ("use", ["Use the sform", "Use the qform"], "Use the qform"),
    ],
)
def test_each_kind_of_question_is_answered_by_one_press_and_the_import_goes_on(
    theatre: Theatre, visit: Visit, tmp_path: Path, flag: str, answers: list[str], chosen: str
) -> None:
    visit.page.goto(theatre.url)
    ordered(visit, an_open_file(tmp_path, flag))
    dialog = visit.page.get_by_role("dialog")
    dialog.get_by_text(f"{flag}.nii.gz").wait_for(timeout=60_000)
    buttons = [one.inner_text() for one in dialog.get_by_role("button").all()]

    assert [text for text in buttons if text] == [*answers, "Cancel the import"]
    dialog.get_by_role("button", name=chosen).click()
    dialog.wait_for(state="hidden")
    blank(visit)


def test_a_question_is_put_to_the_page_that_ordered_and_waits_on_others(
    theatre: Theatre, visit: Visit, tmp_path: Path
) -> None:
    other = Visit(visit.page.context.new_page())
    for one in (other, visit):
        one.page.goto(theatre.url)
        one.page.get_by_text("The theatre is empty").wait_for()
    ordered(visit, an_open_file(tmp_path, "use"))
    visit.page.get_by_role("dialog").wait_for(timeout=60_000)
    other.page.get_by_text("Waits for an answer.").wait_for()
    assert other.page.get_by_role("dialog").count() == 0
    other.page.get_by_role("button", name="Answer").click()
    other.page.get_by_role("button", name="Use the sform").click()
    visit.page.get_by_role("dialog").wait_for(state="hidden")
    blank(visit)


def test_a_question_that_was_closed_can_be_taken_up_again_and_the_import_called_off(
    theatre: Theatre, visit: Visit, tmp_path: Path
) -> None:
    visit.page.goto(theatre.url)
    ordered(visit, an_open_file(tmp_path, "orientation"))
    dialog = visit.page.get_by_role("dialog")
    dialog.wait_for(timeout=60_000)
    visit.page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    visit.page.get_by_role("button", name="Answer").click()
    dialog.get_by_role("button", name="Cancel the import").click()
    dialog.wait_for(state="hidden")
    visit.page.get_by_text("Waits for an answer.").wait_for(state="detached")


def test_a_path_that_is_not_there_is_said_at_its_field(theatre: Theatre, visit: Visit) -> None:
    visit.page.goto(theatre.url)
    path = visit.page.get_by_label("or a path on this machine").first
    path.fill("/nowhere/t1.nii.gz")
    path.press("Enter")
    said = visit.page.get_by_text("There is no file /nowhere/t1.nii.gz")
    said.wait_for()
    below, box = said.bounding_box(), path.bounding_box()

    assert path.get_attribute("aria-invalid") == "true"
    assert path.input_value() == "/nowhere/t1.nii.gz"
    assert 0 < below["y"] - box["y"] < 60
    path.fill("")
    path.press("Enter")
    said.wait_for(state="detached")


def test_a_narrow_window_leaves_its_room_to_an_open_case(theatre: Theatre, visit: Visit) -> None:
    visit.page.set_viewport_size({"width": 1024, "height": 768})
    visit.page.goto(theatre.url)
    visit.page.get_by_text("The theatre is empty").wait_for()
    visit.page.get_by_text("phantom-good").first.click()
    visit.drawn()
    visit.page.get_by_role("button", name="Open drawer").wait_for()
    visit.page.wait_for_timeout(700)
    assert spread(visit) == pytest.approx((0, 1024), abs=2)
    visit.page.get_by_role("button", name="Open drawer").click()
    visit.page.wait_for_timeout(700)
    assert spread(visit) == pytest.approx((300, 1024), abs=2)
    visit.page.set_viewport_size({"width": 1440, "height": 900})
    visit.page.get_by_role("button", name="Close drawer").wait_for()
    visit.page.wait_for_timeout(700)
    assert spread(visit) == pytest.approx((300, 1440), abs=2)
    visit.page.set_viewport_size({"width": 1024, "height": 768})
    visit.page.reload()
    visit.page.get_by_role("button", name="Open drawer").wait_for()


def spread(visit: Visit) -> tuple[float, float]:
    """Where the theatre begins and ends across the window [px]; no view reaches beyond it."""
    root = visit.page.locator(".th-root").bounding_box()
    for canvas in visit.page.locator("canvas").all():
        box = canvas.bounding_box()
        if box is not None:
            assert root["x"] <= box["x"] + 1
            assert box["x"] + box["width"] <= root["x"] + root["width"] + 1
    return root["x"], root["x"] + root["width"]


@pytest.mark.parametrize("size", [(1440, 900), (1024, 768)])
def test_nothing_spills_out_of_the_window(
    theatre: Theatre, visit: Visit, size: tuple[int, int]
) -> None:
    visit.page.set_viewport_size({"width": size[0], "height": size[1]})
    visit.page.goto(theatre.url + "?case=phantom-good")
    visit.drawn()
    spill = visit.page.evaluate(
        "() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    )
    strip = visit.page.locator(".patient").bounding_box()
    use = visit.page.locator(".use").bounding_box()

    assert spill[0] <= size[0]
    assert spill[1] <= size[1]
    assert strip["x"] + strip["width"] <= use["x"]
    assert use["x"] + use["width"] <= size[0]


def test_the_worker_may_be_killed_and_the_page_says_why(
    theatre: Theatre, visit: Visit, tmp_path: Path
) -> None:
    noise = np.random.default_rng(0).normal(500, 100, (180, 220, 180)).astype(np.float32)
    scan = nibabel.Nifti1Image(noise, np.eye(4))
    scan.header.set_xyzt_units("mm")
    nibabel.save(scan, tmp_path / "noise.nii")
    visit.page.goto(theatre.url)
    path = visit.page.get_by_label("or a path on this machine").first
    path.fill(str(tmp_path / "noise.nii"))
    path.press("Enter")
    visit.page.get_by_role("button", name="Reconstruct", exact=True).click()
    visit.page.get_by_role("button", name="Cancel").wait_for()
    worker = None
    for _ in range(100):
        children = subprocess.run(
            ["pgrep", "-P", str(theatre.process.pid), "-f", "spawn_main"],
            capture_output=True, text=True, check=False,
        ).stdout.split()  # fmt: skip
        if children:
            worker = int(children[0])
            break
        time.sleep(0.1)
    assert worker is not None
    os.kill(worker, signal.SIGKILL)
    visit.page.get_by_text("SIGKILL").wait_for(timeout=30_000)
    visit.page.get_by_role("button", name="Dismiss").click()


def test_the_messages_of_the_page_are_plain_json(theatre: Theatre, visit: Visit) -> None:
    visit.page.goto(theatre.url + "?case=phantom-good")
    visit.drawn()
    for text in visit.sent:
        json.loads(text)
