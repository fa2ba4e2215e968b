"""Sweeps in a real window: from the form to the canvas and back into the settings."""

from __future__ import annotations

import shlex
import time
from dataclasses import replace

import numpy as np
import pytest
from napari.layers import Image, Labels
from qtpy.QtCore import QPoint, Qt

from napari_jcc.config import JccConfig, apply_overrides, get_preset
from napari_jcc.interaction import Edits, ImageKey
from napari_jcc.plugin.docks import open_dock
from napari_jcc.plugin.lazy_stack import LazyLabels
from napari_jcc.plugin.placement import Placement
from napari_jcc.plugin.session import get_session
from napari_jcc.plugin.source import find_source
from napari_jcc.plugin.stack import stack_layer
from napari_jcc.plugin.sweep.preview import SweepPreview
from napari_jcc.plugin.sweep.sweepable import list_sweepable, suggest_range
from napari_jcc.plugin.widgets.cosegment import CosegmentWidget
from napari_jcc.plugin.widgets.sweep.dock import SweepDock
from napari_jcc.plugin.widgets.sweep.model import SweepModel
from napari_jcc.plugin.widgets.tall import Squeezed
from napari_jcc.sweep import Grid, SweepPoint, SweepTable
from napari_jcc.sweep.masks import PackedMasks
from napari_jcc.sweep.values import read_setting

FRAMES_A_SECOND = 15


def wait(dock, qtbot):
    qtbot.waitUntil(lambda: not dock.running, timeout=60_000)
    qtbot.waitUntil(lambda: not dock.session.jobs, timeout=60_000)


@pytest.fixture
def cosegment(viewer, stack, quick_config) -> CosegmentWidget:
    _, widget = viewer.window.add_plugin_dock_widget("napari-jcc", "Co-segment")
    widget.form.set_config(quick_config)
    return widget


@pytest.fixture
def dock(viewer, cosegment) -> SweepDock:
    _, dock = viewer.window.add_plugin_dock_widget("napari-jcc", "Sweep")
    dock.axes[0].set_text("0.1, 0.3, 1.0")
    return dock


@pytest.mark.gui
def test_from_the_form_to_the_canvas_and_into_the_settings(
    viewer, cosegment, dock, qtbot, tmp_path, tiny_collection
):
    cosegment.run()
    wait(cosegment, qtbot)
    (masks,) = [layer for layer in viewer.layers if isinstance(layer, Labels)]
    masks.data_setitem((np.full(16, 1), *np.mgrid[2:6, 3:7].reshape(2, -1)), 1)
    wait(cosegment, qtbot)
    before = masks.data.copy()
    truth = np.zeros(masks.data.shape, np.uint8)
    for slot, mask in enumerate(tiny_collection.masks):
        truth[slot, : mask.shape[0], : mask.shape[1]] = mask
    viewer.add_labels(truth, name="truth")
    dock.truth.combo.setCurrentText("truth")

    dock.run()
    wait(dock, qtbot)
    points = dock.table.points
    assert [p.parameters["problem.nu"] for p in points] == [0.1, 0.3, 1.0]
    assert all(p.has_answer and p.scores["jaccard"] > 0 for p in points)

    viewer.dims.set_current_step(0, 1)
    dock.scrubber.sliders[0].setValue(2)
    drawn = np.asarray(dock.preview.layer.data[1])
    mask = points[2].masks["b"]
    rows, columns = mask.shape
    outside = drawn[:rows, :columns] != 2  # no line of the box
    expected = mask.copy()
    expected[2:6, 3:7] = True
    np.testing.assert_array_equal((drawn[:rows, :columns] == 1)[outside], expected[outside])
    assert not masks.visible
    np.testing.assert_array_equal(masks.data, before)
    # What was drawn on an image of another set is not laid over one of the same name.
    edits = dock.session.edits
    own = ImageKey("b", "another content")
    dock.session.edits = Edits(tuple(replace(e, key=own) for e in edits.entries))
    alone = np.asarray(dock.preview.layer.data[1])[:rows, :columns]
    np.testing.assert_array_equal((alone == 1)[outside], mask[outside])
    dock.session.edits = edits

    dock.take_along.export(tmp_path / "sweep.csv")
    dock.take_along.export(tmp_path / "sweep.png")
    assert (tmp_path / "sweep.csv").read_text().count("\n") == 4
    assert (tmp_path / "sweep.png").read_bytes().startswith(b"\x89PNG")

    dock.use()
    wait(cosegment, qtbot)
    assert dock.preview.layer is None
    assert masks.visible
    assert dock.session.config.problem.nu == 1.0
    assert cosegment.form.config().problem.nu == 1.0
    # All stages but the last ones were found in the cache.
    assert not {"Superpixels", "Boxes", "Joint problem"} & set(
        cosegment.shown.answer.result.seconds
    )
    assert (masks.data[1, 2:6, 3:7] == 1).all()


@pytest.mark.gui
def test_points_that_all_look_alike_are_told(dock, qtbot):
    dock.axes[0].choose("decode.seed")  # GrabCut's, which is switched off
    dock.axes[0].set_text("0, 1")
    dock.run()
    wait(dock, qtbot)
    assert dock.panel.status.text().startswith("All 2 points give the same masks")


@pytest.mark.gui
def test_scrubbing_thirty_images_is_smooth(viewer, cosegment, dock, qtbot, tiny_collection):
    images = [tiny_collection.images[i % 4] for i in range(30)]
    many = type(tiny_collection.open()).from_arrays(images)
    viewer.layers.clear()
    viewer.add_layer(Image.create(*stack_layer(many, "many")))
    dock.axes[0].choose("decode.smallest_piece")
    dock.axes[0].set_text("0, 0.1, 0.2")
    dock.run()
    wait(dock, qtbot)
    dock.look_at((0,))

    start = time.thread_time()  # of this thread alone, whatever else is running
    for step in range(30):
        dock.scrubber.sliders[0].setValue((step + 1) % 3)
    seconds = (time.thread_time() - start) / 30
    # Without the drawing on the screen, which the graphics card does.
    assert seconds < 1 / FRAMES_A_SECOND
    unpacked = []
    point = dock.table.at((1,))
    dock.preview._point = point
    dock.preview._draw_image = lambda image, *_: unpacked.append(image.name)
    dock.preview.refresh()
    assert len(set(unpacked)) == 1


@pytest.mark.gui
def test_without_a_preview_answers_to_strokes_are_not_its_business(dock, monkeypatch):
    refreshed = []
    monkeypatch.setattr(dock, "refresh", lambda: refreshed.append(1))
    dock.session.shown_changed.emit()
    assert not refreshed


@pytest.mark.gui
def test_cancel_keeps_points_and_closing_takes_the_preview_away(viewer, dock, qtbot):
    dock.axes[0].set_text("0.1, 0.3, no number")
    assert not dock.panel.run_button.isEnabled()
    assert "Superpixel saliency" in dock.panel.status.text()
    dock.axes[0].set_text("0.1, 0.3, 1.0")
    assert dock.panel.run_button.isEnabled()

    dock.axes[0].set_text("0.1:2:40")
    dock.run()
    dock._job.advanced.connect(dock.cancel)
    wait(dock, qtbot)
    done = dock.table.points
    assert 1 <= len(done) < 40
    assert "kept" in dock.panel.status.text()
    left = next(row for row in range(40) if dock.model.point(row) is None)
    assert texts(dock, left)[-2:] == ["", "not tried yet"]

    dock.run()
    dock._job.advanced.connect(dock.cancel)
    wait(dock, qtbot)
    seconds = {point.key: point.seconds for point in dock.table.points}
    assert {point.key: point.seconds for point in done}.items() <= seconds.items()

    dock.look_at(done[0].index)
    assert "sweep preview" in viewer.layers
    viewer.window.remove_dock_widget(dock.parent())
    assert "sweep preview" not in viewer.layers


def click_row(dock, row, qtbot):
    place = dock.view.visualRect(dock._sorted.index(row, 0)).center()
    qtbot.mouseClick(dock.view.viewport(), Qt.MouseButton.LeftButton, pos=place)


def texts(dock, row):
    columns = range(dock.model.columnCount())
    return [dock.model.data(dock.model.index(row, column)) for column in columns]


@pytest.mark.gui
def test_a_point_that_failed_says_so_where_it_is_seen(viewer, dock, qtbot):
    dock.axes[0].choose("solver.max_iterations")
    dock.axes[0].set_text("1, 4000")
    dock.run()
    wait(dock, qtbot)
    base, failed, solved = range(3)
    assert "1 point failed" in dock.panel.status.text()
    assert texts(dock, failed).count("failed") > 3
    assert "-" not in texts(dock, failed)
    assert "failed" not in texts(dock, solved)
    tip = dock.model.data(dock.model.index(failed, 1), Qt.ItemDataRole.ToolTipRole)
    assert "Raise solver.max_iterations" in tip
    click_row(dock, solved, qtbot)
    assert np.asarray(dock.preview.layer.data[0]).any()
    click_row(dock, failed, qtbot)
    assert "Raise solver.max_iterations" in dock.said.text()
    assert not np.asarray(dock.preview.layer.data[0]).any()  # not those of another point
    assert not dock.use_button.isEnabled()
    click_row(dock, base, qtbot)
    assert np.asarray(dock.preview.layer.data[0]).any()


def click_cell(plot, index, qtbot):
    """Click where the map of two settings shows a point."""
    plot.draw()
    (axes,) = plot.figure.axes
    x, y = axes.transData.transform(index) / plot.device_pixel_ratio
    # The figure's height, which is the widget's once that has been seen.
    place = QPoint(round(x), round(plot.figure.bbox.height / plot.device_pixel_ratio - y))
    qtbot.mouseClick(plot, Qt.MouseButton.LeftButton, pos=place)


@pytest.mark.gui
def test_two_settings_and_the_command(viewer, dock, qtbot, monkeypatch):
    dock.axes[1].choose("problem.alpha")
    dock.axes[1].set_text("0.5, 2")
    monkeypatch.setattr(
        "napari_jcc.plugin.widgets.sweep.export.find_inputs", lambda _: ("my images",)
    )
    monkeypatch.setattr("napari_jcc.plugin.sweep.job.find_inputs", lambda _: ("my images",))
    dock.run()
    wait(dock, qtbot)
    assert len(dock.table.points) == 6
    qtbot.waitUntil(lambda: bool(dock.plot.figure.axes), timeout=10_000)
    click_cell(dock.plot, (2, 1), qtbot)
    assert dock.scrubber.place == (2, 1)
    assert dock.preview.layer is not None

    # As in a table of the command line.
    point = dock.table.at((2, 1))
    words = shlex.split(point.command)
    assert words[:5] == ["napari-jcc", "segment", "my images", "--output", point.key]
    assert "problem.alpha=2.0" in words

    words = shlex.split(dock.take_along.command())
    assert words[:3] == ["napari-jcc", "sweep", "my images"]
    grids = [words[i + 1] for i, word in enumerate(words) if word == "--grid"]
    again = Grid.build(dock.table.grid.base, grids)
    assert again == dock.table.grid


@pytest.mark.gui
def test_sliders_tell_of_no_point_while_the_base_outside_of_the_grid_is_shown(dock, qtbot):
    dock.axes[0].set_text("0.7, 1.3")
    dock.run()
    wait(dock, qtbot)
    dock.look_at(None)
    (slider,), (value,) = dock.scrubber.sliders, dock.scrubber._values
    assert value.text() == "–"
    # At its first place already, a press on it is what asks for that point.
    slider.setSliderDown(True)
    assert value.text() == "0.7"
    assert dock.model.point(dock._row).parameters["problem.nu"] == 0.7


@pytest.mark.gui
def test_all_of_a_sweep_of_one_setting_is_seen_in_a_low_window(dock):
    dock.said.setText("The canvas shows the masks of this point.")
    dock.scrubber.set_grid(dock.grid())
    width, height = 348, 611  # what a window of 1024 x 700 leaves
    assert dock.findChild(Squeezed).heightForWidth(width) <= height


def test_titles_of_several_words_take_as_many_lines():
    model = SweepModel()
    model.set_table(SweepTable(Grid.build(get_preset("fast"), ["problem.nu=1,2"])))
    columns = range(model.columnCount())
    heads = [model.headerData(column, Qt.Orientation.Horizontal) for column in columns]
    assert "boxes\nchanged" in heads


def test_a_name_that_two_sections_have_is_told_with_its_section():
    model = SweepModel()
    grid = Grid.build(get_preset("fast"), ["superpixels.count=50,100", "problem.nu=1,2"])
    model.set_table(SweepTable(grid))
    heads = [model.headerData(column, Qt.Orientation.Horizontal) for column in range(3)]
    assert set(heads[:2]) == {"superpixels.\ncount", "nu"}


@pytest.mark.gui
def test_names_and_numbers_of_all_settings_can_be_read(make_napari_viewer, qtbot):
    viewer = make_napari_viewer(show=True)
    dock = open_dock(viewer, "Sweep")
    window = dock.window()
    frame = dock.parentWidget()
    window.resizeDocks([frame], [dock.sizeHint().width()], Qt.Orientation.Horizontal)
    qtbot.wait(50)
    assert abs(dock.width() - dock.sizeHint().width()) < 30
    axis = dock.axes[0]
    cut = []
    for setting in list_sweepable():
        axis.choose(setting.path)
        qtbot.wait(1)
        for line in (axis.combo.lineEdit(), axis.range.first, axis.range.last):
            margin = 4  # of the text in its field
            needed = line.fontMetrics().horizontalAdvance(line.text()) + margin
            if line.isVisible() and needed > line.width():
                cut.append((line.text(), needed, line.width()))
    assert cut == []


@pytest.mark.gui
def test_range_and_values_follow_each_other(viewer, dock, qtbot):
    axis = dock.axes[0]
    axis.set_text("")
    qtbot.keyClicks(axis.values, "0.2, 0.05, 0.4")
    texts = axis.range.first.text(), axis.range.last.text(), axis.range.count.value()
    assert texts == ("0.05", "0.4", 3)
    assert axis.values.text() == "0.2, 0.05, 0.4"
    axis.range.log.setChecked(False)
    axis.range.count.setValue(2)
    assert axis.values.text() == "0.05, 0.4"


@pytest.mark.gui
def test_the_preview_shows_the_boxes_of_all_objects(viewer, stack):
    session = get_session(viewer)
    preview = SweepPreview(session)
    preview.set_source(find_source((stack,), session.config.collection))
    mask = np.zeros((60, 80), bool)
    boxes = np.array([[5, 6, 20, 16], [40, 30, 70, 50]], np.float32)
    nowhere = np.full(4, np.nan, np.float32)
    point = SweepPoint(
        "key",
        {},
        masks=PackedMasks.pack([("a", mask)]),
        boxes={"a": nowhere},
        objects={"a": boxes},
    )
    assert preview.show(point)
    drawn = np.asarray(preview.layer.data[0])[:60, :80]
    for x0, y0, x1, y1 in boxes.astype(int):
        assert (drawn[y0, x0:x1] == 2).all() and (drawn[y1 - 1, x0:x1] == 2).all()
        assert (drawn[y0:y1, x0] == 2).all() and (drawn[y0:y1, x1 - 1] == 2).all()
    assert (drawn == 2).sum() == 2 * (15 + 10 + 30 + 20) - 8


def test_suggestions_are_allowed_for_every_setting_and_preset():
    config = JccConfig()
    settings = list_sweepable()
    assert {"problem.nu", "superpixels.count", "decode.rounding"} <= {
        s.path for s in settings
    }
    for setting in settings:
        if setting.is_numeric:
            value = float(read_setting(config, setting.path))
            found = suggest_range(setting, value)
            log = ":log" if found.log else ""
            ends = f"{found.first:.6g}:{found.last:.6g}"
            texts = [f"{setting.path}={ends}:{found.count}{log}"]
            grid = Grid.build(config, texts)
            assert len(grid) > 1, setting.path
        else:
            for name in setting.names:
                apply_overrides(config, [f"{setting.path}={name}"])


def test_lazy_labels_index_like_an_array(rng):
    placement = Placement((2, 3), (7, 9), (0, 2, 5))
    planes = [rng.integers(0, 5, (6 - i, 9), dtype=np.uint8) for i in range(3)]
    labels = LazyLabels(placement, lambda place: planes[place])
    whole = np.zeros((6, 7, 9), np.uint8)
    for slot, plane in zip(placement.slots, planes, strict=True):
        whole[slot, : len(plane)] = plane
    whole = whole.reshape(2, 3, 7, 9)
    np.testing.assert_array_equal(np.asarray(labels), whole)
    for index in (
        np.s_[1],
        np.s_[0, 2],
        np.s_[:, 2, 1:3, ::2],
        np.s_[..., 3],
        np.s_[1, 2, 2, 4],
        np.s_[0:0],
    ):
        np.testing.assert_array_equal(labels[index], whole[index])
