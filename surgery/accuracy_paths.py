"""Trials of what is asked of a path: rooms, lengths, angles and contacts in simple bodies."""

import math
from collections.abc import Iterator
from functools import cache, partial
from itertools import pairwise

import numpy as np

from anatomy.geometry import Point, point
from anatomy.phantom import FRAME, box
from anatomy.phantom_bodies import ARTERY_MM, ARTERY_X_MM, BONE_MM, HEAD, INNER_MM, bodies
from anatomy.structure import Anatomy
from anatomy.volume import LabelMap
from surgery import ends, metrics, spacing
from surgery.accuracy import Trial
from surgery.plan import Placement, Trajectory
from surgery.run import passage
from surgery.scene import Scene

NEEDLE, NEEDLE_MM = "side_cutting_needle_25", 1.25
"""A biopsy needle and its radius."""
LEAD, ELECTRODE = "medtronic_3389", "dixi_d08_08"
"""Contacts of 1.5 mm every 2 mm, the first centre 2.25 mm behind the tip; contacts every 3.5 mm."""
LAYERS_MM = {"scalp": 4, "skull": 6, "grey_matter_left": 3, "white_matter_left": 27}
"""Flat layers and how thick they are, from the top on."""


def trials() -> Iterator[Trial]:
    """All of them."""
    for some in (_clearances, _paths, _layers, _contacts):
        yield from some()


def _clearances() -> Iterator[Trial]:
    beside_mm = ARTERY_X_MM - 10
    yield Trial(
        metric="clearance_of_ball",
        phantom="needle 14 mm beside the centre of a ball of 8 mm",
        expected=14 - 8 - NEEDLE_MM,
        tolerance=0.02,
        measure=partial(_room_mm, "lateral_ventricle_right", (18.4, 35.2), -10.0),
    )
    yield Trial(
        metric="clearance_of_tube",
        phantom="needle across a tube of 3 mm, 10 mm from its axis",
        expected=10 - ARTERY_MM - NEEDLE_MM,
        tolerance=0.02,
        measure=partial(_room_mm, "vessels", (beside_mm, 0.3), -10.0),
    )
    yield Trial(
        metric="clearance_ahead",
        phantom="needle that ends 12 mm above the axis of a tube of 3 mm",
        expected=12 - ARTERY_MM - NEEDLE_MM,
        tolerance=0.02,
        measure=partial(_room_mm, "vessels", (ARTERY_X_MM, 0.3), 12.0),
    )
    yield Trial(
        metric="depth_in_ball",
        phantom="needle through a ball of 7 mm, 4 mm beside its centre",
        expected=-(7 - 4) - NEEDLE_MM,
        tolerance=0.06,
        measure=partial(_room_mm, "thalamus", (16.0, -24.0), -20.0),
    )


def _room_mm(word: str, at_mm: tuple[float, float], tip_mm: float) -> float:
    """Clearance of a needle from straight above to a depth."""
    needle = put(NEEDLE, (*at_mm, 56.0), (*at_mm, tip_mm))
    return metrics.clearance(word)(_head(), needle).value


def _paths() -> Iterator[Trial]:
    for name, away_mm in (("vessel_risk", 10.0), ("vessel_risk_close", 6.0)):
        yield Trial(
            metric=name,
            phantom=f"needle across a tube, {away_mm:g} mm from its axis",
            expected=_risk(away_mm, math.sqrt(INNER_MM**2 - (ARTERY_X_MM - away_mm) ** 2)),
            tolerance=0.001,
            unit="1",
            measure=partial(_risk_measured, ARTERY_X_MM - away_mm),
        )
    yield Trial(
        metric="incidence",
        phantom="needle on a ball, 24 deg from its radius",
        expected=24.0,
        tolerance=0.5,
        unit="deg",
        measure=lambda: metrics.incidence(_skull(), _slanted(math.radians(24))).value,
    )
    yield Trial(
        metric="intracranial_length",
        phantom="needle through a ball of 46 mm, 20 mm off its axis",
        expected=math.sqrt(INNER_MM**2 - 20**2) - 7,
        tolerance=0.05,
        measure=lambda: (
            metrics.intracranial_length(
                _head(), put(NEEDLE, (12.0, 16.0, 57.0), (12.0, 16.0, 10.0), depth_mm=3.0)
            ).value
        ),
    )
    yield Trial(
        metric="tip_wall",
        phantom="tip 5 mm beside the centre of a ball of 8 mm",
        expected=8.0 - 5.0,
        tolerance=0.02,
        measure=lambda: (
            ends.tip_wall(
                _head(), put(NEEDLE, (10.0, 24.0, 50.0), (10.0, 24.0, 0.0), depth_mm=5.0)
            ).value
        ),
    )


def _risk_measured(x_mm: float) -> float:
    needle = put(NEEDLE, (x_mm, 0.0, 56.0), (x_mm, 0.0, 0.0))
    return metrics.vessel_risk(_head(), needle).value


def _slanted(tilt_rad: float) -> Placement:
    """A needle through the skull off all symmetries, from 8 mm before it to 40 mm behind."""
    out, across = np.array([0.36, 0.48, 0.8]), np.array([0.8, -0.6, 0.0])
    way = math.sin(tilt_rad) * across - math.cos(tilt_rad) * out
    return put(NEEDLE, point(BONE_MM * out - 8 * way), point(BONE_MM * out + 40 * way))


def _layers() -> Iterator[Trial]:
    """Flat layers crossed at 3 to 4, so that each takes 5/4 of its thickness."""
    for structure, thickness_mm in LAYERS_MM.items():
        yield Trial(
            metric=f"length_in_{structure}",
            phantom=f"a flat layer of {thickness_mm} mm, crossed at 3 to 4",
            expected=thickness_mm * 5 / 4,
            tolerance=1e-6,
            measure=partial(_length_mm, structure),
        )


def _length_mm(structure: str) -> float:
    grid = box(extent_mm=(40.0, 20.0, 60.0))
    labels = np.zeros(grid.shape, np.uint16)
    top = grid.shape[2]
    for number, thickness in enumerate(LAYERS_MM.values(), 1):
        labels[:, :, top - thickness : top] = number
        top -= thickness
    labelmap = LabelMap(grid=grid, labels=labels, key=dict(enumerate(LAYERS_MM, 1)))
    needle = put(NEEDLE, (-15.0, 0.3, 30.0), (15.0, 0.3, -10.0))
    found = passage(Scene(Anatomy(grid.frame, ()), labelmap), needle)
    return dict(found.lengths_mm)[structure]


def _contacts() -> Iterator[Trial]:
    yield Trial(
        metric="target_error",
        phantom="lead 5 mm too deep, contacts 2.25, 4.25, 6.25 and 8.25 mm from its tip",
        expected=5 - 4.25,
        tolerance=1e-6,
        measure=lambda: (
            ends.contact_error(
                _head(), put(LEAD, (0.0, 0.0, 60.0), (0.0, 0.0, 0.0), depth_mm=5.0)
            ).value
        ),
    )
    for name, device, step_mm in (("lead", LEAD, 2.0), ("electrode", ELECTRODE, 3.5)):
        yield Trial(
            metric=f"{name}_contact_spacing",
            phantom=f"{device} on a straight path",
            expected=step_mm,
            tolerance=1e-6,
            measure=partial(_oddest_step_mm, device, step_mm),
        )
    yield Trial(
        metric="contacts_in_target",
        phantom="contacts 6.25, 8.25, 10.25 and 12.25 mm from the centre of a ball of 7 mm",
        expected=1.0,
        tolerance=0.0,
        unit="1",
        measure=lambda: (
            ends.contacts_in("thalamus")(
                _head(), put(LEAD, (12.0, -24.0, 50.0), (12.0, -24.0, 0.0), depth_mm=-4.0)
            ).value
        ),
    )
    yield Trial(
        metric="electrode_spacing",
        phantom="two electrodes at right angles, 6 mm apart",
        expected=6.0,
        tolerance=1e-6,
        measure=lambda: (
            spacing.bolt_spacing(
                _head(),
                (
                    put(ELECTRODE, (0.0, 0.0, 50.0), (0.0, 0.0, 0.0)),
                    put(ELECTRODE, (-40.0, 6.0, 25.0), (40.0, 6.0, 25.0)),
                ),
            ).value
        ),
    )


def _oddest_step_mm(device: str, step_mm: float) -> float:
    """Of the ways from contact to contact the one that is farthest from what it should be."""
    centres = metrics.rings(put(device, (0.0, 0.0, 60.0), (0.0, 0.0, 0.0)))
    steps_mm = [math.dist(a, b) for a, b in pairwise(centres)]
    return max(steps_mm, key=lambda one: abs(one - step_mm))


def _risk(away_mm: float, length_mm: float) -> float:
    """Mean of clip((10 - D) / 7, 0, 1), and 1 more where D < 3, from the foot of a path upwards.

    D = sqrt(a^2 + z^2) - r at z, where the path crosses a tube at right angles with distance a
    between the axes; the integral of sqrt(a^2 + z^2) is (z sqrt(a^2 + z^2) + a^2 asinh(z/a)) / 2.
    """
    radius_mm = ARTERY_MM + NEEDLE_MM
    whole, none = 3 + radius_mm, 10 + radius_mm
    start = math.sqrt(max(whole**2 - away_mm**2, 0.0))
    end = math.sqrt(none**2 - away_mm**2)
    high, low = (
        (z * math.hypot(away_mm, z) + away_mm**2 * math.asinh(z / away_mm)) / 2
        for z in (end, start)
    )
    slope = (none * (end - start) - (high - low)) / 7
    return (start + slope) / length_mm + (1.0 if away_mm < whole else 0.0)


@cache
def _head() -> Scene:
    return Scene(*bodies(HEAD))


def _skull() -> Scene:
    """With a vertex every millimetre or so, as on a patient's: the bone's plane is laid there."""
    return Scene(*bodies({id: HEAD[id] for id in ("skull", "brain")}, spacing_mm=4.0, times=6))


def put(device: str, entry_mm: Point, target_mm: Point, *, depth_mm: float = 0.0) -> Placement:
    """A device in the phantoms' frame."""
    path = Trajectory(entry_mm=entry_mm, target_mm=target_mm, frame=FRAME)
    return Placement(device=device, trajectory=path, depth_mm=depth_mm)
