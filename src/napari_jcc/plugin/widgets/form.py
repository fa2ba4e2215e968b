"""The settings form, drawn from the config: one row per field, one fold per section."""

from __future__ import annotations

from html import escape
from typing import Any, cast

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QLabel,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_jcc.config import JccConfig, describe_range
from napari_jcc.config.fields import Section as Group
from napari_jcc.config.fields import is_advanced
from napari_jcc.config.overrides import validate_as
from napari_jcc.errors import ConfigError
from napari_jcc.plugin.widgets.editors import Editor, make_editor
from napari_jcc.plugin.widgets.fold import Fold


class SettingRow:
    """Label, editor and reset button of one setting.

    Parameters
    ----------
    path
        ``section.field``.
    field
        Where title, description, range and kind come from.
    """

    def __init__(self, path: str, field: FieldInfo) -> None:
        self.path = path
        self.advanced = is_advanced(field)
        self._reference: Any = field.default
        self.label = QLabel(field.title)
        self.label.setWordWrap(True)
        self.label.setAlignment(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        self.widget = make_editor(path.partition(".")[2], field)
        self.widget.setAccessibleName(str(field.title))
        self.label.setBuddy(self.widget)
        self.button = QToolButton()
        self.button.setText("↺")
        self.button.setAutoRaise(True)
        self.button.setToolTip("Back to the preset's value")
        self.button.setAccessibleName(f"Reset {field.title}")
        self.button.clicked.connect(self.reset)
        keep = self.button.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self.button.setSizePolicy(keep)
        tooltip = _tooltip(path, field)
        self.label.setToolTip(tooltip)
        self.widget.setToolTip(tooltip)
        self.editor.set_value(field.default)

    @property
    def editor(self) -> Editor:
        """The widget, as the holder of a value."""
        return cast("Editor", self.widget)

    @property
    def modified(self) -> bool:
        """Whether the value differs from the preset's."""
        return bool(self.editor.value() != self._reference)

    def set_reference(self, value: Any) -> None:
        """Set the preset's value, against which changes are marked."""
        self._reference = value

    def reset(self) -> None:
        """Go back to the preset's value."""
        self.editor.set_value(self._reference)

    def refresh(self, show_advanced: bool) -> bool:
        """Mark a change, show or hide the row, and tell whether it is shown.

        An advanced setting that was changed stays in sight.
        """
        font = self.label.font()
        font.setBold(self.modified)
        self.label.setFont(font)
        shown = show_advanced or not self.advanced or self.modified
        self.label.setVisible(shown)
        self.widget.setVisible(shown)
        self.button.setVisible(shown and self.modified)
        return shown


class Section(Fold):
    """All settings of one section."""

    def __init__(self, name: str, field: FieldInfo) -> None:
        self.name = name
        content = QWidget()
        super().__init__(str(field.title), content, str(field.description))
        grid = QGridLayout(content)
        grid.setContentsMargins(14, 0, 0, 6)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 5)
        grid.setColumnStretch(1, 4)
        model = cast("type[BaseModel]", field.annotation)
        self.rows = [
            SettingRow(f"{name}.{key}", item) for key, item in model.model_fields.items()
        ]
        for i, row in enumerate(self.rows):
            grid.addWidget(row.label, i, 0)
            grid.addWidget(row.widget, i, 1)
            grid.addWidget(row.button, i, 2)
        self._error = QLabel()
        self._error.setWordWrap(True)
        self._error.setVisible(False)
        grid.addWidget(self._error, len(self.rows), 0, 1, 3)

    def refresh(self, show_advanced: bool) -> None:
        """Mark changes and hide what is not asked for."""
        shown = [row.refresh(show_advanced) for row in self.rows]
        self.setVisible(any(shown))
        changed = sum(row.modified for row in self.rows)
        self.set_note(f"{changed} changed" if changed else "")

    def show_error(self, message: str) -> None:
        """Show what is wrong in this section, or nothing."""
        self._error.setText(f"⚠ {message}" if message else "")
        self._error.setVisible(bool(message))
        if message:
            self.set_open(True)


class SettingsForm(QWidget):
    """Edits settings of any kind, such as `JccConfig` or `MatchConfig`.

    Parameters
    ----------
    config
        Settings shown first; also the reference against which changes are marked.
    parent
        Qt parent.

    Attributes
    ----------
    changed
        Signal after every change, valid or not.
    """

    changed = Signal()

    def __init__(self, config: Group, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = type(config)
        self._filling = False
        self._error = ""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        self.sections = [
            Section(name, field) for name, field in self._model.model_fields.items()
        ]
        for section in self.sections:
            layout.addWidget(section)
        self.advanced_switch = QCheckBox("Show &advanced settings")
        self.advanced_switch.toggled.connect(lambda _: self._refresh())
        layout.addWidget(self.advanced_switch)
        layout.addStretch()
        for row in self.rows.values():
            row.editor.changed.connect(self._on_changed)
        self.set_config(config, as_reference=True)

    @property
    def rows(self) -> dict[str, SettingRow]:
        """Rows by ``section.field``."""
        return {row.path: row for section in self.sections for row in section.rows}

    @property
    def error(self) -> str:
        """What is wrong with the settings as typed; empty when they are valid."""
        return self._error

    def config(self) -> Any:
        """Return the settings as typed.

        Raises
        ------
        ConfigError
            If a value is not allowed.
        """
        values: dict[str, dict[str, Any]] = {}
        for path, row in self.rows.items():
            section, _, name = path.partition(".")
            values.setdefault(section, {})[name] = row.editor.value()
        return validate_as(self._model, values)

    def set_config(self, config: Group, *, as_reference: bool = False) -> None:
        """Show `config`; as the reference, changes are marked against it from now on."""
        self._filling = True
        for path, row in self.rows.items():
            section, _, name = path.partition(".")
            value = getattr(getattr(config, section), name)
            if as_reference:
                row.set_reference(value)
            row.editor.set_value(value)
        self._filling = False
        self._on_changed()

    def reset(self) -> None:
        """Set every field back to the reference."""
        self._filling = True
        for row in self.rows.values():
            row.reset()
        self._filling = False
        self._on_changed()

    @property
    def modified(self) -> tuple[str, ...]:
        """Paths of the fields that differ from the reference."""
        return tuple(path for path, row in self.rows.items() if row.modified)

    def _on_changed(self) -> None:
        if self._filling:
            return
        try:
            self.config()
            self._error = ""
        except ConfigError as error:
            self._error = str(error)
        self._refresh()
        self.changed.emit()

    def _refresh(self) -> None:
        lines = self._error.splitlines()
        for section in self.sections:
            section.refresh(self.advanced_switch.isChecked())
            mine = [line for line in lines if line.startswith(section.name)]
            section.show_error("\n".join(mine))


class ConfigForm(SettingsForm):
    """Edits a `JccConfig`; parameters and signals as `SettingsForm`."""

    def __init__(
        self, config: JccConfig | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(config or JccConfig(), parent)

    def config(self) -> JccConfig:
        """Return the settings as typed; see `SettingsForm.config`."""
        return cast("JccConfig", super().config())


def _tooltip(path: str, field: FieldInfo) -> str:
    allowed = describe_range(field)
    parts = [f"<p>{escape(str(field.description))}</p>"]
    if allowed:
        parts.append(f"<p>Range: {escape(allowed)}.</p>")
    parts.append(f"<p><i>{path}</i></p>")
    return "".join(parts)
