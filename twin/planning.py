"""A case of the library as planning reads it."""

from anatomy.structure import CARD, Anatomy, Structure
from surgery.scene import Scene
from twin.build import unpack_labels
from twin.records import Case, StructureRecord
from twin.repository import Repository


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
