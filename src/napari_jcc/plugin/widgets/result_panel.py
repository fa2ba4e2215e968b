"""What came out of a run, and what can be done with it."""

from __future__ import annotations

from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import (
    QFileDialog,
    QFrame,
    QLabel,
    QMenu,
    QPushButton,
    QScrollArea,
    QWidget,
)

from napari_jcc.plugin.summary import Summary
from napari_jcc.plugin.widgets.one_line import OneLine
from napari_jcc.plugin.widgets.parts import in_column, in_row, push_button
from napari_jcc.plugin.widgets.questions import ask_result_folder, confirm
from napari_jcc.progress import Progress
from napari_jcc.results import JccResult, find_command, write_result
from napari_jcc.results.exports import EXPORT_FORMATS, export_result
from napari_jcc.results.names import RECORD

if TYPE_CHECKING:
    from napari_jcc.plugin.widgets.dock import Dock


class SaveButton(QPushButton):
    """Asks for a folder and writes the shown result there in a thread.

    Attributes
    ----------
    folder
        Where a result was written last.
    """

    def __init__(self, dock: Dock) -> None:
        super().__init__("S&ave…")
        self._dock = dock
        self.folder = "results"
        self.setToolTip(
            "Write masks, boxes, an overview and the settings to a folder, as the command "
            "line does; with the changes made by hand."
        )
        self.clicked.connect(self._ask)

    def save(self, folder: str | Path, *, overwrite: bool = False) -> None:
        """Write the result shown last, with the user's edits; returns at once."""
        session, panel = self._dock.session, self._dock.panel
        answer = session.answer
        result = None if session.shown is None else session.shown.as_edited()
        if answer is None or result is None:
            return
        collection, before = answer.collection, answer.result
        noted, project = set(session.corrected), session.keeper.corrections

        def work(_: Progress) -> Path:
            corrected = noted | _drawn_places(before, result)
            # What is in no project no command repeats.
            command = None
            if project is not None and corrected <= noted:
                command = find_command(result, collection, folder, project)
            names = [result.images[place].name for place in sorted(corrected)]
            return write_result(
                result,
                folder,
                collection,
                overwrite=overwrite,
                command=command,
                corrected=names,
            )

        def on_saved(out: Path) -> None:
            self.folder = str(out)
            panel.set_status(f"Saved in {out}")

        self._dock.start("Save", work, on_saved, lasting=True)

    def _ask(self) -> None:
        folder, overwrite = ask_result_folder(self, "Folder for the result", RECORD)
        if folder and not self._dock.running:
            self.save(folder, overwrite=overwrite)


def _drawn_places(before: JccResult, after: JccResult) -> set[int]:
    """Images whose mask was drawn on without a note in the journal of corrections."""
    pairs = enumerate(zip(before.images, after.images, strict=True))
    return {i for i, (old, new) in pairs if not np.array_equal(old.mask, new.mask)}


class ExportButton(QPushButton):
    """Lists the formats, asks for the place, and writes in a thread."""

    def __init__(self, dock: Dock) -> None:
        super().__init__("E&xport")
        self._dock = dock
        self.setToolTip("Write the masks and boxes, with your edits, for other programs")
        menu = QMenu(self)
        taken: set[str] = set()
        for kind in EXPORT_FORMATS.values():
            name = kind.name.upper()
            key = next(letter for letter in name if letter not in taken)
            taken.add(key)
            title = name.replace(key, f"&{key}", 1)
            menu.addAction(f"{title}: {kind.description}…", partial(self._ask, kind.name))
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

        self._dock.start("Export", work, self._on_written, lasting=True)

    def _on_written(self, out: Path) -> None:
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


_MOST_LINES = 4


class ResultPanel(QWidget):
    """A summary over three buttons.

    Attributes
    ----------
    copy_wanted
        Signal when the command is wanted.
    """

    copy_wanted = Signal()

    def __init__(self, save_button: QPushButton, export_button: QPushButton) -> None:
        super().__init__()
        self.save_button, self.export_button = save_button, export_button
        self.about = _text_label()
        self.summary = _text_label()
        self.measured = OneLine(Qt.TextElideMode.ElideRight, self)
        self.notes = _text_label()
        self._notes_area = LowScroll(self.notes)
        self.copy_button = push_button(
            "Copy co&mmand",
            "Copy the command that gives the same masks and boxes outside napari",
            self.copy_wanted,
        )
        buttons = in_row(save_button, export_button, self.copy_button)
        texts = self.about, self.summary, self.measured, self._notes_area
        in_column(*texts, buttons, within=self)
        self.show_about("")
        self.show_result(Summary(), "")

    @property
    def has_result(self) -> bool:
        """Whether a result is shown."""
        return bool(self.summary.text())

    def show_about(self, name: str) -> None:
        """Say which images the result is of; empty where it is of those chosen."""
        self.about.setText(f"Result of {name}, not of the images chosen above:")
        self.about.setVisible(bool(name))

    def show_result(self, summary: Summary, notes: str) -> None:
        """Show a result in words; an empty summary is no result."""
        self.summary.setText(summary.text)
        self.summary.setToolTip(summary.times)
        self.summary.setVisible(bool(summary.text))
        self.measured.show_text(summary.measured)
        self.measured.setToolTip(f"<p>{escape(summary.all_measured)}</p>")
        self.measured.setVisible(bool(summary.measured))
        self.notes.setText(f"⚠ {notes}" if notes else "")
        self._notes_area.setVisible(bool(notes))
        self._notes_area.fit()
        self.save_button.setEnabled(self.has_result)
        self.export_button.setEnabled(self.has_result)


class LowScroll(QScrollArea):
    """Shows a text as high as it is, and scrolls one that would squeeze all else."""

    def __init__(self, label: QLabel) -> None:
        super().__init__()
        self._label = label
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(label)

    def fit(self) -> None:
        """Take the height of the text, but not more than that of some lines."""
        most = _MOST_LINES * self._label.fontMetrics().lineSpacing()
        needed = max(0, self._label.heightForWidth(self.width()))  # without text: -1
        # Set, as a bar that comes narrows the text, which then seems to need the bar.
        policy = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(
            policy.ScrollBarAlwaysOn if needed > most else policy.ScrollBarAlwaysOff
        )
        self.setFixedHeight(min(needed, most))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Fit the text to another width."""
        super().resizeEvent(event)
        self.fit()


def _text_label() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
