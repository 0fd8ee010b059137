"""What is written into a picture: directions at its edges, a scale, its title, words at places."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from viewer.takeaway.fonts import typeface
from viewer.takeaway.planes import lettered as letters_of

if TYPE_CHECKING:
    from viewer.render import View

INK, FAINT, CASING = "#e6edf2", "#9fb0bc", "#05080a"
SCALES_MM = (5.0, 10.0, 20.0, 50.0, 100.0)
LONGEST = 0.28
"""Share of a view's width that its scale takes at most."""


def font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """The typeface of all pictures."""
    return ImageFont.truetype(str(typeface(bold=bold)), size)


def lettered(pixels: NDArray[np.uint8], view: "View", size: tuple[int, int]) -> NDArray[np.uint8]:
    """The pixels of a view reduced to `size`, with everything written into it."""
    wide, high = size
    image = Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS)
    draw = ImageDraw.Draw(image)
    towards = view.towards / np.linalg.norm(view.towards)
    right = view.right
    up = np.cross(right, towards)
    per_mm = high / view.tall_mm(size)
    for direction, place, anchor in (
        (right, (wide - 10, high / 2), "rm"),
        (-right, (10, high / 2), "lm"),
        (up, (wide / 2, 8), "mt"),
        (-up, (wide / 2, high - 8), "mb"),
    ):
        _write(draw, place, letters_of(direction), INK, font(17, bold=True), anchor)
    for where, word, colour in view.stage.words:
        off = np.subtract(where, view.middle_mm)
        x = wide / 2 + float(off @ right) * per_mm
        y = high / 2 - float(off @ up) * per_mm
        hidden = view.front_mm is not None and (where - view.front_mm) @ towards > 0
        told, ink = (f"{word} behind", FAINT) if hidden else (word, colour)
        _write(draw, (x, y), told, ink, font(15, bold=True), "mm")
    _write(draw, (10, 8), view.title, INK, font(14), "lt")
    _bar(draw, per_mm, size)
    if view.stage.scale:
        _colours(image, view.stage.scale)
    return np.asarray(image)


def _bar(draw: ImageDraw.ImageDraw, per_mm: float, size: tuple[int, int]) -> None:
    wide, high = size
    fit = [length for length in SCALES_MM if length * per_mm <= LONGEST * wide]
    length = fit[-1] if fit else SCALES_MM[0]
    x, y = wide - 12 - length * per_mm, high - 14
    for colour, width in ((CASING, 5), (FAINT, 2)):
        draw.line([(x, y), (wide - 12, y)], fill=colour, width=width)
    _write(draw, (wide - 12, y - 5), f"{length:g} mm", FAINT, font(13), "rb")


def _colours(image: Image.Image, scale: tuple[float, float, str, str]) -> None:
    """A bar of colours with its ends, at the left edge."""
    from matplotlib import colormaps

    low, high, unit, name = scale
    tall, x, y = 96, 14, image.height - 122
    shades = (255 * colormaps[name](np.linspace(1, 0, tall))[:, :3]).astype(np.uint8)
    image.paste(Image.fromarray(np.repeat(shades[:, None], 14, axis=1)), (x, y))
    draw = ImageDraw.Draw(image)
    for value, at in ((high, y), ((low + high) / 2, y + tall / 2), (low, y + tall)):
        _write(draw, (x + 20, at), f"{value:.0f} {unit}", INK, font(13), "lm")


def _write(
    draw: ImageDraw.ImageDraw,
    place: tuple[float, float],
    word: str,
    colour: str,
    letters: ImageFont.FreeTypeFont,
    anchor: str,
) -> None:
    draw.text(
        place, word, fill=colour, font=letters, anchor=anchor, stroke_width=2, stroke_fill=CASING
    )
