"""The project in napari's File menu."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import napari
from napari.utils.notifications import show_info

from napari_jcc.plugin.docks import find_dock, open_dock
from napari_jcc.plugin.opening import OpeningDock

if TYPE_CHECKING:
    from napari_jcc.plugin.widgets.project_bar import ProjectBar


def open_project() -> None:
    """Let the user choose a project and go on with it."""
    bar = _find_bar()
    if bar is not None:
        bar.ask_open()


def save_project() -> None:
    """Save the session to its file, or ask for one."""
    bar = _find_bar()
    if bar is not None:
        bar.save()


def save_project_of(viewer: Any) -> None:
    """Save the session of a viewer, in whatever dock the user is."""
    dock = find_dock(viewer, "Co-segment")
    if dock is None or isinstance(dock, OpeningDock):
        dock = open_dock(viewer, "Co-segment")
    bar: ProjectBar = dock.project
    bar.save()


def _find_bar() -> ProjectBar | None:
    """Bar of the current viewer's Co-segment dock, which is opened if need be."""
    viewer = napari.current_viewer()
    if viewer is None:
        show_info("Open a napari window first.")
        return None
    bar: ProjectBar = open_dock(viewer, "Co-segment").project
    return bar
