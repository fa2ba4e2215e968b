"""The box of an image whose mask is edited by hand."""

from __future__ import annotations

import numpy as np
import pytest

from napari_jcc.interaction import BACKGROUND, OBJECT, Edits, ImageKey, lay_over_image
from napari_jcc.results.result import bare_image

KEY = ImageKey("a")


@pytest.mark.parametrize(
    ("box", "value", "columns", "expected"),
    [
        # The mask's own box follows it, whether it grows or shrinks.
        ([10, 5, 20, 15], BACKGROUND, slice(15, 20), [10, 5, 15, 15]),
        ([10, 5, 20, 15], OBJECT, slice(20, 25), [10, 5, 25, 15]),
        # A candidate stays while it holds the mask.
        ([9, 4, 22, 16], BACKGROUND, slice(15, 20), [9, 4, 22, 16]),
        ([9, 4, 22, 16], OBJECT, slice(20, 25), [10, 5, 25, 15]),
        ([9, 4, 22, 16], OBJECT, slice(5, 10), [5, 5, 20, 15]),
    ],
)
def test_the_box_after_marks(box, value, columns, expected):
    mask = np.zeros((20, 30), np.bool_)
    mask[5:15, 10:20] = True
    image = bare_image("a", mask=mask, box=np.array(box, np.float32), score=0.7)
    marks = np.zeros(mask.shape, np.uint8)
    marks[5:15, columns] = value
    edited = lay_over_image(image, Edits().draw(KEY, marks), KEY)
    np.testing.assert_array_equal(edited.box, expected)


def test_an_image_whose_mask_was_emptied_has_no_object():
    mask = np.zeros((20, 30), np.bool_)
    mask[5:15, 10:20] = True
    image = bare_image("a", mask=mask, box=np.array([9, 4, 22, 16], np.float32), score=0.7)
    edits = Edits().draw(KEY, np.full(mask.shape, BACKGROUND, np.uint8))
    edited = lay_over_image(image, edits, KEY)
    assert len(edited.boxes) == 0
    assert edited.box_score == 0
