"""Masks chosen by what the masks of the other images look like."""

import numpy as np

from napari_jcc.features import FeatureMap
from napari_jcc.priors.masks import (
    OWN_MASK,
    choose_masks,
    describe_masks,
    overlap_masks,
)

CAR, ROAD, REST = np.eye(3)
SIDE = 40


def scene(number):
    """Map of a car above a strip of road, and its mask without and with the road."""
    rng = np.random.default_rng(number)
    y, x = rng.integers(8, 16, 2)
    cells = np.tile(REST, (SIDE, SIDE, 1))
    columns = slice(x, x + 14)
    car, road = (slice(y, y + 10), columns), (slice(y + 10, y + 16), columns)
    cells[car], cells[road] = CAR, ROAD
    cells += rng.normal(0, 0.05, cells.shape)
    masks = np.zeros((3, SIDE, SIDE), np.bool_)
    masks[0][car] = True
    masks[1][car] = masks[1][road] = True
    # Half of the car.
    masks[2, y : y + 5, columns] = True
    return FeatureMap(cells.astype(np.float16), 1, 0, (SIDE, SIDE)), masks


def choose(images, first):
    """Numbers of the chosen masks; `first` is how the masks of every image are ordered."""
    features, overlaps = [], []
    for (found, masks), order in zip(images, first, strict=True):
        ordered = masks[list(order)]
        features.append(describe_masks(found, ordered))
        overlaps.append(overlap_masks(ordered))
    return choose_masks(features, overlaps, 0)


def test_masks_are_described_by_parts_on_both_sides_of_the_outline():
    # 40 x 40 pixels, so the strips are one pixel wide; a cell for every pixel.
    values = np.arange(SIDE, dtype=np.float16)[None, :, None].repeat(SIDE, 0)
    found = FeatureMap(values, 1, 0, (SIDE, SIDE))
    mask = np.zeros((1, SIDE, SIDE), np.bool_)
    mask[0, 10:20, 0:4] = True
    inside, inner, outer, outside = describe_masks(found, mask)[0]
    # Columns 0 to 3. The strip inside: rows 10 and 19, and column 3 of the eight others;
    # what lies along the border of the image is no outline. The strip outside: rows 9 and
    # 20 from column 0 to 4, and column 4 of ten rows.
    assert inside == 1.5
    np.testing.assert_allclose(inner, (2 * 6 + 8 * 3) / (2 * 4 + 8), rtol=1e-5)
    np.testing.assert_allclose(outer, (2 * 10 + 10 * 4) / (2 * 5 + 10), rtol=1e-5)
    whole = SIDE * SIDE * (SIDE - 1) / 2
    np.testing.assert_allclose(outside, (whole - 40 * 1.5) / (SIDE * SIDE - 40), rtol=1e-5)


def test_the_overlap_is_that_of_areas_and_0_for_empty_masks():
    masks = np.zeros((3, 2, 4), np.bool_)
    masks[0, :, :2] = masks[1, :, 1:] = True
    # 4 and 6 pixels, 2 of them common.
    wanted = [[1, 2 / 8, 0], [2 / 8, 1, 0], [0, 0, 0]]
    np.testing.assert_allclose(overlap_masks(masks), wanted)


def test_a_mask_that_took_the_road_along_loses_it():
    images = [scene(number) for number in range(12)]
    right, with_road = (0, 1, 2), (1, 0, 2)
    chosen = choose(images, [with_road, *[right] * 11])
    assert chosen == [1, *[0] * 11]


def test_a_mask_that_holds_half_of_the_object_grows():
    images = [scene(number) for number in range(12)]
    chosen = choose(images, [(2, 0, 1), *[(0, 1, 2)] * 11])
    assert chosen == [1, *[0] * 11]


def test_the_own_mask_counts_where_others_teach_nothing():
    # Descriptions are the same, so the regression is flat and the own mask decides.
    same = [np.ones((3, 4), np.float32)] * 4
    overlap = np.array([[1, 0.5, 0.2], [0.5, 1, 0.4], [0.2, 0.4, 1]])
    assert OWN_MASK > 0
    assert choose_masks(same, [overlap] * 4, 1) == [1] * 4


def test_empty_masks_are_never_chosen():
    features = [np.eye(3, 4, dtype=np.float32)] * 4
    first_empty, all_empty = np.diag([0.0, 1.0, 1.0]), np.zeros((3, 3))
    chosen = choose_masks(features, [first_empty, first_empty, first_empty, all_empty], 0)
    assert 0 not in chosen[:3]
    assert chosen[3] == 0


def test_a_single_image_keeps_its_mask():
    found, masks = scene(0)
    features, overlaps = [describe_masks(found, masks)], [overlap_masks(masks)]
    assert choose_masks(features, overlaps, 2) == [2]
