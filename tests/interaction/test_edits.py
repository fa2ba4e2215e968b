from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_jcc.errors import InputError
from napari_jcc.interaction import (
    BACKGROUND,
    NONE,
    OBJECT,
    EditKind,
    Edits,
    ImageKey,
    drawn,
    edits_from_state,
    edits_to_state,
)

SHAPE = (5, 7)
KEYS = (ImageKey("a", "1"), ImageKey("b", "2"), ImageKey("c", ""))
mark_arrays = hnp.arrays(np.uint8, SHAPE, elements=st.integers(NONE, BACKGROUND))
number_arrays = hnp.arrays(np.int32, SHAPE, elements=st.integers(0, 3))
boxes = st.tuples(
    st.integers(0, 3), st.integers(0, 2), st.integers(4, 7), st.integers(3, 5)
)


@st.composite
def journals(draw: st.DrawFn) -> Edits:
    edits = Edits()
    for _ in range(draw(st.integers(0, 8))):
        key = draw(st.sampled_from(KEYS))
        step = draw(st.sampled_from(["draw", "box", "none", "clear", "undo", "redo"]))
        edits.marks(key, SHAPE)  # the next ones go on from there
        if step == "draw":
            numbers = draw(st.none() | number_arrays)
            edits = edits.draw(key, draw(mark_arrays), numbers)
        elif step in ("box", "none"):
            edits = edits.fix_box(key, SHAPE, draw(boxes) if step == "box" else None)
        else:
            edits = getattr(edits, step)(key)
    return edits


@given(journals())
def test_a_stored_journal_comes_back_equal(edits):
    assert edits_from_state(*edits_to_state(edits)) == edits


@given(st.lists(st.tuples(mark_arrays, number_arrays), min_size=1, max_size=4))
def test_marks_are_what_was_drawn_last_and_undo_goes_back(drawn):
    edits, states = Edits(), [Edits()]
    for marks, numbers in drawn:
        edits = edits.draw(KEYS[0], marks, numbers)
        if len(edits) > len(states[-1]):
            states.append(edits)
        np.testing.assert_array_equal(edits.marks(KEYS[0], SHAPE), marks)
        apart = numbers * (marks == OBJECT)
        found = edits.numbers(KEYS[0], SHAPE)
        np.testing.assert_array_equal(0 if found is None else found, apart)
    for before in states[-2::-1]:
        edits = edits.undo()
        np.testing.assert_array_equal(
            edits.marks(KEYS[0], SHAPE), before.marks(KEYS[0], SHAPE)
        )
    for _ in states[1:]:
        edits = edits.redo()
    assert edits == states[-1]


def test_a_name_is_no_key():
    for draw in (
        lambda: Edits().paint("a", np.ones((2, 2), bool), OBJECT),
        lambda: Edits().fix_box("a", (2, 2), [0, 0, 1, 1]),
    ):
        with pytest.raises(InputError, match="belongs to an ImageKey, not to 'a'"):
            draw()


def test_painting_the_same_again_is_no_entry():
    marks = np.full(SHAPE, OBJECT, np.uint8)
    once = Edits().draw(KEYS[0], marks)
    assert once.draw(KEYS[0], marks) == once
    assert len(once.entries[0].runs) == 1


def test_entries_go_on_until_one_is_taken_back():
    key, *_ = KEYS
    pixels = [np.arange(35).reshape(SHAPE) == i for i in range(3)]
    first = Edits().paint(key, pixels[0], OBJECT)
    both = first.paint(key, pixels[1], OBJECT)
    for before in ((), first.entries, both.entries):
        assert both.extends(key, before)
    assert not first.extends(key, both.entries)
    assert not first.paint(key, pixels[2], OBJECT).extends(key, both.entries)
    assert not both.clear(key).extends(key, first.entries)


def test_undo_of_one_image_leaves_the_others():
    edits = Edits().paint(KEYS[0], np.eye(5, 7, dtype=bool), OBJECT)
    edits = edits.paint(KEYS[1], np.eye(5, 7, dtype=bool), BACKGROUND)
    back = edits.undo(KEYS[0])
    assert back.edited == (KEYS[1],)
    assert back.redo(KEYS[0]).edited == (KEYS[1], KEYS[0])
    assert edits.undo(KEYS[2]) == edits


def test_what_was_undone_is_gone_after_drawing_on():
    edits = Edits().paint(KEYS[0], np.eye(5, 7, dtype=bool), OBJECT).undo()
    drawn = edits.paint(KEYS[0], np.ones(SHAPE, bool), BACKGROUND)
    assert drawn.redo() == drawn


@given(journals())
def test_an_image_is_edited_where_marks_or_a_box_are_in_force(edits):
    for key in KEYS:
        marked = edits.marks(key, SHAPE).any()
        assert edits.is_edited(key) == (marked or edits.box(key) is not None)


def test_a_last_stroke_that_marks_is_told_without_drawing_all_of_them(monkeypatch):
    edits = Edits().paint(KEYS[0], np.eye(5, 7, dtype=bool), OBJECT)
    monkeypatch.setattr(drawn, "run_pixels", None)
    assert edits.edited == (KEYS[0],)


@mock.patch.object(drawn, "_STEP", 2)
@given(journals())
def test_what_was_drawn_is_as_if_all_entries_were_replayed(edits):
    for key in KEYS:
        for find in (Edits.marks, Edits.numbers):
            np.testing.assert_array_equal(
                find(edits, key, SHAPE), find(Edits(edits.entries), key, SHAPE)
            )


def test_a_stroke_replays_none_before_it_and_undo_few(monkeypatch):
    replayed = []

    def run_pixels(runs, run_pixels=drawn.run_pixels):
        replayed.append(runs)
        return run_pixels(runs)

    monkeypatch.setattr(drawn, "run_pixels", run_pixels)
    old, new = KEYS[0], ImageKey("renamed", KEYS[0].fingerprint)
    edits, pixels = Edits(), np.arange(64 * 64).reshape(64, 64)
    for i in range(100):
        edits = edits.paint(old, pixels == i, OBJECT)
        assert edits.adopt([new]).marks(new, pixels.shape).sum() == i + 1
    # Each once for either name of the image.
    assert len(replayed) <= 200
    replayed.clear()
    assert edits.undo(old).marks(old, pixels.shape).sum() == 99
    assert len(replayed) < drawn._STEP
    edits.marks(old, pixels.shape)[:] = NONE
    assert edits.marks(old, pixels.shape).sum() == 100  # the caller's own before


def test_clear_takes_back_marks_and_box_and_can_be_undone():
    edits = Edits().paint(KEYS[0], np.ones(SHAPE, bool), OBJECT)
    edits = edits.fix_box(KEYS[0], SHAPE, (1, 1, 4, 4))
    cleared = edits.clear(KEYS[0])
    assert cleared.edited == ()
    assert cleared.box(KEYS[0]) is None
    assert not cleared.marks(KEYS[0], SHAPE).any()
    assert cleared.entries[-1].kind is EditKind.CLEAR
    assert cleared.undo().edited == (KEYS[0],)
    np.testing.assert_array_equal(cleared.undo().box(KEYS[0]), [1, 1, 4, 4])


def test_no_box_is_told_from_a_free_one():
    edits = Edits().fix_box(KEYS[0], SHAPE, None)
    assert np.isnan(edits.box(KEYS[0])).all()
    assert edits.undo().box(KEYS[0]) is None


def test_a_renamed_image_is_known_again_by_its_content():
    edits = Edits().paint(KEYS[0], np.ones(SHAPE, bool), OBJECT)
    new = ImageKey("moved/a", "1")
    assert edits.adopt([new, KEYS[1]]).edited == (new,)
    assert edits.adopt([KEYS[1]]) == edits


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda e: e.draw(KEYS[0], np.full(SHAPE, 3, np.uint8)), "0, 1 and 2"),
        (lambda e: e.draw(KEYS[0], np.zeros(SHAPE, np.int64)), "uint8"),
        (lambda e: e.fix_box(KEYS[0], SHAPE, (8, 0, 9, 2)), "holds no part"),
        (lambda e: e.fix_box(KEYS[0], SHAPE, (0, 0, np.nan, 2)), "four numbers"),
        (
            lambda e: e.paint(KEYS[0], np.ones(SHAPE, bool), 1).marks(KEYS[0], (4, 4)),
            "drawn on at 7 x 5",
        ),
    ],
)
def test_bad_edits_are_refused_with_what_is_wrong(edit, message):
    with pytest.raises(InputError, match=message):
        edit(Edits())


@pytest.mark.parametrize(
    "change",
    [
        {"version": 99},
        {"undone": 5},
        {"entries": [{"name": "a"}]},
        {"entries": [], "undone": 0},
    ],
)
def test_a_damaged_state_is_refused(change):
    outline, arrays = edits_to_state(Edits().paint(KEYS[0], np.ones(SHAPE, bool), 1))
    with pytest.raises(InputError, match="edits"):
        edits_from_state({**outline, **change}, arrays)


def test_a_run_beyond_the_image_is_refused():
    outline, arrays = edits_to_state(Edits().paint(KEYS[0], np.ones(SHAPE, bool), 1))
    arrays["runs"][0, 0] = 10
    with pytest.raises(InputError, match="damaged"):
        edits_from_state(outline, arrays)
