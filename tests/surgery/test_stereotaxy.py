"""AC-PC and frame coordinates: closed forms, random sweeps, and VTK's own rotations."""

from itertools import product

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from vtkmodules.vtkCommonTransforms import vtkTransform

from anatomy.errors import GeometryError
from anatomy.geometry import Point, point
from surgery.stereotaxy import Frame, Landmarks, Setting, StereotaxyError, nominal

STRAIGHT = Landmarks(ac_mm=(0.0, 13.0, 0.0), pc_mm=(0.0, -13.0, 0.0), mid_mm=(0.0, 0.0, 60.0))
"""AC-PC space that is RAS itself."""
LEVEL = nominal(STRAIGHT)


def turned(seed: int, *, most_deg: float = 40.0) -> tuple[Rotation, np.ndarray]:
    """A turn up to `most_deg` about any axis, and a shift up to 100 mm."""
    draw = np.random.default_rng(seed)
    axis = draw.normal(size=3)
    turn = Rotation.from_rotvec(np.radians(draw.uniform(0, most_deg)) * axis / np.linalg.norm(axis))
    return turn, draw.uniform(-100, 100, 3)


def carried(landmarks: Landmarks, turn: Rotation, shift: np.ndarray) -> Landmarks:
    ends = {n: point(turn.apply(getattr(landmarks, n)) + shift) for n in ("ac_mm", "pc_mm")}
    return Landmarks(mid_mm=point(turn.apply(landmarks.mid_mm) + shift), **ends)


def test_ac_and_pc_lie_on_the_y_axis_at_half_their_distance() -> None:
    turn, shift = turned(1)
    head = carried(STRAIGHT, turn, shift)

    assert head.acpc(head.ac_mm) == pytest.approx((0, 13, 0), abs=1e-9)
    assert head.acpc(head.pc_mm) == pytest.approx((0, -13, 0), abs=1e-9)
    assert head.acpc(head.mid_mm) == pytest.approx((0, 0, 60), abs=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_a_place_keeps_its_ac_pc_coordinates_when_the_head_is_turned(seed: int) -> None:
    turn, shift = turned(seed)
    head = carried(STRAIGHT, turn, shift)
    place = point(np.random.default_rng(seed).uniform(-80, 80, 3))
    there = point(turn.apply(place) + shift)

    assert head.acpc(there) == pytest.approx(place, abs=1e-9)
    assert head.ras(place) == pytest.approx(there, abs=1e-9)


def test_a_mid_sagittal_point_below_gives_the_same_axes_as_one_above() -> None:
    below = Landmarks(ac_mm=STRAIGHT.ac_mm, pc_mm=STRAIGHT.pc_mm, mid_mm=(0.0, -20.0, -40.0))

    assert below.axes == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(carried(STRAIGHT, *turned(3)).axes) == pytest.approx(1.0)


def test_landmarks_of_a_published_case_give_one_space_in_image_and_in_frame() -> None:
    """AC, PC and a midline point of one patient, in the frame and in the image.

    From the example of SlicerNetstim's Stereotactic Plan (github.com/netstim/SlicerNetstim).
    """
    in_frame = [(100.2, 127.55, 123.66), (99.93, 102.57, 123.74), (96.94, 102.37, 53.81)]
    in_image = [(-0.47, 5.1, -39.01), (1.03, -17.39, -49.78), (7.36, -47.16, 13.25)]
    image = Landmarks(ac_mm=in_image[0], pc_mm=in_image[1], mid_mm=in_image[2])
    frame = Landmarks(**dict(zip(
        ("ac_mm", "pc_mm", "mid_mm"),
        [(100 - x, y - 100, 100 - z) for x, y, z in in_frame], strict=True,
    )))  # fmt: skip

    assert image.length_mm == pytest.approx(frame.length_mm, abs=0.02)
    assert image.acpc(image.mid_mm) == pytest.approx(frame.acpc(frame.mid_mm), abs=0.05)
    ac = Frame(centre_mm=(0.0, 0.0, 0.0), axes=np.eye(3)).ras(in_frame[0])
    assert ac == pytest.approx((-0.2, 27.55, -23.66), abs=1e-9)


@pytest.mark.parametrize(
    ("outward", "arc_deg", "ring_deg"),
    [
        ((0, 0, 1), 90, 90),
        ((0, 1, 0), 90, 0),
        ((0, -1, 0), 90, 180),
        ((1, 0, 0), 0, 90),
        ((-1, 0, 0), 180, 90),
        ((1, 0, 1), 45, 90),
        ((-1, 0, 1), 135, 90),
        ((0, 1, 1), 90, 45),
        ((1, 1, np.sqrt(2)), 60, np.degrees(np.arctan(np.sqrt(2)))),
    ],
)
def test_arc_and_ring_of_a_direction_are_those_of_the_frame(
    outward: Point, arc_deg: float, ring_deg: float
) -> None:
    entry = point(70 * np.array(outward) / np.linalg.norm(outward))
    setting = LEVEL.setting(entry, (0.0, 0.0, 0.0))

    assert (setting.arc_deg, setting.ring_deg) == pytest.approx((arc_deg, ring_deg), abs=1e-9)
    assert setting.depth_mm == pytest.approx(70)
    assert setting.target_mm == (100.0, 100.0, 100.0)


def test_frame_coordinates_grow_to_left_anterior_and_inferior() -> None:
    assert LEVEL.xyz((-10.0, 5.0, -20.0)) == pytest.approx((110, 105, 120))


@pytest.mark.parametrize(
    ("arc_deg", "ring_deg"), list(product((10, 75, 101.5), (-20, 30, 62.5, 140)))
)
def test_the_path_of_a_setting_is_where_turning_the_frame_brings_it(
    arc_deg: float, ring_deg: float
) -> None:
    """An arm that starts on the right goes along the arc, then the arc is turned by the ring."""
    arm = vtkTransform()
    arm.RotateX(ring_deg)
    arm.RotateZ(arc_deg)
    setting = Setting(
        target_mm=(88.0, 103.0, 110.0), arc_deg=arc_deg, ring_deg=ring_deg, depth_mm=70.0
    )
    entry, target = LEVEL.path(setting)

    assert target == pytest.approx((12, 3, -10))
    assert np.subtract(entry, target) == pytest.approx(arm.TransformPoint(70.0, 0, 0), abs=1e-9)


@pytest.mark.parametrize("seed", range(40))
def test_all_forms_as_they_are_shown_agree_to_a_twentieth_of_a_millimetre(seed: int) -> None:
    """Every number is rounded to two decimals, as the page writes it, and read again."""
    draw = np.random.default_rng(seed)
    head = carried(STRAIGHT, *turned(seed))
    target = head.ras(point(draw.uniform(-40, 40, 3)))
    outward = draw.normal(size=3)
    entry = point(target + draw.uniform(20, 150) * outward / np.linalg.norm(outward))
    frame = nominal(head)
    setting = frame.setting(entry, target)

    def rounded(place: Point) -> Point:
        return point(np.round(place, 2))

    typed = Setting(
        target_mm=rounded(setting.target_mm), arc_deg=round(setting.arc_deg, 2),
        ring_deg=round(setting.ring_deg, 2), depth_mm=round(setting.depth_mm, 2),
    )  # fmt: skip
    forms = {
        "acpc": (head.ras(rounded(head.acpc(entry))), head.ras(rounded(head.acpc(target)))),
        "frame": frame.path(typed),
        "exact": frame.path(setting),
    }

    for form, ends in forms.items():
        for found, wanted in zip(ends, (entry, target), strict=True):
            off = float(np.linalg.norm(np.subtract(found, wanted)))
            assert off < (1e-9 if form == "exact" else 0.05), form


@pytest.mark.parametrize(
    ("landmarks", "sentence"),
    [
        ({"pc_mm": (0.0, 5.0, 0.0)}, "8.0 mm apart"),
        ({"pc_mm": (0.0, 39.0, 0.0)}, "AC lies behind PC"),
        ({"mid_mm": (0.0, 60.0, 5.0)}, "5.0 mm from the line"),
        ({"mid_mm": (60.0, 0.0, 0.0)}, "does not part left from right"),
    ],
)
def test_landmarks_of_no_head_are_refused_in_words(
    landmarks: dict[str, Point], sentence: str
) -> None:
    set_so = {n: getattr(STRAIGHT, n) for n in ("ac_mm", "pc_mm", "mid_mm")} | landmarks
    with pytest.raises(StereotaxyError, match=sentence):
        Landmarks(**set_so)


def test_what_no_frame_can_be_set_to_is_refused_in_words() -> None:
    at = (100.0, 100.0, 100.0)
    with pytest.raises(StereotaxyError, match="No arc goes to 200"):
        Setting(target_mm=at, arc_deg=200.0, ring_deg=0.0, depth_mm=50.0)
    with pytest.raises(StereotaxyError, match="No arc goes to nan"):
        Setting(target_mm=at, arc_deg=float("nan"), ring_deg=0.0, depth_mm=50.0)
    with pytest.raises(StereotaxyError, match="above 0 mm"):
        Setting(target_mm=at, arc_deg=90.0, ring_deg=0.0, depth_mm=0.0)
    with pytest.raises(GeometryError, match="finite"):
        Setting(target_mm=(0.0, 0.0, float("inf")), arc_deg=9.0, ring_deg=0.0, depth_mm=1.0)
    with pytest.raises(StereotaxyError, match="coincide"):
        LEVEL.setting(at, at)
