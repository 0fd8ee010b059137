"""Is the engine right here? Bodies with closed-form answers, measured as a patient is.

Each trial has its answer from a formula alone: no number of the engine's own goes into it, and
devices are those of the catalogue with the sizes that their makers give. `docs/accuracy.md`.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One answer of the engine beside the closed form."""

    metric: str
    phantom: str
    expected: float
    measured: float
    tolerance: float
    unit: str
    """UCUM."""
    fault: str = ""
    """What the engine raised; then `measured` is NaN."""

    @property
    def error(self) -> float:
        """Measured less expected."""
        return self.measured - self.expected

    @property
    def ok(self) -> bool:
        """True where the error is within the tolerance."""
        return abs(self.error) <= self.tolerance

    def wire(self) -> dict[str, Any]:
        """JSON-ready; measured and error are null where the engine raised."""
        return {
            "metric": self.metric,
            "phantom": self.phantom,
            "expected": self.expected,
            "measured": None if self.fault else self.measured,
            "error": None if self.fault else self.error,
            "tolerance": self.tolerance,
            "unit": self.unit,
            "ok": self.ok,
            "fault": self.fault,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One question to the engine with its closed form."""

    metric: str
    phantom: str
    expected: float
    tolerance: float
    unit: str = "mm"
    measure: Callable[[], float]

    def run(self) -> Row:
        """Ask the engine; whatever it raises fails the row."""
        measured, fault = math.nan, ""
        try:
            measured = float(self.measure())
        except Exception as broken:  # noqa: BLE001 - the row's purpose is to say it
            fault = f"{type(broken).__name__}: {broken}"
        return Row(
            metric=self.metric,
            phantom=self.phantom,
            expected=self.expected,
            measured=measured,
            tolerance=self.tolerance,
            unit=self.unit,
            fault=fault,
        )


def table() -> tuple[Row, ...]:
    """Every trial, run."""
    return tuple(trial.run() for trial in trials())


def trials() -> Iterator[Trial]:
    """Every trial, in the order of the table."""
    from surgery import accuracy_paths, accuracy_special

    yield from accuracy_paths.trials()
    yield from accuracy_special.trials()
