"""The outline of a mask, redrawn by GrabCut from a sample of the colours."""

import numpy as np
import pytest

from napari_jcc.config import DecodeConfig
from napari_jcc.results.refine import MODELLED, refine_mask

SIDE = 300
FAR = DecodeConfig(reach=0.5)
PRINTED = DecodeConfig(reach=1.0, iterations=3)
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE]


def disk(radius, row=150, column=150):
    return (ROWS - row) ** 2 + (COLUMNS - column) ** 2 < radius**2


def coloured(where, rng):
    """Red where something is, green elsewhere, with noise."""
    image = np.where(where[:, :, None], (200, 60, 60), (60, 180, 60))
    return np.clip(image + rng.normal(0, 12, image.shape), 0, 255).astype(np.uint8)


def test_a_blunt_mask_is_brought_to_the_outline_of_what_it_lies_on(rng):
    truth, blunt = disk(80), disk(70, row=160)
    assert truth.size > 4 * MODELLED
    found = refine_mask(coloured(truth, rng), blunt, FAR)
    assert (found & truth).sum() > 0.995 * (found | truth).sum()


def test_a_mark_parts_what_has_one_colour(rng):
    truth = disk(60, column=90) | disk(60, column=212)
    rest = disk(61, column=212)
    mask = truth & ~rest
    found = refine_mask(coloured(truth, rng), mask, FAR, (rest, np.zeros_like(rest)))
    assert not found[rest].any()
    assert (found & mask).sum() > 0.98 * (found | mask).sum()


def test_lines_between_those_of_the_grid_are_modelled_by_all_their_pixels(rng):
    lines = ((ROWS == 31) & (COLUMNS < 20)) | ((ROWS == 270) & (COLUMNS >= 280))
    assert 32 <= lines.sum() < 64
    found = refine_mask(coloured(lines, rng), lines, DecodeConfig())
    assert (found & lines).sum() >= 0.5 * (found | lines).sum()


def test_the_outline_moves_no_further_than_the_reach(rng):
    truth, mask = disk(90), disk(70)
    near = refine_mask(coloured(truth, rng), mask, DecodeConfig(reach=0.04))
    assert near.any()
    assert not near[~disk(70 + 0.04 * SIDE + 1)].any()
    far = refine_mask(coloured(truth, rng), mask, DecodeConfig(reach=1.0))
    assert (far & truth).sum() > 0.98 * (far | truth).sum()


def test_grabcut_moves_a_rough_outline_to_the_edge(rng):
    image = rng.normal(60, 6, (60, 60, 3))
    truth = np.zeros((60, 60), bool)
    truth[20:45, 20:45] = True
    image[truth] += 120
    rough = np.zeros_like(truth)
    rough[16:42, 16:42] = True
    refined = refine_mask(image.clip(0, 255).astype(np.uint8), rough, PRINTED)
    before = (rough & truth).sum() / (rough | truth).sum()
    after = (refined & truth).sum() / (refined | truth).sum()
    assert before < 0.75 < 0.95 < after


def test_specks_of_the_same_colour_elsewhere_are_not_taken(rng):
    image = rng.normal(60, 6, (60, 60, 3))
    image[20:45, 20:45] += 120
    image[4:7, 50:54] += 120
    rough = np.zeros((60, 60), bool)
    rough[18:43, 18:43] = True
    refined = refine_mask(image.clip(0, 255).astype(np.uint8), rough, PRINTED)
    assert refined[30, 30]
    assert not refined[:10].any()


def test_grabcut_that_runs_away_is_not_trusted(rng):
    """The mask covers a corner of one flat field; its colours are those of the rest."""
    image = np.full((60, 60, 3), 90, np.uint8)
    image[:, 30:] = 200
    mask = np.zeros((60, 60), bool)
    mask[:15, :14] = True
    refined = refine_mask(image, mask, PRINTED)
    union = (refined | mask).sum()
    assert (refined & mask).sum() / union >= 0.5


@pytest.mark.parametrize("fill", [0, 5, 3600 - 5, 3600])
def test_masks_too_small_to_model_stay(fill):
    mask = (np.arange(3600) < fill).reshape(60, 60)
    refined = refine_mask(np.zeros((60, 60, 3), np.uint8), mask, PRINTED)
    np.testing.assert_array_equal(refined, mask)
