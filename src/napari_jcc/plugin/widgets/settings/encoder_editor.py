"""Choice of an encoder: a name, a file or a folder."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QFileDialog, QMenu, QToolButton, QWidget

from napari_jcc.plugin.widgets.lists import let_shrink
from napari_jcc.plugin.widgets.parts import in_row
from napari_jcc.plugin.widgets.settings.spin_boxes import ignore_wheel

_NONE, _AUTO = "none", "auto"
_KNOWN = {
    _NONE: "No encoder.",
    _AUTO: "DINOv2 small where it can be had; otherwise the settings of the preset fast.",
    "facebook/dinov2-small": "DINOv2, small (22 million weights), of the hub.",
    "facebook/dinov2-base": "DINOv2, base (87 million weights), of the Hugging Face hub.",
    "microsoft/resnet-50": "ResNet-50, convolutional, of the Hugging Face hub.",
}


class EncoderEditor(QWidget):
    """A list of known names that takes any other, beside a button to choose a file.

    Parameters
    ----------
    with_auto
        Whether ``auto``, the best that can be had, is among the names.
    """

    changed = Signal()

    def __init__(self, *, with_auto: bool = True) -> None:
        super().__init__()
        self._combo = QComboBox()
        self._combo.setEditable(True)
        self._combo.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        let_shrink(self._combo, 8)
        known = {name: tip for name, tip in _KNOWN.items() if with_auto or name != _AUTO}
        for place, (name, tip) in enumerate(known.items()):
            self._combo.addItem(name)
            self._combo.setItemData(place, tip, Qt.ItemDataRole.ToolTipRole)
        ignore_wheel(self._combo)
        self._combo.currentTextChanged.connect(lambda _: self.changed.emit())
        browse = QToolButton()
        browse.setText("…")
        browse.setToolTip("Choose a file or folder")
        browse.setAccessibleName("Choose an encoder's file or folder")
        browse.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        browse.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        menu = QMenu(self)
        menu.addAction("Choose &file (torch.export)…", self._ask_file)
        menu.addAction("Choose f&older (Transformers)…", self._ask_folder)
        browse.setMenu(menu)
        in_row((self._combo, 1), browse, within=self)
        self.setFocusProxy(self._combo)

    def value(self) -> str:
        """Name or path; empty for none."""
        text = self._combo.currentText().strip()
        return "" if text == _NONE else text

    def set_value(self, value: str) -> None:
        """Show `value`."""
        self._combo.setCurrentText(value or _NONE)

    def _ask_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, "Choose an encoder", self._start(), "Exported programs (*.pt2)"
        )
        if path:
            self.set_value(path)

    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Choose an encoder", self._start())
        if folder:
            self.set_value(folder)

    def _start(self) -> str:
        path = Path(self.value())
        return str(path.parent if path.is_absolute() else Path.home())
