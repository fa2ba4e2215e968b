r"""What an image falls into when it is cut in two: a normalised cut of deep affinities.

The cells of an image's map are nodes, joined by :math:`W_{ab} = \max(0, \cos(x_a, x_b))` of
their descriptors x, less the mean of the set. The cut that separates the two sides best for
their size is relaxed to :math:`(Q - W) v = \lambda Q v` with the degrees Q, of which the
eigenvector after the constant one tells the sides apart.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import linalg

from napari_jcc._types import Float32Array, FloatArray
from napari_jcc.features import FeatureMap
from napari_jcc.priors.common import choose_sign, rate_positive, require_map
from napari_jcc.priors.prior import Evidence
from napari_jcc.threads import one_thread

LEAST_AFFINITY = 1e-5
"""Joins cells that have nothing in common, so that no image falls apart by itself."""


class SpectralPrior:
    """One side of each image's own normalised cut: the side that is framed and salient.

    References
    ----------
    Shi and Malik, Normalized cuts and image segmentation, PAMI 2000; on deep descriptors
    Wang, Shen, Hu, Yuan, Crowley and Vaufreydaz, Self-supervised transformers for
    unsupervised object discovery using normalized cut, CVPR 2022.
    """

    def rate(self, images: Sequence[Evidence]) -> list[Float32Array]:
        """Rate by the eigenvector, enlarged bilinearly, 1 at each image's 99th percentile.

        Raises
        ------
        InputError
            If there is no encoder.
        """
        maps = [require_map(image) for image in images]
        mean = _mean_descriptor(maps)
        rated = []
        for found, image in zip(maps, images, strict=True):
            part = cut_in_two(found.values.astype(np.float32) - mean)
            sign = np.float32(choose_sign([part], [image.saliency_map]))
            rated.append(rate_positive(found, part * sign, image.shape))
        return rated


@one_thread
def cut_in_two(descriptors: Float32Array) -> Float32Array:
    """Second eigenvector of the normalised cut of a grid (gh, gw, D), (gh, gw).

    Of either sign; zeros where the cells do not differ.
    """
    gh, gw, size = descriptors.shape
    flat = descriptors.reshape(-1, size).astype(np.float64)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    if gh * gw < 2 or not length.any():
        return np.zeros((gh, gw), np.float32)
    unit = flat / np.maximum(length, 1e-12)
    affinity: FloatArray = np.maximum(unit @ unit.T, LEAST_AFFINITY)
    scale = 1 / np.sqrt(affinity.sum(axis=1))
    # The same problem, symmetric: its largest eigenvalues are the cut's smallest.
    symmetric = affinity * scale[:, None] * scale
    last = len(symmetric) - 2
    _, vectors = linalg.eigh(symmetric, subset_by_index=(last, last))
    return np.asarray(vectors[:, 0] * scale, dtype=np.float32).reshape(gh, gw)


def _mean_descriptor(maps: Sequence[FeatureMap]) -> Float32Array:
    count = sum(found.values.shape[0] * found.values.shape[1] for found in maps)
    total = sum(found.values.sum(axis=(0, 1), dtype=np.float64) for found in maps)
    return np.asarray(total / count, dtype=np.float32)
