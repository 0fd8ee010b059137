"""Segmentations for 3D Slicer, read back by pynrrd and by ITK."""

from pathlib import Path

import nrrd
import numpy as np
import pytest
import SimpleITK

from anatomy.errors import WriteError
from anatomy.grid import Grid
from anatomy.nifti import read_labels
from anatomy.schemes import find_scheme
from anatomy.segmentation_file import segmentation
from anatomy.volume import LabelMap

STAMP = {"Anatomy": "a" * 64, "IntendedUse": "Research."}
LEFT = (-40.0, 10.0, 25.0)


def a_map(
    ijk_to_ras=((-1.5, 0, 0, 60), (0, 0, 2, -40), (0, 1, 0, -30), (0, 0, 0, 1)), *, most=4
) -> LabelMap:
    """A turned grid with a head, a brain and one voxel of the left thalamus at LEFT."""
    grid = Grid((80, 70, 60), np.array(ijk_to_ras, float), "patient-ras")
    labels = np.zeros(grid.shape, np.uint16)
    labels[5:75, 5:65, 5:55] = 1
    labels[10:70, 10:60, 10:50] = 2
    labels[tuple(np.rint(grid.ijk(LEFT)).astype(int))] = most
    key = {1: "scalp", 2: "brain", most: "thalamus_left", 9: "tumour_core"}
    return LabelMap(grid=grid, labels=labels, key=key)


def thalamus(made: LabelMap) -> int:
    return next(n for n, id in made.key.items() if id == "thalamus_left")


@pytest.fixture(params=[4, 300], ids=["a byte a voxel", "two bytes a voxel"])
def a_file(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, LabelMap]:
    made = a_map(most=request.param)
    out = tmp_path / "head.seg.nrrd"
    out.write_bytes(segmentation(made, stamp=STAMP))
    return out, made


def test_itk_finds_the_only_left_voxel_on_the_left(a_file: tuple[Path, LabelMap]) -> None:
    path, made = a_file
    image = SimpleITK.ReadImage(str(path))
    voxels = SimpleITK.GetArrayFromImage(image).transpose(2, 1, 0)
    (place,) = np.argwhere(voxels == thalamus(made))
    lps = image.TransformIndexToPhysicalPoint([int(n) for n in place])

    assert np.array_equal(voxels, made.labels)
    assert lps == pytest.approx((-LEFT[0], -LEFT[1], LEFT[2]), abs=1.01)
    assert lps[0] > 0, "+x of LPS is the patient's left"


def test_every_segment_has_the_fields_that_slicer_documents(
    a_file: tuple[Path, LabelMap],
) -> None:
    path, made = a_file
    voxels, header = nrrd.read(str(path), index_order="F")
    segments = [header[f"Segment{n}_ID"] for n in range(3)]

    assert header["Segmentation_SourceRepresentation"] == "Binary labelmap"
    assert segments == ["scalp", "brain", "thalamus_left"], "nothing of what does not occur"
    assert "Segment3_ID" not in header
    for n, id in enumerate(segments):
        value = int(header[f"Segment{n}_LabelValue"])
        low, high = np.array(header[f"Segment{n}_Extent"].split(), int).reshape(3, 2).T
        at = np.argwhere(voxels == value)

        assert made.key[value] == id
        assert (at.min(axis=0) == low).all()
        assert (at.max(axis=0) == high).all()
        assert header[f"Segment{n}_Layer"] == "0"
        assert all(0 <= float(c) <= 1 for c in header[f"Segment{n}_Color"].split())
    assert header["Segment2_Name"] == "Thalamus, left"
    assert "~SCT^42695009^Thalamus~SCT^7771000^Left~" in header["Segment2_Tags"]
    assert "the rest" in header["Segment1_Name"], "the thalamus is cut out of the brain's label"
    assert header["Theatrum_Anatomy"] == "a" * 64


def test_theatrum_reads_its_own_segmentation_with_every_voxel_in_place(
    a_file: tuple[Path, LabelMap],
) -> None:
    path, made = a_file
    scheme = find_scheme(f"1=scalp,2=brain,{thalamus(made)}=thalamus_left")
    back, _ = read_labels(path, scheme=scheme)

    assert back.grid.same_as(made.grid)
    assert back.volume_ml("brain") == made.volume_ml("brain")


def test_the_same_map_gives_the_same_bytes_and_an_empty_one_no_file() -> None:
    one = a_map()
    empty = LabelMap(grid=one.grid, labels=np.zeros_like(one.labels), key={1: "brain"})

    assert segmentation(one, stamp=STAMP) == segmentation(a_map(), stamp=STAMP)
    with pytest.raises(WriteError, match="empty"):
        segmentation(empty, stamp=STAMP)
