"""What the read-only commands show and write of a small case made of ellipsoids."""

import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from anatomy.phantom import box, placed
from anatomy.quality import Quality
from anatomy.reconstruct import Reconstruction
from anatomy.solids import Ellipsoid
from anatomy.surface import structures_from
from anatomy.volume import Volume
from twin.build import Built, Order, Reading, store
from twin.repository import Repository
from viewer.cli import main

SOLIDS = {
    "scalp": Ellipsoid((0, 0, 0), (35, 38, 36)),
    "skull": Ellipsoid((0, 0, 0), (30, 33, 31)),
    "brain": Ellipsoid((0, 0, 0), (26, 29, 27)),
    "thalamus_left": Ellipsoid((-9, 0, 0), (6, 7, 5)),
    "tumour_core": Ellipsoid((10, 0, 0), (7, 7, 7)),
}
WHOLE = {"scalp": (35, 38, 36), "brain": (26, 29, 27)}


@pytest.fixture(scope="module")
def a_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with one case called `anna`."""
    labelmap = placed(SOLIDS, box(spacing_mm=(1, 1, 1), extent_mm=(80, 84, 80)))
    volume = Volume(
        grid=labelmap.grid, voxels=labelmap.labels.astype(np.float32) * 100, source="0" * 64
    )
    made = Reconstruction(
        labelmap=labelmap, origin=dict.fromkeys(SOLIDS, "automatic"),
        quality=Quality(passed=True, checks=()), stages=(), skull_stripped=False, notes=(),
    )  # fmt: skip
    root: Path = tmp_path_factory.mktemp("library")
    store(
        Repository(root),
        Order(path=Path("anna.nii"), case="anna"),
        Reading(volume=volume, report={"notes": []}, overlays=[], laid=[], recipe="anna"),
        made,
        structures_from(labelmap, origin=made.origin, workers=1),
    )
    return root


def ml(radii: tuple[float, float, float]) -> float:
    """The volume of an ellipsoid [mL]."""
    return float(4 / 3 * np.pi * np.prod(radii) / 1000)


def test_an_exported_map_names_the_integers_of_the_whole_scalp_and_brain(
    a_library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.nii.gz"
    assert main(["export", "anna", "--labels", str(out), "--library", str(a_library)]) == 0
    said = capsys.readouterr().err
    key = json.loads((tmp_path / "out.json").read_text())
    parts = json.loads((tmp_path / "out.parts.json").read_text())
    voxels = np.asarray(nibabel.load(out).dataobj)
    number = {id: int(n) for n, id in key.items()}

    assert set(parts) == {"scalp", "brain"}
    for solid, radii in WHOLE.items():
        assert np.isin(voxels, parts[solid]).sum() / 1000 == pytest.approx(ml(radii), rel=0.01)
        assert (voxels == number[solid]).sum() / 1000 < 0.98 * ml(radii)
    assert f"{number['brain']} is only the rest of the brain" in said
    assert "out.parts.json" in said


@pytest.mark.parametrize("structure", ["brain", "scalp", "tumour_core"])
def test_one_structure_is_exported_as_its_whole_solid(
    structure: str, a_library: Path, tmp_path: Path
) -> None:
    out = tmp_path / "one.nii.gz"
    assert main(["export", "anna", "--labels", str(out), "--structure", structure,
                 "--library", str(a_library)]) == 0  # fmt: skip
    voxels = np.asarray(nibabel.load(out).dataobj)
    radii = WHOLE.get(structure, (7, 7, 7))

    assert set(np.unique(voxels)) == {0, 1}
    assert voxels.sum() / 1000 == pytest.approx(ml(radii), rel=0.04)
    assert json.loads((tmp_path / "one.json").read_text()) == {"1": structure}
    assert not (tmp_path / "one.parts.json").exists()


def test_a_structure_that_is_not_there_is_named_with_those_that_are(
    a_library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "anna", "--labels", str(tmp_path / "x.nii.gz"), "--structure", "aorta",
                 "--library", str(a_library)]) == 2  # fmt: skip
    said = capsys.readouterr().err
    assert "'aorta'" in said
    assert "thalamus_left" in said
    assert list(tmp_path.iterdir()) == []


def test_every_structure_tells_the_parts_that_it_is_the_union_of(
    a_library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from viewer.commands.reconstruct import as_json

    assert main(["show", "anna", "--json", "--library", str(a_library)]) == 0
    shown = json.loads(capsys.readouterr().out)["anatomy"]["structures"]
    made = as_json(Repository(a_library).case("anna"), found=False)["structures"]
    expected = {
        "scalp": list(SOLIDS), "brain": ["brain", "thalamus_left", "tumour_core"],
        "skull": [], "thalamus_left": [], "tumour_core": [],
    }  # fmt: skip

    def parts(cards: Any) -> dict[str, list[str]]:
        return {card["id"]: card["parts"] for card in cards}

    assert parts(shown) == expected
    assert parts(made) == expected


@pytest.mark.parametrize("what", [["--labels", "OUT/x.nii.gz"], ["--mesh", "stl", "--structure",
                                  "brain", "--out", "OUT/x.stl"]])  # fmt: skip
def test_a_folder_that_is_not_there_is_named(
    what: list[str], a_library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "not" / "there"
    words = [word.replace("OUT", str(folder)) for word in what]

    assert main(["export", "anna", *words, "--library", str(a_library)]) == 2
    assert f"could not be written in {folder}: there is no such folder." in capsys.readouterr().err


@pytest.mark.parametrize(
    "verb",
    [
        ["list"], ["list", "--json"], ["show", "anna"], ["remove", "anna", "--yes"],
        ["export", "anna", "--labels", "x.nii.gz"],
    ],
)  # fmt: skip
def test_a_library_that_is_not_there_is_said_and_not_made(
    verb: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "nowhere"

    assert main([*verb, "--library", str(folder)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        f"theatrum: There is no library at {folder}; `theatrum reconstruct T1.nii.gz` makes one, "
        "--library DIR names another.\n"
    )
    assert not folder.exists()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("", "as case anna; --again"),
        ("anna", "as case anna; --again"),
        ("berta", "as case anna; the name berta was not used; --again"),
    ],
)
def test_a_name_that_an_old_case_does_not_bear_is_said_to_be_unused(
    asked: str,
    words: str,
    a_library: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old = Built(case=Repository(a_library).case("anna"), found=True)
    monkeypatch.setattr("viewer.commands.terminal.build", lambda *_, **__: old)

    assert main(["reconstruct", "anna.nii", f"--case={asked}", "--library", str(a_library)]) == 0
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "wins"), [([], True), (["--precedence"], True), (["--no-precedence"], False)]
)
def test_label_maps_win_by_default_and_not_where_told(
    flags: list[str], wins: bool, a_library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders: list[Order] = []

    def built(_: Repository, order: Order, **__: object) -> Built:
        orders.append(order)
        return Built(case=Repository(a_library).case("anna"), found=True)

    monkeypatch.setattr("viewer.commands.terminal.build", built)
    assert main(["reconstruct", "anna.nii", "--labels", "s.nii", "--scheme", "brats", *flags,
                 "--library", str(a_library)]) == 0  # fmt: skip
    assert [one.precedence for one in orders[0].labels] == [wins]
