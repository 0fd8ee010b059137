"""News reach the pages when there is something, and only then."""

import time
from collections.abc import Callable
from pathlib import Path

from twin.build import Order
from twin.jobs import Jobs
from twin.repository import Repository
from viewer.news import News


def eventually(said: Callable[[], bool], seconds: float = 30.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if said():
            return True
        time.sleep(0.05)
    return False


def test_a_page_hears_of_an_import_and_its_seconds_and_of_nothing_at_rest(tmp_path: Path) -> None:
    jobs, repository = Jobs(tmp_path), Repository(tmp_path)
    news, heard = News(jobs, repository), []
    try:
        news.listen(lambda: heard.append(jobs.all()[-1].open if jobs.all() else None))
        time.sleep(1.2)
        assert heard == []
        jobs.submit(Order(path=tmp_path / "missing.nii.gz", case="missing"))
        assert eventually(lambda: len(heard) >= 2 and heard[-1] is False)
        told = len(heard)
        time.sleep(1.2)
        assert len(heard) == told
    finally:
        news.close()
        jobs.close()


def test_a_page_that_is_gone_hears_nothing_and_keeps_nothing_from_the_others(
    tmp_path: Path,
) -> None:
    jobs, repository = Jobs(tmp_path), Repository(tmp_path)
    news, gone, there = News(jobs, repository), [], []

    def broken() -> None:
        raise RuntimeError("its socket is closed")

    try:
        stop = news.listen(lambda: gone.append(1))
        news.listen(broken)
        news.listen(lambda: there.append(1))
        stop()
        (tmp_path / "cases").mkdir(exist_ok=True)
        (tmp_path / "cases" / "new.json").write_text("{}")
        assert eventually(lambda: bool(there))
        assert gone == []
    finally:
        news.close()
        jobs.close()
