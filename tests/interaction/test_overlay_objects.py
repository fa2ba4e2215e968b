"""Edits laid over numbered objects."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from napari_jcc.config import JccConfig, apply_overrides
from napari_jcc.interaction import (
    BACKGROUND,
    OBJECT,
    Corrector,
    Edits,
    ImageKey,
    lay_over_image,
)
from napari_jcc.pipeline import Run
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


def test_corrections_of_several_objects_are_never_without_an_answer(tiny_collection):
    changes = {
        "superpixels.count": 60,
        "features.dimensions": 16,
        "boxes.objects": 2,
        "boxes.smallest_area": 0.001,
        "decode.refinement": "none",
    }
    run = Run(tiny_collection.open(), apply_overrides(JccConfig(), changes)).finish()
    corrector = Corrector(run)
    edits = Edits()
    for place, value in ((0, OBJECT), (0, BACKGROUND), (1, OBJECT)):
        marks = edits.marks(corrector.keys[place], run.collection.shape(place))
        marks[: 8 * value, : 30 * value] = value
        edits = edits.draw(corrector.keys[place], marks)
    for place in corrector.update(edits):
        corrector.answer(place)
    settled = corrector.settle()
    for place in (0, 1):
        image = settled.result.images[place]
        marks = edits.marks(corrector.keys[place], image.mask.shape)
        assert image.mask[marks == OBJECT].all()
        assert not image.mask[marks == BACKGROUND].any()
        np.testing.assert_array_equal(image.mask, image.labels > 0)
