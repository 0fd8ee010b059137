"""Valve and screw on real CT labels: an aorta with another tool's report, and a lumbar vertebra."""

import json

import nibabel as nib
import numpy as np
import pytest
from scipy.spatial import cKDTree

from anatomy.grid import Grid
from anatomy.joined import Named, joined
from anatomy.structure import Anatomy
from anatomy.surface import structures_from
from anatomy.volume import LabelMap
from surgery.offer import Request
from surgery.osteotomy import Cut, outlines
from surgery.procedure import procedure
from surgery.scene import Scene
from surgery.valve import annulus


def labels_of(path):
    image = nib.load(path)
    labels = np.asarray(image.dataobj)
    return labels, Grid(labels.shape, image.affine.astype(float), "patient")


def surface_of(mask, grid, id):
    labelmap = LabelMap(grid=grid, labels=mask.astype(np.uint16), key={1: id})
    (structure,) = structures_from(labelmap, workers=1)
    return structure.surfaces["fine"]


@pytest.fixture(scope="module")
def an_aorta(shared_data):
    labels, grid = labels_of(shared_data / "heart/aorta.nii.gz")
    report = json.loads((shared_data / "heart/aorta_report.json").read_text())
    marks = {one["name"]: one for one in report["landmarks"].values()}
    return surface_of(labels > 0, grid, "aorta"), marks


@pytest.mark.parametrize("name", ["sinuses of valsalva", "sinotub. junc.", "mid asc. aorta"])
def test_sections_of_a_real_aorta_are_those_of_its_report(an_aorta, name):
    """The report ends in the first voxels beyond the label: two voxels (3 mm) wider at most."""
    surface, marks = an_aorta
    ends = [np.array(marks[name][key]) for key in ("start", "end", "start_pd", "end_pd")]
    middle = np.mean(ends, axis=0)
    normal = np.cross(ends[1] - ends[0], ends[3] - ends[2])
    found = [annulus(one) for one in outlines(surface, Cut(point_mm=middle, normal=normal))]
    here = min(found, key=lambda one: np.linalg.norm(np.subtract(one.centre_mm, middle)))
    widest, narrowest = (np.linalg.norm(ends[n + 1] - ends[n]) for n in (0, 2))
    assert here.widest.value == pytest.approx(widest, abs=3.2)
    assert here.narrowest.value == pytest.approx(narrowest, abs=3.2)
    assert np.linalg.norm(np.subtract(here.centre_mm, middle)) < 2.0


def test_the_label_of_a_real_annulus_has_the_area_of_its_voxels(shared_data):
    labels, grid = labels_of(shared_data / "heart/T713_annulus_proper.nii.gz")
    disc = labels == 1
    centres = grid.ras(np.argwhere(disc))
    middle = centres.mean(axis=0)
    _, spread, axes = np.linalg.svd(centres - middle, full_matrices=False)
    thickness_mm = spread[2] / np.sqrt(len(centres)) * np.sqrt(12)  # of an even layer
    (outline,) = outlines(
        surface_of(disc, grid, "aorta"), Cut(point_mm=middle, normal=tuple(axes[2]))
    )
    voxels_mm2 = disc.sum() * grid.voxel_ml * 1000 / thickness_mm
    assert annulus(outline).area.value == pytest.approx(voxels_mm2, rel=0.05)


@pytest.fixture(scope="module")
def a_heart(shared_data):
    """Aorta, annulus and junction of one CT, joined as `theatrum model` joins them."""
    folder = shared_data / "heart"
    maps = []
    for name, key in (
        ("aorta", {1: "aorta"}),
        ("T713_annulus_proper", {1: "aortic_annulus", 2: "sinotubular_junction"}),
    ):
        labels, grid = labels_of(folder / f"{name}.nii.gz")
        maps.append(Named(LabelMap(grid=grid, labels=labels.astype(np.uint16), key=key), name))
    labelmap, _ = joined(maps)
    structures = tuple(structures_from(labelmap, workers=1))
    return Scene(Anatomy(labelmap.grid.frame, structures), labelmap)


def test_a_real_annulus_is_sized_in_its_own_plane_as_another_tool_measured_it(a_heart, an_aorta):
    """27 by 23 mm in the report, whose lines end in the first voxels beyond the label."""
    _, marks = an_aorta
    asked = procedure("valve_sizing")
    found = asked.propose(a_heart, Request(asked=asked, targets=("aortic_annulus",)))
    annulus_ = found.offers[0].facts["annulus"]
    mark = marks["annulus"]
    out = np.array(found.offers[0].plan.placements[0].trajectory.direction)

    assert annulus_["widest_mm"] == pytest.approx(10 * mark["diameter"], abs=3.2)
    assert annulus_["narrowest_mm"] == pytest.approx(10 * mark["diameter_pd"], abs=3.2)
    assert [one.plan.placements[0].device for one in found.offers] == ["sapien3_26", "sapien3_23"]
    assert out[2] < -0.5, "down from the aorta into the ventricle"


def test_both_pedicles_of_a_real_vertebra_take_a_screw_of_grade_a_that_its_voxels_hold(shared_data):
    labels, grid = labels_of(shared_data / "spine/tpt_ct_vertebrae.nii.gz")
    bone = labels == 22
    labelmap = LabelMap(grid=grid, labels=bone.astype(np.uint16), key={1: "vertebra_l3"})
    scene = Scene(Anatomy("patient", tuple(structures_from(labelmap, workers=1))), labelmap)
    asked = procedure("pedicle_screw")
    (best,) = asked.propose(scene, Request(asked=asked, targets=("vertebra_l3",), top=1)).offers
    voxels = cKDTree(grid.ras(np.argwhere(bone)))

    assert {one["side"] for one in best.facts["screws"]} == {"left", "right"}
    assert {one["grade"] for one in best.facts["screws"]} == {"A"}
    for placement, fact in zip(best.plan.placements, best.facts["screws"], strict=True):
        thread = surface_of_thread(placement)
        away, _ = voxels.query(thread)
        assert away.max() < 1.5 * np.sqrt(3) / 2 + 0.3, "within the bone's outermost voxels"
        assert fact["diameter_mm"] >= 6.5
        assert fact["length_mm"] >= 45
        assert 0 <= fact["medial_deg"] <= 35


def surface_of_thread(placement):
    """Points (n, 3) on a screw's side from one diameter behind its head to its tip."""
    made, way = placement.made_of, placement.trajectory
    side = placement.facing(0.0)
    other = placement.facing(90.0)
    turns = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = made.radius_mm * (np.outer(np.cos(turns), side) + np.outer(np.sin(turns), other))
    along = np.arange(2 * made.radius_mm, made.length_mm, 0.5)
    return (way.entry_mm + along[:, None, None] * way.direction + ring[None]).reshape(-1, 3)
