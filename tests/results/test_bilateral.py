"""Values shared among pixels of like place and colour."""

import numpy as np
import pytest

from napari_jcc.results import smooth
from napari_jcc.results.smooth import smooth_alike


def test_two_cells_meet_where_sums_by_hand_say(monkeypatch):
    # 3 pixels of grey and 3 brighter by one cell of 32: n = 3 in both cells. A cell counts
    # 10 and its neighbour 1, so weights are 30/11 and 3/11. With lambda 11/3 and values 1
    # and 0: 3 (y1 - 1) + (y1 - y2) = 0 and 3 y2 + (y2 - y1) = 0, hence .8 and .2.
    monkeypatch.setattr(smooth, "STRENGTH", 11 / 3)
    monkeypatch.setattr(smooth, "CELL", 32.0)
    row = np.array([[96, 96, 96, 128, 128, 128]], np.uint8)
    image = np.repeat(row[..., None], 3, axis=-1)
    values = np.array([[1, 1, 1, 0, 0, 0]], np.float32)
    expected = [[0.8] * 3 + [0.2] * 3]
    np.testing.assert_allclose(smooth_alike(image, values), expected, atol=1e-4)


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
