"""Answers to the theatre's questions: where a ray meets the anatomy, how long a line is."""

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from anatomy.geometry import Point, point
from surgery.measure import measure as measured
from twin.planning import structure_of
from twin.records import Case
from twin.repository import Repository

if TYPE_CHECKING:
    from anatomy.ray import Caster

MOST_CASTERS = 3
"""Cases whose surfaces stay in memory for rays; about 108 MB a head."""


class Rays:
    """Answers clicks for all visitors of one server; built once for each case that is open."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._casters: OrderedDict[str, Caster] = OrderedDict()
        self._lock = threading.Lock()

    def caster(self, case: Case) -> "Caster":
        """The rays of a case; the first call for a case takes a second or two."""
        from anatomy.ray import Caster

        with self._lock:
            found = self._casters.pop(case.anatomy, None)
            if found is None:
                found = Caster(structure_of(self._repository, one) for one in case.structures)
            self._casters[case.anatomy] = found
            while len(self._casters) > MOST_CASTERS:
                self._casters.popitem(last=False)
            return found

    def pick(self, case: Case, message: dict[str, Any]) -> dict[str, Any]:
        """The answer `picked` to a message `pick`: point [mm], structure and normal, or nulls."""
        clip = message.get("clip")
        hit = self.caster(case).first_hit(
            point(message["origin_mm"]),
            point(message["direction"]),
            among=[str(name) for name in message["structures"]],
            clip=None if clip is None else (point(clip["origin_mm"]), point(clip["normal"])),
        )
        return {
            "type": "picked",
            "id": message["id"],
            "point_mm": hit and list(hit.point_mm),
            "structure": hit and hit.structure,
            "normal": hit and list(hit.normal),
        }


def measure(message: dict[str, Any]) -> dict[str, Any]:
    """The answer `measured` to a message `measure`: value, unit and sentence."""
    points: list[Point] = [point(one) for one in message["points_mm"]]
    answer = measured(str(message["kind"]), points)
    return {
        "type": "measured",
        "id": message["id"],
        "value": answer.value,
        "unit": answer.unit,
        "sentence": answer.sentence,
    }
