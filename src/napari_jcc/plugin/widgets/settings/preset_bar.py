"""Choice of the preset, and what can be done with the settings as a whole."""

from __future__ import annotations

from pathlib import Path

from napari.utils.notifications import show_error
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QComboBox,
    QLabel,
    QMenu,
    QToolButton,
    QWidget,
)

from napari_jcc.atomic import replace_file
from napari_jcc.config import PRESETS, dump_config, load_config
from napari_jcc.plugin.preferences import preferred_config
from napari_jcc.plugin.widgets.parts import in_column, in_row, wrapped
from napari_jcc.plugin.widgets.questions import open_file, save_as
from napari_jcc.plugin.widgets.settings.form import ConfigForm

_FILTER = "Settings (*.toml)"


class PresetBar(QWidget):
    """Fills a form from a preset or a settings file."""

    def __init__(self, form: ConfigForm, preset: str) -> None:
        super().__init__()
        self._form = form
        self._combo = QComboBox()
        for i, offered in enumerate(PRESETS.values()):
            self._combo.addItem(offered.title, offered.name)
            self._combo.setItemData(
                i, f"<p>{offered.description}</p>", Qt.ItemDataRole.ToolTipRole
            )
        self._combo.setToolTip("Settings to start from; each is for other images")
        self._combo.setCurrentIndex(self._combo.findData(preset))
        self._combo.currentIndexChanged.connect(lambda _: self._apply())
        label = QLabel("Pr&eset")
        label.setBuddy(self._combo)
        self._menu_button = QToolButton()
        self._menu_button.setText("⋯")
        self._menu_button.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self._menu_button.setToolTip("More about the settings")
        self._menu_button.setAccessibleName("Settings menu")
        self._menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu_button.setMenu(self._build_menu())
        self._described = wrapped()
        head = in_row(label, (self._combo, 1), self._menu_button)
        in_column(head, self._described, within=self, spacing=2)
        self._apply()

    @property
    def preset(self) -> str:
        """Name of the chosen preset."""
        return str(self._combo.currentData())

    @property
    def title(self) -> str:
        """What the chosen preset is called in the list."""
        return self._combo.currentText()

    def set_preset(self, name: str) -> None:
        """Choose a preset and fill the form with it."""
        self._combo.setCurrentIndex(self._combo.findData(name))

    def load(self, path: str | Path) -> None:
        """Fill the form from a settings file.

        Raises
        ------
        ConfigError
            If the file cannot be read or holds settings that are not allowed.
        """
        self._form.set_config(load_config(path))

    def save(self, path: str | Path) -> None:
        """Write the settings in the form to a file.

        Raises
        ------
        ConfigError
            If a value in the form is not allowed.
        OutputError
            If the file cannot be written.
        """
        replace_file(path, dump_config(self._form.config()).encode())

    def _build_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.addAction("&Reset all to the preset", self._form.reset)
        menu.addSeparator()
        menu.addAction("&Load settings…", self._ask_load)
        menu.addAction("&Save settings…", self._ask_save)
        return menu

    def _apply(self) -> None:
        self._form.set_config(preferred_config(self.preset), as_reference=True)
        self._described.setText(PRESETS[self.preset].description)

    def _ask_load(self) -> None:
        open_file(self, "Load settings", _FILTER, self.load, show_error)

    def _ask_save(self) -> None:
        save_as(self, "Save settings", "jcc.toml", _FILTER, self.save, show_error)
