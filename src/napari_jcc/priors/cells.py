"""The cells of the encoder's maps in the few dimensions that classifiers learn in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_jcc._types import Float32Array
from napari_jcc.config import FeatureConfig
from napari_jcc.features import FeatureMap, embed
from napari_jcc.threads import one_thread


def embed_cells(maps: Sequence[FeatureMap], dimensions: int) -> list[Float32Array]:
    """Bring all cells of a set to its principal components.

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


CONTINUE = 0.8
POWER = 5
"""Of the cosine between two cells, which is how likely a step between them is. Cells are
compared by how they differ from the mean of their image."""


@one_thread
def even_out(cells: Float32Array, values: Float32Array) -> Float32Array:
    """Let the cells of one image that look alike share their values.

    Parameters
    ----------
    cells : (gh, gw, K) float32
        Descriptors.
    values : (gh, gw) float32
        What is predicted for them.

    Returns
    -------
    (gh, gw) float32
        With the mean and the standard deviation that `values` had, so that a threshold
        means the same.
    """
    features = cells.reshape(-1, cells.shape[-1]).astype(np.float64)
    features = features - features.mean(axis=0)
    features /= np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-9)
    # A cell that is the mean of its image looks like none but itself.
    alike = np.maximum(features @ features.T, 0) ** POWER + 1e-9 * np.eye(len(features))
    steps = alike / alike.sum(axis=1, keepdims=True)
    start = values.ravel().astype(np.float64)
    ends = np.linalg.solve(np.eye(len(start)) - CONTINUE * steps, (1 - CONTINUE) * start)
    spread = start.std() / max(float(ends.std()), 1e-9)
    scaled = (ends - ends.mean()) * spread + start.mean()
    return np.asarray(scaled.reshape(values.shape), dtype=np.float32)
