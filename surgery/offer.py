"""What a procedure's own search is asked, and what it offers: the same words for all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from anatomy.errors import TermError
from anatomy.geometry import Point
from anatomy.structure import Structure
from surgery.device import Device, devices
from surgery.plan import Placement, Plan, PlanError
from surgery.procedure import Procedure
from surgery.profile import DEFAULT
from surgery.scene import Scene
from surgery.score import Assessment

ORDER = {"accepted": 0, "incomplete": 1, "rejected": 2, "stale": 3}
"""What is shown first: what could be judged whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to plan. `targets` are ids, words of `Scene.find` or points [RAS mm]."""

    asked: Procedure
    """The procedure under the profile."""
    targets: tuple[str | Point, ...]
    device: Device | None = None
    """None: every fitting device of the catalogue is compared."""
    delivery: str = "frame"
    profile: str = DEFAULT
    correction: str = ""
    """The correction of an osteotomy, such as `valgus:8`."""
    top: int = 5
    seed: int = 1

    @property
    def devices(self) -> tuple[Device, ...]:
        """The device asked for, or all that the procedure takes; raises PlanError."""
        if self.device is not None:
            if self.device.kind not in self.asked.devices:
                kind = self.device.kind.replace("_", " ")
                raise PlanError(f"{self.asked.title} takes no {kind}.")
            return (self.device,)
        fit = tuple(one for one in devices().values() if one.kind in self.asked.devices)
        if not fit:
            raise PlanError(f"The catalogue holds no device for {self.asked.title}.")
        return fit

    def plan(self, scene: Scene, placements: Sequence[Placement], *, number: int) -> Plan:
        """The plan of that number on this scene's anatomy."""
        return Plan(
            id=f"{self.asked.id}-{number}", procedure=self.asked.id, anatomy=scene.digest,
            placements=tuple(placements), delivery=self.delivery, profile=self.profile,
        )  # fmt: skip


@dataclass(frozen=True, eq=False, kw_only=True)
class Offer:
    """One plan with its scores and what the search alone knows about it."""

    plan: Plan
    assessment: Assessment
    words: tuple[str, ...] = ()
    """Sentences for people, such as which screw goes where."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """The same for programs, JSON-ready; every number is finite."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Offers:
    """What a search found, the best first."""

    examined: int
    """How many candidates were compared."""
    feasible: int
    """How many of them kept every hard limit of the search."""
    offers: tuple[Offer, ...]
    rejected: Mapping[str, int] = field(default_factory=dict)
    """How many fell to which limit."""
    turned_down: int = 0
    """Kept by the search and rejected by the whole assessment."""
    binding: str | None = None
    """Where there is no plan: what stands in the way, and by how much."""
    notes: tuple[str, ...] = ()
    """Sentences about the search as a whole."""

    def told(self) -> dict[str, Any]:
        """What the search says of itself, without its offers; JSON-ready."""
        return {
            "candidates_examined": self.examined,
            "feasible": self.feasible,
            "rejected_by": dict(self.rejected),
            "turned_down": self.turned_down,
            "binding": self.binding,
            "notes": list(self.notes),
        }


def found_or_told(scene: Scene, word: str) -> tuple[Structure, ...]:
    """Structures of a word; raises TermError with those that there are."""
    found = scene.find(word)
    if not found:
        held = ", ".join(one.id for one in scene.anatomy)
        raise TermError(f"There is no {word} in this twin; it holds {held}.")
    return found
