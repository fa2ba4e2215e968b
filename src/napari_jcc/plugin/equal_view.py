"""Small images among large ones fill the canvas as these do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject

from napari_jcc.collection import ImageCollection
from napari_jcc.plugin.navigation import camera_of
from napari_jcc.plugin.placement import METADATA_KEY, Placement, enlargement

if TYPE_CHECKING:
    from napari.layers import Image

    from napari_jcc.plugin.session import Session


class EqualView(QObject):
    """Moves the camera from image to image of a stack of very mixed sizes.

    All lie at the upper left of slices as large as the largest, where a small one would be
    a dot. The part of an image that is in view stays the same part of the next one.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._viewer = session.viewer
        self._layer: Any = None
        self._factors: tuple[float, ...] = ()
        self._factor = 1.0
        session.chosen_changed.connect(lambda: self._take(session.chosen))

    def _take(self, chosen: Sequence[Image]) -> None:
        """Look at other images; one that is in view already stays as it is."""
        kept = chosen[0].metadata.get(METADATA_KEY) if len(chosen) == 1 else None
        if isinstance(kept, ImageCollection) and chosen[0].ndim == 3:
            self._factors = enlargements(kept)
        else:
            self._factors = ()
        self._listen(False)
        self._layer = chosen[0] if self._factors else None
        if self._layer is not None:
            self._listen(True)
            self._factor = self._wanted() if self._is_in_view() else 1.0
            self._follow()

    def _listen(self, wanted: bool) -> None:
        """Hear of the slider and of the view, for stacks of very mixed sizes only."""
        events = self._viewer.events.reset_view, self._viewer.dims.events.current_step
        for emitter, heard in zip(events, (self._on_reset, self._follow), strict=True):
            emitter.disconnect(heard)
            if wanted:
                emitter.connect(heard)

    def _follow(self, event: Any = None) -> None:
        wanted = self._wanted()
        if wanted != self._factor:
            change, self._factor = wanted / self._factor, wanted
            camera, corner = camera_of(self._viewer), self._corner()
            *before, y, x = camera.center
            centre = corner + (np.array([y, x]) - corner) / change
            camera.center = (*before, *centre)
            camera.zoom *= change

    def _on_reset(self, event: Any = None) -> None:
        if self._layer is not None and self._layer.visible:
            self._factor = 1.0
            self._follow()

    def _wanted(self) -> float:
        """Enlargement of the image at the slider; as it is where others are looked at."""
        layer = self._layer
        if layer is None or not layer.visible or self._viewer.dims.ndisplay != 2:
            return self._factor
        place = self._place()
        return self._factors[place] if 0 <= place < len(self._factors) else self._factor

    def _place(self) -> int:
        return round(float(self._layer.world_to_data(self._viewer.dims.point)[0]))

    def _corner(self) -> Any:
        """World coordinates y, x of the upper left corner of the images."""
        return np.asarray(self._layer.data_to_world((self._place(), -0.5, -0.5))[-2:])

    def _is_in_view(self) -> bool:
        """Whether the centre of the view lies in the image at the slider."""
        kept, place = self._layer.metadata[METADATA_KEY], self._place()
        if not 0 <= place < len(kept):
            return False
        centre = (*self._viewer.dims.point[:-2], *camera_of(self._viewer).center[-2:])
        inside = np.array(self._layer.world_to_data(centre)[-2:]) / kept.shape(place)
        return bool(((inside >= 0) & (inside < 1)).all())


def enlargements(images: ImageCollection) -> tuple[float, ...]:
    """How much every image is enlarged; nothing where none is."""
    canvas = Placement.of_stack(images).canvas
    shapes = map(images.shape, range(len(images)))
    factors = tuple(enlargement(shape, canvas) for shape in shapes)
    return factors if max(factors) > 1 else ()
