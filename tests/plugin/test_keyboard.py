"""Every dock can be used without a mouse, and read out."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from napari.layers import Image
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QImage
from qtpy.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget

from napari_jcc.plugin.docks import open_dock
from napari_jcc.plugin.stack import stack_layer

pytestmark = pytest.mark.gui

ROW = 12
"""Pixels that the upper edges of controls in one row may differ by."""

DOCKS = ("Co-segment", "Sweep", "Review", "Match", "Train", "Landmarks")


@pytest.mark.parametrize("title", DOCKS)
def test_all_controls_are_reached_named_and_have_keys_of_their_own(
    title, make_napari_viewer, tiny_collection
):
    viewer = make_napari_viewer()
    viewer.add_layer(Image.create(*stack_layer(tiny_collection.open(), "set")))
    dock = open_dock(viewer, title)
    QApplication.processEvents()
    wanted = [w for w in dock.findChildren(QWidget) if takes_tab(w, dock)]
    assert len(wanted) >= 5
    assert set(wanted) <= set(follow_tab(dock))
    labels = [label for label in dock.findChildren(QLabel) if label.isVisibleTo(dock)]
    buddies = [label.buddy() for label in labels]
    unnamed = [w for w in wanted if not name_of(w) and w not in buddies]
    assert unnamed == []

    buttons = [b for b in dock.findChildren(QAbstractButton) if b.isVisibleTo(dock)]
    texts = [b.text() for b in buttons] + [la.text() for la in labels if la.buddy()]
    keys = Counter(key for key in map(key_of, texts) if key)
    assert [key for key, count in keys.items() if count > 1] == []
    everywhere = [b.text() for b in dock.findChildren(QAbstractButton)]
    taken = keys_of_napari(viewer)
    assert {"f", "p", "s"} <= taken
    assert [text for text in everywhere + texts if key_of(text) in taken] == []


def keys_of_napari(viewer) -> set[str]:
    """Letters with which Alt opens a menu of napari or starts one of its commands."""
    titles = viewer.window._qt_window.menuBar().actions()
    shortcuts = set()
    for title in titles:
        title.menu().aboutToShow.emit()  # fills it
        shortcuts |= {action.shortcut().toString() for action in title.menu().actions()}
    commands = {keys[-1].lower() for keys in shortcuts if keys[:-1] == "Alt+"}
    return commands | {key_of(title.text()) for title in titles}


def key_of(text: str) -> str:
    return text[text.index("&") + 1].lower() if "&" in text else ""


def takes_tab(widget: QWidget, dock: QWidget) -> bool:
    """Whether the tab key should stop at a widget as the dock is now."""
    by_tab = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    usable = widget.isVisibleTo(dock) and widget.isEnabled()
    return bool(usable and by_tab and widget.focusProxy() is None)


def follow_tab(dock: QWidget) -> list[QWidget]:
    """List the widgets in the order of the tab key."""
    chain, widget = [], dock.nextInFocusChain()
    while widget is not None and widget is not dock:
        chain.append(widget)
        widget = widget.nextInFocusChain()
    return chain


def name_of(widget: QWidget) -> str:
    """Name by which a widget is read out."""
    if isinstance(widget, QAbstractButton) and widget.text():
        return widget.text()
    return widget.accessibleName()


@pytest.fixture
def dock(make_napari_viewer, tiny_collection, request):
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1280, 1000)  # nothing is scrolled out of its place
    viewer.add_layer(Image.create(*stack_layer(tiny_collection.open(), "set")))
    dock = open_dock(viewer, request.param)
    dock.window().activateWindow()
    QApplication.processEvents()
    return dock


@pytest.mark.parametrize("dock", DOCKS, indirect=True)
def test_tab_goes_from_top_to_bottom_and_from_left_to_right(dock):
    stops = [w for w in follow_tab(dock) if dock.isAncestorOf(w) and takes_tab(w, dock)]
    back = []
    for before, after in pairwise(stops):
        one, two = corner(before, dock), corner(after, dock)
        same_row = abs(two.y() - one.y()) <= ROW
        if two.y() < one.y() - ROW or (same_row and two.x() < one.x()):
            back.append((name_of(before), name_of(after)))
    assert back == []


@pytest.mark.parametrize("dock", ["Co-segment"], indirect=True)
def test_what_the_keyboard_is_at_is_framed_until_the_mouse_is_used(dock, qtbot):
    button = dock.panel.run_button
    dock.chooser.open_button.setFocus()
    before = button.grab().toImage()
    steps = 0
    while not button.hasFocus():
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        steps += 1
        assert steps < 60
    assert orange(button.grab().toImage()) > 100 > orange(before)
    qtbot.mouseClick(dock.chooser.open_button, Qt.MouseButton.RightButton)
    button.clearFocus()
    button.setFocus()
    assert orange(button.grab().toImage()) < 100


@pytest.mark.parametrize("dock", ["Co-segment"], indirect=True)
def test_enter_runs_escape_cancels_and_the_keyboard_stays(dock, qtbot):
    button = dock.panel.run_button
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Return)
    assert dock.running
    assert dock.panel.cancel_button.hasFocus()
    qtbot.keyClick(dock.panel.cancel_button, Qt.Key.Key_Escape)
    assert "Cancelling" in dock.panel.status.text()
    qtbot.waitUntil(lambda: not dock.running, timeout=60_000)
    assert button.hasFocus()
    assert dock.panel.status.text().startswith("Cancelled")

    dock.chooser.open_button.setFocus()
    dock.run()
    assert dock.chooser.open_button.hasFocus()
    dock.cancel()
    qtbot.waitUntil(lambda: not dock.running, timeout=60_000)
    assert dock.chooser.open_button.hasFocus()


def corner(widget: QWidget, dock: QWidget) -> QPoint:
    return widget.mapTo(dock, widget.rect().topLeft())


def orange(picture: QImage) -> int:
    """Count the pixels of the frame round what has the keyboard."""
    size = picture.width(), picture.height()
    places = ((x, y) for x in range(size[0]) for y in range(size[1]))
    return sum(picture.pixelColor(*p).name() == "#ff9f1c" for p in places)
