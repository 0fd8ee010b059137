"""The house itself: names, sizes, words that must not occur."""

import re
import subprocess
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("anatomy", "surgery", "twin", "viewer", "assets")
CODE = sorted(
    path
    for folder in (*PACKAGES, "tests", "benchmarks")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".py", ".js", ".css"}
    and not {"node_modules", "bundle", "__pycache__"} & set(path.parts)
)


@pytest.mark.parametrize("package", PACKAGES)
def test_each_import_name_belongs_to_theatrum_alone(package):
    assert set(packages_distributions()[package]) == {"theatrum"}


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_is_longer_than_four_hundred_lines(path):
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_ends_in_a_word_for_anything(path):
    assert not re.search(r"(utils?|helpers?|manager|misc|common)$", path.stem)


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    return [ROOT / name for name in listed.stdout.splitlines()]


def test_no_tracked_file_names_a_registry_or_a_path_of_some_machine():
    # The words are put together here so that this file does not hold them itself.
    forbidden = [
        "pypi" + ".org",
        "registry" + ".npmjs",
        "deb.debian" + ".org",
        "/ro" + "ot/",
        "/wo" + "rk/",
    ]
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in tracked()
        if path.suffix
        in {".py", ".js", ".json", ".md", ".toml", ".css", ".sh", ".txt", ".html", ""}
        and path.is_file()
        for word in forbidden
        if word in path.read_text(errors="replace")
    ]
    assert not found


def test_nothing_large_is_committed():
    assert [p.name for p in tracked() if p.is_file() and p.stat().st_size > 600_000] == []
