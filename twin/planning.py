"""Cases of the library as planning reads them, and a desk that keeps the last ones at hand."""

import contextlib
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from anatomy.errors import TermError
from anatomy.structure import CARD, Anatomy, Structure
from surgery.procedure import procedure
from surgery.scene import Scene
from surgery.station import Station
from twin.build import unpack_labels
from twin.records import Case, StructureRecord
from twin.repository import Repository

SCENES = 2
"""House value: heads kept in memory, 150 to 430 MB each."""
STATIONS = 6
"""House value: of each head, procedures and profiles kept ready."""


def structure_of(repository: Repository, record: StructureRecord) -> Structure:
    """One structure with both its surfaces, from the library's files."""
    from anatomy.surface_file import decode

    surfaces = {
        level: decode(repository.blob(mesh.digest).read_bytes())[0]
        for level, mesh in record.meshes.items()
    }
    return Structure(**{name: getattr(record, name) for name in CARD}, surfaces=surfaces)  # type: ignore[arg-type]


def scene_of(repository: Repository, case: Case) -> Scene:
    """The anatomy and the label map of a case; its distance fields are kept in the library."""
    structures = tuple(structure_of(repository, record) for record in case.structures)
    anatomy = Anatomy(case.frame, structures, stored_as=case.anatomy)
    labelmap = unpack_labels(repository.content(case.labelmap))
    return Scene(anatomy, labelmap, keep=repository.keep)


@dataclass(eq=False)
class _Table:
    """One head on the desk. Whoever holds the lock may bring it, or make a station ready."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    scene: Scene | None = None
    stations: OrderedDict[tuple[str, str], Station] = field(default_factory=OrderedDict)


class Desk:
    """The heads asked about last, ready to be worked on. For several threads."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._tables: OrderedDict[tuple[str, str], _Table] = OrderedDict()
        self._lock = threading.Lock()

    def clear(self) -> None:
        """Put every head away."""
        with self._lock:
            self._tables.clear()

    def scene(self, case: str) -> Scene:
        """The head of that case, as it stands in the library now."""
        table = self._table(case)
        with table.lock:
            return self._brought(table, case)

    def station(self, case: str, procedure_id: str, profile: str) -> Station:
        """That head under a procedure and a profile, with everything made that can be."""
        table = self._table(case)
        with table.lock:
            scene, key = self._brought(table, case), (procedure_id, profile)
            if (found := table.stations.get(key)) is None:
                found = Station(scene, procedure(procedure_id), profile)
                with contextlib.suppress(TermError):  # No brain: what needs one will say so.
                    found.ready()
                table.stations[key] = found
            _keep(table.stations, key, STATIONS)
            return found

    def _table(self, case: str) -> _Table:
        record = self._repository.case(case)
        key = record.anatomy, record.labelmap
        with self._lock:
            table = self._tables.setdefault(key, _Table())
            _keep(self._tables, key, SCENES)
            return table

    def _brought(self, table: _Table, case: str) -> Scene:
        if table.scene is None:
            table.scene = scene_of(self._repository, self._repository.case(case))
        return table.scene


def _keep(kept: OrderedDict[Any, Any], newest: object, most: int) -> None:
    kept.move_to_end(newest)
    while len(kept) > most:
        kept.popitem(last=False)
