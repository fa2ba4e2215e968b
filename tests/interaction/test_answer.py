"""The outline of an answer, redrawn by GrabCut from a sample of the colours."""

import numpy as np

from napari_jcc.interaction.answer import MODELLED, refine_marked
from napari_jcc.interaction.edits import BACKGROUND

SIDE = 300
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
    found = refine_marked(coloured(truth, rng), blunt, np.zeros((SIDE, SIDE), np.uint8), 0)
    assert (found & truth).sum() > 0.995 * (found | truth).sum()


def test_a_mark_parts_what_has_one_colour(rng):
    truth = disk(60, column=90) | disk(60, column=212)
    marks = np.where(disk(61, column=212), BACKGROUND, 0).astype(np.uint8)
    mask = truth & (marks == 0)
    found = refine_marked(coloured(truth, rng), mask, marks, 0)
    assert not found[marks == BACKGROUND].any()
    assert (found & mask).sum() > 0.98 * (found | mask).sum()


def test_lines_between_those_of_the_grid_are_modelled_by_all_their_pixels(rng):
    lines = ((ROWS == 31) & (COLUMNS < 20)) | ((ROWS == 270) & (COLUMNS >= 280))
    assert 32 <= lines.sum() < 64
    found = refine_marked(coloured(lines, rng), lines, np.zeros((SIDE, SIDE), np.uint8), 0)
    assert (found & lines).sum() >= 0.5 * (found | lines).sum()
