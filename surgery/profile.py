"""Surgeon profiles: weights and stricter limits that a plan is judged with (assets/profiles)."""

import difflib
import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from types import MappingProxyType
from typing import Any

import assets
from anatomy.errors import GeometryError, TwinError
from surgery.procedure import Procedure, procedures
from surgery.score import Limit, Metric, spoken

GROUP = "theatrum.profiles"
"""Entry points of this group name one Profile each."""
DEFAULT = "default"
"""The profile that leaves every procedure as it is."""
HOUSE = "house value"


class ProfileError(TwinError, LookupError):
    """A profile that the catalogue does not hold, or that cannot exist."""

    code = "surgery.profile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a profile says of one metric, bounds in its unit; None: as the procedure has it."""

    weight: float | None = None
    hard_low: float | None = None
    hard_high: float | None = None
    good_low: float | None = None
    good_high: float | None = None

    def __post_init__(self) -> None:
        given = [getattr(self, one.name) for one in fields(self)]
        if not all(math.isfinite(number) for number in given if number is not None):
            raise ProfileError("Weights and bounds are finite numbers.")
        if self.weight is not None and self.weight < 0:
            raise ProfileError(f"A weight is 0 or more, not {self.weight:g}.", weight=self.weight)

    def limit(self, base: Limit) -> Limit:
        """The limit with the bounds that are given."""
        given = ((one.name, getattr(self, one.name)) for one in fields(base))
        return replace(base, **{name: bound for name, bound in given if bound is not None})

    def looser(self, base: Limit) -> tuple[str, float, float] | None:
        """The hard bound that lets through what `base` does not: name, its value, that of base."""
        low, high = (self.hard_low, base.hard_low), (self.hard_high, base.hard_high)
        if low[0] is not None and low[1] is not None and low[0] < low[1]:
            return "lower", low[0], low[1]
        if high[0] is not None and high[1] is not None and high[0] > high[1]:
            return "upper", high[0], high[1]
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What one surgeon, or one school, weighs and asks for. It makes no hard limit looser."""

    id: str
    title: str
    source: str
    """Who says so; or `House value: ` and the reason."""
    rules: Mapping[str, Rule] = field(default_factory=dict)
    """By metric id."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "rules", MappingProxyType(dict(self.rules)))
        if not self.title.strip():
            raise ProfileError(f"Profile {self.id} needs a title.")
        if not self.source.lower().removeprefix(HOUSE).strip(" :.,"):
            raise ProfileError(
                f"Profile {self.id} does not say who says so. Give its source, or "
                f"'{HOUSE.capitalize()}: ' and the reason.",
                id=self.id,
            )

    def applied(self, asked: Procedure) -> Procedure:
        """The procedure judged by this profile; raises ProfileError where that cannot be."""
        if self.rules.keys().isdisjoint(metric.id for metric in asked.metrics):
            return asked
        return replace(asked, metrics=tuple(self._metric(one, asked) for one in asked.metrics))

    def _metric(self, metric: Metric, asked: Procedure) -> Metric:
        rule = self.rules.get(metric.id)
        if rule is None:
            return metric
        if loose := rule.looser(metric.limit):
            side, own, base = loose
            unit = spoken(metric.unit)
            raise ProfileError(
                f"Profile {self.id} sets the {side} hard limit of {metric.id} to "
                f"{f'{own:g} {unit}'.rstrip()}, which is looser than "
                f"{f'{base:g} {unit}'.rstrip()} in {asked.title}. A profile may only be stricter.",
                metric=metric.id, procedure=asked.id, given=own, limit=base,
            )  # fmt: skip
        weight = metric.weight if rule.weight is None else rule.weight
        try:
            return replace(metric, weight=weight, limit=rule.limit(metric.limit))
        except GeometryError as crossed:
            raise ProfileError(
                f"Profile {self.id}, {metric.id}: {crossed} {asked.title} has "
                f"{metric.limit.words(metric.unit)}; give each bound that no longer fits.",
                metric=metric.id, procedure=asked.id,
            ) from crossed  # fmt: skip


@cache
def profiles() -> Mapping[str, Profile]:
    """Every profile by id, in alphabetical order: those of this project and of entry points."""
    own = (read_profile(file) for file in sorted(assets.path("profiles").glob("*.toml")))
    strangers = (entry.load() for entry in entry_points(group=GROUP))
    return catalogue([*own, *strangers])


def catalogue(found: Iterable[object]) -> Mapping[str, Profile]:
    """Profiles by id, each held against every procedure; raises ProfileError where one cannot be.

    It cannot be where two share an id, a metric is unknown, or a hard limit becomes looser.
    """
    known: dict[str, Profile] = {}
    metrics = {metric.id for asked in procedures().values() for metric in asked.metrics}
    for one in found:
        if not isinstance(one, Profile):
            raise ProfileError(f"An entry point of {GROUP} names {one!r}, which is no Profile.")
        if one.id in known:
            raise ProfileError(f"Two profiles are called {one.id}. Rename one.", id=one.id)
        for name in one.rules:
            if name not in metrics:
                raise ProfileError(
                    f"Profile {one.id}: no procedure has a metric {name!r}.{_near(name, metrics)}",
                    metric=name,
                )
        for asked in procedures().values():
            one.applied(asked)
        known[one.id] = one
    return MappingProxyType(dict(sorted(known.items())))


def profile(id: str) -> Profile:
    """The profile called `id`; raises ProfileError with the nearest ids."""
    try:
        return profiles()[id]
    except KeyError:
        near = difflib.get_close_matches(id, profiles(), n=3) or list(profiles())
        raise ProfileError(
            f"There is no profile {id!r}. There is {' or '.join(near)}.", id=id, near=near
        ) from None


def under(asked: Procedure, id: str) -> Procedure:
    """The procedure judged by the profile called `id`; raises ProfileError."""
    return profile(id).applied(asked)


def read_profile(path: Path) -> Profile:
    """The profile that a TOML file describes, called like the file; ProfileError names the file."""
    try:
        made = _profile(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ProfileError) as error:
        raise ProfileError(f"{path.name} describes no profile: {error}", file=path.name) from error
    if made.id != path.stem:
        raise ProfileError(f"{path.name} describes the profile {made.id}. Name it {made.id}.toml.")
    return made


def _profile(table: dict[str, Any]) -> Profile:
    words = {name: table.pop(name, None) for name in ("id", "title", "source")}
    rules = table.pop("metric", {})
    for name, word in words.items():
        if not isinstance(word, str):
            raise ProfileError(f"It needs its {name}, as text.")
    if table or not isinstance(rules, dict):
        held = "id, title, source and one table [metric.ID] for each metric"
        raise ProfileError(f"It holds {held}, and not {next(iter(table), 'metric')!r} like that.")
    return Profile(**words, rules={name: _rule(name, row) for name, row in rules.items()})


def _rule(metric: str, row: object) -> Rule:
    names = [one.name for one in fields(Rule)]
    if not isinstance(row, dict):
        raise ProfileError(f"[metric.{metric}] is a table of {', '.join(names)}.")
    for name, value in row.items():
        if name not in names:
            raise ProfileError(f"[metric.{metric}] has no {name!r}.{_near(name, names)}")
        if type(value) not in (int, float):
            raise ProfileError(f"[metric.{metric}]: {name} is a number, not {value!r}.")
    try:
        return Rule(**{name: float(value) for name, value in row.items()})
    except ProfileError as broken:
        raise ProfileError(f"[metric.{metric}]: {broken}") from broken


def _near(name: str, names: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, sorted(names), n=3)
    return f" Did you mean {' or '.join(near)}?" if near else ""
