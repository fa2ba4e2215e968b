"""What an image shows, averaged with what others show at the same points."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from napari_jcc.matching.inference.describe import Described
from napari_jcc.matching.known import Doubtful, KnownPairs
from napari_jcc.matching.network import Pyramid
from napari_jcc.matching.network.correlation import unit_length
from napari_jcc.matching.network.transforms import EXACT, pixel_centres, warp


def blend(described: Described, place: int, part: Doubtful, agreed: KnownPairs) -> Pyramid:
    """Average the maps that the refinement looks at with those of other images.

    Parameters
    ----------
    described
        The images.
    place
        Of the image, one of the pair.
    part
        The pair, and the others.
    agreed
        Where points of the image are in the others.
    """
    own = described.detail(place)
    others = [described.detail(other) for other in part.others]

    def average(maps: Tensor, shown: Sequence[Tensor]) -> Tensor:
        height, width = maps.shape[2:]
        cells = pixel_centres(height, width, EXACT)[0].numpy()
        total, weights = unit_length(maps), torch.ones_like(maps[:, :1])
        for other, theirs in zip(part.others, shown, strict=True):
            ends, sureness = agreed.trace(place, other, cells)
            grid = torch.from_numpy(ends).float().to(maps).reshape(1, height, width, 2)
            counts = torch.from_numpy(part.weight * sureness).float().to(maps)
            counts = counts.reshape(1, 1, height, width)
            total = total + counts * warp(unit_length(theirs), grid, "border")
            weights = weights + counts
        return total / weights

    coarse = average(own.features, [other.features for other in others])
    finer = own.skips[0]
    if finer is not None:
        skips = [other.skips[0] for other in others]
        finer = average(finer, [skip for skip in skips if skip is not None])
    return Pyramid(coarse, (finer, None, None))
