"""Corrections of an opened project: what they do again before the first answer."""

import numpy as np
import pytest

from napari_jcc.interaction import OBJECT, Corrector, Edits, ReopenedCorrector
from napari_jcc.interaction.resegmenter import Resegmenter


def stroke(edits, corrector, place, rows):
    shape = corrector.machine[place].mask.shape
    where = np.zeros(shape, np.bool_)
    where[rows, :30] = True
    return edits.paint(corrector.keys[place], where, OBJECT)


@pytest.mark.parametrize("is_prepared", [False, True])
def test_a_stroke_on_an_opened_project_settles_once_and_tells_what_it_changed(
    finished, monkeypatch, is_prepared
):
    saved = Corrector(finished)
    taught = stroke(Edits(), saved, 0, slice(0, 12))
    saved.update(taught)
    saved.settle()
    images = saved.machine
    edits = stroke(taught, saved, 1, slice(0, 12))
    saved.update(edits)
    if is_prepared:
        saved.answer(1)  # as below; else what was drawn is there when all is settled
    wanted = saved.settle()

    settled, solve = [], Resegmenter.settle

    def settle(self, edits, held, progress):
        settled.append(len(edits))
        return solve(self, edits, held, progress)

    monkeypatch.setattr(Resegmenter, "settle", settle)
    opened = ReopenedCorrector(images, saved.keys, taught, lambda _: finished)
    if is_prepared:
        opened.prepare(1)
    assert opened.update(edits) == (1,)
    answer = opened.answer(1)
    found = opened.settle()
    assert settled == ([1, 2] if is_prepared else [2])
    assert found.changed == wanted.changed
    for image, other in zip(found.result.images, wanted.result.images, strict=True):
        np.testing.assert_array_equal(image.mask, other.mask)
    if not is_prepared:
        np.testing.assert_array_equal(answer.mask, wanted.result.images[1].mask)
