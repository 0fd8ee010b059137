"""What leaves the planning page, read back by others: reports and their pictures."""

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pypdf
import pytest
from desks import HOSTILE, Desk, Shell
from PIL import Image

from surgery.plan import Placement
from viewer.scene import INTENDED_USE, strip
from viewer.takeaway.as_html import html
from viewer.takeaway.as_pdf import pdf
from viewer.takeaway.planes import along_path, hazard, lettered, through_target
from viewer.takeaway.slices import Scan, drawn


class Page(HTMLParser):
    """What a browser would find: numbers with what is printed of them, tags, text."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.numbers: list[tuple[float, str]] = []
        self.tags: set[str] = set()
        self.loads: list[str] = []
        self.text = ""
        self._value: float | None = None
        self.feed(content.decode())

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        self.loads += [given[name] for name in ("src", "href", "data") if given.get(name)]
        if tag == "data":
            self._value = float(given["value"])

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._value is not None:
            self.numbers.append((self._value, data))
            self._value = None


def numbers_in(wire: Any) -> Iterator[float]:
    if isinstance(wire, dict | list):
        for one in wire.values() if isinstance(wire, dict) else wire:
            yield from numbers_in(one)
    elif isinstance(wire, int | float) and not isinstance(wire, bool):
        yield float(wire)


def test_every_number_of_the_page_is_one_of_the_engines_to_the_printed_digit(desk: Desk) -> None:
    page = Page(html(desk.sheet))
    known = set(numbers_in([desk.good, desk.run, desk.case.wire()]))
    way = desk.plan.placements[0].trajectory
    known |= {way.length_mm, 1.0, *numbers_in(sigmas())}

    assert len(page.numbers) > 100
    for value, printed in page.numbers:
        assert value in known
        digits = len(printed.partition(".")[2])
        scales = (1.0, 100.0, 180.0 / np.pi)
        assert printed in {f"{scale * value:.{digits}f}" for scale in scales}


def sigmas() -> list[float]:
    """The frame's spread by hand: mean 1.33 mm over sqrt(pi / 2), 1.63 mm over sqrt(8 / pi)."""
    from surgery.delivery import delivery

    by = delivery("frame")
    assert by.sigma_entry_mm == pytest.approx(1.33 / np.sqrt(np.pi / 2))
    return [by.sigma_entry_mm, by.sigma_target_mm]


def test_every_metric_is_on_the_page_with_all_that_the_engine_says_of_it(desk: Desk) -> None:
    page = Page(html(desk.sheet))
    shown = dict.fromkeys(value for value, _ in page.numbers)

    for one in desk.good["metrics"]:
        for value in (one["value"], *(one["range"] or ()), one["weight"], *(one["point_mm"] or ())):
            assert value is None or value in shown
        for words in (one["status"].replace("_", " "), one["sentence"], one["source"]):
            assert words in page.text
    for spread in desk.good["tolerances"]:
        assert spread["any_hit"]["share"] in shown
        assert spread["spans"]["target_miss_mm"]["worst"] in shown
        assert spread["guaranteed_mm"] in shown
    for step in desk.run["steps"]:
        assert step["reason"] in page.text
    for words in (strip(desk.case), INTENDED_USE, desk.case.anatomy, desk.plan.digest):
        assert words in page.text


def test_the_page_loads_nothing_runs_nothing_and_sets_names_as_text(desk: Desk) -> None:
    page = Page(html(desk.sheet))

    assert "script" not in page.tags
    assert HOSTILE in page.text
    assert all(one.startswith("data:image/png;base64,") for one in page.loads)
    assert len(page.loads) == 6, "one in space, three through the target, two along the path"


def text_of(content: bytes) -> tuple[str, list[str]]:
    pages = [one.extract_text() for one in pypdf.PdfReader(io.BytesIO(content)).pages]
    return " ".join(" ".join(pages).split()), pages


def test_the_paper_says_the_same_numbers_and_on_every_page_what_it_is_for(desk: Desk) -> None:
    content = pdf(desk.sheet)
    text, pages = text_of(content)
    squeezed = text.replace(" ", "")

    assert content == pdf(desk.sheet)
    assert pypdf.PdfReader(io.BytesIO(content)).metadata.subject == INTENDED_USE
    assert pypdf.PdfReader(io.BytesIO(content)).pages[0].mediabox.width == pytest.approx(595, abs=1)
    for n, page in enumerate(pages, 1):
        assert INTENDED_USE in page
        assert f"{n} / {len(pages)}" in page
        assert strip(desk.case) in page
    for one in desk.good["metrics"]:
        assert one["sentence"].replace(" ", "") in squeezed
        if one["value"] is not None:
            assert f"{one['value']:.2f}" in text
    assert "<script>alert" in text
    assert "<U+6F22>" in text, "what the face lacks is told, not dropped"
    assert "<U+202E>" in text, "nothing turns the text about"


def test_a_stale_plan_gets_a_report_that_says_so_and_has_no_number(desk: Desk) -> None:
    page = Page(desk.export("html", desk.stale).content)
    text, _ = text_of(desk.export("pdf", desk.stale).content)

    for said in (page.text, text):
        assert "STALE" in said
        assert "Stale: plan biopsy-1" in said
        assert not re.search(r"\d+\.\d+ mm", said)
    assert page.numbers == []
    assert page.loads == []


def test_letters_name_the_nearest_ends_of_the_body() -> None:
    assert lettered(np.array([-1.0, 0.0, 0.0])) == "L"
    assert lettered(np.array([0.1, 0.9, 0.0])) == "A"
    assert lettered(np.array([0.0, -0.6, 0.8])) == "SP"
    assert lettered(np.array([0.9, 0.0, -0.45])) == "RI"


def test_a_bright_voxel_on_the_patients_left_is_drawn_on_the_right_of_an_axial_slice(
    desk: Desk,
) -> None:
    image = np.zeros((60, 60, 60), np.int16)
    image[8:12, 40:44, 28:32] = 100  # Left, in front.
    scan = Scan(
        image=image, labels=np.zeros(image.shape, np.uint16), key={}, origin_mm=(-29.5,) * 3,
        spacing_mm=(1.0,) * 3, window=(0.0, 100.0),
    )  # fmt: skip
    low, high = np.full(3, -30.0), np.full(3, 30.0)
    away = replace(desk.plan.placements[0], depth_mm=-50)
    axial, coronal, sagittal = through_target(replace_ends(away, (0, 0, 0)), low, high)
    for plane, across, upward in ((axial, 200, -120), (coronal, 200, 0), (sagittal, -120, 0)):
        shifted = replace(plane, middle_mm=tuple(np.where(np.abs(plane.normal) > 0.5,
                          (-19.5, 12.5, 0.5), plane.middle_mm)))  # fmt: skip
        picture = drawn(scan, shifted, [], per_mm=10)
        grey = np.array(Image.open(io.BytesIO(picture.png)).convert("L")).astype(int)
        bright = np.argwhere(grey[100:-100, 100:-100] > 200).mean(axis=0) + 100 - 300

        assert bright[1] == pytest.approx(across, abs=12)
        assert bright[0] == pytest.approx(upward, abs=12)


def replace_ends(placement: Placement, target: tuple[float, float, float]) -> Placement:
    return placement.moved(entry_mm=(0.0, 0.0, 55.0), target_mm=target)


def test_pictures_along_a_path_hold_it_upright_with_the_nearest_hazard_in_the_first(
    desk: Desk,
) -> None:
    one = desk.plan.placements[0]
    found = hazard(desk.good["metrics"], one, 0)
    assert found is not None
    first, second = along_path(one, found.point_mm)
    ends = np.array([one.trajectory.entry_mm, one.tip_mm])

    for plane in (first, second):
        paper, front = plane.on_paper_mm(ends)
        assert paper[:, 0] == pytest.approx(0, abs=1e-9)
        assert front == pytest.approx(0, abs=1e-9)
        assert paper[0, 1] > paper[1, 1], "the entry on top"
    _, off = first.on_paper_mm(np.array([found.point_mm]))
    assert off == pytest.approx(0, abs=1e-9)
    assert np.dot(first.normal, second.normal) == pytest.approx(0, abs=1e-12)


def test_a_report_from_the_shell_tells_first_what_holds_a_plan_back(
    desk: Desk, desk_shell: Shell, tmp_path: Path
) -> None:
    source, out = tmp_path / "p.json", tmp_path / "r.html"
    source.write_bytes(desk.export("json", desk.bad).content)
    status, said = desk_shell("report", "ball", source, "--out", out, "--date", "today")
    page = Page(out.read_bytes())
    order = (
        "Rejected", "Beyond a hard limit", "Could not be judged", "Placements", "Pictures",
        "within every hard limit", "How robust", "Through which tissue", "Step by step",
    )  # fmt: skip
    places = [page.text.index(words) for words in order]

    assert (status, "rejected" in said) == (3, True)
    assert "report of today" in page.text
    assert places == sorted(places)
    assert "✕ rejected" in page.text
    assert {v for one in desk.bad["metrics"] if (v := one["value"]) is not None} <= {
        value for value, _ in page.numbers
    }
