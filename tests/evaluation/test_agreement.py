"""Maps of hits and misses, and truth from labels."""

import numpy as np
import pytest

from napari_jcc.errors import InputError
from napari_jcc.evaluation import Agreement, map_agreement, masks_from_labels


def test_every_pixel_says_what_it_is():
    mask = np.array([[1, 1, 0, 0]], bool)
    truth = np.array([[1, 0, 1, 0]], bool)
    codes = map_agreement(mask, truth)
    expected = [[Agreement.HIT, Agreement.FALSE_ALARM, Agreement.MISS, Agreement.REST]]
    np.testing.assert_array_equal(codes, expected)
    assert codes.dtype == np.uint8


def test_maps_need_masks_of_one_size():
    with pytest.raises(InputError, match=r"\(1, 2\).*\(2, 1\)"):
        map_agreement(np.zeros((1, 2), bool), np.zeros((2, 1), bool))


def test_labels_become_masks_cut_to_their_images():
    labels = np.zeros((3, 4, 5), np.uint16)
    labels[0, 0, :2] = 7
    labels[1, 3, 4] = 2  # in the padding of a smaller image
    masks = masks_from_labels(labels, ["a", "b", "c"], [(2, 5), (4, 5), (4, 5)])
    assert list(masks) == ["a", "b"]
    assert masks["a"].shape == (2, 5)
    assert masks["a"].sum() == 2
    assert masks["b"][3, 4]


def test_one_label_is_the_object():
    labels = np.array([[[1, 2, 0]], [[1, 1, 0]]])
    masks = masks_from_labels(labels, ["a", "b"], label=2)
    np.testing.assert_array_equal(masks["a"], [[False, True, False]])
    assert not masks["b"].any()


def test_leading_axes_are_counted_through():
    labels = np.arange(12).reshape(2, 3, 1, 2)
    masks = masks_from_labels(labels, list("abcdef"))
    assert list(masks) == list("abcdef")
    np.testing.assert_array_equal(masks["a"], [[False, True]])


@pytest.mark.parametrize(
    ("labels", "names", "sizes", "message"),
    [
        (np.zeros((2, 3, 3)), ["a", "b"], None, "float64"),
        (np.zeros(3, int), ["a"], None, r"\(3,\)"),
        (np.zeros((2, 3, 3), int), ["a"], None, "2 slices for 1 image."),
        (np.ones((1, 3, 3), int), ["a"], [(4, 3)], "a: the image is 3 x 4"),
    ],
)
def test_what_is_no_truth_is_refused(labels, names, sizes, message):
    with pytest.raises(InputError, match=message):
        masks_from_labels(labels, names, sizes)
