"""A file or folder, typed or chosen."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QLineEdit, QToolButton, QWidget

from napari_jcc.plugin.widgets.parts import in_row


class PathEditor(QWidget):
    """A path beside a button that asks for it, as subclasses do in `ask`.

    Attributes
    ----------
    changed
        Signal when another path is typed or chosen.
    """

    changed = Signal()

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self._text = QLineEdit()
        self._text.setAccessibleName(title)
        self._text.textChanged.connect(lambda _: self.changed.emit())
        browse = QToolButton()
        browse.setText("…")
        browse.setToolTip(title)
        browse.setAccessibleName(f"{title}…")
        browse.clicked.connect(self._browse)
        in_row((self._text, 1), browse, within=self)
        self.setFocusProxy(self._text)

    def value(self) -> str:
        """Path typed; empty for none."""
        return self._text.text()

    def set_value(self, path: str | Path) -> None:
        """Show a path."""
        self._text.setText(str(path))

    def set_hint(self, hint: str) -> None:
        """Say what is missing while the path is empty."""
        self._text.setPlaceholderText(hint)

    def ask(self, start: str) -> str:
        """Ask for a path, beginning at one; empty where there is no answer."""
        raise NotImplementedError

    def _browse(self) -> None:
        path = self.ask(self.value() or str(Path.home()))
        if path:
            self.set_value(path)


class FolderEditor(PathEditor):
    """A folder; empty is none."""

    def __init__(self) -> None:
        super().__init__("Choose a folder")
        self.set_hint("none")

    def ask(self, start: str) -> str:
        """Ask for a folder."""
        return str(QFileDialog.getExistingDirectory(self, self._title, start))


class FileEditor(PathEditor):
    """A file.

    Parameters
    ----------
    title
        Of the question.
    kinds
        Files that are offered, as Qt writes them: ``"Networks (*.ckpt)"``.
    new
        Whether the file is to be written, and need not be there yet.
    """

    def __init__(self, title: str, kinds: str, *, new: bool = False) -> None:
        super().__init__(title)
        self._kinds, self._new = kinds, new

    def value(self) -> str:
        """Path typed, without spaces around it; empty for none."""
        return super().value().strip()

    def ask(self, start: str) -> str:
        """Ask for a file; one that is to be replaced is asked about when it is written."""
        if not self._new:
            path, _ = QFileDialog.getOpenFileName(self, self._title, start, self._kinds)
            return str(path)
        option = QFileDialog.Option.DontConfirmOverwrite
        path, _ = QFileDialog.getSaveFileName(
            self, self._title, start, self._kinds, options=option
        )
        return str(path)
