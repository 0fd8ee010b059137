"""Surfaces in and out of files, in RAS millimetres; what a file does not say is asked."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anatomy import intake, mesh_read
from anatomy.errors import GeometryError, Question, ReadError, WriteError
from anatomy.geometry import FrameId, ras_from_lps
from anatomy.mesh_write import WRITERS, Part
from anatomy.placement import PATIENT
from anatomy.writing import write_whole

Space = Literal["RAS", "LPS"]
Unit = Literal["mm", "cm", "m", "um", "in"]

SCALE = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "um": 0.001, "in": 25.4}
SIZES_MM = {"head": (100.0, 400.0), "vertebra": (10.0, 120.0), None: (2.0, 600.0)}
"""House values: longest edge of the box around a surface."""
SIDECAR_BYTES = 64 * 1024


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class MeshFile:
    """A surface read from a file: corners (n, 3) RAS [mm], triangles (m, 3), what was assumed."""

    vertices_mm: NDArray[np.float32]
    faces: NDArray[np.uint32]
    frame: FrameId
    format: str
    space: str
    """RAS or LPS: the space of the file's own numbers."""
    unit: str
    """The unit that the file's numbers were taken in."""
    unit_stated: str
    notes: tuple[str, ...]


def read_mesh(
    path: str | os.PathLike[str],
    *,
    space: Space | None = None,
    unit: Unit | None = None,
    expect: Literal["head", "vertebra"] | None = None,
    name: str | None = None,
) -> MeshFile:
    """The surface in an STL, PLY, OBJ, GLB or own VTP file, in RAS [mm].

    Space and unit come from the file's own tag, else from `FILE.json` beside it, else from the
    caller; a missing space or an implausible size is a Question. Raises ReadError.
    """
    called = name or Path(path).name
    found = intake.in_child(mesh_read.take, str(path), called, subject=called, seconds=60.0)
    beside = _sidecar(Path(path))
    notes: list[str] = []
    said = space or found["space"] or beside.get("space", "")
    if said not in ("RAS", "LPS"):
        raise Question(
            f"{called} does not say whether its coordinates are RAS or LPS, which turns the body "
            "by half a turn: say --space RAS or --space LPS.",
            flag="--space RAS|LPS",
        )
    if space and found["space"] and space != found["space"]:
        notes.append(f"{space} was given by hand; the file says {found['space']}.")
    stated = found["unit"] or beside.get("unit", "")
    points = np.asarray(found["vertices"], dtype=np.float64)
    used = _unit(points, unit, stated, expect=expect, name=called, notes=notes)
    points = points * SCALE[used]
    faces = np.asarray(found["faces"], dtype=np.uint32)
    if said == "LPS":
        points = ras_from_lps(points)
        notes.append("The file's space is LPS; it was turned into RAS.")
    frame = found["frame"] or beside.get("frame", "") or PATIENT
    return MeshFile(
        vertices_mm=points.astype(np.float32),
        faces=faces,
        frame=str(frame),
        format=found["format"],
        space=said,
        unit=used,
        unit_stated=stated,
        notes=tuple(notes),
    )


def write_mesh(
    path: str | os.PathLike[str],
    vertices_mm: ArrayLike,
    faces: ArrayLike,
    *,
    frame: FrameId = PATIENT,
) -> None:
    """Write corners (n, 3) RAS [mm] and triangles (m, 3) as the suffix says, whole or not at all.

    Every format states space, frame and unit; GLB is in metres with Y up, the others in mm.
    VTP gets the same statement in `OUT.vtp.json` beside it.
    """
    out = Path(path)
    writer = WRITERS.get(out.suffix.lower())
    if writer is None:
        raise WriteError(f"{out.name} has no mesh's ending: {', '.join(WRITERS)} are written.")
    points = np.ascontiguousarray(vertices_mm, dtype=np.float32)
    rings = np.ascontiguousarray(faces, dtype=np.uint32)
    if points.ndim != 2 or points.shape[1] != 3 or rings.ndim != 2 or rings.shape[1] != 3:
        raise GeometryError("A surface needs corners (n, 3) and triangles (m, 3).")
    if not len(rings) or not np.isfinite(points).all() or int(rings.max()) >= len(points):
        raise GeometryError("A surface needs triangles whose corners exist and are finite.")
    plain = "-".join(frame.split())
    part = Part(vertices_mm=points, faces=rings)
    parts = {out: lambda: writer([part], plain, ())}
    if out.suffix.lower() == ".vtp":
        says = {"space": "RAS", "unit": "mm", "frame": plain}
        parts[out.with_name(out.name + ".json")] = lambda: json.dumps(says).encode()
    write_whole(parts)


def _unit(
    points: NDArray[np.float64],
    given: str | None,
    stated: str,
    *,
    expect: Literal["head", "vertebra"] | None,
    name: str,
    notes: list[str],
) -> str:
    """The unit of `points`; Question if the size contradicts what is stated."""
    low, high = SIZES_MM[expect]
    edge = float(np.ptp(points, axis=0).max())
    whom = f"a {expect}" if expect else "a structure of the body"

    def fits(unit: str) -> bool:
        return low <= edge * SCALE[unit] <= high

    if given is not None:
        if not fits(given):
            raise ReadError(
                f"{name} is {edge * SCALE[given]:.4g} mm large if its unit is {given}: that is "
                f"not the size of {whom} ({low:g} to {high:g} mm).",
                size_mm=edge * SCALE[given],
            )
        if stated and given != stated:
            notes.append(f"The unit {given} was given by hand; the file says {stated}.")
        return given
    first = stated if stated in SCALE else "mm"
    if fits(first):
        if not stated:
            notes.append(f"The file states no unit; millimetres were taken, which fit {whom}.")
        return first
    others = [unit for unit in SCALE if unit != first and fits(unit)]
    if others:
        raise Question(
            f"{name} is {edge * SCALE[first]:.4g} mm large as it stands, which does not fit "
            f"{whom}: say which unit it has, --unit {' or --unit '.join(others)}.",
            flag=f"--unit {'|'.join(others)}",
            size_mm=edge * SCALE[first],
        )
    raise ReadError(
        f"{name} is {edge * SCALE[first]:.4g} mm large: in no unit is that the size of {whom}.",
        size_mm=edge * SCALE[first],
    )


def _sidecar(path: Path) -> dict[str, str]:
    beside = path.with_name(path.name + ".json")
    if not beside.is_file() or beside.stat().st_size > SIDECAR_BYTES:
        return {}
    try:
        says = json.loads(beside.read_text(encoding="utf-8"))
        return {key: str(says[key]) for key in ("space", "unit", "frame") if key in says}
    except (OSError, ValueError, TypeError):
        raise ReadError(f"{beside.name} is not JSON: it should state space and unit.") from None
