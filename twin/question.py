"""Questions to the planning engine: what can be asked, how long it may take, what comes of it."""

import contextlib
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from anatomy.errors import TwinError

log = logging.getLogger(__name__)

Lane = Literal["near", "far"]
"""`near` for what a hand waits for, `far` for what takes seconds; a thread of the child each."""
Name = Literal[
    "warm", "open", "targets", "score", "quick", "risk_map", "run", "search", "array"
]  # fmt: skip
Tell = Callable[[float, str], None]
"""Called with the fraction of the whole, 0..1, and a sentence."""
AGAIN = "Nothing of yours was lost: ask again, and a new one starts."
NO_NUMBER = "Nothing of yours was lost, and no number came of it."


class Kind(NamedTuple):
    """How a question is treated: its lane, its time [s] (house values), its name for people."""

    lane: Lane
    seconds: float
    title: str


QUESTIONS: Mapping[Name, Kind] = {
    "warm": Kind("far", 180, "getting ready"),
    "open": Kind("far", 180, "reading the anatomy"),
    "search": Kind("far", 300, "the search"),
    "array": Kind("far", 600, "the search of an array"),
    "targets": Kind("near", 60, "the places in a structure"),
    "score": Kind("near", 60, "the score of a plan"),
    "quick": Kind("near", 60, "the score of a path in the hand"),
    "risk_map": Kind("near", 60, "the risk map"),
    "run": Kind("near", 60, "the steps of the procedure"),
}
"""Everything that can be asked; twin/planning.py holds the answers."""


class EngineFailed(TwinError):
    """The child died, hung or broke; no number came of it."""

    code = "twin.engine_failed"

    def wire(self) -> dict[str, Any]:
        """The refusal, with the status of a score that did not come to an end."""
        return {"status": "failed", **super().wire()}


class Superseded(TwinError):
    """A newer question took this one's place before anybody looked at it."""

    code = "twin.superseded"


class Answer(Future[Any]):
    """What will come of a question. Wait for it in a thread, or in asyncio by
    `asyncio.wrap_future`. `cancel` frees the caller at once and calls off work that has begun."""

    def __init__(self, called_off: Callable[[], None]) -> None:
        super().__init__()
        self._called_off = called_off

    def cancel(self) -> bool:
        """True unless the answer is there already."""
        cancelled = super().cancel()
        self._called_off()
        return cancelled


@dataclass(eq=False, slots=True, kw_only=True)
class Asked:
    """One question under way; `due_s` is when its time is over (monotonic clock)."""

    number: int
    name: Name
    message: bytes
    seconds: float
    latest: str
    tell: Tell
    answer: Answer
    due_s: float = 0.0
    off: bool = False
    """The child has been told that nobody waits any more."""

    def settle(self, value: Any = None, *, refusal: TwinError | None = None) -> None:
        """Give the answer, unless it was called off."""
        with contextlib.suppress(InvalidStateError):
            if refusal is None:
                self.answer.set_result(value)
            else:
                self.answer.set_exception(refusal)

    def fail(self, why: str, *, reason: str, way_on: str = AGAIN) -> None:
        """Say that the child gave none; `why` ends the sentence, `reason` is for logs."""
        title = QUESTIONS[self.name].title
        message = f"The planning engine did not finish {title}: {why}. {way_on}"
        if reason != "closed" and not self.answer.cancelled():
            log.warning("%s", message)
        self.settle(refusal=EngineFailed(message, question=self.name, reason=reason))
