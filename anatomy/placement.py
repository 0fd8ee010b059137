"""Where a stored volume lies in the patient: unit, orientation and their contradictions settled.

NIfTI says it twice (qform, sform) or not at all; what cannot be known is asked, never guessed.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from anatomy.errors import Question, ReadError
from anatomy.geometry import Floats, FrameId, moved
from anatomy.grid import SPACING_MM
from anatomy.header import Header
from anatomy.report import Answers

PATIENT: FrameId = "patient-ras"
"""The world of the patient's own scans: every file of one patient shares it."""

APART_MM = 0.5
"""House value: two placements that differ by less are one (docs/coordinates.md)."""
SHEAR_DEG = 0.1
"""House value: this much shear moves no voxel of a 250 mm head by 0.5 mm."""
HEAD_MM = (100.0, 350.0)
"""House value: edge of a field of view that holds an adult or a child's head."""
FIELD_MM = (5.0, 2500.0)
"""House value: edge of a field of view of any scan of a person."""
FAR_MM = 2000.0
"""House value: a scanner's bore and table are shorter; a centre farther off is a damaged header."""
SCALE = {"mm": 1.0, "m": 1000.0, "um": 0.001}
NAMES = {"mm": "millimetre", "m": "metre", "um": "micrometre", "unknown": "no unit"}


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Placement:
    """The outcome: voxel indices to RAS [mm], how it was chosen, and what a reader should know."""

    ijk_to_ras: Floats
    placed_by: str
    unit_used: str
    notes: tuple[str, ...]


def place(header: Header, *, name: str, answers: Answers, head: bool) -> Placement:
    """Settle unit and orientation; `head` demands a field of view that fits a head."""
    unit, notes = settle_unit(
        stored_fov(header, name=name), header.unit, name=name, answers=answers, head=head
    )
    affine, placed_by, more = _choose(header, SCALE[unit], name=name, answers=answers)
    return Placement(ijk_to_ras=affine, placed_by=placed_by, unit_used=unit, notes=(*notes, *more))


def stored_fov(header: Header, *, name: str) -> Floats:
    """Edges of the field of view in the header's own unit."""
    if header.sform_code > 0:
        spacing = np.linalg.norm(np.reshape(header.srow, (3, 4))[:, :3], axis=0)
    else:
        spacing = np.abs(header.pixdim[1:4])
    if not np.isfinite(spacing).all() or (spacing <= 0).any():
        raise ReadError(
            f"{name} states a voxel size of {_numbers(spacing)}: its placement is singular, "
            "so no point in it has a place.",
            spacing=spacing.tolist(),
        )
    return spacing * header.shape


def settle_unit(
    fov: Floats, stated: str, *, name: str, answers: Answers, head: bool
) -> tuple[str, list[str]]:
    """The unit of a field of view `fov` (in that unit), and notes; Question if it is open."""
    low, high = HEAD_MM if head else FIELD_MM
    whom = "a head" if head else "a person"

    def fits(unit: str) -> bool:
        edges = fov * SCALE[unit]
        return bool((edges >= low).all() and (edges <= high).all())

    if answers.unit is not None:
        unit = answers.unit
        if not fits(unit):
            raise ReadError(
                f"{name} measures {_mm(fov * SCALE[unit])} mm if its unit is the "
                f"{NAMES[unit]}: that is not the size of {whom}.",
                fov=fov.tolist(),
                unit=unit,
            )
        if unit != stated:
            return unit, [f"The unit {NAMES[unit]} was given by hand; the file says {stated}."]
        return unit, []
    if stated == "unknown":
        if fits("mm"):
            note = f"The file states no unit; millimetres were taken, which fit {whom}."
            return "mm", [note]
    elif fits(stated):
        if stated == "mm":
            return "mm", []
        return stated, [f"The file's unit is the {NAMES[stated]}; lengths were converted to mm."]
    for unit in ("mm", "m", "um"):
        if unit != stated and fits(unit):
            raise Question(
                f"{name} says {NAMES[stated]}, but its field of view ({_mm(fov)}) would fit "
                f"{whom} in {NAMES[unit]}s: if that is so, say --unit {unit}.",
                flag=f"--unit {unit}",
                fov=fov.tolist(),
                stated=stated,
            )
    edges = fov * SCALE.get(stated, 1.0)
    raise ReadError(
        f"{name} is not the size of {whom}: its field of view is {_mm(edges)} mm, and "
        f"{low:g} to {high:g} mm along each edge are expected.",
        fov_mm=edges.tolist(),
    )


def _choose(
    header: Header, scale: float, *, name: str, answers: Answers
) -> tuple[Floats, str, list[str]]:
    """The affine in mm, the header's part that gave it, notes."""
    coded = {"sform": header.sform_code > 0, "qform": header.qform_code > 0}
    if answers.use is not None and not coded[answers.use]:
        raise ReadError(f"{name} has no {answers.use}: its {answers.use} code is 0.")
    if not any(coded.values()):
        return _along_storage(header, scale, name=name, answers=answers)
    found = {}
    if coded["sform"]:
        found["sform"] = sform(header)
    if coded["qform"]:
        found["qform"] = qform(header, name=name)
    chosen = answers.use or ("sform" if coded["sform"] else "qform")
    for which, affine in found.items():
        affine[:3] *= scale
        if answers.use in (None, which):
            sound(affine, name=name)
    notes = []
    if len(found) == 2:
        far = apart(found["sform"], found["qform"], header.shape)
        mirrored = np.linalg.det(found["sform"][:3, :3]) * np.linalg.det(found["qform"][:3, :3]) < 0
        if far > APART_MM or mirrored:
            if answers.use is None:
                extra = " and mirror left and right" if mirrored else ""
                raise Question(
                    f"{name} gives two placements, sform and qform, that lie up to {far:.1f} mm "
                    f"apart{extra}: say which one holds, --use sform or --use qform.",
                    flag="--use sform|qform",
                    apart_mm=far,
                    mirrored=bool(mirrored),
                )
            notes.append(
                f"The {chosen} was chosen by hand; sform and qform lie up to {far:.1f} mm apart."
            )
    return found[chosen], chosen, notes


def _along_storage(
    header: Header, scale: float, *, name: str, answers: Answers
) -> tuple[Floats, str, list[str]]:
    if answers.orientation != "trust":
        raise Question(
            f"{name} does not say how the patient lies in it (sform and qform codes are 0), so "
            "left cannot be told from right: say --orientation trust to read it along its "
            "storage axes.",
            flag="--orientation trust",
        )
    spacing = np.abs(header.pixdim[1:4]) * scale
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = -spacing * (np.array(header.shape) - 1) / 2
    sound(affine, name=name)
    note = (
        "The file does not say left from right: its storage axes were taken for right, "
        "anterior, superior. Confirm the side with a landmark before any use."
    )
    return affine, "storage", [note]


def sform(header: Header) -> Floats:
    """The map of the header's three rows, in its own unit."""
    return np.vstack([np.reshape(header.srow, (3, 4)), [0, 0, 0, 1]]).astype(float)


def qform(header: Header, *, name: str) -> Floats:
    """The map of the header's quaternion, offsets and pixdim, in its own unit."""
    b, c, d = header.quatern
    rest = 1.0 - (b * b + c * c + d * d)
    if not np.isfinite(rest) or rest < -1e-5:
        raise ReadError(f"{name} holds a rotation that is none (quaternion {b:g}, {c:g}, {d:g}).")
    a = np.sqrt(max(rest, 0.0))
    scaled = np.array([a, b, c, d]) / np.sqrt(a * a + b * b + c * c + d * d)
    a, b, c, d = scaled
    turn = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    spacing = np.abs(header.pixdim[1:4])
    if not np.isfinite(spacing).all():
        raise ReadError(f"{name} states a voxel size of {_numbers(spacing)}.")
    face = -1.0 if header.pixdim[0] < 0 else 1.0
    affine = np.eye(4)
    affine[:3, :3] = turn * spacing * (1.0, 1.0, face)
    affine[:3, 3] = header.qoffset
    return affine


def apart(one: Floats, other: Floats, shape: tuple[int, int, int]) -> float:
    """Largest distance between where two maps put the corners of a grid, in their unit."""
    corners = np.array(list(itertools.product(*[(0, n - 1) for n in shape])), dtype=float)
    return float(np.linalg.norm(moved(corners, one) - moved(corners, other), axis=1).max())


def sound(affine: Floats, *, name: str) -> None:
    """Refuse a map [mm] that is not finite, is singular, sheared or absurdly scaled."""
    if not np.isfinite(affine).all():
        raise ReadError(f"{name} holds a placement with numbers that are not finite.")
    columns = affine[:3, :3]
    spacing = np.linalg.norm(columns, axis=0)
    if (spacing < 1e-6).any() or abs(np.linalg.det(columns / spacing)) < 1e-3:
        raise ReadError(
            f"{name} has a singular placement: it flattens the body, so no point has a place."
        )
    low, high = SPACING_MM
    if (spacing < low).any() or (spacing > high).any():
        raise ReadError(
            f"{name} has voxels of {_numbers(spacing)} mm: {low} to {high} mm are expected.",
            spacing_mm=spacing.tolist(),
        )
    unit = columns / spacing
    cosines = np.abs(unit.T @ unit - np.eye(3)).max()
    if cosines > np.sin(np.radians(SHEAR_DEG)):
        raise ReadError(
            f"{name} is sheared by {np.degrees(np.arcsin(min(cosines, 1.0))):.1f} degrees (as a "
            "tilted gantry or an affine registration leaves it): resample it to a grid with "
            "right angles first.",
        )


def near(affine: Floats, shape: tuple[int, int, int], *, name: str) -> None:
    """Refuse a volume whose centre lies more than FAR_MM from the origin of its world."""
    centre = moved((np.array(shape) - 1) / 2, affine)
    far = float(np.linalg.norm(centre))
    if not far <= FAR_MM:
        raise ReadError(
            f"{name} lies {far / 1000:.4g} m from the origin of its coordinates: up to "
            f"{FAR_MM / 1000:g} m are expected, so its placement is damaged or in another unit.",
            centre_mm=centre.tolist(),
        )


def axis_codes(affine: Floats) -> str:
    """The storage axes as letters, e.g. LPS: where each leads, to the nearest body axis."""
    turn = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    best = max(
        itertools.permutations(range(3)),
        key=lambda rows: sum(abs(turn[row, column]) for column, row in enumerate(rows)),
    )
    return "".join(
        ("LR", "PA", "IS")[row][int(turn[row, column] > 0)] for column, row in enumerate(best)
    )


def oblique_deg(affine: Floats) -> float:
    """Largest angle between a storage axis and the nearest body axis [degree]."""
    turn = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    return float(np.degrees(np.arccos(np.clip(np.abs(turn).max(axis=0).min(), -1.0, 1.0))))


def _mm(edges: Floats) -> str:
    return " x ".join(f"{e:.4g}" for e in edges)


def _numbers(values: Floats) -> str:
    return ", ".join(f"{v:.4g}" for v in values)
