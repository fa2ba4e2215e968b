"""Results to layer data and back; no window."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_jcc.plugin.layers import from_layers, mask_stack, saliency_stack, to_layers
from napari_jcc.plugin.placement import Placement
from napari_jcc.plugin.rectangles import box_rectangles, rectangle_to_box


@pytest.fixture
def placement(tiny_collection) -> Placement:
    return Placement.of_stack(tiny_collection.open())


def test_masks_and_boxes_survive_the_way_to_layers_and_back(result, placement):
    back = from_layers(
        result, placement, mask_stack(result, placement), box_rectangles(result, placement)
    )

    for before, after in zip(result.images, back.images, strict=True):
        np.testing.assert_array_equal(after.mask, before.mask)
        np.testing.assert_array_equal(after.box, before.box)
        assert after.name == before.name


def test_masks_sit_at_the_upper_left_of_the_padded_stack(result, placement):
    stack = mask_stack(result, placement)

    # Sizes (64, 80) twice, (72, 64), (60, 90): the canvas is as high as the highest and
    # as wide as the widest.
    assert stack.shape == (4, 72, 90)
    assert stack.dtype == np.uint8
    assert set(np.unique(stack)) == {0, 1}
    assert stack[3, 60:].sum() == 0
    assert stack[2, :, 64:].sum() == 0


def test_box_of_one_pixel_surrounds_its_centre():
    # The core's box of pixel (row 2, column 5) is x 5..6, y 2..3; napari has the pixel's
    # centre at (2, 5).
    placement = Placement((3,), (10, 10), (0, 1, 2))
    corners = np.array([[1, 1.5, 4.5], [1, 1.5, 5.5], [1, 2.5, 5.5], [1, 2.5, 4.5]])

    slot, box = rectangle_to_box(corners, placement)

    assert slot == 1
    np.testing.assert_array_equal(box, [5, 2, 6, 3])


@given(
    leading=st.lists(st.integers(1, 4), max_size=3).map(tuple),
    sides=st.lists(st.integers(0, 50), min_size=4, max_size=4),
    data=st.data(),
)
def test_any_box_in_any_slice_comes_back(leading, sides, data):
    from napari_jcc import JccConfig, JccResult
    from napari_jcc.results.result import bare_image

    x, y, width, height = sides
    box = np.array([x, y, x + width + 1, y + height + 1], np.float32)
    slot = data.draw(st.integers(0, int(np.prod(leading, dtype=int)) - 1))
    placement = Placement(leading, (102, 102), (slot,))
    result = JccResult((bare_image("a", box=box),), JccConfig())

    (corners,) = box_rectangles(result, placement)

    assert corners.shape == (4, len(leading) + 2)
    found, back = rectangle_to_box(corners, placement)
    assert found == slot
    np.testing.assert_array_equal(back, box)


def test_slices_of_images_left_out_stay_empty(result, placement):
    from dataclasses import replace

    some = replace(result, images=(result.images[0], result.images[3]))
    stack = mask_stack(some, placement.select([0, 3]))

    assert stack.shape[0] == 4
    assert stack[1:3].sum() == 0
    np.testing.assert_array_equal(stack[3, :60, :90], result.images[3].mask)


def test_saliency_is_lazy_and_enlarged_to_the_image(result, placement):
    from dataclasses import replace

    first = replace(result.images[0], saliency_map=np.full((8, 10), 0.5, np.float32))
    shown = replace(result, images=(first, *result.images[1:]))

    stack = saliency_stack(shown, placement)

    assert stack.shape == (4, 72, 90)
    assert stack.chunks[0] == (1, 1, 1, 1)
    slice_ = stack[0].compute()
    assert np.all(slice_[:64, :80] == 0.5)
    assert np.all(slice_[64:] == 0)


def test_boxes_carry_names_scores_and_warnings(result, placement, tiny_collection):
    _, masks, boxes = to_layers(result, placement, tiny_collection.open(), "set ")

    features = boxes[1]["features"]
    assert features["image"].tolist() == ["a", "b", "d"]
    assert features["score"].tolist() == [0, 0.25, 0.75]
    assert [kind for *_, kind in (masks, boxes)] == ["labels", "shapes"]
    assert masks[1]["name"] == "set masks"


def test_result_without_any_box_makes_an_empty_layer(result, placement, tiny_collection):
    from dataclasses import replace

    from napari.layers import Layer

    boxless = tuple(replace(image, box=np.full(4, np.nan)) for image in result.images)
    collection = tiny_collection.open()
    layers = to_layers(replace(result, images=boxless), placement, collection)
    shapes = Layer.create(*layers[-1])
    assert (len(shapes.data), shapes.ndim) == (0, 3)
