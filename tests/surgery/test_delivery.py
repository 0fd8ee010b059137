"""Published errors become standard deviations, by laws that scipy knows as well."""

import re
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from surgery.delivery import SPREAD, DeliveryError, Miss, deliveries, delivery

EVIDENCE = Path(__file__).resolve().parents[2] / "docs" / "evidence.md"
LAWS = {2: stats.rayleigh, 3: stats.maxwell}


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("statistic", ["mean", "median"])
def test_a_published_length_is_that_of_a_normal_error_of_the_sigma(dimensions, statistic):
    miss = Miss(value_mm=2.5, dimensions=dimensions, statistic=statistic)

    law = LAWS[dimensions](scale=miss.sigma_mm)

    assert getattr(law, statistic)() == pytest.approx(2.5, rel=1e-12)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_chance_alone_scatters_lengths_as_the_laws_say(dimensions):
    law = LAWS[dimensions]()

    assert SPREAD[dimensions] == pytest.approx(law.std() / law.mean(), rel=1e-12)


def test_drawn_errors_have_the_published_mean():
    robot = delivery("robot")
    draw = np.random.default_rng(7).standard_normal((200_000, 3))

    entry = np.linalg.norm(draw[:, :2] * robot.sigma_entry_mm, axis=1).mean()
    target = np.linalg.norm(draw * robot.sigma_target_mm, axis=1).mean()

    assert entry == pytest.approx(0.92, abs=0.005)
    assert target == pytest.approx(1.10, abs=0.005)


def test_the_robot_for_depth_electrodes_has_the_sigmas_that_the_tolerance_was_measured_with():
    robot = delivery("robot_seeg")

    assert robot.sigma_entry_mm == pytest.approx(0.93, abs=0.005)
    assert robot.sigma_target_mm == pytest.approx(1.07, abs=0.005)


def test_errors_steadier_than_chance_are_said_to_hold_an_offset():
    assert "0.29 instead of 0.52" in delivery("robot").bias
    assert "0.27 instead of 0.42" in delivery("robot").bias
    assert delivery("frame_dbs").bias == ""  # 1.2 / 2.5 = 0.48, more than 0.42
    assert delivery("pooled_seeg").bias == ""  # no standard deviation is published


def test_an_unknown_way_of_delivery_is_refused_with_the_nearest_ones():
    with pytest.raises(DeliveryError, match="frame"):
        delivery("frane")
    with pytest.raises(DeliveryError, match="freehand"):
        delivery("?")


@pytest.mark.parametrize("id", deliveries())
def test_every_way_of_delivery_is_sourced_and_stands_in_the_evidence_with_its_sigmas(id):
    one = delivery(id)

    assert one.source
    assert one.title
    assert one.house == bool(one.note)
    assert one.house or one.entry is not None
    section = EVIDENCE.read_text().split("\n## delivery-error\n")[1].split("\n## ")[0]
    row = next(line for line in section.splitlines() if line.startswith(f"| `{id}` |"))
    numbers = re.findall(r"\| (\d+\.\d\d) \|", row)
    assert numbers == [f"{one.sigma_entry_mm:.2f}", f"{one.sigma_target_mm:.2f}"]
    assert 0 < one.sigma_entry_mm <= 20
    assert 0 < one.sigma_target_mm <= 20
