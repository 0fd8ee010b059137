"""The library keeps whole things only, once, and finds them by digest."""

import gzip
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from twin.records import Case, DisplayRecord, MeshRecord, RecordError, StructureRecord, name_from
from twin.repository import LibraryError, NotFound, Repository


@pytest.fixture
def a_library(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "library")


def a_case(library: Repository, *, case: str = "anna", salt: bytes = b"") -> Case:
    """A case of one structure; its image is shared between cases, its mesh is `salt`ed."""
    image = library.put(gzip.compress(b"image", mtime=0))
    mesh = library.put(gzip.compress(b"mesh" + salt, mtime=0))
    thalamus = StructureRecord(
        id="thalamus_left", title="Thalamus, left", code="42695009", side="left",
        colour=(1, 2, 3), opacity=1.0, origin="atlas", sigma_mm=1.5, volume_ml=6.2,
        surface_volume_ml=6.1, triangles=12, watertight=True, surface_p95_mm=0.4, note="",
        bounds_mm=(-20.0, -2.0, -30.0, 0.0, 0.0, 20.0),
        meshes={"coarse": MeshRecord(digest=mesh, triangles=12, bytes=30)},
    )  # fmt: skip
    display = DisplayRecord(
        volume=image, slope=1.0, inter=0.0, labels=image, shape=(2, 3, 4),
        spacing_mm=(1.0, 1.0, 1.0), origin_mm=(0.0, 0.0, 0.0), range=(0.0, 9.0),
        percentiles={"1": 0.0, "99": 9.0}, resampled=False, key={"1": "scalp"},
    )  # fmt: skip
    return Case(
        case=case, created="2026-01-02T03:04:05+00:00", engine="0.1.0", recipe="r" + case,
        source_name="t1.nii.gz", source_digest="0" * 64, report={"axes": "RAS"}, overlays=[],
        anatomy="a" * 64, frame="patient", structures=[thalamus], display=display,
        labelmap=image, quality={"passed": True, "checks": []},
        stages=[{"name": "read", "seconds": 1.0, "cached": False}], notes=["a note"],
    )  # fmt: skip


def saved(library: Repository, **what: object) -> Case:
    case = a_case(library, **what)  # type: ignore[arg-type]
    library.save(case)
    return case


def test_a_case_comes_back_from_disk_as_it_was_saved(a_library: Repository) -> None:
    case = saved(a_library)

    assert Repository(a_library.root).case("anna").wire() == case.wire()


def test_the_same_content_is_stored_once(a_library: Repository) -> None:
    assert a_library.put(b"content") == a_library.put(b"content")
    assert len([p for p in (a_library.root / "blobs").rglob("*") if p.is_file()]) == 1


def test_a_case_is_not_saved_before_its_files_are_there(a_library: Repository) -> None:
    case = a_case(a_library)
    a_library.blob(case.display.volume).unlink()

    with pytest.raises(NotFound):
        a_library.save(case)
    assert a_library.names() == []


@pytest.mark.parametrize("name", ["../anna", "..", "a/b", "", "/etc/passwd", "Anna"])
def test_no_name_leads_out_of_the_library(a_library: Repository, name: str) -> None:
    saved(a_library)
    with pytest.raises(NotFound):
        a_library.case(name)
    with pytest.raises(NotFound):
        a_library.blob(name)


def test_removing_a_case_keeps_the_files_that_another_needs(a_library: Repository) -> None:
    first, second = saved(a_library), saved(a_library, case="berta", salt=b"2")
    a_library.remove("anna")

    assert a_library.names() == ["berta"]
    assert all(a_library.blob(digest) for digest in second.digests())
    with pytest.raises(NotFound):
        a_library.blob(first.structures[0].meshes["coarse"].digest)


def test_a_damaged_case_is_named_and_the_others_are_listed(a_library: Repository) -> None:
    saved(a_library)
    (a_library.root / "cases" / "broken.json").write_text('{"case": "broken"}')

    assert [case.case for case in a_library.cases()] == ["anna"]
    with pytest.raises(RecordError, match="'broken' is damaged"):
        a_library.case("broken")


def test_a_case_is_found_by_what_it_was_made_from(a_library: Repository) -> None:
    for name in ("anna", "berta"):
        case = a_case(a_library, case=name)
        a_library.save(replace(case, recipe="same", created=f"2026-01-0{len(name) - 3}"))

    def found(**what: str) -> str | None:
        case = a_library.made_from(**what)  # type: ignore[arg-type]
        return case and case.case

    assert found(recipe="same") == "berta"
    assert found(recipe="same", name="anna") == "anna"
    assert found(recipe="same", name="clara") == "berta"
    assert found(recipe="other", name="anna") is None


def test_a_taken_name_gets_a_number(a_library: Repository) -> None:
    saved(a_library)
    saved(a_library, case="anna-2")
    assert a_library.free_name("anna") == "anna-3"
    assert a_library.free_name("berta") == "berta"


def test_a_stage_is_made_once_for_the_same_inputs(a_library: Repository) -> None:
    made = []

    def make() -> dict[str, np.ndarray]:
        made.append(1)
        return {"labels": np.arange(24).reshape(2, 3, 4)}

    first = a_library.keep("brain", "k", make)
    second = Repository(a_library.root).keep("brain", "k", make)
    a_library.keep("brain", "other", make)

    assert len(made) == 2
    assert np.array_equal(first["labels"], second["labels"])


def test_a_stage_that_fails_leaves_nothing_and_is_tried_again(a_library: Repository) -> None:
    def fail() -> dict[str, np.ndarray]:
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - ours
        a_library.keep("brain", "k", fail)
    assert a_library.keep("brain", "k", lambda: {"a": np.ones(1)})["a"] == 1


@pytest.mark.parametrize("damage", [b"", b"no archive", b"PK\x03\x04half"])
def test_a_damaged_stage_result_is_made_again(a_library: Repository, damage: bytes) -> None:
    a_library.keep("brain", "k", lambda: {"a": np.zeros(9)})
    (file,) = (a_library.root / "stages").iterdir()
    file.write_bytes(damage)

    assert a_library.keep("brain", "k", lambda: {"a": np.ones(1)})["a"] == 1


def test_a_case_that_cannot_be_stored_whole_takes_its_files_with_it(
    a_library: Repository,
) -> None:
    saved(a_library)
    before = sorted((a_library.root / "blobs").rglob("*"))

    def half_done() -> None:
        with a_library.locked():
            a_library.put(b"shared with nobody")
            a_case(a_library, case="Not A Name")

    with pytest.raises(RecordError):
        half_done()

    assert [p for p in sorted((a_library.root / "blobs").rglob("*")) if p.is_file()] == [
        p for p in before if p.is_file()
    ]


def test_files_that_no_case_needs_are_swept_after_a_day(a_library: Repository) -> None:
    case = saved(a_library)
    orphan = a_library.blob(a_library.put(b"left by a killed worker"))
    a_library.tidy()
    assert orphan.exists()
    for file in (a_library.root / "blobs").rglob("*"):
        os.utime(file, (0, 0))
    a_library.tidy()

    assert not orphan.exists()
    assert all(a_library.blob(digest) for digest in case.digests())


def test_old_leftovers_are_swept_and_fresh_ones_are_not(a_library: Repository) -> None:
    old, fresh = a_library.tmp / "old", a_library.tmp / "fresh"
    old.write_bytes(b"half")
    fresh.write_bytes(b"half")
    os.utime(old, (0, 0))
    a_library.tidy()

    assert not old.exists()
    assert fresh.exists()


FULL = """
import resource, sys, numpy as np
from pathlib import Path
from twin.repository import LibraryError, Repository
library = Repository(Path(sys.argv[1]))
library.put(b"fits")
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
for write in (
    lambda: library.put(bytes(1_000_000)),
    lambda: library.keep("brain", "k", lambda: {"a": np.zeros(1_000_000)}),
):
    try:
        write()
    except LibraryError as refusal:
        print(refusal)
"""


def test_a_full_disk_is_said_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True
    )

    assert done.stdout.count("is full; nothing half-written was left") == 2
    assert list((tmp_path / "tmp").iterdir()) == []
    assert list((tmp_path / "stages").iterdir()) == []
    assert len([p for p in (tmp_path / "blobs").rglob("*") if p.is_file()]) == 1


def test_a_library_that_cannot_be_made_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(LibraryError, match="cannot be written"):
        Repository(tmp_path / "file" / "library")


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("ch2.nii.gz", "ch2"),
        ("/home/x/Sub-01_T1w.NII", "sub-01_t1w"),
        ("C:\\scans\\Müller Anna.nii.gz", "m-ller-anna"),
        ("../../etc/passwd", "passwd"),
        ("...nii", "case"),
        ("x" * 200 + ".nii", "x" * 40),
    ],
)
def test_a_case_is_named_after_its_file_in_plain_letters(file: str, name: str) -> None:
    assert name_from(file) == name
