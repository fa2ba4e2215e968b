"""A titled group that opens and closes."""

from __future__ import annotations

from qtpy.QtCore import QSize, Signal
from qtpy.QtWidgets import QPushButton, QWidget

from napari_jcc.plugin.widgets.parts import in_column


class Fold(QWidget):
    """A header button over a content widget; the header shows or hides the content.

    Unlike superqt's ``QCollapsible`` the content may grow and shrink while it is open,
    and the arrow is text, so that it follows the theme.
    """

    toggled = Signal(bool)

    def __init__(self, title: str, content: QWidget, tooltip: str = "") -> None:
        super().__init__()
        self._title = title
        self._note = ""
        self._header = QPushButton()
        self._header.setCheckable(True)
        self._header.setFlat(True)
        self._header.setToolTip(tooltip)
        self._header.setStyleSheet(
            "QPushButton { text-align: left; padding: 4px 2px; border: none; }"
            "QPushButton:!hover { background: transparent; }"
        )
        self._header.toggled.connect(self.set_open)
        self.content = content
        in_column(self._header, content, within=self, spacing=2)
        self.set_open(False)

    @property
    def is_open(self) -> bool:
        """Whether the content is shown."""
        return self._header.isChecked()

    def set_open(self, is_open: bool) -> None:
        """Show or hide the content."""
        self._header.setChecked(is_open)
        self.content.setVisible(is_open)
        self._write_header()
        self.toggled.emit(is_open)

    def set_note(self, note: str) -> None:
        """Write a few words after the title, such as ``2 changed``."""
        self._note = note
        self._write_header()

    def _write_header(self) -> None:
        arrow = "▾" if self.is_open else "▸"
        note = f"   ({self._note})" if self._note else ""
        self._header.setText(f"{arrow}  {self._title}{note}")
        font = self._header.font()
        font.setBold(True)
        self._header.setFont(font)

    def minimumSizeHint(self) -> QSize:
        """Any width, so that the header never widens the window."""
        return QSize(0, super().minimumSizeHint().height())
