"""The window never stands still: what the plugin does in the GUI thread is short."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as Picture

from gui_time import GuiTime
from napari_jcc.plugin.docks import open_dock
from napari_jcc.plugin.widgets.cosegment import CosegmentWidget
from napari_jcc.results.exports import EXPORT_FORMATS

pytestmark = pytest.mark.gui

LIMIT = 0.05
"""Seconds of processor time; three times as much where other programs run beside it."""

COUNT, SIZE = 30, (600, 500)


@pytest.fixture
def folder(tmp_path, tiny_collection):
    """Return a folder of 30 images that are large enough for a slow line to be seen."""
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(COUNT):
        picture = Picture.fromarray(tiny_collection.images[number % 4])
        turned = picture.transpose(Picture.Transpose(number % 4)) if number > 3 else picture
        turned.resize(SIZE).save(folder / f"{number:02d}.jpg", quality=95)
    return folder


def test_no_job_keeps_the_gui_thread_busy(
    make_napari_viewer, quick_config, folder, qtbot, tmp_path, monkeypatch
):
    viewer = make_napari_viewer()
    _, widget = viewer.window.add_plugin_dock_widget("napari-jcc", "Co-segment")
    widget.form.set_config(quick_config)
    sweep, match = open_dock(viewer, "Sweep"), open_dock(viewer, "Match")
    review = open_dock(viewer, "Review")
    widget.open_folder(folder)
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
    qtbot.wait(500)  # what napari paints for a first layer is not ours
    times = GuiTime(monkeypatch)

    def do(title, act, *arguments):
        times.begin(title)
        act(*arguments)
        docks = widget, sweep, match, review
        qtbot.waitUntil(
            lambda: not (any(d.running for d in docks) or widget.session.jobs),
            timeout=120_000,
        )
        qtbot.wait(150)  # plots are drawn a moment later

    do("co-segment", widget.run)
    widget.form.rows["problem.nu"].editor.set_value(0.2)
    do("again", widget.run)
    do("stroke", paint, widget, 3)
    do("undo", widget.session.corrections.undo)
    do("save", widget.project.save, tmp_path / "p.jcc")
    for kind, form in EXPORT_FORMATS.items():
        out = tmp_path / kind
        out.mkdir()
        do(f"export {kind}", widget.export.export, kind, out / (form.file or "."))
    sweep.axes[0].set_text("0.1, 0.3, 1.0")
    do("sweep", sweep.run)
    do("look at a point", sweep.look_at, (2,))
    do("end the preview", sweep.end_button.click)
    match.pairs.choose("00", "01")
    do("match", match.run)
    times.stop()
    limit = 3 * LIMIT * times.slowness
    assert {t: round(s, 3) for t, s in times.longest.items() if s > limit} == {}


def paint(widget: CosegmentWidget, place: int) -> None:
    """Draw a block, as napari's brush sets its pixels."""
    masks = widget.session.shown.masks
    widget.session.viewer.dims.set_current_step(0, place)
    rows, columns = (axis.ravel() for axis in np.mgrid[20:60, 30:90])
    masks.data_setitem((np.full(len(rows), place), rows, columns), 1)
