"""New answers in a viewer: only what differs is written, and what is cancelled is not."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Layer
from qtpy.QtWidgets import QWidget

from napari_jcc import JccConfig, JccResult
from napari_jcc.collection import ImageCollection
from napari_jcc.errors import Cancelled
from napari_jcc.plugin.corrections import delivery
from napari_jcc.plugin.corrections.delivery import Delivery
from napari_jcc.plugin.layers import fit_brush, to_layers
from napari_jcc.plugin.navigation import camera_of
from napari_jcc.plugin.placement import Placement
from napari_jcc.plugin.rectangles import slots_of
from napari_jcc.plugin.session import get_session
from napari_jcc.plugin.shown import Answer, ShownResult
from napari_jcc.progress import Progress
from napari_jcc.results.result import bare_image

pytestmark = pytest.mark.gui

NAMES = "abcd"


def answer_of(place, left, score=0.5):
    """Return an answer with a box of 10 x 10 pixels, or none for a negative `left`."""
    mask = np.zeros((30, 40), bool)
    if left < 0:
        return bare_image(NAMES[place], mask=mask, warning="nothing found")
    mask[5:15, left : left + 10] = True
    box = np.array([left, 5, left + 10, 15], np.float32)
    return bare_image(NAMES[place], mask=mask, box=box, score=score)


def show_in(viewer):
    """Return what shows four answers in a viewer."""
    result = JccResult(tuple(answer_of(i, i) for i in range(4)), JccConfig())
    pictures = [np.zeros((30, 40), np.uint8)] * 4
    collection = ImageCollection.from_arrays(pictures, names=[*NAMES])
    placement = Placement.of_stack(collection)
    layers = [Layer.create(*data) for data in to_layers(result, placement, collection)]
    shown = ShownResult(viewer)
    for step in shown.steps(Answer(result, collection, placement), layers):
        step()
    return shown


@pytest.fixture
def shown():
    """Return what shows four answers in a viewer without a window."""
    return show_in(ViewerModel())


def test_the_brush_fits_the_images(shown):
    assert shown.masks.brush_size == 10
    large = bare_image("a", mask=np.zeros((20, 3000), bool))
    fit_brush(shown.masks, JccResult((large,), JccConfig()))
    assert shown.masks.brush_size == 60
    shown.masks.brush_size = 7
    answer = shown.answer
    layers = to_layers(answer.result, answer.placement, answer.collection)
    for step in shown.steps(answer, layers):
        step()
    assert shown.masks.brush_size == 7  # as the user has set it


def test_of_two_results_on_other_slices_the_new_one_is_seen(shown):
    former = [shown.masks, shown.boxes]
    answer = shown.answer
    placement = replace(answer.placement, leading=(4, 1), transform={})
    layers = to_layers(answer.result, placement, answer.collection)
    for step in shown.steps(replace(answer, placement=placement), layers):
        step()
    assert not any(layer.visible for layer in former)
    assert shown.masks.visible and shown.boxes.visible
    assert shown.masks.data.shape == (4, 1, 30, 40)


def test_boxes_that_moved_are_drawn_anew_and_the_table_follows_them(shown):
    kept = shown.boxes._data_view.shapes[3]
    new = {1: answer_of(1, 20), 2: answer_of(2, -1), 3: answer_of(3, 3, score=0.75)}
    shown.write(new)
    boxes = shown.boxes
    # Image 1 has its box elsewhere and as the last, 2 has none, 0 and 3 have not moved.
    assert slots_of(boxes.data, shown.answer.placement).tolist() == [0, 3, 1]
    assert kept in boxes._data_view.shapes
    assert boxes.features["image"].tolist() == ["a", "d", "b"]
    assert boxes.features["score"].tolist() == [0.5, 0.75, 0.5]
    for image, edited in zip(
        shown.answer.result.images, shown.as_edited().images, strict=True
    ):
        np.testing.assert_array_equal(image.mask, edited.mask)
        np.testing.assert_array_equal(image.box, edited.box)
    shown.write({2: answer_of(2, 7)})
    assert boxes.features["image"].tolist() == ["a", "d", "b", "c"]


def test_boxes_come_back_where_there_were_none(viewer):
    shown = show_in(viewer)
    answer = shown.answer
    nothing = JccResult(tuple(answer_of(i, -1) for i in range(4)), JccConfig())
    layers = to_layers(nothing, answer.placement, answer.collection)
    for step in shown.steps(replace(answer, result=nothing), layers):
        step()
    assert not shown.boxes.data
    shown.write({2: answer_of(2, 7)})
    assert shown.boxes.features["image"].tolist() == ["c"]
    assert shown.boxes.features["score"].tolist() == [0.5]


def test_lines_are_thinner_where_the_user_has_zoomed_in(viewer, qtbot):
    session = get_session(viewer)
    session.shown = shown = show_in(viewer)
    boxes, told = shown.boxes, []
    boxes.edge_width = [1, 1, 1, 2]
    boxes.selected_data = {3}
    boxes.events.data.connect(told.append)
    camera_of(viewer).zoom = 12  # lines of 1 pixel would be 12 wide, 3 is enough
    qtbot.waitUntil(lambda: boxes.edge_width == [0.25, 0.25, 0.25, 0.5])
    assert not told
    shown.write({1: answer_of(1, 20)})
    assert sorted(boxes.edge_width) == [0.25, 0.25, 0.25, 0.5]
    camera_of(viewer).zoom = 2
    qtbot.waitUntil(lambda: sorted(boxes.edge_width) == [1, 1, 1, 2])


def test_a_box_that_the_user_drew_beside_has_no_score(shown):
    shown.boxes.add_rectangles([[1, 20, 20], [1, 20, 30], [1, 28, 30], [1, 28, 20]])
    shown.write({1: answer_of(1, 1, score=0.25)})
    scores = shown.boxes.features["score"].tolist()
    assert scores[:4] == [0.5, 0.25, 0.5, 0.5]
    assert np.isnan(scores[4])


def test_the_next_result_lies_where_its_images_have_been_moved(shown):
    former, layers = shown.answer, [*shown._viewer.layers]
    moved = {
        "scale": (1, 0.5, 0.5),
        "translate": (0, 10, 20),
        "rotate": (0, 0, 30),
        "units": ("pixel", "um", "um"),
    }
    placement = replace(former.placement, transform=moved)
    data = to_layers(former.result, placement, former.collection)
    for step in shown.steps(replace(former, placement=placement), data):
        step()
    assert [*shown._viewer.layers] == layers
    for layer in layers:
        expected = Image(np.zeros((4, 30, 40)), **moved)
        corner = (3, 29, 39)
        np.testing.assert_allclose(
            layer.data_to_world(corner), expected.data_to_world(corner)
        )
        assert layer.units == expected.units


@pytest.fixture
def parent(qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


def send(sender, now, progress, first=0):
    """Send from another thread, as work does; return it and what it raised."""
    raised = []

    def work():
        try:
            before = [answer_of(i, i) for i in range(4)]
            sender.send(before, now, first, progress)
        except Cancelled as error:
            raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    return thread, raised


def test_answers_that_differ_come_in_parts_those_in_view_first(parent, qtbot, monkeypatch):
    monkeypatch.setattr(delivery, "_MOST_IMAGES", 2)
    parts = []
    sender = Delivery(parts.append, lambda: True, parent)
    now = [answer_of(0, 9), answer_of(1, 1), answer_of(2, 9), answer_of(3, 9)]
    thread, _ = send(sender, now, Progress(), first=3)
    qtbot.waitUntil(lambda: not thread.is_alive())
    assert [list(part) for part in parts] == [[3, 2], [0]]


def test_a_part_waits_for_the_brush_and_is_dropped_when_cancelled(parent, qtbot):
    parts, progress = [], Progress()
    sender = Delivery(parts.append, lambda: False, parent)
    thread, raised = send(sender, [answer_of(i, 9) for i in range(4)], progress)
    qtbot.wait(100)
    assert thread.is_alive()
    progress.cancel()
    qtbot.waitUntil(lambda: not thread.is_alive())
    qtbot.wait(100)
    assert len(raised) == 1
    assert parts == []
