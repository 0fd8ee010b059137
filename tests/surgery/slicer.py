"""What Slicer's published markups schema 1.0.3 demands of the fields that Theatrum writes.

Written anew from Slicer/Slicer, Modules/Loadable/Markups/Resources/Schema/
markups-schema-v1.0.3.json. Stricter in one thing: the space and the unit must be stated.
"""

from typing import Any


def tuple_of(count: int) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "number"}, "minItems": count, "maxItems": count}


POINT = {
    "type": "object",
    "required": ["label", "position", "orientation", "positionStatus"],
    "properties": {
        "id": {"type": "string"},
        "label": {"type": "string"},
        "description": {"type": "string"},
        "associatedNodeID": {"type": "string"},
        "position": tuple_of(3),
        "orientation": tuple_of(9),
        "selected": {"type": "boolean"},
        "locked": {"type": "boolean"},
        "visibility": {"type": "boolean"},
        "positionStatus": {"enum": ["undefined", "preview", "defined"]},
    },
}
MARKUP = {
    "type": "object",
    "required": ["type", "coordinateSystem", "coordinateUnits", "controlPoints"],
    "properties": {
        "type": {"enum": ["Fiducial", "Line", "Angle", "Curve", "ClosedCurve", "Plane", "ROI"]},
        "name": {"type": "string"},
        "coordinateSystem": {"enum": ["LPS", "RAS"]},
        "coordinateUnits": {"anyOf": [{"enum": ["mm", "um"]}, {"type": "array", "minItems": 3}]},
        "locked": {"type": "boolean"},
        "fixedNumberOfControlPoints": {"type": "boolean"},
        "labelFormat": {"type": "string"},
        "lastUsedControlPointNumber": {"type": "integer"},
        "controlPoints": {"type": "array", "items": POINT},
    },
}
SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "required": ["@schema", "markups"],
    "properties": {
        "@schema": {"type": "string", "pattern": r"markups-schema-v1\.0\.3\.json#$"},
        "markups": {"type": "array", "items": MARKUP},
    },
}
