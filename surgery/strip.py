"""The tissue along a path, in words and colours: what a strip beside the depth scrubber shows."""

from typing import Any

from anatomy.terms import split
from surgery.metrics import shaft
from surgery.plan import Placement
from surgery.run import named
from surgery.scene import NOWHERE, Scene

OUTSIDE = (90, 100, 110)
"""House value: RGB of what belongs to no structure."""


def strip(scene: Scene, placement: Placement) -> list[dict[str, Any]]:
    """Stretches from the entry to the tip, each in one label, JSON-ready; lengths in mm.

    They follow one another without gaps and are those of `surgery.run.passage`.
    """
    colours = {one.id: one.colour for one in scene.anatomy}
    return [
        {
            "from_mm": one.from_mm,
            "to_mm": one.to_mm,
            "structure": one.structure,
            "title": named(one.structure),
            "colour": list(
                OUTSIDE
                if one.structure == NOWHERE
                else colours.get(one.structure) or split(one.structure)[0].colour
            ),
        }
        for one in scene.stretches(shaft(placement))
    ]
