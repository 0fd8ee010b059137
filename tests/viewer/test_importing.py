"""What a visitor's import does, without a browser: found again, asked, refused, kept apart."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import nibabel
import numpy as np
import pytest
from serving import Served, ask

from anatomy.phantom_head import head_grid, whole_head
from anatomy.quality import Quality
from anatomy.reconstruct import Reconstruction
from anatomy.surface import structures_from
from anatomy.volume import LabelMap
from twin.build import Order, read, store
from viewer.pages.theatre import Logic


@pytest.fixture(scope="module")
def a_scan(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scan that the library holds already, as case `known`."""
    head = whole_head(grid=head_grid(4.0), seed=5)
    path = tmp_path_factory.mktemp("scans") / "known.nii.gz"
    scan = nibabel.Nifti1Image(head.volume.voxels.astype(np.int16), head.volume.grid.ijk_to_ras)
    scan.header.set_xyzt_units("mm")
    nibabel.save(scan, path)
    order = Order(path=path, case="known")
    reading = read(order)
    truth = LabelMap(grid=reading.volume.grid, labels=head.labelmap.labels, key=head.labelmap.key)
    made = Reconstruction(
        labelmap=truth, origin={}, quality=Quality(passed=True, checks=()), stages=(),
        skull_stripped=False, notes=(),
    )  # fmt: skip
    drawn = structures_from(truth, workers=1)
    store(served.services.repository, order, reading, made, drawn)
    return path


@pytest.fixture
def a_visit(served: Served) -> Iterator[Logic]:
    logic = Logic(served.services)
    yield logic
    for job in served.services.jobs.all():
        served.services.jobs.cancel(job.id)
        until(lambda: all(not job.open for job in served.services.jobs.all()))
        logic.dismiss(job)


def until(fact: Callable[[], bool], *, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < end, f"waited {seconds} s"
        time.sleep(0.05)


def sent(served: Served, path: Path) -> str:
    answer = ask(
        served.url + "upload", method="POST", query={"name": path.name}, body=path.read_bytes(),
        headers={"Origin": served.origin},
    )  # fmt: skip
    return str(answer.json()["ticket"])


def waiting_uploads(served: Served) -> list[Path]:
    return [p for p in served.services.repository.tmp.rglob("*") if p.is_file()]


def test_a_scan_that_is_there_is_offered_and_can_be_made_again(
    served: Served, a_visit: Logic, a_scan: Path
) -> None:
    if a_scan.stat().st_size > served.settings.upload_bytes:
        pytest.fail("the scan is too large for this server's limit")
    a_visit.choose(labels=False, ticket=sent(served, a_scan))
    a_visit.start(case="again", scheme="", precedence=False)
    until(lambda: not served.services.jobs.all()[-1].open)
    job = served.services.jobs.all()[-1]

    assert (job.state, job.found, job.case) == ("done", True, "known")
    assert served.services.repository.names() == ["known"]
    assert waiting_uploads(served)
    a_visit.redo(job)
    (again,) = served.services.jobs.all()
    assert again.order.again
    until(lambda: served.services.jobs.job(again.id).stage not in ("", "read"))
    a_visit.cancel(again)
    until(lambda: not served.services.jobs.job(again.id).open)

    assert served.services.jobs.job(again.id).state == "cancelled"
    assert served.services.repository.names() == ["known"]
    assert waiting_uploads(served) == []


def test_a_label_map_needs_a_scheme(served: Served, a_visit: Logic, a_scan: Path) -> None:
    a_visit.choose_path(labels=False, path=str(a_scan))
    a_visit.choose_path(labels=True, path=str(a_scan))
    a_visit.start(case="", scheme="", precedence=False)

    assert "known.nii.gz" in a_visit.state.caution
    assert served.services.jobs.all() == []


@pytest.mark.parametrize(
    "path", ["/nowhere/x.nii", "/", "relative.nii", "/dev/null", "~nobody/x", "/" + "x" * 5000]
)
def test_a_path_that_is_no_file_is_said_at_its_field(a_visit: Logic, path: str) -> None:
    a_visit.choose_path(labels=False, path=path)

    assert a_visit.state.scan is None
    assert "There is no file" in a_visit.state.refused_path[False]
    assert a_visit.state.caution == ""
    a_visit.choose_path(labels=False, path="")

    assert a_visit.state.refused_path == {}


def test_an_emptied_path_takes_the_choice_back_but_leaves_an_upload(
    served: Served, a_visit: Logic, a_scan: Path
) -> None:
    a_visit.choose_path(labels=False, path=str(a_scan))
    a_visit.choose_path(labels=False, path="")
    assert a_visit.state.scan is None
    a_visit.choose(labels=False, ticket=sent(served, a_scan))
    a_visit.choose_path(labels=False, path="")
    assert a_visit.state.scan is not None
    a_visit.choose_path(labels=False, path=str(a_scan))
    assert waiting_uploads(served) == []


def test_only_the_last_three_ended_imports_stay(
    served: Served, a_visit: Logic, tmp_path: Path
) -> None:
    for number in range(5):
        letter = tmp_path / f"letter{number}.nii"
        letter.write_text("Dear colleague,")
        a_visit.choose_path(labels=False, path=str(letter))
        a_visit.start(case="", scheme="", precedence=False)
        until(lambda: not served.services.jobs.all()[-1].open)
        a_visit.refresh()

    shown = [job.order.shown for job in a_visit.state.jobs]
    assert shown == ["letter2.nii", "letter3.nii", "letter4.nii"]
    assert [job.order.shown for job in served.services.jobs.all()] == shown


def test_only_the_visit_that_ordered_is_asked_and_one_answer_settles_it(
    served: Served, a_visit: Logic, tmp_path: Path
) -> None:
    scan = nibabel.Nifti1Image(np.ones((90, 110, 90), np.int16), None)
    scan.header.set_zooms((2, 2, 2))
    scan.header.set_xyzt_units("mm")
    nibabel.save(scan, tmp_path / "open.nii.gz")
    other = Logic(served.services)
    a_visit.choose_path(labels=False, path=str(tmp_path / "open.nii.gz"))
    a_visit.start(case="", scheme="", precedence=False)
    until(lambda: served.services.jobs.all()[-1].state == "question")
    a_visit.refresh()
    other.refresh()
    (job,) = other.state.jobs
    assert (a_visit.state.asking, other.state.asking) == (job.id, "")
    a_visit.put_off()
    assert a_visit.state.asking == ""
    other.ask(job)
    other.answer(job, orientation="trust")
    a_visit.answer(job, orientation="trust")

    (again,) = served.services.jobs.all()
    assert again.order.answers == {"orientation": "trust"}
    assert "on another page" in a_visit.state.caution


def test_a_ticket_of_nobody_is_said(a_visit: Logic) -> None:
    a_visit.choose(labels=False, ticket="../../etc/passwd")
    assert "no longer there" in a_visit.state.caution


def test_choosing_another_file_drops_the_first(
    served: Served, a_visit: Logic, a_scan: Path
) -> None:
    for _ in range(3):
        a_visit.choose(labels=False, ticket=sent(served, a_scan))
    assert len(waiting_uploads(served)) == 1


@pytest.mark.parametrize(
    "message",
    [
        {"type": "pick", "id": "1"},
        {"type": "pick", "id": "1", "origin_mm": [0, 0, "x"], "direction": [0, 0, 1],
         "structures": [], "clip": None},
        {"type": "pick", "id": "1", "origin_mm": [0, 0, 0], "direction": [0, 0, 0],
         "structures": ["scalp"], "clip": None},
        {"type": "pick", "id": "1", "origin_mm": [0, 0, 0], "direction": [0, 0, 1],
         "structures": ["nothing"], "clip": None},
        {"type": "measure", "id": "1", "kind": "weight", "points_mm": []},
        {"type": "measure", "id": "1", "kind": "distance", "points_mm": [[1e999, 0, 0], [0, 0, 0]]},
    ],
)  # fmt: skip
def test_a_message_that_makes_no_sense_is_answered_in_words(
    a_visit: Logic, a_scan: Path, message: dict[str, object]
) -> None:
    _ = a_scan
    said: list[dict[str, object]] = []
    a_visit.say = said.append
    a_visit.open("known")
    a_visit.heard(message)

    (answer,) = said
    assert answer["type"] == "say"
    assert str(answer["sentence"]).endswith(".")
