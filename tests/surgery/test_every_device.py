"""The catalogue: each device is sourced, plausible, and as long as its document says."""

import math
import re
from collections import Counter
from itertools import pairwise

import pytest

from surgery.device import devices

ALL = devices().values()
RADII_MM = {
    "needle": (0.3, 1.5), "catheter": (0.8, 2.0), "dbs_lead": (0.6, 0.75),
    "seeg_electrode": (0.4, 0.65), "screw": (2.0, 5.0), "valve": (9.0, 16.0),
    "pacing_lead": (0.6, 1.6), "drill": (1.0, 8.0), "saw": (0.1, 1.0),
}  # fmt: skip
LEAST = {
    "dbs_lead": 6, "seeg_electrode": 4, "needle": 3, "catheter": 3, "screw": 4, "valve": 2,
    "pacing_lead": 2, "drill": 2, "saw": 1,
}  # fmt: skip
# Tip, contact, gap, diameter [mm], levels, from OSS-DBS 2, docs/electrode_files; 0: active tip.
ARRAYS = {
    "medtronic_3389": (1.5, 1.5, 0.5, 1.27, 4), "medtronic_3387": (1.5, 1.5, 1.5, 1.27, 4),
    "medtronic_3391": (1.5, 3.0, 4.0, 1.27, 4), "medtronic_b33005": (0.9, 1.5, 0.5, 1.36, 4),
    "medtronic_b33015": (0.9, 1.5, 1.5, 1.36, 4), "abbott_6172": (1.0, 1.5, 0.5, 1.29, 4),
    "abbott_6173": (1.0, 1.5, 1.5, 1.29, 4), "boston_db2201": (1.1, 1.5, 0.5, 1.3, 8),
    "boston_db2202": (0.0, 1.5, 0.5, 1.3, 4), "pins_l301": (1.5, 1.5, 0.5, 1.3, 4),
    "dixi_d08_05": (0.0, 2.0, 1.5, 0.8, 5), "dixi_d08_18": (0.0, 2.0, 1.5, 0.8, 18),
    "pmt_2102_08": (0.8, 2.0, 1.5, 0.8, 8), "pmt_2102_16": (0.8, 2.0, 1.5, 0.8, 16),
}  # fmt: skip
DIRECTED = ["medtronic_b33005", "medtronic_b33015", "abbott_6172", "abbott_6173", "boston_db2202"]


def test_there_are_enough_devices_of_every_kind():
    counts = Counter(one.kind for one in ALL)

    assert {kind: counts[kind] for kind in LEAST if counts[kind] < LEAST[kind]} == {}


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.id)
def test_a_device_is_named_sourced_and_of_a_size_of_its_kind(one):
    least, most = RADII_MM[one.kind]

    assert re.fullmatch(r"[a-z][a-z0-9_]*", one.id)
    assert one.title
    assert one.source.endswith(".")
    assert "house value" not in one.source.lower() or one.house
    assert least <= one.radius_mm <= most
    assert 5 <= one.length_mm <= 1000
    if one.kind in {"dbs_lead", "seeg_electrode", "pacing_lead", "needle", "catheter"}:
        assert one.contacts
    else:
        assert not one.contacts


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.id)
def test_contacts_do_not_overlap_and_lie_on_the_shaft(one):
    for a, b in pairwise(one.contacts):
        gap_mm = b.centre_mm - a.centre_mm - (a.length_mm + b.length_mm) / 2
        turn_deg = abs(b.facing_deg - a.facing_deg)
        aside = a.centre_mm == b.centre_mm and turn_deg >= (a.arc_deg + b.arc_deg) / 2
        assert gap_mm > 0 or aside
    for contact in one.contacts:
        at = [s for s in one.segments if s.from_mm <= contact.centre_mm <= s.to_mm]
        assert contact.radius_mm in [s.radius_mm for s in at]


@pytest.mark.parametrize("id", ARRAYS)
def test_levels_of_an_electrode_stand_where_its_document_puts_them(id):
    tip, contact, gap, diameter, levels = ARRAYS[id]
    one = devices()[id]

    expected = [tip + contact / 2 + n * (contact + gap) for n in range(levels)]

    assert sorted(set(one.contact_centres_mm)) == pytest.approx(expected, abs=1e-9)
    assert {c.length_mm for c in one.contacts} == {contact}
    assert one.radius_mm == diameter / 2


@pytest.mark.parametrize("id", DIRECTED)
def test_a_directional_lead_has_eight_contacts_on_four_levels(id):
    contacts = devices()[id].contacts

    assert [c.arc_deg for c in contacts] == [360, *[90] * 6, 360]
    assert [c.facing_deg for c in contacts] == [0, 0, 120, 240, 0, 120, 240, 0]


def test_an_active_tip_is_the_first_contact_and_three_millimetres_long():
    for id, gap in (("abbott_6146", 0.5), ("abbott_6142", 1.5)):
        first, second, *_ = devices()[id].contacts
        assert (first.centre_mm, first.length_mm) == (1.5, 3.0)
        assert second.centre_mm == pytest.approx(3.0 + gap + 0.75)


def test_a_valve_is_as_wide_as_its_name_and_its_nominal_area_is_about_that_of_its_circle():
    for one in ALL:
        if one.kind == "valve":
            area = float(re.search(r"Nominal area (\d+) mm2", one.note)[1])
            assert one.title.endswith(f"{2 * one.radius_mm:.0f} mm")
            assert area == pytest.approx(math.pi * one.radius_mm**2, rel=0.05)
