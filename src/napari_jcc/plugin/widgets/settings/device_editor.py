"""Choice of a device among those that were found."""

from __future__ import annotations

from pydantic.fields import FieldInfo
from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QComboBox, QWidget

from napari_jcc.config.ranges import choices
from napari_jcc.device import FoundDevice, find_devices, why_no_card
from napari_jcc.plugin.background.worker import Task
from napari_jcc.plugin.widgets.lists import let_shrink
from napari_jcc.plugin.widgets.parts import in_column, wrapped
from napari_jcc.plugin.widgets.settings.spin_boxes import ignore_wheel

_GIGABYTE = 1024**3


class DeviceEditor(QWidget):
    """A list of devices with their memory, over the reason where there is no card.

    What there is is looked for in a thread when the setting is first in sight, as loading
    torch takes seconds.
    """

    changed = Signal()

    def __init__(self, field: FieldInfo) -> None:
        super().__init__()
        self._allowed = choices(field)
        self._task: Task | None = None
        self.combo = QComboBox()
        let_shrink(self.combo, 8)
        ignore_wheel(self.combo)
        for name in self._allowed:
            self.combo.addItem(name, name)
        self.note = wrapped()
        self.note.setVisible(False)
        self.combo.currentIndexChanged.connect(lambda _: self.changed.emit())
        in_column(self.combo, self.note, within=self, spacing=2)
        self.setFocusProxy(self.combo)

    def value(self) -> str:
        """Name of the device chosen."""
        return str(self.combo.currentData())

    def set_value(self, value: str) -> None:
        """Show `value`, also where no such device was found."""
        if self.combo.findData(value) < 0:
            self.combo.addItem(f"{value} (not found)", value)
        self.combo.setCurrentIndex(self.combo.findData(value))

    def show_found(self, found: list[FoundDevice]) -> None:
        """Offer the devices that were found, and `auto`."""
        chosen = self.value()
        titles = {"auto": "auto"} | {device.name: _title(device) for device in found}
        self.combo.blockSignals(True)
        self.combo.clear()
        for name in self._allowed:
            if name in titles:
                self.combo.addItem(titles[name], name)
        for device in found:
            self.combo.setItemData(
                self.combo.findData(device.name), device.title, Qt.ItemDataRole.ToolTipRole
            )
        self.set_value(chosen)
        self.combo.blockSignals(False)
        reason = why_no_card(found)
        self.note.setText(reason)
        self.note.setVisible(bool(reason))

    def showEvent(self, event: QShowEvent | None) -> None:
        """Look for devices once."""
        super().showEvent(event)
        if self._task is None:
            self._task = Task(lambda _: find_devices(), "Look for devices")
            self._task.succeeded.connect(self.show_found)
            self._task.start()


def _title(device: FoundDevice) -> str:
    memory = f"  ({device.memory / _GIGABYTE:.0f} GB)" if device.memory else ""
    return f"{device.name}{memory}"
