"""A marker keeps its place and its side through every storage order, in and out."""

import itertools
import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anatomy.grid import Grid
from anatomy.mesh_file import read_mesh, write_mesh
from anatomy.nifti import read_labels, read_volume, take, write_labels
from anatomy.placement import PATIENT
from anatomy.report import Answers
from anatomy.schemes import Scheme, scheme
from anatomy.volume import LabelMap

MARKER_MM = np.array([31.0, 22.0, -17.0])  # right, front, low
REACH_MM = 9.0
ORDERS = [
    "".join(letters[turn] for letters, turn in zip(axes, turns, strict=True))
    for axes in itertools.permutations(("RL", "AP", "SI"))
    for turns in itertools.product((0, 1), repeat=3)
]
TILT = {"straight": (0.0, 0.0, 0.0), "oblique": (0.21, -0.13, 0.3)}
SPACING = {"even": (3.0, 3.0, 3.0), "anisotropic": (2.0, 3.0, 4.5)}
KINDS = [("straight", "even"), ("oblique", "even"), ("oblique", "anisotropic")]
BALL = Scheme(name="ball", title="ball", key={7: "lesion"})


def turned(angles: tuple[float, float, float]) -> np.ndarray:
    a, b, c = angles
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return z @ y @ x


def an_affine(order: str, tilt: str, spacing: str) -> tuple[np.ndarray, tuple[int, int, int]]:
    """ijk to RAS for storage axes `order`, turned and centred near the origin; and the shape."""
    columns = np.zeros((3, 3))
    for column, letter in enumerate(order):
        row = "RLAPSI".index(letter) // 2
        columns[row, column] = 1 if letter in "RAS" else -1
    columns = turned(TILT[tilt]) @ columns * SPACING[spacing]
    shape = tuple(int(180 / s) for s in SPACING[spacing])
    affine = np.eye(4)
    affine[:3, :3] = columns
    affine[:3, 3] = np.array([3.0, -5.0, 2.0]) - columns @ ((np.array(shape) - 1) / 2)
    return affine, (shape[0], shape[1], shape[2])


def ras_of(affine: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    ijk = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    return ijk @ affine[:3, :3].T + affine[:3, 3]


def a_marked_file(path: Path, order: str, tilt: str, spacing: str) -> Path:
    """A NIfTI, written by nibabel, bright within 9 mm of the marker."""
    affine, shape = an_affine(order, tilt, spacing)
    far = np.linalg.norm(ras_of(affine, shape) - MARKER_MM, axis=-1)
    image = nibabel.Nifti1Image((100 * np.exp(-((far / 6) ** 2))).astype(np.float32), affine)
    image.set_qform(affine, 1)
    image.set_sform(affine, 1)
    image.header.set_xyzt_units("mm")
    nibabel.save(image, path)
    return path


def centre_mm(grid: Grid, weights: np.ndarray) -> np.ndarray:
    where = np.argwhere(weights > 0.3 * weights.max())
    return np.average(grid.ras(where), axis=0, weights=weights[tuple(where.T)])


@pytest.mark.parametrize(("tilt", "spacing"), KINDS)
@pytest.mark.parametrize("order", ORDERS)
def test_a_marker_lands_where_it_is_in_every_storage_order(
    tmp_path: Path, order: str, tilt: str, spacing: str
) -> None:
    path = a_marked_file(tmp_path / "head.nii", order, tilt, spacing)

    found = take(str(path), path.name, Answers(), "head", False)

    grid = Grid(found["voxels"].shape, np.array(found["affine"]), PATIENT)
    assert np.abs(centre_mm(grid, found["voxels"]) - MARKER_MM).max() < 0.5 * max(SPACING[spacing])
    assert found["report"]["left_handed"] == (np.linalg.det(an_affine(order, tilt, spacing)[0]) < 0)
    if tilt == "straight":
        assert found["report"]["axes"] == order
        assert found["report"]["oblique_deg"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("order", ORDERS)
def test_a_marker_keeps_its_side_through_labels_mesh_and_back(tmp_path: Path, order: str) -> None:
    tilt, spacing = KINDS[ORDERS.index(order) % 3]
    path = a_marked_file(tmp_path / "head.nii.gz", order, tilt, spacing)
    volume, _ = read_volume(path)
    near = np.linalg.norm(
        volume.grid.ras(np.argwhere(np.ones(volume.grid.shape))) - MARKER_MM, axis=1
    )
    labels = np.where(near < REACH_MM, 7, 0).astype(np.uint16).reshape(volume.grid.shape)
    labelmap = LabelMap(grid=volume.grid, labels=labels, key={7: "lesion"})

    write_labels(labelmap, tmp_path / "out.nii.gz")
    back, report = read_labels(tmp_path / "out.nii.gz", scheme=BALL)
    centre = back.grid.ras(np.argwhere(back.mask("lesion"))).mean(axis=0)
    tips = centre + 5 * np.vstack([np.eye(3), -np.eye(3)])
    write_mesh(tmp_path / "out.stl", tips, [[0, 1, 2], [3, 4, 5]])
    again = read_mesh(tmp_path / "out.stl")

    half = 0.5 * max(SPACING[spacing])
    assert np.array_equal(back.labels, labels)
    assert back.grid.same_as(volume.grid, tolerance_mm=0.001)
    assert (report.sform_code, report.qform_code, report.unit_stated) == (1, 1, "mm")
    assert np.abs(centre - MARKER_MM).max() < half
    assert np.abs(again.vertices_mm.mean(axis=0) - MARKER_MM).max() < half
    assert json.loads((tmp_path / "out.json").read_text()) == {"7": "lesion"}


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_both_versions_and_both_packings_agree_with_nibabel(
    tmp_path: Path, kind: type, suffix: str
) -> None:
    affine, shape = an_affine("PIR", "oblique", "anisotropic")
    values = np.random.default_rng(4).integers(0, 900, shape).astype(np.int16)
    image = kind(values, affine)
    image.header.set_slope_inter(0.5, 12.0)
    image.header.set_xyzt_units("mm")
    nibabel.save(image, tmp_path / f"head{suffix}")

    volume, report = read_volume(tmp_path / f"head{suffix}")

    truth = nibabel.load(tmp_path / f"head{suffix}")
    assert np.allclose(volume.voxels, truth.get_fdata(), atol=1e-3)
    assert np.allclose(volume.grid.ijk_to_ras, truth.affine, atol=1e-4)
    assert report.datatype == "int16"
    assert report.wire()["shape"] == list(shape)


@pytest.mark.parametrize(
    "kind", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"]
)  # fmt: skip
@pytest.mark.parametrize("order", "<>")
def test_every_number_type_is_read_in_either_byte_order(
    tmp_path: Path, kind: str, order: str
) -> None:
    values = np.arange(40**3, dtype=np.float64).reshape(40, 40, 40) % 120
    header = nibabel.Nifti1Header(endianness=order)
    header.set_data_dtype(np.dtype(order + kind))
    image = nibabel.Nifti1Image(
        values.astype(order + kind), np.diag([4, 4, 4, 1]), header, dtype=np.dtype(order + kind)
    )
    image.header.set_xyzt_units("mm")
    nibabel.save(image, tmp_path / "head.nii")

    found = take(str(tmp_path / "head.nii"), "head.nii", Answers(), "head", False)

    assert np.array_equal(found["voxels"], values)


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(*[st.floats(-3, 3)] * 3),
    st.tuples(*[st.floats(0.4, 4)] * 3),
    st.tuples(*[st.floats(-200, 200)] * 3),
    st.booleans(),
)
def test_the_quaternion_means_what_nibabel_says_it_means(
    angles: tuple[float, float, float],
    spacing: tuple[float, float, float],
    origin: tuple[float, float, float],
    mirrored: bool,
) -> None:
    from anatomy.header import parse
    from anatomy.placement import qform

    affine = np.eye(4)
    affine[:3, :3] = turned(angles) * spacing * (1, 1, -1 if mirrored else 1)
    affine[:3, 3] = origin
    image = nibabel.Nifti1Image(np.zeros((2, 2, 2), np.uint8), affine)
    image.set_qform(affine, 1)

    found = qform(parse(image.to_bytes()[:540], name="x"), name="x")

    assert np.allclose(found, image.header.get_qform(), atol=1e-4)


def test_sform_is_taken_before_an_agreeing_qform_and_qform_where_sform_is_silent(
    tmp_path: Path,
) -> None:
    affine, shape = an_affine("LPS", "oblique", "even")
    image = nibabel.Nifti1Image(np.arange(np.prod(shape), dtype="i4").reshape(shape), affine)
    image.header.set_xyzt_units("mm")
    image.set_sform(affine, 2)
    image.set_qform(affine, 1)
    nibabel.save(image, tmp_path / "both.nii")
    image.set_sform(None, 0)
    nibabel.save(image, tmp_path / "q.nii")

    one, other = read_volume(tmp_path / "both.nii"), read_volume(tmp_path / "q.nii")

    assert (one[1].placed_by, other[1].placed_by) == ("sform", "qform")
    assert one[0].grid.same_as(other[0].grid, tolerance_mm=0.01)


def test_nothing_a_header_says_in_words_reaches_the_report(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(np.arange(40**3, dtype="i4").reshape(40, 40, 40), np.eye(4) * 4)
    image.header.set_xyzt_units("mm")
    for field in ("descrip", "aux_file", "db_name", "intent_name"):
        image.header[field] = b"MUELLER^HANS"
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", b"MUELLER^HANS 1961"))
    folder = tmp_path / "MUELLER"
    folder.mkdir()
    nibabel.save(image, folder / "head.nii.gz")

    _, report = read_volume(folder / "head.nii.gz")

    assert "MUELLER" not in json.dumps(report.wire())
    assert any("left behind" in note for note in report.notes)
    assert report.file == "head.nii.gz"


def test_a_file_without_a_unit_is_millimetres_if_that_fits_a_head_and_says_so(
    colin27: Path,
) -> None:
    volume, report = read_volume(colin27 / "ch2.nii.gz")

    assert volume.grid.shape == (181, 217, 181)
    assert (report.unit_stated, report.unit_used, report.qform_code) == ("unknown", "mm", 0)
    assert any("no unit" in note for note in report.notes)


def test_metres_are_converted_where_they_fit_a_head(tmp_path: Path) -> None:
    affine = np.diag([0.004, 0.004, 0.004, 1.0])
    image = nibabel.Nifti1Image(np.arange(40**3, dtype="i4").reshape(40, 40, 40), affine)
    image.header.set_xyzt_units("meter")
    nibabel.save(image, tmp_path / "head.nii")

    volume, report = read_volume(tmp_path / "head.nii")

    assert volume.grid.spacing_mm == pytest.approx((4, 4, 4))
    assert any("converted" in note for note in report.notes)


def test_a_label_map_is_written_with_the_same_bytes_every_time(tmp_path: Path) -> None:
    grid = Grid((9, 8, 7), an_affine("LAS", "oblique", "even")[0], PATIENT)
    labels = np.random.default_rng(1).integers(0, 3, grid.shape).astype(np.uint16)
    labelmap = LabelMap(grid=grid, labels=labels, key={1: "scalp", 2: "skull"})

    write_labels(labelmap, tmp_path / "a.nii.gz")
    write_labels(labelmap, tmp_path / "b.nii.gz")

    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()
    truth = nibabel.load(tmp_path / "a.nii.gz")
    assert truth.header["sform_code"] == truth.header["qform_code"] == 1
    assert truth.header.get_xyzt_units()[0] == "mm"
    assert np.allclose(truth.get_qform(), truth.get_sform(), atol=1e-4)


@pytest.mark.parametrize(
    ("file", "name", "structure", "millilitres"),
    [
        ("labelmap/synthseg_01_labels.nii.gz", "synthseg", "thalamus_left", 5.8),
        ("labelmap/synthseg_02_labels.nii.gz", "synthseg", "hippocampus_right", 3.6),
        ("ixi/Subj1_T1_DLMUSE.nii.gz", "muse", "thalamus_right", 7.3),
        ("tumour/BraTS-GLI-00001-000-seg_auto.nii.gz", "brats", "oedema", 88.03),
        ("tumour/BraTS-GLI-00001-000-seg_auto.nii.gz", "brats_core", "tumour_core", 41.21),
        ("spine/tpt_ct_vertebrae.nii.gz", "verse", "vertebra_l3", 59.73),
        ("atlas/CIT168_labels_p25.nii.gz", "cit168", "subthalamic_nucleus_left", 0.24),
    ],
)
def test_real_label_maps_hold_the_published_volumes(
    shared_data: Path, file: str, name: str, structure: str, millilitres: float
) -> None:
    labelmap, _ = read_labels(shared_data / file, scheme=scheme(name))

    assert labelmap.volume_ml(structure) == pytest.approx(millilitres, abs=0.06)


def test_left_is_left_in_real_label_maps(shared_data: Path) -> None:
    for file, name in (
        ("labelmap/synthseg_01_labels.nii.gz", "synthseg"),
        ("ixi/Subj1_T1_DLMUSE.nii.gz", "muse"),
    ):
        labelmap, _ = read_labels(shared_data / file, scheme=scheme(name))
        for structure in ("lateral_ventricle", "thalamus", "hippocampus", "grey_matter"):
            left, right = (
                labelmap.grid.ras(np.argwhere(labelmap.mask(f"{structure}_{side}"))).mean(axis=0)
                for side in ("left", "right")
            )
            assert left[0] < right[0]
