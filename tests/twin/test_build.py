"""What an order turns into: a recipe of all that decides the result, and the parts handed on."""

import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest

from anatomy.errors import TermError
from anatomy.grid import Grid
from anatomy.segment.overlay import segmented
from anatomy.volume import Volume
from twin.build import LabelFile, Order, build, read
from twin.repository import Repository
from viewer.cli import main


@pytest.fixture
def a_scan(tmp_path: Path) -> Path:
    """Noise in a field of the size of a head."""
    values = np.random.default_rng(0).integers(0, 900, (45, 45, 45)).astype(np.int16)
    image = nibabel.Nifti1Image(values, np.diag([4.0, 4, 4, 1]))
    image.header.set_xyzt_units("mm")
    nibabel.save(image, tmp_path / "t1.nii.gz")
    return tmp_path / "t1.nii.gz"


def plug(folder: Path, *, version: str) -> None:
    """Install the segmenter `ours` of the package `ourmodel` into `folder`."""
    (folder / "ourmodel.py").write_text(
        "import numpy as np\n"
        "from anatomy.volume import LabelMap\n"
        "def label(volume):\n"
        "    labels = (volume.voxels > 500).astype(np.uint16)\n"
        "    return LabelMap(grid=volume.grid, labels=labels, key={1: 'artery'})\n"
    )
    meta = folder / "ourmodel-1.dist-info"
    meta.mkdir(exist_ok=True)
    (meta / "METADATA").write_text(f"Metadata-Version: 2.1\nName: ourmodel\nVersion: {version}\n")
    (meta / "entry_points.txt").write_text("[theatrum.segmenters]\nours = ourmodel:label\n")


@pytest.fixture
def a_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages that Python looks into."""
    folder = tmp_path / "packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "ourmodel", raising=False)
    return folder


def test_a_plugged_in_segmenter_labels_the_image(a_site: Path) -> None:
    plug(a_site, version="1.0")
    voxels = np.linspace(0, 1000, 1000, dtype=np.float32).reshape(10, 10, 10)
    volume = Volume(grid=Grid((10, 10, 10), np.eye(4), "f"), voxels=voxels, source="s")

    overlay = segmented(volume, "ours")

    assert overlay.origin == "automatic"
    assert np.array_equal(overlay.labelmap.labels == 1, voxels > 500)


def test_the_segmenter_and_its_version_belong_to_the_recipe(a_scan: Path, a_site: Path) -> None:
    recipes = {read(Order(path=a_scan)).recipe}
    for version in ("1.0", "2.0", "2.0"):
        plug(a_site, version=version)
        recipes.add(read(Order(path=a_scan, segmenter="ours")).recipe)

    assert len(recipes) == 3


def test_the_segmenter_of_the_order_is_the_one_that_runs(
    a_scan: Path, a_site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug(a_site, version="1.0")
    asked: list[str | None] = []

    def reconstruct(*_: object, segmenter: str | None, **__: object) -> None:
        asked.append(segmenter)
        raise TermError("Enough.")

    monkeypatch.setattr("anatomy.reconstruct.reconstruct", reconstruct)
    for name in ("", "ours"):
        with pytest.raises(TermError, match=r"Enough\."):
            build(
                Repository(tmp_path / "library"), Order(path=a_scan, segmenter=name),
                progress=lambda *_: None,
            )  # fmt: skip

    assert asked == [None, "ours"]


def test_a_segmenter_that_is_not_there_is_refused_with_those_that_are(
    a_scan: Path, a_site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plug(a_site, version="1.0")

    assert main(["reconstruct", str(a_scan), "--segmenter", "theirs",
                 "--library", str(tmp_path / "library")]) == 2  # fmt: skip
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == "theatrum: No segmenter is called 'theirs'; installed: ours."


def test_a_persons_labels_win_unless_told_otherwise() -> None:
    assert LabelFile(path=Path("seg.nii.gz"), scheme="brats").precedence is True
