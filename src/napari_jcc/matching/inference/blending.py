"""Descriptors of an image averaged with those of other images at matched points."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from napari_jcc.matching.inference.describe import Described
from napari_jcc.matching.match_graph import MatchGraph, UncertainPair
from napari_jcc.matching.network import Pyramid
from napari_jcc.matching.network.correlation import unit_length
from napari_jcc.matching.network.transforms import EXACT, pixel_centres, warp


def blend(
    described: Described, image: int, uncertain: UncertainPair, consensus: MatchGraph
) -> Pyramid:
    """Average the two maps that the refinement compares with those of other images.

    Parameters
    ----------
    described
        Maps of the images.
    image
        Index of one of the two images of the pair.
    uncertain
        The pair, the images to average with, and their weight.
    consensus
        Matches of the image with each of the others.

    Returns
    -------
    pyramid
        The coarsest map (1, D, g, g) and, if there is one, the next finer one.
    """
    own = described.detail(image)
    others = [described.detail(other) for other in uncertain.others]

    def average(maps: Tensor, theirs: Sequence[Tensor]) -> Tensor:
        height, width = maps.shape[2:]
        cells = pixel_centres(height, width, EXACT)[0].numpy()
        total, weights = unit_length(maps), torch.ones_like(maps[:, :1])
        for other, shown in zip(uncertain.others, theirs, strict=True):
            ends, confidence = consensus.transfer_normalised(image, other, cells)
            grid = torch.from_numpy(ends).float().to(maps).reshape(1, height, width, 2)
            weight = torch.from_numpy(uncertain.weight * confidence).float().to(maps)
            weight = weight.reshape(1, 1, height, width)
            total = total + weight * warp(unit_length(shown), grid, "border")
            weights = weights + weight
        return total / weights

    coarse = average(own.features, [other.features for other in others])
    finer = own.skips[0]
    if finer is not None:
        skips = [other.skips[0] for other in others]
        finer = average(finer, [skip for skip in skips if skip is not None])
    return Pyramid(coarse, (finer, None, None))
