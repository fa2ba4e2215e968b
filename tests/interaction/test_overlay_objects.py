"""Edits laid over numbered objects."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from napari_jcc.interaction import BACKGROUND, OBJECT, Edits, ImageKey, lay_over_image
from napari_jcc.results.result import bare_image

KEY = ImageKey("a")


def test_erased_objects_go_and_drawn_ones_come():
    labels = np.zeros((20, 30), np.int32)
    labels[2:6, 2:8], labels[10:15, 10:16] = 1, 2
    boxes = np.array([[2, 2, 8, 6], [10, 10, 16, 15]], np.float32)
    image = replace(
        bare_image("a", mask=labels > 0, box=boxes[1], score=0.7),
        instances=labels,
        instance_boxes=boxes,
        instance_scores=np.array([0.3, 0.7], np.float32),
    )
    marks = np.zeros((20, 30), np.uint8)
    marks[2:6, 2:8] = BACKGROUND
    marks[17:19, 20:25] = OBJECT
    edited = lay_over_image(image, Edits().draw(KEY, marks), KEY)

    np.testing.assert_array_equal(edited.mask, edited.labels > 0)
    np.testing.assert_array_equal(edited.boxes, [[10, 10, 16, 15], [20, 17, 25, 19]])
    np.testing.assert_allclose(edited.scores, [0.7, 1.0])
    assert set(np.unique(edited.labels)) == {0, 1, 2}
