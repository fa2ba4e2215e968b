"""Open another dock of the plugin beside those that are there."""

from __future__ import annotations

from typing import Any, cast

import napari
from napari.utils.notifications import (
    Notification,
    NotificationSeverity,
    notification_manager,
)
from npe2 import PluginManager
from qtpy.QtWidgets import QWidget

from napari_jcc.plugin.opening import OpeningDock, give_keyboard, is_in_use
from napari_jcc.plugin.preferences import PLUGIN
from napari_jcc.plugin.tabs import frame_of


def open_dock(viewer: Any, title: str) -> Any:
    """Open a dock, or bring it to the front, and return its widget.

    Parameters
    ----------
    viewer
        Whose window it is shown in.
    title
        As the manifest calls it: ``"Review"``.
    """
    widget = find_dock(viewer, title)
    if isinstance(widget, OpeningDock):
        widget = widget.finish()
    if widget is None:
        widget = _find_opening(title).kind()(viewer)  # every dock takes the viewer
        _add(viewer, widget, title)
    _bring_to_front(widget)
    return widget


def show_dock(viewer: Any, title: str) -> None:
    """Open a dock or bring it to the front; returns before it is there (`OpeningDock`)."""
    widget = find_dock(viewer, title)
    if widget is None:
        widget = _find_opening(title)(viewer, at_once=False)
        _add(viewer, widget, title)
    _bring_to_front(widget)


def find_dock(viewer: Any, title: str) -> Any:
    """Return a dock that is in the window, or what stands in for it while it is loaded."""
    fits = _find_opening(title).fits
    return next(filter(fits, viewer.window.dock_widgets.values()), None)


def _add(viewer: Any, widget: QWidget, title: str) -> None:
    # The name under which napari's menus look for it, to open none twice.
    manifest = PluginManager.instance().get_manifest(PLUGIN)
    name = f"{title} ({manifest.display_name})"
    viewer.window.add_dock_widget(widget, name=name, tabify=True)


def _bring_to_front(widget: QWidget) -> None:
    frame = frame_of(widget)
    if frame is not None:
        frame.show()
        frame.raise_()
    if is_in_use() and not isinstance(widget, OpeningDock):
        give_keyboard(widget)


def offer_dock(title: str, text: str) -> None:
    """Say what a dock is for, with a button that opens it; nothing where it is open."""
    viewer = napari.current_viewer()
    if viewer is None or find_dock(viewer, title) is not None:
        return
    action = (f"Open {title}", lambda _: show_dock(viewer, title))
    notification_manager.dispatch(
        Notification(text, NotificationSeverity.INFO, actions=(action,))
    )


def _find_opening(title: str) -> type[OpeningDock]:
    (opening,) = (
        cast("type[OpeningDock]", found.get_callable())
        for found in PluginManager.instance().iter_widgets()
        if (found.plugin_name, found.display_name) == (PLUGIN, title)
    )
    return opening
