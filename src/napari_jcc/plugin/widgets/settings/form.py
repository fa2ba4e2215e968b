"""The settings form, drawn from the config: one row per field, one fold per section."""

from __future__ import annotations

from typing import Any, cast

from pydantic.fields import FieldInfo
from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QLabel,
    QWidget,
)

from napari_jcc.config import JccConfig
from napari_jcc.config.fields import Section, settings_of
from napari_jcc.config.overrides import validate_as
from napari_jcc.errors import ConfigError
from napari_jcc.plugin.widgets.fold import Fold
from napari_jcc.plugin.widgets.parts import in_column
from napari_jcc.plugin.widgets.settings.setting_row import SettingRow


class SectionFold(Fold):
    """All settings of one section; their widgets are made when it is first opened.

    Attributes
    ----------
    changed
        Signal after every change of a value by its widget.
    """

    changed = Signal()

    def __init__(self, name: str, field: FieldInfo) -> None:
        self.name = name
        self._shows_advanced = False
        self.rows = [
            SettingRow(f"{name}.{key}", item, self._build)
            for key, item in settings_of(field).items()
        ]
        self._error = QLabel()
        super().__init__(str(field.title), QWidget(), str(field.description))

    def set_open(self, is_open: bool) -> None:
        """Show or hide the settings."""
        if is_open:
            self._build()
        super().set_open(is_open)

    def _build(self) -> None:
        if self.content.layout() is not None:
            return
        grid = QGridLayout(self.content)
        grid.setContentsMargins(14, 0, 0, 6)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(4)
        # So wide that the longest name of a choice is read in a dock of usual width.
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 5)
        for i, row in enumerate(self.rows):
            row.make()
            row.editor.changed.connect(self.changed)
            grid.addWidget(row.label, i, 0)
            grid.addWidget(row.widget, i, 1)
            grid.addWidget(row.button, i, 2)
            row.refresh(self._shows_advanced)
        self._error.setWordWrap(True)
        self._error.setVisible(False)
        grid.addWidget(self._error, len(self.rows), 0, 1, 3)

    def refresh(self, show_advanced: bool) -> None:
        """Mark changes and hide what is not asked for."""
        self._shows_advanced = show_advanced
        shown = [row.refresh(show_advanced) for row in self.rows]
        self.setVisible(any(shown))
        changed = sum(row.modified for row in self.rows)
        self.set_note(f"{changed} changed" if changed else "")

    def show_error(self, message: str) -> None:
        """Show what is wrong in this section, or nothing."""
        if message:
            self.set_open(True)
        self._error.setText(f"⚠ {message}" if message else "")
        if self.content.layout() is not None:
            self._error.setVisible(bool(message))


class SettingsForm(QWidget):
    """Edits settings of any kind, such as `JccConfig` or `MatchConfig`.

    Parameters
    ----------
    config
        Settings shown first; also the reference against which changes are marked.

    Attributes
    ----------
    changed
        Signal after every change, valid or not.
    """

    changed = Signal()

    def __init__(self, config: Section) -> None:
        super().__init__()
        self._model = type(config)
        self._filling = False
        self._error = ""
        self.sections = [
            SectionFold(name, field) for name, field in self._model.model_fields.items()
        ]
        for section in self.sections:
            section.changed.connect(self._on_changed)
        self.advanced_switch = QCheckBox("Show adva&nced settings")
        self.advanced_switch.toggled.connect(lambda _: self._refresh())
        layout = in_column(*self.sections, self.advanced_switch, within=self, spacing=2)
        layout.addStretch()
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
            values.setdefault(section, {})[name] = row.value
        return validate_as(self._model, values)

    def set_config(self, config: Section, *, as_reference: bool = False) -> None:
        """Show `config`; as the reference, changes are marked against it from now on."""
        self._filling = True
        for path, row in self.rows.items():
            section, _, name = path.partition(".")
            value = getattr(getattr(config, section), name)
            if as_reference:
                row.set_reference(value)
            row.set_value(value)
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
    """Edits a `JccConfig`; signals as `SettingsForm`."""

    def __init__(self) -> None:
        super().__init__(JccConfig())

    def config(self) -> JccConfig:
        """Return the settings as typed; see `SettingsForm.config`."""
        return cast("JccConfig", super().config())
