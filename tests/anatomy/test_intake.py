"""Whatever a file does to its reader, the parent lives on and says what happened."""

import gzip
import os
import threading
from pathlib import Path

import numpy as np
import pytest

from anatomy import intake
from anatomy.errors import Cancelled, GeometryError, Question, ReadError
from anatomy.intake import in_child

GIB = 1024**3


def answer_with_arrays(number: int) -> dict[str, object]:
    cube = np.arange(24).reshape(2, 3, 4)
    return {"cube": cube, "deep": [{"more": np.asfortranarray(cube.T)}], "number": number}


def ask() -> None:
    raise Question("x.nii is unclear.", flag="--unit mm", fov=(1.0, np.float64(2.0)))


def refuse(kind: str) -> None:
    raise {"geometry": GeometryError, "cancelled": Cancelled}[kind]("No.", at=Path("here"))


def quote_the_file() -> None:
    raise ValueError("PatientName MUELLER^HANS")


def swallow_memory() -> int:
    return len(bytearray(64 * GIB))


def unpack_a_bomb(path: str) -> int:
    with gzip.open(path) as packed:
        return len(packed.read())


def run_for_ever() -> None:
    while True:
        pass


def tell_environment() -> dict[str, str]:
    return dict(os.environ)


def fill_the_disk() -> None:
    with open("/dev/null", "rb") as _, open(os.path.join(os.getcwd(), ".too-large"), "wb") as out:
        try:
            out.truncate(3 * GIB)
        finally:
            os.unlink(out.name)


def test_arrays_come_back_as_they_were_wherever_they_stand() -> None:
    found = in_child(answer_with_arrays, 5)

    assert found["number"] == 5
    assert np.array_equal(found["cube"], np.arange(24).reshape(2, 3, 4))
    assert np.array_equal(found["deep"][0]["more"], found["cube"].T)


def test_a_question_keeps_its_kind_words_and_facts() -> None:
    with pytest.raises(Question, match=r"^x\.nii is unclear\.$") as question:
        in_child(ask)

    assert question.value.facts["flag"] == "--unit mm"


@pytest.mark.parametrize(("kind", "error"), [("geometry", GeometryError), ("cancelled", Cancelled)])
def test_refusals_of_every_kind_travel_back(kind: str, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"^No\.$"):
        in_child(refuse, kind)


def test_what_a_file_says_does_not_leak_through_an_unforeseen_error() -> None:
    with pytest.raises(ReadError, match=r"^scan\.nii was not read") as refusal:
        in_child(quote_the_file, subject="scan.nii")

    assert "MUELLER" not in refusal.value.message + str(refusal.value.facts)
    assert refusal.value.facts["kind"] == "ValueError"


def test_a_child_that_wants_too_much_memory_is_refused() -> None:
    with pytest.raises(ReadError, match=r"scan\.nii was not read: it needs more memory"):
        in_child(swallow_memory, subject="scan.nii", memory_gb=1.0)


def test_a_bomb_that_unpacks_beyond_memory_harms_only_the_child(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.gz"
    with gzip.open(bomb, "wb", compresslevel=9) as packed:
        for _ in range(600):
            packed.write(bytes(1 << 20))

    with pytest.raises(ReadError, match="bomb was not read"):
        in_child(unpack_a_bomb, str(bomb), subject="bomb", memory_gb=0.5)


def test_a_child_that_crashes_is_reported_by_its_signal() -> None:
    with pytest.raises(ReadError, match=r"scan\.nii was not read: its reader crashed \(SIGABRT\)"):
        in_child(os.abort, subject="scan.nii")


def test_a_child_that_is_killed_is_reported() -> None:
    with pytest.raises(ReadError, match="stopped by the system"):
        in_child(os.kill, 0, 9, subject="scan.nii")


def test_a_child_that_leaves_without_a_word_is_reported() -> None:
    with pytest.raises(ReadError, match="exit status 0"):
        in_child(os._exit, 0)


def test_a_child_that_never_ends_is_stopped() -> None:
    with pytest.raises(ReadError, match=r"(longer than 1 s|too much time)"):
        in_child(run_for_ever, seconds=1.0)


def test_a_child_cannot_write_large_files() -> None:
    with pytest.raises(ReadError):
        in_child(fill_the_disk, memory_gb=1.0)


def test_a_child_sees_no_secrets_of_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THEATRUM_SECRET", "hunter2")

    assert "hunter2" not in str(in_child(tell_environment))


def test_an_unknown_error_name_from_a_child_is_only_a_read_error() -> None:
    assert intake._kind("os") is ReadError
    assert intake._kind("TwinError").__name__ == "TwinError"


def test_children_work_side_by_side() -> None:
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda n=n: found.append(in_child(answer_with_arrays, n)["number"]))
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(found) == [0, 1, 2, 3]


def test_nothing_is_left_in_the_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)

    in_child(answer_with_arrays, 1)
    with pytest.raises(ReadError):
        in_child(os.abort)

    assert list(tmp_path.iterdir()) == []
