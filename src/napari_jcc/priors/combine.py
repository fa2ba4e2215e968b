"""The prior that the settings ask for: saliency, what is common, and the centre."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from napari_jcc._types import Float32Array, FloatArray
from napari_jcc.config import PriorConfig
from napari_jcc.errors import InputError
from napari_jcc.features import FeatureMap
from napari_jcc.regions import area_means
from napari_jcc.threads import one_thread


@dataclass(frozen=True)
class Evidence:
    """What is known of one image.

    Attributes
    ----------
    saliency_map : (h, w) float32
        What stands out in the image on its own, in [0, 1], at working size.
    feature_map
        The encoder's descriptors; None without an encoder.
    """

    saliency_map: Float32Array
    feature_map: FeatureMap | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Working height and width."""
        return self.saliency_map.shape


CENTRE_SIGMA = 0.25
"""Width of the bell in the middle, as a share of each side."""

HIGH_PERCENTILE = 99.0
"""Share of an image's pixels below its full rating; a few hot cells must not set it."""


def rate_common(images: Sequence[Evidence]) -> list[Float32Array]:
    """Rate by the positive side of the first principal component of the descriptors.

    The sign is the one in which the component correlates, over the set, with a bell in
    the middle of the images plus their saliency: objects are framed and stand out.

    Returns
    -------
    list of (h, w) float32
        The component enlarged bilinearly, 1 at each image's 99th percentile; zeros in an
        image that lies on the negative side altogether.

    Raises
    ------
    InputError
        If an image has no feature map.

    References
    ----------
    Wei, Zhang, Wu, Shen and Zhou, Unsupervised object discovery and co-localization by
    deep descriptor transforming, Pattern Recognition 88, 2019.
    """
    maps = [_require_map(image) for image in images]
    mean, axis = principal_axis([found.values for found in maps])
    parts = [_project(found, mean, axis) for found in maps]
    sign = choose_sign(parts, [image.saliency_map for image in images])
    return [
        rate_positive(found, part * np.float32(sign), image.shape)
        for found, part, image in zip(maps, parts, images, strict=True)
    ]


@one_thread
def principal_axis(grids: Sequence[np.ndarray]) -> tuple[Float32Array, Float32Array]:
    """Mean and first principal axis of all descriptors.

    Parameters
    ----------
    grids : list of (gh, gw, D)
        Descriptors, image by image.

    Returns
    -------
    mean : (D,) float32
    axis : (D,) float32
        Of length 1, its largest entry positive.
    """
    size = grids[0].shape[-1]
    count = sum(grid.shape[0] * grid.shape[1] for grid in grids)
    mean = sum(grid.sum(axis=(0, 1), dtype=np.float64) for grid in grids) / count
    scatter: FloatArray = np.zeros((size, size))
    for grid in grids:
        centred = (grid.reshape(-1, size) - mean).astype(np.float32)
        scatter += centred.T @ centred
    _, vectors = linalg.eigh(scatter, subset_by_index=(size - 1, size - 1))
    axis = vectors[:, 0]
    axis = axis * (np.sign(axis[np.abs(axis).argmax()]) or 1.0)
    return mean.astype(np.float32), axis.astype(np.float32)


def choose_sign(parts: Sequence[Float32Array], saliency: Sequence[Float32Array]) -> float:
    """Find the sign, 1 or -1, that makes a component agree with centre and saliency.

    Parameters
    ----------
    parts : list of (gh, gw) float32
        The component on the grid of every image.
    saliency : list of (h, w) float32
        What stands out in every image.
    """
    expected = []
    for part, saliency_map in zip(parts, saliency, strict=True):
        reduced = area_means(saliency_map, part.shape)
        expected.append((centre_bell(part.shape) + reduced).ravel())
    component = np.concatenate([part.ravel() for part in parts])
    reference = np.concatenate(expected)
    agreement = float((component - component.mean()) @ (reference - reference.mean()))
    return 1.0 if agreement >= 0 else -1.0


def centre_bell(shape: tuple[int, ...]) -> Float32Array:
    """Gaussian in the middle of a grid, (h, w), largest 1, as wide as it is high."""
    down, across = (
        np.exp(-np.square((np.arange(n) + 0.5) / n - 0.5) / (2 * CENTRE_SIGMA**2))
        for n in shape
    )
    return np.outer(down, across).astype(np.float32)


def _project(found: FeatureMap, mean: Float32Array, axis: Float32Array) -> Float32Array:
    centred: Float32Array = found.values.astype(np.float32) - mean
    return np.asarray(centred @ axis, dtype=np.float32)


def rate_positive(
    found: FeatureMap, part: Float32Array, shape: tuple[int, ...]
) -> Float32Array:
    """Enlarge a value per cell (gh, gw) to `shape`; 0 where negative, 1 at the top."""
    positive = np.maximum(found.enlarge(part, shape), 0)
    top = np.percentile(positive, HIGH_PERCENTILE)
    if top <= 0:
        top = positive.max() or 1.0
    return np.minimum(positive / np.float32(top), 1).astype(np.float32)


def _require_map(image: Evidence) -> FeatureMap:
    """Return the encoder's map of an image, or say what is missing."""
    if image.feature_map is None:
        raise InputError(
            "What images have in common is rated by an encoder's features, but there is no "
            "encoder. Set features.encoder, or set prior.common to 0."
        )
    return image.feature_map


def find_priors(images: Sequence[Evidence], config: PriorConfig) -> list[Float32Array]:
    """Rate the pixels of a set by the weighted mean of the priors that `config` weighs.

    Parameters
    ----------
    images
        At least one.
    config
        Weights; with a single one above 0 that prior is returned as it is, with none
        one half everywhere.

    Returns
    -------
    list of (h, w) float32
        In [0, 1].

    Raises
    ------
    InputError
        If `config` asks for what an encoder rates and there is none.
    """
    asked = (
        (_rate_saliency, config.saliency),
        (rate_common, config.common),
        (_rate_centre, config.centre),
    )
    weighted = [(rate, weight) for rate, weight in asked if weight > 0]
    if not weighted:
        return [np.full(image.shape, 0.5, np.float32) for image in images]
    rated = [rate(images) for rate, _ in weighted]
    if len(rated) == 1:
        return rated[0]
    weights = np.array([weight for _, weight in weighted], np.float64)
    shares = (weights / weights.sum()).astype(np.float32)
    return [
        np.tensordot(shares, np.stack(maps), axes=1) for maps in zip(*rated, strict=True)
    ]


def _rate_saliency(images: Sequence[Evidence]) -> list[Float32Array]:
    return [image.saliency_map for image in images]


def _rate_centre(images: Sequence[Evidence]) -> list[Float32Array]:
    """Rate the middle of an image highest: photographers aim at the object."""
    return [centre_bell(image.shape) for image in images]
