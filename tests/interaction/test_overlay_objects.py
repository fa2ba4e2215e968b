"""Edits laid over numbered objects."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_jcc.config import JccConfig, apply_overrides
from napari_jcc.interaction import (
    BACKGROUND,
    OBJECT,
    Corrector,
    Edits,
    ImageKey,
    lay_over_image,
    tell_apart,
)
from napari_jcc.interaction.told_apart import lay_numbers
from napari_jcc.pipeline import Run
from napari_jcc.results.instances import object_boxes
from napari_jcc.results.result import bare_image

KEY = ImageKey("a")


def two_objects(*places):
    labels = np.zeros((20, 30), np.int32)
    for number, place in enumerate(places, start=1):
        labels[place] = number
    boxes = object_boxes(labels)
    return replace(
        bare_image("a", mask=labels > 0, box=boxes[1], score=0.7),
        instances=labels,
        instance_boxes=boxes,
        instance_scores=np.array([0.3, 0.7], np.float32),
    )


def test_erased_objects_go_and_drawn_ones_come():
    image = two_objects(np.s_[2:6, 2:8], np.s_[10:15, 10:16])
    marks = np.zeros((20, 30), np.uint8)
    marks[2:6, 2:8] = BACKGROUND
    marks[17:19, 20:25] = OBJECT
    edited = lay_over_image(image, Edits().draw(KEY, marks), KEY)

    np.testing.assert_array_equal(edited.mask, edited.labels > 0)
    np.testing.assert_array_equal(edited.boxes, [[10, 10, 16, 15], [20, 17, 25, 19]])
    np.testing.assert_allclose(edited.scores, [0.7, 1.0])
    assert set(np.unique(edited.labels)) == {0, 1, 2}


BLOCK, BAR = np.s_[1:7, 1:7], np.s_[12:18, 2:28]


@pytest.mark.parametrize(
    ("strokes", "expected"),
    [
        pytest.param([(np.s_[12:18, 15:28], 9)], [36, 78, 78], id="a part is another"),
        pytest.param([(np.s_[13:17, 2:28], 9)], [36, 156], id="with its margin"),
        pytest.param([(np.s_[8:20, 14:17], 9)], [36, 138, 36], id="one across another"),
        pytest.param([(np.s_[8:12, 4:8], 9)], [36, 156, 16], id="one beside another"),
        pytest.param([(np.s_[8:12, 4:8], 1)], [36, 156, 16], id="old label of the brush"),
        pytest.param([(np.s_[8:12, 4:8], 2)], [36, 172], id="goes on"),
        pytest.param(
            [(np.s_[8:12, 4:8], 9), (np.s_[9:11, 8:10], 9)], [36, 156, 20], id="two strokes"
        ),
        pytest.param([(np.s_[14:16, 4:8], 1)], [36, 156], id="brushed over to confirm"),
        pytest.param([(BAR, 1)], [192], id="filled with another's label"),
        pytest.param([(np.s_[12:18, 14:16], 0)], [36, 72, 72], id="cut"),
        pytest.param([(np.s_[12:14, 3:28], 0)], [36, 106], id="a crumb"),
        pytest.param([(BAR, 9), (BAR, 0)], [36], id="erased again"),
    ],
)
def test_objects_are_those_that_the_user_tells_apart(strokes, expected):
    image = two_objects(BLOCK, BAR)
    labels, edits = image.labels.copy(), Edits()
    for place, label in strokes:
        before, painted = labels.copy(), np.zeros(labels.shape, np.bool_)
        painted[place], labels[place] = True, label
        marks, numbers = edits.marks(KEY, labels.shape), edits.numbers(KEY, labels.shape)
        numbers = tell_apart(before, labels, painted, numbers)
        marks[painted] = OBJECT if label else BACKGROUND
        if numbers is not None:
            marks[numbers > 0] = OBJECT
        edits = edits.draw(KEY, marks, numbers)
    edited = lay_over_image(image, edits, KEY)
    assert np.bincount(edited.labels.ravel())[1:].tolist() == expected
    np.testing.assert_array_equal(edited.boxes, object_boxes(edited.labels))
    np.testing.assert_array_equal(edited.mask, edited.labels > 0)


def test_what_is_left_round_an_object_told_apart_is_its_margin():
    labels, numbers = np.zeros((2, 40, 60), np.int32)
    labels[10:16, 5:55] = labels[16:24, 30] = 1
    labels[5:10, 50:52] = 1  # a crumb
    numbers[10:15, 5:55] = 1
    assert len(np.unique(lay_numbers(labels, numbers))) == 2
    labels[16:40, 5:9] = 1  # the end of another one
    assert len(np.unique(lay_numbers(labels, numbers))) == 3


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
