"""Cases of closed-form bodies on a library's shelf, and the command as a person types it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anatomy.phantom_bodies import bodies
from anatomy.quality import Quality
from anatomy.reconstruct import Reconstruction
from anatomy.solids import Solid
from anatomy.volume import Volume
from twin.build import Order, Reading, store
from twin.repository import Repository
from viewer.cli import main


def shelve(root: Path, name: str, solids: Mapping[str, Solid], *, spacing_mm: float = 2.0) -> None:
    """Store the solids as the case `name` of the library in `root`."""
    anatomy, labelmap = bodies(solids, spacing_mm=spacing_mm)
    voxels = labelmap.labels.astype(np.float32) * 100
    made = Reconstruction(
        labelmap=labelmap, origin=dict.fromkeys(solids, "manual"),
        quality=Quality(passed=True, checks=()), stages=(), skull_stripped=False, notes=(),
    )  # fmt: skip
    store(
        Repository(root),
        Order(path=Path(f"{name}.nii"), case=name),
        Reading(
            volume=Volume(grid=labelmap.grid, voxels=voxels, source=name[0] * 64),
            report={"notes": []}, overlays=[], laid=[], recipe=name,
        ),
        made,
        list(anatomy),
    )  # fmt: skip


class Shell:
    """Exit status, answer, what was said beside it."""

    def __init__(self, library: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._library, self._capsys = library, capsys

    def __call__(self, *words: str) -> tuple[int, str, str]:
        status = main([*words, "--library", str(self._library)])
        said = self._capsys.readouterr()
        return status, said.out, said.err

    def answer(self, *words: str) -> tuple[int, dict[str, Any]]:
        status, out, _ = self(*words, "--json")
        return status, json.loads(out)
