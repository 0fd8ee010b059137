"""Every bad file is refused, or asked about, by name, in one sentence; nothing else happens."""

import gzip
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anatomy.errors import Question, ReadError, TwinError, WriteError
from anatomy.grid import Grid
from anatomy.nifti import flatness, read_labels, read_volume, take, write_labels
from anatomy.placement import PATIENT
from anatomy.report import Answers
from anatomy.schemes import Scheme, scheme
from anatomy.volume import LabelMap

SIDE = 45
SPACING = 4.0
Maker = Callable[[Path], None]


def a_head(**changes: object) -> bytes:
    """A valid NIfTI-1 of a head-sized field; `changes` overwrite header fields."""
    values = np.random.default_rng(0).integers(0, 900, (SIDE, SIDE, SIDE)).astype(np.int16)
    affine = np.diag([-SPACING, SPACING, SPACING, 1.0])
    affine[:3, 3] = (90, -90, -90)
    image = nibabel.Nifti1Image(values, affine)
    image.set_qform(affine, 1)
    image.set_sform(affine, 1)
    image.header.set_xyzt_units("mm")
    raw = image.to_bytes()
    header = np.frombuffer(raw[:348], image.header.template_dtype).copy()
    for field, value in changes.items():
        header[field] = value
    return header.tobytes() + raw[348:]


def image_of(values: np.ndarray, affine: np.ndarray | None = None) -> bytes:
    placed = np.diag([SPACING, SPACING, SPACING, 1.0]) if affine is None else affine
    image = nibabel.Nifti1Image(values, placed)
    image.set_qform(None, 0)
    image.set_sform(placed, 1)
    image.header.set_xyzt_units("mm")
    return image.to_bytes()


def dims(*counts: int) -> np.ndarray:
    return np.array([len(counts), *counts, *[1] * (7 - len(counts))], np.int16)


def a_ct() -> np.ndarray:
    far = np.linalg.norm(np.mgrid[:SIDE, :SIDE, :SIDE] - SIDE / 2, axis=0)
    hounsfield = np.where(far < 18, 40, np.where(far < 20, 1400, -1000))
    return hounsfield.astype(np.int16)


def holed(count: int) -> np.ndarray:
    values = np.random.default_rng(0).random((SIDE, SIDE, SIDE)).astype(np.float32)
    values.flat[:count] = np.nan
    return values


SHEAR = np.array([[4, 0.5, 0, 0], [0, 4, 0, 0], [0, 0, 4, 0], [0, 0, 0, 1.0]])
FLAT = [4.0, 0, 4.0, 0]
CUBE = np.arange(SIDE**3).reshape(SIDE, SIDE, SIDE)

REFUSED: list[tuple[str, str, Callable[[], bytes], str]] = [
    ("empty", "empty.nii.gz", lambda: b"", "empty"),
    ("text", "notes.nii.gz", lambda: b"Dear colleague, the scan is attached.\n", "text file"),
    ("noise", "noise.nii", lambda: bytes(range(256)) * 4, "not a NIfTI"),
    ("noise packed", "noise.nii.gz", lambda: gzip.compress(bytes(range(256)) * 4), "not a NIfTI"),
    ("mgz", "T1.mgz", lambda: gzip.compress(struct.pack(">7i", 1, 9, 9, 9, 1, 3, 0) + bytes(999)),
     "mri_convert"),
    ("dicom", "slice.nii", lambda: bytes(128) + b"DICM" + bytes(400), "DICOM"),
    ("zip", "heads.nii", lambda: b"PK\x03\x04" + bytes(400), "zip"),
    ("pair", "pair.nii", lambda: a_head(magic=b"ni1"), ".hdr/.img"),
    ("analyze", "old.nii", lambda: a_head(magic=b""), "Analyze"),
    ("short header", "short.nii", lambda: a_head()[:300], "ends within its header"),
    ("zero dims", "dims.nii", lambda: a_head(dim=[0] * 8), "0 dimensions"),
    ("absurd dims", "dims.nii", lambda: a_head(dim=[77, *[1] * 7]), "77 dimensions"),
    ("negative dim", "dims.nii", lambda: a_head(dim=dims(45, -45, 45)), "below one"),
    ("huge dims", "dims.nii", lambda: a_head(dim=dims(32000, 32000, 32000)), "512 x 512 x 512"),
    ("single slice", "slice.nii", lambda: a_head(dim=dims(45, 2025, 1)), "single slice"),
    ("2-D", "slice.nii", lambda: a_head(dim=dims(45, 2025)), "single slice"),
    ("4-D", "run.nii", lambda: a_head(dim=dims(45, 45, 9, 5)), "4-D"),
    ("5-D", "run.nii", lambda: a_head(dim=dims(45, 45, 9, 1, 5)), "5-dimensional"),
    ("complex", "c.nii", lambda: a_head(datatype=32), "complex"),
    ("RGB", "rgb.nii", lambda: a_head(datatype=128), "RGB"),
    ("RGBA", "rgb.nii", lambda: a_head(datatype=2304), "RGBA"),
    ("no type", "t.nii", lambda: a_head(datatype=77), "unknown type 77"),
    ("truncated", "cut.nii", lambda: a_head()[:-5000], "cut off"),
    ("truncated gzip", "cut.nii.gz", lambda: gzip.compress(a_head())[:-9000], "cut off"),
    ("truncated inside", "cut.nii.gz", lambda: gzip.compress(a_head()[:-9000]), "cut off"),
    ("damaged gzip", "bad.nii.gz", lambda: damaged(gzip.compress(a_head())), "damaged"),
    ("offset past end", "far.nii", lambda: a_head(vox_offset=3e6), "past its end"),
    ("offset past end, packed", "far.nii.gz", lambda: gzip.compress(a_head(vox_offset=3e6)),
     "past its end"),
    ("offset within header", "near.nii", lambda: a_head(vox_offset=100), "cannot"),
    ("offset absurd", "far.nii.gz", lambda: gzip.compress(a_head(vox_offset=1e12)), "cannot"),
    ("offset NaN", "far.nii", lambda: a_head(vox_offset=np.nan), "nan"),
    ("bomb", "bomb.nii.gz", lambda: gzip.compress(a_head() + bytes(30_000_000)), "bomb"),
    ("NaN", "holes.nii", lambda: image_of(holed(12)), "12 voxels"),
    ("Inf slope", "slope.nii", lambda: a_head(scl_slope=np.inf), "inf"),
    ("Inf intercept", "inter.nii", lambda: a_head(scl_inter=-np.inf), "adds -inf"),
    ("far away", "far.nii", lambda: a_head(srow_x=[4, 0, 0, 9e4], qform_code=0), "90.09 m"),
    ("a label map", "seg.nii", lambda: image_of((CUBE // 15000).astype("u1")), "--labels"),
    ("blank", "blank.nii", lambda: image_of(np.zeros((45, 45, 45), np.uint8)), "blank"),
    ("singular", "flat.nii", lambda: a_head(srow_x=FLAT, srow_z=FLAT), "singular"),
    ("zero column", "flat.nii", lambda: a_head(srow_x=[0, 0, 0, 5]), "singular"),
    ("NaN affine", "nan.nii", lambda: a_head(srow_x=[np.nan, 0, 0, 5]), "singular"),
    ("sheared", "tilted.nii", lambda: image_of(CUBE.astype(np.float32), SHEAR), "sheared"),
    ("quaternion", "q.nii", lambda: a_head(sform_code=0, quatern_b=3.0), "rotation"),
    ("mouse", "mouse.nii", lambda: image_of(CUBE.astype("f4"), np.diag([0.4, 0.4, 0.4, 1])),
     "not the size of a head"),
    ("knee", "knee.nii", lambda: image_of(CUBE.astype("f4"), np.diag([3.5, 3.5, 1.5, 1])),
     "not the size of a head"),
    ("whole body", "body.nii", lambda: image_of(CUBE.astype("f4"), np.diag([9, 9, 19, 1.0])),
     "not the size of a head"),
    ("few slices", "few.nii", lambda: image_of(CUBE[:, :, :12].astype("f4"),
     np.diag([4, 4, 10, 1.0])), "slices"),
    ("CT", "ct.nii", lambda: image_of(a_ct()), "CT"),
    ("NRRD image", "head.nrrd", lambda: b"NRRD0004\ntype: short\n\n" + bytes(999), "NRRD"),
]  # fmt: skip


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.float32])
def test_regions_are_flat_and_images_of_few_whole_values_are_not(kind: type) -> None:
    noise = np.random.default_rng(1).integers(20, 250, (SIDE,) * 3)
    noise[:20] = 0
    regions = np.kron(np.random.default_rng(1).integers(0, 99, (9, 9, 9)), np.ones((5, 5, 5)))

    assert flatness(noise.astype(kind)) < 0.01
    assert flatness(regions.astype(kind)) == pytest.approx(0.6**3, abs=0.06)
    assert flatness(regions + 0.5) == 0


def damaged(packed: bytes) -> bytes:
    return packed[:2000] + bytes(64) + packed[2064:]


@pytest.mark.parametrize(
    ("file", "make", "fact"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_a_bad_file_is_refused_by_name(
    tmp_path: Path, file: str, make: Callable[[], bytes], fact: str
) -> None:
    path = tmp_path / file
    path.write_bytes(make())

    with pytest.raises(ReadError) as refusal:
        take(str(path), file, Answers(), "head", False)

    assert not isinstance(refusal.value, Question)
    one_sentence_about(refusal.value, file, fact)


MIRRORED = np.array([4.0, 0, 0, -90])
ASKED = [
    ("conflict", lambda: a_head(qoffset_x=95.0), "--use sform|qform", Answers(use="qform")),
    ("mirror", lambda: a_head(srow_x=MIRRORED), "--use sform|qform", Answers(use="sform")),
    ("no orientation", lambda: a_head(sform_code=0, qform_code=0), "--orientation trust",
     Answers(orientation="trust")),
    ("micron", lambda: a_head(xyzt_units=3), "--unit mm", Answers(unit="mm")),
    ("metre", lambda: a_head(xyzt_units=1), "--unit mm", Answers(unit="mm")),
    ("metre called millimetre",
     lambda: image_of(CUBE.astype("f4"), np.diag([4e-3, 4e-3, 4e-3, 1])),
     "--unit m", Answers(unit="m")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "flag", "answer"), [a[1:] for a in ASKED], ids=[a[0] for a in ASKED]
)
def test_an_open_question_names_the_flag_that_settles_it(
    tmp_path: Path, make: Callable[[], bytes], flag: str, answer: Answers
) -> None:
    path = tmp_path / "head.nii"
    path.write_bytes(make())

    with pytest.raises(Question) as question:
        take(str(path), "head.nii", Answers(), "head", False)
    settled = take(str(path), "head.nii", answer, "head", False)

    assert question.value.facts["flag"] == flag
    one_sentence_about(question.value, "head.nii", flag.split("|")[0])
    assert settled["report"]["notes"]
    assert settled["report"]["spacing_mm"] == pytest.approx([4, 4, 4])


def test_the_answer_decides_which_placement_holds(tmp_path: Path) -> None:
    path = tmp_path / "head.nii"
    path.write_bytes(a_head(srow_x=MIRRORED))

    sform = take(str(path), "head.nii", Answers(use="sform"), "head", False)
    qform = take(str(path), "head.nii", Answers(use="qform"), "head", False)

    assert (sform["report"]["axes"], qform["report"]["axes"]) == ("RAS", "LAS")


def test_an_answer_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "head.nii"
    path.write_bytes(a_head(qform_code=0))

    with pytest.raises(ReadError, match="no qform"):
        take(str(path), "head.nii", Answers(use="qform"), "head", False)
    with pytest.raises(ReadError, match="not the size of a head"):
        take(str(path), "head.nii", Answers(unit="um"), "head", False)


def test_a_ct_may_be_read_where_a_ct_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "ct.nii").write_bytes(image_of(a_ct()))

    volume, report = read_volume(tmp_path / "ct.nii", expect=None)

    assert (volume.modality, report.modality) == ("CT", "CT")


def test_folders_missing_and_forbidden_files_are_named(tmp_path: Path) -> None:
    secret = tmp_path / "secret.nii"
    secret.write_bytes(a_head())
    secret.chmod(0)

    for path, fact in ((tmp_path, "folder"), (tmp_path / "no.nii", "does not exist")):
        with pytest.raises(ReadError) as refusal:
            read_volume(path)
        one_sentence_about(refusal.value, path.name, fact)
    if os.access(secret, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(ReadError, match=r"secret\.nii may not be read"):
        read_volume(secret)


def test_the_name_in_a_message_is_the_one_the_person_knows(tmp_path: Path) -> None:
    (tmp_path / "9f3a").write_bytes(b"")

    with pytest.raises(ReadError, match=r"^T1 Anna\.nii\.gz is empty"):
        read_volume(tmp_path / "9f3a", name="T1 Anna.nii.gz")


WEIRD = {
    "space_RAS.nii.gz": "RAS", "space_LPS.nii.gz": "LPS", "space_ASR.nii.gz": "ASR",
    "space_PIL.nii.gz": "PIL", "space_SLA.nii.gz": "SLA", "space_IRP.nii.gz": "IRP",
    "big_endian.nii.gz": "LAS", "with_extension.nii.gz": "label map",
    "shear.nii.gz": "sheared", "complex.nii.gz": "complex", "minimal.nii.gz": "not the size",
    "5D_small.nii": "5-dimensional", "not-nifti.nii": "not a NIfTI", "nifti2.nii.gz": "4-D",
    "4d_oblique.nii.gz": "4-D", "tiny.mgz": "mri_convert",
}  # fmt: skip


@pytest.mark.parametrize("file", WEIRD)
def test_odd_files_of_the_world_are_read_or_refused_in_words(shared_data: Path, file: str) -> None:
    path, expected = shared_data / "weird" / file, WEIRD[file]

    if expected.isupper() and len(expected) == 3 and expected.isalpha():
        volume, report = read_volume(path)
        truth = nibabel.load(path)
        assert report.axes == expected == "".join(nibabel.aff2axcodes(truth.affine))
        assert np.allclose(volume.voxels, np.squeeze(truth.get_fdata()), rtol=1e-5, atol=1e-3)
    else:
        with pytest.raises(ReadError) as refusal:
            read_volume(path)
        one_sentence_about(refusal.value, file, expected)


def test_one_brain_stored_in_six_orders_is_one_brain(shared_data: Path) -> None:
    centres = []
    for order in ("RAS", "LPS", "ASR", "PIL", "SLA", "IRP"):
        volume, _ = read_volume(shared_data / "weird" / f"space_{order}.nii.gz")
        bright = np.argwhere(volume.voxels > 60)
        centres.append(volume.grid.ras(bright).mean(axis=0))

    assert np.ptp(centres, axis=0).max() < 0.01


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.integers(0, 351), st.integers(0, 255)), min_size=1, max_size=6))
def test_no_change_of_header_bytes_gets_past_words(
    tmp_path: Path, changes: list[tuple[int, int]]
) -> None:
    raw = bytearray(SMALL)
    for at, byte in changes:
        raw[at] = byte
    path = tmp_path / "head.nii"
    path.write_bytes(raw)

    try:
        found = take(str(path), "head.nii", Answers(), "head", False)
    except TwinError as refusal:
        one_sentence_about(refusal, "head.nii", "")
    else:
        assert np.isfinite(found["voxels"]).all()
        Grid(found["voxels"].shape, np.array(found["affine"]), PATIENT)


SMALL = a_head()


def a_label_file(path: Path, values: np.ndarray) -> Path:
    path.write_bytes(image_of(values))
    return path


@pytest.mark.parametrize(
    ("values", "fact"),
    [
        (CUBE / 7.0, "not whole numbers"),
        (CUBE.astype(np.int16) * 0, "no labels"),
        (-(CUBE % 3).astype(np.int16), "labels from -2"),
        (CUBE.astype(np.int32), "0 to 65535"),
        (np.where(CUBE == 5, 77, CUBE % 3).astype(np.uint8), r"does not name: 77"),
        (np.where(CUBE % 3 > 0, 77, 0).astype(np.uint8), "does not fit BraTS"),
    ],
)
def test_a_label_map_that_does_not_fit_is_refused_by_name(
    tmp_path: Path, values: np.ndarray, fact: str
) -> None:
    path = a_label_file(tmp_path / "seg.nii", values)

    with pytest.raises(ReadError) as refusal:
        read_labels(path, scheme=scheme("brats"))

    one_sentence_about(refusal.value, "seg.nii", fact)


def test_float_files_with_whole_labels_are_label_maps(tmp_path: Path) -> None:
    path = a_label_file(tmp_path / "seg.nii", (CUBE % 3).astype(np.float32))

    labelmap, report = read_labels(path, scheme=scheme("brats"))

    assert dict(labelmap.key) == {1: "tumour_necrosis", 2: "oedema"}
    assert report.datatype == "float32"


def test_ignored_labels_become_background_and_the_report_says_so(tmp_path: Path) -> None:
    path = a_label_file(tmp_path / "seg.nii", (CUBE % 4).astype(np.uint8))
    mine = Scheme(name="m", title="mine", key={1: "artery", 2: "vein"}, ignore=frozenset({3}))

    labelmap, report = read_labels(path, scheme=mine)

    assert set(np.unique(labelmap.labels)) == {0, 1, 2}
    assert any("Labels 3 were left out" in note for note in report.notes)


def a_labelmap() -> LabelMap:
    labels = np.ones((5, 5, 5), np.uint16)
    return LabelMap(grid=Grid((5, 5, 5), np.eye(4), PATIENT), labels=labels, key={1: "scalp"})


def test_writing_into_a_missing_folder_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match=r"out\.nii\.gz could not be written"):
        write_labels(a_labelmap(), tmp_path / "no" / "out.nii.gz")

    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    script = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "sys.path.insert(0, sys.argv[2]); sys.path.insert(0, sys.argv[3]);"
        "from test_nifti_refusals import *; import anatomy.nifti; import nibabel;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50));"
        "from pathlib import Path\n"
        "try: write_labels(a_labelmap(), Path(sys.argv[1]) / 'out.nii.gz')\n"
        "except WriteError as e: sys.exit(7 if 'out.nii.gz could not' in str(e) else 8)"
    )
    here = Path(__file__)
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path, here.parent, here.parents[2]], check=False
    )

    assert done.returncode == 7
    assert list(tmp_path.iterdir()) == []


def one_sentence_about(refusal: TwinError, file: str, fact: str) -> None:
    assert refusal.message.startswith(file) or file in refusal.message
    assert fact in refusal.message
    assert "\n" not in refusal.message
    assert refusal.message.endswith(".")
    assert "/tmp" not in refusal.message
