"""The result as a folder, as the command line writes it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QPushButton

from napari_jcc.plugin.widgets.questions import ask_result_folder
from napari_jcc.progress import Progress
from napari_jcc.results import write_result
from napari_jcc.results.names import RECORD

if TYPE_CHECKING:
    from napari_jcc.plugin.widgets.dock import Dock


class SaveButton(QPushButton):
    """Asks for a folder and writes the shown result there in a thread.

    Parameters
    ----------
    dock
        Does the work, and has the status line.

    Attributes
    ----------
    folder
        Where a result was written last.
    """

    def __init__(self, dock: Dock) -> None:
        super().__init__("&Save…")
        self._dock = dock
        self.folder = "results"
        self.setToolTip(
            "Write masks, boxes, an overview and the settings to a folder, as the command "
            "line does; with the changes made by hand."
        )
        self.clicked.connect(self._ask)

    def save(self, folder: str | Path, *, overwrite: bool = False) -> None:
        """Write the result shown last, with the user's edits; returns at once."""
        shown, answer = self._dock.session.shown, self._dock.session.answer
        result = None if shown is None else shown.as_edited()
        if answer is None or result is None:
            return
        collection, panel = answer.collection, self._dock.panel

        def work(_: Progress) -> Path:
            return write_result(result, collection, folder, overwrite=overwrite)

        def on_saved(out: Path | None) -> None:
            if out is not None:
                self.folder = str(out)
                panel.set_status(f"Saved in {out}")

        self._dock.start("Save", work, on_saved)

    def _ask(self) -> None:
        folder, overwrite = ask_result_folder(self, "Folder for the result", RECORD)
        if folder and not self._dock.running:
            self.save(folder, overwrite=overwrite)
