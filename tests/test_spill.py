"""Items beyond the budget come back from the file as they were."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from napari_jcc.errors import OutputError
from napari_jcc.spill import SpilledList, empty_array


def filled(count, budget):
    items = SpilledList(count, budget, lambda item: item.nbytes)
    for i in range(count):
        items[i] = np.full(10, float(i))
    return items


def count_spilled(items):
    """Items of the file are read anew whenever they are asked for."""
    return sum(items[i] is not items[i] for i in range(len(items)))


@pytest.mark.parametrize(("budget", "spilled"), [(np.inf, 0), (240, 2), (0, 5)])
def test_items_come_back_wherever_they_are(budget, spilled):
    items = filled(5, budget)
    assert count_spilled(items) == spilled
    assert len(items) == 5
    for i, item in enumerate(items):
        np.testing.assert_array_equal(item, np.full(10, float(i)))
    np.testing.assert_array_equal(items[-1], np.full(10, 4.0))
    assert len(items[1:3]) == 2


@pytest.mark.parametrize("budget", [np.inf, 240, 0])
def test_items_may_be_replaced_by_smaller_and_larger_ones(budget):
    items = filled(5, budget)
    for size in (3, 50, 10):
        items[2] = np.arange(float(size))
        np.testing.assert_array_equal(items[2], np.arange(float(size)))
    np.testing.assert_array_equal(items[3], np.full(10, 3.0))


def test_threads_may_set_and_read():
    items = SpilledList(200, 8000, lambda item: item.nbytes)

    def work(i):
        items[i] = np.full(10, float(i))
        return float(items[i].sum())

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(200))) == [10.0 * i for i in range(200)]
    assert count_spilled(items) == 100


def test_item_that_was_not_set_is_an_error():
    with pytest.raises(IndexError, match="Item 1 was not set"):
        SpilledList(2, 0, len)[1]
    with pytest.raises(IndexError):
        SpilledList(2, 0, len)[2]


def test_full_disk_is_named_with_its_remedy(monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("napari_jcc.spill._reserve", fail)
    with pytest.raises(OutputError, match="memory_budget_gb"):
        empty_array((10, 10), "float64", 100)
