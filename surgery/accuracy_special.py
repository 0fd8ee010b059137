"""Trials of stimulation, valves, bones, hearts, cavities and scattered deliveries."""

import math
from collections.abc import Iterator
from functools import partial

import numpy as np
from scipy.special import ellipe

from anatomy.field import Field, lattice, pack
from anatomy.phantom import FRAME, box, place_of
from anatomy.phantom_bodies import block
from anatomy.volume import LabelMap
from surgery import activation, osteotomy, screw, valve, vta
from surgery.accuracy import Trial
from surgery.accuracy_paths import LEAD, put
from surgery.device import device
from surgery.ground import Channel, Ground
from surgery.resection import Resection, Stroke
from surgery.tolerance import Scatter, tolerance


def trials() -> Iterator[Trial]:
    """All of them."""
    for some in (_activated, _valves, _bones, _hearts, _cavities, _deliveries):
        yield from some()


def _activated() -> Iterator[Trial]:
    # E = I / (4 pi sigma r^2) is 200 V/m at r: 3 mA, 0.1 S/m.
    reach_mm = 1000 * math.sqrt(0.003 / (4 * math.pi * 0.1 * 200))
    # Beside the middle of a line of length L: E = I / (4 pi sigma rho sqrt(rho^2 + L^2 / 4)).
    quarter = 1.5**2 / 4
    beside_mm = math.sqrt((math.sqrt(quarter**2 + 4 * reach_mm**4) - quarter) / 2)
    yield Trial(
        metric="vta_radius",
        phantom="3 mA from a point, 0.1 S/m, to 0.2 V/mm",
        expected=reach_mm,
        tolerance=0.01,
        measure=_activated_radius_mm,
    )
    yield Trial(
        metric="vta_field",
        phantom=f"3 mA from a ring of 1.5 mm, {beside_mm:.3f} mm beside it",
        expected=0.2,
        tolerance=1e-6,
        unit="V/mm",
        measure=partial(_field_v_per_mm, beside_mm),
    )


def _activated_radius_mm() -> float:
    """Radius of a ball of the activated volume."""
    source = vta.Source(from_mm=(1.3, 0.4, 7.1), to_mm=(1.3, 0.4, 7.1), current_ma=3.0)
    volume_mm3 = vta.activated([source], frame=FRAME).volume.value
    return (volume_mm3 * 3 / (4 * math.pi)) ** (1 / 3)


def _field_v_per_mm(beside_mm: float) -> float:
    """Beside the second contact of a lead along z, whose centre is 4.25 mm behind the tip."""
    active = vta.sources(put(LEAD, (0.0, 0.0, 60.0), (0.0, 0.0, 0.0)), {1: 3.0})
    where = np.array([[beside_mm, 0.0, 4.25]])
    return float(vta.field_at(where, active, conductivity_s_per_m=0.1)[0])


def _valves() -> Iterator[Trial]:
    yield Trial(
        metric="annulus_area_diameter",
        phantom="circle of 23 mm",
        expected=23.0,
        tolerance=0.005,
        measure=lambda: _outline(11.5, 11.5).area_diameter.value,
    )
    yield Trial(
        metric="annulus_perimeter",
        phantom="ellipse of 26 x 22 mm",
        expected=4 * 13 * float(ellipe(1 - (11 / 13) ** 2)),
        tolerance=0.01,
        measure=lambda: _outline(13, 11).perimeter.value,
    )
    yield Trial(
        metric="annulus_narrowest",
        phantom="ellipse of 26 x 22 mm",
        expected=22.0,
        tolerance=0.005,
        measure=lambda: _outline(13, 11).narrowest.value,
    )
    yield Trial(
        metric="valve_oversize",
        phantom="valve of 26 mm in an ellipse of 26 x 22 mm, by area",
        expected=100 * (13 / 11 - 1),
        tolerance=0.02,
        unit="%",
        measure=lambda: valve.sizing(_outline(13, 11), device("sapien3_26")).by_area.percent.value,
    )


def _outline(a_mm: float, b_mm: float) -> valve.Annulus:
    turn = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    contour = np.stack([a_mm * np.cos(turn), 40 + b_mm * np.sin(turn), 0 * turn], axis=1)
    return valve.annulus(contour)


def _bones() -> Iterator[Trial]:
    lean, turn = math.radians(8), math.radians(12)
    yield Trial(
        metric="screw_breach",
        phantom="screw of 6 x 40 mm, leaning by 8 deg in a pedicle of 8 mm",
        expected=3 + 40 * math.sin(lean) - 4,
        tolerance=0.011,
        measure=partial(_breach_mm, lean),
    )
    yield Trial(
        metric="osteotomy_opening",
        phantom="block of 30 x 20 mm, opened by 12 deg at its edge",
        expected=30**2 / 2 * math.sin(turn) * 20,
        tolerance=0.1,
        unit="mm3",
        measure=lambda: _corrected(12).opening.value,
    )
    yield Trial(
        metric="osteotomy_closing",
        phantom="block of 30 x 20 mm, closed by 12 deg at its edge",
        expected=30**2 * math.tan(turn / 2) * 20,
        tolerance=0.2,
        unit="mm3",
        measure=lambda: _corrected(-12).closing.value,
    )


def _breach_mm(lean_rad: float) -> float:
    """Of a screw that leans from the axis of a pedicle along z."""
    tip_mm = (40 * math.sin(lean_rad), 0.0, 40 * math.cos(lean_rad))
    leaning = screw.Screw(entry_mm=(0.0, 0.0, 0.0), tip_mm=tip_mm, radius_mm=3.0)
    return screw.breach(lambda p: np.hypot(p[:, 0], p[:, 1]) - 4.0, leaning).depth.value


def _corrected(degrees: float) -> osteotomy.Corrected:
    """A block cut across and turned about the edge of the cut at x = -15 mm."""
    cut = osteotomy.Cut(point_mm=(0.0, 0.0, 0.0), normal=(0.0, 0.0, -1.0))
    hinge = osteotomy.Correction(
        hinge_mm=(-15.0, 0.0, 0.0), axis=(0.0, 1.0, 0.0), angle_deg=degrees
    )
    return osteotomy.corrected(osteotomy.divided(block(30.0, 20.0, 80.0), cut), hinge)


def _hearts() -> Iterator[Trial]:
    yield Trial(
        metric="activation_time",
        phantom="block of 60 x 40 x 30 mm, paced at a corner, 0.6 m/s",
        expected=math.hypot(59, 39, 29) / 0.6,
        tolerance=0.001,
        unit="ms",
        measure=_activation_ms,
    )


def _activation_ms() -> float:
    grid = box(extent_mm=(60.0, 40.0, 30.0))
    heart = activation.muscle(grid, np.ones(grid.shape, np.bool_))
    corner = activation.Site(at_mm=(-29.5, -19.5, -14.5))
    return activation.activated(heart, [corner]).total.value


def _cavities() -> Iterator[Trial]:
    yield Trial(
        metric="removed_volume",
        phantom="ball of 5 mm drawn 16 mm through voxels of 0.5 mm",
        expected=(4 / 3 * math.pi * 5**3 + math.pi * 5**2 * 16) / 1000,
        tolerance=0.01,
        unit="mL",
        measure=_removed_ml,
    )


def _removed_ml() -> float:
    grid = box(spacing_mm=(0.5, 0.5, 0.5), extent_mm=(32.0, 16.0, 16.0))
    labels = np.ones(grid.shape, np.uint16)
    region = Resection(LabelMap(grid=grid, labels=labels, key={1: "tumour_core"}))
    region.cut(Stroke(from_mm=(-8.0, 0.3, -0.2), to_mm=(8.0, 0.3, -0.2), radius_mm=5.0))
    return region.tally.removed_ml("tumour_core")


def _deliveries() -> Iterator[Trial]:
    below = (1 + math.erf(1 / math.sqrt(2))) / 2  # one standard deviation, normal distribution
    yield Trial(
        metric="hit_chance",
        phantom="path 2 mm beside a half-space, both ends scattered by 2 mm",
        expected=1 - below**2,
        tolerance=0.02,
        unit="1",
        measure=_hit_chance,
    )


def _hit_chance() -> float:
    """Of a path at z = 18 mm with 0.5 mm around it, where z > 20.5 mm is forbidden."""
    grid = lattice((-40.0, 40.0, -15.0, 15.0, -5.0, 35.0), 1.0, FRAME)
    height = place_of(grid)[2]
    wall = Field(grid, np.float32(20.5) - height)
    found = tolerance(
        Ground(pack([wall]), (Channel(structure="falx", margin_mm=1.0),)),
        (-30.0, 0.0, 18.0),
        (10.0, 0.0, 18.0),
        radius_mm=0.5,
        scatter=Scatter.even(entry_mm=2.0, target_mm=2.0),
        seed=0,
    )
    return found.hits["falx"].share
