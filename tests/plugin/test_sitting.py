"""One sitting by mouse and keys alone, from the menu to the exports."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as Picture
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QAbstractButton, QApplication, QFileDialog, QSlider

from napari_jcc.interaction import OBJECT
from napari_jcc.plugin.opening import OpeningDock
from napari_jcc.plugin.session import get_session
from napari_jcc.results.exports import EXPORT_FORMATS
from napari_menu import press_in_menu

pytestmark = pytest.mark.gui

LEFT, NO_KEY = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


class Hands:
    """Finds controls by what they say, and uses them."""

    def __init__(self, viewer, qtbot, monkeypatch):
        self.viewer, self.qtbot, self.patch = viewer, qtbot, monkeypatch
        self.window = viewer.window._qt_window
        self.session = get_session(viewer)

    def open_from_menu(self):
        press_in_menu("Co-segment")
        self.settle()

    def button(self, text):
        found = [
            b
            for b in self.window.findChildren(QAbstractButton)
            if b.isVisible() and b.text().replace("&", "").startswith(text)
        ]
        assert len(found) == 1, (text, [b.text() for b in found])
        return found[0]

    def click(self, text):
        button = self.button(text)
        assert button.isEnabled(), (text, button.toolTip())
        self.qtbot.mouseClick(button, LEFT)
        self.qtbot.wait(50)
        self.settle()

    def settle(self):
        docks = self.session.docks.values()
        self.qtbot.waitUntil(
            lambda: (
                not (self.session.jobs or any(dock.running for dock in docks))
                and not self.window.findChildren(OpeningDock)
            ),
            timeout=60_000,
        )
        self.qtbot.wait(50)

    def answer(self, name, value):
        self.patch.setattr(QFileDialog, name, staticmethod(lambda *_: value))

    def paint(self, layer, *points):
        """Drag the mouse over the canvas, from point to point (row, column)."""
        canvas = self.viewer.window._qt_viewer.canvas
        node = canvas.layer_to_visual[layer].node.get_transform("visual", "canvas")
        places = [QPoint(*map(int, node.map([x + 0.5, y + 0.5])[:2])) for y, x in points]
        self.qtbot.mousePress(canvas.native, LEFT, NO_KEY, places[0])
        for place in places[1:]:
            # Those of the test library hold no button down.
            kind, at = QEvent.Type.MouseMove, QPointF(place)
            there = QPointF(canvas.native.mapToGlobal(place))
            none = Qt.MouseButton.NoButton
            move = QMouseEvent(kind, at, there, none, LEFT, NO_KEY)
            QApplication.sendEvent(canvas.native, move)
            self.qtbot.wait(5)
        self.qtbot.mouseRelease(canvas.native, LEFT, NO_KEY, places[-1])
        self.qtbot.wait(50)
        self.settle()


def test_one_sitting(
    make_napari_viewer, quick_config, tiny_collection, qtbot, monkeypatch, tmp_path
):
    folder, project = tmp_path / "set", tmp_path / "set.jcc"
    folder.mkdir()
    for name, image, mask in zip(
        "abcd", tiny_collection.images, tiny_collection.masks, strict=True
    ):
        Picture.fromarray(image).save(folder / f"{name}.png")
        Picture.fromarray(mask.astype(np.uint8) * 255).save(folder / f"{name}_mask.png")

    viewer = make_napari_viewer(show=True)
    hands = Hands(viewer, qtbot, monkeypatch)
    session = hands.session
    session.set_settings(quick_config)
    hands.open_from_menu()
    hands.answer("getExistingDirectory", str(folder))
    hands.click("Open folder")
    hands.click("Run")
    assert session.shown.answer.collection.names == tuple("abcd")

    hands.click("Sweep")
    hands.click("Run sweep")
    sliders = hands.window.findChildren(QSlider)
    (slider,) = [s for s in sliders if s.isVisible() and "every point" in s.toolTip()]
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_Home)
    hands.click("Use this")
    assert session.config.problem.nu != quick_config.problem.nu
    assert len(session.docks) == 2

    masks, canvas = session.shown.masks, viewer.window._qt_viewer.canvas.native
    for place in (1, 2):
        viewer.dims.set_current_step(0, place)
        canvas.setFocus()
        masks.mode, masks.brush_size, masks.selected_label = "paint", 4, 1
        hands.paint(masks, (6, 8), (6, 12), (6, 16), (6, 20))
        key = session.shown.answer.corrector.keys[place]
        shape = session.shown.answer.result.images[place].mask.shape
        assert (session.edits.marks(key, shape)[6, 8:21] == OBJECT).all()
    masks.mode = "pan_zoom"
    hands.click("Review")
    hands.click("Accept")
    assert session.statuses["c"] == "accepted"

    hands.answer("getSaveFileName", (str(project), ""))
    dock = hands.button("Accept").parentWidget()
    qtbot.keyClick(dock, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    hands.settle()
    saved = masks.data.copy()
    edits, statuses = session.edits, dict(session.statuses)
    viewer.close()

    viewer = make_napari_viewer(show=True)
    viewer.open(project, plugin="napari-jcc")
    hands = Hands(viewer, qtbot, monkeypatch)
    hands.open_from_menu()
    hands.settle()
    session = hands.session
    np.testing.assert_array_equal(session.shown.masks.data, saved)
    assert (session.edits, session.statuses) == (edits, statuses)
    actions = hands.button("Export").menu().actions()
    keys = {action.text().partition("&")[2][0] for action in actions}
    assert len(keys) == len(actions)
    for action, (kind, form) in zip(actions, EXPORT_FORMATS.items(), strict=True):
        out = tmp_path / kind
        out.mkdir()
        hands.answer("getExistingDirectory", str(out))
        hands.answer("getSaveFileName", (str(out / (form.file or "")), ""))
        action.trigger()
        hands.settle()
        assert any(out.iterdir()), kind
