"""Files to take away: made beside the server, and fetched by their digest."""

import gzip
import logging
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from anatomy.errors import TwinError
from anatomy.grid import Grid
from anatomy.structure import Anatomy
from anatomy.volume import LabelMap
from surgery.plan import PlanError
from surgery.scene import Scene
from twin.records import Case
from viewer.takeaway.files import KINDS, export, export_in_child

if TYPE_CHECKING:
    from viewer.app import Services

log = logging.getLogger(__name__)

LIGHT, DAY = frozenset({"json", "mrk"}), "%Y-%m-%d"
"""Kinds that hold no anatomy: they are written here, at once."""
LEVEL = 4
"""How hard a file is packed: it is fetched once, from this machine."""


def kind_of(message: Mapping[str, Any]) -> str:
    """The kind of file that is asked for; raises PlanError."""
    kind = message.get("kind")
    if kind not in KINDS:
        raise PlanError(f"No file is of kind {kind!r:.20}: there are {', '.join(KINDS)}.")
    return str(kind)


def make(
    services: "Services",
    case: Case,
    kind: str,
    result: Mapping[str, Any],
    *,
    told: Callable[[dict[str, Any]], None],
    refused: Callable[[TwinError], None],
) -> None:
    """Make the file of a scored plan on a thread of the server; one of the two is called then.

    The file lies in the library until it is swept with what no case needs, a day later at least.
    """

    def work() -> None:
        try:
            taken = (
                export(services.repository, case, _bare(case), result, kind)
                if kind in LIGHT
                else export_in_child(
                    services.settings.library, case.case, result, kind, made=time.strftime(DAY)
                )
            )
            packed = gzip.compress(taken.content, compresslevel=LEVEL, mtime=0)
            digest = services.repository.put(packed)
        except TwinError as refusal:
            refused(refusal)
        except Exception as fault:
            log.exception("a file could not be made")
            refused(PlanError(f"The file could not be made: {type(fault).__name__}: {fault}."))
        else:
            told({"url": f"data/{digest}", "name": taken.name, "kind": kind})

    services.threads.submit(work)


def _bare(case: Case) -> Scene:
    """The anatomy of a case by its digest and frame alone: all that a plan or its lines need."""
    nothing = LabelMap(
        grid=Grid((1, 1, 1), np.eye(4), case.frame), labels=np.zeros((1, 1, 1), np.uint16), key={}
    )
    return Scene(Anatomy(case.frame, (), stored_as=case.anatomy), nothing)
