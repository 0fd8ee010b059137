"""A mesh from a file joins a case: same place, same side, or a refusal that says why."""

import json
from pathlib import Path

import numpy as np
import pytest
import trimesh

from anatomy.errors import ReadError
from anatomy.mesh_file import MeshFile
from anatomy.phantom import box, placed
from anatomy.quality import Quality
from anatomy.reconstruct import Reconstruction
from anatomy.solids import Ellipsoid
from anatomy.surface import Surface, structures_from
from anatomy.surface_file import decode
from anatomy.volume import Volume, digest
from twin.addition import structure_from
from twin.build import Order, Reading, store
from twin.records import Case
from twin.repository import Repository
from viewer.cli import main

FORMATS = ("stl", "ply", "obj", "glb", "vtp")
CENTRE_MM, RADIUS_MM = (-21.0, 12.0, 7.0), 9.0


@pytest.fixture
def a_library(tmp_path: Path) -> Repository:
    """One case called `anna`: a head of 80 x 90 x 84 mm with a ball on the left."""
    labelmap = placed(
        {
            "scalp": Ellipsoid((0, 0, 0), (35, 40, 37)),
            "thalamus_left": Ellipsoid(CENTRE_MM, (RADIUS_MM, 7, 5)),
        },
        box(spacing_mm=(2, 2, 2), extent_mm=(80, 90, 84)),
    )
    image = labelmap.labels.astype(np.float32) * 100
    volume = Volume(grid=labelmap.grid, voxels=image, source="0" * 64)
    made = Reconstruction(
        labelmap=labelmap, origin={"scalp": "automatic", "thalamus_left": "atlas"},
        quality=Quality(passed=True, checks=()), stages=(), skull_stripped=False, notes=(),
    )  # fmt: skip
    repository = Repository(tmp_path / "library")
    store(
        repository,
        Order(path=Path("anna.nii"), case="anna"),
        Reading(volume=volume, report={"notes": []}, overlays=[], laid=[], recipe="anna"),
        made,
        structures_from(labelmap, origin=made.origin, workers=1),
    )
    return repository


def surface(library: Repository, structure: str, level: str = "fine") -> Surface:
    record = library.case("anna").structure(structure)
    return decode(library.blob(record.meshes[level].digest).read_bytes())[0]


def a_ball(path: Path, *, at: tuple[float, float, float] = (10, 5, -8), radius: float = 9) -> Path:
    """A closed ball from another program, which states neither space nor unit."""
    ball = trimesh.creation.icosphere(subdivisions=5, radius=radius)
    ball.apply_translation(at)
    ball.export(path)
    return path


def run(library: Repository, *arguments: str | Path) -> int:
    return main([*(str(one) for one in arguments), "--library", str(library.root)])


def refused(capsys: pytest.CaptureFixture[str], library: Repository, *arguments: str | Path) -> str:
    """Exit 2 with one sentence, and a library that is as it was."""
    before = {path: path.read_bytes() for path in library.root.rglob("*") if path.is_file()}
    capsys.readouterr()
    assert run(library, *arguments) == 2
    said = capsys.readouterr()
    after = {path: path.read_bytes() for path in library.root.rglob("*") if path.is_file()}
    after.pop(library.root / "lock", None)
    before.pop(library.root / "lock", None)
    assert after == before
    assert said.out == ""
    return said.err


@pytest.mark.parametrize("format", FORMATS)
def test_an_exported_surface_comes_back_in_its_place_on_its_side(
    a_library: Repository, tmp_path: Path, format: str
) -> None:
    out = tmp_path / f"left.{format}"
    assert run(a_library, "export", "anna", "--mesh", format, "--structure", "thalamus_left",
               "--out", out) == 0  # fmt: skip
    first = a_library.case("anna")
    assert run(a_library, "add", "anna", out, "--structure", "tumour_core") == 0
    after = a_library.case("anna")
    was, now = surface(a_library, "thalamus_left"), surface(a_library, "tumour_core")
    card, old = after.structure("tumour_core"), after.structure("thalamus_left")
    order = np.lexsort(np.round(was.vertices_mm, 1).T), np.lexsort(np.round(now.vertices_mm, 1).T)

    assert now.triangles == was.triangles
    assert np.abs(was.vertices_mm[order[0]] - now.vertices_mm[order[1]]).max() < 0.01
    assert now.vertices_mm.mean(axis=0) == pytest.approx(CENTRE_MM, abs=0.3)
    assert card.watertight
    assert card.volume_ml == pytest.approx(old.surface_volume_ml, rel=1e-3)
    assert card.surface_volume_ml == card.volume_ml
    assert (card.origin, card.surface_p95_mm, card.sigma_mm) == ("manual", 0.0, 1.0)
    assert card.note.startswith(f"From left.{format}, not from this scan.")
    assert after.anatomy != first.anatomy
    assert after.recipe != first.recipe
    assert after.display == first.display


def test_the_import_is_recorded_with_its_answers_and_no_path(
    a_library: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = a_ball(tmp_path / "theirs.stl", radius=0.9, at=(1.0, 0.5, -0.8))
    assert run(a_library, "add", "anna", path, "--structure", "tumour_core", "--space", "LPS",
               "--unit", "cm", "--json") == 0  # fmt: skip
    answer = json.loads(capsys.readouterr().out)
    (laid,) = a_library.case("anna").overlays
    report = laid["report"]

    assert laid == answer["import"]
    assert (laid["kind"], laid["structure"], laid["name"]) == ("mesh", "tumour_core", "theirs.stl")
    assert (report["space"], report["unit_used"]) == ("LPS", "cm")
    assert (report["space_answered"], report["unit_answered"]) == ("LPS", "cm")
    assert len(report["digest"]) == 64
    assert str(tmp_path) not in json.dumps(a_library.case("anna").wire())
    assert answer["structure"]["volume_ml"] == pytest.approx(4 / 3 * np.pi * 0.9**3, rel=0.01)
    centre = surface(a_library, "tumour_core").vertices_mm.mean(axis=0)
    assert centre == pytest.approx([-10, -5, -8], abs=0.02)


def test_a_closed_mesh_gets_a_coarse_level_of_the_same_volume(
    a_library: Repository, tmp_path: Path
) -> None:
    path = a_ball(tmp_path / "ball.ply")
    assert run(a_library, "add", "anna", path, "--structure", "lesion", "--space", "RAS") == 0
    fine, coarse = surface(a_library, "lesion"), surface(a_library, "lesion", "coarse")

    assert fine.triangles == 20480
    assert coarse.triangles < 5000
    assert coarse.closed
    assert coarse.volume_ml == pytest.approx(fine.volume_ml, rel=0.005)


def test_an_open_mesh_is_added_with_a_warning_and_no_volume(
    a_library: Repository, tmp_path: Path
) -> None:
    ball = trimesh.creation.icosphere(subdivisions=5, radius=9)
    half = ball.submesh([ball.triangles_center[:, 2] > 0], append=True)
    half.export(tmp_path / "cap.stl")
    assert run(a_library, "add", "anna", tmp_path / "cap.stl", "--structure", "lesion",
               "--space", "RAS") == 0  # fmt: skip
    card = a_library.case("anna").structure("lesion")

    assert not card.watertight
    assert card.volume_ml == card.surface_volume_ml == 0.0
    assert "not closed" in card.note
    assert surface(a_library, "lesion").triangles == len(half.faces)


def test_a_mesh_that_is_inside_out_is_turned_over_and_says_so(
    a_library: Repository, tmp_path: Path
) -> None:
    ball = trimesh.creation.icosphere(subdivisions=3, radius=9)
    ball.invert()
    ball.export(tmp_path / "in.stl")
    assert run(a_library, "add", "anna", tmp_path / "in.stl", "--structure", "lesion",
               "--space", "RAS") == 0  # fmt: skip

    assert surface(a_library, "lesion").volume_ml > 0
    assert "turned over" in a_library.case("anna").structure("lesion").note


def test_what_the_file_does_not_say_is_asked_with_its_flag(
    a_library: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = a_ball(tmp_path / "theirs.stl")
    small = a_ball(tmp_path / "small.stl", radius=0.009, at=(0, 0, 0))
    said = refused(capsys, a_library, "add", "anna", path, "--structure", "lesion")
    unit = refused(capsys, a_library, "add", "anna", small, "--structure", "lesion", "--space=RAS")

    assert "--space RAS or --space LPS" in said
    assert "--unit m" in unit


@pytest.mark.parametrize(
    ("at", "fact"),
    [
        ((-38.0, 0.0, 0.0), "7 mm beyond the scan at its left"),
        ((0.0, 300.0, 0.0), "264 mm beyond the scan at its front"),
        ((0.0, 0.0, -90.0), "57 mm beyond the scan at its bottom"),
    ],
)
def test_a_mesh_outside_the_field_of_view_is_refused_with_both_boxes(
    a_library: Repository,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    at: tuple[float, float, float],
    fact: str,
) -> None:
    path = a_ball(tmp_path / "far.stl", at=at)
    said = refused(
        capsys, a_library, "add", "anna", path, "--structure", "lesion", "--space", "RAS"
    )

    assert f"far.stl reaches {fact}" in said
    assert "the scan -40 to 40, -45 to 45, -42 to 42 mm" in said


def test_a_structure_that_is_there_is_kept_until_it_is_replaced(
    a_library: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = a_ball(tmp_path / "new.stl", at=CENTRE_MM)
    arguments = ("add", "anna", path, "--structure", "thalamus_left", "--space", "RAS")
    said = refused(capsys, a_library, *arguments)
    first = a_library.case("anna")
    assert run(a_library, *arguments, "--replace") == 0
    second = a_library.case("anna")
    assert run(a_library, *arguments, "--replace") == 0
    third = a_library.case("anna")
    other = a_ball(tmp_path / "other.stl", at=CENTRE_MM)
    assert run(a_library, "add", "anna", other, *arguments[3:], "--replace") == 0
    last = a_library.case("anna")

    assert last.notes == ["Thalamus, left comes from other.stl, not from this scan."]
    assert [one["name"] for one in last.overlays] == ["other.stl"]
    assert "already has Thalamus, left" in said
    assert "--replace" in said
    assert ids(first) == ids(second) == ids(third)
    assert second.structure("thalamus_left").origin == "manual"
    assert "slices and the label map show the scan's own label" in (
        second.structure("thalamus_left").note
    )
    assert second.anatomy == third.anatomy != first.anatomy


def ids(case: Case) -> list[str]:
    return [one.id for one in case.structures]


def test_a_structure_nobody_knows_and_a_frame_of_another_body_are_refused(
    a_library: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = a_ball(tmp_path / "ball.ply")
    other = a_ball(tmp_path / "other.stl")
    says = {"space": "RAS", "unit": "mm", "frame": "mni152"}
    other.with_name("other.stl.json").write_text(json.dumps(says))
    name = refused(
        capsys, a_library, "add", "anna", path, "--structure", "lesoin", "--space", "RAS"
    )
    frame = refused(capsys, a_library, "add", "anna", other, "--structure", "lesion")

    assert "lesion" in name
    assert "'mni152'" in frame


def test_more_triangles_than_a_browser_draws_are_refused() -> None:
    corners = np.eye(3, dtype=np.float32)
    faces = np.tile(np.array([[0, 1, 2]], np.uint32), (2_000_001, 1))
    mesh = MeshFile(
        vertices_mm=corners, faces=faces, frame="f", format="STL", space="RAS", unit="mm",
        unit_stated="", notes=(),
    )  # fmt: skip

    with pytest.raises(ReadError, match=r"big\.stl has 2000001 triangles"):
        structure_from(mesh, structure="lesion", name="big.stl", frame="f")


def test_the_anatomy_id_follows_from_what_is_there_and_not_from_the_order(
    a_library: Repository, tmp_path: Path
) -> None:
    path = a_ball(tmp_path / "ball.stl")
    assert run(a_library, "add", "anna", path, "--structure", "lesion", "--space", "RAS") == 0
    case = a_library.case("anna")
    parts = [f"{one.id}:{one.meshes['fine'].digest}" for one in case.structures]

    assert case.anatomy == digest(case.frame, *parts)
    assert a_library.blob(case.structure("lesion").meshes["coarse"].digest).is_file()
