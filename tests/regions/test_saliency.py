from __future__ import annotations

import numpy as np
import pytest

from napari_jcc.config import SaliencyConfig, SuperpixelConfig
from napari_jcc.errors import InputError
from napari_jcc.regions import find_saliency, find_superpixels


def _saliency(image, supplied=None, **settings):
    superpixels = find_superpixels(image, SuperpixelConfig())
    return find_saliency(image, superpixels, SaliencyConfig(**settings), supplied)


def test_the_square_stands_out(square_image):
    saliency = _saliency(square_image)
    assert saliency.shape == (100, 120)
    assert saliency.dtype == np.float32
    assert saliency.min() == 0
    assert saliency.max() == 1
    inside = np.zeros(saliency.shape, bool)
    inside[31:69, 41:79] = True
    assert saliency[inside].min() > 0.7
    assert np.median(saliency[~inside]) < 0.1


def test_a_dark_square_stands_out_as_well(square_image):
    saliency = _saliency(255 - square_image)
    assert saliency[35:65, 45:75].min() > 0.7
    assert np.median(saliency) < 0.1


def test_an_object_on_the_border_stands_out(square_image):
    cropped = np.ascontiguousarray(square_image[:, 40:])
    saliency = _saliency(cropped)
    assert saliency[35:65, 5:35].mean() > 0.7
    assert np.median(saliency[:, 45:]) < 0.1


def test_what_looks_like_the_border_is_background():
    # Two red blobs in the middle, one of them alike to five blobs on the border.
    image = np.full((120, 160, 3), (230, 220, 200), np.uint8)
    for x, y in ((0, 0), (60, 0), (130, 0), (0, 95), (130, 95), (40, 45)):
        image[y : y + 25, x : x + 30] = (190, 110, 110)
    image[45:70, 95:125] = (80, 40, 150)
    twin, odd = np.s_[50:65, 45:65], np.s_[50:65, 100:120]
    with_links = _saliency(image)
    without_links = _saliency(image, look_alike=1000)
    assert with_links[odd].mean() > 0.9
    assert without_links[twin].mean() > 0.85
    assert with_links[twin].mean() < 0.6


@pytest.mark.parametrize("shape", [(1, 1), (1, 320), (30, 40)])
def test_constant_image_has_no_saliency(shape):
    image = np.full((*shape, 3), 128, np.uint8)
    assert np.array_equal(_saliency(image), np.zeros(shape))


@pytest.mark.parametrize("shape", [(1, 2), (2, 2), (3, 5), (1, 320), (320, 1)])
def test_tiny_images_stay_finite_and_in_range(shape):
    values = np.random.default_rng(2).integers(0, 256, (*shape, 3), dtype=np.uint8)
    saliency = _saliency(values)
    assert np.isfinite(saliency).all()
    assert saliency.min() >= 0
    assert saliency.max() <= 1


def test_uniform(square_image):
    assert (_saliency(square_image, method="uniform") == 0.5).all()


def test_supplied_map_is_fitted_to_the_image(square_image):
    supplied = np.zeros((200, 240), np.uint16)
    supplied[60:140, 80:160] = 40_000
    saliency = _saliency(square_image, supplied, method="supplied")
    expected = np.zeros((100, 120), np.float32)
    expected[30:70, 40:80] = 1
    assert np.array_equal(saliency, expected)


def test_small_supplied_map_is_enlarged(square_image):
    saliency = _saliency(square_image, np.eye(2, dtype=bool), method="supplied")
    assert saliency.shape == (100, 120)
    assert (saliency.min(), saliency.max()) == (0, 1)


def test_flat_supplied_map_gives_zeros(square_image):
    supplied = np.full((5, 5), 7.0)
    assert not _saliency(square_image, supplied, method="supplied").any()


@pytest.mark.parametrize(
    ("supplied", "message"),
    [
        (None, "has no map"),
        (np.zeros((3, 3, 3)), r"\(3, 3, 3\)"),
        (np.zeros((0, 3)), "at least one pixel"),
        (np.array([[0, np.nan]]), "NaN"),
    ],
)
def test_unusable_supplied_map_is_an_error(square_image, supplied, message):
    with pytest.raises(InputError, match=message):
        _saliency(square_image, supplied, method="supplied")


def test_same_image_same_saliency(square_image):
    assert np.array_equal(_saliency(square_image), _saliency(square_image))
