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


def test_a_file_that_leaves_something_open_is_asked_about_and_goes_on(
    theatre: Theatre, visit: Visit, tmp_path: Path
) -> None:
    scan = nibabel.Nifti1Image(np.ones((180, 220, 180), np.int16), np.eye(4))
    scan.header.set_xyzt_units("mm")
    moved = np.eye(4)
    moved[:3, 3] = 30
    scan.set_sform(moved, code=2)
    scan.set_qform(np.eye(4), code=1)
    nibabel.save(scan, tmp_path / "open.nii.gz")
    visit.page.goto(theatre.url)
    path = visit.page.get_by_label("or a path on this machine").first
    path.fill(str(tmp_path / "open.nii.gz"))
    path.press("Enter")
    visit.page.get_by_role("button", name="Reconstruct", exact=True).click()
    visit.page.get_by_text("gives two placements").wait_for(timeout=60_000)
    go = visit.page.get_by_role("button", name="Go on")
    assert go.is_disabled()
    visit.page.get_by_text("the qform (the scanner)").click()
    go.click()
    blank = visit.page.get_by_role("status").filter(has_text="blank")
    blank.wait_for(timeout=60_000)
    visit.page.get_by_role("button", name="Dismiss").click()


def test_a_path_that_is_not_there_is_said(theatre: Theatre, visit: Visit) -> None:
    visit.page.goto(theatre.url)
    path = visit.page.get_by_label("or a path on this machine").first
    path.fill("/nowhere/t1.nii.gz")
    path.press("Enter")
    visit.page.get_by_text("There is no file /nowhere/t1.nii.gz").wait_for()


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
