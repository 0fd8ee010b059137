"""Devices as triangles, beside the volumes of their prisms and an independent reader."""

import math

import numpy as np
import pytest
import trimesh
from heads import put

from surgery.device import devices
from surgery.device_shape import PROUD_MM, SIDES, contacts_of, shaft_of

ENTRY, TARGET = (30.0, 40.0, 60.0), (20.0, 35.0, 0.0)


def checked(part) -> trimesh.Trimesh:
    return trimesh.Trimesh(part.vertices_mm.astype(float), part.faces.astype(int), process=False)


def polygon_mm2(radius_mm: float) -> float:
    """Area of the polygon of SIDES in a circle."""
    return SIDES / 2 * radius_mm**2 * math.sin(2 * math.pi / SIDES)


@pytest.mark.parametrize("id", devices())
def test_every_device_and_contact_is_closed_and_holds_the_volume_of_its_cylinders(id: str) -> None:
    one = put(id, ENTRY, TARGET, roll_rad=0.4, depth_mm=3)
    tool = one.made_of
    shaft = checked(shaft_of(one))
    wanted = sum((s.to_mm - s.from_mm) * polygon_mm2(s.radius_mm) for s in tool.segments)

    assert shaft.is_watertight
    assert shaft.volume == pytest.approx(wanted, rel=1e-3)
    for part, contact in zip(contacts_of(one), tool.contacts, strict=True):
        mesh = checked(part)
        share = contact.arc_deg / 360
        area = share * math.pi * (contact.radius_mm + PROUD_MM) ** 2

        assert mesh.is_watertight
        assert mesh.volume == pytest.approx(contact.length_mm * area, rel=0.01)


def test_a_device_lies_on_its_axis_with_the_tip_beyond_the_target_by_its_depth() -> None:
    one = put("core_needle_14g", ENTRY, TARGET, depth_mm=3)
    along = shaft_of(one).vertices_mm @ one.trajectory.direction
    off = shaft_of(one).vertices_mm - np.array(TARGET)
    off -= np.outer(off @ one.trajectory.direction, one.trajectory.direction)

    assert along.max() == pytest.approx(np.dot(TARGET, one.trajectory.direction) + 3, abs=1e-3)
    assert np.ptp(along) == pytest.approx(one.made_of.length_mm, abs=1e-3)
    assert np.linalg.norm(off, axis=1).max() == pytest.approx(one.made_of.radius_mm, abs=1e-3)


def test_a_directional_contact_looks_where_the_marker_was_turned() -> None:
    one = put("abbott_6172", ENTRY, TARGET, roll_rad=0.4)
    for part, contact in zip(contacts_of(one), one.made_of.contacts, strict=True):
        centre = checked(part).center_mass - one.at_mm([contact.centre_mm])[0]
        if contact.arc_deg < 360:
            assert centre / np.linalg.norm(centre) == pytest.approx(
                one.facing(contact.facing_deg), abs=1e-3
            )
        else:
            assert np.linalg.norm(centre) < 1e-3
