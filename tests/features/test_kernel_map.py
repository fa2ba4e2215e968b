"""The explicit map against the exact kernel 2 x y / (x + y)."""

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_jcc.features.embedding import map_chi2

values = st.just(0.0) | st.floats(0.015625, 1, width=32)
histograms = hnp.arrays(np.float32, (2, 5), elements=values)


def chi2(x, y):
    total = np.where(x + y > 0, x + y, 1)
    return (2 * x * y / total).sum()


@pytest.mark.parametrize(("ratio", "tolerance"), [(1, 0.02), (2, 0.02), (5, 0.1)])
@pytest.mark.parametrize("scale", [1e-4, 1, 30])
def test_kernel_is_met_over_the_stated_ratios(ratio, tolerance, scale):
    x, y = map_chi2(np.array([[scale], [scale * ratio]], np.float32))
    assert x @ y == pytest.approx(2 * scale * ratio / (1 + ratio), rel=tolerance)


def test_by_hand():
    # 2 (.2 * .4 / .6 + .3 * .3 / .6 + .5 * .3 / .8) = .9417
    x, y = map_chi2(np.array([[0.2, 0.3, 0.5], [0.4, 0.3, 0.3]], np.float32))
    assert x @ y == pytest.approx(0.9417, rel=0.02)


def test_empty_bins_map_to_zero():
    mapped = map_chi2(np.array([[0.0, 1.0]], np.float32))
    assert mapped.shape == (1, 6)
    np.testing.assert_array_equal(mapped[0, ::2], 0)
    assert mapped.dtype == np.float32


def test_no_rows():
    assert map_chi2(np.zeros((0, 4), np.float32)).shape == (0, 12)


@given(histograms)
def test_product_stays_near_the_kernel(pair):
    x, y = map_chi2(pair)
    # The error of .65 (1 + 2 sech(.65 pi) cos(.65 log r)) against sech(log(r) / 2), the two
    # in units of sqrt(x y), is largest at r = 100: .32 against .20.
    allowed = 0.13 * np.sqrt(pair[0] * pair[1]).sum() + 1e-5
    assert abs(x @ y - chi2(*pair.astype(float))) <= allowed
