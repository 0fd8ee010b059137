"""The file of strokes: JSON in, strokes or a sentence out (docs/plans.md)."""

import json
from collections.abc import Iterable
from typing import Any

from anatomy.geometry import FrameId
from surgery.resection import ResectionError, Stroke

FORMAT, VERSION = "theatrum-strokes", 1
MOST_BYTES = 16 << 20
FIELDS = ("from_mm", "to_mm", "radius_mm")


def write(strokes: Iterable[Stroke], *, anatomy: str, frame: FrameId) -> str:
    """The strokes as the text of their file; the same strokes give the same bytes."""
    rows = [
        {"from_mm": one.from_mm, "to_mm": one.to_mm, "radius_mm": one.radius_mm} for one in strokes
    ]
    head = {"format": FORMAT, "version": VERSION, "anatomy": anatomy, "frame": frame}
    lines = ",\n".join(f"  {json.dumps(row, allow_nan=False)}" for row in rows)
    return f'{json.dumps(head)[:-1]}, "strokes": [\n{lines}\n]}}\n'


def read(source: str | bytes, *, anatomy: str, frame: FrameId) -> list[Stroke]:
    """The strokes of a file that were drawn on this anatomy; raises ResectionError."""
    if len(source) > MOST_BYTES:
        raise ResectionError(f"This is no file of strokes: it is above {MOST_BYTES >> 20} MiB.")
    try:
        loaded = json.loads(source)
    except (ValueError, RecursionError) as error:
        raise ResectionError(f"This is no file of strokes: it is not JSON ({error}).") from error
    if not isinstance(loaded, dict) or loaded.get("format") != FORMAT:
        raise ResectionError(f'This is no file of strokes: it does not say "format": "{FORMAT}".')
    if loaded.get("version") != VERSION:
        raise ResectionError(
            f"These strokes are of version {loaded.get('version')!r}; this Theatrum reads version "
            f"{VERSION}."
        )
    if loaded.get("anatomy") != anatomy or loaded.get("frame") != frame:
        raise ResectionError(
            f"These strokes were drawn on anatomy {str(loaded.get('anatomy'))[:12]} in the frame "
            f"{loaded.get('frame')}, and this is {anatomy[:12]} in {frame}. Draw them anew here."
        )
    rows = loaded.get("strokes")
    if not isinstance(rows, list) or not rows:
        raise ResectionError("The file holds no strokes.")
    return [_stroke(row, number) for number, row in enumerate(rows, 1)]


def _stroke(row: Any, number: int) -> Stroke:
    if not isinstance(row, dict) or set(row) != set(FIELDS):
        raise ResectionError(f"Stroke {number} needs {', '.join(FIELDS)} and nothing else.")
    try:
        return Stroke(**row)
    except (TypeError, ValueError) as wrong:
        raise ResectionError(f"Stroke {number}: {wrong}") from wrong
