"""Base of docks that work on chosen images and let the user choose them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari.layers import Image
from qtpy.QtWidgets import QFileDialog

from napari_jcc.plugin.layers import LayerData
from napari_jcc.plugin.reader import read_stack
from napari_jcc.plugin.widgets.dock import Dock
from napari_jcc.plugin.widgets.input_chooser import InputChooser

if TYPE_CHECKING:
    import napari


class ImagesDock(Dock):
    """A dock with the list of images at its top, in step with the other docks."""

    def __init__(self, viewer: napari.viewer.Viewer, run_text: str) -> None:
        super().__init__(viewer, run_text)
        self.chooser = InputChooser(viewer)
        self.chooser.changed.connect(self._on_choice)
        self.chooser.folder_wanted.connect(self._ask_folder)
        self.chooser.axes.changed.connect(self.session.chosen_changed)
        self.session.chosen_changed.connect(self._on_chosen_changed)

    def begin(self) -> None:
        """Show the images chosen before this dock was opened, or those that are there.

        Subclasses call it last.
        """
        self._follow()
        self._on_choice()
        self.show_images()
        self.refresh()

    def show_images(self) -> None:
        """Take other images; for subclasses."""

    def open_folder(self, folder: str | Path) -> None:
        """Open a folder of images as one stack and choose it; returns at once."""
        self.start("Open a folder", lambda _: _open(folder), self._on_opened)

    def leave(self) -> None:
        """Stop listening to the viewer."""
        self.chooser.disconnect_viewer()

    def _on_opened(self, layers: list[LayerData]) -> None:
        self.panel.set_status("")
        for data, options, _ in layers:
            layer = Image(data, **options)
            self._viewer.add_layer(layer)
            self.chooser.choose(layer)

    def _on_choice(self) -> None:
        self.session.choose(self.chooser.layers())

    def _on_chosen_changed(self) -> None:
        self._follow()
        self.show_images()
        self.refresh()

    def _follow(self) -> None:
        """Show images that another dock has chosen, or taken by other axes."""
        self.chooser.refresh()
        chosen = self.session.chosen
        if len(chosen) == 1 and self.chooser.layers() != chosen:
            self.chooser.choose(chosen[0])

    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Open a folder of images")
        if folder:
            self.open_folder(folder)


def _open(folder: str | Path) -> list[LayerData]:
    """Open a folder, and read its first image once: dask loads much for its first slice."""
    layers = read_stack(folder)
    for data, _, _ in layers:
        data[0].compute()
    return layers
