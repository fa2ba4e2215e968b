"""Buttons that open the plugin's other docks, as the manifest lists them."""

from __future__ import annotations

from functools import partial
from typing import Any

from npe2 import PluginManager
from qtpy.QtWidgets import QGridLayout, QPushButton, QWidget

from napari_jcc.plugin.docks import show_dock
from napari_jcc.plugin.preferences import PLUGIN

_COLUMNS = 3


class DockBar(QWidget):
    """One button per dock, but for the one that the bar is in."""

    def __init__(self, viewer: Any, without: str) -> None:
        super().__init__()
        self.buttons: dict[str, QPushButton] = {}
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for title, tooltip in _list_docks().items():
            if title == without:
                continue
            button = QPushButton(f"{title}…")
            button.setToolTip(tooltip)
            button.clicked.connect(partial(_open, viewer, title))
            layout.addWidget(
                button, len(self.buttons) // _COLUMNS, len(self.buttons) % _COLUMNS
            )
            self.buttons[title] = button


def _open(viewer: Any, title: str, _: bool = False) -> None:
    show_dock(viewer, title)


def _list_docks() -> dict[str, str]:
    """Titles of the plugin's docks, and what they are for."""
    manifests = PluginManager.instance().iter_manifests()
    found = [manifest.contributions for manifest in manifests if manifest.name == PLUGIN]
    purposes = {c.id: c.title for part in found for c in part.commands or ()}
    docks = [dock for part in found for dock in part.widgets or ()]
    return {dock.display_name: str(purposes[dock.command]) for dock in docks}
