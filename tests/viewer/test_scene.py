"""A scene is plain data with addresses that the server answers."""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from anatomy.phantom import box, sphere
from anatomy.quality import Quality
from anatomy.reconstruct import Reconstruction
from anatomy.surface import structures_from
from anatomy.volume import LabelMap, Volume
from twin.build import Order, Reading, pack_labels, store, unpack_labels
from twin.records import Case, StructureRecord
from twin.repository import Repository
from viewer.answers import Rays, measure
from viewer.scene import scene

RADIUS_MM = 12.0


@pytest.fixture(scope="module")
def a_library(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """One case: a ball called thalamus_right, 12 mm in radius."""
    ball = sphere(
        RADIUS_MM,
        grid=box(spacing_mm=(1.0, 1.0, 1.0), extent_mm=(40.0, 42.0, 44.0)),
        id="thalamus_right",
    )
    volume = Volume(grid=ball.grid, voxels=ball.labels.astype("float32") * 100 + 7, source="0" * 64)
    made = Reconstruction(
        labelmap=ball, origin={"thalamus_right": "atlas"},
        quality=Quality(passed=True, checks=()), stages=(), skull_stripped=True, notes=("A ball.",),
    )  # fmt: skip
    repository = Repository(tmp_path_factory.mktemp("library"))
    store(
        repository,
        Order(path=Path("ball.nii"), case="ball"),
        Reading(volume=volume, report={"notes": ["Read."]}, overlays=[], laid=[], recipe="ball"),
        made,
        structures_from(ball, origin=made.origin, workers=1),
    )
    return repository


@pytest.fixture
def a_case(a_library: Repository) -> Case:
    return a_library.case("ball")


def test_every_address_of_a_scene_is_a_file_of_the_library(
    a_library: Repository, a_case: Case
) -> None:
    drawn = json.loads(json.dumps(scene(a_case)))
    (ball,) = drawn["structures"]
    urls = [drawn["volume"]["url"], drawn["labels"]["url"], *(m["url"] for m in ball["meshes"])]

    assert [mesh["level"] for mesh in ball["meshes"]] == ["coarse", "fine"]
    assert all(a_library.blob(url.removeprefix("data/")).is_file() for url in urls)
    assert drawn["notes"] == ["Read.", "A ball."]
    assert drawn["volume"]["range"] == [7.0, 107.0]


def test_the_voxels_of_a_scene_have_its_shape(a_library: Repository, a_case: Case) -> None:
    drawn = scene(a_case)
    i, j, k = drawn["volume"]["shape"]
    raw = a_library.content(drawn["volume"]["url"].removeprefix("data/"))

    assert len(raw) == 2 * i * j * k


def test_a_ct_opens_in_a_window_of_hounsfield_units(a_case: Case) -> None:
    volume = scene(replace(a_case, report={**a_case.report, "modality": "CT"}))["volume"]

    assert volume["window"] == [-200.0, 800.0]
    assert {"bone", "soft"} < {preset["id"] for preset in volume["presets"]}


def test_the_numbers_of_a_card_are_those_of_the_ball(a_case: Case) -> None:
    (ball,) = scene(a_case)["structures"]
    truth_ml = 4 / 3 * 3.14159265 * RADIUS_MM**3 / 1000
    x0, x1, *_ = ball["bounds_mm"]

    assert ball["volume_ml"] == pytest.approx(truth_ml, rel=0.02)
    assert ball["surface_volume_ml"] == pytest.approx(ball["volume_ml"], rel=0.02)
    assert x1 - x0 == pytest.approx(2 * RADIUS_MM, abs=1.0)
    assert (ball["side"], ball["origin"], ball["estimated"]) == ("right", "atlas", False)
    assert ball["code"] == a_case.structures[0].code


def test_a_solid_that_hides_its_parts_is_not_drawn_at_first(a_case: Case) -> None:
    ball = a_case.structures[0]
    both = [replace(ball, id=id) for id in ("brain", "grey_matter_left", "skull", "scalp")]
    shown = {s["id"]: s["visible"] for s in scene(replace(a_case, structures=both))["structures"]}
    alone = scene(replace(a_case, structures=both[:1]))["structures"]

    assert shown == {"brain": False, "grey_matter_left": True, "skull": False, "scalp": True}
    assert alone[0]["visible"]


def test_the_brain_is_a_veil_where_there_is_something_within_it_to_see(a_case: Case) -> None:
    (ball,) = a_case.structures
    healthy = [replace(ball, id=id, opacity=1.0) for id in ("brain", "grey_matter_left")]

    def shown(*structures: StructureRecord) -> dict[str, float]:
        drawn = scene(replace(a_case, structures=structures))["structures"]
        return {one["id"]: one["opacity"] for one in drawn if one["visible"]}

    assert shown(*healthy) == {"grey_matter_left": 1.0}
    with_tumour = shown(*healthy, replace(ball, id="tumour_core", opacity=1.0))
    assert with_tumour == {"brain": 0.25, "tumour_core": 1.0}


def test_a_ray_meets_the_ball_where_it_lies(a_library: Repository, a_case: Case) -> None:
    x0, x1, y0, y1, z0, z1 = a_case.structures[0].bounds_mm
    middle = ((x0 + x1) / 2, (y0 + y1) / 2, (z0 + z1) / 2)
    ask = {
        "type": "pick", "id": "7", "origin_mm": [middle[0], middle[1], z1 + 100],
        "direction": [0, 0, -2], "structures": ["thalamus_right"], "clip": None,
    }  # fmt: skip
    rays = Rays(a_library)
    hit = rays.pick(a_case, ask)
    missed = rays.pick(a_case, {**ask, "direction": [0, 0, 1]})
    behind = rays.pick(
        a_case, {**ask, "clip": {"origin_mm": list(middle), "normal": [0.0, 0.0, -1.0]}}
    )

    assert (hit["id"], hit["structure"]) == ("7", "thalamus_right")
    assert hit["point_mm"] == pytest.approx([middle[0], middle[1], z1], abs=0.6)
    assert hit["normal"][2] > 0.9
    assert (missed["point_mm"], missed["structure"], missed["normal"]) == (None, None, None)
    assert behind["point_mm"] == pytest.approx([middle[0], middle[1], z0], abs=0.6)


def test_a_distance_is_answered_with_unit_and_sentence() -> None:
    answer = measure(
        {"type": "measure", "id": "m", "kind": "distance", "points_mm": [[0, 0, 0], [3, 4, 0]]}
    )
    assert (answer["id"], answer["value"], answer["unit"]) == ("m", 5.0, "mm")
    assert "5.0 mm" in answer["sentence"]


def test_a_label_map_comes_back_from_the_library_as_it_went_in(
    a_library: Repository, a_case: Case
) -> None:
    back: LabelMap = unpack_labels(a_library.content(a_case.labelmap))
    again = unpack_labels(gzip.decompress(pack_labels(back)))

    assert again.digest == back.digest
    assert back.volume_ml("thalamus_right") == pytest.approx(a_case.structures[0].volume_ml)
