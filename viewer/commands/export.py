"""theatrum export: the label map on the scan's own grid, a structure's surface, a plan."""

import argparse
import sys
from pathlib import Path
from typing import Any

from anatomy.errors import ReadError
from anatomy.structure import solid_of, whole_key
from twin.build import unpack_labels
from twin.records import Case
from twin.repository import Repository
from viewer.commands import asked, terminal
from viewer.scene import INTENDED_USE

FORMATS = ("stl", "ply", "obj", "glb", "vtp")


def add(verbs: Any) -> None:
    """Declare the command."""
    parser = verbs.add_parser("export", help="write labels or a surface of a case, or a plan of it")
    parser.add_argument("case")
    parser.add_argument("--labels", type=Path, metavar="OUT.nii.gz", help="its label map, with key")
    parser.add_argument("--mesh", choices=FORMATS, help="a surface, in this format")
    parser.add_argument(
        "--structure", action="append", metavar="ID",
        help="one structure, whole; again for each beside a plan's devices",
    )  # fmt: skip
    parser.add_argument("--level", choices=("fine", "coarse"), default="fine")
    parser.add_argument("--plan", type=Path, metavar="PLAN.json", help="a plan, as --out ends")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="of a plan's deliveries")
    parser.add_argument(
        "--out", type=Path, metavar="FILE",
        help="default: CASE-ID.FORMAT; of a plan .mrk.json, .seg.nrrd, .stl, .ply, .obj, .glb, "
        ".json, .html or .pdf",
    )  # fmt: skip
    terminal.add_library(parser)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Write what was asked for and say where, in which frame and unit."""
    if not given.labels and not given.mesh and not given.plan:
        raise ReadError(
            "Say what to write: --labels OUT.nii.gz, --mesh FORMAT --structure ID, or --plan "
            "PLAN.json --out FILE."
        )
    if len(given.structure or ()) > 1 and not given.plan:
        raise ReadError("One structure is written at a time: give --structure ID once.")
    library = terminal.repository(given, make=False)
    case = library.case(given.case)
    if given.plan:
        _plan(library, case, given)
    if given.labels:
        _labels(library, case, given)
    if given.mesh:
        from anatomy.mesh_file import write_mesh
        from anatomy.surface_file import decode

        if not given.structure:
            raise ReadError("Say which structure: --structure ID.")
        record = case.structure(given.structure[0])
        surface, _ = decode(library.blob(record.meshes[given.level].digest).read_bytes())
        out = given.out or Path(f"{case.case}-{record.id}.{given.mesh}")
        write_mesh(out, surface.vertices_mm, surface.faces, frame=surface.frame)
        print(f"{out}: {record.title}, RAS mm, frame {case.frame}", file=sys.stderr)
    print(INTENDED_USE, file=sys.stderr)
    return 0


def _plan(library: Repository, case: Case, given: argparse.Namespace) -> None:
    from anatomy.writing import write_whole
    from twin.planning import scene_of
    from viewer.takeaway.files import KINDS, export, kind_of, result_for

    if not given.out:
        raise ReadError("Say where: --out FILE, whose ending says what is written.")
    kind = kind_of(given.out.name)
    plan = asked.plan_file(given.plan)
    terminal.warn(case)
    scene = scene_of(library, case)
    result = result_for(scene, plan, seed=given.seed)
    taken = export(library, case, scene, result, kind, structures=given.structure)
    write_whole({given.out: lambda: taken.content})
    print(f"{given.out}: {KINDS[kind].title}, plan {plan.id}, {result['verdict']}", file=sys.stderr)


def _labels(library: Repository, case: Case, given: argparse.Namespace) -> None:
    from anatomy.nifti import write_labels

    labelmap = unpack_labels(library.content(case.labelmap))
    what = "label map"
    if given.structure:
        (id,) = given.structure
        what = f"the whole {case.structure(id).title} as 1"
        labelmap = solid_of(labelmap, id)
    write_labels(labelmap, given.labels)
    place = f"on the scan's grid, RAS mm, frame {case.frame}"
    print(f"{given.labels}: {what} {place}", file=sys.stderr)
    number = {name: n for n, name in labelmap.key.items()}
    rests = [f"{number[id]} is only the rest of the {'head' if id == 'scalp' else id}"
             for id, whole in whole_key(labelmap.key).items() if len(whole) > 1]  # fmt: skip
    if rests:
        beside = given.labels.name.removesuffix(".nii.gz") + ".parts.json"
        print(f"In it {' and '.join(rests)}: {beside} names all integers of the whole solids, and "
              "--structure ID writes one of them.", file=sys.stderr)  # fmt: skip
