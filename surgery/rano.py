"""The RANO class of a glioblastoma's resection, from what is left of it."""

from dataclasses import dataclass
from typing import Literal

from surgery.resection import ResectionError, Tally

SOURCE = "docs/evidence.md#rano-class"
NCE_ML, MAXIMAL_ML = 5.0, 1.0
"""docs/evidence.md#rano-class"""
CE = "tumour_enhancing"
NCE = ("tumour_core", "tumour_necrosis", "oedema")
"""What counts as tumour without enhancement: docs/evidence.md#rano-class"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rano:
    """One of four classes, and why."""

    number: Literal[1, 2, 3, 4]
    title: str
    sentence: str
    source: str = SOURCE


def rano(*, ce_before_ml: float, ce_ml: float, nce_ml: float | None) -> Rano:
    """The class for contrast-enhancing tumour (CE) before and left, and the rest (nCE) left [mL].

    Where the anatomy tells no tumour without enhancement, `nce_ml` is None and class 1 is never
    given.
    """
    if not (0 <= ce_ml <= ce_before_ml and ce_before_ml > 0 and (nce_ml is None or nce_ml >= 0)):
        raise ResectionError(
            "A RANO class needs enhancing tumour before, and no more of it after the resection.",
            ce_before_ml=ce_before_ml,
            ce_ml=ce_ml,
            nce_ml=nce_ml,
        )
    rest = "not known" if nce_ml is None else f"{nce_ml:.1f} mL"
    left = f"Enhancing tumour left {ce_ml:.1f} mL, without enhancement {rest}."
    if ce_ml == 0 and nce_ml is not None and nce_ml <= NCE_ML:
        return Rano(number=1, title="Supramaximal resection", sentence=left)
    if ce_ml <= MAXIMAL_ML and ce_ml < ce_before_ml:
        return Rano(number=2, title="Maximal resection", sentence=left)
    if ce_ml < ce_before_ml:
        return Rano(number=3, title="Submaximal resection", sentence=left)
    return Rano(number=4, title="Biopsy", sentence=left)


def rano_of(tally: Tally) -> Rano | None:
    """The class of a resection by its labels; None where no enhancing tumour is labelled."""
    before = tally.before.get(CE, 0)
    if not before:
        return None
    rest = [one for one in NCE if one in tally.before]
    return rano(
        ce_before_ml=tally.before_ml(CE),
        ce_ml=tally.residual_ml(CE),
        nce_ml=tally.residual_ml(*rest) if rest else None,
    )
