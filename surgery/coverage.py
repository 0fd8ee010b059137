"""How much of what works on a device comes to lie where it should, for many paths at once."""

from collections.abc import Iterable

import numpy as np

from anatomy.geometry import Floats
from anatomy.terms import split
from surgery.device import Device
from surgery.pareto import Coverage
from surgery.scene import NOWHERE, Scene
from surgery.words import means

SLICES = 20
"""House value: a window or a stretch of holes is looked at in so many equal pieces."""
BY_CENTRE = frozenset({"dbs_lead", "seeg_electrode", "pacing_lead"})
"""Kinds whose contacts count by their centres: docs/evidence.md#grey-matter, #contacts-in-target"""


def coverage_of(
    scene: Scene, device: Device, depth_mm: float, structures: Iterable[str]
) -> Coverage:
    """The share of a device's contacts, window or holes in voxels of `structures` (ids).

    `depth_mm`: how far its tip goes beyond the target. Without anything that works it is 0.
    """
    wanted = set(structures)
    inside = np.zeros(65536, bool)
    inside[[n for n, id in scene.labelmap.key.items() if n and id in wanted]] = True
    behind_mm = working_mm(device)
    grid, labels = scene.labelmap.grid, scene.labelmap.labels

    def coverage(entries_mm: Floats, targets_mm: Floats) -> Floats:
        way = targets_mm - entries_mm
        way = way / np.linalg.norm(way, axis=1, keepdims=True)
        counted = np.zeros(len(way))
        for behind in behind_mm:
            ijk = np.rint(grid.ijk(targets_mm + (depth_mm - behind) * way)).astype(np.int64)
            held = ((ijk >= 0) & (ijk < grid.shape)).all(axis=1)
            counted[held] += inside[labels[tuple(ijk[held].T)]]
        return counted / max(len(behind_mm), 1)

    return coverage


def working_mm(device: Device) -> list[float]:
    """Places behind the tip [mm] that stand for what works on a device."""
    if device.kind in BY_CENTRE:
        return sorted(set(device.contact_centres_mm))
    pieces = (np.arange(SLICES) + 0.5) / SLICES - 0.5
    return [
        contact.centre_mm + piece * contact.length_mm
        for contact in device.contacts
        for piece in pieces.tolist()
    ]


def aimed_at(scene: Scene, device: Device, targets_mm: Floats) -> list[str]:
    """What a device should come to lie in: grey matter for SEEG electrodes, else what is aimed at.

    That is the structures whose voxels hold the targets (n, 3) [mm].
    """
    if device.kind == "seeg_electrode":
        named = {id for n, id in scene.labelmap.key.items() if n}
        return sorted(id for id in named if means("grey matter", split(id)[0]))
    return sorted(set(scene.labels_at(targets_mm)) - {NOWHERE})
