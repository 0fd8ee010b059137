"""Solids of label maps, and the values that hold structures."""

import numpy as np
import pytest

from anatomy import phantom
from anatomy.errors import GeometryError, TermError
from anatomy.solids import Ellipsoid
from anatomy.structure import Anatomy, mask_of
from anatomy.surface import structures_from


def a_labelmap():
    solids = {
        "scalp": Ellipsoid((0, 0, 0), (26, 26, 26)),
        "skull": Ellipsoid((0, 0, 0), (22, 22, 22)),
        "brain": Ellipsoid((0, 0, 0), (18, 18, 18)),
        "thalamus_left": Ellipsoid((-6, 0, 0), (4, 4, 4)),
        "tumour_core": Ellipsoid((6, 0, 0), (4, 4, 4)),
    }
    return phantom.placed(solids, phantom.box())


def test_the_scalp_is_the_solid_of_the_whole_head():
    labelmap = a_labelmap()
    assert np.array_equal(mask_of(labelmap, "scalp"), labelmap.labels > 0)


def test_the_brain_holds_its_parts_and_lesions_but_not_the_skull():
    labelmap = a_labelmap()
    assert np.array_equal(mask_of(labelmap, "brain"), labelmap.labels >= 3)


def test_other_structures_are_their_label_alone():
    labelmap = a_labelmap()
    assert np.array_equal(mask_of(labelmap, "skull"), labelmap.labels == 2)


def test_a_structure_that_is_not_there_is_refused_by_name():
    with pytest.raises(TermError, match="putamen_left"):
        mask_of(a_labelmap(), "putamen_left")


def test_an_anatomy_has_one_frame_unique_ids_and_an_id_that_follows_its_surfaces():
    structures = structures_from(a_labelmap(), workers=1)
    anatomy = Anatomy("phantom", tuple(structures))

    assert anatomy["thalamus_left"].title == "Thalamus, left"
    assert anatomy["thalamus_left"].side == "left"
    assert anatomy.id == Anatomy("phantom", tuple(structures)).id
    assert anatomy.id != Anatomy("phantom", tuple(structures[:-1])).id
    with pytest.raises(GeometryError, match="twice"):
        Anatomy("phantom", (*structures, structures[0]))
    with pytest.raises(GeometryError, match="one frame"):
        Anatomy("another", tuple(structures))
    with pytest.raises(TermError, match="amygdala_left"):
        anatomy["amygdala_left"]
