"""The plan file: JSON in, a Plan or a sentence out (docs/plans.md, docs/plan.schema.json)."""

import json
from collections.abc import Mapping
from typing import Any

from surgery.plan import FORMAT, VERSION, Placement, Plan, PlanError, Trajectory

MOST_BYTES = 1 << 20
PLAN: dict[str, type] = {
    "format": str,
    "version": int,
    "id": str,
    "rev": int,
    "parent": str,
    "procedure": str,
    "anatomy": str,
    "frame": str,
    "placements": list,
    "delivery": str,
    "profile": str,
    "author": str,
    "note": str,
}
PLACEMENT: dict[str, type] = {
    "device": str,
    "entry_mm": list,
    "target_mm": list,
    "depth_mm": float,
    "roll_rad": float,
}
OPTIONAL = {
    "rev", "parent", "delivery", "profile", "author", "note", "depth_mm", "roll_rad"
}  # fmt: skip
WORDS = {str: "text", int: "a whole number", float: "a number", list: "a list"}


def write(plan: Plan) -> str:
    """The plan as the text of its file; the same plan gives the same bytes."""
    return json.dumps(plan.wire(), indent=2, allow_nan=False) + "\n"


def read(source: str | bytes | Mapping[str, Any]) -> Plan:
    """The plan in a file's text, or in JSON already parsed; exact to the last bit.

    Raises PlanError, GeometryError, DeviceError or DeliveryError.
    """
    loaded = source if isinstance(source, Mapping) else parsed(source)
    if not isinstance(loaded, Mapping) or loaded.get("format") != FORMAT:
        raise PlanError(f'This is not a plan: it does not say "format": "{FORMAT}".')
    if type(loaded.get("version")) is not int or loaded["version"] != VERSION:
        raise PlanError(
            f"This plan is of version {loaded.get('version')!r}; this Theatrum reads version "
            f"{VERSION}.",
            version=loaded.get("version"),
        )
    fields = _fields(loaded, PLAN, where="The plan")
    frame = fields.pop("frame")
    placements = tuple(
        _placement(one, frame, where=f"Placement {number}")
        for number, one in enumerate(fields.pop("placements"), 1)
    )
    del fields["format"], fields["version"]
    return Plan(placements=placements, **fields)


def parsed(source: str | bytes) -> Any:
    """The JSON in a stranger's file of at most MOST_BYTES: finite, no field twice, or PlanError."""
    if len(source) > MOST_BYTES:
        raise PlanError(f"This is not a plan: it is larger than {MOST_BYTES >> 20} MiB.")
    try:
        text = source.decode("utf-8") if isinstance(source, bytes) else source
        return json.loads(text, parse_constant=_not_finite, object_pairs_hook=_once)
    except PlanError:
        raise
    except (ValueError, RecursionError) as error:
        raise PlanError(f"This is not a plan: it is not JSON ({error}).") from error


def _not_finite(word: str) -> float:
    raise PlanError(f"The plan holds {word}, which is no number of millimetres.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        raise PlanError("The plan says one field twice, so nobody can tell which one is meant.")
    return table


def _placement(value: Any, frame: str, *, where: str) -> Placement:
    if not isinstance(value, Mapping):
        raise PlanError(f"{where} is no placement: it needs a device, an entry and a target.")
    fields = _fields(value, PLACEMENT, where=where)
    ends = {
        name: _point(fields.pop(name), f"{where}: {name}") for name in ("entry_mm", "target_mm")
    }
    return Placement(trajectory=Trajectory(frame=frame, **ends), **fields)


def _fields(value: Mapping[str, Any], known: Mapping[str, type], *, where: str) -> dict[str, Any]:
    unknown = sorted(set(value) - set(known))
    if unknown:
        raise PlanError(f"{where} has the unknown field {unknown[0]!r}.", unknown=unknown)
    missing = [name for name in known if name not in value and name not in OPTIONAL]
    if missing:
        raise PlanError(f"{where} lacks {missing[0]!r}.", missing=missing)
    return {
        name: _typed(given, known[name], f"{where}: {name}")
        for name, given in value.items()
        if not (name == "parent" and given is None)
    }


def _typed(value: Any, wanted: type, where: str) -> Any:
    if wanted is float:
        return _number(value, where)
    if type(value) is not wanted:
        raise PlanError(f"{where} must be {WORDS[wanted]}, not {value!r:.60}.")
    return value


def _point(value: list[Any], where: str) -> tuple[float, float, float]:
    if len(value) != 3:
        raise PlanError(f"{where} needs three numbers: right, anterior, superior in mm.")
    right, anterior, superior = (_number(one, where) for one in value)
    return right, anterior, superior


def _number(value: Any, where: str) -> float:
    if type(value) not in (int, float):
        raise PlanError(f"{where} must be a number, not {value!r:.60}.")
    try:
        return float(value)
    except OverflowError:
        raise PlanError(f"{where} is too large a number.") from None
