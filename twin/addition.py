"""A surface made elsewhere joins a case: read, checked against the scan, drawn and stored."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from anatomy import meshing
from anatomy.errors import GeometryError, ReadError
from anatomy.mesh_file import MeshFile, Space, Unit, read_mesh
from anatomy.placement import PATIENT
from anatomy.structure import Structure
from anatomy.surface import Surface
from anatomy.terms import split, title
from anatomy.volume import digest
from twin.build import stored
from twin.records import Case, DisplayRecord, RecordError, StructureRecord
from twin.repository import Repository

MOST_TRIANGLES = 2_000_000
"""House value: a browser draws it; a whole head of 2 mm voxels has a quarter of it."""
WAYS = (("left", "right"), ("back", "front"), ("bottom", "top"))


@dataclass(frozen=True, kw_only=True)
class Addition:
    """What to add. `space` and `unit` answer what the file does not say.

    `swap` puts the mesh in the place of a structure that the case already has.
    """

    path: Path
    structure: str
    space: Space | None = None
    unit: Unit | None = None
    swap: bool = False


@dataclass(frozen=True, kw_only=True)
class Added:
    """The case as it is now in the library, and the card of its new structure."""

    case: Case
    structure: StructureRecord


def add_mesh(repository: Repository, name: str, addition: Addition) -> Added:
    """Read a mesh and save the case with it, under a new anatomy id, whole or not at all.

    Raises Question where the file leaves space or unit open, ReadError where it lies outside the
    scan or cannot be read, TermError for an unknown structure, RecordError for one that is there.
    """
    split(addition.structure)
    _need_room(repository.case(name), addition)
    mesh = read_mesh(addition.path, space=addition.space, unit=addition.unit)
    called = addition.path.name
    case = repository.case(name)
    check_inside(mesh, case.display, name=called)
    _need_frame(mesh, case, name=called)
    made = structure_from(mesh, structure=addition.structure, name=called, frame=case.frame)
    with addition.path.open("rb") as file:
        source = hashlib.file_digest(file, "sha256").hexdigest()
    with repository.locked():
        case = repository.case(name)
        _need_room(case, addition)
        card = stored(repository, made)
        if addition.structure in case.display.key.values():
            card = replace(
                card, note=f"{card.note} The slices and the label map show the scan's own label."
            )
        changed = _joined(case, card, mesh, addition, source=source)
        repository.save(changed)
    return Added(case=changed, structure=card)


def check_inside(mesh: MeshFile, shown: DisplayRecord, *, name: str) -> None:
    """Refuse a mesh that reaches more than one voxel beyond the field of view [mm]."""
    size = np.array(shown.spacing_mm)
    low = np.array(shown.origin_mm) - size / 2
    high = low + size * shown.shape
    least, most = mesh.vertices_mm.min(axis=0), mesh.vertices_mm.max(axis=0)
    beyond = np.stack([low - least, most - high], axis=1)
    if (beyond <= float(size.max())).all():
        return
    axis, side = np.unravel_index(int(beyond.argmax()), beyond.shape)
    raise ReadError(
        f"{name} reaches {beyond[axis, side]:.0f} mm beyond the scan at its {WAYS[axis][side]}: it "
        f"fills {_box(least, most)} mm and the scan {_box(low, high)} mm (x, y, z, RAS). Check its "
        "space (--space RAS or LPS) and unit, or bring it into this scan's space and cut it to it.",
        mesh_mm=[*least.tolist(), *most.tolist()],
        scan_mm=[*low.tolist(), *high.tolist()],
    )


def structure_from(mesh: MeshFile, *, structure: str, name: str, frame: str) -> Structure:
    """The structure of a mesh: fine as given, coarse with fewer triangles.

    An open surface encloses nothing: its volumes are 0 and its note says so. The volume of labels
    is that of the surface, and its error 0, because no label stands behind it.
    """
    if len(mesh.faces) > MOST_TRIANGLES:
        raise ReadError(
            f"{name} has {len(mesh.faces)} triangles; up to {MOST_TRIANGLES} are drawn: "
            "simplify it first.",
            triangles=len(mesh.faces),
        )
    if len(mesh.faces) == 0:
        raise ReadError(f"{name} holds no triangle that has an area.")
    fine = _used(mesh.vertices_mm, mesh.faces)
    notes = [f"From {name}, not from this scan.", "It is drawn in 3D only: slices show labels."]
    closed = meshing.is_watertight(fine)
    if closed and meshing.volume_mm3(fine) < 0:
        fine = fine[0], np.ascontiguousarray(fine[1][:, ::-1])
        notes.append("Its faces looked inward and were turned over.")
    if not closed:
        notes.append("Its surface is not closed: it has no volume; distances to it are not exact.")
    coarse = _coarse(fine) if closed else _decimated(fine)
    outer, plain = Surface(*fine, frame), Surface(*coarse, frame)
    term, side = split(structure)
    volume_ml = outer.volume_ml if closed else 0.0
    return Structure(
        id=structure,
        title=title(structure),
        code=term.code,
        side=side,
        colour=term.colour,
        opacity=term.opacity,
        origin="manual",
        sigma_mm=term.sigma_mm,
        volume_ml=volume_ml,
        surface_volume_ml=volume_ml,
        watertight=closed,
        surface_p95_mm=0.0,
        surfaces={"fine": outer, "coarse": plain},
        note=" ".join(notes),
    )


def _coarse(fine: meshing.Triangles) -> meshing.Triangles:
    """Fewer triangles of a closed surface, still closed and of the same volume."""
    goal = meshing.volume_mm3(fine)
    radius = (0.75 * goal / np.pi) ** (1 / 3)
    coarse_mm = min(meshing.COARSE_MM, 0.02 * radius)
    try:
        less = meshing.simplified(fine, fine_mm=coarse_mm / 4, coarse_mm=coarse_mm)[1]
    except GeometryError:
        return _decimated(fine)
    less, _ = meshing.inflated(less, to_mm3=goal, at_most_mm=coarse_mm)
    return less if len(less[1]) < len(fine[1]) and meshing.is_watertight(less) else fine


def _decimated(fine: meshing.Triangles) -> meshing.Triangles:
    """At most about COARSE_BUDGET triangles of any surface, by quadric errors; holes stay holes."""
    count = len(fine[1])
    if count <= meshing.COARSE_BUDGET:
        return fine
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkFiltersCore import vtkQuadricDecimation

    filter = vtkQuadricDecimation()
    filter.SetInputData(meshing.polydata(fine))
    filter.SetTargetReduction(1 - meshing.COARSE_BUDGET / count)
    filter.Update()
    out = filter.GetOutput()
    faces = vtk_to_numpy(out.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    a, b, c = faces.T
    faces = faces[(a != b) & (b != c) & (c != a)]
    if len(faces) == 0:
        return fine
    return _used(vtk_to_numpy(out.GetPoints().GetData()), faces)


def _used(vertices: Any, faces: Any) -> meshing.Triangles:
    """The same triangles without corners that none of them names."""
    used, flat = np.unique(faces, return_inverse=True)
    return (
        np.ascontiguousarray(vertices[used], dtype=np.float32),
        flat.reshape(-1, 3).astype(np.uint32),
    )


def _need_room(case: Case, addition: Addition) -> None:
    there = next((one for one in case.structures if one.id == addition.structure), None)
    if there is not None and not addition.swap:
        raise RecordError(
            f"Case {case.case} already has {there.title} ({there.id}, {there.origin}): give "
            "another --structure ID, or --replace to put the mesh in its place.",
            structure=there.id,
        )


def _need_frame(mesh: MeshFile, case: Case, *, name: str) -> None:
    ours = "-".join(case.frame.split())
    if mesh.frame not in (PATIENT, ours):
        raise ReadError(
            f"{name} says that its coordinates are those of '{mesh.frame}', but case {case.case} "
            f"lies in '{ours}': bring it into the space of this scan first.",
            frame=mesh.frame,
        )


def _joined(
    case: Case, card: StructureRecord, mesh: MeshFile, addition: Addition, *, source: str
) -> Case:
    """The case with that card, last or in the place of its namesake."""
    ids = [one.id for one in case.structures]
    cards = [card if one.id == card.id else one for one in case.structures]
    if card.id not in ids:
        cards.append(card)
    name = addition.path.name
    laid = {
        "name": name,
        "kind": "mesh",
        "structure": card.id,
        "scheme": card.id,
        "report": {
            "file": name,
            "format": mesh.format,
            "digest": source,
            "space": mesh.space,
            "space_answered": addition.space,
            "unit_stated": mesh.unit_stated,
            "unit_used": mesh.unit,
            "unit_answered": addition.unit,
            "triangles": len(mesh.faces),
            "notes": list(mesh.notes),
        },
    }
    before, notes = [], list(case.notes)
    for one in case.overlays:
        if (one.get("kind"), one.get("structure")) == ("mesh", card.id):
            notes = [note for note in notes if note != _told(card, one["name"])]
        else:
            before.append(one)
    return replace(
        case,
        recipe=digest(case.recipe, "mesh", card.id, source, mesh.space, mesh.unit),
        anatomy=digest(case.frame, *(f"{one.id}:{one.meshes['fine'].digest}" for one in cards)),
        structures=cards,
        overlays=[*before, laid],
        notes=[*notes, _told(card, name)],
    )


def _told(card: StructureRecord, name: str) -> str:
    return f"{card.title} comes from {name}, not from this scan."


def _box(low: Any, high: Any) -> str:
    return ", ".join(f"{a:.0f} to {b:.0f}" for a, b in zip(low, high, strict=True))
