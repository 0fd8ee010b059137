"""Devices: cylinders that join, contacts that lie on them, and files that say what is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgery.device import Contact, Device, DeviceError, Segment, device, devices, read_device

SHAFT = Segment(from_mm=0, to_mm=100, radius_mm=0.5)
lengths = st.lists(st.floats(0.1, 200), min_size=1, max_size=6)


def a_device(**fields) -> Device:
    return Device(
        **{"id": "d", "title": "D", "kind": "needle", "segments": (SHAFT,), "source": "s"} | fields
    )


def a_contact(centre_mm: float, **fields) -> Contact:
    return Contact(**{"centre_mm": centre_mm, "length_mm": 2.0, "radius_mm": 0.5} | fields)


@given(lengths=lengths, radii=st.lists(st.floats(0.1, 20), min_size=6, max_size=6))
def test_length_and_radius_are_those_of_the_joined_segments(lengths, radii):
    ends = [sum(lengths[:n]) for n in range(len(lengths) + 1)]
    segments = tuple(
        Segment(from_mm=a, to_mm=b, radius_mm=r)
        for a, b, r in zip(ends[:-1], ends[1:], radii[: len(lengths)], strict=True)
    )

    made = a_device(segments=segments)

    assert made.length_mm == ends[-1]
    assert made.radius_mm == max(radii[: len(lengths)])


@pytest.mark.parametrize(
    ("from_mm", "to_mm", "radius_mm"),
    [(-1, 1, 1), (1, 1, 1), (2, 1, 1), (0, 1, 0), (0, 1, -1), (0, float("inf"), 1),
     (0, float("nan"), 1), (0, 1, float("nan"))],
)  # fmt: skip
def test_a_segment_that_is_no_cylinder_is_refused(from_mm, to_mm, radius_mm):
    with pytest.raises(DeviceError, match="No cylinder"):
        Segment(from_mm=from_mm, to_mm=to_mm, radius_mm=radius_mm)


@pytest.mark.parametrize(
    "fields",
    [{"length_mm": 0.0}, {"radius_mm": 0.0}, {"arc_deg": 0.0}, {"arc_deg": 361.0},
     {"centre_mm": float("nan")}, {"facing_deg": float("inf")}, {"length_mm": float("nan")}],
)  # fmt: skip
def test_a_contact_that_has_no_area_is_refused(fields):
    with pytest.raises(DeviceError, match="A contact needs"):
        a_contact(**{"centre_mm": 5.0} | fields)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"segments": ()}, "begin at the tip"),
        ({"segments": (Segment(from_mm=1, to_mm=2, radius_mm=1),)}, "begin at the tip"),
        ({"segments": (SHAFT, Segment(from_mm=101, to_mm=110, radius_mm=1))}, "where the last one"),
        ({"kind": "spoon"}, "no kind of device called 'spoon'"),
        ({"contacts": (a_contact(9), a_contact(3))}, "from the tip backwards"),
        ({"contacts": (a_contact(0.5),)}, "leaves the device"),
        ({"contacts": (a_contact(99.5),)}, "leaves the device"),
        ({"house": True}, "needs its reason"),
    ],
)
def test_a_device_that_cannot_be_made_is_refused(fields, sentence):
    with pytest.raises(DeviceError, match=sentence):
        a_device(**fields)


def test_an_unknown_device_is_refused_with_the_nearest_ids():
    with pytest.raises(DeviceError, match="Did you mean medtronic_3389") as refusal:
        device("medtronic_338")
    assert "medtronic_3387" in refusal.value.facts["near"]
    with pytest.raises(DeviceError, match=r"no device '\?'\.$"):
        device("?")


def test_the_catalogue_is_read_once_and_cannot_be_written_to():
    assert devices() is devices()
    with pytest.raises(TypeError):
        devices()["mine"] = device("medtronic_3389")  # type: ignore[index]


GOOD = """title = "T"
kind = "needle"
source = "s"
[[segment]]
from_mm = 0
to_mm = 9
radius_mm = 1
"""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("title = ", "Invalid value"),
        ('title = "T"', "'segment' is missing"),
        (GOOD.replace("radius_mm = 1", ""), "radius_mm"),
        (GOOD.replace("radius_mm", "radius"), "radius"),
        (GOOD.replace('source = "s"', 'colour = "red"\nsource = "s"'), "colour"),
        (GOOD.replace("to_mm = 9", 'to_mm = "far"'), "far"),
        (GOOD + "[[contact]]\ncentre_mm = 12\nlength_mm = 1", "A contact needs"),
        (GOOD + "[[contact]]\nlength_mm = 1", "'centre_mm' is missing"),
    ],
)
def test_a_file_that_describes_no_device_is_refused_by_name(text, sentence, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(text)

    with pytest.raises(DeviceError, match=f"mine.toml describes no device: .*{sentence}"):
        read_device(file)


def test_one_row_of_a_file_stands_for_a_whole_array_of_contacts(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(
        GOOD
        + "[[contact]]\ncentre_mm = 1\nlength_mm = 1\ncount = 2\npitch_mm = 4\narc_deg = 90\n"
        + "facing_deg = [0, 180]\n"
    )

    contacts = read_device(file).contacts

    assert [(c.centre_mm, c.facing_deg) for c in contacts] == [(1, 0), (1, 180), (5, 0), (5, 180)]
    assert {(c.radius_mm, c.arc_deg, c.length_mm) for c in contacts} == {(1, 90, 1)}
