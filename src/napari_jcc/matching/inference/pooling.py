"""The mask of an image, averaged over its pairs with the most similar images."""

from __future__ import annotations

import numpy as np
import torch

from napari_jcc._types import Float32Array
from napari_jcc.matching.inference.describe import Described
from napari_jcc.matching.inference.transform_pair import explained_share
from napari_jcc.matching.network import MaCoSNet


def pool_mask(
    network: MaCoSNet, described: Described, target: int, partners: int
) -> Float32Array:
    """Average the masks of an image over several pairs.

    Each is weighted by the share of the correlation's energy that its transformation
    explains.

    Parameters
    ----------
    network
        With a trained decoder.
    described
        At least two images.
    target
        Index of the image.
    partners
        Number of most similar images to pair it with; 0: all.

    Returns
    -------
    probability : (16 g, 16 g) float32
        Probability of object, on a grid over the image.
    """
    side = 16 * network.config.grid
    total = np.zeros((side, side), np.float32)
    weights = 0.0
    seen = described.pyramid(target)
    with torch.no_grad():
        for partner in _most_alike(described, target, partners):
            source, image = described.pyramid(partner), described.image(partner)
            match = network.match(source, seen, image)
            weight = explained_share(match.transform, match.correlation) + 1e-6
            logits = network.mask(seen, match.correlation)
            total += weight * logits.float().sigmoid()[0, 0].cpu().numpy()
            weights += weight
    return total / np.float32(weights)


def _most_alike(described: Described, target: int, count: int) -> list[int]:
    """Other images by falling similarity of their mean features."""
    alike = described.summary @ described.summary[target]
    order = [int(place) for place in torch.argsort(-alike, stable=True) if place != target]
    return order[: count or len(order)]
