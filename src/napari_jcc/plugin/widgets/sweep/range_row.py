"""Evenly spaced values by their first, their last and their number."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QLabel, QLineEdit, QSpinBox, QWidget

from napari_jcc.plugin.sweep.sweepable import COUNT, Range
from napari_jcc.plugin.widgets.parts import in_row
from napari_jcc.plugin.widgets.settings.spin_boxes import ignore_wheel

_MOST_VALUES = 99
_COUNT_WIDTH = 20  # pixels


class RangeRow(QWidget):
    """Fields of a range, which need not be one while it is typed.

    Attributes
    ----------
    edited
        Signal when the user has changed something.
    """

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = QLineEdit(), QLineEdit()
        self.count = QSpinBox()
        self.log = QCheckBox("log")
        self.count.setRange(2, _MOST_VALUES)
        self.count.setValue(COUNT)
        # Arrow keys count; the room is for the numbers beside it.
        self.count.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        # napari's style asks for the width that its buttons need.
        self.count.setStyleSheet(f"min-width: {_COUNT_WIDTH}px; padding: 1px 4px;")
        ignore_wheel(self.count)
        self.log.setToolTip("Evenly spaced logarithms: each value a factor above the last")
        names = {
            self.first: "First value",
            self.last: "Last value",
            self.count: "Number of values",
        }
        for widget, name in names.items():
            widget.setAccessibleName(name)
            widget.setToolTip(name)
        layout = in_row(
            QLabel("from"),
            (self.first, 1),
            QLabel("to"),
            (self.last, 1),
            QLabel("in"),
            self.count,
            self.log,
            within=self,
        )
        layout.setSpacing(4)
        self.first.textEdited.connect(lambda _: self.edited.emit())
        self.last.textEdited.connect(lambda _: self.edited.emit())
        self.count.valueChanged.connect(lambda _: self.edited.emit())
        self.log.toggled.connect(lambda _: self.edited.emit())

    @property
    def text(self) -> str:
        """The range as the command line takes it, such as ``0.1:10:5:log``."""
        log = ":log" if self.log.isChecked() else ""
        return f"{self.first.text()}:{self.last.text()}:{self.count.value()}{log}"

    def show_range(self, shown: Range) -> None:
        """Show a range, without a signal."""
        editors = (self.first, self.last, self.count, self.log)
        for editor in editors:
            editor.blockSignals(True)
        self.first.setText(f"{shown.first:.6g}")
        self.last.setText(f"{shown.last:.6g}")
        self.count.setValue(shown.count)
        self.log.setChecked(shown.log)
        for editor in editors:
            editor.blockSignals(False)
        self.first.setCursorPosition(0)
        self.last.setCursorPosition(0)
