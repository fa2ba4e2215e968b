"""A classifier of superpixels that learns from corrected images.

Its target is the share of a superpixel that the mask covers. Superpixels of corrected
images count more than the others, whose masks are only the machine's own opinion, and
marked ones most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from napari_jcc._types import FloatArray, ImageArray, MaskArray
from napari_jcc.features.looks import describe_looks, gather_looks
from napari_jcc.features.pooling import pool_pixels
from napari_jcc.interaction.guidance import Guidance
from napari_jcc.priors.kernel_ridge import KernelRidge
from napari_jcc.regions import ImageRegions

LANDMARKS = 400
CORRECTED_WEIGHT = 5.0
MARKED_WEIGHT = 20.0
"""How many times a superpixel of a corrected image, and a marked one, counts."""


class Teacher:
    """The classifier of one set: features and kernel once, a small fit per lesson.

    Parameters
    ----------
    images
        By place in the collection.
    regions
        Pieces of those in the joint problem, likewise.
    learned : (S, K) float64
        The run's own features of all their superpixels, of total variance 1.
    """

    def __init__(
        self,
        images: Sequence[ImageArray],
        regions: Mapping[int, ImageRegions],
        learned: FloatArray,
    ) -> None:
        self._regions = regions
        looks = [describe_looks(images[i], own.superpixels) for i, own in regions.items()]
        features = np.concatenate([2.0 * learned, gather_looks(looks)], axis=1)
        self._ridge = KernelRidge(features, LANDMARKS)

    def rate(
        self, masks: Sequence[MaskArray], guidance: Mapping[int, Guidance]
    ) -> dict[int, FloatArray]:
        """Fit to the masks of all images and rate their superpixels, (S,) in [0, 1] each.

        Parameters
        ----------
        masks
            (H, W) bool each, at any size, by place in the collection.
        guidance
            What the user said of the corrected ones.
        """
        lessons = [
            _read_lesson(own, masks[place], guidance.get(place))
            for place, own in self._regions.items()
        ]
        target, weight = (np.concatenate(part) for part in zip(*lessons, strict=True))
        rated = np.clip(self._ridge.at_points(self._ridge.fit(target, weight)), 0.0, 1.0)
        ends = np.cumsum([len(own) for own, _ in lessons])[:-1]
        return dict(zip(self._regions, np.split(rated, ends), strict=True))


def _read_lesson(
    regions: ImageRegions, mask: MaskArray, said: Guidance | None
) -> tuple[FloatArray, FloatArray]:
    """Return the share of every superpixel that is object, (S,), and how much it counts."""
    height, width = regions.superpixels.label_map.shape
    share = cv2.resize(
        mask.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA
    ).astype(np.float32)
    target = pool_pixels(share.reshape(height, width, 1), regions.superpixels)[:, 0]
    weight = (regions.superpixels.area / (height * width)).astype(np.float64)
    if said is not None:
        weight *= CORRECTED_WEIGHT
        weight[said.decided.superpixels] *= MARKED_WEIGHT / CORRECTED_WEIGHT
    return target, weight
