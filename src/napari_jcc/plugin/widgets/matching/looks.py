"""How a matched pair is shown: beside or over each other, lines, opacity."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QLabel,
    QRadioButton,
    QSlider,
    QSpinBox,
    QWidget,
)

from napari_jcc.matching.outputs.confidence import SCALE_TEXT, colour_by_confidence
from napari_jcc.plugin.matching.view import View
from napari_jcc.plugin.widgets.settings.spin_boxes import ignore_wheel

MOST_LINES = 60
_LEGEND = "Lines: " + " ".join(
    f'<span style="color: {QColor.fromRgbF(*colour).name()}">●</span> {word}'
    for colour, word in zip(
        colour_by_confidence(np.array([0, 0.5, 1])).tolist(),
        ("unsure", "fair", "sure"),
        strict=True,
    )
)


class MatchLooks(QWidget):
    """Choices of how pairs are shown.

    Attributes
    ----------
    view_changed, lines_changed, opacity_changed
        Signals when another view, number of lines or opacity is chosen.
    """

    view_changed = Signal()
    lines_changed = Signal()
    opacity_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.side_button = QRadioButton("Side by s&ide")
        self.side_button.setToolTip("Both images, and lines between matching points")
        self.over_button = QRadioButton("Ov&er each other")
        self.over_button.setToolTip(
            "In every image of the stack: its partner, drawn in its place"
        )
        self.side_button.setChecked(True)
        group = QButtonGroup(self)
        for button in (self.side_button, self.over_button):
            group.addButton(button)
        self.lines = QSpinBox()
        self.lines.setRange(0, 1_000_000)
        self.lines.setValue(MOST_LINES)
        self.lines.setKeyboardTracking(False)
        self.lines.setToolTip("Most lines that are drawn")
        self.lines.setAccessibleName("Most lines")
        ignore_wheel(self.lines)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 100)
        self.slider.setValue(50)
        self.slider.setAccessibleName("Opacity of the warped image")
        self.slider.setToolTip("Move it to and fro to see what does not fit")
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setColumnStretch(1, 1)
        layout.addWidget(self.side_button, 0, 0)
        layout.addWidget(QLabel("lines"), 0, 1, Qt.AlignmentFlag.AlignRight)
        layout.addWidget(self.lines, 0, 2)
        layout.addWidget(self.over_button, 1, 0)
        layout.addWidget(self.slider, 1, 1, 1, 2)
        self.legend = QLabel(_LEGEND)
        self.legend.setToolTip(f"Confidence of a match ({SCALE_TEXT})")
        layout.addWidget(self.legend, 2, 0, 1, 3)
        self.side_button.toggled.connect(lambda _: self.view_changed.emit())
        self.lines.valueChanged.connect(lambda _: self.lines_changed.emit())
        self.slider.valueChanged.connect(lambda _: self.opacity_changed.emit())

    @property
    def view(self) -> View:
        """View chosen."""
        return "side" if self.side_button.isChecked() else "over"

    @property
    def opacity(self) -> float:
        """Of the warped image, in [0, 1]."""
        return float(self.slider.value()) / 100
