"""A classifier of superpixels that learns from corrected images.

Its target is the share of a superpixel that the mask covers. Superpixels of corrected
images count more than the others, whose masks are only the machine's own opinion, and
marked ones most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from napari_jcc._types import FloatArray, ImageArray, MaskArray
from napari_jcc.features.looks import describe_looks, gather_looks
from napari_jcc.features.pooling import pool_pixels
from napari_jcc.priors.kernel_ridge import KernelRidge
from napari_jcc.regions import ImageRegions

LANDMARKS = 400
CORRECTED_WEIGHT = 5.0
MARKED_WEIGHT = 20.0
"""How many times a superpixel of a corrected image, and a marked one, counts."""


@dataclass(frozen=True)
class Lesson:
    """What one image teaches.

    Attributes
    ----------
    target : (S,) float64
        Share of every superpixel that is object.
    weight : (S,) float64
        How much it counts.
    """

    target: FloatArray
    weight: FloatArray


def read_lesson(
    regions: ImageRegions,
    mask: MaskArray,
    corrected: bool = False,
    marked: Sequence[int] | np.ndarray = (),
) -> Lesson:
    """Read what an image teaches from its final mask.

    Parameters
    ----------
    regions
        Pieces of the image.
    mask : (H, W) bool
        At any size.
    corrected
        Whether the user drew on it.
    marked
        Superpixels that the user decided.
    """
    height, width = regions.superpixels.label_map.shape
    share = cv2.resize(
        mask.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA
    ).astype(np.float32)
    weight = (regions.superpixels.area / (height * width)).astype(np.float64)
    if corrected:
        weight *= CORRECTED_WEIGHT
        weight[np.asarray(marked, np.int64)] *= MARKED_WEIGHT / CORRECTED_WEIGHT
    target = pool_pixels(share.reshape(height, width, 1), regions.superpixels)[:, 0]
    return Lesson(target, weight)


class Teacher:
    """The classifier of one set: features and kernel once, a small fit per lesson.

    Parameters
    ----------
    features : (S, D) float64
        Of all superpixels of the set, comparable in scale.
    """

    def __init__(self, features: FloatArray) -> None:
        self._ridge = KernelRidge(features, LANDMARKS)

    def rate(self, lessons: Sequence[Lesson]) -> FloatArray:
        """Fit to the lessons of all images and rate all superpixels, (S,) in [0, 1]."""
        target = np.concatenate([lesson.target for lesson in lessons])
        weight = np.concatenate([lesson.weight for lesson in lessons])
        fitted = self._ridge.fit(target, weight)
        return np.clip(self._ridge.at_points(fitted), 0.0, 1.0)


def teaching_features(
    images: Sequence[ImageArray], regions: Sequence[ImageRegions], learned: FloatArray
) -> FloatArray:
    """Put the run's features beside appearance and place, (S, D).

    Parameters
    ----------
    images, regions
        Of the images in the joint problem.
    learned : (S, K)
        The run's own features of all superpixels, of total variance 1.
    """
    pairs = zip(images, regions, strict=True)
    looks = [describe_looks(image, found.superpixels) for image, found in pairs]
    return np.concatenate([2.0 * learned, gather_looks(looks)], axis=1)
