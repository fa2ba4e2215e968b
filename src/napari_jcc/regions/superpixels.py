"""Oversegmentation of an image, and what later stages ask of its pieces."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import quickshift, slic

from napari_jcc._types import Float32Array, ImageArray, LabelMap
from napari_jcc.config import SuperpixelConfig
from napari_jcc.regions.regions import Superpixels


def find_superpixels(image: ImageArray, config: SuperpixelConfig) -> Superpixels:
    """Cut an image into superpixels.

    Parameters
    ----------
    image : (h, w, 3) uint8
        RGB, at least one pixel.
    config
        Method and sizes.

    Returns
    -------
    Superpixels
        At least one, labelled without gaps.

    References
    ----------
    Achanta et al., SLIC superpixels compared to state-of-the-art superpixel methods,
    PAMI 2012. Vedaldi and Soatto, Quick shift and kernel methods for mode seeking,
    ECCV 2008.
    """
    segment = _slic if config.method == "slic" else _quickshift
    return measure_superpixels(segment(image, config), image)


def measure_superpixels(label_map: NDArray[np.integer], image: ImageArray) -> Superpixels:
    """Relabel a label map without gaps and measure its superpixels.

    Parameters
    ----------
    label_map : (h, w) integer
        Any labels; equal labels are one superpixel.
    image : (h, w, 3) uint8
        RGB.

    Returns
    -------
    Superpixels
        In the order of the original labels.
    """
    shape = label_map.shape
    _, labels = np.unique(label_map.ravel(), return_inverse=True)
    y, x = np.indices(shape).reshape(2, -1)
    lab = to_lab(image).reshape(-1, 3)
    area = np.bincount(labels)
    sums = [np.bincount(labels, values) for values in (*lab.T, x, y)]
    means = (np.stack(sums, axis=1) / area[:, None]).astype(np.float32)
    relabelled = labels.reshape(shape).astype(np.int32)
    return Superpixels(
        label_map=relabelled,
        colour=means[:, :3],
        centre=means[:, 3:],
        area=area.astype(np.float32),
        neighbours=_neighbours(relabelled),
    )


def to_lab(image: ImageArray) -> Float32Array:
    """Convert (h, w, 3) uint8 RGB to (h, w, 3) float32 CIE Lab, L in [0, 100]."""
    scaled = image.astype(np.float32) / 255
    return np.asarray(cv2.cvtColor(scaled, cv2.COLOR_RGB2LAB), np.float32)


def _slic(image: ImageArray, config: SuperpixelConfig) -> NDArray[np.integer]:
    labels: NDArray[np.integer] = slic(
        image, n_segments=config.count, compactness=config.compactness, start_label=0
    )
    return labels


def _quickshift(image: ImageArray, config: SuperpixelConfig) -> NDArray[np.integer]:
    labels: NDArray[np.integer] = quickshift(
        image,
        ratio=config.colour_ratio,
        kernel_size=config.kernel_size,
        max_dist=config.max_distance,
    )
    return labels


def _neighbours(label_map: LabelMap) -> NDArray[np.int64]:
    """Pairs of labels that share a pixel edge, (E, 2), first < second, sorted."""
    beside = np.stack([label_map[:, :-1].ravel(), label_map[:, 1:].ravel()])
    below = np.stack([label_map[:-1].ravel(), label_map[1:].ravel()])
    pairs = np.concatenate([beside, below], axis=1).astype(np.int64)
    pairs = np.sort(pairs[:, pairs[0] != pairs[1]], axis=0)
    count = int(label_map.max()) + 1
    codes = np.unique(pairs[0] * count + pairs[1])
    return np.stack([codes // count, codes % count], axis=1)
