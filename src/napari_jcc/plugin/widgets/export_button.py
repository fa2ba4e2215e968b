"""Masks and boxes for other programs."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QFileDialog, QMenu, QPushButton

from napari_jcc.plugin.widgets.questions import confirm
from napari_jcc.progress import Progress
from napari_jcc.results.exports import EXPORT_FORMATS, export_result

if TYPE_CHECKING:
    from napari_jcc.plugin.widgets.dock import Dock


class ExportButton(QPushButton):
    """Lists the formats, asks for the place, and writes in a thread.

    Parameters
    ----------
    dock
        Does the work, and has the status line.
    """

    def __init__(self, dock: Dock) -> None:
        super().__init__("&Export")
        self._dock = dock
        self.setToolTip("Write the masks and boxes, with your edits, for other programs")
        menu = QMenu(self)
        for kind in EXPORT_FORMATS.values():
            menu.addAction(
                f"&{kind.name.upper()}: {kind.description}…", partial(self._ask, kind.name)
            )
        self.setMenu(menu)

    def export(self, kind: str, out: str | Path, *, overwrite: bool = False) -> None:
        """Write the shown result in a format of `EXPORT_FORMATS`; returns at once."""
        shown, answer = self._dock.session.shown, self._dock.session.answer
        result = None if shown is None else shown.as_edited()
        if answer is None or result is None:
            self._dock.panel.set_status("There is no result to export yet. Press Run.")
            return
        collection = answer.collection
        files = [collection.location(i) for i in range(len(collection))]
        statuses = dict(self._dock.session.statuses)

        def work(progress: Progress) -> Path:
            progress.start(f"Export {kind}", 1)
            return export_result(
                result,
                out,
                kind,
                files=files,
                statuses=statuses,
                overwrite=overwrite,
                pictures=collection,
            )

        self._dock.start("Export", work, self._on_written)

    def _on_written(self, out: Path | None) -> None:
        if out is not None:
            self._dock.panel.set_status(f"Exported to {out}")

    def _ask(self, kind: str) -> None:
        chosen = EXPORT_FORMATS[kind]
        if chosen.file:
            # Asks by itself before it replaces a file.
            out, _ = QFileDialog.getSaveFileName(self, "Export", chosen.file)
            overwrite = True
        else:
            out = QFileDialog.getExistingDirectory(self, "Folder for the export")
            overwrite = bool(out) and any(Path(out).iterdir())
            title = "Export into a folder with files?"
            told = f"{out} is not empty. Files of the same names are replaced; others stay."
            if overwrite and not confirm(self, title, told):
                return
        if out:
            self.export(kind, out, overwrite=overwrite)
