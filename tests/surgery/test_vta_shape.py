"""The outline of activated tissue: the closed form of a point, the volume of the lattice."""

import json
import math

import numpy as np
import pytest

from surgery.plan import Placement, Trajectory
from surgery.vta import Source, activated, field_at, sources
from surgery.vta_shape import outline, reference_outline


def a_lead(device: str = "medtronic_3389") -> Placement:
    path = Trajectory(entry_mm=(20, 5, 60), target_mm=(0, 0, 0), frame="phantom")
    return Placement(device=device, trajectory=path, depth_mm=2.25)


def volume_mm3(points: np.ndarray, faces: np.ndarray) -> float:
    a, b, c = (points[faces[:, n]] for n in range(3))
    return float((np.cross(a, b) * c).sum() / 6)


def test_a_point_source_has_a_ball_of_the_closed_form() -> None:
    at = (3.0, -4.0, 5.0)
    points, faces = outline([Source(from_mm=at, to_mm=at, current_ma=3.0)])
    radius = math.sqrt(3.0 / (4 * math.pi * 0.1 * 0.2))

    assert np.linalg.norm(points - at, axis=1) == pytest.approx(radius, abs=1e-4)
    assert volume_mm3(points, faces) == pytest.approx(4 / 3 * math.pi * radius**3, rel=0.04)


@pytest.mark.parametrize("device", ["medtronic_3389", "boston_db2202", "abbott_6172"])
def test_the_outline_of_a_lead_lies_on_the_isolevel_and_holds_what_is_activated(
    device: str,
) -> None:
    lead = a_lead(device)
    found = reference_outline(lead)
    assert found is not None
    first = min(lead.made_of.contacts, key=lambda one: abs(one.centre_mm - 2.25)).centre_mm
    ring = [n for n, one in enumerate(lead.made_of.contacts) if one.centre_mm == first]
    active = sources(lead, dict.fromkeys(ring, 3.0 / len(ring)))
    field = field_at(found.points_mm, active, conductivity_s_per_m=0.1)
    lattice = activated(active, frame="phantom")

    assert field == pytest.approx(0.2, rel=1e-4)
    assert volume_mm3(found.points_mm, found.faces) == pytest.approx(lattice.volume.value, rel=0.05)


def test_only_a_lead_that_stimulates_has_an_outline_and_it_is_small_on_the_wire() -> None:
    lead = reference_outline(a_lead())
    assert lead is not None
    wire = json.dumps(lead.wire())

    assert len(wire) < 12_000
    assert "3 mA" in lead.wire()["sentence"]
    assert reference_outline(a_lead("side_cutting_needle_25")) is None
