"""The term table: complete, coded once, and honest about what it does not know."""

import itertools

import numpy as np
import pytest

from anatomy.errors import TermError
from anatomy.terms import split, term, terms, title

AUTOMATIC = [
    "scalp", "skull", "brain", "third_ventricle", "fourth_ventricle", "brainstem", "cerebellum",
    *(
        f"{name}_{side}"
        for name in (
            "grey_matter", "white_matter", "lateral_ventricle", "thalamus", "caudate", "putamen",
            "pallidum", "hippocampus", "amygdala",
        )
        for side in ("left", "right")
    ),
]  # fmt: skip
GROUPS = {
    "head", "brain", "ventricles", "deep nuclei", "pathology", "vessels", "spine", "heart", "other"
}  # fmt: skip


@pytest.mark.parametrize("structure", AUTOMATIC)
def test_every_structure_of_the_reconstruction_has_a_coded_term(structure: str) -> None:
    kind, side = split(structure)

    assert kind.code.isdigit()
    assert side == (structure.rsplit("_", 1)[1] if kind.paired else "midline")


@pytest.mark.parametrize("id", list(terms()))
def test_every_term_is_whole(id: str) -> None:
    row = term(id)

    assert id == id.lower()
    assert not id.endswith(("_left", "_right"))
    assert all(0 <= c <= 255 for c in row.colour)
    assert row.group in GROUPS
    assert 0 < row.opacity <= 1
    assert 0 < row.sigma_mm <= 5
    assert not (row.paired and row.midline)
    assert row.code or "unconfirmed" in row.note


def test_no_code_stands_for_two_structures() -> None:
    codes = [(row.scheme, row.code) for row in terms().values() if row.code]

    assert len(codes) == len(set(codes))


@pytest.mark.parametrize(
    ("id", "code"),
    [
        ("brain", "12738006"), ("lateral_ventricle", "66720007"), ("third_ventricle", "49841001"),
        ("artery", "51114001"), ("vein", "29092000"), ("skull", "89546000"),
        ("tumour_core", "108369006"), ("oedema", "79654002"), ("vertebra", "51282000"),
        ("spinal_cord", "2748008"), ("pallidum", "14738005"), ("thalamus", "42695009"),
    ],
)  # fmt: skip
def test_codes_agree_with_the_published_tables(id: str, code: str) -> None:
    assert term(id).code == code


def test_titles_name_the_side_last() -> None:
    assert title("thalamus_left") == "Thalamus, left"
    assert title("third_ventricle") == "Third ventricle"
    assert title("vertebra_l3") == "Vertebra L3"


def test_an_unknown_structure_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(TermError, match="thalamus"):
        term("thalmus")


def test_a_midline_structure_has_no_sides() -> None:
    with pytest.raises(TermError, match="midline"):
        split("third_ventricle_left")


def test_a_lesion_may_lie_on_a_side_or_nowhere_in_particular() -> None:
    assert split("tumour_core")[1] is None
    assert split("tumour_core_left")[1] == "left"


def lab(colour: tuple[int, int, int]) -> np.ndarray:
    """CIE L*a*b* of an sRGB colour, D65."""
    c = np.array(colour) / 255
    c = np.where(c > 0.04045, ((c + 0.055) / 1.055) ** 2.4, c / 12.92)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.array(to_xyz) @ c / (0.9505, 1.0, 1.089)
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_structures_seen_together_are_told_apart_by_colour() -> None:
    seen = {split(id)[0].id for id in AUTOMATIC} | {
        "tumour_core", "tumour_necrosis", "tumour_enhancing", "oedema", "artery", "vein",
        "subthalamic_nucleus", "red_nucleus", "substantia_nigra",
    }  # fmt: skip

    for one, other in itertools.combinations(sorted(seen), 2):
        apart = np.linalg.norm(lab(term(one).colour) - lab(term(other).colour))
        assert apart > 12, (one, other)
