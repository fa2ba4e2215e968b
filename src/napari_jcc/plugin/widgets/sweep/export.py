"""Take a sweep along: as a table, a figure, or a command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from napari_jcc.atomic import replace_file
from napari_jcc.plugin.source import find_inputs
from napari_jcc.plugin.widgets.clipboard import copy_command
from napari_jcc.plugin.widgets.parts import in_row, push_button
from napari_jcc.plugin.widgets.questions import save_as
from napari_jcc.sweep import SweepTable, draw_sweep
from napari_jcc.sweep.command import sweep_command
from napari_jcc.sweep.figure import to_png
from napari_jcc.tables import encode_csv

if TYPE_CHECKING:
    from napari_jcc.plugin.session import Session


class SweepExport(QWidget):
    """Two buttons: export, and copy the command.

    Attributes
    ----------
    table
        What is exported; None before the first sweep.
    said
        Signal with what has happened, in words.
    """

    said = Signal(str)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.table: SweepTable | None = None
        self.export_button = push_button(
            "E&xport…", "Save the table (CSV) or the figure (PNG)", self._ask_export
        )
        self.copy_button = push_button(
            "Copy co&mmand", "Copy the command that does the same sweep", self.copy_command
        )
        self.export_button.setEnabled(False)
        self.copy_button.setEnabled(False)
        in_row(self.export_button, self.copy_button, within=self)

    def set_table(self, table: SweepTable) -> None:
        """Export another sweep from now on."""
        self.table = table
        self.export_button.setEnabled(True)
        self.copy_button.setEnabled(True)

    def export(self, path: str | Path) -> None:
        """Write the table (``.csv``) or the figure (``.png``).

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        if self.table is None:
            return
        if Path(path).suffix.lower() == ".png":
            replace_file(path, to_png(draw_sweep(self.table)))
        else:
            replace_file(path, encode_csv(self.table.to_csv()))
        self.said.emit(f"Saved as {path}")

    def command(self) -> str:
        """Command that does the same sweep; empty when the images are in no file."""
        inputs = find_inputs(self._session.chosen)
        if not inputs or self.table is None:
            return ""
        truth = self._session.truth
        folder = None if truth is None else truth.folder
        return sweep_command(inputs, self.table.grid, self._session.preset, folder)

    def copy_command(self) -> None:
        """Put the command on the clipboard, or say why there is none."""
        copy_command(self.command(), self.said.emit)

    def _ask_export(self) -> None:
        kinds, say = "Table (*.csv);;Figure (*.png)", self.said.emit
        save_as(self, "Save the sweep", "sweep.csv", kinds, self.export, say)
