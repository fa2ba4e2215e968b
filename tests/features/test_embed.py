"""From descriptors to a matrix over the set."""

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_jcc.config import FeatureConfig
from napari_jcc.features import embed
from napari_jcc.features.embedding import map_chi2

LINEAR = FeatureConfig(kernel="linear", dimensions=4)


def total_variance(matrix):
    return matrix.astype(float).var(axis=0).sum()


@pytest.fixture(params=[(3, 5), (200, 7)], ids=["fewer rows than columns", "more rows"])
def descriptors(request, rng):
    rows, columns = request.param
    return [rng.random((rows, columns), dtype=np.float32) for _ in range(2)]


def test_line_by_hand():
    # Points on a line: centred positions -1, 0, 1 along (.6, .8), variance 2 / 3.
    points = np.array([[0, 0], [3, 4], [6, 8]], np.float32)
    embedded = embed([points[:1], points[1:]], False, FeatureConfig(dimensions=1))
    np.testing.assert_allclose(
        embedded, np.array([[-1], [0], [1]]) * np.sqrt(1.5), rtol=1e-5
    )


def test_sum_one_and_variance_one(descriptors):
    embedded = embed(descriptors, False, LINEAR)
    assert embedded.shape == (sum(map(len, descriptors)), 4)
    assert embedded.dtype == np.float32
    np.testing.assert_allclose(embedded.mean(axis=0), 0, atol=1e-5)
    assert total_variance(embedded) == pytest.approx(1, rel=1e-4)


def test_same_as_the_singular_value_decomposition(descriptors):
    stacked = np.concatenate(descriptors).astype(float)
    u, s, _ = np.linalg.svd(stacked - stacked.mean(axis=0), full_matrices=False)
    expected = u[:, :4] * s[:4]
    expected /= np.sqrt(total_variance(expected))
    embedded = embed(descriptors, False, LINEAR)
    np.testing.assert_allclose(embedded @ embedded.T, expected @ expected.T, atol=1e-4)


def test_all_dimensions_keep_all_distances(descriptors):
    stacked = np.concatenate(descriptors).astype(float)
    centred = stacked - stacked.mean(axis=0)
    embedded = embed(descriptors, False, FeatureConfig(dimensions=4096))
    np.testing.assert_allclose(
        embedded @ embedded.T, centred @ centred.T / total_variance(stacked), atol=1e-4
    )


def test_histograms_are_scaled_and_mapped(descriptors):
    shares = [block / block.sum(axis=1, keepdims=True) for block in descriptors]
    mapped = [map_chi2(block) for block in shares]
    config = FeatureConfig(dimensions=4)
    expected = embed(mapped, False, config)
    np.testing.assert_allclose(embed(descriptors, True, config), expected, atol=1e-4)
    np.testing.assert_allclose(
        embed(descriptors, True, LINEAR), embed(shares, False, LINEAR), atol=1e-4
    )


def test_split_into_images_does_not_matter(descriptors):
    stacked = np.concatenate(descriptors)
    np.testing.assert_allclose(
        embed([stacked], True, LINEAR), embed(descriptors, True, LINEAR), atol=1e-4
    )


def test_same_bytes_again(descriptors):
    assert (
        embed(descriptors, True, LINEAR).tobytes()
        == embed(descriptors, True, LINEAR).tobytes()
    )


def test_image_without_rows(descriptors):
    none = np.zeros((0, descriptors[0].shape[1]), np.float32)
    first, second = descriptors
    np.testing.assert_array_equal(
        embed([first, none, second], True, LINEAR), embed(descriptors, True, LINEAR)
    )
    assert embed([none, none], True, LINEAR).shape == (0, 1)


@pytest.mark.parametrize("rows", [1, 2, 50])
@pytest.mark.parametrize("is_histogram", [True, False])
def test_equal_rows_give_zeros(rows, is_histogram, rng):
    row = rng.random(9, dtype=np.float32)
    embedded = embed([np.tile(row, (rows, 1))] * 2, is_histogram, FeatureConfig())
    np.testing.assert_array_equal(embedded, 0)


def test_rows_of_zeros_do_not_become_nan():
    block = np.zeros((3, 4), np.float32)
    block[1, 2] = 1
    embedded = embed([block], True, FeatureConfig())
    assert np.isfinite(embedded).all()
    assert total_variance(embedded) == pytest.approx(1)


@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(0, 8), st.integers(1, 5)),
        elements=st.floats(0, 1e3, width=32),
    ),
    st.booleans(),
)
def test_always_finite_with_variance_zero_or_one(block, is_histogram):
    embedded = embed([block], is_histogram, FeatureConfig(dimensions=3))
    assert len(embedded) == len(block)
    assert np.isfinite(embedded).all()
    if embedded.any():
        assert total_variance(embedded) == pytest.approx(1, abs=1e-3)
