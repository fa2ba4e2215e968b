"""Measure every object, into a layer's features table and a CSV file."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from napari.layers import Labels, Layer
from qtpy.QtWidgets import QWidget

from napari_jcc.atomic import replace_file
from napari_jcc.plugin.navigation import find_layer
from napari_jcc.plugin.pixel_size import pixel_size
from napari_jcc.plugin.placement import Placement
from napari_jcc.plugin.review.measuring import MeasuredObjects, measure_set
from napari_jcc.plugin.widgets.parts import in_column, push_button, wrapped
from napari_jcc.plugin.widgets.questions import save_as
from napari_jcc.results.names import MEASURES
from napari_jcc.tables import encode_csv
from napari_jcc.words import count_of

if TYPE_CHECKING:
    from napari_jcc.plugin.widgets.dock import Dock

_HINT = (
    "Area, axes, shape and brightness of every object, in the unit of length of the "
    "image's layer."
)
_TABLE = "Features table widget"
_TRANSFORM = "scale", "translate", "rotate", "shear", "affine", "units", "axis_labels"


class MeasurePanel(QWidget):
    """The dock's run panel over what was measured and a button to save it."""

    def __init__(self, dock: Dock) -> None:
        super().__init__()
        self._dock = dock
        self._layer: Labels | None = None
        self.measured: MeasuredObjects | None = None
        self.said = wrapped(_HINT)
        self.save_button = push_button(
            "Save measur&es…", "Save one row per object as CSV", self._ask_save
        )
        in_column(self.said, dock.panel, self.save_button, within=self, spacing=4)

    def run(self) -> None:
        """Measure the objects of the masks as they now are; returns at once."""
        shown, answer = self._dock.session.shown, self._dock.session.answer
        if shown is None or answer is None or self._dock.running:
            return
        size = pixel_size(self._lies_as(answer.placement))
        images, collection = answer.result.images, answer.collection
        work = partial(measure_set, images, collection, answer.placement, size)
        self._dock.start("Measure objects", work, self._on_measured)

    def save(self, path: str | Path) -> None:
        """Write one row per object as CSV.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        if self.measured is None:
            return
        replace_file(path, encode_csv(self.measured.measurements.to_csv()))
        self.said.setText(f"Saved as {path}")

    def refresh(self) -> None:
        """Show what can be done now."""
        self.save_button.setEnabled(self.measured is not None)

    def _on_measured(self, measured: MeasuredObjects) -> None:
        self.measured = measured
        viewer = self._dock.session.viewer
        if self._layer is not None and self._layer in viewer.layers:
            viewer.layers.remove(self._layer)
        like = self._lies_as(measured.placement)
        transform = {name: getattr(like, name) for name in _TRANSFORM}
        self._layer = measured.to_layer("objects", transform)
        viewer.add_layer(self._layer)
        self._layer.editable = False
        viewer.window.add_plugin_dock_widget("napari", _TABLE, tabify=True)
        rows = measured.measurements.rows
        unit = f", lengths in {rows[0]['unit']}" if rows else ""
        notes = "".join(f"\n⚠ {note}" for note in measured.measurements.notes[:3])
        objects = count_of(len(rows), "object")
        self.said.setText(f"{objects} in the table of the layer 'objects'{unit}.{notes}")
        self.refresh()

    def _lies_as(self, placement: Placement) -> Layer:
        """Return the masks, whose scale the user may have set, or what else lies there."""
        shown = self._dock.session.shown
        masks = None if shown is None else shown.masks
        viewer = self._dock.session.viewer
        return find_layer(viewer, placement) if masks is None else masks

    def _ask_save(self) -> None:
        kinds, said = "Table (*.csv)", self.said.setText
        save_as(self, "Save the measures", MEASURES, kinds, self.save, said)
