"""What the integers of a label map mean: schemes shipped in assets/schemes, and users' own."""

import csv
import json
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

import assets
from anatomy.errors import ReadError, TermError
from anatomy.terms import split

MOST_BYTES = 1 << 20
SHOWN = 12


@dataclass(frozen=True, eq=False, kw_only=True)
class Scheme:
    """Integers and the structures they stand for, each of them in the term table."""

    name: str
    title: str
    key: Mapping[int, str]
    ignore: frozenset[int] = frozenset()
    """Integers that become background."""
    unplaced: Mapping[int, str] = field(default_factory=dict)
    """Integers the scheme names but the term table does not hold; refused only if they occur."""

    def __post_init__(self) -> None:
        for structure in self.key.values():
            split(structure)
        object.__setattr__(self, "key", MappingProxyType(dict(sorted(self.key.items()))))

    def fit(self, present: Iterable[int], *, name: str) -> dict[int, str]:
        """The part of the key that the labels `present` need; ReadError, naming file and labels."""
        labels = sorted(set(present) - {0} - self.ignore)
        missing = [n for n in labels if n not in self.key]
        if labels and len(missing) == len(labels):
            raise ReadError(
                f"{name} does not fit {self.title}: none of its labels ({_list(labels)}) is in "
                "that scheme; name another with --scheme.",
                scheme=self.name,
                missing=missing,
            )
        if missing:
            words = [f"{n} ({self.unplaced[n]})" if n in self.unplaced else n for n in missing]
            raise ReadError(
                f"{name} holds labels that {self.title} does not name: {_list(words)}; name "
                "another scheme, or give a CSV with lines integer,id (id ignore leaves one out).",
                scheme=self.name,
                missing=missing,
            )
        if not labels:
            raise ReadError(f"{name} holds no label that {self.title} keeps.", scheme=self.name)
        return {n: self.key[n] for n in labels}


def schemes() -> tuple[str, ...]:
    """Names of the schemes that ship with Theatrum."""
    return tuple(sorted(p.stem for p in assets.path("schemes").glob("*.toml")))


@cache
def scheme(name: str) -> Scheme:
    """The shipped scheme called `name`; TermError with the names there are."""
    if name not in schemes():
        raise TermError(
            f"No scheme is called {name!r}: there are {', '.join(schemes())}, or a CSV or JSON "
            "file of your own.",
            scheme=name,
        )
    table = tomllib.loads(assets.path(f"schemes/{name}.toml").read_text(encoding="utf-8"))
    key: dict[int, str] = {}
    for base in table.get("extends", []):
        key |= scheme(base).key
    key |= {n: id for numbers, id in table["key"].items() for n in _numbers(numbers)}
    ignore = {n for numbers in table.get("ignore", []) for n in _numbers(str(numbers))}
    for n in ignore:
        key.pop(n, None)
    return Scheme(name=name, title=table["title"], key=key, ignore=frozenset(ignore))


def find_scheme(name: str | os.PathLike[str]) -> Scheme:
    """A shipped scheme by name, the user's file if `name` ends like one, or a key as it stands.

    A key is written `1=aorta,2=ignore,100-199=ignore`.
    """
    if Path(name).suffix.lower() in (".csv", ".tsv", ".json", ".txt"):
        return read_scheme(name)
    if "=" in str(name):
        return _written(str(name))
    return scheme(str(name))


def read_scheme(path: str | os.PathLike[str]) -> Scheme:
    """A user's scheme: CSV lines `integer,id`, JSON `{"1": "scalp"}` or a FreeSurfer colour table.

    The id `ignore` leaves an integer out. Names such as Left-Thalamus are understood.
    """
    source = Path(path)
    try:
        if source.stat().st_size > MOST_BYTES:
            raise ReadError(f"{source.name} is too large for a scheme: at most 1 MiB is read.")
        text = source.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ReadError(f"{source.name} is not text: a scheme is CSV, JSON or a table.") from None
    except ReadError:
        raise
    except OSError as error:
        raise ReadError(f"{source.name} cannot be read: {error.strerror}.") from None
    if text.lstrip().startswith("{"):
        return _made(source.name, _json(text, name=source.name), strict=True)
    rows = _table(text)
    if rows is not None:
        return _made(source.name, rows, strict=False)
    return _made(source.name, _csv(text, name=source.name), strict=True)


def structure_id(words: str) -> str:
    """The structure id that a tool's name means: `Left-Lateral-Ventricle`, `Hippocampus_R`."""
    spelt = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", words.strip())
    parts = [p for p in re.split(r"[\s_\-,./]+", spelt.lower()) if p]
    side = ""
    for spot in (0, -1):
        if len(parts) > 1 and parts[spot] in ("left", "right", "l", "r", "lh", "rh"):
            side = "left" if parts.pop(spot)[0] == "l" else "right"
            break
    name = "_".join(parts)
    name = ALIASES.get(name, name)
    found = f"{name}_{side}" if side else name
    split(found)
    return found


ALIASES = {
    "cerebral_white_matter": "white_matter", "cerebral_cortex": "grey_matter",
    "gray_matter": "grey_matter", "cortex": "grey_matter", "thalamus_proper": "thalamus",
    "inf_lat_vent": "lateral_ventricle", "lateral_ventricles": "lateral_ventricle",
    "3rd_ventricle": "third_ventricle", "4th_ventricle": "fourth_ventricle",
    "brain_stem": "brainstem", "globus_pallidus": "pallidum", "caudate_nucleus": "caudate",
    "accumbens_area": "accumbens", "ventral_dc": "ventral_diencephalon", "tumor": "tumour_core",
    "tumour": "tumour_core", "tumor_core": "tumour_core", "edema": "oedema", "skin": "scalp",
    "arteries": "artery", "veins": "vein", "vessels": "vessel", "stn": "subthalamic_nucleus",
    "gpi": "pallidum_internal", "gpe": "pallidum_external",
}  # fmt: skip


def _made(name: str, rows: list[tuple[int, str]], *, strict: bool) -> Scheme:
    key: dict[int, str] = {}
    unplaced: dict[int, str] = {}
    ignore: set[int] = set()
    for number, words in rows:
        if number == 0:
            continue
        if not 0 < number <= 65535:
            raise ReadError(f"{name} names the label {number}: 1 to 65535 are possible.")
        if words.strip().lower() == "ignore":
            ignore.add(number)
            continue
        try:
            found = structure_id(words)
        except TermError as error:
            if strict:
                raise ReadError(
                    f"{name} gives label {number} an unknown structure: {error.message}",
                    label=number,
                ) from None
            unplaced[number] = words
            continue
        if key.setdefault(number, found) != found:
            raise ReadError(f"{name} names label {number} twice: {key[number]} and {found}.")
    if not key:
        raise ReadError(f"{name} names no label: lines like 1,scalp are expected.")
    return Scheme(name=name, title=name, key=key, ignore=frozenset(ignore), unplaced=unplaced)


def _written(text: str) -> Scheme:
    """The scheme of `integer=id` or `first-last=id`, separated by commas."""
    rows = []
    for part in text.split(","):
        numbers, _, id = part.partition("=")
        if not re.fullmatch(r"\s*\d{1,5}(-\d{1,5})?\s*", numbers) or not id.strip():
            raise ReadError(
                f"The key {text!r} is not integer=id, with commas in between, such as 1=aorta."
            )
        rows += [(number, id) for number in _numbers(numbers)]
    return replace(_made(f"The key {text}", rows, strict=True), title=f"the key {text}")


def _json(text: str, *, name: str) -> list[tuple[int, str]]:
    try:
        table = json.loads(text)
        table = table.get("key", table)
        return [(int(number), str(id)) for number, id in table.items()]
    except (ValueError, AttributeError, RecursionError):
        raise ReadError(
            f'{name} is not a scheme: JSON like {{"1": "scalp"}} is expected.'
        ) from None


def _csv(text: str, *, name: str) -> list[tuple[int, str]]:
    tab = "\t" in text and "," not in text
    rows = []
    for line, row in enumerate(csv.reader(text.splitlines(), delimiter="\t" if tab else ","), 1):
        if not row or row[0].lstrip().startswith("#"):
            continue
        try:
            rows.append((int(row[0]), row[-1].strip()))
        except ValueError:
            if line == 1:  # the heading
                continue
            raise ReadError(f"{name} is not a scheme: line {line} is not integer,id.") from None
    return rows


def _table(text: str) -> list[tuple[int, str]] | None:
    """Rows of a colour table (`number name R G B A`), None if the text is no such table."""
    lines = [line.split() for line in text.splitlines() if line.strip() and line.strip()[0] != "#"]
    if not lines or not all(len(line) == 6 and line[0].isdigit() for line in lines):
        return None
    return [(int(line[0]), line[1]) for line in lines]


def _numbers(words: str) -> range:
    low, _, high = words.partition("-")
    return range(int(low), int(high or low) + 1)


def _list(items: Iterable[object]) -> str:
    words = [str(item) for item in items]
    more = f" and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
    return ", ".join(words[:SHOWN]) + more
