"""theatrum export: the label map on the scan's own grid, or one structure's surface."""

import argparse
import sys
from pathlib import Path
from typing import Any

from anatomy.errors import ReadError
from twin.build import unpack_labels
from viewer.commands import terminal
from viewer.scene import INTENDED_USE

FORMATS = ("stl", "ply", "obj", "glb", "vtp")


def add(verbs: Any) -> None:
    """Declare the command."""
    parser = verbs.add_parser("export", help="write labels or a surface of a case")
    parser.add_argument("case")
    parser.add_argument("--labels", type=Path, metavar="OUT.nii.gz", help="its label map, with key")
    parser.add_argument("--mesh", choices=FORMATS, help="a surface, in this format")
    parser.add_argument("--structure", metavar="ID", help="which structure's surface")
    parser.add_argument("--level", choices=("fine", "coarse"), default="fine")
    parser.add_argument("--out", type=Path, metavar="FILE", help="default: CASE-ID.FORMAT")
    terminal.add_library(parser)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Write what was asked for and say where, in which frame and unit."""
    if not given.labels and not given.mesh:
        raise ReadError("Say what to write: --labels OUT.nii.gz, or --mesh FORMAT --structure ID.")
    library = terminal.repository(given)
    case = library.case(given.case)
    if given.labels:
        from anatomy.nifti import write_labels

        write_labels(unpack_labels(library.content(case.labelmap)), given.labels)
        print(f"{given.labels}: label map on the scan's grid, RAS mm, frame {case.frame}",
              file=sys.stderr)  # fmt: skip
    if given.mesh:
        from anatomy.mesh_file import write_mesh
        from anatomy.surface_file import decode

        if not given.structure:
            raise ReadError("Say which structure: --structure ID.")
        record = case.structure(given.structure)
        surface, _ = decode(library.blob(record.meshes[given.level].digest).read_bytes())
        out = given.out or Path(f"{case.case}-{record.id}.{given.mesh}")
        write_mesh(out, surface.vertices_mm, surface.faces, frame=surface.frame)
        print(f"{out}: {record.title}, RAS mm, frame {case.frame}", file=sys.stderr)
    print(INTENDED_USE, file=sys.stderr)
    return 0
