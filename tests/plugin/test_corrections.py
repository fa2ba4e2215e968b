"""Strokes and boxes in a real window become edits, answers, and lessons for the set."""

from __future__ import annotations

from threading import Event

import numpy as np
import pytest
from napari.layers import Image, Labels, Shapes
from napari.utils._proxies import ReadOnlyWrapper
from napari.utils.interactions import (
    mouse_move_callbacks,
    mouse_press_callbacks,
    mouse_release_callbacks,
)
from qtpy.QtCore import QEvent, QObject

from napari_jcc.config import apply_overrides
from napari_jcc.interaction import BACKGROUND, OBJECT, Corrector
from napari_jcc.plugin import runs
from napari_jcc.plugin.corrections import controller, mask_watch
from napari_jcc.plugin.projects.snapshot import KnownInputs, take_snapshot
from napari_jcc.plugin.stack import stack_layer
from napari_jcc.plugin.widgets.cosegment import CosegmentWidget

pytestmark = pytest.mark.gui

BOX = [[0, 9.5, 9.5], [0, 9.5, 49.5], [0, 44.5, 49.5], [0, 44.5, 9.5]]
"""From (10, 10) to (50, 45) as x and y, on the first image."""


@pytest.fixture
def widget(viewer, quick_config, tiny_collection, qtbot) -> CosegmentWidget:
    """Return the dock after a run on four images."""
    widget = CosegmentWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Co-segment")
    widget.form.set_config(quick_config)
    viewer.add_layer(Image.create(*stack_layer(tiny_collection.open(), "set")))
    widget.run()
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
    return widget


def layer_of(viewer, kind):
    (layer,) = [layer for layer in viewer.layers if isinstance(layer, kind)]
    return layer


def settle(widget, qtbot):
    qtbot.wait(20)  # strokes are seen on the next turn of the event loop
    qtbot.waitUntil(lambda: not widget.session.jobs, timeout=60_000)


def stroke(viewer, place, rows, columns, label):
    """Paint as napari's brush does: one entry of its history."""
    viewer.dims.set_current_step(0, place)
    labels = layer_of(viewer, Labels)
    y, x = (axis.ravel() for axis in np.mgrid[rows, columns])
    labels.data_setitem((np.full(len(y), place), y, x), label)
    return labels.data[place, rows, columns]


class Cursor:
    """A mouse event as napari hands it to the tools of a layer."""

    modifiers = ()
    view_direction = None
    handled = False

    def __init__(self, layer, position, kind):
        self.position, self.type = position, kind
        self.dims_displayed = [layer.ndim - 2, layer.ndim - 1]
        self.button = 1
        self.pos = np.array(position[-2:])
        self.is_dragging = kind == "mouse_move"


MOUSE = {
    "mouse_press": mouse_press_callbacks,
    "mouse_move": mouse_move_callbacks,
    "mouse_release": mouse_release_callbacks,
}


def mouse(labels, kind, *point):
    """Hand an event at a pixel to the tools of a layer."""
    event = Cursor(labels, labels.data_to_world(point), kind)
    MOUSE[kind](labels, ReadOnlyWrapper(event, exceptions=("handled",)))


def take_brush(viewer, place, mode):
    viewer.dims.set_current_step(0, place)
    labels = layer_of(viewer, Labels)
    labels.mode, labels.brush_size, labels.selected_label = mode, 5, 1
    return labels


def drag(viewer, place, mode, *path):
    """Draw with brush or eraser along a path, by napari's own tools."""
    labels = take_brush(viewer, place, mode)
    kinds = ["mouse_press", *["mouse_move"] * len(path[1:]), "mouse_release"]
    for kind, point in zip(kinds, [*path, path[-1]], strict=True):
        mouse(labels, kind, place, *point)


class Painted(QObject):
    """Knows the widgets that were drawn anew."""

    def __init__(self):
        super().__init__()
        self.names = []

    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            self.names.append(type(watched).__name__)
        return False


def marks(widget, place):
    session = widget.session
    answer = session.shown.answer
    key = answer.corrector.keys[place]
    shape = answer.result.images[place].mask.shape
    return session.edits.marks(key, shape)


def test_a_stroke_is_kept_answered_and_taught(viewer, widget, qtbot, monkeypatch):
    settled, told = [], []
    widget.session.corrections.answering.settled.connect(settled.append)
    monkeypatch.setattr(mask_watch, "show_warning", told.append)
    # There is one object an image, whatever its label.
    stroke(viewer, 1, slice(2, 8), slice(3, 12), 2)
    settle(widget, qtbot)

    assert ["Boxes > Objects per image" in message for message in told] == [True]
    labels = layer_of(viewer, Labels)
    assert (labels.data[1, 2:8, 3:12] == 1).all()
    assert (marks(widget, 1)[2:8, 3:12] == OBJECT).all()
    assert len(settled) == 1
    assert widget.session.statuses["b"] == "edited"
    flagged = {name for name, s in widget.session.statuses.items() if s == "flagged"}
    assert flagged == {"abcd"[i] for i in settled[0].changed if i != 1}
    for i, image in enumerate(widget.shown.answer.result.images):
        rows, columns = image.mask.shape
        np.testing.assert_array_equal(labels.data[i, :rows, :columns], image.mask)
    assert "1 image corrected" in widget.corrections.summary.text()


def test_changed_images_are_flagged_when_they_are_shown(viewer, widget, qtbot):
    """A stroke into the middle of it must not lose the flags of those already written."""
    corrections, images = widget.session.corrections, widget.shown.answer.result.images
    stroke(viewer, 1, slice(2, 8), slice(3, 12), 1)
    settle(widget, qtbot)
    widget.session.set_statuses(dict.fromkeys(widget.session.keys, "machine"))
    widget.session.set_statuses({widget.session.keys[1]: "edited"})
    corrections.answering._changed.update({0, 1, 2})
    corrections.answering._on_part({0: images[0], 1: images[1]})
    assert widget.session.statuses == {"a": "flagged", "b": "edited"}
    corrections.answering._on_part({2: images[2], 3: images[3]})
    assert widget.session.statuses == {"a": "flagged", "b": "edited", "c": "flagged"}


def test_the_dock_is_not_drawn_anew_before_the_answer(viewer, widget, qtbot):
    panel, jobs = widget.corrections, widget.project.jobs
    viewer.window.show()
    qtbot.waitUntil(lambda: not (panel.moment.isActive() or jobs.moment.isActive()))
    qtbot.wait(300)
    assert not panel.undo_button.isEnabled()
    for timer in (panel.moment, jobs.moment):
        timer.setInterval(60_000)  # longer than an answer takes on any machine
    painted = Painted()
    with qtbot.waitSignal(widget.session.corrections.answering.answered, timeout=60_000):
        for part in (panel, *panel.findChildren(QObject), jobs):
            part.installEventFilter(painted)
        stroke(viewer, 1, slice(20, 26), slice(3, 12), 1)
    assert painted.names == []
    settle(widget, qtbot)
    assert "1 mask" in panel.summary.text() or " masks" in panel.summary.text()
    assert panel.undo_button.isEnabled()
    for timer in (panel.moment, jobs.moment):
        timer.setInterval(0)
    stroke(viewer, 1, slice(30, 36), slice(3, 12), 1)
    settle(widget, qtbot)
    assert painted.names


def test_erasing_holds_against_the_machine(viewer, widget, qtbot):
    labels = layer_of(viewer, Labels)
    y, x = (int(v.mean()) for v in np.nonzero(labels.data[0]))
    rows, columns = slice(y - 3, y + 3), slice(x - 3, x + 3)
    stroke(viewer, 0, rows, columns, 0)
    settle(widget, qtbot)
    assert not labels.data[0, rows, columns].any()
    assert (marks(widget, 0)[rows, columns] == BACKGROUND).sum() > 9


def test_undo_and_redo_of_napari_work_across_answers(viewer, widget, qtbot):
    labels = layer_of(viewer, Labels)
    start = labels.data.copy()
    stroke(viewer, 1, slice(2, 8), slice(3, 12), 1)
    settle(widget, qtbot)
    labels.undo()
    settle(widget, qtbot)
    assert not marks(widget, 1).any()
    np.testing.assert_array_equal(labels.data, start)

    labels.redo()
    settle(widget, qtbot)
    assert (labels.data[1, 2:8, 3:12] == 1).all()
    assert (marks(widget, 1)[2:8, 3:12] == OBJECT).all()

    viewer.dims.set_current_step(0, 2)
    labels.undo()  # of an image that is not in view
    widget.session.corrections.absorb()
    assert not marks(widget, 1).any()


def test_buttons_take_back_and_bring_back(viewer, widget, qtbot):
    labels = layer_of(viewer, Labels)
    start = labels.data.copy()
    stroke(viewer, 2, slice(2, 6), slice(2, 6), 1)
    settle(widget, qtbot)
    widget.corrections.clear_button.click()
    settle(widget, qtbot)
    np.testing.assert_array_equal(labels.data, start)

    widget.corrections.undo_button.click()
    settle(widget, qtbot)
    assert (labels.data[2, 2:6, 2:6] == 1).all()
    widget.corrections.undo_button.click()
    settle(widget, qtbot)
    np.testing.assert_array_equal(labels.data, start)
    widget.corrections.redo_button.click()
    settle(widget, qtbot)
    assert (labels.data[2, 2:6, 2:6] == 1).all()


@pytest.mark.parametrize("button", ["undo_button", "clear_button"])
def test_what_napari_took_back_out_of_view_is_not_turned_round(
    viewer, widget, qtbot, button
):
    labels = layer_of(viewer, Labels)
    start = labels.data.copy()
    stroke(viewer, 1, slice(2, 8), slice(3, 12), 1)
    settle(widget, qtbot)
    viewer.dims.set_current_step(0, 2)
    stroke(viewer, 2, slice(2, 6), slice(2, 6), 1)
    settle(widget, qtbot)
    labels.undo()
    settle(widget, qtbot)
    labels.undo()  # of an image that is not in view
    if button == "undo_button":
        widget.session.corrections.undo()
    else:
        widget.session.corrections.clear(1)
    settle(widget, qtbot)
    assert not marks(widget, 1).any()
    np.testing.assert_array_equal(labels.data, start)


def test_a_moved_box_is_obeyed_and_a_deleted_one_means_no_object(viewer, widget, qtbot):
    shapes, labels = layer_of(viewer, Shapes), layer_of(viewer, Labels)
    data = [np.array(shape) for shape in shapes.data]
    data[0] = np.array(BOX)
    shapes.data = data
    qtbot.waitUntil(lambda: len(widget.session.edits) > 0, timeout=5000)
    settle(widget, qtbot)
    np.testing.assert_allclose(widget.shown.answer.result.images[0].box, [10, 10, 50, 45])
    outside = labels.data[0].copy()
    outside[10:45, 10:50] = 0
    assert not outside.any()

    shapes.data = [shape for shape in shapes.data if shape[0, 0] != 2]
    qtbot.waitUntil(lambda: len(widget.session.edits) > 1, timeout=5000)
    settle(widget, qtbot)
    assert not labels.data[2].any()
    assert np.isnan(widget.shown.answer.result.images[2].box).all()


def test_a_box_is_taken_when_it_is_let_go_and_nothing_is_written_before(
    viewer, widget, qtbot
):
    viewer.dims.set_current_step(0, 0)
    shapes, labels = layer_of(viewer, Shapes), layer_of(viewer, Labels)
    shapes.mode = "add_rectangle"
    start = labels.data.copy()
    mouse(shapes, "mouse_press", 0, 10, 10)
    mouse(shapes, "mouse_move", 0, 20, 20)
    stroke(viewer, 1, slice(2, 8), slice(3, 12), 1)
    viewer.dims.set_current_step(0, 0)
    qtbot.wait(400)  # longer than the pause after which a box counts as placed
    assert all(edit.kind.name == "PAINT" for edit in widget.session.edits.entries)
    np.testing.assert_array_equal(labels.data[[0, 2, 3]], start[[0, 2, 3]])

    mouse(shapes, "mouse_move", 0, 44.5, 49.5)
    mouse(shapes, "mouse_release", 0, 44.5, 49.5)
    qtbot.waitUntil(lambda: "BOX" in {e.kind.name for e in widget.session.edits.entries})
    settle(widget, qtbot)
    found = widget.shown.answer.result.images[0].box
    corners = (
        shapes.data[-1][:, :0:-1] + 0.5
    )  # x, y; older naparis end where the slider moved
    wanted = np.concatenate([corners.min(axis=0), corners.max(axis=0)])
    np.testing.assert_allclose(found, wanted, atol=0.1)
    assert (labels.data[1, 2:8, 3:12] == 1).all()


def test_a_box_that_is_undone_before_its_answer_goes_back(viewer, widget, qtbot):
    shapes = layer_of(viewer, Shapes)
    before = np.array(shapes.data[0])
    moved = [np.array(shape) for shape in shapes.data]
    moved[0] = np.array(BOX)
    shapes.data = moved
    widget.session.corrections.absorb()
    assert len(widget.session.edits) == 1
    widget.session.corrections.undo()
    settle(widget, qtbot)
    (shown,) = [shape for shape in shapes.data if shape[0, 0] == 0]
    np.testing.assert_allclose(shown, before, atol=1e-3)


def test_a_box_that_is_refused_is_put_back(viewer, widget, qtbot):
    shapes = layer_of(viewer, Shapes)
    before = np.array(shapes.data[0])
    moved = [np.array(shape) for shape in shapes.data]
    moved[0][:, 1:] -= 1000
    shapes.data = moved
    widget.session.corrections.absorb()
    assert not len(widget.session.edits)
    (shown,) = [shape for shape in shapes.data if shape[0, 0] == 0]
    np.testing.assert_array_equal(shown, before)
    saved = widget.shown.as_edited().images[0].box
    np.testing.assert_array_equal(saved, widget.shown.answer.result.images[0].box)


def test_the_same_run_again_leaves_images_drawn_on_as_they_were_answered(
    viewer, widget, qtbot
):
    for place in (0, 2):
        stroke(viewer, place, slice(0, 12), slice(0, 30), 1)
        settle(widget, qtbot)
    shown = [widget.shown.answer.result.images[place].mask for place in (0, 2)]
    held = widget.shown.answer.corrector.held
    assert len(held) == 2
    widget.run()
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
    settle(widget, qtbot)
    images = widget.shown.answer.result.images
    for mask, place in zip(shown, (0, 2), strict=True):
        np.testing.assert_array_equal(images[place].mask, mask)
    for key, image in widget.shown.answer.corrector.held.items():
        np.testing.assert_array_equal(image.mask, held[key].mask)


def test_a_run_by_other_settings_answers_images_drawn_on_anew(
    viewer, widget, qtbot, monkeypatch
):
    stroke(viewer, 0, slice(0, 12), slice(0, 30), 1)
    settle(widget, qtbot)
    kept = []

    def look_on(*given, held=None):
        kept.append(held)
        return Corrector(*given, held=held)

    monkeypatch.setattr(runs, "Corrector", look_on)
    for nu in (None, 0.4):
        if nu is not None:
            widget.form.rows["problem.nu"].editor.set_value(nu)
        widget.run()
        qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
    assert list(kept[0]) == [widget.session.keys[0]]
    assert kept[1] is None


def test_without_teaching_the_others_stay(viewer, widget, qtbot):
    widget.corrections.teach_box.setChecked(False)
    labels = layer_of(viewer, Labels)
    start = labels.data.copy()
    stroke(viewer, 1, slice(2, 8), slice(3, 12), 1)
    settle(widget, qtbot)
    np.testing.assert_array_equal(labels.data[[0, 2, 3]], start[[0, 2, 3]])
    assert (labels.data[1, 2:8, 3:12] == 1).all()


@pytest.mark.parametrize("refinement", ["look", "none"])
def test_several_objects_teach_the_others_by_their_look(viewer, widget, qtbot, refinement):
    changes = {
        "boxes.objects": 2,
        "boxes.smallest_area": 0.001,
        "decode.refinement": refinement,
    }
    widget.form.set_config(apply_overrides(widget.form.config(), changes))
    widget.run()
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
    labels, follow = layer_of(viewer, Labels), refinement == "look"
    start = labels.data.copy()
    assert np.ptp(labels.colormap.colors[1:, :3], axis=1).min() > 0.3  # none is gray
    assert widget.corrections.teach_box.isVisibleTo(widget) == follow
    assert ("others follow" in widget.corrections.summary.text()) == follow
    viewer.dims.set_current_step(0, 0)
    wrong = np.nonzero(start[0])
    labels.data_setitem((np.zeros(len(wrong[0]), int), *wrong), 0)
    settle(widget, qtbot)
    assert not labels.data[0][wrong].any()
    assert np.array_equal(labels.data[1:], start[1:]) != follow

    viewer.dims.set_current_step(0, 1)
    shown = labels.data[1].copy()
    number = np.bincount(shown[shown > 0]).argmax()
    half = np.nonzero(shown == number)
    half = tuple(axis[: len(axis) // 2] for axis in half)
    labels.selected_label = 99
    labels.data_setitem((np.ones(len(half[0]), int), *half), 99)
    settle(widget, qtbot)
    # A new label is another object, with that label.
    parted = labels.data[1].copy()
    assert set(parted[half]) == {99} == {labels.selected_label}
    # It stays when an object is erased, which has its own again when it comes back.
    rest = np.nonzero(parted == number)
    assert len(rest[0])
    labels.data_setitem((np.ones(len(rest[0]), int), *rest), 0)
    settle(widget, qtbot)
    assert set(labels.data[1][half]) == {99} == {labels.selected_label}
    answered = widget.session.answer.result.images[1]
    assert 99 in answered.numbers
    assert len(answered.numbers) == len(answered.boxes)
    saved = take_snapshot(widget.session).to_project(KnownInputs()).edited_result()
    rows, columns = saved.images[1].mask.shape
    np.testing.assert_array_equal(saved.images[1].labels, labels.data[1, :rows, :columns])
    labels.undo()
    settle(widget, qtbot)
    np.testing.assert_array_equal(labels.data[1], parted)
    labels.undo()
    settle(widget, qtbot)
    np.testing.assert_array_equal(labels.data[1], shown)


def test_paint_beside_a_smaller_image_is_taken_away_with_a_word(
    viewer, widget, qtbot, monkeypatch
):
    said = []
    monkeypatch.setattr(mask_watch, "show_warning", said.append)
    place = 0
    rows, columns = widget.shown.answer.result.images[place].mask.shape
    labels = layer_of(viewer, Labels)
    stroke(viewer, place, slice(2, 6), slice(columns - 3, columns + 3), 1)
    stroke(viewer, place, slice(rows, rows + 2), slice(2, 6), 1)
    settle(widget, qtbot)
    assert (labels.data[place, 2:6, columns - 3 : columns] == 1).all()
    assert not labels.data[place, :, columns:].any()
    assert not labels.data[place, rows:].any()
    assert len(said) == 1 and "outside the image" in said[0]


def test_removed_layers_take_no_edit_with_them(viewer, widget, qtbot):
    stroke(viewer, 1, slice(2, 8), slice(3, 12), 1)
    labels = take_brush(viewer, 1, "paint")
    mouse(labels, "mouse_press", 1, 10, 20)  # and never let go on it
    viewer.layers.remove(labels)
    settle(widget, qtbot)
    widget.run()
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
    settle(widget, qtbot)
    assert (layer_of(viewer, Labels).data[1, 2:8, 3:12] == 1).all()


def test_painting_over_the_object_confirms_it(viewer, widget, qtbot):
    labels = layer_of(viewer, Labels)
    rows, columns = np.nonzero(labels.data[0])
    y, x = int(rows.mean()), int(columns.mean())
    assert labels.data[0, y, x - 4 : x + 5].all()  # else this tests nothing
    drag(viewer, 0, "paint", (y, x - 4), (y, x + 4))
    settle(widget, qtbot)
    drawn = marks(widget, 0)
    assert (drawn[y, x - 4 : x + 5] == OBJECT).all()
    assert 45 <= (drawn == OBJECT).sum() <= 80  # a line of 9, a brush of 5
    assert not (drawn == BACKGROUND).any()
    assert widget.session.statuses["a"] == "edited"

    widget.corrections.undo_button.click()
    settle(widget, qtbot)
    assert not marks(widget, 0).any()
    assert "a" not in widget.session.statuses
    widget.corrections.redo_button.click()
    settle(widget, qtbot)
    assert (marks(widget, 0)[y, x - 4 : x + 5] == OBJECT).all()


def test_erasing_what_is_background_confirms_it(viewer, widget, qtbot):
    labels = layer_of(viewer, Labels)
    assert not labels.data[1, 2:7, 2:12].any()
    drag(viewer, 1, "erase", (4, 4), (4, 9))
    settle(widget, qtbot)
    assert (marks(widget, 1)[4, 4:10] == BACKGROUND).all()
    assert not labels.data[1, 4, 4:10].any()


def test_undo_of_napari_takes_back_what_a_stroke_confirmed(viewer, widget, qtbot):
    labels = layer_of(viewer, Labels)
    start = labels.data.copy()
    y = int(np.nonzero(start[0])[0].mean())
    inside = np.flatnonzero(start[0, y])
    left, right = int(inside[0]), int(inside[-1])
    # Most of it over the object, the end beyond it; then one that only confirms.
    drag(viewer, 0, "paint", (y, left + 3), (y, right + 4))
    settle(widget, qtbot)
    assert (marks(widget, 0)[y, left + 3 : right + 5] == OBJECT).all()
    middle = (left + right) // 2
    assert labels.data[0, y - 9 : y - 4, middle - 4 : middle + 5].all()
    drag(viewer, 0, "paint", (y - 7, middle - 1), (y - 7, middle + 1))
    settle(widget, qtbot)
    assert marks(widget, 0)[y - 7, middle] == OBJECT

    labels.undo()
    settle(widget, qtbot)
    assert not marks(widget, 0).any()
    np.testing.assert_array_equal(labels.data, start)
    labels.redo()
    settle(widget, qtbot)
    assert (marks(widget, 0)[y, left + 3 : right + 5] == OBJECT).all()


def test_a_brush_counts_in_world_units(viewer, widget, qtbot):
    labels = layer_of(viewer, Labels)
    labels.scale = 1, 4, 2
    drag(viewer, 1, "erase", (6, 6), (6, 6))
    settle(widget, qtbot)
    rows, columns = np.nonzero(marks(widget, 1))
    assert (rows.min(), rows.max()) == (5, 7)  # half as many as columns
    assert (columns.min(), columns.max()) == (4, 8)


def test_what_was_drawn_can_be_looked_at(viewer, widget, qtbot):
    stroke(viewer, 1, slice(2, 8), slice(3, 12), 1)
    settle(widget, qtbot)
    widget.corrections.marks_box.setChecked(True)
    overlay = viewer.layers["drawn by hand"]
    np.testing.assert_array_equal(overlay.data[1, :60, :80], marks(widget, 1)[:60, :80])
    assert viewer.layers.selection.active is not overlay  # the brush stays at hand

    viewer.layers.remove(overlay)
    assert not widget.corrections.marks_box.isChecked()
    widget.corrections.marks_box.setChecked(True)
    widget.corrections.marks_box.setChecked(False)
    assert "drawn by hand" not in viewer.layers


def test_of_a_stroke_under_way_nothing_is_taken_or_overwritten(viewer, widget, qtbot):
    corrections = widget.session.corrections
    labels = take_brush(viewer, 1, "paint")
    mouse(labels, "mouse_press", 1, 5, 5)
    mouse(labels, "mouse_move", 1, 5, 15)
    qtbot.wait(30)
    assert not len(widget.session.edits)
    found = widget.shown.answer.result.images[1]
    corrections._write({1: found})  # an answer to something drawn before comes in now
    assert labels.data[1, 5, 5:16].all()
    mouse(labels, "mouse_move", 1, 5, 20)
    mouse(labels, "mouse_release", 1, 5, 20)
    settle(widget, qtbot)
    assert len(widget.session.edits) == 1
    assert (marks(widget, 1)[5, 5:21] == OBJECT).all()
    assert labels.data[1, 5, 5:21].all()
    labels.undo()
    settle(widget, qtbot)
    assert not marks(widget, 1).any()


def test_an_answer_that_was_cancelled_comes_later(viewer, widget, qtbot):
    """Cancelled workers report nothing, and the image must not be forgotten."""
    corrections = widget.session.corrections
    answered = []
    corrections.answering.answered.connect(answered.append)
    stroke(viewer, 1, slice(2, 8), slice(3, 12), 1)
    stroke(viewer, 2, slice(2, 8), slice(3, 12), 1)
    stroke(viewer, 0, slice(2, 8), slice(3, 12), 1)
    settle(widget, qtbot)
    assert set(answered) == {0, 1, 2}

    jobs = widget.session.jobs
    jobs.changed.connect(lambda: [t.cancel() for t in jobs if t.title == "Teach the set"])
    stroke(viewer, 3, slice(2, 8), slice(3, 12), 1)
    settle(widget, qtbot)
    told = widget.corrections.summary.text()
    assert told == "4 images corrected; the others stay as they are."


def test_a_stroke_is_answered_before_the_lesson_it_interrupts_has_ended(
    viewer, widget, qtbot, monkeypatch
):
    lessons, ends, teach = [], Event(), Corrector.settle

    def hang(corrector, progress):
        lessons.append(corrector.edited)
        assert ends.wait(60)  # as in a step that looks at no cancel
        return teach(corrector, progress)

    monkeypatch.setattr(Corrector, "settle", hang)
    answering, settled = widget.session.corrections.answering, []
    answering.settled.connect(settled.append)
    stroke(viewer, 1, slice(2, 8), slice(3, 12), 1)
    qtbot.waitUntil(lambda: lessons == [(1,)], timeout=60_000)
    with qtbot.waitSignal(answering.answered, timeout=60_000):
        stroke(viewer, 2, slice(2, 8), slice(3, 12), 1)
    labels = layer_of(viewer, Labels)
    shown = labels.data[2].copy()
    widget.session.corrections.settle()  # which is not forgotten either
    ends.set()
    settle(widget, qtbot)
    assert lessons == [(1,), (1, 2)]
    assert len(settled) == 1
    np.testing.assert_array_equal(labels.data[2], shown)
    for slice_, image in zip(labels.data, settled[0].result.images, strict=True):
        rows, columns = image.mask.shape
        np.testing.assert_array_equal(slice_[:rows, :columns], image.mask)


class InTurns:
    """Does something just before one of the turns in which a result comes in."""

    def __init__(self, widget, turn, act):
        self.count, self._turn, self._act = 0, turn, act
        self._take = widget.showing._take
        widget.showing._timer.timeout.disconnect(self._take)
        widget.showing._timer.timeout.connect(self.take)

    def take(self):
        if self.count == self._turn:
            self._act()
        self.count += 1
        self._take()


@pytest.mark.parametrize("turn", range(3))
def test_nothing_drawn_while_a_result_comes_in_is_lost(viewer, widget, qtbot, turn):
    def draw():
        drag(viewer, 1, "paint", (10, 20), (10, 50))
        drag(viewer, 3, "erase", (4, 4), (4, 9))  # background already
        shapes = layer_of(viewer, Shapes)
        data = [np.array(shape) for shape in shapes.data]
        data[0] = np.array(BOX)
        shapes.data = data

    turns = InTurns(widget, turn, draw)
    widget.form.rows["problem.nu"].editor.set_value(0.3)
    widget.run()
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
    assert turns.count == 4  # the last one selects the masks
    settle(widget, qtbot)
    labels = layer_of(viewer, Labels)
    assert (marks(widget, 1)[10, 20:51] == OBJECT).all()
    assert labels.data[1, 10, 20:51].all()
    assert (marks(widget, 3)[4, 4:10] == BACKGROUND).all()
    np.testing.assert_allclose(widget.shown.answer.result.images[0].box, [10, 10, 50, 45])
    assert {n for n, s in widget.session.statuses.items() if s == "edited"} == {*"abd"}


def test_a_result_waits_for_the_stroke_under_way(viewer, widget, qtbot):
    labels = take_brush(viewer, 1, "paint")
    turns = InTurns(widget, 1, lambda: mouse(labels, "mouse_press", 1, 10, 20))
    widget.run()
    qtbot.waitUntil(lambda: turns.count > 5, timeout=60_000)
    for column in (30, 40, 50):
        mouse(labels, "mouse_move", 1, 10, column)
        qtbot.wait(20)
    assert widget.running
    mouse(labels, "mouse_release", 1, 10, 50)
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
    settle(widget, qtbot)
    assert (marks(widget, 1)[10, 20:51] == OBJECT).all()
    assert labels.data[1, 10, 20:51].all()
    assert len(widget.session.edits) == 1


def test_a_fill_over_what_is_right_holds_it_and_can_be_taken_back(viewer, widget, qtbot):
    labels = take_brush(viewer, 0, "fill")
    before = labels.data[0] == 1
    rows, columns = np.nonzero(before)
    point = 0, int(rows.mean()), int(columns.mean())
    mouse(labels, "mouse_press", *point)
    mouse(labels, "mouse_release", *point)
    settle(widget, qtbot)
    drawn = marks(widget, 0)
    rows, columns = drawn.shape
    np.testing.assert_array_equal(drawn == OBJECT, before[:rows, :columns])  # one piece
    assert widget.session.statuses["a"] == "edited"
    widget.corrections.undo_button.click()
    settle(widget, qtbot)
    assert not marks(widget, 0).any()


def test_a_polygon_holds_all_that_it_encloses(viewer, widget, qtbot):
    labels = take_brush(viewer, 0, "polygon")
    rows, columns = np.nonzero(labels.data[0])
    y, x = int(rows.mean()), int(columns.max())
    corners = [(0, y - 4, x - 9), (0, y - 4, x + 4), (0, y + 4, x + 4), (0, y + 4, x - 9)]
    assert labels.data[0, y, x - 9 : x].all()
    labels.paint_polygon(corners, 1)
    settle(widget, qtbot)
    drawn = marks(widget, 0)
    assert (drawn[y - 4 : y + 5, x - 9 : x + 5] == OBJECT).all()
    assert (drawn != 0).sum() == 9 * 14
    labels.undo()
    settle(widget, qtbot)
    assert not marks(widget, 0).any()


def test_the_image_in_view_is_prepared_when_a_tool_is_taken_up_and_the_slider_rests(
    viewer, widget, qtbot, monkeypatch
):
    prepared = []
    monkeypatch.setattr(Corrector, "prepare", lambda _, place, __: prepared.append(place))
    for place in (1, 2, 3):
        viewer.dims.set_current_step(0, place)
    qtbot.wait(300)
    assert prepared == []  # who only looks draws nothing
    take_brush(viewer, 2, "paint")
    qtbot.waitUntil(lambda: prepared == [2])
    for place in (3, 0, 1):
        viewer.dims.set_current_step(0, place)
    take_brush(viewer, 1, "erase")
    qtbot.waitUntil(lambda: prepared == [2, 1])
    settle(widget, qtbot)
    widget.session.corrections.stop()
    take_brush(viewer, 3, "paint")
    qtbot.wait(300)
    assert prepared == [2, 1]


def test_with_a_brush_in_hand_what_a_run_or_a_lesson_brings_is_prepared(
    viewer, widget, qtbot, monkeypatch
):
    prepared = []
    monkeypatch.setattr(Corrector, "prepare", lambda _, place, __: prepared.append(place))
    take_brush(viewer, 2, "paint")
    qtbot.waitUntil(lambda: prepared == [2])
    widget.run()
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
    qtbot.waitUntil(lambda: prepared == [2, 2])
    stroke(viewer, 2, slice(2, 8), slice(3, 12), 1)
    settle(widget, qtbot)
    qtbot.waitUntil(lambda: prepared == [2, 2, 2])


def test_edits_are_laid_over_large_images_beside_the_window(
    viewer, widget, qtbot, monkeypatch
):
    laid = []
    lay_over = controller.lay_over_image

    def record(image, edits, key):
        laid.append(key.name)
        return lay_over(image, edits, key)

    monkeypatch.setattr(controller, "lay_over_image", record)
    monkeypatch.setattr(controller, "_AT_ONCE", 0)
    labels = layer_of(viewer, Labels)
    before = labels.data.copy()
    stroke(viewer, 0, slice(2, 20), slice(3, 30), 1)
    settle(widget, qtbot)
    assert labels.data[0, 2:20, 3:30].all()
    taught = labels.data.copy()
    widget.session.corrections.undo()
    settle(widget, qtbot)
    np.testing.assert_array_equal(labels.data, before)
    widget.session.corrections.redo()
    settle(widget, qtbot)
    np.testing.assert_array_equal(labels.data, taught)
    assert laid == []
