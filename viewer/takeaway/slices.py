"""Slices of the scan with a plan drawn in: PNG for paper, every one lettered and with a scale."""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw, ImageFont
from scipy import ndimage

from anatomy.geometry import Floats, Point
from anatomy.terms import split
from surgery.plan import Placement, Trajectory
from twin.records import Case
from twin.repository import Repository
from viewer.scene import scene
from viewer.takeaway.fonts import typeface
from viewer.takeaway.planes import Plane

OUTLINED = frozenset({"vessels", "ventricles", "deep nuclei", "pathology", "heart", "spine"})
"""Groups whose borders are drawn."""
TWICE = 2
"""What is drawn on the anatomy is drawn so many times larger and reduced, so that it is smooth."""
PATH, CASING, CONTACT, TARGET, POINT = "#f5f9fb", "#05080a", "#f0b45c", "#ff7a6b", "#ffe08a"
LETTER, SCALE = "#e9f0f4", "#c9d6de"
WHOLE, CLOSE = 5.0, 7.0
"""Pixels of the picture that stand for one unit of pens and letters."""
GLASS = 90
"""Of 255: how much a shaft covers what it runs through."""
WIDE_MM = 125.0
"""House value: a picture that is wider has a scale of 50 mm."""
IN_PLANE_MM = 1.5
"""House value: nearer to the plane than this, a path is drawn whole; farther off, in dashes."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Scan:
    """The image and its labels on one grid along R, A, S: place = origin + spacing * index [mm]."""

    image: NDArray[np.int16]
    labels: NDArray[np.uint16]
    key: dict[int, str]
    origin_mm: Point
    spacing_mm: Point
    window: tuple[float, float]
    """Black and white, in stored numbers."""

    @property
    def box_mm(self) -> tuple[Floats, Floats]:
        """Lowest and highest corner of what is labelled; of the image where nothing is."""
        found = ndimage.find_objects((self.labels > 0).astype(np.uint8))
        whole = tuple(slice(0, n) for n in self.image.shape)
        box = found[0] if found else whole
        low = np.array([cut.start - 0.5 for cut in box]) * self.spacing_mm + self.origin_mm
        high = np.array([cut.stop - 0.5 for cut in box]) * self.spacing_mm + self.origin_mm
        return low, high


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Picture:
    """A PNG with the structures that are outlined in it, by id."""

    png: bytes
    size: tuple[int, int]
    """Width and height in pixels."""
    outlined: tuple[str, ...] = ()


def scan_of(library: Repository, case: Case) -> Scan:
    """The picture of a case as the page draws it, in its first window."""
    shown = case.display
    low, high = scene(case)["volume"]["window"]
    arrays = [
        np.frombuffer(library.content(digest), kind).reshape(shown.shape, order="F")
        for digest, kind in ((shown.volume, "<i2"), (shown.labels, "<u2"))
    ]
    return Scan(
        image=arrays[0],
        labels=arrays[1],
        key={int(n): id for n, id in shown.key.items()},
        origin_mm=shown.origin_mm,
        spacing_mm=shown.spacing_mm,
        window=((low - shown.inter) / shown.slope, (high - shown.inter) / shown.slope),
    )


def drawn(
    scan: Scan,
    plane: Plane,
    placements: Sequence[Placement],
    *,
    per_mm: float,
    marked_mm: Point | None = None,
    close: bool = False,
) -> Picture:
    """One plane with the placements projected into it, `per_mm` pixels a millimetre.

    `marked_mm` gets a ring with the number 1; `close` tells each 10 mm below the entry, larger.
    """
    size = (round(plane.width_mm * per_mm), round(plane.height_mm * per_mm))
    canvas, outlined = _anatomy(scan, plane, size, per_mm)
    pen = Pen(plane, size, per_mm * TWICE, unit=(CLOSE if close else WHOLE) * TWICE)
    for placement in placements:
        pen.path(placement, ticks=close)
    if marked_mm is not None:
        pen.ring(marked_mm, "1")
    pen.letters()
    pen.scale(10.0 if close else 50.0 if plane.width_mm > WIDE_MM else 20.0)
    canvas.alpha_composite(pen.layer.resize(size, Image.Resampling.LANCZOS))
    out = io.BytesIO()
    canvas.convert("RGB").save(out, format="PNG", optimize=True)
    return Picture(png=out.getvalue(), size=size, outlined=outlined)


def _anatomy(
    scan: Scan, plane: Plane, size: tuple[int, int], per_mm: float
) -> tuple[Image.Image, tuple[str, ...]]:
    width, height = size
    x = (np.arange(width) + 0.5 - width / 2) / per_mm
    y = (height / 2 - np.arange(height) - 0.5) / per_mm
    places = (
        np.array(plane.middle_mm)[:, None, None]
        + np.array(plane.right)[:, None, None] * x[None, None, :]
        + np.array(plane.up)[:, None, None] * y[None, :, None]
    )
    origin, spacing = (
        np.array(values)[:, None, None] for values in (scan.origin_mm, scan.spacing_mm)
    )
    ijk = (places - origin) / spacing
    low, high = scan.window
    grey = ndimage.map_coordinates(
        scan.image, ijk, order=1, mode="constant", cval=low, output=np.float32
    )
    shade = ((grey - low) / max(high - low, 1e-9)).clip(0, 1)
    pixels = np.repeat((255 * shade)[:, :, None], 3, axis=2)
    labels = ndimage.map_coordinates(scan.labels, ijk, order=0, mode="constant", cval=0)
    voxel = max(scan.spacing_mm) * per_mm
    outlined = []
    for number, box in enumerate(ndimage.find_objects(labels), 1):
        if box is not None and split(scan.key[number])[0].group in OUTLINED:
            wide = tuple(slice(max(cut.start - 4, 0), cut.stop + 4) for cut in box)
            ink = _border(labels[wide] == number, voxel)[:, :, None]
            colour = np.array(split(scan.key[number])[0].colour, float)
            pixels[wide] = pixels[wide] * (1 - ink) + colour * ink
            outlined.append(scan.key[number])
    return Image.fromarray(pixels.astype(np.uint8)).convert("RGBA"), tuple(outlined)


def _border(inside: NDArray[np.bool_], voxel: float) -> Floats:
    """How much of each pixel a line of 1.5 pixels along a border covers, 0 to 1.

    The steps of voxels are rounded off by half of one, except where too little would be left.
    """
    blurred = ndimage.gaussian_filter(inside.astype(float), 0.5 * voxel)
    if (blurred > 0.5).sum() < 0.8 * inside.sum():
        blurred = ndimage.gaussian_filter(inside.astype(float), 0.5)
    steep = np.maximum(np.hypot(*np.gradient(blurred)), 1e-3)
    apart: Floats = np.abs(blurred - 0.5) / steep
    return (1.25 - apart).clip(0, 1)


class Pen:
    """Draws in a plane's millimetres on a clear layer, TWICE as large as the picture."""

    def __init__(self, plane: Plane, size: tuple[int, int], per_mm: float, *, unit: float) -> None:
        self.layer = Image.new("RGBA", (size[0] * TWICE, size[1] * TWICE))
        self._draw = ImageDraw.Draw(self.layer)
        self._plane, self._per_mm = plane, per_mm
        self._width, self._height = self.layer.size
        self._unit = unit

    def path(self, placement: Placement, *, ticks: bool) -> None:
        """The device as it lies in the plane, dashes where it does not, entry and target."""
        whole_mm = placement.trajectory.length_mm + placement.depth_mm
        behind = np.linspace(min(whole_mm + 12.0, placement.made_of.length_mm), 0.0, 241)
        spots, front = self._spots(placement.at_mm(behind))
        near = np.abs(front) <= max(IN_PLANE_MM, placement.made_of.radius_mm)
        thick = max(2 * placement.made_of.radius_mm * self._per_mm, 0.9 * self._unit)
        for ink, wide in ((CASING, 0.9), (PATH, 0.45)):
            for n in range(0, len(spots) - 12, 12):
                if not near[n : n + 8].all():
                    self._line(spots[[n, n + 7]], ink, wide)
        for first, last in _runs(near):
            self._bar(spots[[first, last]], thick, PATH)
        for contact in placement.made_of.contacts:
            half = contact.length_mm / 2
            ends_mm = placement.at_mm([contact.centre_mm - half, contact.centre_mm + half])
            ends, apart = self._spots(ends_mm)
            if np.abs(apart).max() <= 2 * IN_PLANE_MM:
                self._bar(ends, thick, CONTACT)
        if ticks:
            self._ticks(placement, whole_mm)
        self._ends(placement.trajectory)

    def ring(self, place_mm: Point, word: str) -> None:
        """A ring about a point, with a word beside it."""
        ((x, y),), _ = self._spots(np.array([place_mm]))
        for colour, wide in ((CASING, 0.9), (POINT, 0.45)):
            r, width = (1.5 + wide / 2) * self._unit, round(wide * self._unit)
            self._draw.ellipse((x - r, y - r, x + r, y + r), outline=colour, width=width)
        self._text((x - 2.4 * self._unit, y), word, POINT, 3.2, "rm")

    def letters(self) -> None:
        """R L A P S I at the edges."""
        right, left, top, bottom = self._plane.letters
        w, h, off = self._width, self._height, 2.4 * self._unit
        for word, place, anchor in (
            (right, (w - off, h / 2), "rm"),
            (left, (off, h / 2), "lm"),
            (top, (w / 2, off), "mt"),
            (bottom, (w / 2, h - off), "mb"),
        ):
            self._text(place, word, LETTER, 4.6, anchor)

    def scale(self, length_mm: float) -> None:
        """A bar of that length, with its number."""
        x, y = 2.4 * self._unit, self._height - 2.4 * self._unit
        ends = np.array([(x, y), (x + length_mm * self._per_mm, y)])
        self._line(ends, CASING, 1.1)
        self._line(ends, SCALE, 0.5)
        self._text((x, y - 1.2 * self._unit), f"{length_mm:g} mm", SCALE, 2.6, "lb")

    def _spots(self, points_mm: Floats) -> tuple[Floats, Floats]:
        paper, front = self._plane.on_paper_mm(points_mm)
        x = self._width / 2 + paper[:, 0] * self._per_mm
        y = self._height / 2 - paper[:, 1] * self._per_mm
        return np.stack([x, y], axis=1), front

    def _line(self, ends: Floats, colour: str, wide: float) -> None:
        where = [(float(x), float(y)) for x, y in ends]
        self._draw.line(where, fill=colour, width=max(round(wide * self._unit), 1))

    def _bar(self, ends: Floats, thick: float, colour: str) -> None:
        """A shaft: glass between two edges, closed at its ends."""
        along = ends[1] - ends[0]
        length = float(np.hypot(*along))
        if length < 1:
            return
        side = np.array([-along[1], along[0]]) / length * thick / 2
        corners = [ends[0] + side, ends[1] + side, ends[1] - side, ends[0] - side]
        ring = [(float(x), float(y)) for x, y in (*corners, corners[0])]
        pane = Image.new("RGBA", self.layer.size)
        ink = ImageDraw.Draw(pane)
        ink.polygon(ring, fill=(*ImageColor.getrgb(colour)[:3], GLASS))
        ink.line(ring, fill=CASING, width=round(0.6 * self._unit), joint="curve")
        ink.line(ring, fill=colour, width=round(0.35 * self._unit), joint="curve")
        self.layer.alpha_composite(pane)

    def _ticks(self, placement: Placement, whole_mm: float) -> None:
        depths = np.arange(0.0, whole_mm + 1e-6, 10.0)
        spots, _ = self._spots(placement.at_mm(whole_mm - depths))
        for depth, (x, y) in zip(depths, spots, strict=True):
            for ink, wide in ((CASING, 0.7), (SCALE, 0.3)):
                self._line(
                    np.array([(x + 2.4 * self._unit, y), (x + 3.6 * self._unit, y)]), ink, wide
                )
            self._text((x + 4.2 * self._unit, y), f"{depth:g}", SCALE, 2.2, "lm")

    def _ends(self, way: Trajectory) -> None:
        """Crosses at the target and the entry, their letters apart where the crosses are not."""
        spots, _ = self._spots(np.array([way.target_mm, way.entry_mm]))
        together = math.dist(*spots.tolist()) < 6 * self._unit
        for (x, y), word, colour in zip(spots, "TE", (TARGET, PATH), strict=True):
            r = 1.5 * self._unit
            for ink, wide in ((CASING, 0.9), (colour, 0.45)):
                self._line(np.array([(x - r, y), (x + r, y)]), ink, wide)
                self._line(np.array([(x, y - r), (x, y + r)]), ink, wide)
            if together and word == "E":
                self._text((x, y - 2.2 * self._unit), word, colour, 3.2, "mb")
            else:
                self._text((x - 2.4 * self._unit, y), word, colour, 3.2, "rm")

    def _text(
        self, place: tuple[float, float], word: str, colour: str, tall: float, anchor: str
    ) -> None:
        font = ImageFont.truetype(str(typeface(bold=True)), round(tall * self._unit))
        self._draw.text(
            place, word, fill=colour, font=font, anchor=anchor,
            stroke_width=round(0.35 * self._unit), stroke_fill=CASING,
        )  # fmt: skip


def _runs(near: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last index of each stretch that is near."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], near, [False]]).astype(int)))
    return [(int(a), int(b) - 1) for a, b in edges.reshape(-1, 2)]
