"""Imports in a worker: progress, refusal, death, cancelling and the queue, with real processes."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import nibabel
import numpy as np
import pytest

from twin.build import Order
from twin.jobs import Busy, Job, Jobs


@pytest.fixture
def some_jobs(tmp_path: Path) -> Iterator[Jobs]:
    jobs = Jobs(tmp_path / "library")
    yield jobs
    jobs.close()


@pytest.fixture(scope="module")
def a_slow_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A head-sized scan of noise: many seconds of work before anything can be refused."""
    noise = np.random.default_rng(0).normal(500, 100, (200, 240, 200)).astype(np.float32)
    image = nibabel.Nifti1Image(noise, np.diag([1.0, 1.0, 1.0, 1.0]))
    image.header.set_xyzt_units("mm")
    path = tmp_path_factory.mktemp("scans") / "noise.nii"
    nibabel.save(image, path)
    return path


def until(jobs: Jobs, id: str, fact: Callable[[Job], bool], *, seconds: float = 60) -> Job:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if fact(jobs.job(id)):
            return jobs.job(id)
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s: {jobs.job(id)}")


def ended(job: Job) -> bool:
    return not job.open


def leftovers(tmp_path: Path) -> list[Path]:
    library = tmp_path / "library"
    return [p for part in ("tmp", "cases") for p in (library / part).glob("*")]


def test_a_text_file_is_refused_by_its_name_and_the_next_import_runs(
    some_jobs: Jobs, tmp_path: Path
) -> None:
    path = tmp_path / "letter.nii.gz"
    path.write_text("Dear colleague,\n" * 99)
    for _ in range(2):
        job = until(some_jobs, some_jobs.submit(Order(path=path)).id, ended)
        assert job.state == "refused"
        assert job.sentence.startswith("letter.nii.gz ")
        assert job.refusal is not None
        assert job.refusal["code"] == "anatomy.read"
    assert leftovers(tmp_path) == []


def test_the_name_that_people_know_stands_in_the_sentence(some_jobs: Jobs, tmp_path: Path) -> None:
    path = tmp_path / "upload.nii.gz"
    path.write_bytes(b"")
    job = until(some_jobs, some_jobs.submit(Order(path=path, name="anna_t1.nii.gz")).id, ended)

    assert "anna_t1.nii.gz" in job.sentence
    assert "upload" not in job.sentence


def test_a_worker_that_is_killed_gives_a_reason_and_leaves_nothing(
    some_jobs: Jobs, a_slow_file: Path, tmp_path: Path
) -> None:
    job = some_jobs.submit(Order(path=a_slow_file))
    until(some_jobs, job.id, lambda job: job.stage != "")
    process = some_jobs._process
    assert process is not None
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    dead = until(some_jobs, job.id, ended)

    assert dead.state == "refused"
    assert "noise.nii died during" in dead.sentence
    assert "SIGKILL" in dead.sentence
    assert leftovers(tmp_path) == []


def test_cancelling_stops_soon_and_leaves_nothing(
    some_jobs: Jobs, a_slow_file: Path, tmp_path: Path
) -> None:
    job = some_jobs.submit(Order(path=a_slow_file))
    until(some_jobs, job.id, lambda job: job.stage != "")
    some_jobs.cancel(job.id)
    gone = until(some_jobs, job.id, ended, seconds=15)

    assert gone.state == "cancelled"
    assert gone.sentence == "The import was called off."
    assert leftovers(tmp_path) == []


def test_one_import_runs_one_waits_and_a_third_is_refused(
    some_jobs: Jobs, a_slow_file: Path
) -> None:
    first, second = (some_jobs.submit(Order(path=a_slow_file)) for _ in range(2))
    assert some_jobs.job(second.id).state == "waiting"
    with pytest.raises(Busy, match="One import runs and one waits"):
        some_jobs.submit(Order(path=a_slow_file))

    some_jobs.cancel(second.id)
    assert some_jobs.job(second.id).state == "cancelled"
    some_jobs.cancel(first.id)
    until(some_jobs, first.id, ended, seconds=15)


def test_the_waiting_import_starts_when_the_one_before_it_ends(
    some_jobs: Jobs, tmp_path: Path
) -> None:
    path = tmp_path / "empty.nii"
    path.write_bytes(b"")
    jobs = [some_jobs.submit(Order(path=path)) for _ in range(2)]

    assert [until(some_jobs, job.id, ended).state for job in jobs] == ["refused", "refused"]
