"""What matches images: gradients, an encoder, or a trained network."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QLabel, QWidget

from napari_jcc.config import MatchingConfig
from napari_jcc.plugin.matching.choice import MatcherChoice
from napari_jcc.plugin.widgets.lists import let_shrink
from napari_jcc.plugin.widgets.parts import in_column, in_row
from napari_jcc.plugin.widgets.settings.path_editors import EncoderEditor, FileEditor
from napari_jcc.plugin.widgets.settings.setting_row import describe_setting

CHECKPOINTS = "Networks (*.ckpt);;All files (*)"
_GRADIENTS, _ENCODER, _REFINEMENT, _NETWORK = (
    "gradients",
    "encoder",
    "refinement",
    "network",
)
_BY_ENCODER = _ENCODER, _REFINEMENT
_WAYS = {
    _GRADIENTS: (
        "Without training: gradients",
        "Registers images by their edges. Needs nothing; for objects that look much alike.",
    ),
    _ENCODER: (
        "Without training: encoder",
        "Registers images by the maps of a network that somebody trained, such as DINOv2.",
    ),
    _REFINEMENT: (
        "Without training: encoder, refined",
        "By the maps of an encoder, from no motion on: finer, slower, for small changes.",
    ),
    _NETWORK: (
        "Trained network",
        "A file that the dock Train, or the command train, wrote for such images.",
    ),
}


_FACING = {
    "as_is": "all alike",
    "mirrored": "some mirrored",
    "any": "some mirrored or turned",
}


class MatcherChooser(QWidget):
    """Ways to match, the file or name that the chosen one needs, and how images may lie.

    Parameters
    ----------
    with_refinement
        Whether the refinement without training is one of them.

    Attributes
    ----------
    changed
        Signal when another matcher is chosen.
    """

    changed = Signal()

    def __init__(self, *, with_refinement: bool = False) -> None:
        super().__init__()
        self.way = QComboBox()
        self.way.setAccessibleName("Matcher")
        for way, (title, tip) in _WAYS.items():
            if way != _REFINEMENT or with_refinement:
                self.way.addItem(title, way)
                self.way.setItemData(self.way.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        let_shrink(self.way, 10)
        self.encoder = EncoderEditor(with_auto=False)
        self.network = FileEditor("Choose a trained network", CHECKPOINTS)
        self.network.set_hint("file of the network (.ckpt)")
        field = MatchingConfig.model_fields["facing"]
        self.facing = QComboBox()
        self.facing.setAccessibleName(field.title or "")
        self.facing.setToolTip(describe_setting("matching.facing", field))
        for ways, title in _FACING.items():
            self.facing.addItem(title, ways)
        let_shrink(self.facing, 10)
        lying = in_row(QLabel(field.title), (self.facing, 1))
        in_column(self.way, self.encoder, self.network, lying, within=self, spacing=4)
        self.way.currentIndexChanged.connect(self._on_way)
        self.encoder.changed.connect(self.changed)
        self.network.changed.connect(self.changed)
        self.facing.currentIndexChanged.connect(self.changed)
        self._on_way()

    @property
    def checkpoint(self) -> str:
        """File of the trained network; empty for matching without training."""
        return self.network.value() if self.way.currentData() == _NETWORK else ""

    @property
    def encoder_name(self) -> str:
        """Encoder of matching without training; empty for gradients."""
        return self.encoder.value() if self.way.currentData() in _BY_ENCODER else ""

    def choice(self, device: str) -> MatcherChoice:
        """Return what was chosen, to run on a device."""
        refines = self.way.currentData() == _REFINEMENT
        untrained = "refinement" if refines else "registration"
        return MatcherChoice(
            self.checkpoint,
            self.encoder_name,
            untrained,
            device,
            self.facing.currentData(),
        )

    @property
    def missing(self) -> str:
        """What is still to be chosen; empty when nothing is."""
        way = self.way.currentData()
        if way == _NETWORK and not self.checkpoint:
            return "Choose the file of a trained network, or match without training"
        if way in _BY_ENCODER and not self.encoder_name:
            return "Choose an encoder, or match by gradients"
        return ""

    def use_network(self, path: str) -> None:
        """Choose a trained network."""
        self.network.set_value(path)
        self.way.setCurrentIndex(self.way.findData(_NETWORK))

    def _on_way(self) -> None:
        way = self.way.currentData()
        self.way.setToolTip(_WAYS[way][1])
        self.encoder.setVisible(way in _BY_ENCODER)
        self.network.setVisible(way == _NETWORK)
        self.changed.emit()
