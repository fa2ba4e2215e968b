"""Looking through a set in a real window: statuses, truth, measures."""

from __future__ import annotations

import csv
import io
import time
from dataclasses import replace

import numpy as np
import pytest
from napari.layers import Image, Layer
from qtpy.QtCore import Qt
from qtpy.QtGui import QShortcut

from gui_time import slowness
from napari_jcc.evaluation import Agreement
from napari_jcc.plugin.layers import to_layers
from napari_jcc.plugin.navigation import current_place
from napari_jcc.plugin.placement import Placement
from napari_jcc.plugin.review import tiles
from napari_jcc.plugin.review.measuring import MeasuredObjects
from napari_jcc.plugin.review.ratings import Rating
from napari_jcc.plugin.session import get_session
from napari_jcc.plugin.shown import Answer, ShownResult
from napari_jcc.plugin.stack import stack_layer
from napari_jcc.plugin.widgets.review.dock import ReviewDock
from napari_jcc.plugin.widgets.review.images import ReviewImages
from napari_jcc.plugin.widgets.review.model import ReviewModel
from napari_jcc.results.measure import measure_images
from napari_jcc.results.result import bare_image

pytestmark = pytest.mark.gui

_LONGEST_ANSWER = 0.05
"""Seconds for which the window may stand still."""


@pytest.fixture
def dock(viewer, tiny_collection, result, qtbot) -> ReviewDock:
    """Return the dock on four images whose masks are the truth."""
    collection = tiny_collection.open()
    stack = Image.create(*stack_layer(collection, "set"))
    viewer.add_layer(stack)
    placement = Placement.of_stack(collection)
    layers = [Layer.create(*data) for data in to_layers(result, placement, collection)]
    shown = ShownResult(viewer)
    for step in shown.steps(Answer(result, collection, placement), layers):
        step()
    session = get_session(viewer)
    session.set_shown((stack,), shown)
    _, dock = viewer.window.add_plugin_dock_widget("napari-jcc", "Review")
    settle(dock, qtbot)
    return dock


def settle(dock, qtbot):
    qtbot.waitUntil(lambda: not dock.session.jobs, timeout=30_000)
    qtbot.waitUntil(lambda: not dock._later.isActive(), timeout=5_000)


def press(dock, key):
    (shortcut,) = [s for s in dock.findChildren(QShortcut) if s.key().toString() == key]
    shortcut.activated.emit()


def column(dock, number):
    order = range(dock.images.filtered.rowCount())
    return [dock.images.filtered.index(row, number).data() for row in order]


def compare_with(viewer, dock, masks, qtbot):
    """Compare with a layer whose slices hold these masks."""
    truth = np.zeros(dock.session.shown.masks.data.shape, np.uint8)
    for slot, mask in enumerate(masks):
        truth[slot, : mask.shape[0], : mask.shape[1]] = mask
    viewer.add_labels(truth, name="drawn by hand")
    dock.compare.chooser.combo.setCurrentText("drawn by hand")
    settle(dock, qtbot)


def rows_of(path):
    return list(csv.DictReader(io.StringIO(path.read_text())))


def test_statuses_keys_and_the_slider(viewer, dock, qtbot, tmp_path):
    session, placement = dock.session, dock.answer.placement
    assert column(dock, 0) == ["a", "b", "c", "d"]
    assert column(dock, 5)[2] == "none"

    viewer.dims.set_current_step(0, 2)
    assert dock.images.current == 2
    session.set_statuses(dict.fromkeys(session.keys[1::2], "flagged"))
    press(dock, "N")
    assert current_place(viewer, placement) == 3
    press(dock, "N")
    assert current_place(viewer, placement) == 1
    press(dock, "P")
    assert current_place(viewer, placement) == 3
    press(dock, "A")
    assert session.statuses["d"] == "accepted"
    assert current_place(viewer, placement) == 0
    press(dock, "F")
    settle(dock, qtbot)
    assert dock.summary.text() == "2 flagged, 0 edited, 1 accepted of 4"

    dock.images.status.setCurrentText("flagged")
    assert column(dock, 0) == ["a", "b"]
    dock.images.search.setText("B")
    assert column(dock, 0) == ["b"]
    dock.images.search.clear()
    dock.images.status.setCurrentText("all")
    dock.images.table.sortByColumn(2, Qt.SortOrder.DescendingOrder)
    assert column(dock, 0) == ["d", "b", "a", "c"]
    dock.images.table.selectRow(1)
    assert current_place(viewer, placement) == 1

    dock.images.tiles_button.click()
    qtbot.waitUntil(lambda: dock._icon(1) is not None, timeout=30_000)
    assert not dock._icon(1).pixmap(64, 64).isNull()
    dock.export(tmp_path / "review.csv")
    rows = rows_of(tmp_path / "review.csv")
    assert [row["status"] for row in rows] == ["flagged", "flagged", "machine", "accepted"]
    assert rows[2]["x_min"] == ""


def test_long_names_leave_room_for_what_is_said_of_the_images(dock, monkeypatch):
    table = dock.images.table
    dock.images.fit()
    short = table.columnWidth(0)
    assert short < table.width() // 2
    named = ReviewModel._text
    monkeypatch.setattr(
        ReviewModel, "_text", lambda *at: named(*at) if at[2] else "long name" * 30
    )
    dock.images.fit()
    assert short < table.columnWidth(0) == table.width() // 2


def test_the_truth_of_a_layer_scores_and_colours(
    viewer, dock, qtbot, tiny_collection, tmp_path
):
    shown = dock.session.shown
    compare_with(viewer, dock, [7 * mask for mask in tiny_collection.masks], qtbot)
    assert column(dock, 7) == ["1.000"] * 4
    assert column(dock, 10) == ["yes", "yes", "no", "yes"]
    assert "J\N{NO-BREAK SPACE}1.000" in dock.compare.means.text()
    assert "CorLoc\N{NO-BREAK SPACE}0.750" in dock.compare.means.text()

    # One image is answered anew: only its row and its overlay follow.
    image = shown.answer.result.images[1]
    wrong = np.zeros_like(image.mask)
    wrong[:5] = True
    shown.write({1: bare_image("b", mask=wrong, box=image.box)})
    dock.session.shown_changed.emit()
    settle(dock, qtbot)
    assert [value == "1.000" for value in column(dock, 7)] == [True, False, True, True]
    dock.compare.overlay_box.setChecked(True)
    codes = np.asarray(dock.compare.overlay.layer.data[1])[: len(wrong), : wrong.shape[1]]
    np.testing.assert_array_equal(codes == Agreement.MISS, image.mask & ~wrong)
    np.testing.assert_array_equal(codes == Agreement.FALSE_ALARM, wrong & ~image.mask)
    assert not shown.masks.visible

    dock.session.set_truth(None)
    assert "hits and misses" not in viewer.layers
    assert shown.masks.visible
    dock.compare.chooser.choose_folder(tmp_path)
    settle(dock, qtbot)
    assert "holds no truth" in dock.compare.means.text()
    viewer.layers.remove("drawn by hand")
    with qtbot.waitSignal(dock.destroyed):  # else it would go on rating what is shown
        viewer.window.remove_dock_widget(dock.parent())


def test_objects_are_scored_one_by_one_where_the_truth_numbers_them(
    viewer, dock, qtbot, tiny_collection, tmp_path
):
    shown = dock.session.shown
    numbered = [
        np.where(np.arange(len(mask)) < np.nonzero(mask)[0].mean(), 3, 8)[:, None] * mask
        for mask in tiny_collection.masks
    ]
    compare_with(viewer, dock, numbered, qtbot)
    # One object per image was looked for: there is nothing to count.
    assert "CorLoc" in dock.compare.means.text()
    assert column(dock, 11) == ["-"] * 4

    whole = shown.answer.result.images
    halves = np.unique(numbered[1], return_inverse=True)[1]
    answers = {1: halves, 3: whole[3].mask.astype(np.int32)}
    shown.write({i: replace(whole[i], instances=numbers) for i, numbers in answers.items()})
    dock.session.shown_changed.emit()
    settle(dock, qtbot)
    assert column(dock, 11) == ["-", "2", "-", "1"]
    assert column(dock, 12) == ["-", "2", "-", "2"]
    assert column(dock, 13)[1] == "1.000"
    hidden = [dock.images.table.isColumnHidden(number) for number in range(6, 15)]
    assert hidden == [False, False, False, True, True, False, False, False, False]
    assert "found\N{NO-BREAK SPACE}1.5," in dock.compare.means.text()
    dock.export(tmp_path / "review.csv")
    assert [row["found"] for row in rows_of(tmp_path / "review.csv")] == ["", "2", "", "1"]


def test_objects_are_measured_in_units_of_length(viewer, dock, qtbot, result, tmp_path):
    masks = dock.session.shown.masks
    masks.scale = (1, 0.5, 0.5)
    masks.units = ("pixel", "um", "um")
    dock.panel.run_button.click()
    settle(dock, qtbot)
    objects = viewer.layers["objects"]
    table = objects.features
    # napari takes the number of a row for the label.
    assert list(table["image"]) == ["(background)", "a", "b", "c", "d"]
    areas = [0.25 * image.mask.sum() for image in result.images]
    np.testing.assert_allclose(table["area"][1:].astype(float), areas)
    assert set(table["unit"][1:]) == {"um"}
    assert set(np.unique(objects.data[2])) == {0, 3}
    dock.measure.save(tmp_path / "measures.csv")
    rows = rows_of(tmp_path / "measures.csv")
    assert [row["image"] for row in rows] == ["a", "b", "c", "d"]

    viewer.layers.clear()
    viewer.add_image(np.zeros((9, 9)), name="another", scale=(5, 5))
    dock.panel.run_button.click()
    settle(dock, qtbot)
    assert set(viewer.layers["objects"].features["unit"][1:]) == {"pixel"}


def test_rows_of_objects_are_found_where_numbers_are_missing():
    labels = np.zeros((4, 9), np.int32)
    labels[0, :3], labels[2, :5] = 2, 7
    image = replace(bare_image("a", mask=labels > 0), instances=labels)
    images = image, replace(image, name="b")
    placement = Placement((2,), (4, 9), (0, 1))
    found = MeasuredObjects(measure_images(images), images, placement)
    shown = np.asarray(found.to_layer("objects", {}).data)
    assert shown[:, [0, 2, 3], 0].tolist() == [[1, 2, 0], [3, 4, 0]]  # rows of the table


def test_a_tile_that_is_asked_for_again_is_drawn_once(dock, qtbot, monkeypatch):
    drawn, draw = [], tiles._draw
    monkeypatch.setattr(tiles, "_draw", lambda wish: drawn.append(wish.place) or draw(wish))
    dock._icons.clear()
    for _ in range(3):
        dock._icon(0)
    settle(dock, qtbot)
    assert drawn.count(0) == 1


def test_a_thousand_images_never_hold_the_window_up(qapp):
    model = ReviewModel(lambda _: None)
    images = [bare_image(f"image {i:04d}") for i in range(1000)]
    view = ReviewImages(model)
    view.resize(400, 600)
    view.show()
    view.table.sortByColumn(3, Qt.SortOrder.DescendingOrder)
    numbers = np.random.default_rng(3).random(1000)

    def seconds(action) -> float:
        start = time.thread_time()
        action()
        return time.thread_time() - start

    ratings = {i: Rating(0.5, float(n), 0.2) for i, n in enumerate(numbers)}
    statuses = {f"image {i:04d}": "flagged" for i in range(0, 1000, 7)}
    taken = {
        "images": seconds(lambda: model.set_images(images, {})),
        "one image": seconds(lambda: model.update_images({500: images[500]})),
        "statuses": seconds(lambda: model.set_statuses(statuses)),
        "search": seconds(lambda: view.search.setText("image 09")),
        "ratings": seconds(lambda: model.set_ratings({i: ratings[i] for i in range(50)})),
        "flagged": seconds(lambda: view.step(1, "flagged")),
    }
    # Three times as long where other programs run beside it.
    limit = 3 * _LONGEST_ANSWER * slowness()
    assert {name: s for name, s in taken.items() if s > limit} == {}
    model.set_ratings(ratings)
    view.search.clear()
    assert view.order == sorted(range(1000), key=lambda i: -numbers[i])
    view.close()
