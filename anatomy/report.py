"""What an import found and what was assumed: kept with the case, shown on the page."""

from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a person said about a file whose header left a question open."""

    unit: Literal["mm", "m", "um"] | None = None
    """The unit of every length in the header."""
    orientation: Literal["trust"] | None = None
    """Read a file without orientation along its storage axes."""
    use: Literal["sform", "qform"] | None = None
    """The placement to believe where two disagree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """One imported file. Holds no text from the file's header: that may name the patient."""

    file: str
    """Base name only."""
    format: str
    digest: str
    """SHA-256 of the file's bytes."""
    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    fov_mm: tuple[float, float, float]
    axes: str
    """The storage axes, e.g. LPS: towards Left, Posterior, Superior."""
    sform_code: int
    qform_code: int
    placed_by: str
    """sform, qform, storage or space directions."""
    unit_stated: str
    unit_used: str
    datatype: str
    intensity: dict[str, float]
    """min, max and percentiles p0_1, p1, p50, p99, p99_9, after slope and intercept."""
    notes: tuple[str, ...]
    oblique_deg: float
    """Largest angle between a storage axis and the nearest body axis [degree]."""
    left_handed: bool
    modality: str = "MR"

    def wire(self) -> dict[str, Any]:
        """The report as JSON-ready values."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(self).items()
        }
