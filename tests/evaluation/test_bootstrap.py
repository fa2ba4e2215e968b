import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_jcc.errors import InputError
from napari_jcc.evaluation import bootstrap_mean

values = st.lists(st.floats(-1, 1), min_size=1, max_size=20)


def test_every_group_counts_the_same_whatever_its_size():
    assert bootstrap_mean([[1.0, 1.0, 1.0], [0.0]]) == (0.5, 0.5, 0.5)


def test_the_width_is_that_of_the_mean_of_normal_values(rng):
    sample = rng.normal(size=400)
    found = bootstrap_mean([sample], draws=4000)
    error = sample.std() / np.sqrt(400)
    assert found.mean == pytest.approx(sample.mean())
    assert found.high - found.mean == pytest.approx(1.96 * error, rel=0.1)
    assert found.mean - found.low == pytest.approx(1.96 * error, rel=0.1)


def test_pairs_cancel_what_is_hard_for_both(rng):
    hardness = rng.normal(size=50)
    one, other = hardness + 0.1, hardness
    paired = bootstrap_mean([one - other])
    assert paired.low == pytest.approx(0.1)
    assert bootstrap_mean([one]).low < bootstrap_mean([other]).high


@given(st.lists(values, min_size=1, max_size=3), st.integers(0, 5))
def test_same_seed_same_interval_around_the_mean(groups, seed):
    one, two = (bootstrap_mean(groups, draws=200, seed=seed) for _ in range(2))
    assert one == two
    low = np.mean([min(group) for group in groups])
    high = np.mean([max(group) for group in groups])
    assert low - 1e-9 <= one.low <= one.high <= high + 1e-9


@pytest.mark.parametrize("groups", [[], [[]], [[1.0], [np.nan]], [[[1.0]]]])
def test_nothing_to_average_is_refused(groups):
    with pytest.raises(InputError):
        bootstrap_mean(groups)
