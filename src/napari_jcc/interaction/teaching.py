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

from napari_jcc._types import Float32Array, FloatArray, ImageArray, MaskArray
from napari_jcc.features.appearance import describe_pixels
from napari_jcc.priors.kernel_ridge import KernelRidge
from napari_jcc.regions import ImageRegions

LANDMARKS = 400
CORRECTED_WEIGHT = 5.0
MARKED_WEIGHT = 20.0
"""How many times a superpixel of a corrected image, and a marked one, counts."""


def pool_by_superpixel(values: Float32Array, regions: ImageRegions) -> FloatArray:
    """Mean of (h, w, D) values over every superpixel, (S, D)."""
    labels = regions.superpixels.label_map.ravel()
    count = len(regions.superpixels)
    area = regions.superpixels.area.astype(np.float64)
    columns = [
        np.bincount(labels, plane.ravel(), count) for plane in np.moveaxis(values, -1, 0)
    ]
    return np.stack(columns, axis=1) / area[:, None]


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
    target = pool_by_superpixel(share.reshape(height, width, 1), regions)[:, 0]
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
    appearance = np.concatenate(
        [
            pool_by_superpixel(describe_pixels(image), found)
            for image, found in zip(images, regions, strict=True)
        ]
    )
    blocks = [
        2.0 * learned,
        _unit_variance(_standard(appearance)),
        0.3 * _standard(np.concatenate([_place(found) for found in regions])),
    ]
    return np.concatenate(blocks, axis=1)


def _place(regions: ImageRegions) -> FloatArray:
    height, width = regions.superpixels.label_map.shape
    place = regions.superpixels.centre / np.array([width, height])
    return np.concatenate([place, np.abs(place - 0.5)], axis=1).astype(np.float64)


def _standard(values: FloatArray) -> FloatArray:
    return np.asarray((values - values.mean(axis=0)) / (values.std(axis=0) + 1e-9))


def _unit_variance(values: FloatArray) -> FloatArray:
    return np.asarray(values / np.sqrt(max(float(values.var(axis=0).sum()), 1e-12)))
