"""One editor per kind of setting: how a value of the config is shown and typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Protocol, get_args, get_origin

from pydantic.fields import FieldInfo
from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QLineEdit,
    QWidget,
)

from napari_jcc.config.ranges import choices
from napari_jcc.plugin.widgets.lists import let_shrink
from napari_jcc.plugin.widgets.settings.device_editor import DeviceEditor
from napari_jcc.plugin.widgets.settings.path_editors import EncoderEditor, FolderEditor
from napari_jcc.plugin.widgets.settings.spin_boxes import (
    FloatEditor,
    IntEditor,
    ignore_wheel,
)

_BOXES_A_ROW = 2


class Editor(Protocol):
    """A widget that holds the value of one setting."""

    changed: Any
    """Signal without arguments, after a change by the user or by `set_value`."""

    def value(self) -> Any:
        """Value as typed; the config checks it."""
        ...

    def set_value(self, value: Any) -> None:
        """Show `value`."""
        ...


class ChoiceEditor(QComboBox):
    """One of several names."""

    changed = Signal()

    def __init__(self, field: FieldInfo) -> None:
        super().__init__()
        self.addItems(choices(field))
        let_shrink(self, 8)
        ignore_wheel(self)
        self.currentIndexChanged.connect(lambda _: self.changed.emit())

    def value(self) -> str:
        """Name shown."""
        return self.currentText()

    def set_value(self, value: str) -> None:
        """Show `value`."""
        self.setCurrentText(value)


class SeveralEditor(QWidget):
    """Any of several names, in the order in which they were chosen."""

    changed = Signal()

    def __init__(self, field: FieldInfo) -> None:
        super().__init__()
        self._order: tuple[str, ...] = ()
        self._boxes = {name: QCheckBox(name) for name in choices(field)}
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for i, box in enumerate(self._boxes.values()):
            layout.addWidget(box, *divmod(i, _BOXES_A_ROW))
            box.toggled.connect(lambda _: self.changed.emit())

    def value(self) -> tuple[str, ...]:
        """Names checked: those set before in their order, then new ones."""
        checked = [name for name, box in self._boxes.items() if box.isChecked()]
        kept = [name for name in self._order if name in checked]
        return tuple(kept + [name for name in checked if name not in kept])

    def set_value(self, value: tuple[str, ...]) -> None:
        """Check the names in `value` and no other."""
        self._order = tuple(value)
        for name, box in self._boxes.items():
            box.setChecked(name in value)


class SwitchEditor(QCheckBox):
    """Yes or no."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.toggled.connect(lambda _: self.changed.emit())

    def value(self) -> bool:
        """Whether it is checked."""
        return self.isChecked()

    def set_value(self, value: bool) -> None:
        """Show `value`."""
        self.setChecked(value)


class NumbersEditor(QLineEdit):
    """Whole numbers separated by commas; empty leaves the choice to the program."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText("all")
        self.textChanged.connect(lambda _: self.changed.emit())

    def value(self) -> tuple[int | str, ...]:
        """Numbers typed; parts that are no numbers stay text, for the config to refuse."""
        parts = [part.strip() for part in self.text().replace(";", ",").split(",")]
        return tuple(
            int(part) if part.removeprefix("-").isdecimal() else part
            for part in parts
            if part
        )

    def set_value(self, value: tuple[int, ...]) -> None:
        """Show `value`."""
        self.setText(", ".join(map(str, value)))


class TextEditor(QLineEdit):
    """Any text."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.textChanged.connect(lambda _: self.changed.emit())

    def value(self) -> str:
        """Text typed."""
        return self.text()

    def set_value(self, value: str) -> None:
        """Show `value`."""
        self.setText(value)


def make_editor(name: str, field: FieldInfo) -> QWidget:
    """Build the editor that fits the type, or the meaning, of a setting.

    Raises
    ------
    TypeError
        If the config has a type that no editor is written for.
    """
    annotation = field.annotation
    if name == "encoder":
        # Matching networks keep the encoder that they were trained with: no auto.
        return EncoderEditor(with_auto="auto:" in str(field.description))
    if name == "device":
        return DeviceEditor(field)
    if get_origin(annotation) is tuple and _bare(get_args(annotation)[0]) is int:
        return NumbersEditor()
    if choices(field):
        several = get_origin(annotation) is tuple
        return SeveralEditor(field) if several else ChoiceEditor(field)
    if annotation is str:
        return FolderEditor() if name.endswith("folder") else TextEditor()
    makers: dict[Any, Callable[[], QWidget]] = {
        bool: SwitchEditor,
        int: lambda: IntEditor(field),
        float: lambda: FloatEditor(field),
    }
    if annotation not in makers:
        raise TypeError(f"No editor for the setting {name} of type {annotation}.")
    return makers[annotation]()


def _bare(annotation: Any) -> Any:
    """Strip the range off a type such as ``Annotated[int, Gt(0)]``."""
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
