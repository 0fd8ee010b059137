"""Procedures with a search of their own, from the shell: the same answer, the same exit status."""

import math
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image
from shelf import Shell

from anatomy.phantom import box, placed
from anatomy.solids import Tube
from viewer.cli import main

BEND_DEG = 10.0
BLADE = (127, 212, 255)


@pytest.fixture(scope="module")
def a_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The case `leg`: a tibia that bends by BEND_DEG, from a label map alone."""
    folder: Path = tmp_path_factory.mktemp("leg")
    t = math.radians(BEND_DEG)
    low = (110 * math.sin(t), 0.0, -110 * math.cos(t))
    shaft = Tube(((0.0, 0.0, 100.0), (0.0, 0.0, 0.0), low), (12.0,) * 3)
    grid = box(spacing_mm=(2.5,) * 3, extent_mm=(80.0, 45.0, 250.0))
    labels = placed({"tibia_left": shaft}, grid).labels.astype(np.uint8)
    image = nibabel.Nifti1Image(labels, grid.ijk_to_ras)
    image.header.set_xyzt_units("mm")
    nibabel.save(image, folder / "tibia.nii.gz")
    assert main(["model", str(folder / "tibia.nii.gz"), "--scheme", "1=tibia_left", "--case",
                 "leg", "--library", str(folder / "library")]) == 0  # fmt: skip
    return folder / "library"


@pytest.fixture
def shell(a_library: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    capsys.readouterr()
    return Shell(a_library, capsys)


LEG = ("plan", "leg", "--procedure", "osteotomy", "--target", "tibia_left")
VALGUS = ("--correction", f"valgus:{BEND_DEG:g}")


def test_a_search_of_its_own_answers_like_every_other_and_its_plan_file_scores_the_same(
    shell: Shell, tmp_path: Path
) -> None:
    file, drawn = tmp_path / "plan.json", tmp_path / "plan.png"
    status, answer = shell.answer(
        *LEG, *VALGUS, "--top", "2", "--out", str(file), "--picture", str(drawn)
    )
    _, scored = shell.answer("score", "leg", str(file))
    pixels = np.array(Image.open(drawn).convert("RGB")).astype(int)

    assert status == 0
    assert answer["device"] is None
    assert answer["candidates_examined"] >= answer["feasible"] > 0
    assert (answer["binding"], answer["rejected_by"]) == (None, {})
    assert len(answer["plans"]) == 2
    for plan in answer["plans"]:
        assert plan["verdict"] == "accepted"
        assert plan["facts"]["angle_deg"] == BEND_DEG
        assert "wedge of 10 degrees valgus" in plan["words"][0]
        assert all(m["source"].startswith("docs/evidence.md#") for m in plan["metrics"])
    assert scored["metrics"] == answer["plans"][0]["metrics"]
    assert pixels.shape == (900, 1440, 3)
    assert (np.abs(pixels - BLADE).max(axis=2) < 60).sum() > 500, "the saw's planes"


def test_where_no_device_can_do_it_the_exit_status_is_three_and_the_limit_is_named(
    shell: Shell,
) -> None:
    status, answer = shell.answer(*LEG, *VALGUS, "--device", "oscillating_saw_06")

    assert status == 3
    assert answer["plans"] == []
    assert answer["device"] == "oscillating_saw_06"
    assert "No blade reaches through the bone" in answer["binding"]
    assert answer["rejected_by"]["saw_reach"] == answer["candidates_examined"]


def test_the_printed_answer_says_what_to_cut(shell: Shell) -> None:
    status, out, error = shell(*LEG, *VALGUS, "--top", "1")

    assert status == 0
    assert "wedge of 10 degrees valgus" in out
    assert "Not a medical device" in error


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (LEG, "--correction valgus:8"),
        ((*LEG, "--correction", "bent"), "not 'bent'"),
        ((*LEG[:-1], "femur_left", *VALGUS), "There is no femur_left"),
        ((*LEG[:-1], "0,30,0", *VALGUS), "lies in no bone"),
        ((*LEG, *VALGUS, "--device", "sapien3_23"), "takes no valve"),
        ((*LEG, "--target", "tibia_left", *VALGUS), "One bone is cut at a time"),
        (("plan", "leg", "--procedure", "pedicle_screw", *LEG[4:]), "no vertebra"),
        (("plan", "leg", "--procedure", "pedicle_screw", *LEG[4:], *VALGUS), "leave --correction"),
        (("plan", "leg", "--procedure", "valve_sizing", *LEG[4:]), "aortic_annulus"),
        (("plan", "leg", "--procedure", "pacing_lead", *LEG[4:]), "myocardium"),
        (("plan", "leg", "--procedure", "needle_biopsy", *LEG[4:]), "no brain"),
    ],
)
def test_what_cannot_be_searched_is_refused_in_one_sentence(
    shell: Shell, words: tuple[str, ...], said: str
) -> None:
    status, out, error = shell(*words)
    last = error.strip().splitlines()[-1]

    assert (status, out) == (2, "")
    assert last.startswith("theatrum: ")
    assert said in last
    assert "Traceback" not in error
