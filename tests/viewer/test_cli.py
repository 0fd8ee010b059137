"""The command: what it prints where, and how it refuses."""

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import trimesh

from anatomy.phantom_head import Phantom, head_grid, whole_head
from anatomy.structure import mask_of
from anatomy.surface_file import decode
from twin.repository import Repository
from viewer.cli import main


def saved(path: Path, image: np.ndarray, affine: np.ndarray | None = None) -> Path:
    scan = nibabel.Nifti1Image(image, np.eye(4) if affine is None else affine)
    scan.header.set_xyzt_units("mm")
    nibabel.save(scan, path)
    return path


@pytest.fixture(scope="session")
def a_head() -> Phantom:
    return whole_head(grid=head_grid(2.0), seed=27)


@pytest.fixture
def a_scan(a_head: Phantom, tmp_path: Path) -> Path:
    image = a_head.volume.voxels.astype(np.int16)
    return saved(tmp_path / "t1.nii.gz", image, a_head.volume.grid.ijk_to_ras)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Exit 2, nothing on standard output, one sentence after the progress lines."""
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    lines = [line for line in said.err.splitlines() if line.startswith("theatrum: ")]
    assert len(lines) == 1, said.err
    assert "Traceback" not in said.err
    return lines[0]


def left(library: Path) -> list[Path]:
    return [path for part in ("cases", "tmp") for path in (library / part).glob("*")]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("missing.nii.gz", None),
        ("empty.nii.gz", b""),
        ("letter.nii.gz", b"Dear colleague,\n" * 99),
        ("half.nii.gz", b"\x1f\x8b\x08\x00 half"),
    ],
)
def test_a_file_that_is_no_scan_is_refused_by_name(
    name: str, content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    library = tmp_path / "library"
    sentence = refused(capsys, "reconstruct", str(tmp_path / name), "--library", str(library))

    assert name in sentence
    assert left(library) == []


def test_a_question_names_the_flag_that_answers_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moved = np.eye(4)
    moved[0, 3] = 30
    path = saved(tmp_path / "open.nii.gz", np.ones((180, 220, 180), np.int16))
    scan = nibabel.load(path)
    scan.set_sform(moved, code=2)
    scan.set_qform(np.eye(4), code=1)
    nibabel.save(scan, path)
    sentence = refused(capsys, "reconstruct", str(path), "--library", str(tmp_path / "library"))

    assert "open.nii.gz" in sentence
    assert "--use sform" in sentence


def test_a_scheme_that_does_not_fit_is_refused(
    a_scan: Path, a_head: Phantom, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = np.zeros(a_head.volume.grid.shape, np.int16)
    labels[40:50, 50:60, 50:60] = 7777
    path = saved(tmp_path / "seg.nii.gz", labels, a_head.volume.grid.ijk_to_ras)
    library = tmp_path / "library"
    base = ["reconstruct", str(a_scan), "--library", str(library), "--labels", str(path)]

    assert "seg.nii.gz" in refused(capsys, *base, "--scheme", "synthseg")
    assert "nonsense" in refused(capsys, *base, "--scheme", "nonsense")
    assert "--scheme" in refused(capsys, *base)
    assert left(library) == []


def test_a_label_map_of_another_patient_is_refused(
    a_scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    far = np.eye(4)
    far[:3, 3] = 900
    labels = np.zeros((60, 60, 60), np.int16)
    labels[20:40, 20:40, 20:40] = 1
    path = saved(tmp_path / "other.nii.gz", labels, far)
    key = tmp_path / "key.csv"
    key.write_text("1,tumour_core\n")
    sentence = refused(
        capsys, "reconstruct", str(a_scan), "--library", str(tmp_path / "library"),
        "--labels", str(path), "--scheme", str(key),
    )  # fmt: skip

    assert "other.nii.gz" in sentence
    assert "another patient" in sentence


@pytest.mark.parametrize("debug", ["", "1"])
def test_a_fault_of_ours_is_one_sentence_with_file_kind_and_place(
    debug: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        json.dumps(np.bool_(True))

    monkeypatch.setattr("viewer.commands.terminal.build", broken)
    monkeypatch.setenv("THEATRUM_DEBUG", debug)
    base = ["reconstruct", str(tmp_path / "t1.nii.gz"), "--library", str(tmp_path / "library")]

    assert main(base) == 1
    said = capsys.readouterr()
    last = said.err.splitlines()[-1]
    assert said.out == ""
    assert ("Traceback" in said.err) is bool(debug)
    assert last.startswith("theatrum: t1.nii.gz: Theatrum failed with TypeError at ")
    assert ", called from terminal.py:" in last


@pytest.mark.parametrize("name", ["../x", "A", "a b", "-x", "x" * 65])
def test_a_case_needs_a_plain_name(
    name: str, a_scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sentence = refused(
        capsys, "reconstruct", str(a_scan), f"--case={name}", "--library", str(tmp_path / "lib")
    )
    assert "cannot name a case" in sentence


@pytest.mark.parametrize(
    "verb", [["show"], ["remove", "--yes"], ["export", "--labels", "x.nii.gz"]]
)
def test_a_case_that_is_not_there_is_refused_by_name(
    verb: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Repository(tmp_path)
    sentence = refused(capsys, verb[0], "nobody", *verb[1:], "--library", str(tmp_path))
    assert "nobody" in sentence


def test_an_empty_library_lists_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Repository(tmp_path)
    assert main(["list", "--library", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_the_installation_checks_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    said = capsys.readouterr().out
    assert "FAILED" not in said
    assert said.count("ok ") == 6


def test_a_full_disk_is_one_sentence_and_leaves_no_case(a_scan: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"

    def small_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))

    done = subprocess.run(
        [sys.executable, "-m", "viewer.cli", "reconstruct", str(a_scan), "--library", str(library)],
        capture_output=True, text=True, preexec_fn=small_disk, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("theatrum: ")
    assert left(library) == []


@pytest.mark.slow
class TestAHeadFromEndToEnd:
    """One reconstruction of the synthetic head, used in every way the command offers."""

    @pytest.fixture(scope="class")
    def done(
        self, a_head: Phantom, tmp_path_factory: pytest.TempPathFactory
    ) -> tuple[Path, Path, dict[str, Any]]:
        folder = tmp_path_factory.mktemp("whole")
        image = a_head.volume.voxels.astype(np.int16)
        scan = saved(folder / "t1.nii.gz", image, a_head.volume.grid.ijk_to_ras)
        run = subprocess.run(
            [sys.executable, "-m", "viewer.cli", "reconstruct", str(scan), "--case", "whole",
             "--library", str(folder / "library"), "--json"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return scan, folder / "library", json.loads(run.stdout)

    def test_the_json_holds_a_card_for_each_structure(
        self, done: tuple[Path, Path, dict[str, Any]]
    ) -> None:
        _, _, answer = done
        cards = {card["id"]: card for card in answer["structures"]}

        assert {"scalp", "skull", "brain", "thalamus_left", "lateral_ventricle_right"} <= set(cards)
        assert cards["thalamus_left"]["side"] == "left"
        for card in cards.values():
            assert card["watertight"] is True
            assert card["surface_volume_ml"] == pytest.approx(card["volume_ml"], rel=0.02)
        assert {"read", "surfaces", "store"} <= {stage["name"] for stage in answer["stages"]}
        assert answer["report"]["axes"] == "RAS"
        assert answer["quality"]["passed"], answer["quality"]["checks"]
        assert "Not a medical device" in answer["intended_use"]

    def test_its_brain_is_the_one_that_was_painted(
        self, done: tuple[Path, Path, dict[str, Any]], a_head: Phantom, tmp_path: Path
    ) -> None:
        _, library, _ = done
        out = tmp_path / "brain.nii.gz"
        assert main(
            ["export", "whole", "--labels", str(out), "--structure", "brain",
             "--library", str(library)]
        ) == 0  # fmt: skip
        found = np.asarray(nibabel.load(out).dataobj) > 0
        truth = mask_of(a_head.labelmap, "brain")

        assert 2 * (truth & found).sum() / (truth.sum() + found.sum()) > 0.94

    def test_a_second_import_is_found_and_not_redone(
        self, done: tuple[Path, Path, dict[str, Any]], capsys: pytest.CaptureFixture[str]
    ) -> None:
        scan, library, first = done
        assert main(["reconstruct", str(scan), "--library", str(library), "--json"]) == 0
        said = capsys.readouterr()
        again = json.loads(said.out)

        assert again["found"] is True
        assert again["anatomy"] == first["anatomy"]
        assert "is in the library already, as case whole" in said.err
        assert Repository(library).names() == ["whole"]

    def test_labels_come_out_on_the_scans_grid_with_their_key(
        self, done: tuple[Path, Path, dict[str, Any]], tmp_path: Path
    ) -> None:
        scan, library, answer = done
        out = tmp_path / "labels.nii.gz"
        assert main(["export", "whole", "--labels", str(out), "--library", str(library)]) == 0
        image, labels = nibabel.load(scan), nibabel.load(out)
        key = {int(n): id for n, id in json.loads((tmp_path / "labels.json").read_text()).items()}
        (thalamus,) = [n for n, id in key.items() if id == "thalamus_left"]
        voxels = np.asarray(labels.dataobj)
        volume_ml = np.count_nonzero(voxels == thalamus) * 8 / 1000

        assert labels.shape == image.shape
        assert np.allclose(labels.affine, image.affine)
        card = next(c for c in answer["structures"] if c["id"] == "thalamus_left")
        assert volume_ml == pytest.approx(card["volume_ml"])

    @pytest.mark.parametrize("format", ["stl", "ply", "obj", "glb", "vtp"])
    def test_a_surface_comes_out_in_each_format_with_its_volume(
        self,
        done: tuple[Path, Path, dict[str, Any]],
        format: str,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        _, library, answer = done
        out = tmp_path / f"thalamus.{format}"
        assert main(
            ["export", "whole", "--mesh", format, "--structure", "thalamus_left",
             "--out", str(out), "--library", str(library)]
        ) == 0  # fmt: skip
        said = capsys.readouterr().err
        card = next(c for c in answer["structures"] if c["id"] == "thalamus_left")

        assert "frame" in said
        assert "Not a medical device" in said
        if format != "vtp":
            scale = 1e9 if format == "glb" else 1.0
            volume = trimesh.load(out, force="mesh", process=True).volume * scale
            assert volume / 1000 == pytest.approx(card["surface_volume_ml"], rel=0.01)

    def test_the_stored_files_are_what_the_case_says(
        self, done: tuple[Path, Path, dict[str, Any]]
    ) -> None:
        _, library, _ = done
        repository = Repository(library)
        case = repository.case("whole")
        for record in case.structures:
            mesh = record.meshes["fine"]
            content = repository.blob(mesh.digest).read_bytes()
            surface, head = decode(content)
            assert len(content) == mesh.bytes
            assert surface.triangles == mesh.triangles == record.triangles
            assert head["structure"] == record.id
            assert len(content) <= 20 * mesh.triangles + 1000

    def test_show_and_list_and_remove(
        self, done: tuple[Path, Path, dict[str, Any]], capsys: pytest.CaptureFixture[str]
    ) -> None:
        _, library, _ = done
        assert main(["list", "--library", str(library)]) == 0
        assert capsys.readouterr().out.startswith("whole ")
        assert main(["show", "whole", "--library", str(library)]) == 0
        assert "thalamus_left" in capsys.readouterr().out
        assert main(["remove", "whole", "--yes", "--library", str(library)]) == 0
        assert [p for p in (library / "blobs").rglob("*") if p.is_file()] == []
