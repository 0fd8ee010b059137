"""Integers get their meaning from schemes; label maps come in from NRRD and onto any grid."""

import json
from pathlib import Path

import nibabel
import nrrd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from anatomy.errors import Question, ReadError, TermError
from anatomy.grid import Grid
from anatomy.nifti import read_labels, read_volume, write_labels
from anatomy.placement import PATIENT
from anatomy.regrid import check_overlap, resample_labels
from anatomy.schemes import find_scheme, read_scheme, scheme, schemes, structure_id
from anatomy.terms import split
from anatomy.volume import LabelMap

SHAPE = (30, 26, 22)


def a_map(shape: tuple[int, int, int] = SHAPE) -> np.ndarray:
    labels = np.zeros(shape, np.uint8)
    labels[4:9, 5:20, 3:7] = 1
    labels[15:20, 2:6, 10:20] = 2
    return labels


AFFINE = np.array([[-1.5, 0, 0, 20], [0, 0, 2, -30], [0, 3, 0, -40], [0, 0, 0, 1.0]])
HEADER = {
    "space": "right-anterior-superior",
    "space directions": AFFINE[:3, :3].T,
    "space origin": AFFINE[:3, 3],
    "space units": ["mm", "mm", "mm"],
}


@pytest.mark.parametrize("name", schemes())
def test_every_shipped_scheme_names_structures_of_the_table(name: str) -> None:
    shipped = scheme(name)

    assert shipped.key
    assert 0 not in shipped.key
    for structure in shipped.key.values():
        assert split(structure)[0].title


@pytest.mark.parametrize(
    ("name", "label", "structure"),
    [
        ("freesurfer", 4, "lateral_ventricle_left"), ("freesurfer", 44, "lateral_ventricle_right"),
        ("freesurfer", 1035, "grey_matter_left"), ("freesurfer", 2001, "grey_matter_right"),
        ("freesurfer", 41, "white_matter_right"), ("freesurfer", 10, "thalamus_left"),
        ("freesurfer", 16, "brainstem"), ("freesurfer", 47, "cerebellum"),
        ("synthseg", 53, "hippocampus_right"), ("synthseg", 511, "scalp"),
        ("synthseg", 516, "skull"), ("muse", 51, "lateral_ventricle_right"),
        ("muse", 60, "thalamus_left"), ("muse", 207, "grey_matter_left"),
        ("totalsegmentator", 29, "vertebra_l3"), ("totalsegmentator", 52, "aorta"),
        ("totalsegmentator", 90, "brain"), ("totalsegmentator", 104, "rib_1_right"),
        ("totalsegmentator_mr", 56, "brain"), ("verse", 22, "vertebra_l3"),
        ("cit168", 31, "subthalamic_nucleus_left"), ("brats", 4, "tumour_enhancing"),
    ],
)  # fmt: skip
def test_schemes_mean_what_their_makers_say(name: str, label: int, structure: str) -> None:
    assert scheme(name).key[label] == structure


def test_an_unknown_scheme_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(TermError, match="freesurfer"):
        scheme("freesurfr")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("mine.csv", "label,structure\n1,tumour_core\n2,artery\n3,ignore\n"),
        ("mine.csv", "# by Ana\n1,tumour_core\n2,artery\n3,ignore\n"),
        ("mine.tsv", "1\ttumour_core\n2\tartery\n3\tignore\n"),
        ("mine.json", '{"1": "tumour_core", "2": "artery", "3": "ignore"}'),
        ("mine.json", '{"key": {"1": "tumour_core", "2": "artery", "3": "ignore"}}'),
    ],
)
def test_a_user_names_labels_in_a_table_of_his_own(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / file).write_text(text)

    mine = find_scheme(tmp_path / file)

    assert dict(mine.key) == {1: "tumour_core", 2: "artery"}
    assert mine.ignore == {3}


def test_a_colour_table_of_freesurfer_is_understood_and_unknown_rows_wait(tmp_path: Path) -> None:
    (tmp_path / "lut.txt").write_text(
        "#No. Label Name: R G B A\n0 Unknown 0 0 0 0\n10 Left-Thalamus 0 118 14 0\n"
        "43 Right-Lateral-Ventricle 120 18 134 0\n999 SUSPICIOUS 255 100 100 0\n"
    )

    mine = read_scheme(tmp_path / "lut.txt")

    assert dict(mine.key) == {10: "thalamus_left", 43: "lateral_ventricle_right"}
    with pytest.raises(ReadError, match=r"seg\.nii holds labels .* 999 \(SUSPICIOUS\)"):
        mine.fit([0, 10, 999], name="seg.nii")


@pytest.mark.parametrize(
    ("file", "text", "fact"),
    [
        ("a.csv", "1,thalmus_left\n", "thalamus"),
        ("a.csv", "1,artery\nx,vein\n", "line 2"),
        ("a.csv", "1,artery\n1,vein\n", "twice"),
        ("a.csv", "70000,artery\n", "65535"),
        ("a.csv", "label,id\n", "names no label"),
        ("a.json", "{nonsense", "not a scheme"),
        ("a.json", '{"one": "artery"}', "not a scheme"),
        ("a.json", "{" * 100_000, "not a scheme"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused_by_name(
    tmp_path: Path, file: str, text: str, fact: str
) -> None:
    (tmp_path / file).write_text(text)

    with pytest.raises(ReadError, match=fact) as refusal:
        read_scheme(tmp_path / file)

    assert refusal.value.message.startswith(file)


@pytest.mark.parametrize(
    ("words", "structure"),
    [
        ("Left-Lateral-Ventricle", "lateral_ventricle_left"),
        ("Hippocampus_R", "hippocampus_right"),
        ("Right-Cerebral-Cortex", "grey_matter_right"), ("thalamus left", "thalamus_left"),
        ("BrainStem", "brainstem"), ("Tumor", "tumour_core"), ("LateralVentricle_L",
         "lateral_ventricle_left"), ("ThalamusProper_R", "thalamus_right"), ("aorta", "aorta"),
    ],
)  # fmt: skip
def test_names_of_other_tools_are_understood(words: str, structure: str) -> None:
    assert structure_id(words) == structure


def test_what_we_write_is_a_scheme_that_we_read(tmp_path: Path) -> None:
    key = {1: "scalp", 2: "skull"}
    labelmap = LabelMap(grid=Grid(SHAPE, AFFINE, PATIENT), labels=a_map(), key=key)
    write_labels(labelmap, tmp_path / "out.nii.gz")

    back, _ = read_labels(tmp_path / "out.nii.gz", scheme=read_scheme(tmp_path / "out.json"))

    assert back.digest == labelmap.digest or np.array_equal(back.labels, labelmap.labels)
    assert back.key == key


@pytest.mark.parametrize("encoding", ["raw", "gzip"])
@pytest.mark.parametrize("space", ["right-anterior-superior", "left-posterior-superior", "LPS",
                                   "left-anterior-superior"])  # fmt: skip
def test_nrrd_lands_where_the_same_nifti_lands(tmp_path: Path, space: str, encoding: str) -> None:
    sign = {"l": -1, "r": 1}[space[0].lower()], (-1 if "p" in space.lower()[:7] else 1), 1
    turn = np.diag([*sign, 1.0]) @ AFFINE
    header = {**HEADER, "space": space, "space directions": turn[:3, :3].T,
              "space origin": turn[:3, 3], "encoding": encoding}  # fmt: skip
    nrrd.write(str(tmp_path / "seg.nrrd"), a_map(), header)
    image = nibabel.Nifti1Image(a_map(), AFFINE)
    image.set_sform(AFFINE, 1)
    image.header.set_xyzt_units("mm")
    nibabel.save(image, tmp_path / "seg.nii.gz")

    one, report = read_labels(tmp_path / "seg.nrrd", scheme=scheme("brats"))
    two, _ = read_labels(tmp_path / "seg.nii.gz", scheme=scheme("brats"))

    assert np.array_equal(one.labels, two.labels)
    assert one.grid.same_as(two.grid, tolerance_mm=1e-4)
    assert report.format.startswith("NRRD")


def a_nrrd(path: Path, *, drop: str = "", values: np.ndarray | None = None, **more: object) -> Path:
    header = {k: v for k, v in {**HEADER, "encoding": "raw"}.items() if k != drop} | more
    nrrd.write(str(path), a_map() if values is None else values, header)
    return path


def test_a_nrrd_without_a_world_is_asked_about(tmp_path: Path) -> None:
    path = a_nrrd(tmp_path / "seg.nrrd", drop="space origin")

    with pytest.raises(Question, match=r"seg\.nrrd does not say how the patient lies"):
        read_labels(path, scheme=scheme("brats"))


def changed(path: Path, old: bytes, new: bytes) -> Path:
    raw = path.read_bytes()
    assert old in raw
    path.write_bytes(raw.replace(old, new, 1))
    return path


@pytest.mark.parametrize(
    ("old", "new", "fact"),
    [
        (b"encoding: raw", b"encoding: raw\ndata file: /etc/passwd", "another file"),
        (b"encoding: raw", b"encoding: raw\nbyte skip: 7", "skips bytes"),
        (b"encoding: raw", b"encoding: bzip2", "bzip2"),
        (b"encoding: raw", b"encoding: gzip", "they are not"),
        (b"sizes: 30 26 22", b"sizes: 30 26 99", "cut off"),
        (b"sizes: 30 26 22", b"sizes: 9999 9999 9999", "512 x 512 x 512"),
        (b"sizes: 30 26 22", b"sizes: 30 -26 22", "three axes"),
        (b"type: uint8", b"type: block", "block"),
        (b"\n\n", b"\n", "end of its NRRD header"),
    ],
)
def test_a_lying_nrrd_is_refused_by_name(tmp_path: Path, old: bytes, new: bytes, fact: str) -> None:
    path = changed(a_nrrd(tmp_path / "seg.nrrd"), old, new)
    if old == b"\n\n":
        path.write_bytes(path.read_bytes().split(b"\x00")[0].replace(b"\n\n", b"\n"))

    with pytest.raises(ReadError, match=fact) as refusal:
        read_labels(path, scheme=scheme("brats"))

    assert "seg.nrrd" in refusal.value.message


def test_overlapping_segments_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "seg.seg.nrrd"
    nrrd.write(
        str(path),
        np.stack([a_map(), a_map()]),
        {"space": "LPS", "space directions": [[np.nan] * 3, *np.eye(3).tolist()],
         "space origin": [0, 0, 0], "kinds": ["list", "domain", "domain", "domain"]},
    )  # fmt: skip

    with pytest.raises(ReadError, match=r"seg\.seg\.nrrd holds 2 layers"):
        read_labels(path, scheme=scheme("brats"))


def a_labelmap(affine: np.ndarray = AFFINE) -> LabelMap:
    key = {1: "artery", 2: "vein"}
    return LabelMap(grid=Grid(SHAPE, affine, PATIENT), labels=a_map(), key=key)


def test_labels_on_another_grid_keep_place_and_volume() -> None:
    source = a_labelmap()
    turn = np.array([[0.5, 0, 0, -40], [0, 0.5, 0, -45], [0, 0, 0.5, -50], [0, 0, 0, 1.0]])

    fine = resample_labels(source, Grid((140, 160, 220), turn, PATIENT))

    for structure in ("artery", "vein"):
        assert fine.volume_ml(structure) == pytest.approx(source.volume_ml(structure), rel=0.02)
        one, two = (m.grid.ras(np.argwhere(m.mask(structure))).mean(axis=0) for m in (source, fine))
        assert np.abs(one - two).max() < 0.3


@settings(max_examples=60, deadline=None)
@given(
    arrays.arrays(np.float64, (3,), elements=st.floats(-0.4, 0.4)),
    arrays.arrays(np.float64, (3,), elements=st.floats(-15, 15)),
    st.sampled_from([1.0, 1.7, 3.1]),
)
def test_every_voxel_takes_the_label_of_the_nearest_one(
    angles: np.ndarray, shift: np.ndarray, spacing: float
) -> None:
    from scipy.spatial.transform import Rotation

    source = a_labelmap()
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_rotvec(angles).as_matrix() * spacing
    affine[:3, 3] = source.grid.ras([10, 10, 10]) + shift
    grid = Grid((7, 9, 5), affine, PATIENT)

    found = resample_labels(source, grid)

    for ijk in ([0, 0, 0], [3, 4, 2], [6, 8, 4], [6, 0, 0]):
        near = source.grid.ijk(grid.ras(ijk))
        if np.abs(near - np.floor(near) - 0.5).min() < 1e-6:
            continue
        at = tuple(np.rint(near).astype(int))
        inside = all(0 <= n < count for n, count in zip(at, SHAPE, strict=True))
        assert found.labels[tuple(ijk)] == (source.labels[at] if inside else 0)


def test_the_same_grid_gives_the_same_labels() -> None:
    source = a_labelmap()

    assert resample_labels(source, source.grid).digest == source.digest


def test_a_map_of_another_patient_is_refused_and_one_that_sticks_out_is_measured() -> None:
    source = a_labelmap()
    far = AFFINE.copy()
    far[0, 3] += 300

    with pytest.raises(ReadError, match=r"^tumour\.nii\.gz lies elsewhere than the scan: 0 %"):
        check_overlap(source, Grid(SHAPE, far, PATIENT), name="tumour.nii.gz")
    assert check_overlap(source, source.grid) == 1.0
    half = source.grid.cropped((0, 0, 0), (15, 26, 22))
    artery, both = np.count_nonzero(a_map() == 1), np.count_nonzero(a_map())
    assert check_overlap(source, half) == pytest.approx(artery / both)


def test_a_spine_does_not_belong_to_a_head(shared_data: Path) -> None:
    head, _ = read_volume(shared_data / "ixi" / "Subj1_T1.nii.gz")
    spine, _ = read_labels(
        shared_data / "spine" / "tpt_ct_vertebrae.nii.gz", scheme=scheme("verse")
    )

    with pytest.raises(ReadError, match="elsewhere"):
        check_overlap(spine, head)


def test_the_key_beside_a_label_map_is_plain_json(tmp_path: Path) -> None:
    write_labels(a_labelmap(), tmp_path / "out.nii.gz")

    assert json.loads((tmp_path / "out.json").read_text()) == {"1": "artery", "2": "vein"}


@pytest.mark.parametrize("name", schemes())
def test_every_scheme_is_explained_to_its_users(name: str) -> None:
    page = Path(__file__).parents[2] / "docs" / "label-maps.md"

    assert f"`{name}`" in page.read_text(encoding="utf-8")
