"""Strokes of the engine's own against closed forms: a ball of tumour beside a straight vessel."""

import json
import math

import numpy as np
import pytest
from heads import ball, scene_of

from anatomy.errors import TwinError
from anatomy.solids import Tube
from surgery import stroke_file
from surgery.outcome import UNKNOWN, outcome
from surgery.procedure import procedure
from surgery.resection import Resection, ResectionError, Stroke, region_of
from surgery.strokes import carve, distances

TUMOUR_MM, TUBE_MM, LIMIT_MM = 8.0, 2.0, 3.0
CRANIOTOMY = procedure("craniotomy")


def a_scene(tube_x_mm=None):
    """A ball of tumour in a ball of brain; a vessel along y at `tube_x_mm`."""
    solids = {"brain": ball(22.0), "tumour_enhancing": ball(TUMOUR_MM)}
    if tube_x_mm is not None:
        ends = ((tube_x_mm, -15.0, 0.0), (tube_x_mm, 15.0, 0.0))
        solids["artery"] = Tube(ends, (TUBE_MM,) * 2)
    return scene_of(solids, spacing_mm=1.0, extent_mm=50.0)


@pytest.fixture(scope="module")
def beside():
    """The vessel's wall 1 mm from the tumour, carved with a margin of 2 mm."""
    scene = a_scene(TUMOUR_MM + 1.0 + TUBE_MM)
    region = region_of(scene.labelmap, ["tumour_enhancing"], margin_mm=4.0)
    resection = Resection(region)
    carve(scene, resection, region, ["tumour_enhancing"], asked=CRANIOTOMY)
    return scene, region, resection


def voxels_mm(resection):
    grid = resection.grid
    inner = tuple(n - 2 for n in grid.shape)
    return grid.ras(np.moveaxis(np.indices(inner), 0, -1) + 1)


def test_a_free_ball_is_taken_whole_with_its_margin_and_no_more():
    scene = a_scene()
    region = region_of(scene.labelmap, ["tumour_enhancing"], margin_mm=4.0)
    resection = Resection(region)
    carve(scene, resection, region, ["tumour_enhancing"], asked=CRANIOTOMY, margin_mm=2.0)
    away = np.linalg.norm(voxels_mm(resection), axis=-1)

    assert resection.tally.extent_percent("tumour_enhancing") == 100.0
    assert away[resection.removed].max() <= TUMOUR_MM + 2.0 + 0.9  # half a voxel's diagonal
    whole_ml = 4 / 3 * math.pi * (TUMOUR_MM + 2.0) ** 3 / 1000
    assert resection.tally.removed_ml(*resection.tally.before) == pytest.approx(whole_ml, rel=0.1)


def test_what_lies_within_the_limit_of_a_vessel_is_left_and_the_rest_is_taken(beside):
    _, _, resection = beside
    place = voxels_mm(resection)
    to_tube = np.hypot(place[..., 0] - (TUMOUR_MM + 1.0 + TUBE_MM), place[..., 2]) - TUBE_MM
    tumour = np.linalg.norm(place, axis=-1) < TUMOUR_MM - 0.5

    assert to_tube[resection.removed].min() >= LIMIT_MM - 1e-6
    assert resection.removed[tumour & (to_tube > LIMIT_MM + 1.0)].all()
    assert 80 < resection.tally.extent_percent("tumour_enhancing") < 100


def test_the_distance_told_is_that_of_the_strokes_by_closed_form(beside):
    scene, _, resection = beside
    vessels, ventricles, eloquent = distances(
        scene, CRANIOTOMY, resection.strokes, ["tumour_enhancing"]
    )
    share = np.linspace(0, 1, 201)[:, None]
    exact = min(
        float(np.hypot(axis[:, 0] - 11.0, axis[:, 2]).min()) - TUBE_MM - s.radius_mm
        for s in resection.strokes
        for axis in [np.array(s.from_mm) * (1 - share) + np.array(s.to_mm) * share]
    )
    assert vessels.status == "ok"
    assert vessels.value == pytest.approx(exact, abs=0.02)
    assert vessels.value >= LIMIT_MM
    assert vessels.structure == "artery"
    assert (ventricles.status, eloquent.status) == ("cannot_be_judged",) * 2


@pytest.mark.parametrize(
    ("stroke", "expected"),
    [
        (Stroke(from_mm=(0, 0, 0), to_mm=(0, 5, 0), radius_mm=2.0), 11.0 - TUBE_MM - 2.0),
        (Stroke(from_mm=(4, 0, 0), to_mm=(4, 0, 0), radius_mm=1.0), 7.0 - TUBE_MM - 1.0),
        (Stroke(from_mm=(11, 0, 0), to_mm=(11, 0, 0), radius_mm=1.0), -TUBE_MM - 1.0),
        (Stroke(from_mm=(0, 0, 0), to_mm=(20, 0, 0), radius_mm=1.0), -TUBE_MM - 1.0),
    ],
)
def test_a_stroke_beside_or_through_the_vessel_is_as_near_as_the_axes_say(beside, stroke, expected):
    scene, _, _ = beside
    vessels = distances(scene, CRANIOTOMY, [stroke], ["tumour_enhancing"])[0]
    assert vessels.value == pytest.approx(expected, abs=0.1)
    assert vessels.status == ("ok" if expected >= LIMIT_MM else "rejected")


def test_an_outcome_adds_up_voxel_by_voxel_and_says_what_it_cannot_judge(beside):
    scene, region, resection = beside
    found = outcome(scene, resection, region, ["tumour_enhancing"], asked=CRANIOTOMY)
    wire = found.wire()

    assert json.loads(json.dumps(wire, allow_nan=False)) == wire
    assert sum(row["voxels"][0] for row in wire["tissues"]) == resection.removed.size
    assert sum(row["voxels"][1] for row in wire["tissues"]) == int(resection.removed.sum())
    assert all(a == b + c for a, b, c in (row["voxels"] for row in wire["tissues"]))
    assert wire["healthy_removed_ml"] == pytest.approx(
        wire["removed_ml"] - resection.tally.removed_ml("tumour_enhancing")
    )
    assert found.rano is not None
    assert found.rano.number in (2, 3)  # nothing without enhancement is labelled: never class 1
    (left,) = found.left
    assert (left.structure, left.within_mm) == ("artery", LIMIT_MM + 2.0)
    assert 0.9 * wire["residual_ml"] < left.volume_ml <= wire["residual_ml"]
    assert found.verdict == "incomplete"
    assert "no ventricles in this twin" in found.sentence
    assert wire["not_known"] == UNKNOWN


def test_a_margin_that_is_none_is_refused_and_so_is_a_target_that_may_not_be_touched():
    scene = a_scene(3.0)
    region = region_of(scene.labelmap, ["tumour_enhancing"], margin_mm=4.0)
    for margin_mm in (-1.0, math.nan, 21.0):
        with pytest.raises(ResectionError, match="margin lies between"):
            carve(scene, Resection(region), region, ["tumour_enhancing"], asked=CRANIOTOMY,
                  margin_mm=margin_mm)  # fmt: skip
    through = Tube(((0.0, -8.0, 0.0), (0.0, 8.0, 0.0)), (TUBE_MM,) * 2)
    solids = {"brain": ball(12.0), "tumour_core": ball(3.0), "artery": through}
    small = scene_of(solids, spacing_mm=1.0, extent_mm=30.0)
    region = region_of(small.labelmap, ["tumour_core"], margin_mm=4.0)
    with pytest.raises(ResectionError, match="Nothing of the target can be taken"):
        carve(small, Resection(region), region, ["tumour_core"], asked=CRANIOTOMY, margin_mm=0.0)


STROKES = [
    Stroke(from_mm=(0.1, 1 / 3, -2.5), to_mm=(4, 5, 6), radius_mm=2.2),
    Stroke(from_mm=(0, 0, 0), to_mm=(0, 0, 0), radius_mm=0.5),
]


def test_strokes_that_are_written_are_read_again_to_the_last_bit():
    text = stroke_file.write(STROKES, anatomy="a1", frame="head")
    assert stroke_file.read(text, anatomy="a1", frame="head") == STROKES
    assert stroke_file.write(STROKES, anatomy="a1", frame="head") == text


def changed(**more):
    return json.dumps(json.loads(stroke_file.write(STROKES, anatomy="a1", frame="head")) | more)


ORIGIN = [0, 0, 0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Dear colleague", "not JSON"),
        ("[1]", "does not say"),
        (changed(format="x"), "does not say"),
        (changed(version=2), "version 2"),
        (changed(anatomy="b2"), "anatomy b2"),
        (changed(frame="other"), "frame other"),
        (changed(strokes=[]), "no strokes"),
        (changed(strokes=[{"from_mm": ORIGIN}]), "Stroke 1 needs"),
        (changed(strokes=[{"from_mm": [0, 0], "to_mm": ORIGIN, "radius_mm": 1}]), "Stroke 1: "),
        (changed(strokes=[{"from_mm": ORIGIN, "to_mm": ORIGIN, "radius_mm": "2"}]), "Stroke 1"),
        (changed(strokes=[{"from_mm": ORIGIN, "to_mm": ORIGIN, "radius_mm": 99}]), "99 mm"),
    ],
)  # fmt: skip
def test_a_file_that_holds_no_strokes_of_this_anatomy_is_refused(text, said):
    with pytest.raises(TwinError, match=said):
        stroke_file.read(text, anatomy="a1", frame="head")
