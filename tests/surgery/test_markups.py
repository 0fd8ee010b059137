"""Plans as lines of 3D Slicer and back: in its schema, on the right side, to the last bit."""

import json
import math
from typing import Any

import jsonschema
import numpy as np
import pytest
from heads import put
from hypothesis import given
from hypothesis import strategies as st
from slicer import SCHEMA

from surgery import markups
from surgery.plan import Plan, PlanError

places = st.tuples(*[st.floats(-150, 150)] * 3)
LEFT = (-60.125, 20.25, 70.5)
"""Left, in front, above: a mirrored axis would show."""


def a_plan(*ends: tuple[Any, Any], **more: float) -> Plan:
    pairs = ends or ((LEFT, (-12.0, 3.0, 9.0)),)
    placements = [put("abbott_6172", entry, target, **more) for entry, target in pairs]
    return Plan(id="dbs & more=1", procedure="dbs_lead", anatomy="a" * 64, placements=placements)


def written(plan: Plan) -> dict[str, Any]:
    return json.loads(markups.write(plan, stamp={"anatomy": plan.anatomy}))


def test_a_written_plan_keeps_every_constraint_of_slicers_schema() -> None:
    jsonschema.validate(written(a_plan((LEFT, (0, 0, 0)), ((50, 0, 40), (9, 9, 9)))), SCHEMA)


def test_a_point_on_the_left_stays_on_the_left() -> None:
    (line,) = written(a_plan())["markups"]
    entry, target = line["controlPoints"]

    assert (entry["label"], target["label"]) == ("entry", "target")
    assert line["coordinateSystem"] == "LPS"
    assert entry["position"] == [60.125, -20.25, 70.5], "+x of LPS is the patient's left"
    assert markups.read(json.dumps(written(a_plan())))[0].entry_mm == LEFT


@given(entry=places, target=places, roll=st.floats(-3, 3))
def test_lines_come_back_with_ends_and_device_as_they_were(entry, target, roll) -> None:
    if math.dist(entry, target) < 1:
        return
    plan = a_plan((entry, target), roll_rad=roll, depth_mm=1.5)
    (line,) = markups.read(markups.write(plan, stamp={}))
    way = plan.placements[0].trajectory

    assert (line.entry_mm, line.target_mm) == (way.entry_mm, way.target_mm)
    assert line.said["plan"] == plan.id
    assert line.said["device"] == "abbott_6172"
    assert (float(line.said["roll_rad"]), float(line.said["depth_mm"])) == (roll, 1.5)


def test_the_third_axis_of_a_point_runs_along_the_device_and_the_first_to_its_marker() -> None:
    plan = a_plan(roll_rad=0.7)
    lps = np.diag([-1.0, -1.0, 1.0])
    for one in written(plan)["markups"][0]["controlPoints"]:
        axes = lps @ np.array(one["orientation"]).reshape(3, 3)

        assert axes[:, 2] == pytest.approx(plan.placements[0].trajectory.direction)
        assert axes[:, 0] == pytest.approx(plan.placements[0].facing())
        assert axes.T @ axes == pytest.approx(np.eye(3))
        assert np.linalg.det(axes) == pytest.approx(1)


def drawn(**more: Any) -> dict[str, Any]:
    """A line as Slicer's user draws one, with fields changed; None takes a field away."""
    line = {
        "type": "Line",
        "name": "L",
        "coordinateSystem": "LPS",
        "coordinateUnits": "mm",
        "controlPoints": [
            {"label": "L-1", "position": [60.0, -20.0, 70.0], "positionStatus": "defined"},
            {"label": "L-2", "position": [12.0, -3.0, 9.0], "positionStatus": "defined"},
        ],
    } | more
    held = {key: value for key, value in line.items() if value is not None}
    return {"@schema": markups.SCHEMA, "markups": [held]}


@pytest.mark.parametrize(
    ("more", "entry"),
    [
        ({}, (-60, 20, 70)),
        ({"coordinateSystem": "RAS"}, (60, -20, 70)),
        ({"coordinateSystem": None}, (-60, 20, 70)),
        ({"coordinateUnits": "um"}, (-0.06, 0.02, 0.07)),
        ({"coordinateUnits": ["mm", "UCUM", "millimeter"]}, (-60, 20, 70)),
        (
            {
                "controlPoints": [
                    {"label": "target", "position": [1, 2, 3]},
                    {"label": "entry", "position": [60, -20, 70]},
                ]
            },
            (-60, 20, 70),
        ),
    ],
)
def test_a_line_drawn_in_slicer_is_read_in_its_own_space_unit_and_order(more, entry) -> None:
    (line,) = markups.read(json.dumps(drawn(**more)))

    assert line.entry_mm == pytest.approx(entry)
    assert line.said == {}
    assert bool(line.notes) == ("coordinateSystem" in more and more["coordinateSystem"] is None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "no markups file"),
        ("{", "not JSON"),
        (json.dumps({"@schema": "x", "markups": []}), "No line"),
        (json.dumps(drawn(type="Fiducial")), "it holds Fiducial"),
        (json.dumps(drawn(coordinateSystem="IJK")), "LPS or RAS"),
        (json.dumps(drawn(controlPoints=[])), "0 points"),
        (json.dumps(drawn(controlPoints=[{"position": [1, 2]}] * 2)), "three numbers"),
        (json.dumps(drawn(controlPoints=[{"position": [1, 2, True]}] * 2)), "three numbers"),
        (
            json.dumps(drawn(controlPoints=[{"position": [1, 2, 3], "positionStatus": "preview"}])),
            "0 points",
        ),
        (json.dumps(drawn(name=math.nan)), "NaN"),
    ],
)
def test_what_is_no_line_of_two_points_is_refused_in_one_sentence(text: str, said: str) -> None:
    with pytest.raises(PlanError, match=said):
        markups.read(text)
