"""Where the truth is: one of the Labels layers, or a folder of masks."""

from __future__ import annotations

from pathlib import Path

from napari.layers import Labels
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_jcc.plugin.placement import PLACEMENT_KEY
from napari_jcc.plugin.session import Session
from napari_jcc.plugin.truth import TruthChoice
from napari_jcc.plugin.widgets.lists import LayerList
from napari_jcc.plugin.widgets.parts import in_row, push_button

_TOOLTIP = (
    "Masks that are known to be right: a Labels layer on the same slices, or a folder of "
    "mask files named like the images."
)


class TruthChooser(QWidget):
    """A list of Labels layers beside a button to choose a folder; shared by all docks."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.combo = LayerList(session.viewer, "Truth", _TOOLTIP, self.refresh)
        self.combo.currentIndexChanged.connect(self._on_chosen)
        self.folder_button = push_button(
            "F&older…", "Choose a folder of masks named like the images", self._ask_folder
        )
        in_row((self.combo, 1), self.folder_button, within=self)
        session.truth_changed.connect(self.refresh)
        self.refresh()

    def disconnect_viewer(self) -> None:
        """Stop listening to the viewer."""
        self.combo.disconnect_viewer()

    def choose_folder(self, folder: str | Path) -> None:
        """Take the masks in a folder for the truth."""
        self._session.set_truth(TruthChoice(folder=Path(folder)))

    def refresh(self) -> None:
        """Offer the layers that the viewer has now."""
        chosen, layers = self._session.truth, self._session.viewer.layers
        if chosen is not None and chosen.layer is not None and chosen.layer not in layers:
            self._session.set_truth(None)
            return
        known = {c.layer: c for c in (chosen,) if c is not None and c.layer is not None}
        choices = [
            known.get(layer) or TruthChoice(layer=layer)
            for layer in layers
            if isinstance(layer, Labels) and PLACEMENT_KEY not in layer.metadata
        ]
        if chosen is not None and chosen.folder is not None:
            choices.append(chosen)
        offered = [("no truth", None), *((choice.title, choice) for choice in choices)]
        self.combo.offer(offered, chosen)

    def _on_chosen(self) -> None:
        self._session.set_truth(self.combo.chosen)

    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder of masks known to be right")
        if folder:
            self.choose_folder(folder)
