"""Landmarks placed on one image, found on all others, corrected, and exported."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.layers import Layer, Points

from napari_jcc._types import FloatArray
from napari_jcc.errors import InputError, JccError
from napari_jcc.matching.landmarks import Landmarks, describe_outside
from napari_jcc.matching.outputs.confidence import SCALE_TEXT
from napari_jcc.plugin.matching.landmark_points import LandmarkPoints, new_layer
from napari_jcc.plugin.matching.landmarks import Carrier, load_landmarks, save_landmarks
from napari_jcc.plugin.navigation import go_to
from napari_jcc.plugin.source import Source, find_source
from napari_jcc.plugin.stack import stack_layer
from napari_jcc.plugin.widgets.dock import NO_IMAGES
from napari_jcc.plugin.widgets.images_dock import ImagesDock
from napari_jcc.plugin.widgets.matching.landmark_table import LandmarkTable
from napari_jcc.plugin.widgets.matching.matcher_chooser import MatcherChooser
from napari_jcc.plugin.widgets.matching.points_chooser import PointsChooser
from napari_jcc.plugin.widgets.parts import fill_dock, in_row, push_button, wrapped
from napari_jcc.plugin.widgets.questions import open_file, save_as

if TYPE_CHECKING:
    import napari

_KINDS = "Table (*.csv);;tpsDig (*.tps)"
_NEW = "Press New, then click landmark 1, 2, 3 and so on in one image."
_FIRST = "Click landmark 1, 2, 3 and so on in one image."
_THEN = (
    f"Transfer finds them in all other images ({SCALE_TEXT}; white: placed by you). Move "
    "a point that is wrong, and transfer again."
)


class LandmarkDock(ImagesDock):
    """Carries numbered points from the images they were placed on to all others."""

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__(napari_viewer, "&Transfer")
        self.points: LandmarkPoints | None = None
        self._source: Source | None = None
        self._carrier: Carrier | None = None
        self.matcher = MatcherChooser()
        self.layers = PointsChooser(napari_viewer)
        self.hint = wrapped(_NEW)
        self.table = LandmarkTable()
        self.import_button = push_button(
            "&Import…", "Read landmarks from CSV or TPS (tpsDig)", self._ask_import
        )
        self.export_button = push_button(
            "E&xport…", "Write landmarks as CSV or TPS (tpsDig)", self._ask_export
        )
        self._build()
        self._connect()
        self.begin()

    @property
    def layer(self) -> Points | None:
        """The layer that holds the landmarks."""
        return None if self.points is None else self.points.layer

    def make_new(self) -> None:
        """Add an empty layer for landmarks, ready to draw on."""
        source = self._source
        if source is None:
            self.panel.set_status("Open a folder or choose an Image layer first.")
            return
        if source.needs_stack:
            # On images that lie on each other no point would be in one of them.
            data = stack_layer(source.collection, source.name)
            stack = self._viewer.add_layer(Layer.create(*data))
            self.chooser.choose(stack)
            source = self._source or source
        layer = new_layer(source.placement, f"{source.name} landmarks")
        self._viewer.add_layer(layer)
        layer.mode = "add"  # not before: napari's buttons would show another
        self.layers.choose(layer)

    def run(self) -> None:
        """Find the landmarks of all other images in a thread; returns at once."""
        if self.running or self.points is None or self._source is None:
            return
        carrier = self._choose_carrier(self._source)
        placed = self.points.placed()
        work = partial(carrier.carry, placed)
        self.start(
            "Landmarks",
            work,
            partial(self._on_carried, self.points, carrier),
            if_cancelled="Cancelled. The points are as they were.",
        )

    def save(self, path: str | Path) -> None:
        """Write the landmarks of all images, as CSV or by their name as TPS.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        if self.points is not None and self._source is not None:
            shapes = self.points.shapes()
            save_landmarks(shapes, self._source.collection, path)
            self.panel.set_status(f"Saved as {path}")

    def load(self, path: str | Path) -> None:
        """Take the landmarks of a table; points that were placed here stay.

        Raises
        ------
        InputError
            If the table cannot be read, or is about other images.
        """
        if self._source is None:
            raise InputError("Open the folder of the images first.")
        shapes, absent = load_landmarks(self._source.collection, path)
        if self.points is None:
            self.make_new()
        if self.points is not None:
            self._put(self.points, shapes)
        left = f"; {len(absent)} of its images are not here" if absent else ""
        self.panel.set_status(f"Read {Path(path).name}{left}")

    def refresh(self) -> None:
        """Show what can be done now."""
        missing = self.matcher.missing
        placed = {} if self.points is None else self.points.placed()
        if not placed:
            missing = "Place landmarks on one image first."
        self.show_need(missing, "Find them in all other images")
        self.layers.new_button.setEnabled(self._source is not None)
        self.import_button.setEnabled(self._source is not None)
        self.export_button.setEnabled(bool(placed))
        first = _NEW if self.points is None else _FIRST
        first = NO_IMAGES if self._source is None else first
        self.hint.setText(self._warn_outside(placed) + _THEN if placed else first)
        self.table.setVisible(self.points is not None)

    def show_images(self) -> None:
        """Take other images, and offer the layers that can hold their landmarks."""
        self._source = None
        if self.session.chosen:
            try:
                config = self.session.config.collection
                self._source = find_source(self.session.chosen, config)
            except JccError as error:
                self.panel.set_status(str(error))
        self._unfollow()
        ndim = 0 if self._source is None else len(self._source.placement.shape)
        self.layers.offer(ndim, self._are_here)

    def leave(self) -> None:
        """Stop listening to the viewer and the layer."""
        self._unfollow()
        self.layers.disconnect_viewer()
        super().leave()

    def _build(self) -> None:
        layout = fill_dock(
            self,
            self.chooser,
            self.layers,
            self.hint,
            self.matcher,
            self.panel,
            (self.table, 1),
            in_row(self.import_button, self.export_button),
        )
        layout.addStretch()

    def _connect(self) -> None:
        self.layers.new_wanted.connect(self.make_new)
        self.layers.changed.connect(self._on_layer)
        self.matcher.changed.connect(self.refresh)
        self.panel.run_wanted.connect(self.run)
        self.table.picked.connect(self._go_to)

    def _on_layer(self) -> None:
        layer = self.layers.layer
        if layer is not None and layer is self.layer:
            return
        self._unfollow()
        if layer is not None and self._source is not None:
            self.points = _read(layer, self._source)
            self.points.adopt()
            layer.events.data.connect(self._on_data)
        self._show_state()

    def _are_here(self, layer: Points) -> bool:
        return self._source is not None and _read(layer, self._source).are_here

    def _unfollow(self) -> None:
        if self.points is not None:
            self.points.layer.events.data.disconnect(self._on_data)
        self.points = None

    def _on_data(self, event: Any) -> None:
        """Take what the user drew, moved or removed."""
        if self.points is None:
            return
        rows = [int(row) for row in event.data_indices]
        if str(event.action) == "added":
            self.points.mark_new(rows)
        elif str(event.action) == "changed":
            self.points.mark_placed(rows)
        if str(event.action) in ("added", "changed", "removed"):
            self._show_state()

    def _on_carried(
        self, points: LandmarkPoints, carrier: Carrier, shapes: list[Landmarks]
    ) -> None:
        # Also while other images are chosen, and after they were.
        if points.are_here:
            self._put(points, shapes)
            self.panel.set_status(carrier.warning)

    def _put(self, points: LandmarkPoints, shapes: list[Any]) -> None:
        with points.layer.events.data.blocker(self._on_data):
            points.put(shapes)
        points.layer.mode = "select"
        self._show_state()

    def _show_state(self) -> None:
        if self.points is not None:
            self.table.show_shapes(self.points.shapes())
        self.refresh()

    def _warn_outside(self, placed: dict[int, FloatArray]) -> str:
        if self._source is None:
            return ""
        images = self._source.collection
        outside = describe_outside(
            (images.names[i], points, images.shape(i)) for i, points in placed.items()
        )
        return f"⚠ {outside}\n" if outside else ""

    def _choose_carrier(self, source: Source) -> Carrier:
        choice = self.matcher.choice(self.session.config.runtime.device)
        former = self._carrier
        asked = source.collection, choice
        if former is None or (former.collection, former.choice) != asked:
            self._carrier = former = Carrier(*asked)
        return former

    def _go_to(self, place: int) -> None:
        if self._source is not None and place >= 0:
            go_to(self._viewer, self._source.placement, place)
            self._viewer.layers.selection.active = self.layer

    def _ask_import(self) -> None:
        say = self.panel.set_status
        open_file(self, "Read landmarks", "Landmarks (*.csv *.tps)", self.load, say)

    def _ask_export(self) -> None:
        say = self.panel.set_status
        save_as(self, "Write landmarks", "landmarks.csv", _KINDS, self.save, say)


def _read(layer: Points, source: Source) -> LandmarkPoints:
    return LandmarkPoints(layer, source.placement, source.collection.names)
