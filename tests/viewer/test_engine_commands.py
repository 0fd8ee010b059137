"""run, resect and risk from the shell, on a ball of a head whose numbers are known exactly."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image
from shelf import Shell, shelve

from anatomy.phantom_bodies import ARTERY_MM, ARTERY_X_MM, BONE_MM, HEAD, INNER_MM, SKIN_MM, ball
from surgery import plan_file
from surgery.device import device
from surgery.plan import Placement, Plan, Trajectory
from twin.repository import Repository
from viewer import risk_picture

NEEDLE = "side_cutting_needle_25"
CORE_MM, NECROSIS_MM, OEDEMA_MM = 7.0, 4.0, 10.0


@pytest.fixture(scope="module")
def a_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`ball`: HEAD with a tumour in parts, and oedema; `bare`: a brain with it and nothing else."""
    root: Path = tmp_path_factory.mktemp("library")
    tumour = {
        "oedema": ball(OEDEMA_MM),
        "tumour_enhancing": ball(CORE_MM),
        "tumour_necrosis": ball(NECROSIS_MM),
    }
    whole = {id: solid for id, solid in HEAD.items() if id != "tumour_core"}
    shelve(root, "ball", {**whole, **tumour})
    shelve(root, "bare", {"brain": HEAD["brain"], **tumour})
    return root


@pytest.fixture
def shell(a_library: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(a_library, capsys)


@pytest.fixture(scope="module")
def a_plan(a_library: Path) -> Plan:
    """A needle straight down the z axis to the middle of the tumour."""
    case = Repository(a_library).case("ball")
    path = Trajectory(entry_mm=(0.4, 0.2, SKIN_MM), target_mm=(0.4, 0.2, 0.0), frame=case.frame)
    needle = Placement(device=NEEDLE, trajectory=path, depth_mm=7.0)
    return Plan(id="p1", procedure="needle_biopsy", anatomy=case.anatomy, placements=(needle,))


def a_craniotomy(library: Path, case: str) -> Plan:
    """Down the z axis onto the tumour."""
    record = Repository(library).case(case)
    path = Trajectory(entry_mm=(0.4, 0.2, SKIN_MM), target_mm=(0.4, 0.2, 0.0), frame=record.frame)
    drill = Placement(device="perforator_14_11", trajectory=path)
    return Plan(id="p2", procedure="craniotomy", anatomy=record.anatomy, placements=(drill,))


@pytest.fixture
def file_of(tmp_path: Path):
    def write(plan: Plan) -> str:
        path = tmp_path / "plan.json"
        path.write_text(plan_file.write(plan))
        return str(path)

    return write


def test_a_run_tells_every_half_millimetre_and_its_lengths_add_up(shell, a_plan, file_of):
    status, answer = shell.answer("run", "ball", file_of(a_plan))
    (passage,) = answer["passages"]
    depths = [depth["depth_mm"] for depth in passage["depths"]]
    radius = device(NEEDLE).radius_mm

    assert status == 0
    assert depths[:-1] == pytest.approx(np.arange(len(depths) - 1) * 0.5)
    assert depths[-1] == passage["length_mm"] == pytest.approx(SKIN_MM + 7)
    assert math.fsum(passage["lengths_mm"].values()) == pytest.approx(SKIN_MM + 7, abs=1e-9)
    assert passage["lengths_mm"]["skull"] == pytest.approx(BONE_MM - INNER_MM, abs=2.0)
    for depth in passage["depths"]:
        truth = math.hypot(ARTERY_X_MM - 0.4, SKIN_MM - depth["depth_mm"]) - ARTERY_MM - radius
        assert depth["distances_mm"]["vessels"] == pytest.approx(truth, abs=0.02)
    assert [step["id"] for step in answer["steps"]] == [
        "incision", "drill", "dura", "advance", "deploy",
    ]  # fmt: skip


def test_a_run_reads_for_people_and_what_is_printed_adds_up(shell, a_plan, file_of):
    status, out, error = shell("run", "ball", file_of(a_plan))
    lengths = re.findall(r"^  (\S.*?)  +(\d+\.\d) mm$", out, re.M)
    rows = re.findall(r"^ +(\d+\.\d)  (\S.*?)  ", out.split("Depth, and")[1], re.M)

    assert status == 0
    assert lengths[-1] == ("together", f"{SKIN_MM + 7:.1f}")
    assert sum(int(mm.replace(".", "")) for _, mm in lengths[:-1]) == (SKIN_MM + 7) * 10
    assert [float(mm) for mm, _ in rows if float(mm) % 5 == 0] == list(range(0, 61, 5))
    layers = [name for n, (_, name) in enumerate(rows) if n == 0 or rows[n - 1][1] != name]
    assert layers[-6:-1] == [
        "Brain", "Oedema", "Enhancing tumour", "Tumour necrosis", "Enhancing tumour",
    ]  # fmt: skip
    assert re.search(r"pass  Burr hole +Angle to the skull's normal", out)
    assert "Not a medical device" in error


def test_a_step_that_fails_and_a_plan_that_is_stale_end_with_three(shell, a_plan, file_of):
    through = replace(a_plan.placements[0], trajectory=replace(
        a_plan.placements[0].trajectory, entry_mm=(ARTERY_X_MM + 8, 0.2, 47.5),
        target_mm=(ARTERY_X_MM - 3, 0.2, -6.0)))  # fmt: skip
    status, out, _ = shell("run", "ball", file_of(replace(a_plan, placements=(through,))))
    assert status == 3
    assert re.search(r"fail  Advance +Distance to vessels -", out)
    assert "rejected" in out

    status, answer = shell.answer("run", "bare", file_of(a_plan))
    assert status == 3
    assert (answer["assessment"]["verdict"], answer["steps"]) == ("stale", [])


def test_a_tumour_far_from_all_is_carved_out_and_every_voxel_is_counted(shell, tmp_path):
    cavity = tmp_path / "cavity.ply"
    status, answer = shell.answer("resect", "ball", "--target", "tumour_core", "--out", str(cavity))
    volumes = {row["structure"]: row for row in answer["tissues"]}
    shell_mm3 = 4 / 3 * math.pi * ((CORE_MM + 2.0) ** 3 - CORE_MM**3)

    assert status == 0
    assert answer["verdict"] == "accepted"
    assert answer["extent_percent"] == 100.0
    assert answer["rano"]["number"] == 1  # under 5 mL of oedema are left
    for row in answer["tissues"]:
        before, removed, left = row["voxels"]
        assert before == removed + left
        assert row["before_ml"] == pytest.approx(before * answer["voxel_ml"])
    removed = sum(row["voxels"][1] for row in answer["tissues"]) * answer["voxel_ml"]
    assert removed == pytest.approx(answer["removed_ml"])
    assert volumes["oedema"]["removed_ml"] == pytest.approx(shell_mm3 / 1000, rel=0.3)
    assert trimesh.load(cavity).is_watertight
    assert trimesh.load(cavity).volume / 1000 == pytest.approx(answer["removed_ml"], rel=0.06)
    high, low = (math.sqrt(r * r - 400) for r in (BONE_MM, INNER_MM))
    bone_mm3 = 2 * math.pi / 3 * (BONE_MM**3 - 400 - high**3 - INNER_MM**3 + 400 + low**3)
    assert answer["approach"]["flap"]["bone_ml"] == pytest.approx(bone_mm3 / 1000, rel=0.05)
    assert answer["approach"]["verdict"] == "accepted"


def test_strokes_of_a_file_give_the_same_numbers_and_an_undo_those_of_fewer(
    shell, a_library, file_of, tmp_path
):
    words = ("resect", "bare", "--target", file_of(a_craniotomy(a_library, "bare")))
    own, fewer = tmp_path / "own.json", tmp_path / "fewer.json"
    _, first = shell.answer(*words, "--out", str(own))
    _, again = shell.answer(*words, "--strokes", str(own))
    loaded = json.loads(own.read_text())
    fewer.write_text(json.dumps(loaded | {"strokes": loaded["strokes"][:-9]}))
    _, undone = shell.answer(*words, "--undo", "9")
    _, less = shell.answer(*words, "--strokes", str(fewer))

    def removed(answer):
        return {row["structure"]: row["voxels"][1] for row in answer["tissues"]}

    assert removed(again) == removed(first)
    assert removed(undone) == removed(less)
    assert (undone["undone"], undone["strokes"]) == (9, first["strokes"] - 9)
    assert first["verdict"] == "incomplete"
    assert "no vessels in this twin" in first["sentence"]
    assert first["approach"]["flap"] is None
    assert "no skull" in first["approach"]["flap_absent"]


def test_a_resection_by_a_plan_reads_for_people_and_its_table_adds_up(shell, a_library, file_of):
    plan = file_of(a_craniotomy(a_library, "ball"))
    status, out, _ = shell("resect", "ball", "--target", plan)
    table = re.findall(r"^  (\S.*?) +(\d+\.\d{3}) +(\d+\.\d{3}) +(\d+\.\d{3})$", out, re.M)
    rows = np.array([[int(v.replace(".", "")) for v in row[1:]] for row in table])

    assert status == 0
    assert (rows[:, 0] == rows[:, 1] + rows[:, 2]).all()
    assert rows[:-1].sum(axis=0).tolist() == rows[-1].tolist()
    assert "Resection of Enhancing tumour and Tumour necrosis on ball: accepted" in out
    assert "RANO class           1, supramaximal resection" in out
    assert "Bone flap" in out


def test_a_cavity_that_enters_a_vessel_is_rejected(shell, a_library, file_of, tmp_path):
    plan = file_of(a_craniotomy(a_library, "ball"))
    case = Repository(a_library).case("ball")
    file = tmp_path / "strokes.json"
    head = {"format": "theatrum-strokes", "version": 1, "anatomy": case.anatomy}
    stroke = {"from_mm": [0, 0, 0], "to_mm": [ARTERY_X_MM, 0, 0], "radius_mm": 2}
    file.write_text(json.dumps({**head, "frame": case.frame, "strokes": [stroke]}))
    status, answer = shell.answer("resect", "ball", "--target", plan, "--strokes", str(file))
    assert status == 3
    assert answer["verdict"] == "rejected"
    assert answer["distances"][0]["value"] == pytest.approx(-ARTERY_MM - 2.0, abs=0.1)


RISK = ("risk", "ball", "--procedure", "needle_biopsy", "--target", "0,0,0")


def test_the_map_counts_every_entry_and_its_front_holds_no_beaten_path(shell, tmp_path):
    mesh, drawn = tmp_path / "map.ply", tmp_path / "map.png"
    status, answer = shell.answer(*RISK, "--top", "2", "--out", str(mesh), "--out", str(drawn))
    rows = np.array([
        [one["vessel_risk"], one["length_mm"], one["incidence_deg"], -one["coverage"],
         -one["robustness_mm"]] for one in answer["front"]
    ])  # fmt: skip
    painted = trimesh.load(mesh, process=False)
    colours = {tuple(c) for c in np.asarray(painted.visual.vertex_colors)[:, :3].tolist()}
    pixels = np.array(Image.open(drawn).convert("RGB")).astype(int)

    assert status == 0
    assert answer["entries"] == 20_000
    assert 0 < answer["missed"]["vessels"] < answer["entries"]
    assert answer["entries"] - answer["feasible"] <= sum(answer["missed"].values())
    assert [one["number"] for one in answer["best"]] == [1, 2]
    assert len(rows) > 5
    for row in rows:
        assert not ((rows <= row).all(axis=1) & (rows < row).any(axis=1)).any()
    assert {risk_picture.MISSED, risk_picture.LOW, risk_picture.ELSEWHERE} <= colours
    near = np.hypot(*(np.asarray(painted.vertices)[:, [0, 2]] / SKIN_MM - [1, 0]).T) < 0.02
    red = (np.asarray(painted.visual.vertex_colors)[:, :3] == risk_picture.MISSED).all(axis=1)
    assert near.any()
    assert red[near].all(), "straight through the artery"
    assert pixels.shape == (900, 1440, 3)
    assert ((pixels[..., 1] > 90) & (pixels[..., 0] < 60)).sum() > 1000, "green, seen from above"


def test_without_vessels_no_entry_is_painted_as_safe(shell, tmp_path):
    mesh = tmp_path / "map.ply"
    status, out, _ = shell("risk", "bare", *RISK[2:], "--top", "1", "--out", str(mesh))
    painted = trimesh.load(mesh, process=False)
    colours = {tuple(c) for c in np.asarray(painted.visual.vertex_colors)[:, :3].tolist()}

    assert status == 0
    assert colours <= {risk_picture.OPEN, risk_picture.MISSED, risk_picture.ELSEWHERE}
    assert risk_picture.OPEN in colours
    assert "no vessels in this twin" in out
    assert "Pareto front" in out


def test_a_target_that_no_entry_reaches_names_what_stands_in_the_way(shell):
    beside = f"{ARTERY_X_MM - ARTERY_MM - 1:g},0,0"
    status, out, _ = shell(*RISK[:-1], beside)
    assert status == 3
    assert "0 (0.0 %) keep every limit" in out
    assert "margin to vessels" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "ball", "missing.json"), "missing.json"),
        (("run", "nobody", "PLAN"), "There is no case 'nobody'"),
        (("resect", "ball", "--target", "missing.json"), "missing.json"),
        (("resect", "ball", "--target", "PLAN"), "needs one of craniotomy"),
        (("resect", "ball", "--target", "glioma"), "glioma"),
        (("resect", "ball", "--target", "tumour_core", "--margin", "nan"), "margin lies between"),
        (("resect", "ball", "--target", "tumour_core", "--undo", "-1"), "--undo"),
        (("resect", "bare", "--target", "tumour_core", "--undo", "99999"), "cannot be taken back"),
        (("resect", "ball", "--target", "scalp"), "Scalp is not taken out"),
        (("resect", "ball", "--target", "tumour_core", "--out", "cavity.fbx"), "cavity.fbx"),
        (("resect", "ball", "--target", "tumour_core", "--strokes", "none.json"), "none.json"),
        (("resect", "ball", "--target", "tumour_core", "--strokes", "PLAN"), "no file of strokes"),
        ((*RISK, "--out", "map.pdf"), "map.pdf"),
        ((*RISK[:-1], "1,2"), "three finite numbers"),
        (("risk", "ball", "--procedure", "pedicle_screw", "--target", "0,0,0"), "no entry map"),
        ((*RISK, "--device", "dixi_d08_05"), "takes no seeg electrode"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_sentence(shell, a_plan, file_of, words, said):
    plan = file_of(a_plan)
    status, out, error = shell(*(plan if word == "PLAN" else word for word in words))
    last = error.strip().splitlines()[-1]

    assert (status, out) == (2, "")
    assert last.startswith("theatrum: ")
    assert said in last
    assert "Traceback" not in error
