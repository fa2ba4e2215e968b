"""A file or folder, typed or chosen."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QFileDialog, QLineEdit, QMenu, QToolButton, QWidget

from napari_jcc.plugin.widgets.lists import let_shrink
from napari_jcc.plugin.widgets.parts import in_row
from napari_jcc.plugin.widgets.settings.spin_boxes import ignore_wheel


class PathEditor(QWidget):
    """A path beside a button that asks for it, as subclasses do in `ask`.

    Attributes
    ----------
    changed
        Signal when another path is typed or chosen.
    """

    changed = Signal()

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self._text = QLineEdit()
        self._text.setAccessibleName(title)
        self._text.textChanged.connect(lambda _: self.changed.emit())
        browse = QToolButton()
        browse.setText("…")
        browse.setToolTip(title)
        browse.setAccessibleName(f"{title}…")
        browse.clicked.connect(self._browse)
        in_row((self._text, 1), browse, within=self)
        self.setFocusProxy(self._text)

    def value(self) -> str:
        """Path typed; empty for none."""
        return self._text.text()

    def set_value(self, path: str | Path) -> None:
        """Show a path."""
        self._text.setText(str(path))

    def set_hint(self, hint: str) -> None:
        """Say what is missing while the path is empty."""
        self._text.setPlaceholderText(hint)

    def ask(self, start: str) -> str:
        """Ask for a path, beginning at one; empty where there is no answer."""
        raise NotImplementedError

    def _browse(self) -> None:
        path = self.ask(self.value() or str(Path.home()))
        if path:
            self.set_value(path)


class FolderEditor(PathEditor):
    """A folder; empty is none."""

    def __init__(self) -> None:
        super().__init__("Choose a folder")
        self.set_hint("none")

    def ask(self, start: str) -> str:
        """Ask for a folder."""
        return str(QFileDialog.getExistingDirectory(self, self._title, start))


class FileEditor(PathEditor):
    """A file.

    Parameters
    ----------
    title
        Of the question.
    kinds
        Files that are offered, as Qt writes them: ``"Networks (*.ckpt)"``.
    new
        Whether the file is to be written, and need not be there yet.
    """

    def __init__(self, title: str, kinds: str, *, new: bool = False) -> None:
        super().__init__(title)
        self._kinds, self._new = kinds, new

    def value(self) -> str:
        """Path typed, without spaces around it; empty for none."""
        return super().value().strip()

    def ask(self, start: str) -> str:
        """Ask for a file; one that is to be replaced is asked about when it is written."""
        if not self._new:
            path, _ = QFileDialog.getOpenFileName(self, self._title, start, self._kinds)
            return str(path)
        option = QFileDialog.Option.DontConfirmOverwrite
        path, _ = QFileDialog.getSaveFileName(
            self, self._title, start, self._kinds, options=option
        )
        return str(path)


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
