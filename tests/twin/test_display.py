"""The picture puts every voxel where the scan put it."""

import gzip
import itertools
import math

import numpy as np
import pytest

from anatomy.grid import Grid
from anatomy.volume import LabelMap, Volume
from twin.display import display, packed

ORDERS = [
    (order, signs)
    for order in itertools.permutations(range(3))
    for signs in itertools.product((1, -1), repeat=3)
]
SPACING = (1.0, 1.5, 2.0)
SHAPE = (9, 7, 5)
MARKER = (2, 5, 1)


def a_scan(matrix: np.ndarray, values: np.ndarray | None = None) -> tuple[Volume, LabelMap]:
    """A dark box with one bright, labelled voxel at MARKER."""
    grid = Grid(SHAPE, matrix, "patient")
    voxels = np.random.default_rng(5).integers(0, 100, SHAPE).astype(np.float32)
    voxels[MARKER] = 900
    labels = np.zeros(SHAPE, np.uint16)
    labels[MARKER] = 3
    image = voxels if values is None else values.astype(np.float32)
    volume = Volume(grid=grid, voxels=image, source="0" * 64)
    return volume, LabelMap(grid=grid, labels=labels, key={3: "thalamus_left"})


def turned(order: tuple[int, ...], signs: tuple[int, ...]) -> np.ndarray:
    """A map whose voxel axis a runs along world axis order[a], backwards where signs[a] is -1."""
    matrix = np.eye(4)
    matrix[:3, :3] = 0
    for axis in range(3):
        matrix[order[axis], axis] = signs[axis] * SPACING[axis]
    matrix[:3, 3] = (11.0, -7.0, 3.5)
    return matrix


@pytest.mark.parametrize(("order", "signs"), ORDERS)
def test_every_axis_order_is_only_permuted_and_flipped(
    order: tuple[int, ...], signs: tuple[int, ...]
) -> None:
    volume, labelmap = a_scan(turned(order, signs))
    shown = display(volume, labelmap)
    axes = shown.grid.ijk_to_ras[:3, :3]
    brightest = np.unravel_index(int(shown.stored.argmax()), shown.stored.shape)
    labelled = np.argwhere(shown.labels == 3)

    assert not shown.resampled
    assert np.array_equal(axes, np.diag(np.diag(axes)))
    assert (np.diag(axes) > 0).all()
    assert np.array_equal(np.sort(shown.stored, axis=None), np.sort(volume.voxels, axis=None))
    assert np.allclose(shown.grid.ras(brightest), volume.grid.ras(MARKER), atol=1e-9)
    assert np.array_equal(labelled, [brightest])
    assert (shown.slope, shown.inter) == (1.0, 0.0)


@pytest.mark.parametrize("degrees", [3.0, 20.0, 44.0])
def test_an_oblique_scan_is_resampled_and_its_marker_stays_within_half_a_voxel(
    degrees: float,
) -> None:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    matrix = np.eye(4)
    matrix[:3, :3] = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) * (1.0, 1.0, 1.0)
    values = np.zeros(SHAPE)
    values[MARKER] = 900
    volume, labelmap = a_scan(matrix, values)
    shown = display(volume, labelmap)
    real = shown.stored * shown.slope + shown.inter
    weights = np.where(real > 1, real, 0)
    middle = np.array([(weights * axis).sum() for axis in np.indices(real.shape)]) / weights.sum()

    assert shown.resampled
    assert np.linalg.norm(shown.grid.ras(middle) - volume.grid.ras(MARKER)) <= 0.5


def test_a_tilt_too_small_to_see_is_not_resampled() -> None:
    tilt = math.radians(0.01)
    matrix = np.eye(4)
    matrix[0, 1], matrix[1, 0] = -math.sin(tilt), math.sin(tilt)
    assert not display(*a_scan(matrix)).resampled


def test_fractional_intensities_survive_to_half_a_step() -> None:
    values = np.random.default_rng(1).normal(0.0, 1e-3, SHAPE)
    volume, labelmap = a_scan(np.eye(4), values)
    shown = display(volume, labelmap)
    real = shown.stored.astype(float) * shown.slope + shown.inter

    assert np.abs(real - volume.voxels).max() <= shown.slope * 0.51
    assert shown.slope == pytest.approx((values.max() - values.min()) / 65535, rel=1e-3)


def test_stored_voxels_run_along_x_first_and_give_the_same_bytes_twice() -> None:
    voxels = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    raw = np.frombuffer(gzip.decompress(packed(voxels)), "<i2")

    assert raw[1] == voxels[1, 0, 0]
    assert raw[2] == voxels[0, 1, 0]
    assert packed(voxels) == packed(voxels.copy())
