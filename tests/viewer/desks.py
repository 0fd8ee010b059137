"""A ball of a head in a library, with plans of it as the engine scores them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from anatomy.phantom_bodies import HEAD, bodies
from anatomy.quality import Quality
from anatomy.reconstruct import Reconstruction
from anatomy.volume import Volume
from surgery.plan import Placement, Plan, Trajectory
from surgery.run import run
from surgery.scene import Scene
from twin.build import Order, Reading, store
from twin.planning import scene_of
from twin.records import Case
from twin.repository import Repository
from viewer.takeaway.files import Taken, export, result_for
from viewer.takeaway.report import report
from viewer.takeaway.sheet import Sheet

Shell = Callable[..., tuple[int, str]]
"""The command as a person types it: exit status, what was said beside the answer."""
ENTRY, TARGET = (0.0, 10.0, 56.5), (0.0, 0.0, 3.0)
HOSTILE = '<script>alert("1")</script> & 漢 \u202e'


def a_plan(case: Case, *, entry=ENTRY, target=TARGET, **more: Any) -> Plan:
    way = Trajectory(entry_mm=entry, target_mm=target, frame=case.frame)
    needle = Placement(device="core_needle_14g", trajectory=way, depth_mm=14.5, roll_rad=0.3)
    return Plan(
        id="biopsy-1", procedure="needle_biopsy", anatomy=case.anatomy, placements=(needle,), **more
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Desk:
    """The case `ball` with a good plan, one through the artery, and a stale one."""

    library: Repository
    case: Case
    scene: Scene
    plan: Plan

    @cached_property
    def good(self) -> dict[str, Any]:
        return result_for(self.scene, self.plan, seed=1)

    @cached_property
    def bad(self) -> dict[str, Any]:
        through = a_plan(self.case, entry=(57.0, 0.0, 0.0), target=(0.0, 0.0, 0.0))
        return result_for(self.scene, through, seed=1)

    @cached_property
    def stale(self) -> dict[str, Any]:
        return result_for(self.scene, replace(self.plan, anatomy="f" * 64), seed=1)

    @cached_property
    def run(self) -> dict[str, Any]:
        return run(self.scene, self.plan, seed=1).wire()

    @cached_property
    def sheet(self) -> Sheet:
        return report(self.library, self.case, self.scene, self.good, self.run, made="2026-11-24")

    def export(self, kind: str, result: Any = None, **more: Any) -> Taken:
        return export(self.library, self.case, self.scene, result or self.good, kind, **more)


def desk_in(root: Path) -> Desk:
    anatomy, labelmap = bodies(dict(HEAD), spacing_mm=3.0, times=3)
    voxels = labelmap.labels.astype(np.float32) * 100
    library = Repository(root)
    store(
        library,
        Order(path=Path("ball.nii"), case="ball"),
        Reading(
            volume=Volume(grid=labelmap.grid, voxels=voxels, source="b" * 64),
            report={"notes": []}, overlays=[], laid=[], recipe="ball",
        ),
        Reconstruction(
            labelmap=labelmap, origin=dict.fromkeys(HEAD, "manual"),
            quality=Quality(passed=True, checks=()), stages=(), skull_stripped=False, notes=(),
        ),
        list(anatomy),
    )  # fmt: skip
    case = library.case("ball")
    return Desk(library, case, scene_of(library, case), a_plan(case, note=HOSTILE, author="A. B."))
