"""Valve and screw on real CT labels: an aorta with another tool's report, and a lumbar vertebra."""

import json

import nibabel as nib
import numpy as np
import pytest
from scipy.ndimage import binary_dilation, label

from anatomy.field import distance_field
from anatomy.grid import Grid
from anatomy.surface import structures_from
from anatomy.volume import LabelMap
from surgery.osteotomy import Cut, outlines
from surgery.screw import Screw, best_screw, breach
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


def test_both_pedicles_of_a_real_vertebra_take_a_screw_of_grade_a(shared_data):
    vertebrae, grid = labels_of(shared_data / "spine/tpt_ct_vertebrae.nii.gz")
    parts, _ = labels_of(shared_data / "spine/tpt_ct_subregions.nii.gz")
    bone = vertebrae == 22  # L3
    body, arch = bone & np.isin(parts, (49, 50)), bone & (parts == 41)
    surface = surface_of(bone, grid, "vertebra_l3")
    box = tuple(b + (-12 if n % 2 == 0 else 12) for n, b in enumerate(surface.bounds_mm))
    field = distance_field(surface, box_mm=box, spacing_mm=0.5)
    # A pedicle is where the arch meets the body.
    pieces, count = label(arch & binary_dilation(body), np.ones((3, 3, 3)))
    places = [grid.ras(np.argwhere(pieces == n)) for n in range(1, count + 1)]
    pedicles = [one.mean(axis=0) for one in places if len(one) >= 20]
    centre = grid.ras(np.argwhere(body)).mean(axis=0)
    assert len(pedicles) == 2
    for pedicle in pedicles:
        aim = np.array([0.6 * pedicle[0] + 0.4 * centre[0], *centre[1:]])
        way = (aim - pedicle) / np.linalg.norm(aim - pedicle)
        guess = Screw(
            entry_mm=tuple(pedicle - 15 * way), tip_mm=tuple(pedicle + 30 * way), radius_mm=3.25
        )
        best = best_screw(field.sample, guess, from_mm=10)
        assert best.breach.grade == "A"
        assert best.breach.depth.value < breach(field.sample, guess, from_mm=10).depth.value
