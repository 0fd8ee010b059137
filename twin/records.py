"""What the library holds about one head: plain values that are JSON on disk and on the wire."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from anatomy.errors import TwinError
from anatomy.geometry import Point
from anatomy.structure import parts_among

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}[a-z0-9]|[a-z0-9]")
_ENDINGS = (".nii.gz", ".nii", ".nrrd", ".gz")


class RecordError(TwinError, ValueError):
    """A case that is not what the library writes."""

    code = "twin.record"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshRecord:
    """One level of detail: the stored file, its triangles, its stored size [bytes]."""

    digest: str
    triangles: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StructureRecord:
    """One structure's card. Volumes [mL], sigma and p95 [mm], bounds x0 x1 y0 y1 z0 z1 [RAS mm]."""

    id: str
    title: str
    code: str
    side: str | None
    colour: tuple[int, int, int]
    opacity: float
    origin: str
    sigma_mm: float
    volume_ml: float
    surface_volume_ml: float
    triangles: int
    watertight: bool
    surface_p95_mm: float
    note: str
    bounds_mm: tuple[float, ...]
    meshes: Mapping[str, MeshRecord]

    @classmethod
    def read(cls, wire: Mapping[str, Any]) -> "StructureRecord":
        """The record of its JSON form."""
        values = {name: value for name, value in wire.items() if name != "parts"}
        values["colour"] = tuple(values["colour"])
        values["bounds_mm"] = tuple(values["bounds_mm"])
        values["meshes"] = {name: MeshRecord(**mesh) for name, mesh in values["meshes"].items()}
        return cls(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class DisplayRecord:
    """The image on an axis-aligned RAS grid: value = slope * stored + inter.

    `origin_mm` is the centre of voxel 0,0,0; i runs to the right, j forward, k up.
    `resampled` is True where the scan was oblique and the picture is interpolated.
    """

    volume: str
    slope: float
    inter: float
    labels: str
    shape: tuple[int, int, int]
    spacing_mm: Point
    origin_mm: Point
    percentiles: Mapping[str, float]
    range: tuple[float, float]
    resampled: bool
    key: Mapping[str, str]

    def wire(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "volume": {
                "digest": self.volume,
                "dtype": "int16",
                "slope": self.slope,
                "inter": self.inter,
                "range": list(self.range),
            },
            "labels": {"digest": self.labels, "dtype": "uint16"},
            "shape": list(self.shape),
            "spacing_mm": list(self.spacing_mm),
            "origin_mm": list(self.origin_mm),
            "percentiles": dict(self.percentiles),
            "resampled": self.resampled,
            "key": dict(self.key),
        }

    @classmethod
    def read(cls, wire: Mapping[str, Any]) -> "DisplayRecord":
        """The record of its JSON form."""
        image = wire["volume"]
        return cls(
            volume=image["digest"],
            slope=image["slope"],
            inter=image["inter"],
            labels=wire["labels"]["digest"],
            shape=tuple(wire["shape"]),
            spacing_mm=tuple(wire["spacing_mm"]),
            origin_mm=tuple(wire["origin_mm"]),
            percentiles=wire["percentiles"],
            range=tuple(image["range"]),
            resampled=wire["resampled"],
            key=wire["key"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One reconstructed head. `recipe` is the digest of all that went into it."""

    case: str
    created: str
    engine: str
    recipe: str
    source_name: str
    source_digest: str
    report: Mapping[str, Any]
    overlays: Sequence[Mapping[str, Any]]
    anatomy: str
    frame: str
    structures: Sequence[StructureRecord]
    display: DisplayRecord
    labelmap: str
    quality: Mapping[str, Any]
    stages: Sequence[Mapping[str, Any]]
    notes: Sequence[str]

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.case):
            raise RecordError(
                f"'{self.case}' cannot name a case: use small letters, digits, dot, dash.",
                case=self.case,
            )

    @property
    def passed(self) -> bool:
        """True if the quality gate let the reconstruction through."""
        return bool(self.quality.get("passed", False))

    def structure(self, structure: str) -> StructureRecord:
        """The structure of that id; raises RecordError with the ids there are."""
        for record in self.structures:
            if record.id == structure:
                return record
        there = ", ".join(record.id for record in self.structures)
        raise RecordError(f"Case {self.case} holds no structure '{structure}'; it holds {there}.")

    def parts(self, structure: str) -> list[str]:
        """Ids whose labels together are the solid of `structure`; empty if it is one label."""
        there = list(dict.fromkeys(self.display.key.values()))
        within = parts_among(structure, there) if structure in there else frozenset()
        return [name for name in there if name in within] if len(within) > 1 else []

    def digests(self) -> set[str]:
        """Every stored file that this case needs."""
        meshes = {mesh.digest for record in self.structures for mesh in record.meshes.values()}
        return meshes | {self.display.volume, self.display.labels, self.labelmap}

    def wire(self) -> dict[str, Any]:
        """JSON form, as in `cases/<case>.json`."""
        return {
            "case": self.case,
            "created": self.created,
            "engine": self.engine,
            "recipe": self.recipe,
            "source": {"name": self.source_name, "digest": self.source_digest},
            "report": dict(self.report),
            "overlays": [dict(overlay) for overlay in self.overlays],
            "anatomy": {
                "id": self.anatomy,
                "frame": self.frame,
                "structures": [
                    {**asdict(record), "parts": self.parts(record.id)} for record in self.structures
                ],
            },
            "display": self.display.wire(),
            "labelmap": {"digest": self.labelmap},
            "quality": dict(self.quality),
            "stages": [dict(stage) for stage in self.stages],
            "notes": list(self.notes),
        }

    @classmethod
    def read(cls, wire: Mapping[str, Any]) -> "Case":
        """The case of its JSON form; raises RecordError if a part is missing."""
        try:
            return cls(
                case=wire["case"],
                created=wire["created"],
                engine=wire["engine"],
                recipe=wire["recipe"],
                source_name=wire["source"]["name"],
                source_digest=wire["source"]["digest"],
                report=wire["report"],
                overlays=wire["overlays"],
                anatomy=wire["anatomy"]["id"],
                frame=wire["anatomy"]["frame"],
                structures=[StructureRecord.read(s) for s in wire["anatomy"]["structures"]],
                display=DisplayRecord.read(wire["display"]),
                labelmap=wire["labelmap"]["digest"],
                quality=wire["quality"],
                stages=wire["stages"],
                notes=wire["notes"],
            )
        except (KeyError, TypeError) as reason:
            raise RecordError(f"This is not a case of Theatrum: {reason} is missing.") from reason


def name_from(file: str) -> str:
    """A case name from a file's name: its stem in small letters, at most 40 long."""
    stem = file.replace("\\", "/").rsplit("/", 1)[-1].lower()
    for ending in _ENDINGS:
        stem = stem.removesuffix(ending)
    plain = re.sub(r"[^a-z0-9._-]+", "-", stem).strip("._-")[:40].strip("._-")
    return plain or "case"
