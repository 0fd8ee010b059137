"""What a slip of the hand costs a plan, as scores: chances of touching, the tolerance radius.

`docs/evidence.md` has the definition, the limit and the source of each one.
"""

from collections.abc import Callable
from dataclasses import dataclass

from anatomy.errors import GeometryError, TermError
from surgery.delivery import Delivery
from surgery.scene import Scene
from surgery.score import Limit, Reading, Score
from surgery.tolerance import Tolerance

DISTANCE = "_clearance"
"""What the ids of metrics end in that are distances to structures [mm]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """One placement that was delivered many times, and how it was scored before."""

    tolerance: Tolerance
    by: Delivery
    scores: tuple[Score, ...]


def hit(word: str, clearance: str) -> Callable[[Scene, Delivered], Reading]:
    """Chance that the device touches a structure of `word` [%]; `clearance` is the metric whose
    place is responsible."""

    def measure(scene: Scene, made: Delivered) -> Reading:
        _ = scene
        chance = made.tolerance.hits.get(word)
        if chance is None:
            raise TermError(f"no distance to {word} was asked for")
        near = next((one for one in made.scores if one.metric == clearance), None)
        low, high = 100 * chance.low, 100 * chance.high
        return Reading(
            value=100 * chance.share,
            point_mm=near.point_mm if near else None,
            structure=near.structure if near else None,
            least=0.0,
            interval=(low, high),
            note=f"Of {made.tolerance.count} deliveries ({made.by.title}); 95 % interval "
            f"{low:.2f} to {high:.2f} %.",
        )

    return measure


def tolerance_radius(scene: Scene, made: Delivered) -> Reading:
    """The least room beyond a hard distance [mm]: no slip of any point of the axis by less breaks
    one. Good where 95 of 100 deliveries slip by less."""
    _ = scene
    hard = [
        (one, one.limit.hard_low)
        for one in made.scores
        if one.metric.endswith(DISTANCE) and one.limit.hard_low is not None
    ]
    if unknown := [one.title for one, _ in hard if not one.judged]:
        raise TermError(f"{unknown[0].lower()} is not known")
    rooms = [(one.value - low, one) for one, low in hard if one.value is not None]
    if not rooms:
        raise GeometryError("no hard distance to a structure was measured")
    room, nearest = min(rooms, key=lambda pair: pair[0])
    within = made.by.within_mm
    return Reading(
        value=room,
        point_mm=nearest.point_mm,
        structure=nearest.structure,
        limit=Limit(good_low=round(within, 2)),
        note=f"95 of 100 deliveries ({made.by.title}) slip by less than {within:.2f} mm.",
    )
