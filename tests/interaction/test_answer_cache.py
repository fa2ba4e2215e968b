"""Answers kept by what was drawn on an image."""

import numpy as np

from napari_jcc.interaction import OBJECT, Edits, ImageKey
from napari_jcc.interaction import answer_cache as answer_cache_module
from napari_jcc.interaction.answer_cache import AnswerCache
from results_samples import image_result

KEY = ImageKey("a", "1")


def journal(count):
    """Entries of so many strokes, and an answer that shows how many."""
    edits, mask = Edits(), np.zeros((4, 6), np.bool_)
    for number in range(count):
        stroke = np.arange(24).reshape(4, 6) == number
        edits, mask = edits.paint(KEY, stroke, OBJECT), mask | stroke
    return edits.of(KEY), image_result(shape=(4, 6), mask=mask)


def test_the_last_answer_of_every_image_is_kept_and_some_before_it(monkeypatch):
    monkeypatch.setattr(answer_cache_module, "_KEPT", 2)
    kept = AnswerCache()
    assert kept.last_drawn(3) == ()
    assert kept.find(3, ()) is None
    answers = [journal(count) for count in range(1, 5)]
    for drawn, image in answers:
        kept.keep(3, drawn, image)
    assert kept.last_drawn(3) == answers[3][0]
    assert kept.find(3, answers[3][0]) is answers[3][1]
    for drawn, image in answers[1:3]:
        np.testing.assert_array_equal(kept.find(3, drawn).mask, image.mask)
    assert kept.find(3, answers[0][0]) is None
    assert kept.find(2, answers[3][0]) is None


def test_what_is_let_go_is_no_longer_the_last_but_can_be_found():
    kept = AnswerCache()
    drawn, image = journal(2)
    kept.release(0)
    kept.keep(0, drawn, image)
    kept.release(0)
    assert kept.last_drawn(0) == ()
    np.testing.assert_array_equal(kept.find(0, drawn).mask, image.mask)
