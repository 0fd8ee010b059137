"""Words that surgeons use for several terms at once."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from anatomy.terms import Term

SPARED = frozenset({"hippocampus", "amygdala"})
"""Deep nuclei that electrodes are put into on purpose."""
KINDS: Mapping[str, Callable[[Term], bool]] = MappingProxyType(
    {
        "vessels": lambda term: term.group == "vessels",
        "ventricles": lambda term: term.group == "ventricles",
        "sulci": lambda term: term.id == "csf",
        "eloquent nuclei": lambda term: (
            term.id == "brainstem" or (term.group == "deep nuclei" and term.id not in SPARED)
        ),
        "lesion": lambda term: term.group == "pathology",
        "grey matter": lambda term: term.id == "grey_matter" or term.group == "deep nuclei",
    }
)
"""Each word with the test that its terms pass."""
EITHER = "vessel"
"""A vessel of no told kind, which may be an artery and may be a vein."""
CORE = frozenset({"tumour_core", "tumour_enhancing", "tumour_necrosis"})
"""What BraTS calls tumour core, whether it is labelled as one or in its parts."""


def means(word: str, term: Term) -> bool:
    """True where `word` (a kind or a term's id) speaks of `term`."""
    if word in KINDS:
        return KINDS[word](term)
    if word == "tumour_core":
        return term.id in CORE
    return word == term.id or (word in ("artery", "vein") and term.id == EITHER)
