"""What all images of a set agree on: where cells of one are in another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import torch
from torch import Tensor

from napari_jcc._types import FloatArray
from napari_jcc.collection import ImageCollection
from napari_jcc.config import MatchConfig, apply_overrides
from napari_jcc.matching.inference import Matcher
from napari_jcc.matching.network import MaCoSNet, Pyramid
from napari_jcc.matching.network.correlation import unit_length
from napari_jcc.matching.network.transforms import EXACT, pixel_centres
from napari_jcc.matching.outputs.consensus_matcher import ConsensusMatcher
from napari_jcc.matching.outputs.trained import TrainedMatcher
from napari_jcc.matching.pair import PairResult, from_unit, to_unit
from napari_jcc.matching.training.randomness import generator_for
from napari_jcc.progress import Progress

TEACHING = {
    "matching.through": 4,
    "matching.instances": 1,
    "matching.refinement": "local",
}
"""How the set is matched to be learned from."""
UNASKED = (
    "matching.untrained",
    "matching.threshold",
    "matching.partners",
    "matching.points",
)
"""Settings of matching that say nothing of where cells are; all others do."""
MOST_IMAGES = 20
"""Larger sets teach by so many of their images, drawn at random, each two of them."""
LEAST_INLIERS = 0.3
"""Share of the points of a pair that must be matched for it to teach."""


@dataclass(frozen=True)
class AgreedWay:
    """Where the cells of one image are in another.

    Attributes
    ----------
    target, source
        Places of the images.
    ends : (p, 2)
        In the source, from -1 to 1, of the centres of the target's cells.
    sureness : (p,)
        In [0, 1].
    """

    target: int
    source: int
    ends: Tensor
    sureness: Tensor


@dataclass(frozen=True)
class Agreement:
    """Cells of the images of a set, and where they are in each other.

    Attributes
    ----------
    cells : per image (p, D) of every level, half precision
        Of length 1, row by row, as many on every level: the maps that the refinement looks
        at, the coarsest first.
    ways
        There and back of every pair that agrees enough.
    """

    cells: list[list[Tensor]]
    ways: list[tuple[AgreedWay, AgreedWay]]


def find_agreement(
    network: MaCoSNet,
    collection: ImageCollection,
    config: MatchConfig,
    progress: Progress,
) -> Agreement:
    """Match the images of a set by way of each other, nothing being adapted yet.

    Parameters
    ----------
    network
        Matches two images.
    collection
        At least three images of one kind.
    config
        All settings.
    progress
        Told of every image and pair.

    Raises
    ------
    InputError
        If an image cannot be read.
    Cancelled
        If the progress was cancelled.
    """
    config = apply_overrides(config, TEACHING)
    generator = generator_for(config.training.seed, "agreement")
    chosen = torch.randperm(len(collection), generator=generator)[:MOST_IMAGES]
    collection = collection.select(sorted(chosen.tolist()))
    training = network.training
    matcher = Matcher(network, config, has_masks=False)
    with network.adaptation.left_out():
        described = matcher.describe(collection, progress)
        pairs = list(combinations(range(len(collection)), 2))
        together = ConsensusMatcher(TrainedMatcher(matcher, config, {}))
        found = list(together.match(collection, pairs, progress))
        cells = [_cells(described.detail(place)) for place in range(len(collection))]
    network.train(training)
    side = math.isqrt(len(cells[0][0]))
    ways = [_both_ways(pair, side) for pair in found if pair.inlier_share >= LEAST_INLIERS]
    return Agreement(cells, ways)


def _cells(pyramid: Pyramid) -> list[Tensor]:
    """Cells (p, D) of the maps that there are, the finer one brought to the coarse grid."""
    side = pyramid.features.shape[-1]
    maps = [pyramid.features]
    if pyramid.skips[0] is not None:
        maps.append(
            torch.nn.functional.interpolate(
                pyramid.skips[0], (side, side), mode="bilinear", antialias=True
            )
        )
    return [unit_length(level)[0].flatten(1).T.half().cpu() for level in maps]


def _both_ways(pair: PairResult, side: int) -> tuple[AgreedWay, AgreedWay]:
    source, target = pair.sizes
    cells = pixel_centres(side, side, EXACT)[0].numpy()
    ours, theirs = from_unit(cells, target), from_unit(cells, source)
    there, back = pair.to_source(ours), pair.to_target(theirs)
    return (
        AgreedWay(
            pair.target, pair.source, _single(to_unit(there, source)), _sure(pair, ours)
        ),
        AgreedWay(
            pair.source, pair.target, _single(to_unit(back, target)), _sure(pair, back)
        ),
    )


def _sure(pair: PairResult, points: FloatArray) -> Tensor:
    return _single(pair.sureness(points))


def _single(values: FloatArray) -> Tensor:
    return torch.from_numpy(values).float()
