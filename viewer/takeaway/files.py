"""Everything that leaves the planning page as a file: what it is called, what it is, its bytes.

Each file states the anatomy and the plan that it is of, and what it may be used for.
"""

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from anatomy.errors import WriteError
from anatomy.mesh_write import WRITERS
from surgery import markups, plan_file
from surgery.plan import Plan, PlanError
from surgery.run import run as carried_out
from surgery.scene import Scene
from twin.planning import scene_of
from twin.records import Case
from twin.repository import Repository
from viewer.scene import INTENDED_USE
from viewer.takeaway.solids import solids


class Kind(NamedTuple):
    """A kind of file: what people call it, its ending, its media type."""

    title: str
    suffix: str
    media: str


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "html": Kind("Report, one page for the browser", ".html", "text/html; charset=utf-8"),
        "pdf": Kind("Report for paper", ".pdf", "application/pdf"),
        "json": Kind("Plan of Theatrum", ".plan.json", "application/json"),
        "mrk": Kind("Lines for 3D Slicer", ".mrk.json", "application/json"),
        "seg": Kind("Segmentation for 3D Slicer", ".seg.nrrd", "application/octet-stream"),
        "stl": Kind("Device and anatomy, STL", ".stl", "model/stl"),
        "ply": Kind("Device and anatomy, PLY", ".ply", "application/octet-stream"),
        "obj": Kind("Device and anatomy, OBJ", ".obj", "model/obj"),
        "glb": Kind("Device and anatomy, GLB", ".glb", "model/gltf-binary"),
    }
)
MESHES = frozenset({"stl", "ply", "obj", "glb"})


class Taken(NamedTuple):
    """A file: its bytes, a name that is safe on any system, its media type."""

    content: bytes
    name: str
    media: str


def kind_of(name: str) -> str:
    """The kind of file that a name asks for by its ending; raises PlanError."""
    low = name.lower()
    for kind, what in KINDS.items():
        if low.endswith(what.suffix):
            return kind
    if low.endswith(".json"):
        return "json"
    endings = ", ".join(what.suffix for what in KINDS.values())
    raise PlanError(f"{name} is no file that a plan is written to: {endings} are.")


def result_for(scene: Scene, plan: Plan, *, seed: int) -> dict[str, Any]:
    """What `theatrum score --json` prints of a plan."""
    from surgery.planner import scored
    from surgery.procedure import procedure
    from surgery.station import Station

    station = Station(scene, procedure(plan.procedure), plan.profile)
    return scored(station, plan, seed=seed).wire()


def export(
    library: Repository,
    case: Case,
    scene: Scene,
    result: Mapping[str, Any],
    kind: str,
    *,
    run: Mapping[str, Any] | None = None,
    structures: Sequence[str] | None = None,
    made: str = "",
) -> Taken:
    """The file of `kind` for a scored plan; `result` is what `theatrum score --json` prints.

    `run` is that of `surgery.run` as JSON, made here if it is not given; `structures` are those
    that a mesh file holds beside the devices, by id (None: what `solids` chooses); `made` is a date
    that a report prints. Raises PlanError, and TermError for a structure that is not there.
    """
    if kind not in KINDS:
        raise PlanError(f"No file is of kind {kind!r}: there are {', '.join(KINDS)}.")
    plan = plan_file.read(result["plan"])
    stale = result["verdict"] == "stale"
    if result["digest"] != plan.digest or stale != (plan.anatomy != scene.digest):
        raise PlanError(f"These scores are not of plan {plan.id} on this anatomy. Score it again.")
    if stale and kind in MESHES | {"seg"}:
        raise PlanError(f"{result['sentence']} Only its plan, its lines and a report are written.")
    if kind in ("html", "pdf"):
        if run is None and not stale:
            run = carried_out(scene, plan, seed=result["seed"]).wire()
        content = _report(library, case, scene, result, run or {}, kind, made)
    elif kind == "json":
        content = plan_file.write(plan).encode()
    elif kind == "mrk":
        content = markups.write(plan, stamp=_stamp(plan)).encode()
    elif kind == "seg":
        from anatomy.segmentation_file import segmentation

        content = segmentation(scene.labelmap, stamp=_stamp(plan))
    else:
        parts = solids(scene, plan, structures)
        stamp = _stamp(plan)
        del stamp["frame"]  # Each format states it by itself.
        words = [f"{key.upper()}={value}" for key, value in stamp.items()]
        if kind == "stl":  # Its header of 80 bytes holds no more.
            words = [f"A={plan.anatomy[:8]}", f"P={plan.digest[:8]}", "RESEARCH ONLY"]
        content = WRITERS[f".{kind}"](parts, "-".join(plan.frame.split()), words)
    name = f"{_safe(case.case)}-{_safe(plan.id)}-r{plan.rev}{KINDS[kind].suffix}"
    return Taken(content, name, KINDS[kind].media)


def export_in_child(
    library: Path, case: str, result: Mapping[str, Any], kind: str, **more: Any
) -> Taken:
    """`export` in a process of its own, which reads the case there; `more` as there.

    What draws off screen may take its process with it: then WriteError, and the server lives on.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            return pool.submit(_exported, library, case, dict(result), kind, more).result()
        except BrokenProcessPool:
            raise WriteError(
                f"The {KINDS[kind].title} could not be made: its process died. Try again, or take "
                "the plan as JSON."
            ) from None


def _exported(
    library: Path, name: str, result: Mapping[str, Any], kind: str, more: Mapping[str, Any]
) -> Taken:
    repository = Repository(library, make=False)
    case = repository.case(name)
    return export(repository, case, scene_of(repository, case), result, kind, **more)


def _report(
    library: Repository, case: Case, scene: Scene, result: Mapping[str, Any],
    run: Mapping[str, Any], kind: str, made: str,
) -> bytes:  # fmt: skip
    from viewer.takeaway.report import report

    sheet = report(library, case, scene, result, run, made=made)
    if kind == "pdf":
        from viewer.takeaway.as_pdf import pdf

        return pdf(sheet)
    from viewer.takeaway.as_html import html

    return html(sheet)


def _stamp(plan: Plan) -> dict[str, str]:
    return {
        "intended_use": INTENDED_USE,
        "anatomy": plan.anatomy,
        "frame": plan.frame,
        "plan": plan.id,
        "revision": str(plan.rev),
        "plan_digest": plan.digest,
    }


def _safe(name: str) -> str:
    """The name for a file: letters, digits, dash, dot and underscore of it, 60 at most."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:60] or "plan"
