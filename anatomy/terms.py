"""The one table of structures (assets/terms.toml): code, colour, side, how sure their place is."""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

import assets
from anatomy.errors import TermError

Side = Literal["left", "right", "midline"] | None
Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A kind of structure. An empty `code` means: not confirmed by any source; `note` says so."""

    id: str
    title: str
    code: str
    scheme: str
    """Coding scheme of `code`: SCT, DCM or NCIt."""
    colour: Colour
    """RGB, 0 to 255."""
    group: str
    paired: bool
    """Exists on both sides of the body."""
    midline: bool
    """Has no side at all."""
    opacity: float
    """Default of the display, 0 to 1."""
    sigma_mm: float
    """One standard deviation of the surface's place [mm]; house value."""
    note: str


@cache
def terms() -> Mapping[str, Term]:
    """Every term by id, in the order of the table."""
    table = tomllib.loads(assets.path("terms.toml").read_text(encoding="utf-8"))
    return MappingProxyType({id: _term(id, row) for id, row in table.items()})


def term(id: str) -> Term:
    """The term called `id`, without side; raises TermError with the nearest names."""
    try:
        return terms()[id]
    except KeyError:
        near = difflib.get_close_matches(id, terms(), n=3)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise TermError(f"No structure is called {id!r}.{hint}", id=id, near=near) from None


def split(structure: str) -> tuple[Term, Side]:
    """A structure id as its term and side: `thalamus_left` is (thalamus, left)."""
    table = terms()
    if structure in table:
        return table[structure], "midline" if table[structure].midline else None
    name, _, last = structure.rpartition("_")
    for side in ("left", "right"):
        if last == side and name in table:
            if table[name].midline:
                raise TermError(
                    f"{table[name].title} lies in the midline and has no {side} side.", id=structure
                )
            return table[name], side
    return term(structure), None


def title(structure: str) -> str:
    """The name people read: `Thalamus, left`."""
    kind, side = split(structure)
    return f"{kind.title}, {side}" if side in ("left", "right") else kind.title


def _term(id: str, row: Mapping[str, Any]) -> Term:
    red, green, blue = row["colour"]
    return Term(
        id=id,
        title=str(row["title"]),
        code=str(row["code"]),
        scheme=str(row.get("scheme", "SCT")),
        colour=(int(red), int(green), int(blue)),
        group=str(row["group"]),
        paired=bool(row.get("paired", False)),
        midline=bool(row.get("midline", False)),
        opacity=float(row["opacity"]),
        sigma_mm=float(row["sigma_mm"]),
        note=str(row.get("note", "")),
    )
