"""Projects in a real window: saved, opened, kept automatically, recovered, exported."""

from __future__ import annotations

import json
import shlex
import time
import zipfile

import numpy as np
import pytest
import tifffile
from napari.layers import Image, Labels, Shapes
from napari.utils.notifications import notification_manager
from PIL import Image as Picture
from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QCloseEvent
from qtpy.QtWidgets import QApplication

from command_line import run
from napari_jcc import ImageCollection
from napari_jcc.collection.axes import Axis
from napari_jcc.config import apply_overrides
from napari_jcc.errors import OutputError
from napari_jcc.interaction import OBJECT
from napari_jcc.plugin import axes
from napari_jcc.plugin.preferences import Preferences
from napari_jcc.plugin.projects import keeper
from napari_jcc.plugin.reader import read_stack
from napari_jcc.plugin.session import get_session
from napari_jcc.plugin.widgets import recovery_bar
from napari_jcc.plugin.widgets.cosegment import CosegmentWidget
from napari_jcc.project import load_project, save_project
from napari_jcc.project.schema import FORMAT_VERSION

pytestmark = pytest.mark.gui


@pytest.fixture
def folder(tmp_path, tiny_collection):
    """Return a folder of four images, of a name that is no plain one."""
    folder = tmp_path / "Zellen für Übung 细胞"
    folder.mkdir()
    for name, image in zip("abcd", tiny_collection.images, strict=True):
        Picture.fromarray(image).save(folder / f"{name}.png")
    return folder


@pytest.fixture
def open_dock(make_napari_viewer, quick_config, monkeypatch):
    """Return what opens a window with the dock, as a new session would."""
    # Copies are written when a test says so.
    monkeypatch.setattr(
        keeper, "read_preferences", lambda: Preferences(autosave_seconds=600)
    )

    def open_dock(project=None) -> CosegmentWidget:
        viewer = make_napari_viewer()
        if project is not None:
            viewer.open(str(project), plugin=None)
        widget = CosegmentWidget(viewer)
        viewer.window.add_dock_widget(widget, name="Co-segment")
        if project is None:
            widget.form.set_config(quick_config)
        return widget

    return open_dock


def wait(widget, qtbot):
    qtbot.waitUntil(lambda: not widget.running and not widget.session.jobs, timeout=60_000)


def run_on(widget, folder, qtbot):
    ((data, options, _),) = read_stack(folder)
    layer = widget.session.viewer.add_layer(Image(data, **options))
    widget.session.choose((layer,))
    widget.run()
    wait(widget, qtbot)


def layer_of(widget, kind):
    layers = [la for la in widget.session.viewer.layers if isinstance(la, kind)]
    return layers[-1]


def stroke(widget, place, rows, columns, label):
    widget.session.viewer.dims.set_current_step(0, place)
    y, x = (axis.ravel() for axis in np.mgrid[rows, columns])
    layer_of(widget, Labels).data_setitem((np.full(len(y), place), y, x), label)


def opened(widget, path, qtbot):
    widget.project.open(path)
    qtbot.waitUntil(lambda: widget.session.opened is not None, timeout=60_000)
    wait(widget, qtbot)


def test_a_hyperstack_comes_back_with_its_axes(open_dock, qtbot, tmp_path, rng):
    data = rng.integers(0, 900, (2, 2, 2, 40, 50)).astype(np.uint16)
    data[..., 10:25, 15:40] += 2000
    file, path = tmp_path / "movie.tif", tmp_path / "a.jcc"
    metadata = {"axes": "TZCYX", "unit": "um", "spacing": 2, "finterval": 30}
    tifffile.imwrite(file, data, imagej=True, resolution=(4, 5), metadata=metadata)
    first = open_dock()
    run_on(first, file, qtbot)
    masks = layer_of(first, Labels)
    assert masks.data.shape == (2, 2, 1, 40, 50)
    np.testing.assert_allclose(masks.scale, (30, 2, 2, 0.2, 0.25))
    first.session.viewer.dims.set_current_step([0, 1], [1, 0])
    y, x = (axis.ravel() for axis in np.mgrid[2:6, 3:9])
    at = (np.full(len(y), 1), np.zeros(len(y), int), np.zeros(len(y), int), y, x)
    masks.data_setitem(at, 1)
    wait(first, qtbot)
    assert [e.key.name for e in first.session.edits.entries] == ["movie_t1_z0"]
    first.project.save(path)
    wait(first, qtbot)
    first.export.export("tiff", tmp_path / "m.tif")
    wait(first, qtbot)
    written = ImageCollection.from_paths(tmp_path / "m.tif")
    assert written.axes == (Axis("t", 2, 30, "s"), Axis("z", 2, 2, "um"))
    assert written.spacing(0) == (0.2, 0.25, "um")

    second = open_dock()
    opened(second, path, qtbot)
    again, image = layer_of(second, Labels), layer_of(second, Image)
    np.testing.assert_array_equal(again.data, masks.data)
    for key in ("scale", "translate", "units", "axis_labels"):
        assert tuple(getattr(again, key)) == tuple(getattr(masks, key))
    assert image.data.shape == data.shape
    np.testing.assert_array_equal(image.data[1, 0], data[1, 0])
    second.run()
    wait(second, qtbot)
    assert layer_of(second, Labels) is again
    assert again.data[at].all()


def test_edits_on_axes_of_another_meaning_are_laid_over_again(
    open_dock, qtbot, tmp_path, rng
):
    data = rng.integers(0, 900, (2, 2, 40, 50)).astype(np.uint16)
    data[..., 10:25, 15:40] += 2000
    file, path = tmp_path / "movie.tif", tmp_path / "a.jcc"
    tifffile.imwrite(file, data, imagej=True, metadata={"axes": "TZYX"})

    def run_with_depths_as_channels(widget):
        ((values, options, _),) = read_stack(file)
        layer = widget.session.viewer.add_layer(Image(values, **options))
        widget.session.choose((layer,))
        axes.set_axis_role(layer, 1, "channels")
        widget.run()
        wait(widget, qtbot)

    first = open_dock()
    run_with_depths_as_channels(first)
    y, x = (axis.ravel() for axis in np.mgrid[2:6, 3:9])
    masks = layer_of(first, Labels)
    at = (np.full(len(y), 1), np.zeros(len(y), int), y, x)
    assert masks.data.shape == (2, 1, 40, 50)
    masks.data_setitem(at, 1)
    wait(first, qtbot)
    first.project.save(path)
    wait(first, qtbot)

    second = open_dock()
    opened(second, path, qtbot)
    assert "set their axes as before, and run" in second.panel.status.text()
    run_with_depths_as_channels(second)
    assert second.session.edits == first.session.edits
    assert (layer_of(second, Labels).data[at] == 1).all()


@pytest.mark.parametrize("has_channels", [False, True])
def test_masks_of_an_array_come_back_on_its_axes(open_dock, qtbot, tmp_path, has_channels):
    data = np.full((2, 3, 40, 50), 90, np.uint8)
    data[..., 10:25, 15:40] = 200
    axes = ("t", "c" if has_channels else "z", "y", "x")
    units = ("s", "pixel" if has_channels else "um", "um", "um")
    options = {"axis_labels": axes, "scale": (30, 2, 0.2, 0.2), "units": units}
    first = open_dock()
    first.session.viewer.add_image(data, **options)
    first.run()
    wait(first, qtbot)
    masks = layer_of(first, Labels)
    first.project.save(tmp_path / "a.jcc")
    wait(first, qtbot)

    second = open_dock()
    opened(second, tmp_path / "a.jcc", qtbot)
    again = layer_of(second, Labels)
    kept = [0, 2, 3] if has_channels else [0, 1, 2, 3]
    assert again.axis_labels == tuple(np.array(masks.axis_labels)[kept])
    np.testing.assert_array_equal(again.scale, masks.scale[kept])
    assert [str(unit) for unit in again.units] == [str(masks.units[i]) for i in kept]
    np.testing.assert_array_equal(again.data.ravel(), masks.data.ravel())
    second.project.save(tmp_path / "b.jcc")
    wait(second, qtbot)
    (saved, _), (former, _) = (load_project(tmp_path / f"{name}.jcc") for name in "ba")
    assert (saved.axes, saved.spacing) == (former.axes, former.spacing)


def test_a_session_goes_on_where_it_was_saved(
    open_dock, folder, qtbot, tmp_path, recovery_folder
):
    path = tmp_path / "übung eins.jcc"
    first = open_dock()
    run_on(first, folder, qtbot)
    stroke(first, 1, slice(2, 8), slice(3, 12), 1)
    wait(first, qtbot)
    first.form.rows["problem.nu"].editor.set_value(0.9)
    first.session.set_statuses({first.session.keys[2]: "accepted"})
    assert first.session.keeper.unsaved_by_hand
    first.session.keeper.copy()
    wait(first, qtbot)
    assert len(list(recovery_folder.glob("*.jcc"))) == 1
    first.project.save(path)
    wait(first, qtbot)
    assert not first.session.keeper.unsaved
    assert list(recovery_folder.glob("*.jcc")) == []
    masks = layer_of(first, Labels).data.copy()
    assert str(path) in first.panel.status.text()

    second = open_dock()
    opened(second, path, qtbot)
    session = second.session
    np.testing.assert_array_equal(layer_of(second, Labels).data, masks)
    assert session.edits == first.session.edits
    assert session.statuses == first.session.statuses
    assert second.form.config().problem.nu == 0.9
    assert second.project.state.text() == path.name
    assert "4 images" in second.results.summary.text()
    assert not session.keeper.unsaved_by_hand

    # No run until something is drawn; then the image answers and the set follows.
    settled, said, summary = [], [], second.corrections.summary
    session.corrections.answering.settled.connect(settled.append)
    session.corrections.answering.began.connect(lambda _: said.append(summary.text()))
    assert "repeats the run behind these masks, once" in summary.text()
    stroke(second, 3, slice(2, 8), slice(3, 12), 1)
    qtbot.waitUntil(lambda: len(settled) == 1, timeout=60_000)
    wait(second, qtbot)
    labels = layer_of(second, Labels).data
    assert (labels[1, 2:8, 3:12] == 1).all()
    assert (labels[3, 2:8, 3:12] == 1).all()
    assert (
        "2 images corrected; the run behind these masks is repeated: Superpixels…" in said
    )
    assert summary.text().endswith("s after the correction.")
    assert second.project.state.text().endswith("unsaved changes")

    count = len(session.viewer.layers)
    second.run()
    wait(second, qtbot)
    assert len(session.viewer.layers) == count + 1  # the saliency
    assert (layer_of(second, Labels).data[1, 2:8, 3:12] == 1).all()


def test_the_copied_command_gives_the_masks_that_are_shown(
    open_dock, folder, qtbot, tmp_path
):
    path, out = tmp_path / "corrected.jcc", tmp_path / "out"
    widget = open_dock()
    run_on(widget, folder, qtbot)
    stroke(widget, 1, slice(2, 30), slice(3, 40), 1)
    wait(widget, qtbot)
    stroke(widget, 2, slice(2, 30), slice(3, 40), 1)
    wait(widget, qtbot)
    widget.copy_command()
    assert "leaves your corrections out" in notification_manager.records[-1].message
    assert "--corrections" not in QApplication.clipboard().text()
    widget.project.save(path)
    wait(widget, qtbot)
    widget.copy_command()
    _, *words = shlex.split(QApplication.clipboard().text())
    assert words[words.index("--corrections") + 1] == str(path)
    widget.saving.save(tmp_path / "saved")
    wait(widget, qtbot)
    record = json.loads((tmp_path / "saved" / "run.json").read_text())
    assert record["corrected"] == ["b", "c"]
    assert f"--corrections {path}" in record["command"]
    words[words.index("--output") + 1] = str(out)
    assert run(*words, "--quiet") == 0
    masks = layer_of(widget, Labels).data
    for place, name in enumerate("abcd"):
        with Picture.open(out / "masks" / f"{name}.png") as picture:
            found = np.asarray(picture) > 0
        height, width = found.shape
        np.testing.assert_array_equal(found, masks[place, :height, :width] > 0)


def test_images_of_the_same_names_in_another_folder_are_others(
    open_dock, folder, qtbot, tmp_path, monkeypatch
):
    path, other = tmp_path / "first.jcc", tmp_path / "other"
    other.mkdir()
    for file in folder.iterdir():
        with Picture.open(file) as image:
            image.rotate(180).save(other / file.name)
    widget = open_dock()
    session, panel = widget.session, widget.corrections
    run_on(widget, folder, qtbot)
    first = session.shown
    stroke(widget, 1, slice(2, 8), slice(3, 12), 1)
    wait(widget, qtbot)
    session.set_statuses({session.keys[2]: "accepted"})
    statuses = session.statuses
    widget.project.save(path)
    wait(widget, qtbot)
    saved, edits = path.read_bytes(), session.edits

    run_on(widget, other, qtbot)
    assert session.shown is not first
    assert session.statuses == {}
    assert "corrected" not in panel.summary.text()
    assert not (panel.undo_button.isEnabled() or panel.clear_button.isEnabled())
    panel.undo_button.click()
    session.corrections.undo()
    assert session.edits == edits
    asked = []
    monkeypatch.setattr(widget.project, "ask_save_as", lambda: asked.append(1))
    widget.project.save()
    wait(widget, qtbot)
    assert asked
    assert path.read_bytes() == saved
    assert widget.project.state.text() == "not saved as a project"

    # Whoever turns to the first masks again goes on with them.
    session.viewer.layers.selection.active = first.masks
    assert session.shown is first
    assert session.statuses == statuses
    assert session.keeper.path == path
    session.viewer.dims.set_current_step(0, 0)
    first.masks.data_setitem((np.zeros(9, int), *np.mgrid[2:5, 3:6].reshape(2, -1)), 1)
    wait(widget, qtbot)
    assert session.edits.edited_places(session.keys) == (0, 1)


def move_far(folder, tmp_path):
    far = tmp_path / "archive" / "2024"
    far.mkdir(parents=True)
    for number, file in enumerate(sorted(folder.iterdir())):
        file.rename(far / f"{number}.png")
    return far


def leave_copy(widget, folder, qtbot):
    """Draw, never save, and end as the system ends a process that was killed."""
    run_on(widget, folder, qtbot)
    stroke(widget, 1, slice(2, 8), slice(3, 12), 1)
    wait(widget, qtbot)
    widget.session.keeper.copy()
    wait(widget, qtbot)
    widget.session.keeper._autosave.leave()
    widget.session.keeper._autosave = None


def find_images(widget, folder, qtbot):
    """Search a folder for images that the status line says are missing."""
    assert "Project, Find images…" in widget.panel.status.text()
    assert widget.project.find_action.isEnabled()
    former = widget.session.opened
    widget.project.find_images(folder)
    qtbot.waitUntil(lambda: widget.session.opened is not former, timeout=60_000)
    wait(widget, qtbot)


def test_images_of_a_recovered_session_are_found_where_they_have_moved(
    open_dock, folder, qtbot, tmp_path
):
    first = open_dock()
    leave_copy(first, folder, qtbot)
    masks = layer_of(first, Labels).data.copy()
    far = move_far(folder, tmp_path)
    second = open_dock()
    qtbot.waitUntil(lambda: not second.project.recovery.isHidden(), timeout=30_000)
    second.project.recovery.recover_button.click()
    qtbot.waitUntil(lambda: second.session.shown is not None, timeout=60_000)
    wait(second, qtbot)
    find_images(second, far.parent, qtbot)
    names = [layer.name for layer in second.session.viewer.layers]
    assert names == ["recovered", "recovered masks", "recovered boxes"]
    assert second.session.edits == first.session.edits
    np.testing.assert_array_equal(layer_of(second, Labels).data, masks)
    assert second.panel.run_button.isEnabled()


def test_a_copy_is_not_discarded_without_a_question(
    open_dock, folder, qtbot, recovery_folder, monkeypatch
):
    leave_copy(open_dock(), folder, qtbot)
    answers = iter((False, True))
    monkeypatch.setattr(recovery_bar, "confirm", lambda *_: next(answers))
    widget = open_dock()
    recovery = widget.project.recovery
    qtbot.waitUntil(lambda: not recovery.isHidden(), timeout=30_000)
    recovery.discard_button.click()
    wait(widget, qtbot)
    assert len(list(recovery_folder.glob("*.jcc"))) == 1
    assert not recovery.isHidden()
    recovery.discard_button.click()
    wait(widget, qtbot)
    assert list(recovery_folder.glob("*.jcc")) == []
    assert recovery.isHidden()


def test_images_that_have_moved_far_are_found_from_the_window(
    open_dock, folder, qtbot, tmp_path
):
    path = tmp_path / "cells.jcc"
    first = open_dock()
    run_on(first, folder, qtbot)
    stroke(first, 1, slice(2, 8), slice(3, 12), 1)
    wait(first, qtbot)
    assert not first.project.find_action.isEnabled()
    first.project.save(path)
    wait(first, qtbot)
    masks = layer_of(first, Labels).data.copy()
    far = move_far(folder, tmp_path)

    second = open_dock()
    opened(second, path, qtbot)
    find_images(second, far.parent, qtbot)
    layers = second.session.viewer.layers
    assert [layer.name for layer in layers] == ["cells", "cells masks", "cells boxes"]
    np.testing.assert_array_equal(layer_of(second, Labels).data, masks)
    assert second.session.edits == first.session.edits
    assert not second.project.find_action.isEnabled()
    assert "unsaved" in second.project.state.text()

    # No longer where they were saved: the project says so by its own file.
    second.project.save()
    wait(second, qtbot)
    assert not load_project(path)[1].missing


def test_a_project_dropped_on_the_window_is_gone_on_with(
    open_dock, folder, qtbot, tmp_path, monkeypatch
):
    first = open_dock()
    run_on(first, folder, qtbot)
    first.presets.set_preset("many")
    first.form.rows["saliency.object_width"].editor.set_value(0.1)
    first.project.save(tmp_path / "x.jcc")
    wait(first, qtbot)
    stroke(first, 0, slice(2, 8), slice(3, 12), 1)
    wait(first, qtbot)

    # In the window where more was drawn: the file counts, Redo has the rest.
    first.session.viewer.open(str(tmp_path / "x.jcc"), plugin=None)
    assert len(first.session.edits) == 0
    first.corrections.redo_button.click()
    wait(first, qtbot)
    assert (layer_of(first, Labels).data[0, 2:8, 3:12] == 1).all()

    (folder / "d.png").unlink()
    second = open_dock(tmp_path / "x.jcc")  # there before the dock
    assert second.project.state.text() == "x.jcc"
    assert second.session.config.saliency.object_width == 0.1
    assert second.session.shown.answer.result.images[-1].name == "c"
    assert "1 image is missing" in second.panel.status.text()

    def cancel_late(*arguments):
        save_project(*arguments)
        next(iter(second.session.jobs)).cancel()

    monkeypatch.setattr(keeper, "save_project", cancel_late)
    second.project.save(tmp_path / "y.jcc")
    wait(second, qtbot)
    assert second.project.state.text() == "y.jcc"
    assert second.panel.status.text() == f"Saved {tmp_path / 'y.jcc'}"
    again, report = load_project(tmp_path / "y.jcc")
    assert again.names == ("a", "b", "c", "d")
    assert len(again.result.images) == 4
    assert list(report.missing) == ["d"]


def test_what_a_killed_session_drew_is_offered_and_recovered(
    open_dock, folder, qtbot, recovery_folder
):
    first = open_dock()
    run_on(first, folder, qtbot)
    stroke(first, 1, slice(2, 8), slice(3, 12), 1)
    wait(first, qtbot)
    assert list(recovery_folder.glob("*.jcc")) == []
    first.session.keeper.copy()
    wait(first, qtbot)
    (copy,) = recovery_folder.glob("*.jcc")
    second = open_dock()
    wait(second, qtbot)
    assert second.project.recovery.isHidden()  # the first still lives
    edits = first.session.edits
    # As the system does with a process that was killed.
    first.session.keeper._autosave.leave()
    first.session.keeper._autosave = None

    third = open_dock()
    qtbot.waitUntil(lambda: not third.project.recovery.isHidden(), timeout=30_000)
    assert "4 images" in third.project.recovery.text.text()
    third.project.recovery.recover_button.click()
    qtbot.waitUntil(lambda: third.session.shown is not None, timeout=60_000)
    wait(third, qtbot)
    assert third.project.recovery.isHidden()
    assert third.session.edits == edits
    assert (layer_of(third, Labels).data[1, 2:8, 3:12] == 1).all()
    third.session.keeper.copy()
    wait(third, qtbot)
    assert not copy.exists()
    assert len(list(recovery_folder.glob("*.jcc"))) == 1


def test_closing_keeps_a_copy_of_unsaved_work_only(
    open_dock, folder, qtbot, recovery_folder, tmp_path
):
    widget = open_dock()
    run_on(widget, folder, qtbot)
    session = widget.session
    session.keeper.copy()
    session.keeper.end()  # while it is written
    wait(widget, qtbot)
    assert not session.keeper._timer.isActive()
    assert list(recovery_folder.glob("*")) == []  # a run alone can be repeated

    stroke(widget, 1, slice(2, 8), slice(3, 12), 1)
    wait(widget, qtbot)
    session.keeper.end()
    (copy,) = recovery_folder.glob("*.jcc")
    assert load_project(copy)[0].edits == session.edits
    # napari may ask, and the user stay.
    widget.project.save(tmp_path / "x.jcc")
    wait(widget, qtbot)
    session.keeper.end()
    assert list(recovery_folder.glob("*.jcc")) == []


def test_the_window_itself_keeps_what_was_drawn_when_it_is_closed(
    make_napari_viewer, quick_config, folder, qtbot, recovery_folder
):
    viewer = make_napari_viewer(show=True)
    _, widget = viewer.window.add_plugin_dock_widget("napari-jcc", "Co-segment")
    widget.form.set_config(quick_config)
    qtbot.waitUntil(widget.isVisible)
    run_on(widget, folder, qtbot)
    session = widget.session
    # Closed in the same moment, before the event loop turns.
    stroke(widget, 1, slice(2, 8), slice(3, 12), 1)
    QApplication.sendEvent(viewer.window._qt_window, QCloseEvent())
    (copy,) = recovery_folder.glob("*.jcc")
    (kept,) = load_project(copy)[0].edits.entries
    assert (kept,) == session.edits.entries
    assert kept.key.name == "b"


def test_what_was_drawn_before_a_script_closes_the_viewer_is_kept(
    make_napari_viewer, quick_config, folder, qtbot, recovery_folder
):
    viewer = make_napari_viewer(show=True)
    _, widget = viewer.window.add_plugin_dock_widget("napari-jcc", "Co-segment")
    widget.form.set_config(quick_config)
    qtbot.waitUntil(widget.isVisible)
    run_on(widget, folder, qtbot)
    edits = widget.session.edits
    stroke(widget, 1, slice(2, 8), slice(3, 12), 1)
    viewer.close()  # which removes all layers first
    (copy,) = recovery_folder.glob("*.jcc")
    (kept,) = load_project(copy)[0].edits.entries
    assert (kept.key.name, len(edits.entries)) == ("b", 0)


def test_a_full_disk_is_told_once_and_tried_again(
    open_dock, folder, qtbot, monkeypatch, recovery_folder
):
    widget = open_dock()
    run_on(widget, folder, qtbot)
    real = keeper.Autosave

    def full(*args):
        raise OutputError("Cannot write automatic copies: no space left on the disk.")

    monkeypatch.setattr(keeper, "Autosave", full)
    notification_manager.records.clear()
    for _ in range(2):
        widget.session.keeper.copy()
        wait(widget, qtbot)
    told = [n.message for n in notification_manager.records]
    assert sum("no space left" in text for text in told) == 1
    assert "no automatic copy" in widget.project.state.text()
    assert widget.session.keeper._timer.isActive()
    monkeypatch.setattr(keeper, "Autosave", real)
    widget.session.keeper.copy()
    wait(widget, qtbot)
    assert "no automatic copy" not in widget.project.state.text()
    assert len(list(recovery_folder.glob("*.jcc"))) == 1


def test_a_bad_project_is_refused_and_all_else_stays(open_dock, folder, qtbot, tmp_path):
    widget = open_dock()
    run_on(widget, folder, qtbot)
    path = tmp_path / "x.jcc"
    widget.project.save(path)
    wait(widget, qtbot)
    content = path.read_bytes()
    shown, layers = widget.session.shown, list(widget.session.viewer.layers)
    for harm, expected in {
        _cut: "cut off",
        _raise_version: "Update",
        _replace: "not a project",
    }.items():
        path.write_bytes(content)
        harm(path)
        notification_manager.records.clear()
        widget.project.open(path)
        wait(widget, qtbot)
        assert expected in widget.panel.status.text()
        (notice,) = notification_manager.records
        ((title, copy),) = notice.actions
        assert title == "Copy details"
        copy(None)
        assert "Traceback" in QApplication.clipboard().text()
    assert widget.session.shown is shown
    assert list(widget.session.viewer.layers) == layers


def _cut(path):
    path.write_bytes(path.read_bytes()[:2000])


def _replace(path):
    path.write_text("dear")


def _raise_version(path):
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    outline = json.loads(parts["project.json"])
    outline["format_version"] = FORMAT_VERSION + 1
    parts["project.json"] = json.dumps(outline).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def test_exports_have_the_edits(open_dock, folder, qtbot, tmp_path):
    widget = open_dock()
    assert not widget.export.isEnabled()
    run_on(widget, folder, qtbot)
    stroke(widget, 0, slice(0, 64), slice(0, 80), 1)
    wait(widget, qtbot)
    for kind, out in {"png": "masks", "csv": "t.csv", "coco": "c.json"}.items():
        widget.export.export(kind, tmp_path / out)
        wait(widget, qtbot)
        assert out in widget.panel.status.text()
    with Picture.open(tmp_path / "masks" / "a.png") as picture:
        shown = layer_of(widget, Labels).data[0, :64, :80]
        np.testing.assert_array_equal(np.asarray(picture) == 255, shown == 1)
    assert "edited" in (tmp_path / "t.csv").read_text(encoding="utf-8")
    assert len(json.loads((tmp_path / "c.json").read_text())["images"]) == 4


def test_layers_renamed_or_deleted_during_a_run(open_dock, folder, qtbot):
    widget = open_dock()
    run_on(widget, folder, qtbot)
    stroke(widget, 1, slice(2, 8), slice(3, 12), 1)
    wait(widget, qtbot)
    viewer = widget.session.viewer
    widget.form.rows["problem.nu"].editor.set_value(0.9)
    widget.run()
    layer_of(widget, Labels).name = "renamed"
    viewer.layers.remove(layer_of(widget, Shapes))
    wait(widget, qtbot)
    assert layer_of(widget, Labels).name == "renamed"
    assert (layer_of(widget, Labels).data[1, 2:8, 3:12] == 1).all()
    assert layer_of(widget, Shapes)

    widget.run()
    viewer.layers.clear()
    wait(widget, qtbot)
    assert (layer_of(widget, Labels).data[1, 2:8, 3:12] == 1).all()
    assert len(widget.session.edits.edited) == 1


def test_masks_of_a_wrong_shape_are_told_and_edits_kept(open_dock, folder, qtbot):
    widget = open_dock()
    run_on(widget, folder, qtbot)
    stroke(widget, 1, slice(2, 8), slice(3, 12), 1)
    wait(widget, qtbot)
    before = widget.session.edits
    notification_manager.records.clear()
    wrong = layer_of(widget, Labels)
    wrong.data = np.ones((2, 10, 10), np.uint8)
    wrong.data_setitem((np.array([0]), np.array([1]), np.array([1])), 0)
    wait(widget, qtbot)
    told = [n.message for n in notification_manager.records]
    assert any("shape (2, 10, 10)" in text for text in told)
    assert widget.session.edits == before

    widget.run()
    wait(widget, qtbot)
    assert layer_of(widget, Labels) is not wrong
    assert (layer_of(widget, Labels).data[1, 2:8, 3:12] == 1).all()


def test_painting_on_an_image_that_was_left_out_is_told(open_dock, folder, qtbot):
    widget = open_dock()
    ((data, options, _),) = read_stack(folder)
    widget.session.viewer.add_layer(Image(data, **options))
    (folder / "b.png").write_bytes((folder / "b.png").read_bytes()[:400])
    widget.run()
    wait(widget, qtbot)
    assert [image.name for image in widget.shown.answer.result.images] == ["a", "c", "d"]
    notification_manager.records.clear()
    stroke(widget, 1, slice(2, 8), slice(3, 12), 1)
    stroke(widget, 3, slice(2, 8), slice(3, 12), 1)
    wait(widget, qtbot)
    told = [n.message for n in notification_manager.records]
    assert any("left out of the run" in text for text in told)
    (key,) = widget.session.edits.edited
    assert key.name == "d"
    marks = widget.session.edits.marks(key, (60, 90))
    assert (marks[2:8, 3:12] == OBJECT).all()


def test_a_box_drawn_beyond_the_images_is_refused(open_dock, folder, qtbot):
    widget = open_dock()
    run_on(widget, folder, qtbot)
    shapes = layer_of(widget, Shapes)
    before = widget.session.edits
    notification_manager.records.clear()
    outside = np.array([[9, 1, 1], [9, 1, 5], [9, 5, 5], [9, 5, 1]], float)
    beside = np.array([[0, 500, 500], [0, 500, 505], [0, 505, 505], [0, 505, 500]], float)
    shapes.add_rectangles([outside, beside])
    widget.session.corrections._on_boxes()
    wait(widget, qtbot)
    assert widget.session.edits == before
    assert any("not taken over" in n.message for n in notification_manager.records)


def test_the_window_stays_alive_while_it_corrects_and_saves_by_ctrl_s(
    open_dock, folder, qtbot, tmp_path
):
    widget = open_dock()
    run_on(widget, folder, qtbot)
    widget.project.save(tmp_path / "keys.jcc")
    wait(widget, qtbot)
    beats: list[float] = []
    timer = QTimer()
    timer.timeout.connect(lambda: beats.append(time.perf_counter()))
    timer.start(5)
    stroke(widget, 1, slice(2, 8), slice(3, 12), 1)
    wait(widget, qtbot)
    qtbot.keyClick(widget.form, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    wait(widget, qtbot)
    timer.stop()
    assert len(load_project(tmp_path / "keys.jcc")[0].edits) == 1
    # A busy machine takes the processor away for longer than our 50 ms.
    assert np.median(np.diff(beats)) < 0.05


def test_jobs_are_listed_with_progress_and_cancel(open_dock, qtbot):
    widget = open_dock()

    def work(progress):
        progress.start("Counting", 20_000)
        for _ in range(20_000):  # longer than any machine takes to press the button
            time.sleep(0.005)
            progress.advance()

    widget.start("Count", work, lambda _: None)
    (row,) = widget.project.jobs.rows.values()
    qtbot.waitUntil(lambda: "(1)" in widget.project.jobs.text(), timeout=30_000)
    qtbot.waitUntil(lambda: row.bar.maximum() == 20_000, timeout=30_000)
    row.cancel_button.click()
    qtbot.waitUntil(lambda: not widget.running, timeout=10_000)
    assert not widget.project.jobs.rows
    assert widget.panel.status.text() == "Cancelled."  # and not that stages are kept


def test_a_reopened_dock_shows_the_session(open_dock, folder, qtbot):
    widget = open_dock()
    run_on(widget, folder, qtbot)
    viewer = widget._viewer
    viewer.window.remove_dock_widget(widget)
    again = CosegmentWidget(viewer)
    viewer.window.add_dock_widget(again, name="Co-segment")
    assert again.session is get_session(viewer)
    assert "4 images" in again.results.summary.text()
    assert not again.corrections.isHidden()
    assert again.form.config() == widget.form.config()


def test_a_dock_that_is_opened_after_its_project_has_its_settings(
    open_dock, folder, qtbot, tmp_path, quick_config
):
    widget = open_dock()
    widget.presets.set_preset("many")
    settings = apply_overrides(quick_config, {"problem.nu": 0.7})
    widget.form.set_config(settings)
    run_on(widget, folder, qtbot)
    widget.project.save(tmp_path / "many.jcc")
    wait(widget, qtbot)
    again = open_dock(tmp_path / "many.jcc")
    wait(again, qtbot)
    assert again.presets.preset == "many"
    assert again.form.config() == again.session.config == settings
