"""What napari's undo took back is told from the pixels that changed."""

import numpy as np

from napari_jcc.interaction import OBJECT, Edits, ImageKey
from napari_jcc.plugin.corrections.detection import history_step

KEY = ImageKey("a")
SHAPE = (4, 6)


def draw(edits, *pixels):
    marks = edits.marks(KEY, SHAPE)
    marks.ravel()[list(pixels)] = OBJECT
    return edits.draw(KEY, marks)


def pixels(*places):
    changed = np.zeros(SHAPE, bool)
    changed.ravel()[list(places)] = True
    return changed


def test_the_pixels_of_the_last_stroke_take_it_back():
    edits = draw(draw(Edits(), 0, 1, 2), 10, 11)
    assert history_step(edits, KEY, pixels(10, 11)) == edits.undo(KEY)
    assert history_step(edits.undo(KEY), KEY, pixels(10, 11)) == edits


def test_an_image_that_was_cleared_once_is_not_cleared_by_it_again():
    """Clearing again would change the pixels of both strokes; only one has changed."""
    edits = draw(draw(Edits(), 0, 1, 2), 10, 11)
    again = edits.clear(KEY).undo(KEY)
    assert history_step(again, KEY, pixels(0, 1, 2)) is None
    assert history_step(again, KEY, pixels(10, 11)) == again.undo(KEY)
