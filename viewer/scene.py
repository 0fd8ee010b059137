"""A case as the theatre draws it: plain data with addresses, no voxel and no triangle."""

from typing import Any

from anatomy.terms import split, terms
from twin.records import Case, StructureRecord

HIDDEN = frozenset({"skull", "csf"})
"""Not drawn at first: they cover what a surgeon looks for."""
WITHIN = frozenset({"pathology", "vessels"})
"""Groups that lie in or on the brain: where a case holds one, the brain's envelope is drawn as a
veil, and the tissue within it is not drawn at first."""
TISSUE = frozenset({"grey_matter", "white_matter"})
VEIL = 0.25
HOUNSFIELD = (
    ("standard", "Standard (W 1000 L 300)", -200.0, 800.0),
    ("bone", "Bone (W 2000 L 400)", -600.0, 1400.0),
    ("soft", "Soft tissue (W 400 L 40)", -160.0, 240.0),
    ("lung", "Lung (W 1500 L -600)", -1350.0, 150.0),
)
"""Windows of CT [HU] as radiologists set them, width and level in the titles."""
INTENDED_USE = "Research, planning rehearsal and education. Not a medical device."


def scene(case: Case) -> dict[str, Any]:
    """The scene of the contract with viewer/js. Lengths in mm, RAS; intensities as in the file."""
    from viewer.catalogue import planning  # Loads the engine: not for every command.

    shown = case.display
    presets = _presets(case)
    return {
        "case": case.case,
        "title": case.case,
        "strip": strip(case),
        "anatomy": case.anatomy,
        "frame": case.frame,
        "volume": {
            "url": f"data/{shown.volume}",
            "shape": list(shown.shape),
            "spacing_mm": list(shown.spacing_mm),
            "origin_mm": list(shown.origin_mm),
            "dtype": "int16",
            "slope": shown.slope,
            "inter": shown.inter,
            "range": list(shown.range),
            "window": [presets[0]["low"], presets[0]["high"]],
            "presets": presets,
        },
        "labels": {"url": f"data/{shown.labels}", "dtype": "uint16", "key": dict(shown.key)},
        "structures": _structures(case),
        "bounds_mm": _bounds(case),
        "planning": planning(case),
        "notes": list(case.notes),
    }


def strip(case: Case) -> str:
    """One line that says whose head this is, of which scan and which reconstruction."""
    return (
        f"{case.case} · scan {case.source_digest[:8]} · anatomy {case.anatomy[:8]} · "
        f"{case.created[:10]}"
    )


def _presets(case: Case) -> list[dict[str, Any]]:
    """Windows by name, the one shown at first in front: HOUNSFIELD for CT, else by percentiles."""
    shown = case.display
    low, high = shown.percentiles["1"], shown.percentiles["99.9"]
    middle, top = shown.percentiles["50"], shown.percentiles["99"]
    pairs = (
        ("standard", "Standard (1 to 99.9 %)", low, high),
        ("tissue", "Grey against white", low + 0.5 * (middle - low), top),
        ("dark", "Dark structures", low, low + 0.6 * (high - low)),
        ("full", "Full range", *shown.range),
    )
    known = (*HOUNSFIELD, pairs[-1]) if case.report.get("modality") == "CT" else pairs
    return [{"id": id, "title": title, "low": a, "high": b} for id, title, a, b in known if b > a]


def _structures(case: Case) -> list[dict[str, Any]]:
    ids = {record.id for record in case.structures}
    tissue = {id for id in ids if split(id)[0].id in TISSUE}
    veiled = bool({split(id)[0].group for id in ids} & WITHIN)
    covered = tissue if veiled and "brain" in ids else {"brain"} if tissue else set()
    ordered = sorted(case.structures, key=_place)
    return [
        _structure(one, visible=one.id not in HIDDEN | covered, most=VEIL if veiled else 1.0)
        for one in ordered
    ]


def _structure(record: StructureRecord, *, visible: bool, most: float) -> dict[str, Any]:
    """One structure as drawn; `most` is the largest opacity of what belongs to the brain."""
    term, _ = split(record.id)
    order = ("coarse", "fine")
    return {
        "id": record.id,
        "title": record.title,
        "code": record.code,
        "side": record.side,
        "group": term.group,
        "colour": list(record.colour),
        "opacity": min(record.opacity, most) if term.group == "brain" else record.opacity,
        "visible": visible,
        "estimated": record.origin == "estimated",
        "origin": record.origin,
        "sigma_mm": record.sigma_mm,
        "volume_ml": record.volume_ml,
        "surface_volume_ml": record.surface_volume_ml,
        "surface_p95_mm": record.surface_p95_mm,
        "triangles": record.triangles,
        "watertight": record.watertight,
        "note": record.note,
        "bounds_mm": list(record.bounds_mm),
        "meshes": [
            {
                "level": level,
                "url": f"data/{record.meshes[level].digest}",
                "triangles": record.meshes[level].triangles,
                "bytes": record.meshes[level].bytes,
            }
            for level in order
            if level in record.meshes and record.meshes[level].triangles
        ],
    }


def _place(record: StructureRecord) -> tuple[int, str]:
    """Order of the list: as in the term table, left before right."""
    term, side = split(record.id)
    return list(terms()).index(term.id), side or ""


def _bounds(case: Case) -> list[float]:
    """The box around all structures, or around the image where there is none [mm]."""
    boxes = [record.bounds_mm for record in case.structures if record.meshes]
    if not boxes:
        shown = case.display
        pairs = [
            (o - s / 2, o + (n - 0.5) * s)
            for o, s, n in zip(shown.origin_mm, shown.spacing_mm, shown.shape, strict=True)
        ]
        return [v for pair in pairs for v in pair]
    return [(min if side % 2 == 0 else max)(box[side] for box in boxes) for side in range(6)]
