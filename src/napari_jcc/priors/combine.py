"""The prior that the settings ask for: saliency, what is common, and the centre."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import linalg

from napari_jcc._types import Float32Array, FloatArray
from napari_jcc.config import PriorConfig
from napari_jcc.errors import InputError
from napari_jcc.features import FeatureMap
from napari_jcc.regions import area_means
from napari_jcc.threads import one_thread

CENTRE_SIGMA = 0.25
"""Width of the bell in the middle, as a share of each side."""

HIGH_PERCENTILE = 99.0
"""Share of an image's pixels below its full rating; a few hot cells must not set it."""


def rate_common(
    saliency: Sequence[Float32Array], maps: Sequence[FeatureMap]
) -> list[Float32Array]:
    """Rate by the positive side of the first principal component of the descriptors.

    The sign is the one in which the component correlates, over the set, with a bell in
    the middle of the images plus their saliency: objects are framed and stand out.

    Parameters
    ----------
    saliency : list of (h, w) float32
        What stands out in every image on its own, in [0, 1], at working size.
    maps
        The encoder's descriptors of the same images.

    Returns
    -------
    list of (h, w) float32
        The component enlarged bilinearly, 1 at each image's 99th percentile; zeros in an
        image that lies on the negative side altogether.

    References
    ----------
    Wei, Zhang, Wu, Shen and Zhou, Unsupervised object discovery and co-localization by
    deep descriptor transforming, Pattern Recognition 88, 2019.
    """
    mean, axis = principal_axis([found.values for found in maps])
    parts = [_project(found, mean, axis) for found in maps]
    sign = np.float32(choose_sign(parts, saliency))
    return [
        rate_positive(found, part * sign, own.shape)
        for found, part, own in zip(maps, parts, saliency, strict=True)
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


def find_priors(
    saliency: Sequence[Float32Array], maps: Sequence[FeatureMap], config: PriorConfig
) -> list[Float32Array]:
    """Rate the pixels of a set by the weighted mean of the priors that `config` weighs.

    Parameters
    ----------
    saliency, maps
        Of at least one image, as for `rate_common`; without an encoder there are no maps.
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
    if config.common > 0 and not maps:
        raise InputError(
            "What images have in common is rated by an encoder's features, but there is no "
            "encoder. Set features.encoder, or set prior.common to 0."
        )
    rated: list[tuple[float, Sequence[Float32Array]]] = []
    if config.saliency > 0:
        rated.append((config.saliency, saliency))
    if config.common > 0:
        rated.append((config.common, rate_common(saliency, maps)))
    if config.centre > 0:
        # Photographers aim at the object.
        rated.append((config.centre, [centre_bell(own.shape) for own in saliency]))
    if not rated:
        return [np.full(own.shape, 0.5, np.float32) for own in saliency]
    if len(rated) == 1:
        return list(rated[0][1])
    weights = np.array([weight for weight, _ in rated], np.float64)
    shares = (weights / weights.sum()).astype(np.float32)
    by_image = zip(*(priors for _, priors in rated), strict=True)
    return [np.tensordot(shares, np.stack(priors), axes=1) for priors in by_image]
