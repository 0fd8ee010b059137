"""Tissue activated by a lead, against closed forms and the published formulas' own figures."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

from anatomy.phantom import box, placed, sphere
from anatomy.solids import Ellipsoid
from surgery.plan import Placement, Trajectory
from surgery.vta import (
    Source,
    StimulationError,
    activated,
    coverage,
    dembek_mm,
    field_at,
    kuncel_mm,
    maedler_mm,
    sources,
)


def a_point_source(current_ma: float = 3.0, at=(0.0, 0.0, 0.0)) -> Source:
    return Source(from_mm=at, to_mm=at, current_ma=current_ma)


def a_lead(device: str = "medtronic_3389") -> Placement:
    path = Trajectory(entry_mm=(0, 0, 60), target_mm=(0, 0, 0), frame="phantom")
    return Placement(device=device, trajectory=path)


@pytest.mark.parametrize(
    ("current_ma", "conductivity", "isolevel"), [(3, 0.1, 0.2), (3, 0.14, 0.2), (1, 0.2, 0.15)]
)
@pytest.mark.parametrize("at", [(0.0, 0.0, 0.0), (12.37, -4.11, 7.09)])
def test_a_point_source_activates_a_ball_of_the_closed_form(current_ma, conductivity, isolevel, at):
    radius = math.sqrt(current_ma / (4 * math.pi * conductivity * isolevel))

    found = activated(
        [a_point_source(current_ma, at)],
        frame="phantom",
        conductivity_s_per_m=conductivity,
        isolevel_v_per_mm=isolevel,
    )

    assert found.volume.value == pytest.approx(4 / 3 * math.pi * radius**3, rel=0.01)
    assert found.volume.point_mm == pytest.approx(at)


def test_three_milliamperes_reach_3_455_mm():
    for reach, over in ((3.454, True), (3.456, False)):
        field = field_at(np.array([[0, reach, 0.0]]), [a_point_source()], conductivity_s_per_m=0.1)
        assert (field[0] > 0.2) is np.bool_(over)


@pytest.mark.parametrize("where", [(2, 1, 0.3), (0.7, 0, -4), (0, 0, 5), (3, -2, 1.5)])
def test_a_line_source_is_the_integral_of_point_sources(where):
    line = Source(from_mm=(0, 0, -1.5), to_mm=(0, 0, 1.5), current_ma=2.0)
    x, y, z = where

    def pull(axis):
        def one(s):
            away = np.array([x, y, z - s])
            return away[axis] / np.linalg.norm(away) ** 3

        return quad(one, -1.5, 1.5)[0] / 3.0

    expected = 2.0 * math.hypot(*(pull(axis) for axis in range(3))) / (4 * math.pi * 0.1)
    found = field_at(np.array([where], dtype=float), [line], conductivity_s_per_m=0.1)
    assert found[0] == pytest.approx(expected, rel=1e-6)


def test_a_ring_activates_the_body_of_revolution_inside_its_isolevel():
    """pi rho(z)^2 along the axis, rho where the field falls to 0.2 V/mm, by bisection."""
    half, ma = 0.75, 3.0  # a ring of 1.5 mm, medtronic_3389

    def field(rho, z):
        over, under = math.hypot(rho, z - half), math.hypot(rho, z + half)
        along = 1 / over - 1 / under
        across = ((z + half) / under - (z - half) / over) / rho
        return ma * math.hypot(along, across) / (2 * half * 4 * math.pi * 0.1)

    def radius(z):
        if field(1e-6, z) < 0.2:
            return 0.0
        return brentq(lambda rho: field(rho, z) - 0.2, 1e-6, 9.0)

    expected = 2 * quad(lambda z: math.pi * radius(z) ** 2, 0.0, 4.5, limit=200)[0]
    found = activated(sources(a_lead(), {1: ma}), frame="phantom")

    assert expected == pytest.approx(4 / 3 * math.pi * 3.455**3, rel=0.02)  # near a point's
    assert found.volume.value == pytest.approx(expected, rel=0.01)


def test_a_contact_seen_from_afar_is_a_point():
    active = sources(a_lead(), {1: 3.0})
    far = np.array([[40.0, 0.0, active[0].from_mm[2] + 0.75]])
    found = field_at(far, active, conductivity_s_per_m=0.1)
    assert found[0] == pytest.approx(3 / (4 * math.pi * 0.1 * 40**2), rel=1e-3)


def test_contacts_lie_where_the_lead_has_them():
    (active,) = sources(a_lead(), {1: 3.0})  # 3389: tip 1.5, contact 1.5, gap 0.5 mm
    assert active.from_mm == pytest.approx((0, 0, 3.5))
    assert active.to_mm == pytest.approx((0, 0, 5.0))


def test_a_contact_on_one_side_activates_that_side():
    lead = a_lead("abbott_6172")
    number = next(n for n, one in enumerate(lead.made_of.contacts) if one.arc_deg < 360)
    one = lead.made_of.contacts[number]
    middle = lead.at_mm([one.centre_mm])[0]
    ahead = 2 * lead.facing(one.facing_deg)
    front, back = field_at(
        np.array([middle + ahead, middle - ahead]),
        sources(lead, {number: 2.0}),
        conductivity_s_per_m=0.1,
    )
    assert front > back


def test_sharing_the_current_of_two_contacts_never_leaves_the_lattice():
    found = activated(sources(a_lead(), {0: 2.0, 3: 2.0}), frame="phantom")
    share = found.share
    for axis in range(3):
        assert not np.take(share, [0, -1], axis=axis).any()


def test_the_polarity_alone_changes_nothing():
    cathode, anode = (activated([a_point_source(i)], frame="phantom") for i in (-3.0, 3.0))
    assert np.array_equal(cathode.field_v_per_mm, anode.field_v_per_mm)


def test_a_bipolar_setting_is_refused_with_the_reason():
    with pytest.raises(StimulationError, match=r"between contacts.*published models disagree"):
        activated(sources(a_lead(), {0: 3.0, 1: -3.0}), frame="phantom")


@pytest.mark.parametrize(
    ("currents", "sentence"),
    [({}, "needs a current"), ({0: math.nan}, "needs a current"), ({0: 1e5}, "would reach")],
)
def test_currents_that_cannot_be_are_refused(currents, sentence):
    with pytest.raises(StimulationError, match=sentence):
        activated(sources(a_lead(), currents), frame="phantom")


def test_a_contact_that_the_lead_lacks_is_refused():
    with pytest.raises(StimulationError, match="4 contacts; none is number 4"):
        sources(a_lead(), {4: 1.0})


def test_a_target_around_the_source_is_covered_by_the_ratio_of_balls():
    grid = box(spacing_mm=(0.5, 0.5, 0.5), extent_mm=(16, 16, 16))
    found = coverage(
        activated([a_point_source()], frame="phantom"), sphere(5.0, grid=grid), "tumour_core"
    )
    radius = math.sqrt(3 / (4 * math.pi * 0.1 * 0.2))
    assert found.covered.value == pytest.approx(100 * (radius / 5) ** 3, rel=0.01)
    assert not found.spill
    assert np.linalg.norm(found.covered.point_mm) == pytest.approx(5, abs=0.5)


def test_what_is_activated_beside_the_target_is_told_by_structure():
    # Voxel faces at x = 0.1: beyond it lies pi (2/3 r^3 - r^2 c + c^3/3) of the ball.
    grid = box(spacing_mm=(0.5, 0.5, 0.5), extent_mm=(20, 20, 20), centre_mm=(0.1, 0, 0))
    labels = placed(
        {"brain": Ellipsoid((0, 0, 0), (90,) * 3), "artery": Ellipsoid((9e3, 0, 0), (9e3,) * 3)},
        grid,
    )
    field = activated([a_point_source()], frame="phantom")
    radius = math.sqrt(3 / (4 * math.pi * 0.1 * 0.2))
    cap = math.pi * (2 / 3 * radius**3 - radius**2 * 0.1 + 0.1**3 / 3)

    found = coverage(field, labels, "brain")

    assert set(found.spill) == {"artery"}
    total = found.in_target.value + found.spill["artery"].value
    assert total == pytest.approx(field.volume.value, rel=1e-6)
    assert found.spill["artery"].value == pytest.approx(cap, rel=0.02)
    assert found.spill["artery"].point_mm == pytest.approx((0.25, 0, 0), abs=0.01)


def test_on_a_source_the_field_has_no_limit():
    line = Source(from_mm=(0, 0, -1.5), to_mm=(0, 0, 1.5), current_ma=2.0)
    places = np.array([(0, 0, 0), (0, 0, 1.5), (0, 0, -1.0)], dtype=float)
    assert np.isinf(field_at(places, [line], conductivity_s_per_m=0.1)).all()
    assert np.isinf(field_at(np.zeros((1, 3)), [a_point_source()], conductivity_s_per_m=0.1))[0]


def test_a_closed_structure_gets_the_lens_of_two_balls():
    # Two balls of radius r whose centres lie r apart share 5/12 pi r^3.
    radius = math.sqrt(3 / (4 * math.pi * 0.1 * 0.2))
    field = activated([a_point_source()], frame="phantom")

    def ball(points):
        return np.linalg.norm(points - (radius, 0, 0), axis=1) - radius

    assert field.within(ball).value == pytest.approx(5 / 12 * math.pi * radius**3, rel=0.01)


def test_a_target_that_is_not_there_is_refused():
    labels = sphere(5.0, grid=box())
    with pytest.raises(StimulationError, match="no thalamus_left"):
        coverage(activated([a_point_source()], frame="phantom"), labels, "thalamus_left")


def test_the_named_formulas_give_their_published_radii():
    assert maedler_mm(volts=3, ohms=1000).value == pytest.approx(3.39, abs=0.005)
    assert kuncel_mm(volts=2.3).value == pytest.approx(math.sqrt(10))
    same = {"volts": 3, "ohms": 1000, "reference_us": 60, "threshold_v_per_mm": 0.2}
    # 1000 sqrt(0.72 * 0.003 A / 200 V/m) = 3.286 mm
    assert dembek_mm(pulse_us=60, **same).value == pytest.approx(3.286, abs=0.001)
    ratio = dembek_mm(pulse_us=120, **same).value / dembek_mm(pulse_us=60, **same).value
    assert ratio == pytest.approx(2**0.3)


def test_formulas_refuse_settings_without_an_answer():
    with pytest.raises(StimulationError, match=r"begins at 0\.1 V"):
        kuncel_mm(volts=0.05)
    with pytest.raises(StimulationError, match="ohms must be above 0"):
        maedler_mm(volts=3, ohms=0)
