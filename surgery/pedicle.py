"""The pedicles of a labelled vertebra, and straight ways through them into the body.

Nothing but the bone's own shape is used: the body is where the bone is deepest, the canal the gap
behind it. The pedicles are what a level plane between the body's back wall and the canal's middle
cuts on either side; ways go through the thick of each at many angles, back to the bone's surface.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy.errors import GeometryError
from anatomy.field import Box, Field
from anatomy.geometry import Floats
from anatomy.structure import Structure
from surgery.scene import Scene

Side = Literal["left", "right"]

SPACING_MM, AROUND_MM = 0.5, 3.0
"""Distances are read on this lattice over the vertebra's box with this much around it."""
CORE = 0.6
"""docs/evidence.md#pedicle-ways: the body's core is as deep as this share of the deepest place."""
HEIGHTS_MM = np.arange(-12.0, 12.1, 1.5)
BEHIND_MM, CANAL_MM = 70.0, (6.0, 40.0)
"""docs/evidence.md#pedicle-ways: how far behind the body the arch is looked for, and how deep a
canal is from front to back."""
ISTHMUS = 0.35
"""docs/evidence.md#pedicle-ways: share of the canal's depth behind the body's back wall."""
ASIDE_MM, UP_DOWN_MM, THICK = (3.0, 40.0), 22.0, 0.5
"""docs/evidence.md#pedicle-ways: where in that plane the pedicle is looked for, and the share of
its greatest depth that is its thick."""
MEDIAL_DEG, CAUDAL_DEG = np.arange(-10.0, 45.1, 5.0), np.arange(-30.0, 30.1, 5.0)
BACK_MM = 45.0
"""House value: no pedicle's entry lies farther behind its isthmus."""
ALONG_MM = 0.5
APPROACH_MM, CLEAR_OF_OWN_MM, DRIVER_MM = 60.0, 6.0, 5.0
"""docs/evidence.md#pedicle-approach"""


@dataclass(frozen=True, eq=False, kw_only=True)
class Vertebra:
    """Where a vertebra's parts lie [RAS mm], and the distances to its surface."""

    bone: Structure
    field: Field
    body_mm: Floats
    """Middle of the body's core."""
    canal_mm: Floats
    """Middle of the canal behind it, from front to back."""
    isthmus_mm: Floats
    """In the middle plane, ISTHMUS of the canal's depth behind the body."""
    back: Floats
    """Unit vector from the body to the canal, level."""

    @property
    def left(self) -> Floats:
        """Unit vector to the patient's left, square to `back`."""
        return np.cross(self.back, (0.0, 0.0, 1.0))


@dataclass(frozen=True, eq=False, kw_only=True)
class Ways:
    """Straight ways through one pedicle, n of them."""

    entries_mm: Floats
    """(n, 3) on the surface."""
    directions: Floats
    """(n, 3) unit vectors."""
    depths_mm: Floats
    """(n, m) depth in the bone every ALONG_MM from the entry, negative outside."""

    def room(self, *, from_mm: float, to_mm: float) -> Floats:
        """The radius (n,) of the widest cylinder in bone between two distances of the entry."""
        first, last = round(from_mm / ALONG_MM), round(to_mm / ALONG_MM)
        return np.asarray(self.depths_mm[:, first : last + 1].min(axis=1))


def vertebra(scene: Scene, bone: Structure) -> Vertebra:
    """Body and canal of a labelled vertebra; raises GeometryError where there are none to find."""
    return scene.once("pedicle", bone.id, lambda: _vertebra(scene, bone))


def _vertebra(scene: Scene, bone: Structure) -> Vertebra:
    low_high = bone.surfaces["fine"].bounds_mm
    x0, x1, y0, y1, z0, z1 = (
        bound + (AROUND_MM if n % 2 else -AROUND_MM) for n, bound in enumerate(low_high)
    )
    box: Box = (x0, x1, y0, y1, z0, z1)
    field = scene.field(bone.id, box_mm=box, spacing_mm=SPACING_MM)
    depth = -field.values
    core, _ = ndimage.label(depth > CORE * depth.max())
    here = core == core[np.unravel_index(np.argmax(depth), depth.shape)]
    body = field.grid.ras(np.argwhere(here)).mean(axis=0)
    back = field.grid.ras(np.argwhere(depth > 0)).mean(axis=0) - body
    back[2] = 0.0
    if np.linalg.norm(back) < 1.0:
        raise _no_arch(bone)
    back /= np.linalg.norm(back)
    front, rear = _canal(field, body, back, bone)
    return Vertebra(
        bone=bone, field=field, body_mm=body, canal_mm=body + (front + rear) / 2 * back,
        isthmus_mm=body + (front + ISTHMUS * (rear - front)) * back, back=back,
    )  # fmt: skip


def _canal(field: Field, body: Floats, back: Floats, bone: Structure) -> tuple[float, float]:
    """Where the gap between body and arch begins and ends behind the body's middle [mm].

    Medians over the level rays that meet both.
    """
    along = np.arange(0.0, BEHIND_MM, SPACING_MM)
    found = []
    for height in HEIGHTS_MM:
        start = np.add(body, (0.0, 0.0, height))
        inside = field.sample(start + np.outer(along, back)) < 0
        turns = along[1:][np.diff(inside.astype(int)) != 0]
        if inside[0] and len(turns) >= 2 and CANAL_MM[0] <= turns[1] - turns[0] <= CANAL_MM[1]:
            found.append(turns[:2])
    if not found:
        raise _no_arch(bone)
    front, rear = np.median(found, axis=0)
    return float(front), float(rear)


def _no_arch(bone: Structure) -> GeometryError:
    return GeometryError(
        f"No arch and no canal are found behind the body of {bone.title}. Its label must hold the "
        "whole vertebra, the arch with it."
    )


def ways(found: Vertebra, side: Side, *, longest_mm: float) -> Ways:
    """All ways through the thick of one pedicle, from where they enter the bone behind it."""
    lateral = found.left if side == "left" else -found.left
    across, up = np.meshgrid(
        np.arange(*ASIDE_MM, 1.0), np.arange(-UP_DOWN_MM, UP_DOWN_MM + 0.1, 1.0), indexing="ij"
    )
    plane = found.isthmus_mm + across[..., None] * lateral + up[..., None] * (0.0, 0.0, 1.0)
    depth = -np.nan_to_num(found.field.sample(plane.reshape(-1, 3)), nan=1e3)
    thick = plane.reshape(-1, 3)[depth >= max(THICK * depth.max(), ALONG_MM)]
    medial, caudal = (a.ravel() for a in np.meshgrid(*map(np.radians, (MEDIAL_DEG, CAUDAL_DEG))))
    level = np.outer(np.cos(medial), -found.back) - np.outer(np.sin(medial), lateral)
    turned = np.cos(caudal)[:, None] * level - np.outer(np.sin(caudal), (0.0, 0.0, 1.0))
    middles = np.repeat(thick, len(turned), axis=0)
    directions = np.tile(turned, (len(thick), 1))
    along = np.arange(-BACK_MM, longest_mm + ALONG_MM, ALONG_MM)
    points = middles[:, None] + along[None, :, None] * directions[:, None]
    sampled = found.field.sample(points.reshape(-1, 3)).reshape(len(middles), len(along))
    depths = -np.nan_to_num(sampled, nan=1e3)
    before = (depths <= 0) & (along < 0)
    kept = before.any(axis=1)
    depths, middles, directions = depths[kept], middles[kept], directions[kept]
    first = len(along) - np.argmax(before[kept][:, ::-1], axis=1)
    entries = middles + along[first][:, None] * directions
    count = round(longest_mm / ALONG_MM) + 1
    columns = np.minimum(first[:, None] + np.arange(count), len(along) - 1)
    return Ways(
        entries_mm=entries, directions=directions,
        depths_mm=np.take_along_axis(depths, columns, axis=1),
    )  # fmt: skip


def reachable(
    scene: Scene, found: Vertebra, entries_mm: Floats, directions: Floats
) -> NDArray[np.bool_]:
    """True (n,) where a driver comes to the entry from behind without meeting bone of the spine.

    Its axis is clear of the vertebra itself, its whole width of all others: DRIVER_MM around.
    """
    key = scene.labelmap.key
    own = np.array([key.get(n) == found.bone.id for n in range(max(key) + 1)])
    other = np.array([_is_bone(key.get(n, "")) for n in range(max(key) + 1)]) & ~own
    side = np.cross(directions, (0.0, 0.0, 1.0))
    side /= np.maximum(np.linalg.norm(side, axis=1), 1e-9)[:, None]
    around = np.stack([side, -side, np.cross(directions, side), np.cross(side, directions)], axis=1)
    along = np.arange(2.0, APPROACH_MM, 2.0)
    axis = entries_mm[:, None] - along[None, :, None] * directions[:, None]
    met = other[_numbers_at(scene, axis[:, :, None] + DRIVER_MM * around[:, None])].any(axis=(1, 2))
    met |= own[_numbers_at(scene, axis[:, along >= CLEAR_OF_OWN_MM])].any(axis=1)
    return ~met


def _is_bone(id: str) -> bool:
    return id.startswith(("vertebra", "sacrum", "bone", "rib", "hip"))


def _numbers_at(scene: Scene, points: Floats) -> NDArray[np.int64]:
    """The label numbers (...) of the voxels that hold points (..., 3); 0 outside."""
    grid = scene.labelmap.grid
    ijk = np.rint(grid.ijk(points)).astype(np.int64)
    within = ((ijk >= 0) & (ijk < grid.shape)).all(axis=-1)
    out = np.zeros(within.shape, np.int64)
    out[within] = scene.labelmap.labels[tuple(ijk[within].T)]
    return out
