"""The cells of the encoder's maps in the few dimensions that classifiers learn in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_jcc._types import Float32Array
from napari_jcc.config import FeatureConfig
from napari_jcc.features import FeatureMap, embed


def embed_cells(maps: Sequence[FeatureMap], dimensions: int) -> list[Float32Array]:
    """Bring all cells of a set to its principal components.

    Parameters
    ----------
    maps
        The encoder's descriptors of every image.
    dimensions
        Components kept at most.

    Returns
    -------
    list of (gh, gw, K) float32
        Centred over the set, total variance 1.
    """
    grids = [found.values.shape[:2] for found in maps]
    flat = [
        found.values.reshape(-1, found.values.shape[-1]).astype(np.float32)
        for found in maps
    ]
    embedded = embed(flat, False, FeatureConfig(dimensions=dimensions))
    ends = np.cumsum([height * width for height, width in grids])[:-1]
    parts = np.split(embedded, ends)
    return [part.reshape(*grid, -1) for part, grid in zip(parts, grids, strict=True)]
