"""The typeface of pictures and PDF: DejaVu Sans, which comes with matplotlib."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path


@cache
def typeface(*, bold: bool = False) -> Path:
    """Its file; matplotlib itself is not imported."""
    found = find_spec("matplotlib")
    (home,) = (found and found.submodule_search_locations) or [""]
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return Path(home) / "mpl-data" / "fonts" / "ttf" / name
