"""A factor must not depend on how its features were read or where it is kept."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_jcc.errors import ProblemError
from napari_jcc.problem.factor import Storage, discriminative_factor

SIZES = (7, 0, 12, 1, 20)


class Blocks:
    """Blocks that are made when they are read, and counts how often."""

    def __init__(self, parts):
        self.parts, self.reads = parts, 0

    def __iter__(self):
        self.reads += 1
        return (part.copy() for part in self.parts)


def cut(features):
    return np.split(features, np.cumsum(SIZES)[:-1])


@settings(max_examples=30, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 1.0, 1e3]))
def test_blocks_give_the_factor_of_the_whole(seed, offset):
    """A mean of a thousand standard deviations must cost no digits either."""
    rng = np.random.default_rng(seed)
    features = (rng.normal(size=(sum(SIZES), 5)) + offset).astype(np.float32)
    weights = rng.uniform(0.5, 2, len(features))
    blocks = Blocks(cut(features))
    whole = discriminative_factor(features, weights, 3.0, 0.1)
    parts = discriminative_factor(blocks, weights, 3.0, 0.1)
    assert blocks.reads == 2
    assert parts.beta == pytest.approx(whole.beta, rel=1e-6)
    # The signs of eigenvectors are free, so the products are compared.
    np.testing.assert_allclose(
        parts.factor @ parts.factor.T, whole.factor @ whole.factor.T, atol=1e-7
    )


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_a_factor_beyond_the_budget_is_mapped_and_equal(precision, rng):
    features = rng.normal(size=(40, 5)).astype(np.float32)
    kept = discriminative_factor(features, np.ones(40), 3.0, 0.1, Storage(precision))
    mapped = discriminative_factor(
        features, np.ones(40), 3.0, 0.1, Storage(precision, budget=100)
    )
    assert not isinstance(kept.factor, np.memmap)
    assert isinstance(mapped.factor, np.memmap)
    np.testing.assert_array_equal(mapped.factor, kept.factor)
    assert mapped.trace == kept.trace
    scaled = mapped.scaled(0.5)
    assert isinstance(scaled, np.memmap)
    assert scaled.dtype == precision
    np.testing.assert_array_equal(scaled, 0.5 * kept.factor)


def test_float32_is_the_rounded_factor(rng):
    features = rng.normal(size=(40, 5)).astype(np.float32)
    exact = discriminative_factor(features, np.ones(40), 3.0, 0.1)
    rounded = discriminative_factor(features, np.ones(40), 3.0, 0.1, Storage("float32"))
    np.testing.assert_array_equal(rounded.factor, exact.factor.astype(np.float32))
    assert rounded.trace == pytest.approx(exact.trace, rel=1e-6)


@pytest.mark.parametrize("count", [39, 41])
def test_missing_or_spare_rows_are_named(count, rng):
    features = rng.normal(size=(40, 5)).astype(np.float32)
    with pytest.raises(ProblemError, match=f"40 rows of features but {count} weights"):
        discriminative_factor([features], np.ones(count), 3.0, 0.1)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_features_that_are_not_finite_are_named_by_their_piece(value, rng):
    features = rng.normal(size=(sum(SIZES), 5)).astype(np.float32)
    features[9, 2] = value
    message = "1 of 60 values are not, the first of them of piece 9"
    with pytest.raises(ProblemError, match=message):
        discriminative_factor(Blocks(cut(features)), np.ones(sum(SIZES)), 3.0, 0.1)
