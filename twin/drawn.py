"""Surfaces of a label map, drawn once: kept as arrays by the digest of what they were made from."""

import json
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy.structure import CARD, Level, Structure
from anatomy.volume import LabelMap, digest
from twin.repository import Arrays, Repository

LEVELS: tuple[Level, ...] = ("fine", "coarse")
DRAWING = "2"
"""Rises when the same labels would be drawn otherwise: kept surfaces are then drawn anew."""


def structures(
    repository: Repository,
    labelmap: LabelMap,
    *,
    origin: Mapping[str, str],
    progress: Callable[[str, float, str], None],
) -> tuple[list[Structure], bool]:
    """Every structure of the label map with its surfaces, and whether they were kept already."""
    made: list[Structure] = []

    def make() -> Arrays:
        from anatomy.surface import structures_from

        made.extend(structures_from(labelmap, origin=origin, progress=progress))
        return _packed(made)

    key = digest(version("theatrum"), DRAWING, labelmap.digest, json.dumps(sorted(origin.items())))
    arrays = repository.keep("surfaces", key, make)
    return (made, False) if made else (_unpacked(arrays, labelmap.grid.frame), True)


def _packed(made: list[Structure]) -> Arrays:
    cards = [{name: getattr(one, name) for name in CARD} for one in made]
    arrays: dict[str, NDArray[Any]] = {"cards": np.frombuffer(json.dumps(cards).encode(), np.uint8)}
    for one in made:
        for level, surface in one.surfaces.items():
            arrays[f"{one.id}.{level}.vertices"] = surface.vertices_mm
            arrays[f"{one.id}.{level}.faces"] = surface.faces
    return arrays


def _unpacked(arrays: Arrays, frame: str) -> list[Structure]:
    from anatomy.surface import Surface

    found = []
    for card in json.loads(arrays["cards"].tobytes()):
        parts: dict[Level, Surface] = {
            level: Surface(
                arrays[f"{card['id']}.{level}.vertices"],
                arrays[f"{card['id']}.{level}.faces"],
                frame,
            )
            for level in LEVELS
        }
        found.append(Structure(**{**card, "colour": tuple(card["colour"])}, surfaces=parts))
    return found
