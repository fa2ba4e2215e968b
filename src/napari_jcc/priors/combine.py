"""The prior that the settings ask for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_jcc._types import Float32Array
from napari_jcc.config import PriorConfig
from napari_jcc.priors.common import CommonPrior
from napari_jcc.priors.prior import Evidence, Prior
from napari_jcc.priors.single import CentrePrior, SaliencyPrior, UniformPrior


def find_priors(images: Sequence[Evidence], config: PriorConfig) -> list[Float32Array]:
    """Rate the pixels of a set by the weighted mean of the priors that `config` weighs.

    Parameters
    ----------
    images
        At least one.
    config
        Weights; with a single one above 0 that prior is returned as it is.

    Returns
    -------
    list of (h, w) float32
        In [0, 1].

    Raises
    ------
    InputError
        If `config` asks for what an encoder rates and there is none.
    """
    weighted = [(prior, weight) for prior, weight in _priors(config) if weight > 0]
    if not weighted:
        return UniformPrior().rate(images)
    rated = [prior.rate(images) for prior, _ in weighted]
    if len(rated) == 1:
        return rated[0]
    weights = np.array([weight for _, weight in weighted], np.float64)
    shares = (weights / weights.sum()).astype(np.float32)
    return [
        np.tensordot(shares, np.stack(maps), axes=1) for maps in zip(*rated, strict=True)
    ]


def _priors(config: PriorConfig) -> list[tuple[Prior, float]]:
    return [
        (SaliencyPrior(), config.saliency),
        (CommonPrior(), config.common),
        (CentrePrior(), config.centre),
    ]
