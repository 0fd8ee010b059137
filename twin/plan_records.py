"""What the library keeps of a plan: versions, their history, and why a save may be refused."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from anatomy.errors import TwinError
from surgery.plan import Plan
from surgery.plan_file import read
from twin.pins import Marks

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
LONGEST_REASON, LONGEST_WORDS, LARGEST_LOOK = 200, 4000, 2000
"""House values: of a reason, of an author or a note [characters], of a look [bytes of JSON]."""


class PlanStoreError(TwinError, ValueError):
    """A plan that the library does not keep, as it stands."""

    code = "twin.plans"


class Conflict(TwinError):
    """A save that was not made on the newest version; `current` is that one, None: removed."""

    code = "twin.plan_conflict"

    def __init__(self, message: str, current: "Kept | None" = None, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.current = current


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One save: what was decided, how the page shows it, why, and when [s since 1970]."""

    plan: Plan
    look: Mapping[str, Any] = field(default_factory=dict)
    """Name, colour, shape and whether it is hidden: the page's own, kept as it is."""
    reason: str = ""
    saved_s: float = 0.0

    def __post_init__(self) -> None:
        if not ID.fullmatch(self.plan.id):
            raise PlanStoreError(
                "A plan's id is up to 80 letters, digits, dots and dashes, not "
                f"{self.plan.id!r:.60}."
            )
        long = max(len(self.plan.author), len(self.plan.note)) > LONGEST_WORDS
        if long or len(self.reason) > LONGEST_REASON:
            raise PlanStoreError(
                f"A reason has at most {LONGEST_REASON} characters, a note {LONGEST_WORDS}."
            )
        if len(json.dumps(dict(self.look))) > LARGEST_LOOK:
            raise PlanStoreError("The name and look of a plan are too long. Shorten the name.")

    def wire(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "plan": self.plan.wire(),
            "look": dict(self.look),
            "reason": self.reason,
            "saved_s": self.saved_s,
        }

    @property
    def entry(self) -> Mapping[str, Any]:
        """Its line in a history."""
        return {
            "rev": self.plan.rev,
            "parent": self.plan.parent,
            "reason": self.reason,
            "author": self.plan.author,
            "saved_s": self.saved_s,
        }

    @classmethod
    def read(cls, wire: Mapping[str, Any]) -> "Version":
        """The version of its JSON form; raises TwinErrors, KeyError, TypeError or ValueError."""
        return cls(
            plan=read(wire["plan"]),
            look=dict(wire["look"]),
            reason=str(wire["reason"]),
            saved_s=float(wire["saved_s"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A plan as it stands, and the entry of each version in its history, the oldest first."""

    newest: Version
    history: tuple[Mapping[str, Any], ...]
    """`rev`, `parent` (a plan's digest), `reason`, `author`, `saved_s` of each."""

    @property
    def id(self) -> str:
        """Of the plan."""
        return self.newest.plan.id

    def wire(self, *, anatomy: str) -> dict[str, Any]:
        """JSON-ready; stale where it was made on another anatomy than that of this digest."""
        return {
            **self.newest.wire(),
            "id": self.id,
            "stale": self.newest.plan.anatomy != anatomy,
            "history": [dict(entry) for entry in self.history],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What the library keeps for one case: plans by their first save, and what was removed."""

    plans: tuple[Kept, ...]
    trash: tuple[Kept, ...]
    marks: Marks
    damaged: tuple[str, ...]
    """A sentence for each file that could not be read; the others are there."""


def free_id(id: str, taken: Collection[str]) -> str:
    """An id that the library takes and that no plan has: as it is, or in plain letters, or with a
    number behind it."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", id).strip("._-")[:70] or "plan"
    wanted = id if ID.fullmatch(id) else plain
    tried = (wanted if n == 1 else f"{wanted}_{n}" for n in range(1, len(taken) + 2))
    return next(one for one in tried if one not in taken)
