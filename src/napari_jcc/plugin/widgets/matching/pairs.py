"""Which images are matched, and the table of what came out."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QFormLayout, QToolButton, QWidget

from napari_jcc.config import MatchingConfig
from napari_jcc.plugin.widgets.lists import let_shrink
from napari_jcc.plugin.widgets.parts import in_row
from napari_jcc.plugin.widgets.pick_table import PickTable
from napari_jcc.plugin.widgets.settings.setting_row import describe_setting
from napari_jcc.plugin.widgets.settings.spin_boxes import IntEditor

_COLUMNS = (
    ("image", "Image that was matched to the template"),
    ("confidence", "Of the whole pair, 0 to 1; compare pairs of one matcher only"),
    ("inliers", "Share of points that lead into the source and come back close by"),
    (
        "cycle",
        "Cycle error: mean distance of points that went to the source and back; 1: a side",
    ),
)
_BY_CONFIDENCE = 1
_ALL = "all other images"


class PairChooser(QWidget):
    """Template, and the images that are matched to it.

    Attributes
    ----------
    changed
        Signal when other images are chosen.
    current_wanted
        Signal when the image in view is to be the template.
    """

    changed = Signal()
    current_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        field = MatchingConfig.model_fields["through"]
        self._target, self._source = _make_list("Template"), _make_list("Images matched")
        self._through = IntEditor(field)
        self._through.set_value(field.default)
        self._through.setAccessibleName(field.title or "")
        self._through.setToolTip(describe_setting("matching.through", field))
        self._target.setToolTip("Template: all is drawn in the place of this image")
        self._source.setToolTip("What is matched to the template")
        self.current_button = QToolButton()
        self.current_button.setText("In view")
        self.current_button.setToolTip("Take the image in view as template")
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addRow("Template", in_row((self._target, 1), self.current_button))
        layout.addRow("Match", self._source)
        layout.addRow(field.title, self._through)
        self._target.currentIndexChanged.connect(self._on_target)
        self._source.currentIndexChanged.connect(self._on_source)
        self.current_button.clicked.connect(self.current_wanted)

    @property
    def target(self) -> str:
        """Name of the template; empty while there are no images."""
        return self._target.currentText()

    @property
    def source(self) -> str:
        """Name of the one image that is matched; empty for all."""
        return self._source.currentText() if self._source.currentIndex() > 0 else ""

    @property
    def through(self) -> int:
        """Number of other images that are asked."""
        return self._through.value()

    def set_names(self, names: Sequence[str]) -> None:
        """Offer images by their names and keep the choice where it can be."""
        before = self.target
        self._target.blockSignals(True)
        self._target.clear()
        self._target.addItems(list(names))
        self._target.setCurrentIndex(max(0, self._target.findText(before)))
        self._target.blockSignals(False)
        self._on_target()

    def choose(self, target: str, source: str = "") -> None:
        """Choose template and, if not all, the image matched to it."""
        self._target.setCurrentText(target)
        self._source.setCurrentIndex(max(0, self._source.findText(source)))

    def _on_target(self) -> None:
        names = [self._target.itemText(i) for i in range(self._target.count())]
        before = self.source
        self._source.blockSignals(True)
        self._source.clear()
        self._source.addItems([_ALL, *(name for name in names if name != self.target)])
        self._source.setCurrentIndex(max(0, self._source.findText(before)))
        self._source.blockSignals(False)
        self._on_source()

    def _on_source(self) -> None:
        # Of two images there are no others.
        self._through.setEnabled(not self.source)
        self.changed.emit()


class PairTable(PickTable):
    """One row per matched pair, numbered in the order asked for; a click shows it."""

    def __init__(self) -> None:
        super().__init__("Matched pairs", _COLUMNS, stretched=0)

    def show_pairs(self, pairs: Sequence[tuple[str, float, float, float]]) -> None:
        """List pairs by image, confidence, inlier share and cycle error."""
        self.blockSignals(True)
        # Else every row moves while it is filled.
        self.setSortingEnabled(False)
        self.setRowCount(len(pairs))
        for row, pair in enumerate(pairs):
            self.fill_row(row, row, pair)
        self.setSortingEnabled(True)
        self.sortItems(_BY_CONFIDENCE, Qt.SortOrder.AscendingOrder)
        self.blockSignals(False)


def _make_list(name: str) -> QComboBox:
    combo = QComboBox()
    combo.setAccessibleName(name)
    let_shrink(combo, 10)
    return combo
