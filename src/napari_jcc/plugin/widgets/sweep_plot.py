"""One measure of a sweep, drawn in the colours of the window."""

from __future__ import annotations

import math
from typing import Any

from qtpy.QtCore import QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_jcc.sweep import SweepTable, format_measure, measure_point
from napari_jcc.sweep.grid import Index

_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 10, 8, 22
_MARK = QColor(255, 159, 28)
_CURVE = QColor(0, 168, 214)


class SweepPlot(QWidget):
    """A curve over the values of one setting, or a map over those of two.

    Attributes
    ----------
    picked
        Signal with the place in the grid of the point that was clicked.
    """

    picked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._table: SweepTable | None = None
        self._measure = ""
        self._current: Index | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.setToolTip("Click a point to see its masks")

    def sizeHint(self) -> QSize:
        """Low, so that table and plot fit below each other."""
        return QSize(300, 130)

    def minimumSizeHint(self) -> QSize:
        """Still readable in a small window."""
        return QSize(160, 76)

    def show_table(self, table: SweepTable, measure: str) -> None:
        """Draw a measure of the points that are finished."""
        self._table, self._measure = table, measure
        self.update()

    def set_current(self, place: Index | None) -> None:
        """Mark the point that is looked at."""
        self._current = place
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = painter.font()
        font.setPointSizeF(max(6.0, font.pointSizeF() * 0.85))
        painter.setFont(font)
        numbers = self._numbers()
        if self._table is None or not numbers:
            painter.setPen(self._ink())
            text = "no point is finished yet" if self._table is not None else ""
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, text)
        elif len(self._table.grid.axes) == 1:
            self._draw_curve(painter, numbers)
        else:
            self._draw_map(painter, numbers)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Pick the point under the pointer."""
        if event is None or self._table is None:
            return
        shape, area = self._table.grid.shape, self._area()
        across = (event.position().x() - area.left()) / area.width()
        down = (event.position().y() - area.top()) / area.height()
        column = min(max(int(across * shape[0]), 0), shape[0] - 1)
        row = min(max(int(down * shape[-1]), 0), shape[-1] - 1)
        self.picked.emit((column,) if len(shape) == 1 else (column, row))

    def _numbers(self) -> dict[Index, float]:
        points = () if self._table is None else self._table.points
        measured = {p.index: measure_point(p).get(self._measure) for p in points}
        return {
            place: float(value)
            for place, value in measured.items()
            if place is not None and value is not None
        }

    def _area(self) -> QRectF:
        width, height = self.width() - _LEFT - _RIGHT, self.height() - _TOP - _BOTTOM
        return QRectF(_LEFT, _TOP, max(1, width), max(1, height))

    def _ink(self) -> QColor:
        return self.palette().color(QPalette.ColorRole.WindowText)

    def _draw_curve(self, painter: QPainter, numbers: dict[Index, float]) -> None:
        area, low, high = self._area(), min(numbers.values()), max(numbers.values())
        told = [format_measure(self._measure, value) for value in (low, high)]
        # What reads the same must not look like a slope.
        room = abs(high) or 1.0 if told[0] == told[1] else high - low
        bottom, top = low - 0.08 * room, high + 0.08 * room
        count = self._table.grid.shape[0] if self._table is not None else 1

        def place_of(at: int, value: float) -> QPointF:
            x = area.left() + (at + 0.5) / count * area.width()
            return QPointF(
                x, area.bottom() - (value - bottom) / (top - bottom) * area.height()
            )

        self._draw_base(painter, area, count)
        for text, value in dict(zip(told, (low, high), strict=True)).items():
            y = place_of(0, value).y()
            painter.setPen(QPen(_faded(self._ink(), 60), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(self._ink())
            box = QRectF(0, y - 8, _LEFT - 6, 16)
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(box, int(right), text)
        points = [place_of(place[0], numbers[place]) for place in sorted(numbers)]
        painter.setPen(QPen(_CURVE, 2))
        if self._table is not None and self._table.grid.axes[0].is_numeric:
            painter.drawPolyline(QPolygonF(points))
        painter.setBrush(_CURVE)
        for point in points:
            painter.drawEllipse(point, 3, 3)
        if self._current in numbers:
            painter.setPen(QPen(_MARK, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(place_of(self._current[0], numbers[self._current]), 6, 6)
        self._draw_values(painter, area, 0)

    def _draw_base(self, painter: QPainter, area: QRectF, count: int) -> None:
        base = None if self._table is None else self._table.grid.base_index
        if base is None:
            return
        x = area.left() + (base[0] + 0.5) / count * area.width()
        # Smoothing makes dashes slow, and straight ones need none.
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(_faded(self._ink(), 110), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def _draw_map(self, painter: QPainter, numbers: dict[Index, float]) -> None:
        if self._table is None:
            return
        area, grid = self._area(), self._table.grid
        low, high = min(numbers.values()), max(numbers.values())
        width, height = area.width() / grid.shape[0], area.height() / grid.shape[1]
        for place, value in numbers.items():
            cell = QRectF(
                area.left() + place[0] * width,
                area.top() + place[1] * height,
                width,
                height,
            )
            share = (value - low) / (high - low) if high > low else 0.5
            painter.fillRect(cell, _faded(_CURVE, int(40 + 200 * share)))
            if width > 34 and height > 12:
                painter.setPen(self._ink())
                text = format_measure(self._measure, value)
                painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, text)
            framed = {grid.base_index: self._ink(), self._current: _MARK}.get(place)
            if framed is not None:
                painter.setPen(QPen(framed, 2))
                painter.drawRect(cell.adjusted(1, 1, -1, -1))
        self._draw_values(painter, area, 0)
        self._draw_rows(painter, area)

    def _draw_values(self, painter: QPainter, area: QRectF, axis: int) -> None:
        """Write the values of a setting below, as many as there is room for."""
        if self._table is None:
            return
        values = self._table.grid.axes[axis].values
        painter.setPen(self._ink())
        width, end = area.width() / len(values), -math.inf
        for at, value in enumerate(values):
            text, x = _short(value), area.left() + (at + 0.5) * width
            half = painter.fontMetrics().horizontalAdvance(text) / 2
            if x - half > end + 4:
                box = QRectF(x - half - 2, area.bottom() + 4, 2 * half + 4, 16)
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
                end = x + half

    def _draw_rows(self, painter: QPainter, area: QRectF) -> None:
        if self._table is None:
            return
        values = self._table.grid.axes[1].values
        height = area.height() / len(values)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.setPen(self._ink())
        for at, value in enumerate(values):
            box = QRectF(0, area.top() + at * height, _LEFT - 6, height)
            if height >= 10:
                painter.drawText(box, int(right), _short(value))


def _faded(colour: QColor, alpha: int) -> QColor:
    faded = QColor(colour)
    faded.setAlpha(alpha)
    return faded


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
