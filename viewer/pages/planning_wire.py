"""Planning messages read and written: nothing that a browser sends is believed as it stands."""

import base64
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy.errors import TwinError
from anatomy.geometry import Point
from surgery.plan import Plan, contact_points_mm
from surgery.plan_file import read
from surgery.vta_shape import reference_outline
from twin.pins import place

MOST_PLACEMENTS, MOST_TARGETS, MOST_SHOWN = 32, 16, 50
"""House values: of one plan, of one search, plans that a search shows."""
LONGEST = 200
"""Characters of a word in a message: an id, a key, a reason. Keys are longer: see `key`."""
LONGEST_KEY = 20_000


class MessageError(TwinError, ValueError):
    """A message of the page that cannot be read."""

    code = "viewer.message"


def plan_of(message: Mapping[str, Any]) -> Plan:
    """The plan in a message; `rev` and `parent` are the library's and are not read.

    Raises MessageError, or as `surgery.plan_file.read`.
    """
    wire = message.get("plan")
    if not isinstance(wire, Mapping):
        raise MessageError("The page sent no plan. Load the page again.")
    placements = wire.get("placements")
    if isinstance(placements, Sequence) and len(placements) > MOST_PLACEMENTS:
        raise MessageError(f"A plan has at most {MOST_PLACEMENTS} placements. Split it.")
    return read({**wire, "rev": 1, "parent": None})


def word(message: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """A short text of a message; raises MessageError."""
    value = message.get(name, default)
    if not isinstance(value, str) or len(value) > LONGEST:
        raise MessageError(f"The page sent no {name} that can be read. Load the page again.")
    return value


def whole(message: Mapping[str, Any], name: str, default: int, low: int, high: int) -> int:
    """A whole number of a message within bounds; raises MessageError."""
    value = message.get(name, default)
    if type(value) is not int or not low <= value <= high:
        raise MessageError(f"{name.capitalize()} is a whole number from {low} to {high}.")
    return value


def number_in(values: Mapping[str, Any], name: str) -> float:
    """A finite number of a message; raises MessageError."""
    value: Any = values.get(name)
    if type(value) not in (int, float) or not math.isfinite(value):
        raise MessageError(f"The {name.rpartition('_')[0] or name} is no number. Type it again.")
    return float(value)


def targets_of(message: Mapping[str, Any]) -> list[str | list[float]]:
    """What a search is aimed at: ids of structures, or places; raises MessageError."""
    given = message.get("targets")
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_TARGETS:
        raise MessageError(f"A search has 1 to {MOST_TARGETS} targets. Choose a target first.")
    return [word({"target": one}, "target") if isinstance(one, str) else [*place(one)]
            for one in given]  # fmt: skip


def said(message: Mapping[str, Any]) -> dict[str, Any]:
    """What an answer repeats, so that the page knows what it is an answer to."""
    echoed = {}
    for name, longest in (("key", LONGEST_KEY), ("job", LONGEST), ("id", LONGEST)):
        value = message.get(name)
        if isinstance(value, str) and len(value) <= longest:
            echoed[name] = value
    return echoed


def result(made: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    """What the page shows of a scored plan, of an answer of the engine (`twin.answers.result_of`).

    `contacts` are centres by placement [RAS mm]. `tolerance` is null where nothing was delivered,
    `vta` where nothing stimulates; else it has the outline of what each lead activates.
    """
    shown = {k: v for k, v in made.items() if k not in ("tolerance", "tolerances", "any_hit")}
    each = made.get("tolerances") or []
    tissue = [reference_outline(one) for one in plan.placements]
    return {
        **shown,
        "tolerance": {"each": each, "any_hit": made.get("any_hit")} if each else None,
        "contacts": [contact_points_mm(one).tolist() for one in plan.placements],
        "vta": [one.wire() for one in tissue if one is not None] or None,
    }


def found(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What the page shows of a search; `plan` of a choice on the front counts in `plans`."""
    plans = [{"plan": one["plan"], "result": result(one, read(one["plan"]))}
             for one in answer["plans"]]  # fmt: skip
    ends = [
        (tuple(way["entry_mm"]), tuple(way["target_mm"]))
        for one in plans
        for way in one["plan"]["placements"][:1]
    ]
    front = []
    for one in answer.get("front", ()):
        pair = tuple(one["entry_mm"]), tuple(one["target_mm"])
        front.append(
            {
                "risk": one["vessel_risk"],
                "length_mm": one["length_mm"],
                "incidence_deg": one["incidence_deg"],
                "coverage": one["coverage"],
                "robustness": one["robustness_mm"],
                "entry_mm": list(pair[0]),
                "target_mm": list(pair[1]),
                "plan": ends.index(pair) if pair in ends else None,
            }
        )
    kept = ("examined", "feasible", "turned_down", "binding", "seconds")
    return {
        **{name: answer.get(name) for name in kept},
        "rejected_by": answer.get("rejected_by", {}),
        "choice": answer.get("choice"),
        "notes": answer.get("notes", []),
        "plans": plans,
        "front": front,
    }


def packed(array: NDArray[Any], dtype: str) -> str:
    """The bytes of an array, little-endian, as base64."""
    return base64.b64encode(np.ascontiguousarray(array, dtype).tobytes()).decode("ascii")


def pair(ends: tuple[Point, Point]) -> dict[str, Any]:
    """Entry and target, JSON-ready."""
    return {"entry_mm": list(ends[0]), "target_mm": list(ends[1])}
