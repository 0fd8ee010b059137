"""Pictures of plans: millimetres and sides are right, and each procedure shows what it turns on."""

import math

import numpy as np
import pytest

from anatomy.phantom import box, placed
from anatomy.phantom_bodies import HEAD, bodies
from anatomy.solids import Ellipsoid, Solid, Tube
from anatomy.structure import Anatomy
from anatomy.surface import structures_from
from surgery.offer import Request
from surgery.plan import Placement, Plan, Trajectory
from surgery.procedure import procedure
from surgery.scene import Scene
from viewer.render import Stage, View, fitted, shot
from viewer.views import views

UP, AHEAD = np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0])


def a_view(stage: Stage, towards: np.ndarray, height_mm: float = 100.0) -> View:
    return View(
        title="", stage=stage, towards=towards, up=UP, middle_mm=np.zeros(3), height_mm=height_mm
    )


def red_in(pixels: np.ndarray) -> np.ndarray:
    red, green, blue = np.moveaxis(pixels.astype(int), -1, 0)
    return np.argwhere((red > 120) & (green < 60) & (blue < 60))


def test_a_rod_is_as_long_in_pixels_as_the_scale_of_its_view_says_and_right_is_right() -> None:
    """40 mm to the patient's right of the middle, seen from the front: to the left, 4 px a mm."""
    stage = Stage()
    stage.rod(((0.0, 0.0, 10.0), (40.0, 0.0, 10.0)), 1.5, "#ff0000")
    pixels = shot(a_view(stage, -AHEAD), (600, 400))
    rows, columns = red_in(pixels).T

    assert pixels.shape == (400, 600, 3)
    assert np.ptp(columns) == pytest.approx(4 * 40, abs=3)
    assert columns.max() == pytest.approx(300, abs=2)
    assert rows.mean() == pytest.approx(200 - 4 * 10, abs=2)


def test_a_fitted_view_holds_all_of_its_points_in_panes_of_any_shape() -> None:
    points = np.random.default_rng(1).normal((5, -30, 70), (60, 10, 20), (400, 3))
    towards = np.array([-0.4, 0.8, -0.3])
    view = View(title="", stage=Stage(), towards=towards, up=UP, **fitted(points, towards, UP))
    up = np.cross(view.right, towards / np.linalg.norm(towards))
    for size in ((700, 300), (300, 700)):
        per_mm = size[1] / view.tall_mm(size)
        x = (points - view.middle_mm) @ view.right * per_mm
        y = (points - view.middle_mm) @ up * per_mm
        assert np.abs(x).max() < size[0] / 2
        assert np.abs(y).max() < size[1] / 2
        assert max(np.ptp(x) / size[0], np.ptp(y) / size[1]) > 0.7


def a_plan(scene: Scene, id: str, *placements: Placement) -> Plan:
    return Plan(id="p1", procedure=id, anatomy=scene.digest, placements=placements)


def put(device: str, entry: tuple[float, ...], target: tuple[float, ...]) -> Placement:
    way = Trajectory(entry_mm=entry, target_mm=target, frame="phantom")  # type: ignore[arg-type]
    return Placement(device=device, trajectory=way)


def drawn(solids: dict[str, Solid], extent_mm: tuple[float, float, float]) -> Scene:
    labelmap = placed(solids, box(spacing_mm=(2.0,) * 3, extent_mm=extent_mm))
    structures = tuple(structures_from(labelmap, workers=1))
    return Scene(Anatomy(labelmap.grid.frame, structures), labelmap)


@pytest.fixture(scope="module")
def a_head() -> Scene:
    return Scene(*bodies(dict(HEAD), times=3))


@pytest.mark.parametrize(
    ("id", "device"),
    [
        ("needle_biopsy", "core_needle_14g"), ("dbs_lead", "abbott_6172"),
        ("seeg_array", "dixi_d08_08"), ("craniotomy", "perforator_14_11"),
    ],
)  # fmt: skip
def test_every_procedure_on_a_head_is_shown_from_two_sides_with_its_target_and_vessels(
    a_head: Scene, id: str, device: str
) -> None:
    plan = a_plan(a_head, id, put(device, (0.0, 0.0, 56.0), (0.0, 0.0, 0.0)))
    shown = views(a_head, plan, {})

    assert len(shown) >= 2
    assert {"Tumour core", "Artery"} <= set(shown[0].stage.legend)
    assert "Skull" not in shown[0].stage.legend
    for view in shown:
        assert len(view.stage.parts) > 4
        assert view.tall_mm((700, 400)) > 30


def test_a_valve_is_shown_at_its_size_with_the_annulus_diameters_written_beside_it() -> None:
    scene = Scene(*bodies({"aorta": Tube(((0, -40, 0), (0, 40, 0)), (11.4, 11.4))}, times=3))
    sizing = procedure("valve_sizing")
    (first, *_) = sizing.propose(  # type: ignore[misc]
        scene, Request(asked=sizing, targets=((0.0, 5.0, 0.0),))
    ).offers
    side, down = views(scene, first.plan, first.facts)
    written = [float(word.removesuffix(" mm")) for _, word, _ in down.stage.words]

    assert written == pytest.approx([22.8, 22.8], abs=0.3)
    assert "Edwards SAPIEN 3, 26 mm" in side.stage.legend
    frame = np.concatenate([np.array(mesh.points) for mesh, look in down.stage.parts
                            if look.get("color") == "#dfe7ec"])  # fmt: skip
    assert np.hypot(frame[:, 0], frame[:, 2]).max() == pytest.approx(13.0, abs=0.5)


def test_leads_are_shown_with_the_times_that_the_wave_takes_and_the_scar_in_grey() -> None:
    rod, scar = Tube(((0, -40, 0), (0, 40, 0)), (7.0, 7.0)), Ellipsoid((0, 20, 5), (5, 5, 4))
    scene = drawn({"myocardium": rod, "myocardial_scar": scar}, (30.0, 110.0, 30.0))
    ends = [put("capsurefix_5076", (0.0, s * 70.0, 0.0), (0.0, s * 44.0, 0.0)) for s in (1, -1)]
    shown = views(scene, a_plan(scene, "pacing_lead", *ends), {})
    (low, high, unit, _), mesh = shown[0].stage.scale, shown[1].stage.parts[0][0]  # type: ignore[misc]

    assert (low, unit) == (0.0, "ms")
    assert high >= np.nanmax(mesh.point_data["time"])
    assert np.isnan(mesh.point_data["time"]).any()
    assert np.nanmax(mesh.point_data["time"]) == pytest.approx(90 / 0.6, abs=12)
    assert "Scar" in shown[0].stage.legend


def test_an_osteotomy_is_shown_before_and_after_and_the_far_part_has_turned() -> None:
    t = math.radians(10)
    low = (100 * math.sin(t), 0.0, -100 * math.cos(t))
    shaft = Tube(((0.0, 0.0, 100.0), (0.0, 0.0, 0.0), low), (12.0,) * 3)
    scene = drawn({"tibia_left": shaft}, (80.0, 45.0, 240.0))
    asked = procedure("osteotomy")
    (first, *_) = asked.propose(  # type: ignore[misc]
        scene, Request(asked=asked, targets=("tibia_left",), correction="valgus:10", top=1)
    ).offers
    before, after, *close = views(scene, first.plan, first.facts)
    far = after.stage.parts[1][0].points

    assert len(close) == 2
    assert np.abs(far[far[:, 2] < -70].mean(axis=0)[0]) < 2.5, "the lower end is under the upper"
    assert "After" in after.title
    assert len(before.stage.words) == len(first.plan.placements)
