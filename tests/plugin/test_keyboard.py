"""Every dock can be used without a mouse, and read out."""

from __future__ import annotations

from collections import Counter

import pytest
from napari.layers import Image
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget

from napari_jcc.plugin.docks import open_dock
from napari_jcc.plugin.stack import stack_layer

pytestmark = pytest.mark.gui

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
    keys = Counter(text[text.index("&") + 1].lower() for text in texts if "&" in text)
    assert [key for key, count in keys.items() if count > 1] == []


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
