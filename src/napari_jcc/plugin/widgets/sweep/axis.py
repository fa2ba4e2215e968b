"""One setting of a sweep and the values to try."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QCompleter,
    QLabel,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from napari_jcc.config import JccConfig
from napari_jcc.errors import ConfigError
from napari_jcc.plugin.sweep.sweepable import (
    COUNT,
    Range,
    Sweepable,
    list_sweepable,
    suggest_range,
)
from napari_jcc.plugin.widgets.lists import let_shrink
from napari_jcc.plugin.widgets.parts import in_column, in_row
from napari_jcc.plugin.widgets.settings.setting_row import describe_setting
from napari_jcc.plugin.widgets.settings.spin_boxes import ignore_wheel
from napari_jcc.sweep import parse_axis
from napari_jcc.sweep.values import read_setting

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


_NONE = "none"
_MARGIN = 24  # pixels


class AxisEditor(QWidget):
    """A searchable list of settings over the values to try.

    The values are text that can be edited; first, last and number of a range write it.

    Parameters
    ----------
    config
        Present settings, which the values are suggested around.
    start
        Setting chosen first; empty: none, which is then offered as well.

    Attributes
    ----------
    changed
        Signal when setting or values are others.
    """

    changed = Signal()

    def __init__(self, config: Callable[[], JccConfig], start: str = "") -> None:
        super().__init__()
        self._config = config
        self._settings = {setting.path: setting for setting in list_sweepable()}
        self._optional = not start
        self.combo = self._build_combo()
        self.range = RangeRow()
        self.range.edited.connect(self._write_range)
        self.values = QLineEdit()
        self._build_values()
        in_column(self.combo, self.range, self.values, within=self, spacing=3)
        self.choose(start)

    @property
    def setting(self) -> Sweepable | None:
        """What varies; None where nothing was chosen."""
        return self._settings.get(self.combo.currentData() or "")

    @property
    def text(self) -> str:
        """The axis as the command line takes it, such as ``problem.nu=0.1, 0.3``."""
        setting = self.setting
        return "" if setting is None else f"{setting.path}={self.values.text()}"

    def choose(self, path: str) -> None:
        """Vary another setting; empty: none."""
        self.combo.setCurrentIndex(max(0, self.combo.findData(path)))
        self._on_setting()

    def set_text(self, values: str) -> None:
        """Try these values, as the command line takes them."""
        self.values.setText(values)
        self._read_range()

    def _build_combo(self) -> QComboBox:
        combo = QComboBox()
        combo.setEditable(True)
        combo.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        let_shrink(combo, 12)
        combo.setAccessibleName("Second setting" if self._optional else "Setting")
        if self._optional:
            combo.addItem("no second setting", _NONE)
        for setting in self._settings.values():
            combo.addItem(setting.title, setting.path)
            tooltip = f"{setting.field.description}\n{setting.path}"
            combo.setItemData(combo.count() - 1, tooltip, Qt.ItemDataRole.ToolTipRole)
        _widen_list(combo)
        completer = QCompleter(combo.model(), combo)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        combo.setCompleter(completer)
        ignore_wheel(combo)
        combo.currentIndexChanged.connect(self._on_setting)
        line = combo.lineEdit()
        if line is not None:
            line.editingFinished.connect(self._complete)
        return combo

    def _build_values(self) -> None:
        self.values.setAccessibleName("Values to try")
        self.values.setToolTip("Values to try, between commas; edit them as you like")
        self.values.textChanged.connect(self.changed)
        self.values.textEdited.connect(self._read_range)

    def _complete(self) -> None:
        """Bring back the name of the setting after half a search."""
        index = self.combo.findText(self.combo.currentText())
        if index >= 0:
            self.combo.setCurrentIndex(index)
        self.combo.setEditText(self.combo.itemText(self.combo.currentIndex()))

    def _on_setting(self) -> None:
        setting = self.setting
        self.range.setVisible(setting is not None and setting.is_numeric)
        self.values.setVisible(setting is not None)
        if setting is None:
            self.combo.setToolTip("Vary a second setting, in all combinations")
            self.changed.emit()
            return
        self.combo.setToolTip(describe_setting(setting.path, setting.field))
        if setting.is_numeric:
            present = float(read_setting(self._config(), setting.path))
            self.range.show_range(suggest_range(setting, present))
            self._write_range()
        else:
            self.values.setText(", ".join(setting.names))
        self._show_start()

    def _read_range(self) -> None:
        """Show the range of values that were written by hand."""
        setting = self.setting
        if setting is None or not setting.is_numeric:
            return
        try:
            numbers = [float(value) for value in parse_axis(self.text)[1]]
        except (ConfigError, ValueError):
            return  # not finished yet; the dock says what is wrong
        log = self.range.log.isChecked()
        self.range.show_range(Range(min(numbers), max(numbers), max(2, len(numbers)), log))

    def _write_range(self) -> None:
        """Write the values of the range out, where it is one."""
        setting = self.setting
        if setting is None:
            return
        try:
            _, values = parse_axis(f"{setting.path}={self.range.text}")
        except ConfigError:
            # The dock says what is wrong as soon as it tries to read it.
            self.values.setText(self.range.text)
        else:
            self.values.setText(", ".join(f"{v:.4g}" for v in dict.fromkeys(values)))
        self._show_start()

    def _show_start(self) -> None:
        self.values.setCursorPosition(0)
        line = self.combo.lineEdit()
        if line is not None:
            line.setCursorPosition(0)


def _widen_list(combo: QComboBox) -> None:
    """Let the list be as wide as its entries, also where the dock is narrower."""
    view = combo.view()
    if view is not None:
        view.setMinimumWidth(view.sizeHintForColumn(0) + _MARGIN)
