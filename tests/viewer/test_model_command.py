"""`theatrum model`: label maps become a case without any head, or are refused in one sentence."""

import contextlib
import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from twin.build import unpack_labels
from twin.repository import Repository
from viewer.cli import main

BOX = (24, 26, 28)
ROD = (slice(8, 16), slice(4, 22), slice(10, 18))
RING = (slice(8, 16), slice(12, 14), slice(10, 18))


def saved(path: Path, values: np.ndarray, *, spacing_mm: float, at_mm: float = 0.0) -> Path:
    affine = np.diag([spacing_mm] * 3 + [1.0])
    affine[:3, 3] = at_mm
    image = nibabel.Nifti1Image(values, affine)
    image.header.set_xyzt_units("mm")
    nibabel.save(image, path)
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An aorta of 8 x 18 x 8 voxels of 1 mm, its annulus of two layers, and a CT of 2 mm voxels."""
    folder: Path = tmp_path_factory.mktemp("files")
    for name, where in (("aorta", ROD), ("annulus", RING)):
        labels = np.zeros(BOX, np.uint8)
        labels[where] = 1
        saved(folder / f"{name}.nii.gz", labels, spacing_mm=1.0)
    values = np.full((20, 20, 20), -1000, np.int16)
    values[4:12, 3:13, 4:12] = 350
    saved(folder / "ct.nii.gz", values, spacing_mm=2.0, at_mm=-4.0)
    saved(folder / "far.nii.gz", values, spacing_mm=2.0, at_mm=400.0)
    (folder / "note.nii.gz").write_text("no scan")
    return folder


class Shell:
    """The command as a person types it in the folder of the files."""

    def __init__(self, library: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.library, self._capsys = library, capsys

    def __call__(self, *words: str) -> tuple[int, str, str]:
        status = main(["model", *words, "--library", str(self.library)])
        said = self._capsys.readouterr()
        return status, said.out, said.err


HEART = (
    "aorta.nii.gz", "--scheme", "1=aorta", "--labels", "annulus.nii.gz", "--scheme",
    "1=aortic_annulus",
)  # fmt: skip
BARE = ("aorta.nii.gz", "--scheme", "1=aorta")


@pytest.fixture(scope="module")
def a_library(files: Path) -> Path:
    """The cases `heart`, of two maps and a CT, and `bare`, of one map alone."""
    library = files / "library"
    with contextlib.chdir(files):
        for words in (
            (*HEART, "--image", "ct.nii.gz", "--case", "heart"),
            (*BARE, "--case", "bare"),
        ):
            assert main(["model", *words, "--library", str(library)]) == 0
    return library


@pytest.fixture
def shell(
    files: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Shell:
    monkeypatch.chdir(files)
    return Shell(tmp_path / "library", capsys)


def test_single_structure_maps_join_one_case_of_manual_origin_on_their_own_voxels(
    a_library: Path,
) -> None:
    repository = Repository(a_library)
    case = repository.case("heart")
    labels = unpack_labels(repository.content(case.labelmap))

    assert {s.id: round(s.volume_ml, 3) for s in case.structures} == {
        "aorta": 1.152, "aortic_annulus": 0.128,
    }  # fmt: skip
    assert {s.origin for s in case.structures} == {"manual"}
    assert (case.passed, case.quality["checks"]) == (True, [])
    assert any("label maps alone" in note for note in case.notes)
    assert labels.grid.spacing_mm == (1.0, 1.0, 1.0)
    assert case.display.shape == (20, 20, 20)
    assert case.display.spacing_mm == (2.0, 2.0, 2.0)
    assert case.source_name == "ct.nii.gz"


def test_the_slices_show_each_label_at_its_millimetres_on_the_images_voxels(
    a_library: Path,
) -> None:
    repository = Repository(a_library)
    shown = repository.case("heart").display
    raw = np.frombuffer(repository.content(shown.labels), "<u2").reshape(shown.shape, order="F")
    number = next(int(n) for n, id in shown.key.items() if id == "aorta")
    where = np.argwhere(raw > 0) * np.array(shown.spacing_mm) + shown.origin_mm

    assert number in raw
    assert where.mean(axis=0) == pytest.approx([11.5, 12.5, 13.5], abs=1.0)


def test_without_an_image_the_slices_show_the_labels_in_a_box_around_them(a_library: Path) -> None:
    shown = Repository(a_library).case("bare").display

    assert shown.shape == (28, 38, 28)
    assert shown.range == (0.0, 100.0)


def test_the_same_files_are_found_again_and_another_key_is_another_case(
    a_library: Path, shell: Shell
) -> None:
    shell.library = a_library
    _, out, said = shell(*BARE, "--json")
    first: dict[str, Any] = json.loads(out)
    _, out, _ = shell("aorta.nii.gz", "--scheme", "1=tibia_left", "--json")
    other: dict[str, Any] = json.loads(out)

    assert (first["case"], first["found"]) == ("bare", True)
    assert "in the library already" in said
    assert (other["case"], other["found"]) == ("aorta", False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("aorta.nii.gz",), "aorta.nii.gz: say what its numbers mean with --scheme"),
        (("aorta.nii.gz", "--scheme", "verses"), "No scheme is called 'verses'"),
        (("aorta.nii.gz", "--scheme", "2=aorta"), "aorta.nii.gz does not fit the key 2=aorta"),
        (("aorta.nii.gz", "--scheme", "1=aotra"), "Did you mean aorta?"),
        (("missing.nii.gz", "--scheme", "1=aorta"), "missing.nii.gz does not exist"),
        (("note.nii.gz", "--scheme", "1=aorta"), "note.nii.gz"),
        (("ct.nii.gz", "--scheme", "1=aorta"), "ct.nii.gz holds labels from -1000"),
        ((*HEART, "--image", "note.nii.gz"), "note.nii.gz"),
        ((*HEART, "--image", "far.nii.gz"), "aorta.nii.gz lies elsewhere than the scan"),
        ((*HEART, "--case", "The Heart"), "cannot name a case"),
    ],
)
def test_what_makes_no_model_is_refused_in_one_sentence_and_nothing_is_written(
    shell: Shell, words: tuple[str, ...], said: str
) -> None:
    status, out, error = shell(*words)
    last = error.strip().splitlines()[-1]

    assert (status, out) == (2, "")
    assert last.startswith("theatrum: ")
    assert said in last
    assert "Traceback" not in error
    assert not list(shell.library.glob("cases/*"))
    assert not [file for file in shell.library.glob("blobs/**/*") if file.is_file()]
