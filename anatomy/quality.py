"""Whether a reconstruction can be believed: measured checks with limits, never silent."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Check:
    """One measured fact with the range it should lie in. `low` or `high` may be open."""

    id: str
    title: str
    value: float
    unit: str
    low: float | None
    high: float | None
    passed: bool
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Quality:
    """All checks of one reconstruction; passed only if every one did."""

    passed: bool
    checks: tuple[Check, ...]

    def wire(self) -> dict[str, Any]:
        """JSON-ready values."""
        return {"passed": self.passed, "checks": [asdict(check) for check in self.checks]}


def check(
    id: str, title: str, value: float, unit: str, *, low: float | None, high: float | None,
    good: str, bad: str,
) -> Check:  # fmt: skip
    """A check with the sentence that fits its outcome."""
    passed = (low is None or value >= low) and (high is None or value <= high)
    return Check(
        id=id, title=title, value=round(float(value), 4), unit=unit, low=low, high=high,
        passed=bool(passed), sentence=good if passed else bad,
    )  # fmt: skip


def judged(checks: list[Check]) -> Quality:
    """The checks as one verdict."""
    return Quality(passed=all(c.passed for c in checks), checks=tuple(checks))
