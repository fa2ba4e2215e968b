"""Values shared among pixels of like place and colour."""

import numpy as np
import pytest

from napari_jcc.results import bilateral
from napari_jcc.results.bilateral import ColourGrid, smooth_alike


def two_cells(monkeypatch):
    """Three pixels of grey and three brighter by one cell of 32; values 1 and 0."""
    monkeypatch.setattr(bilateral, "CELL", 32.0)
    row = np.array([[96, 96, 96, 128, 128, 128]], np.uint8)
    image = np.repeat(row[..., None], 3, axis=-1)
    return image, np.array([[1, 1, 1, 0, 0, 0]], np.float32)


def test_two_cells_meet_where_sums_by_hand_say(monkeypatch):
    # n = 3 in both cells. A cell counts 10 and its neighbour 1, so weights are 30/11 and
    # 3/11. With lambda 11/3: 3 (y1 - 1) + (y1 - y2) = 0 and 3 y2 + (y2 - y1) = 0.
    monkeypatch.setattr(bilateral, "STRENGTH", 11 / 3)
    expected = [[0.8] * 3 + [0.2] * 3]
    np.testing.assert_allclose(smooth_alike(*two_cells(monkeypatch)), expected, atol=1e-4)


def test_values_count_by_their_confidence(monkeypatch):
    # As above; of the second cell, one pixel counts 7 times: 9 y2 + (y2 - y1) = 0.
    monkeypatch.setattr(bilateral, "STRENGTH", 11 / 3)
    image, values = two_cells(monkeypatch)
    confidence = np.array([[1, 1, 1, 7, 1, 1]], np.float32)
    found = ColourGrid(image).smooth(values, confidence)
    np.testing.assert_allclose(found, [[10 / 13] * 3 + [1 / 13] * 3], atol=1e-4)
    np.testing.assert_array_equal(
        ColourGrid(image).smooth(values, np.ones_like(values)), smooth_alike(image, values)
    )


def test_lambda_is_what_was_measured(monkeypatch):
    # As above, y1 + y2 = 1 and y1 - y2 = 1 / (1 + 2 lambda / 11).
    found = smooth_alike(*two_cells(monkeypatch))
    assert found[0, 0] - found[0, -1] == pytest.approx(1 / (1 + 2 * 256 / 11), rel=1e-3)


def test_the_sum_is_kept():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, (24, 31, 3), dtype=np.uint8)
    values = rng.random((24, 31), dtype=np.float32)
    assert smooth_alike(image, values).sum() == pytest.approx(values.sum(), rel=1e-3)


def test_an_even_image_of_one_value_stays_as_it_is():
    image = np.full((1, 1, 3), 255, np.uint8)
    assert smooth_alike(image, np.full((1, 1), 0.3, np.float32)) == pytest.approx(0.3)
    image = np.zeros((9, 40, 3), np.uint8)
    flat = np.full((9, 40), 0.7, np.float32)
    np.testing.assert_allclose(smooth_alike(image, flat), flat, atol=1e-5)
