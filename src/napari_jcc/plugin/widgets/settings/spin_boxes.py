"""Numbers within their range, typed or stepped."""

from __future__ import annotations

from pydantic.fields import FieldInfo
from qtpy.QtCore import QEvent, QObject, Qt, Signal
from qtpy.QtGui import QValidator
from qtpy.QtWidgets import QDoubleSpinBox, QSpinBox, QWidget

from napari_jcc.config.ranges import limits

_LARGEST_INT = 2**31 - 1


class _IgnoreWheel(QObject):
    """Keeps a scroll over the form from changing the settings under the pointer."""

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Refuse wheel events of widgets that are not in use, so that the form scrolls."""
        if (
            event is not None
            and event.type() == QEvent.Type.Wheel
            and isinstance(watched, QWidget)
            and not watched.hasFocus()
        ):
            event.ignore()
            return True
        return False


def ignore_wheel(widget: QWidget) -> None:
    """Let the wheel change a widget only when it has the keyboard focus."""
    widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    widget.installEventFilter(_IgnoreWheel(widget))


class IntEditor(QSpinBox):
    """A whole number within its range."""

    changed = Signal()

    def __init__(self, field: FieldInfo) -> None:
        super().__init__()
        bounds = limits(field)
        lowest = bounds.get("ge", bounds.get("gt", -_LARGEST_INT - 1) + ("gt" in bounds))
        highest = bounds.get("le", bounds.get("lt", _LARGEST_INT) - ("lt" in bounds))
        self.setRange(int(lowest), int(highest))
        self.setStepType(QSpinBox.StepType.AdaptiveDecimalStepType)
        self.setKeyboardTracking(False)
        ignore_wheel(self)
        self.valueChanged.connect(lambda _: self.changed.emit())

    def set_value(self, value: int) -> None:
        """Show `value`."""
        self.setValue(value)


class FloatEditor(QDoubleSpinBox):
    """A number within its range, shown as short as it can be and kept exactly.

    Qt rounds to a fixed number of decimals; the value set by the program is kept until
    the user types another one, so that settings survive a round trip to the last bit.
    """

    changed = Signal()

    def __init__(self, field: FieldInfo) -> None:
        super().__init__()
        self._exact: float | None = None
        bounds = limits(field)
        self.setDecimals(15)
        self.setRange(
            bounds.get("ge", bounds.get("gt", -1e12)),
            bounds.get("le", bounds.get("lt", 1e12)),
        )
        self.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
        self.setKeyboardTracking(False)
        ignore_wheel(self)
        self.valueChanged.connect(self._on_changed)

    def value(self) -> float:
        """Return the number shown."""
        return super().value() if self._exact is None else self._exact

    def set_value(self, value: float) -> None:
        """Show `value` and keep it exactly."""
        self.setValue(value)
        self._exact = value
        self.changed.emit()

    def textFromValue(self, value: float) -> str:
        """Shortest text of a number, such as ``0.1`` or ``1e-05``."""
        return f"{value:.10g}"

    def valueFromText(self, text: str | None) -> float:
        """Return the number that `text` stands for, also in scientific notation."""
        try:
            return float((text or "").replace(",", "."))
        except ValueError:
            return self.minimum()

    def validate(
        self, text: str | None, position: int
    ) -> tuple[QValidator.State, str, int]:
        """Accept numbers in the range; let anything that may become one be typed."""
        text = text or ""
        try:
            number = float(text.replace(",", "."))
        except ValueError:
            typing = set(text.lower()) <= set("0123456789.,e+-")
            state = QValidator.State.Intermediate if typing else QValidator.State.Invalid
            return state, text, position
        inside = self.minimum() <= number <= self.maximum()
        state = QValidator.State.Acceptable if inside else QValidator.State.Intermediate
        return state, text, position

    def _on_changed(self, _: float) -> None:
        self._exact = None
        self.changed.emit()
