"""What leaves the planning page, read back by others: reports, lines, meshes, segmentations."""

import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nrrd
import numpy as np
import pypdf
import pytest
import trimesh
from PIL import Image

from anatomy.errors import TermError
from anatomy.mesh_file import SCALE
from anatomy.mesh_read import take
from anatomy.phantom_bodies import ARTERY_X_MM, HEAD, bodies
from anatomy.quality import Quality
from anatomy.reconstruct import Reconstruction
from anatomy.volume import Volume
from surgery.plan import Placement, Plan, PlanError, Trajectory
from surgery.run import run
from surgery.scene import Scene
from twin.build import Order, Reading, store
from twin.plan_import import plan_from
from twin.planning import scene_of
from twin.records import Case
from twin.repository import Repository
from viewer.cli import main
from viewer.scene import INTENDED_USE, strip
from viewer.takeaway.as_html import html
from viewer.takeaway.as_pdf import pdf
from viewer.takeaway.files import KINDS, export, export_in_child, kind_of, result_for
from viewer.takeaway.planes import along_path, hazard, lettered, through_target
from viewer.takeaway.report import report
from viewer.takeaway.sheet import Sheet
from viewer.takeaway.slices import Scan, drawn

ENTRY, TARGET = (0.0, 10.0, 56.5), (0.0, 0.0, 3.0)
HOSTILE = '<script>alert("1")</script> & 漢 \u202e'


def a_plan(case: Case, *, id: str = "biopsy-1", entry=ENTRY, target=TARGET, **more: Any) -> Plan:
    way = Trajectory(entry_mm=entry, target_mm=target, frame=case.frame)
    needle = Placement(device="core_needle_14g", trajectory=way, depth_mm=14.5, roll_rad=0.3)
    return Plan(
        id=id, procedure="needle_biopsy", anatomy=case.anatomy, placements=(needle,), **more
    )  # fmt: skip


@dataclass(frozen=True)
class Desk:
    """A ball of a head in a library, with a good plan, one through the artery, and a stale one."""

    library: Repository
    case: Case
    scene: Scene
    plan: Plan
    good: dict[str, Any]
    run: dict[str, Any]
    bad: dict[str, Any]
    stale: dict[str, Any]
    sheet: Sheet

    def export(self, kind: str, result: Any = None, **more: Any) -> Any:
        return export(self.library, self.case, self.scene, result or self.good, kind, **more)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    anatomy, labelmap = bodies(dict(HEAD), spacing_mm=3.0, times=3)
    voxels = labelmap.labels.astype(np.float32) * 100
    library = Repository(tmp_path_factory.mktemp("library"))
    store(
        library,
        Order(path=Path("ball.nii"), case="ball"),
        Reading(
            volume=Volume(grid=labelmap.grid, voxels=voxels, source="b" * 64),
            report={"notes": []}, overlays=[], laid=[], recipe="ball",
        ),
        Reconstruction(
            labelmap=labelmap, origin=dict.fromkeys(HEAD, "manual"),
            quality=Quality(passed=True, checks=()), stages=(), skull_stripped=False, notes=(),
        ),
        list(anatomy),
    )  # fmt: skip
    case = library.case("ball")
    scene = scene_of(library, case)
    plan = a_plan(case, note=HOSTILE, author="A. B.")
    through = a_plan(case, entry=(57.0, 0.0, 0.0), target=(0.0, 0.0, 0.0))
    good = result_for(scene, plan, seed=1)
    steps = run(scene, plan, seed=1).wire()
    return Desk(
        library=library, case=case, scene=scene, plan=plan, good=good, run=steps,
        bad=result_for(scene, through, seed=1),
        stale=result_for(scene, replace(plan, anatomy="f" * 64), seed=1),
        sheet=report(library, case, scene, good, steps, made="2026-11-24"),
    )  # fmt: skip


class Page(HTMLParser):
    """What a browser would find: numbers with what is printed of them, tags, text."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.numbers: list[tuple[float, str]] = []
        self.tags: set[str] = set()
        self.loads: list[str] = []
        self.text = ""
        self._value: float | None = None
        self.feed(content.decode())

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        self.loads += [given[name] for name in ("src", "href", "data") if given.get(name)]
        if tag == "data":
            self._value = float(given["value"])

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._value is not None:
            self.numbers.append((self._value, data))
            self._value = None


def numbers_in(wire: Any) -> Iterator[float]:
    if isinstance(wire, dict | list):
        for one in wire.values() if isinstance(wire, dict) else wire:
            yield from numbers_in(one)
    elif isinstance(wire, int | float) and not isinstance(wire, bool):
        yield float(wire)


def test_every_number_of_the_page_is_one_of_the_engines_to_the_printed_digit(desk: Desk) -> None:
    page = Page(html(desk.sheet))
    known = set(numbers_in([desk.good, desk.run, desk.case.wire()]))
    way = desk.plan.placements[0].trajectory
    known |= {way.length_mm, 1.0, *numbers_in(sigmas())}

    assert len(page.numbers) > 100
    for value, printed in page.numbers:
        assert value in known
        digits = len(printed.partition(".")[2])
        scales = (1.0, 100.0, 180.0 / np.pi)
        assert printed in {f"{scale * value:.{digits}f}" for scale in scales}


def sigmas() -> list[float]:
    """The frame's spread by hand: mean 1.33 mm over sqrt(pi / 2), 1.63 mm over sqrt(8 / pi)."""
    from surgery.delivery import delivery

    by = delivery("frame")
    assert by.sigma_entry_mm == pytest.approx(1.33 / np.sqrt(np.pi / 2))
    return [by.sigma_entry_mm, by.sigma_target_mm]


def test_every_metric_is_on_the_page_with_all_that_the_engine_says_of_it(desk: Desk) -> None:
    page = Page(html(desk.sheet))
    shown = dict.fromkeys(value for value, _ in page.numbers)

    for one in desk.good["metrics"]:
        for value in (one["value"], *(one["range"] or ()), one["weight"], *(one["point_mm"] or ())):
            assert value is None or value in shown
        for words in (one["status"].replace("_", " "), one["sentence"], one["source"]):
            assert words in page.text
    for spread in desk.good["tolerances"]:
        assert spread["any_hit"]["share"] in shown
        assert spread["spans"]["target_miss_mm"]["worst"] in shown
        assert spread["guaranteed_mm"] in shown
    for step in desk.run["steps"]:
        assert step["reason"] in page.text
    for words in (strip(desk.case), INTENDED_USE, desk.case.anatomy, desk.plan.digest):
        assert words in page.text


def test_the_page_loads_nothing_runs_nothing_and_sets_names_as_text(desk: Desk) -> None:
    page = Page(html(desk.sheet))

    assert "script" not in page.tags
    assert HOSTILE in page.text
    assert all(one.startswith("data:image/png;base64,") for one in page.loads)
    assert len(page.loads) == 6, "one in space, three through the target, two along the path"


def text_of(content: bytes) -> tuple[str, list[str]]:
    pages = [one.extract_text() for one in pypdf.PdfReader(io.BytesIO(content)).pages]
    return " ".join(" ".join(pages).split()), pages


def test_the_paper_says_the_same_numbers_and_on_every_page_what_it_is_for(desk: Desk) -> None:
    content = pdf(desk.sheet)
    text, pages = text_of(content)
    squeezed = text.replace(" ", "")

    assert content == pdf(desk.sheet)
    assert pypdf.PdfReader(io.BytesIO(content)).metadata.subject == INTENDED_USE
    assert pypdf.PdfReader(io.BytesIO(content)).pages[0].mediabox.width == pytest.approx(595, abs=1)
    for n, page in enumerate(pages, 1):
        assert INTENDED_USE in page
        assert f"{n} / {len(pages)}" in page
        assert strip(desk.case) in page
    for one in desk.good["metrics"]:
        assert one["sentence"].replace(" ", "") in squeezed
        if one["value"] is not None:
            assert f"{one['value']:.2f}" in text
    assert "<script>alert" in text
    assert "<U+6F22>" in text, "what the face lacks is told, not dropped"
    assert "<U+202E>" in text, "nothing turns the text about"


def test_a_stale_plan_gets_a_report_that_says_so_and_has_no_number(desk: Desk) -> None:
    page = Page(desk.export("html", desk.stale).content)
    text, _ = text_of(desk.export("pdf", desk.stale).content)

    for said in (page.text, text):
        assert "STALE" in said
        assert "Stale: plan biopsy-1" in said
        assert not re.search(r"\d+\.\d+ mm", said)
    assert page.numbers == []
    assert page.loads == []


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


def test_letters_name_the_nearest_ends_of_the_body() -> None:
    assert lettered(np.array([-1.0, 0.0, 0.0])) == "L"
    assert lettered(np.array([0.1, 0.9, 0.0])) == "A"
    assert lettered(np.array([0.0, -0.6, 0.8])) == "SP"
    assert lettered(np.array([0.9, 0.0, -0.45])) == "RI"


def test_a_bright_voxel_on_the_patients_left_is_drawn_on_the_right_of_an_axial_slice(
    desk: Desk,
) -> None:
    image = np.zeros((60, 60, 60), np.int16)
    image[8:12, 40:44, 28:32] = 100  # Left, in front.
    scan = Scan(
        image=image, labels=np.zeros(image.shape, np.uint16), key={}, origin_mm=(-29.5,) * 3,
        spacing_mm=(1.0,) * 3, window=(0.0, 100.0),
    )  # fmt: skip
    low, high = np.full(3, -30.0), np.full(3, 30.0)
    away = replace(desk.plan.placements[0], depth_mm=-50)
    axial, coronal, sagittal = through_target(replace_ends(away, (0, 0, 0)), low, high)
    for plane, across, upward in ((axial, 200, -120), (coronal, 200, 0), (sagittal, -120, 0)):
        shifted = replace(plane, middle_mm=tuple(np.where(np.abs(plane.normal) > 0.5,
                          (-19.5, 12.5, 0.5), plane.middle_mm)))  # fmt: skip
        picture = drawn(scan, shifted, [], per_mm=10)
        grey = np.array(Image.open(io.BytesIO(picture.png)).convert("L")).astype(int)
        bright = np.argwhere(grey[100:-100, 100:-100] > 200).mean(axis=0) + 100 - 300

        assert bright[1] == pytest.approx(across, abs=12)
        assert bright[0] == pytest.approx(upward, abs=12)


def replace_ends(placement: Placement, target: tuple[float, float, float]) -> Placement:
    return placement.moved(entry_mm=(0.0, 0.0, 55.0), target_mm=target)


def test_pictures_along_a_path_hold_it_upright_with_the_nearest_hazard_in_the_first(
    desk: Desk,
) -> None:
    one = desk.plan.placements[0]
    found = hazard(desk.good["metrics"], one, 0)
    assert found is not None
    first, second = along_path(one, found.point_mm)
    ends = np.array([one.trajectory.entry_mm, one.tip_mm])

    for plane in (first, second):
        paper, front = plane.on_paper_mm(ends)
        assert paper[:, 0] == pytest.approx(0, abs=1e-9)
        assert front == pytest.approx(0, abs=1e-9)
        assert paper[0, 1] > paper[1, 1], "the entry on top"
    _, off = first.on_paper_mm(np.array([found.point_mm]))
    assert off == pytest.approx(0, abs=1e-9)
    assert np.dot(first.normal, second.normal) == pytest.approx(0, abs=1e-12)


@pytest.fixture
def shell(desk: Desk, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """The command as a person types it: exit status, what was said beside the answer."""

    def typed(*words: object) -> tuple[int, str]:
        status = main([*map(str, words), "--library", str(desk.library.root)])
        return status, capsys.readouterr().err

    return typed


def test_a_report_from_the_shell_tells_first_what_holds_a_plan_back(
    desk: Desk, shell: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    source, out = tmp_path / "p.json", tmp_path / "r.html"
    source.write_bytes(desk.export("json", desk.bad).content)
    status, said = shell("report", "ball", source, "--out", out, "--date", "today")
    page = Page(out.read_bytes())
    order = (
        "Rejected", "Beyond a hard limit", "Could not be judged", "Pictures", "Placements",
        "within every hard limit", "How robust", "Through which tissue", "Step by step", "today",
    )  # fmt: skip
    places = [page.text.index(words) for words in order]

    assert (status, "rejected" in said) == (3, True)
    assert places == sorted(places)
    assert "✕ rejected" in page.text
    assert {v for one in desk.bad["metrics"] if (v := one["value"]) is not None} <= {
        value for value, _ in page.numbers
    }


def test_the_shell_writes_a_plan_as_its_name_ends_and_reads_it_back(
    desk: Desk, shell: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    source, lines, back = (tmp_path / name for name in ("p.json", "x.mrk.json", "back.json"))
    source.write_bytes(desk.export("json").content)

    assert shell("export", "ball", "--plan", source, "--out", lines)[0] == 0
    status, said = shell("import-plan", "ball", lines, "--out", back)
    assert (status, "made on this anatomy" in said) == (0, True)
    assert json.loads(back.read_text())["placements"] == desk.good["plan"]["placements"]
    for words, told in (
        (("report", "ball", source, "--out", "r.doc"), ".html or .pdf"),
        (("export", "ball", "--plan", source), "--out"),
        (("export", "ball", "--plan", source, "--out", "x.zip"), ".seg.nrrd"),
        (("import-plan", "ball", tmp_path / "no.json"), "cannot be read"),
    ):
        status, said = shell(*words)
        assert (status, told in said) == (2, True)
