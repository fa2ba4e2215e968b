from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_jcc.regions import find_overlap
from napari_jcc.regions.superpixels import measure_superpixels


def _superpixels(label_map):
    return measure_superpixels(label_map, np.zeros((*label_map.shape, 3), np.uint8))


def test_overlap_by_hand():
    superpixels = _superpixels(
        np.array([[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 2, 3], [2, 2, 2, 3]])
    )
    boxes = np.array(
        [
            [0, 0, 2, 2],  # all of 0
            [0, 0, 3, 2],  # all of 0, exactly half of 1: not more than half
            [0, 2, 2, 4],  # 4 of the 6 pixels of 2
            [3, 2, 4, 4],  # all of 3
            [0, 0, 4, 4],
            [1.6, 0, 4, 2],  # centres from 2.5 on: all of 1
            [1.4, 1, 4, 2],  # centres from 1.5 on, one row: half of 1, a quarter of 0
            [9, 9, 12, 12],  # outside
        ],
        np.float32,
    )
    overlap = find_overlap(superpixels, boxes)
    assert overlap.dtype == bool
    assert overlap.format == "csr"
    assert overlap.toarray().astype(int).tolist() == [
        [1, 0, 0, 0],
        [1, 0, 0, 0],
        [0, 0, 1, 0],
        [0, 0, 0, 1],
        [1, 1, 1, 1],
        [0, 1, 0, 0],
        [0, 0, 0, 0],
        [0, 0, 0, 0],
    ]
    assert overlap.nnz == 9


def test_no_boxes():
    overlap = find_overlap(_superpixels(np.array([[0, 1]])), np.zeros((0, 4), np.float32))
    assert overlap.shape == (0, 2)


label_maps = hnp.arrays(
    np.int64,
    st.tuples(st.integers(1, 6), st.integers(1, 6)),
    elements=st.integers(0, 4),
)
box = st.tuples(*[st.floats(-3, 9, width=16)] * 4)


@given(label_maps, st.lists(box, min_size=1, max_size=5))
@settings(max_examples=100)
def test_overlap_agrees_with_a_loop(label_map, boxes):
    superpixels = _superpixels(label_map)
    boxes = np.array(boxes, np.float32)
    expected = np.zeros((len(boxes), len(superpixels)), bool)
    for row, (x_min, y_min, x_max, y_max) in enumerate(boxes):
        for label in range(len(superpixels)):
            inside = [
                x_min <= x + 0.5 < x_max and y_min <= y + 0.5 < y_max
                for y, x in np.argwhere(superpixels.label_map == label)
            ]
            expected[row, label] = sum(inside) > len(inside) / 2
    assert np.array_equal(find_overlap(superpixels, boxes).toarray(), expected)
