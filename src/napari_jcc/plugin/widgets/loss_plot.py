"""Losses of a training run, drawn while it runs in the colours of the window."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_jcc._types import FloatArray

_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 10, 22, 20
_STEPS, _CHECKS = QColor(0, 168, 214), QColor(255, 159, 28)
_GRID_SHARE = 60
_LEGEND = ("steps", _STEPS), ("held out", _CHECKS)
_OUTLIERS = 2.0
"""Percent of the steps that may lie beyond the axis, so that a few do not flatten it."""


class LossPlot(QWidget):
    """Curves of one stage of training: the loss of every step, and of the checks."""

    def __init__(self) -> None:
        super().__init__()
        self.stage = ""
        self.last_step = 0
        self.steps: list[tuple[int, float]] = []
        self.checks: list[tuple[int, float]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip("Loss by step; held out: on pictures that are not trained on")

    def sizeHint(self) -> QSize:
        """Low, so that settings and plot fit below each other."""
        return QSize(300, 140)

    def clear(self) -> None:
        """Forget all losses."""
        self.begin("", 0)

    def begin(self, stage: str, last_step: int) -> None:
        """Begin a stage with the given number of steps; 0 if it is not known."""
        self.stage, self.last_step = stage, last_step
        self.steps, self.checks = [], []
        self.update()

    def add_step(self, step: int, loss: float) -> None:
        """Add the loss of a step."""
        self.steps.append((step, loss))
        self.update()

    def add_check(self, step: int, loss: float) -> None:
        """Add the loss of a check on what is held out."""
        self.checks.append((step, loss))
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = painter.font()
        font.setPointSizeF(max(6.0, font.pointSizeF() * 0.85))
        painter.setFont(font)
        if self.steps or self.checks:
            self._draw(painter)
        else:
            painter.setPen(self._ink())
            text = "the loss will be drawn here"
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, text)
        painter.end()

    def _draw(self, painter: QPainter) -> None:
        width, height = self.width() - _LEFT - _RIGHT, self.height() - _TOP - _BOTTOM
        area = QRectF(_LEFT, _TOP, max(1, width), max(1, height))
        low, high = self._range()
        last = max(self.last_step, *(step for step, _ in self.steps + self.checks), 1)
        self._draw_axes(painter, area, (low, high), last)
        painter.setClipRect(area.adjusted(-3, -3, 3, 3))
        for colour, values in ((_STEPS, self.steps), (_CHECKS, self.checks)):
            places = [
                QPointF(
                    area.left() + x / last * area.width(),
                    area.bottom() - (y - low) / (high - low) * area.height(),
                )
                for x, y in _thin(np.array(values, float).reshape(-1, 2), int(width))
            ]
            painter.setPen(QPen(colour, 1.5))
            painter.drawPolyline(QPolygonF(places))
            if colour is _CHECKS:
                painter.setBrush(colour)
                for place in places:
                    painter.drawEllipse(place, 2.5, 2.5)

    def _draw_axes(
        self, painter: QPainter, area: QRectF, limits: tuple[float, float], last: int
    ) -> None:
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        faded = QColor(self._ink())
        faded.setAlpha(_GRID_SHARE)
        for value, y in zip(limits, (area.bottom(), area.top()), strict=True):
            painter.setPen(QPen(faded, 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(self._ink())
            painter.drawText(QRectF(0, y - 8, _LEFT - 6, 16), int(right), f"{value:.3g}")
        below = QRectF(area.left(), area.bottom() + 3, area.width(), _BOTTOM - 4)
        painter.drawText(below, int(right), f"step {last}")
        painter.drawText(below, int(Qt.AlignmentFlag.AlignLeft), self.stage)
        x = area.left()
        for text, colour in _LEGEND:
            painter.setPen(QPen(colour, 2))
            painter.drawLine(QPointF(x, 9), QPointF(x + 14, 9))
            painter.setPen(self._ink())
            painter.drawText(QPointF(x + 18, 13), text)
            x += 32 + painter.fontMetrics().horizontalAdvance(text)

    def _range(self) -> tuple[float, float]:
        values = np.array([loss for _, loss in self.steps + self.checks], float)
        values = values[np.isfinite(values)]
        if not values.size:
            return 0.0, 1.0
        low, high = np.percentile(values, (_OUTLIERS, 100 - _OUTLIERS))
        room = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
        return float(low - room), float(high + room)

    def _ink(self) -> QColor:
        return self.palette().color(QPalette.ColorRole.WindowText)


def _thin(values: FloatArray, most: int) -> FloatArray:
    """Average neighbouring points (K, 2) until at most as many are left as fit."""
    if len(values) <= max(most, 1):
        return values
    pieces = np.array_split(values, max(most, 1))
    return np.array([piece.mean(axis=0) for piece in pieces])
