"""One setting of the form: a value, and widgets as soon as somebody wants to see them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from html import escape
from typing import Any, cast

from pydantic.fields import FieldInfo
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QToolButton, QWidget

from napari_jcc.config import describe_range
from napari_jcc.config.fields import is_advanced
from napari_jcc.plugin.widgets.settings.editors import Editor, make_editor


class SettingRow:
    """Label, editor and reset button of one setting.

    napari's style takes a quarter of a millisecond for every widget, so there are none of a
    section that is closed.
    """

    def __init__(self, path: str, field: FieldInfo, build: Callable[[], None]) -> None:
        self.path = path
        self.advanced = is_advanced(field)
        self._field = field
        self._build = build
        self._reference: Any = field.default
        self._value: Any = field.default
        self._widget: QWidget | None = None

    @property
    def is_made(self) -> bool:
        """Whether there are widgets."""
        return self._widget is not None

    @property
    def widget(self) -> QWidget:
        """The editor; made if there is none yet."""
        if self._widget is None:
            self._build()
        return cast("QWidget", self._widget)

    @property
    def editor(self) -> Editor:
        """The widget, as the holder of a value."""
        return cast("Editor", self.widget)

    @cached_property
    def label(self) -> QLabel:
        """Title of the setting."""
        label = QLabel(self._field.title)
        label.setWordWrap(True)
        label.setAlignment(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        label.setToolTip(describe_setting(self.path, self._field))
        return label

    @cached_property
    def button(self) -> QToolButton:
        """Sets the value back."""
        button = QToolButton()
        button.setText("↺")
        button.setAutoRaise(True)
        button.setToolTip("Back to the preset's value")
        button.setAccessibleName(f"Reset {self._field.title}")
        button.clicked.connect(self.reset)
        return button

    def make(self) -> None:
        """Make the widgets."""
        self._widget = make_editor(self.path.partition(".")[2], self._field)
        self._widget.setAccessibleName(str(self._field.title))
        self._widget.setToolTip(describe_setting(self.path, self._field))
        self.label.setBuddy(self._widget)
        self.editor.set_value(self._value)

    @property
    def value(self) -> Any:
        """The setting as it was typed."""
        return self.editor.value() if self.is_made else self._value

    def set_value(self, value: Any) -> None:
        """Show a value."""
        self._value = value
        if self.is_made:
            self.editor.set_value(value)

    @property
    def modified(self) -> bool:
        """Whether the value differs from the preset's."""
        return bool(self.value != self._reference)

    def set_reference(self, value: Any) -> None:
        """Set the preset's value, against which changes are marked."""
        self._reference = value

    def reset(self) -> None:
        """Go back to the preset's value."""
        self.set_value(self._reference)

    def refresh(self, show_advanced: bool) -> bool:
        """Mark a change, show or hide the row, and tell whether it is shown.

        An advanced setting that was changed stays in sight.
        """
        shown = show_advanced or not self.advanced or self.modified
        if self.is_made:
            font = self.label.font()
            font.setBold(self.modified)
            self.label.setFont(font)
            self.label.setVisible(shown)
            self.widget.setVisible(shown)
            # Its place is kept, but not in a row that is not seen.
            place = self.button.sizePolicy()
            place.setRetainSizeWhenHidden(shown)
            self.button.setSizePolicy(place)
            self.button.setVisible(shown and self.modified)
        return shown


def describe_setting(path: str, field: FieldInfo) -> str:
    """Say what a setting does, its range and its name, as a tooltip."""
    allowed = describe_range(field)
    parts = [f"<p>{escape(str(field.description))}</p>"]
    if allowed:
        parts.append(f"<p>Range: {escape(allowed)}.</p>")
    parts.append(f"<p><i>{path}</i></p>")
    return "".join(parts)
