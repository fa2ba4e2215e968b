"""A line that names the image in view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QWidget

from napari_jcc.plugin.navigation import current_slot, find_layer
from napari_jcc.plugin.source import find_stack
from napari_jcc.plugin.widgets.one_line import OneLine
from napari_jcc.words import count_of

if TYPE_CHECKING:
    from napari.layers import Layer

    from napari_jcc.collection import ImageCollection
    from napari_jcc.plugin.placement import Placement
    from napari_jcc.plugin.session import Session
    from napari_jcc.results import ImageResult


class ImageLine(OneLine):
    """Names the image in view, its place in the set, and what became of it.

    It follows the sliders. Hidden where nothing is known of the images, as before a run on
    a layer that was not opened as a set.
    """

    def __init__(self, session: Session, parent: QWidget) -> None:
        # The end of a name often tells it from others.
        super().__init__(Qt.TextElideMode.ElideMiddle, parent)
        self._session = session
        self._images: ImageCollection | None = None
        self._placement: Placement | None = None
        self._layer: Layer | None = None
        self._steps = session.viewer.dims.events.current_step
        self._steps.connect(self.refresh)
        session.chosen_changed.connect(self.take)
        session.shown_changed.connect(self.take)
        session.statuses_changed.connect(self.refresh)
        self.take()

    def leave(self) -> None:
        """Stop listening to the viewer."""
        self._steps.disconnect(self.refresh)

    def take(self) -> None:
        """Find out which images there are now."""
        session, answer = self._session, self._session.answer
        self._images = self._placement = self._layer = None
        if answer is not None and session.shown_on == session.chosen:
            self._images, self._placement = answer.chosen, answer.placement
        elif stack := find_stack(session.chosen, session.config.collection):
            self._images, self._placement = stack.collection, stack.placement
        if self._placement is not None:
            # Once: of images without a result the layer is made, which takes its time.
            self._layer = find_layer(session.viewer, self._placement)
        self.setVisible(self._layer is not None)
        self.refresh()

    def refresh(self, event: Any = None) -> None:
        """Name the image that is in view now."""
        placement, layer, images = self._placement, self._layer, self._images
        name = told = ""
        if placement is not None and layer is not None and images is not None:
            slot = current_slot(self._session.viewer, placement, layer)
            if 0 <= slot < len(images):
                name = images.names[slot]
                told = "  ·  ".join(["", *self._describe(slot, placement)])
                rows, columns = images.shape(slot)
                size = f"{columns} x {rows} pixels"
                self.setToolTip("\n".join(filter(None, (images.location(slot), size))))
        self.show_text(name, told)

    def _describe(self, slot: int, placement: Placement) -> list[str]:
        """Say the place of an image in the set, and what is shown of it."""
        parts, answer = [f"{slot + 1} of {placement.slices}"], self._session.answer
        if answer is None or placement is not answer.placement:
            return parts
        if slot not in placement.slots:
            return [*parts, "left out"]
        image = answer.result.images[placement.slots.index(slot)]
        status = self._session.statuses.get(image.name)
        return [*parts, _describe_objects(image), *([status] if status else [])]


def _describe_objects(image: ImageResult) -> str:
    """Say how many objects were found, or the score of the one that is looked for."""
    if image.instances is not None:
        return count_of(len(image.boxes), "object")
    return f"score {image.box_score:.2f}" if len(image.boxes) else "no object"
