"""What the commands of planning are asked with: places, plan files; and what they say beside it."""

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from anatomy.errors import TwinError
from anatomy.geometry import Point, point
from surgery.plan import Plan, PlanError

INFEASIBLE = 3
"""Exit status where a hard limit is broken, or no path keeps them all."""
NUMBERS = re.compile(r"^-[\d.]")
"""`--target -12,3,9` is a place, not an option."""


def place(text: str) -> Point | None:
    """Three numbers R,A,S [mm], or None where the text is a name; raises PlanError in between."""
    parts = text.split(",")
    if len(parts) == 1 and not NUMBERS.match(text) and not text[:1].isdigit():
        return None
    try:
        return point([float(part) for part in parts])
    except (ValueError, TwinError) as reason:
        raise PlanError(
            f"'{text}' is no place: give three finite numbers in mm, R,A,S, such as 30,-12.5,48."
        ) from reason


def plan_file(path: Path) -> Plan:
    """The plan in a file; raises PlanError with the file's name."""
    from surgery.plan_file import MOST_BYTES, read

    try:
        if path.stat().st_size > MOST_BYTES:
            raise PlanError(f"{path.name} is too large for a plan file.")
        return read(path.read_bytes())
    except OSError as reason:
        raise PlanError(
            f"{path} cannot be read: {reason.strerror or reason}. Name a plan file."
        ) from reason
    except TwinError as reason:
        raise PlanError(f"{path.name}: {reason.message}") from reason


def tell(sentence: str) -> None:
    """Beside the answer, at once."""
    print(sentence, file=sys.stderr, flush=True)


def rounded(values: Iterable[float], *, places: int = 1) -> list[str]:
    """Numbers so rounded that what is printed adds up to the printed sum of all.

    The largest remainders go up, so none is further than one last digit from its value.
    """
    scaled = [value * 10**places for value in values]
    down = [int(value // 1) for value in scaled]
    missing = round(sum(scaled)) - sum(down)
    by_rest = sorted(range(len(scaled)), key=lambda n: (down[n] - scaled[n], n))
    for n in by_rest[:missing]:
        down[n] += 1
    return [f"{value / 10**places:.{places}f}" for value in down]
