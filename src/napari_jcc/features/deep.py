"""Deep features: an encoder's descriptors, pooled over superpixels and boxes."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from napari_jcc._types import Float32Array, FloatArray, ImageArray, IntArray
from napari_jcc.errors import InputError
from napari_jcc.features.encoders import FeatureMap
from napari_jcc.features.extractor import RegionDescriptors
from napari_jcc.regions.regions import ImageRegions, Superpixels


class DeepExtractor:
    """Means of the bilinearly enlarged feature map; their lengths are kept.

    The magnitude of deep descriptors tells object from rest, so they are not normalised.

    Parameters
    ----------
    feature_map
        The encoder's map of the image to describe; None to ask for name and kind only.
    """

    name = "deep"
    is_histogram = False

    def __init__(self, feature_map: FeatureMap | None) -> None:
        self._feature_map = feature_map

    def describe(self, image: ImageArray, regions: ImageRegions) -> RegionDescriptors:
        """Describe superpixels (S, D) and boxes (R, D)."""
        if self._feature_map is None:
            raise InputError(
                'Features of the kind "deep" need an encoder. Set features.encoder, or '
                "take deep out of features.superpixels and features.boxes."
            )
        return RegionDescriptors(
            superpixels=pool_superpixels_bilinear(self._feature_map, regions.superpixels),
            boxes=pool_boxes_bilinear(
                self._feature_map, regions.boxes, regions.superpixels.label_map.shape
            ),
        )


def pool_superpixels_bilinear(
    feature_map: FeatureMap, superpixels: Superpixels
) -> Float32Array:
    """Mean over every superpixel of the map enlarged to its pixels, (S, D).

    Enlarging and averaging are one sparse matrix of superpixels by cells, so that the
    enlarged map never exists.
    """
    labels = superpixels.label_map
    down, across = map(sparse.csr_array, feature_map.interpolation(labels.shape))
    enlarge = sparse.kron(down, across, format="csr")  # (h w, gh gw)
    pixel = np.arange(labels.size)
    average = sparse.csr_array(
        ((1 / superpixels.area)[labels.ravel()], (labels.ravel(), pixel)),
        shape=(len(superpixels), labels.size),
    )
    cells = feature_map.values.reshape(-1, feature_map.values.shape[-1])
    return np.asarray((average @ enlarge) @ cells.astype(np.float32), dtype=np.float32)


def pool_boxes_bilinear(
    feature_map: FeatureMap, boxes: Float32Array, shape: tuple[int, ...]
) -> Float32Array:
    """Mean over every box (R, 4) of the map enlarged to `shape` (h, w), (R, D).

    The mean over a rectangle is a product of means along the axes.
    """
    down, across = feature_map.interpolation(shape)
    rows = interval_means(down, boxes[:, 1], boxes[:, 3])  # (R, gh)
    columns = interval_means(across, boxes[:, 0], boxes[:, 2])  # (R, gw)
    values = feature_map.values.astype(np.float32)
    gh, gw, size = values.shape
    bands = (rows @ values.reshape(gh, -1)).reshape(len(boxes), gw, size)
    return np.asarray((columns[:, None] @ bands)[:, 0], dtype=np.float32)


def interval_means(
    weights: Float32Array, start: Float32Array | IntArray, stop: Float32Array | IntArray
) -> Float32Array:
    """Mean of the rows of `weights` (n, cells) over whole-pixel intervals, (R, cells).

    Intervals are cut to the rows there are, but to no less than one.
    """
    running: FloatArray = np.zeros((len(weights) + 1, weights.shape[1]))
    np.cumsum(weights, axis=0, out=running[1:])
    low = np.clip(np.rint(start).astype(np.int64), 0, len(weights) - 1)
    high = np.clip(np.rint(stop).astype(np.int64), low + 1, len(weights))
    return ((running[high] - running[low]) / (high - low)[:, None]).astype(np.float32)
