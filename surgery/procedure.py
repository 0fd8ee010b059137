"""What a procedure is, and the catalogue of them: files here and entry points of others."""

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import TYPE_CHECKING, get_args

from anatomy.errors import TermError, TwinError
from anatomy.terms import split
from surgery.device import Kind
from surgery.score import Metric
from surgery.words import KINDS

if TYPE_CHECKING:
    from surgery.offer import Offers, Request
    from surgery.scene import Scene

GROUP = "theatrum.procedures"
"""Entry points of this group name one Procedure each."""
STEPS: Mapping[str, str] = MappingProxyType(
    {
        "incision": "Incision",
        "drill": "Burr hole",
        "dura": "Opening of the dura",
        "advance": "Advance",
        "deploy": "Deployment",
    }
)
"""Steps in the order in which a surgeon takes them, with their titles."""


class ProcedureError(TwinError, LookupError):
    """A procedure that the catalogue does not hold, or that cannot exist."""

    code = "surgery.procedure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """What a procedure needs to know, what it asks of a plan, and what it teaches.

    Invariants: metrics are unique and belong to a step; words and device kinds are known.
    """

    id: str
    title: str
    needs: tuple[str, ...]
    """Words of `Scene.find`; with one of them missing, a plan is incomplete at best."""
    wants: tuple[str, ...] = ()
    """Words whose absence is told and holds nothing back."""
    targets: tuple[str, ...]
    """What it is aimed at."""
    any_point: bool = False
    """Where no target is labelled, a point that somebody chose will do."""
    devices: tuple[Kind, ...]
    metrics: tuple[Metric, ...]
    steps: tuple[str, ...] = tuple(STEPS)
    lesson: str
    references: tuple[str, ...]
    most_placements: int = 1
    outside: str | None = "brain"
    """The entry must not lie in it; None where no structure says so."""
    within: tuple[str, ...] = ("scalp", "brain")
    """The target must lie in the first of these that the twin has."""
    propose: "Callable[[Scene, Request], Offers] | None" = None
    """Its own search; None: that of straight paths into a head (surgery/planner.py)."""

    def __post_init__(self) -> None:
        ids = [metric.id for metric in self.metrics]
        if twice := sorted({one for one in ids if ids.count(one) > 1}):
            raise ProcedureError(f"{self.title} asks {' and '.join(twice)} twice.")
        if lost := [m.id for m in self.metrics if m.step not in self.steps]:
            raise ProcedureError(f"{self.title} takes no step in which {lost[0]} is met.")
        if not set(self.devices) <= set(get_args(Kind)) or not self.devices:
            raise ProcedureError(f"{self.title} needs devices of a known kind.")
        words = {*self.needs, *self.wants, *self.targets}
        for metric in self.metrics:
            if unsaid := set(metric.needs) - words:
                raise ProcedureError(f"{self.title} does not say that it needs {unsaid.pop()}.")
        for word in words - set(KINDS):
            try:
                split(word)
            except TermError as unknown:
                raise ProcedureError(f"{self.title}: {unknown}") from unknown


@cache
def procedures() -> Mapping[str, Procedure]:
    """Every procedure by id, in alphabetical order: those of this project and of entry points."""
    from surgery import procedures as folder

    own = (
        importlib.import_module(f"{folder.__name__}.{module.name}").PROCEDURE
        for module in pkgutil.iter_modules(folder.__path__)
    )
    strangers = (entry.load() for entry in entry_points(group=GROUP))
    return catalogue([*own, *strangers])


def catalogue(found: Iterable[object]) -> Mapping[str, Procedure]:
    """Procedures by id; raises ProcedureError where two share one or something is none."""
    known: dict[str, Procedure] = {}
    for one in found:
        if not isinstance(one, Procedure):
            raise ProcedureError(f"An entry point of {GROUP} names {one!r}, which is no Procedure.")
        if one.id in known:
            raise ProcedureError(
                f"{one.title} and {known[one.id].title} are both called {one.id}. Rename one.",
                id=one.id,
            )
        known[one.id] = one
    return MappingProxyType(dict(sorted(known.items())))


def procedure(id: str) -> Procedure:
    """The procedure called `id`; raises ProcedureError with the nearest ids."""
    try:
        return procedures()[id]
    except KeyError:
        near = difflib.get_close_matches(id, procedures(), n=3)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise ProcedureError(f"There is no procedure {id!r}.{hint}", id=id, near=near) from None
