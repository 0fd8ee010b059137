"""What leaves the planning page, read back by others: lines, meshes, segmentations, plans."""

import io
import json
from dataclasses import replace
from pathlib import Path

import nrrd
import numpy as np
import pytest
import trimesh
from desks import Desk, Shell

from anatomy.errors import TermError
from anatomy.mesh_file import SCALE
from anatomy.mesh_read import take
from anatomy.phantom_bodies import ARTERY_X_MM
from surgery.plan import PlanError
from twin.plan_import import plan_from
from viewer.scene import INTENDED_USE
from viewer.takeaway.files import KINDS, export_in_child, kind_of


def test_a_file_that_mixes_a_stale_plan_with_this_anatomy_is_refused(desk: Desk) -> None:
    for kind in ("seg", "stl", "ply", "obj", "glb"):
        with pytest.raises(PlanError, match="Stale"):
            desk.export(kind, desk.stale)
    for kind in ("json", "mrk"):
        assert "f" * 64 in desk.export(kind, desk.stale).content.decode()


def test_scores_of_another_plan_are_refused(desk: Desk) -> None:
    with pytest.raises(PlanError, match="Score it again"):
        desk.export("html", {**desk.good, "digest": "0" * 64})
    with pytest.raises(PlanError, match="no file"):
        kind_of("plan.docx")


@pytest.mark.parametrize("kind", ["json", "mrk"])
def test_a_plan_comes_back_with_entry_and_target_where_they_were(desk: Desk, kind: str) -> None:
    taken = desk.export(kind)
    plan, stale, _ = plan_from(taken.content, taken.name, desk.case)

    assert not stale
    assert plan.placements == desk.plan.placements
    assert (plan.procedure, plan.anatomy) == (desk.plan.procedure, desk.plan.anatomy)
    assert plan.digest == desk.plan.digest


@pytest.mark.parametrize("kind", ["json", "mrk"])
def test_a_plan_of_another_patient_comes_back_stale_in_one_sentence(desk: Desk, kind: str) -> None:
    taken = desk.export(kind)
    other = replace(desk.case, anatomy="e" * 64)
    plan, stale, sentence = plan_from(taken.content, taken.name, other)

    assert stale
    assert plan.anatomy == desk.case.anatomy
    assert "another patient" in sentence


def a_line(*, x_mm: float = 0.0, name: str = "L") -> bytes:
    ends = [[x_mm, -10.0, 56.0], [x_mm, 0.0, 5.0]]
    points = [{"label": f"{name}-{n}", "position": end} for n, end in enumerate(ends)]
    line = {"type": "Line", "name": name, "coordinateSystem": "LPS", "controlPoints": points}
    return json.dumps({"@schema": "s", "markups": [line]}).encode()


def test_a_line_drawn_in_slicer_becomes_a_plan_with_what_the_page_has_chosen(desk: Desk) -> None:
    chosen = {"procedure": "needle_biopsy", "device": "core_needle_14g", "delivery": "robot"}
    plan, stale, sentence = plan_from(a_line(x_mm=-9), "My line.mrk.json", desk.case, **chosen)

    assert plan.placements[0].trajectory.entry_mm == (9.0, 10.0, 56.0)
    assert (plan.id, plan.delivery, stale) == ("my-line", "robot", False)
    assert "taken to be of this case" in sentence


@pytest.mark.parametrize(
    ("content", "chosen", "said"),
    [
        (a_line(), {}, "procedure and device"),
        (a_line(), {"procedure": "needle_biopsy"}, "device"),
        (a_line(x_mm=400), {"procedure": "needle_biopsy", "device": "core_needle_14g"}, "outside"),
        (b"[1, 2]", {}, "not a plan"),
        (b"\xff", {}, "not JSON"),
        (b'{"markups": 3}', {}, "no markups file"),
        (a_line(), {"procedure": "needle_biopsy", "device": "core_needle_13g"}, "no device"),
    ],
)
def test_what_is_no_plan_for_this_case_is_refused_with_the_files_name(
    desk: Desk, content: bytes, chosen: dict[str, str], said: str
) -> None:
    with pytest.raises(PlanError, match=said) as refusal:
        plan_from(content, "some/where/in.json", desk.case, **chosen)
    assert str(refusal.value).startswith("in.json: ")


@pytest.mark.parametrize("kind", ["stl", "ply", "obj", "glb"])
def test_a_mesh_file_holds_the_device_in_place_and_the_structures_asked_for(
    desk: Desk, kind: str, tmp_path: Path
) -> None:
    taken = desk.export(kind, structures=["artery"])
    file = tmp_path / taken.name
    file.write_bytes(taken.content)
    mesh = take(str(file), file.name)
    vertices = mesh["vertices"] * SCALE[mesh["unit"]]
    way = desk.plan.placements[0].trajectory
    tip = np.array(way.target_mm) + 14.5 * way.direction
    along = (vertices - tip) @ way.direction
    near = np.linalg.norm(vertices - tip - np.outer(along, way.direction), axis=1) < 1.2
    rest = vertices[~near]
    text = taken.content.decode("latin-1")

    assert (mesh["space"], mesh["frame"]) == ("RAS", desk.case.frame)
    assert along[near].max() == pytest.approx(0, abs=0.01)
    assert rest[:, 0].mean() == pytest.approx(ARTERY_X_MM, abs=0.5), "the artery lies on the right"
    assert desk.case.anatomy[:8] in text
    assert desk.plan.digest[:8] in text
    assert "RESEARCH ONLY" in text if kind == "stl" else INTENDED_USE in text


def test_the_parts_of_a_glb_bear_their_names_in_metres(desk: Desk) -> None:
    tree = trimesh.load(io.BytesIO(desk.export("glb").content), file_type="glb")
    names = set(tree.geometry)

    assert {"Artery", "Contact 1", "Core biopsy needle, 14 G", "Tumour core"} <= names
    assert "Scalp" not in names, "veils are let out unless they are asked for"
    assert tree.geometry["Artery"].vertices[:, 0].mean() == pytest.approx(
        ARTERY_X_MM / 1000, abs=1e-3
    )


def test_a_structure_that_is_not_there_is_named_with_those_that_are(desk: Desk) -> None:
    with pytest.raises(TermError, match=r"no optic_nerve_left .* artery"):
        desk.export("stl", structures=["optic_nerve_left"])


def test_a_segmentation_states_the_plan_that_it_went_with(desk: Desk, tmp_path: Path) -> None:
    taken = desk.export("seg")
    file = tmp_path / taken.name
    file.write_bytes(taken.content)
    header = nrrd.read_header(str(file))

    assert header["Theatrum_plan_digest"] == desk.plan.digest
    assert header["Theatrum_anatomy"] == desk.case.anatomy
    assert header["Theatrum_intended_use"] == INTENDED_USE


def test_names_of_files_are_safe_and_tell_case_plan_and_revision(desk: Desk) -> None:
    odd = {**desk.good, "plan": {**desk.good["plan"], "id": "../a b\n/é"}}
    assert desk.export("mrk").name == "ball-biopsy-1-r1.mrk.json"
    assert desk.export("mrk", odd).name == "ball-a-b-r1.mrk.json"
    assert [kind_of(f"x{what.suffix.upper()}") for what in KINDS.values()] == list(KINDS)


def test_a_file_made_in_a_process_of_its_own_is_the_same(desk: Desk) -> None:
    assert export_in_child(desk.library.root, "ball", desk.good, "mrk") == desk.export("mrk")


def test_the_shell_writes_a_plan_as_its_name_ends_and_reads_it_back(
    desk: Desk, desk_shell: Shell, tmp_path: Path
) -> None:
    source, lines, back = (tmp_path / name for name in ("p.json", "x.mrk.json", "back.json"))
    source.write_bytes(desk.export("json").content)

    assert desk_shell("export", "ball", "--plan", source, "--out", lines)[0] == 0
    status, said = desk_shell("import-plan", "ball", lines, "--out", back)
    assert (status, "made on this anatomy" in said) == (0, True)
    assert json.loads(back.read_text())["placements"] == desk.good["plan"]["placements"]
    for words, told in (
        (("report", "ball", source, "--out", "r.doc"), ".html or .pdf"),
        (("export", "ball", "--plan", source), "--out"),
        (("export", "ball", "--plan", source, "--out", "x.zip"), ".seg.nrrd"),
        (("import-plan", "ball", tmp_path / "no.json"), "cannot be read"),
    ):
        status, said = desk_shell(*words)
        assert (status, told in said) == (2, True)
