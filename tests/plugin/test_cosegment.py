"""The widget in a real window."""

from __future__ import annotations

import gc
import json
import shlex
import threading
import time
import weakref

import numpy as np
import pytest
from napari.layers import Image, Labels, Shapes
from napari.utils.notifications import notification_manager
from PIL import Image as Picture
from qtpy.QtCore import QThreadPool, QTimer
from qtpy.QtWidgets import QApplication, QPushButton

from napari_jcc import JccConfig, Run
from napari_jcc.config import apply_overrides
from napari_jcc.plugin import runs, summary
from napari_jcc.plugin.docks import open_dock
from napari_jcc.plugin.reader import get_reader
from napari_jcc.plugin.shown import ShownResult
from napari_jcc.plugin.stack import stack_layer
from napari_jcc.plugin.summary import Summary
from napari_jcc.plugin.truth import TruthChoice
from napari_jcc.plugin.widgets import dock
from napari_jcc.plugin.widgets.cosegment import CosegmentWidget
from napari_jcc.plugin.widgets.result_panel import ResultPanel
from napari_jcc.plugin.widgets.stage_bar import StageBar
from napari_menu import press_in_menu

pytestmark = pytest.mark.gui


@pytest.fixture
def widget(viewer, quick_config) -> CosegmentWidget:
    widget = CosegmentWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Co-segment")
    widget.form.set_config(quick_config)
    return widget


def run(widget, qtbot):
    widget.run()
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)


def layers_of(viewer, kind):
    return [layer for layer in viewer.layers if isinstance(layer, kind)]


class Slow:
    """A `Run` that takes its time, in steps that can be cancelled."""

    started = threading.Event()

    def __init__(self, collection, config, *, cache, progress):
        self.progress = progress
        Slow.started.clear()

    def finish(self):
        self.progress.start("Superpixels", 2000)
        Slow.started.set()
        for _ in range(2000):
            time.sleep(0.005)
            self.progress.advance()


def test_window_gives_what_the_core_gives(
    viewer, widget, stack, qtbot, tiny_collection, quick_config, monkeypatch
):
    threads = []

    def suggest(result):
        threads.append(threading.current_thread())
        return "a hint"

    monkeypatch.setattr(summary, "suggest_settings", suggest)
    run(widget, qtbot)
    # It looks at all masks, which takes a second where they are a thousand.
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()
    assert "a hint" in widget.results.summary.text()
    expected = Run(tiny_collection.open(), quick_config).result()

    (labels,), (shapes,) = layers_of(viewer, Labels), layers_of(viewer, Shapes)
    assert labels.data.shape == stack.data.shape[:3]
    for i, image in enumerate(expected.images):
        rows, columns = image.mask.shape
        np.testing.assert_array_equal(labels.data[i, :rows, :columns], image.mask)
        low, high = shapes.data[i].min(axis=0), shapes.data[i].max(axis=0)
        box = np.array([low[2], low[1], high[2], high[1]]) + 0.5
        np.testing.assert_allclose(box, image.box)
    assert list(shapes.features["image"]) == ["a", "b", "c", "d"]
    saliency = viewer.layers["set saliency"]
    assert not saliency.visible
    assert "4 images" in widget.results.summary.text()


def test_image_in_view_is_named(viewer, widget, stack, qtbot):
    viewer.dims.set_current_step(0, 3)
    assert widget.image_line.text() == "d  ·  4 of 4"
    run(widget, qtbot)
    viewer.dims.set_current_step(0, 1)
    session = widget.session
    score = session.answer.result.images[1].box_score
    assert widget.image_line.text() == f"b  ·  2 of 4  ·  score {score:.2f}"
    session.set_statuses({session.keys[1]: "flagged"})
    assert widget.image_line.text().endswith("  ·  flagged")
    assert "80 x 64 pixels" in widget.image_line.toolTip()


def test_settings_make_room_for_the_first_result_and_then_stay(
    viewer, widget, stack, qtbot
):
    assert widget.settings.is_open
    run(widget, qtbot)
    assert not widget.settings.is_open
    header = widget.settings.findChild(QPushButton)
    count = len(widget.form.modified)
    assert header.text() == f"▸  Settings   (Fast, {count} changed)"
    widget.settings.set_open(True)
    widget.form.rows["problem.nu"].editor.set_value(1.0)
    run(widget, qtbot)
    assert widget.settings.is_open


def test_layers_come_without_being_selected_but_the_masks_at_the_end(
    viewer, widget, stack, qtbot
):
    active = []
    viewer.layers.selection.events.active.connect(lambda e: active.append(e.value))
    controls = viewer.window._qt_viewer.controls
    run(widget, qtbot)
    (labels,) = layers_of(viewer, Labels)
    assert set(active) - {None} == {labels}
    assert viewer.layers.selection.active is labels
    assert controls.currentWidget() is controls.widgets[labels]
    assert set(controls.widgets) == set(viewer.layers)


def test_second_run_writes_into_the_same_layers(viewer, widget, stack, qtbot):
    run(widget, qtbot)
    former = weakref.ref(widget.session.corrections)
    count, (labels,) = len(viewer.layers), layers_of(viewer, Labels)
    before = labels.data.copy()
    widget.form.rows["problem.area_min"].editor.set_value(0.8)
    run(widget, qtbot)

    assert len(viewer.layers) == count
    assert layers_of(viewer, Labels) == [labels]
    assert not np.array_equal(labels.data, before)
    answer = widget.shown.answer.result
    assert answer.config.problem.area_min == 0.8
    # Only what depends on the changed settings was done again.
    assert not {"Superpixels", "Boxes", "Features"} & set(answer.seconds)

    # What watched the former result goes, and with it its run and a copy of its masks.
    gc.unfreeze()
    gc.collect()
    assert former() is None


def test_pixels_set_by_a_script_survive_the_next_run(viewer, widget, stack, qtbot):
    run(widget, qtbot)
    (labels,) = layers_of(viewer, Labels)
    labels.data[1, 3:9, 4:9] ^= 1  # without any event
    edited = labels.data[1, 3:9, 4:9].copy()
    widget.form.rows["problem.nu"].editor.set_value(1.0)
    run(widget, qtbot)

    assert layers_of(viewer, Labels) == [labels]
    np.testing.assert_array_equal(labels.data[1, 3:9, 4:9], edited)
    assert [key.name for key in widget.session.edits.edited] == ["b"]


def test_removed_layers_come_back(viewer, widget, stack, qtbot):
    run(widget, qtbot)
    viewer.layers.remove(layers_of(viewer, Labels)[0])
    run(widget, qtbot)
    assert len(layers_of(viewer, Labels)) == 1


def test_several_2d_layers_get_a_common_stack(viewer, widget, qtbot, tiny_collection):
    for name, image in zip("abcd", tiny_collection.images, strict=True):
        viewer.add_image(image, name=name, rgb=True)
    viewer.layers.selection = set(viewer.layers)
    assert len(widget.chooser.layers()) == 4
    run(widget, qtbot)

    assert viewer.layers["selected layers"].data.shape == (4, 72, 90, 4)
    assert layers_of(viewer, Labels)[0].data.shape == (4, 72, 90)
    # Padding of the stack is transparent: other images would be seen through it.
    assert [viewer.layers[name].visible for name in "abcd"] == [False] * 4
    assert widget.results.about.isHidden()
    count = len(viewer.layers)
    run(widget, qtbot)  # on the stack
    viewer.layers.selection = {viewer.layers[name] for name in "abcd"}
    run(widget, qtbot)
    assert len(viewer.layers) == count
    assert widget.results.about.isHidden()

    viewer.layers.remove("selected layers")
    viewer.layers.selection = {viewer.layers[name] for name in "abcd"}
    run(widget, qtbot)
    assert len(viewer.layers) == count


def test_the_command_for_several_layers_names_their_files(
    viewer, widget, qtbot, tiny_collection, tmp_path
):
    paths = [str(tmp_path / f"{name}.png") for name in "abcd"]
    for path, image in zip(paths, tiny_collection.images, strict=True):
        Picture.fromarray(image).save(path)
        viewer.open(path, plugin="napari")
    viewer.layers.selection = set(viewer.layers)
    expected = widget.command()
    assert all(path in expected for path in paths)
    run(widget, qtbot)
    assert widget.command() == expected


def test_leading_axes_of_a_users_stack_are_kept(viewer, widget, qtbot, tiny_collection):
    image = tiny_collection.images[0]
    data = np.stack([image, image[::-1], image[:, ::-1], image]).reshape(2, 2, 64, 80, 3)
    viewer.add_image(data, rgb=True, scale=(1, 1, 0.5, 0.5), name="film")
    run(widget, qtbot)
    (labels,) = layers_of(viewer, Labels)
    assert labels.data.shape == (2, 2, 64, 80)
    np.testing.assert_array_equal(labels.scale, (1, 1, 0.5, 0.5))


def test_window_stays_alive_during_a_run(viewer, widget, stack, qtbot):
    widget.form.set_config(apply_overrides(JccConfig(), {"runtime.workers": 1}))
    beats: list[float] = []
    timer = QTimer()
    timer.timeout.connect(lambda: beats.append(time.perf_counter()))
    timer.start(5)
    run(widget, qtbot)
    timer.stop()

    # 50 ms is the aim. A busy machine takes the processor away for longer, and napari
    # itself needs its time for each of the three new layers; a run in the GUI thread
    # would be a single gap.
    gaps = np.diff(beats)
    assert np.median(gaps) < 0.05
    assert np.sum(np.sort(gaps)[:-4]) > 0.5 * np.sum(gaps)


def test_the_bar_counts_seconds_where_no_steps_are_counted(qtbot):
    bar = StageBar()
    qtbot.addWidget(bar)
    bar.start_stage("Solving", 0)
    assert bar.format() == "Solving"
    # Range 0 to 0 is Qt's bar that moves all the time, and draws the window with it.
    assert bar.maximum() == 1
    qtbot.waitUntil(lambda: bar.format() == "Solving  1 s", timeout=5000)
    bar.start_stage("Masks", 8)
    bar.advance(5)
    assert bar.format() == "Masks  5 of 8"
    bar.advance(5)
    assert bar.value() == 8


def test_cancel_leaves_the_window_ready(viewer, widget, stack, qtbot, monkeypatch):
    freed = []
    monkeypatch.setattr(dock, "free_unused_memory", lambda: freed.append("card"))
    monkeypatch.setattr(runs, "Run", Slow)
    widget.run()
    qtbot.waitUntil(Slow.started.is_set, timeout=10_000)
    qtbot.waitUntil(lambda: "of 2000" in widget.panel.bar.format(), timeout=10_000)
    assert widget.panel.bar.format().startswith("Superpixels")
    widget.panel.cancel_button.click()
    qtbot.waitUntil(lambda: not widget.running, timeout=5_000)

    assert "Finished stages are kept" in widget.panel.status.text()
    assert not widget.panel.run_button.isHidden()
    assert list(viewer.layers) == [stack]
    assert freed == ["card"]
    monkeypatch.undo()
    widget.run()
    qtbot.waitUntil(lambda: bool(widget.showing), timeout=60_000)
    widget.panel.cancel_button.click()  # too late: the layers are coming
    qtbot.waitUntil(lambda: not widget.running, timeout=10_000)
    assert layers_of(viewer, Labels)
    assert "Cancel" not in widget.panel.status.text()


def wait_for_pool():
    return QThreadPool.globalInstance().waitForDone(5000)


def test_closing_the_window_ends_the_run(viewer, widget, stack, qtbot, monkeypatch):
    monkeypatch.setattr(runs, "Run", Slow)
    widget.run()
    (task,) = widget._tasks
    qtbot.waitUntil(Slow.started.is_set, timeout=10_000)
    viewer.close()
    QApplication.processEvents()

    assert task.cancelled
    assert wait_for_pool()


def test_closing_the_dock_ends_the_run(viewer, widget, stack, qtbot, monkeypatch):
    monkeypatch.setattr(runs, "Run", Slow)
    widget.run()
    (task,) = widget._tasks
    qtbot.waitUntil(Slow.started.is_set, timeout=10_000)
    viewer.window.remove_dock_widget(widget)

    assert task.cancelled
    assert wait_for_pool()


def test_error_is_shown_and_the_window_is_ready(viewer, widget, stack, qtbot):
    widget.form.rows["saliency.method"].editor.set_value("supplied")
    widget.form.rows["saliency.folder"].editor.set_value("no such folder")
    run(widget, qtbot)
    assert "no such folder" in widget.panel.status.text()
    assert widget.panel.run_button.isEnabled()


def test_run_needs_images_and_valid_settings(viewer, widget, tiny_collection):
    assert not widget.panel.run_button.isEnabled()
    viewer.add_layer(Image.create(*stack_layer(tiny_collection.open(), "set")))
    assert widget.panel.run_button.isEnabled()
    widget.form.rows["problem.area_min"].editor.set_value(0.95)
    assert not widget.panel.run_button.isEnabled()
    assert "area_min" in widget.panel.run_button.toolTip()


def test_the_dock_says_how_to_begin_and_whose_result_it_shows(viewer, widget, stack, qtbot):
    viewer.layers.clear()
    assert "open a folder" in widget.panel.status.text()
    viewer.add_layer(stack)
    assert widget.panel.status.text() == ""
    run(widget, qtbot)
    assert widget.results.about.isHidden()
    widget.chooser.choose(viewer.add_image(np.zeros((2, 30, 40)), name="others"))
    assert not widget.results.about.isHidden()
    assert "Result of set" in widget.results.about.text()
    widget.chooser.choose(stack)
    assert widget.results.about.isHidden()


def test_long_notes_are_scrolled_and_short_ones_take_no_more_than_they_need(qtbot):
    panel = ResultPanel(QPushButton(), QPushButton())
    qtbot.addWidget(panel)
    panel.resize(330, 400)
    panel.show()
    line = panel.notes.fontMetrics().lineSpacing()
    panel.show_result(Summary("4 images"), "a short one")
    qtbot.wait(50)
    assert panel.notes.visibleRegion().boundingRect().height() < 2 * line
    panel.show_result(Summary("4 images"), "a long one of many words " * 40)
    qtbot.wait(50)
    shown = panel.notes.visibleRegion().boundingRect().height()
    assert 3 * line < shown <= 4 * line
    assert panel.notes.height() >= panel.notes.heightForWidth(panel.notes.width())


def test_folder_is_opened_run_copied_and_saved(
    viewer, widget, qtbot, tmp_path, tiny_collection
):
    folder = tmp_path / "my images"
    folder.mkdir()
    for name, image in zip("abcd", tiny_collection.images, strict=True):
        Picture.fromarray(image).save(folder / f"{name}.png")
    widget.open_folder(str(folder))
    qtbot.waitUntil(lambda: not widget.running, timeout=10_000)
    run(widget, qtbot)
    widget.copy_command()
    words = shlex.split(QApplication.clipboard().text())
    assert words[:3] == ["napari-jcc", "segment", str(folder)]
    assert "superpixels.count=40" in words
    assert "superpixels.count=40" in widget.panel.status.text()

    widget.saving.save(tmp_path / "plain")
    qtbot.waitUntil(lambda: not widget.running, timeout=10_000)
    labels = layers_of(viewer, Labels)[0]
    labels.data[0] = 1
    widget.saving.save(tmp_path / "out")
    assert wait_for_pool()
    widget.panel.cancel_button.click()  # too late: all is written
    qtbot.waitUntil(lambda: not widget.running, timeout=10_000)
    assert widget.panel.status.text() == f"Saved in {tmp_path / 'out'}"
    with Picture.open(tmp_path / "out" / "masks" / "a.png") as picture:
        assert np.asarray(picture).min() == 255
    plain, out = (
        json.loads((tmp_path / name / "run.json").read_text()) for name in ("plain", "out")
    )
    assert shlex.split(plain["command"])[:2] == words[:2]
    assert plain["corrected"] == []
    assert out["command"] is None  # none repeats what is in no project
    assert out["corrected"] == ["a"]
    for name in "plain", "out":
        path = str(tmp_path / name)
        widget.project.show_layers(get_reader(path)(path))
        qtbot.waitUntil(lambda: not widget.project.arriving, timeout=10_000)
        assert widget.session.opened.name == name
        # What was drawn before it was saved is in no journal: nothing may replace it.
        widget.session.corrections.settle()
        qtbot.waitUntil(lambda: not widget.session.jobs, timeout=30_000)
        stays = widget.corrections.summary.text().endswith("the others stay as they are.")
        assert stays == (name == "out")
        assert widget.session.preset == "fast"


def test_a_second_job_is_not_begun_before_the_first_has_ended(widget, qtbot, tmp_path):
    may_end, done = threading.Event(), []
    widget.start("First", lambda _: may_end.wait(10), done.append)
    widget.open_folder(str(tmp_path))
    may_end.set()
    qtbot.waitUntil(lambda: not widget.running, timeout=10_000)
    assert done == [True]
    messages = [notice.message for notice in notification_manager.records]
    assert "First is in progress. Wait for it, then try again." in messages


def test_a_dock_that_is_opened_again_takes_images_that_are_there(viewer, widget, stack):
    viewer.window.remove_dock_widget(widget)
    viewer.layers.remove(stack)
    other = viewer.add_image(np.zeros((3, 30, 40)), name="other")
    viewer.add_image(np.zeros((3, 30, 40)), name="hidden", visible=False)
    viewer.layers.selection.clear()
    again = CosegmentWidget(viewer)
    viewer.window.add_dock_widget(again, name="Co-segment")
    assert again.session.chosen == again.chooser.layers() == (other,)


def test_there_is_no_command_for_images_in_memory(viewer, widget, stack):
    widget.copy_command()
    assert "opened from files" in widget.panel.status.text()


def test_a_dock_that_napari_opened_is_not_opened_again(make_napari_viewer):
    viewer = make_napari_viewer()
    title = "Co-segment (Joint Co-segmentation)"
    press_in_menu("Co-segment")
    (first,) = [w for name, w in viewer.window.dock_widgets.items() if name == title]
    assert open_dock(viewer, "Co-segment") is first
    sweep = open_dock(viewer, "Sweep")
    assert open_dock(viewer, "Sweep") is sweep
    # napari's own menu now finds it, and hides it as it does with its own.
    press_in_menu("Sweep")
    own = [name for name in viewer.window.dock_widgets if "Joint" in name]
    assert sorted(own) == [title, "Sweep (Joint Co-segmentation)"]

    viewer.window.remove_dock_widget(sweep)
    assert open_dock(viewer, "Sweep") is not sweep


def test_a_folder_that_is_dropped_is_worked_on_next(viewer, widget, stack, tiny_collection):
    assert widget.session.chosen == (stack,)
    data, options, _ = stack_layer(tiny_collection.open(), "dropped")
    dropped = viewer.add_image(data, **options)
    assert widget.session.chosen == widget.chooser.layers() == (dropped,)
    viewer.add_image(np.zeros((3, 30, 40)), name="of another plugin")
    assert widget.session.chosen == (dropped,)


def test_every_set_keeps_its_own_truth(viewer, widget, stack, tmp_path):
    session, chosen = widget.session, []
    session.truth_changed.connect(lambda: chosen.append(session.truth))
    first, second = TruthChoice(folder=tmp_path), TruthChoice(folder=tmp_path / "other")
    session.set_truth(first)
    of_stack, of_other = ShownResult(viewer), ShownResult(viewer)
    session.set_shown((stack,), of_stack)
    assert session.truth is first
    other = viewer.add_image(np.zeros((3, 30, 40)), name="other")
    session.choose((other,))
    session.set_shown((other,), of_other)
    assert session.truth is None
    session.set_truth(second)
    session.set_shown((stack,), of_stack)
    session.set_shown((other,), of_other)
    assert chosen == [first, None, second, first, second]
