"""A file, typed or chosen."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QToolButton, QWidget


class FileEditor(QWidget):
    """A path beside a button that asks for it.

    Parameters
    ----------
    title
        Of the question.
    kinds
        Files that are offered, as Qt writes them: ``"Networks (*.ckpt)"``.
    new
        Whether the file is to be written, and need not be there yet.

    Attributes
    ----------
    changed
        Signal when another file is typed or chosen.
    """

    changed = Signal()

    def __init__(self, title: str, kinds: str, *, new: bool = False) -> None:
        super().__init__()
        self._title, self._kinds, self._new = title, kinds, new
        self._text = QLineEdit()
        self._text.setAccessibleName(title)
        self._text.textChanged.connect(lambda _: self.changed.emit())
        button = QToolButton()
        button.setText("…")
        button.setToolTip(title)
        button.setAccessibleName(f"{title}…")
        button.clicked.connect(self._browse)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._text, 1)
        layout.addWidget(button)
        self.setFocusProxy(self._text)

    def value(self) -> str:
        """Path; empty for none."""
        return self._text.text().strip()

    def set_value(self, path: str | Path) -> None:
        """Show a path."""
        self._text.setText(str(path))

    def set_hint(self, hint: str) -> None:
        """Say what is missing while the path is empty."""
        self._text.setPlaceholderText(hint)

    def _browse(self) -> None:
        start = self.value() or str(Path.home())
        if self._new:
            option = QFileDialog.Option.DontConfirmOverwrite
            path, _ = QFileDialog.getSaveFileName(
                self, self._title, start, self._kinds, options=option
            )
        else:
            path, _ = QFileDialog.getOpenFileName(self, self._title, start, self._kinds)
        if path:
            self.set_value(path)
