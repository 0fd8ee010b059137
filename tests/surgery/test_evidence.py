"""Every threshold names its source: anchors exist, and the page behind them says the numbers."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

import assets
from surgery.delivery import deliveries
from surgery.device import devices
from surgery.procedure import procedures
from surgery.profile import profiles
from surgery.score import Limit

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/evidence.md").read_text()
PARTS = re.split(r"^#+ ([a-z0-9-]+)$", PAGE, flags=re.M)
SECTIONS = dict(zip(PARTS[1::2], PARTS[2::2], strict=True))
CODE = [
    path
    for folder in ("anatomy", "surgery", "twin", "viewer", "assets")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in (".py", ".toml") and not {"node_modules", "bundle"} & set(path.parts)
]
NUMBER = r"(?<![\w.])-?\d+(?:\.\d+)?"
SOURCE = r"house\s+value|doi|PMID|PMC|Surg|Neuro|\b(?:19|20)\d\d\b"
METRICS = [
    pytest.param(one, id=f"{asked.id}-{one.id}")
    for asked in procedures().values()
    for one in asked.metrics
    if one.limit != Limit()
]


def test_every_anchor_stands_on_the_page_once():
    anchors = PARTS[1::2]
    assert len(anchors) == len(set(anchors)) > 60


def test_every_source_that_the_code_names_is_on_the_page():
    lost = {}
    for path in CODE:
        text = path.read_text(encoding="utf-8")
        named = re.findall(r"evidence\.md#([a-z0-9-]+)", text)
        named += re.findall(r"EVIDENCE \+ \"([a-z0-9-]+)\"", text)
        lost |= {one: path.name for one in named if one not in SECTIONS}
    assert set(lost) <= {"anchor"}, lost  # surgery/score.py: `docs/evidence.md#anchor`


@pytest.mark.parametrize("metric", METRICS)
def test_the_page_says_every_bound_of_a_metric_and_where_it_comes_from(metric):
    file, _, anchor = metric.source.partition("#")
    text = SECTIONS[anchor]
    said = {float(number) for number in re.findall(NUMBER, text)}
    bounds = {getattr(metric.limit, one.name) for one in fields(Limit)} - {None}

    assert file == "docs/evidence.md"
    assert bounds <= said, f"{anchor} does not say {sorted(bounds - said)}"
    assert re.search(SOURCE, text, re.I), f"{anchor} names no paper and no house value"


def test_every_device_delivery_and_profile_says_who_says_so():
    assert all(one.source for one in devices().values())
    assert all(one.note for one in devices().values() if one.house)
    assert all(one.source for one in deliveries().values())
    assert all(f"| `{id}` |" in SECTIONS["delivery-error"] for id in deliveries())
    assert all(one.source for one in profiles().values())
    for folder in ("devices", "profiles"):
        for file in assets.path(folder).glob("*.toml"):
            assert 'source = "' in file.read_text(encoding="utf-8"), file.name
