"""The prior that the settings ask for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_jcc._types import Float32Array
from napari_jcc.config import PriorConfig
from napari_jcc.priors.common import centre_bell, rate_common
from napari_jcc.priors.prior import Evidence


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
    """Photographers aim."""
    return [centre_bell(image.shape) for image in images]
