"""Objects keep their numbers, and with them their colours, from answer to answer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_jcc.plugin.corrections.delivery import Answers
from napari_jcc.plugin.shown import ShownResult
from napari_jcc.results import ImageResult
from napari_jcc.results.numbering import keep_numbers


class Numbering:
    """Gives objects of new answers the numbers that they have in the mask layer.

    Every answer is numbered anew, from its first row to its last. An object that was erased
    leaves a gap, and has its number again when it comes back.

    Parameters
    ----------
    shown
        The layers.
    """

    def __init__(self, shown: ShownResult) -> None:
        self._shown = shown
        # Pixels where an object was that is gone, and its number, by place of the image.
        self._gone: dict[int, tuple[NDArray[Any], NDArray[Any]]] = {}

    def keep(self, images: Answers) -> Answers:
        """Return answers with the numbers that are shown, by places of the images."""
        answer, masks = self._shown.answer, self._shown.masks
        if answer is None or masks is None or masks.data.shape != answer.placement.shape:
            return images
        placement = answer.placement
        stack = masks.data.reshape(placement.slices, *placement.canvas)
        return {
            place: self._keep(
                place, image, answer.result.images[place], stack[placement.slots[place]]
            )
            for place, image in images.items()
        }

    def _keep(
        self, place: int, image: ImageResult, former: ImageResult, now: NDArray[Any]
    ) -> ImageResult:
        if image.instances is None or former.instances is None:
            return image
        rows, columns = image.mask.shape
        before = now[:rows, :columns].astype(np.int32)
        # Of an object erased by the stroke at hand only the former answer knows.
        np.copyto(before, former.instances, where=before == 0)
        if place in self._gone:
            at, numbers = self._gone[place]
            before.flat[at] = np.where(before.flat[at] == 0, numbers, before.flat[at])
        found = keep_numbers(image, before)
        at = np.flatnonzero((before > 0) & (found.labels == 0))
        self._gone[place] = at, before.flat[at]
        return found
