"""Open another dock of the plugin beside those that are there."""

from __future__ import annotations

from typing import Any

PLUGIN = "napari-jcc"


def open_dock(viewer: Any, title: str) -> Any:
    """Open a dock, or bring it to the front, and return its widget.

    Parameters
    ----------
    viewer
        Whose window it is shown in.
    title
        As the manifest calls it: ``"Review"``.
    """
    dock, widget = viewer.window.add_plugin_dock_widget(PLUGIN, title, tabify=True)
    dock.show()
    dock.raise_()
    return widget
