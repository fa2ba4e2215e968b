"""Pseudo-labels: where cells of one image are in another, by the consensus of a set."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
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

LABEL_SETTINGS = {
    "matching.through": 4,
    "matching.instances": 1,
    "matching.refinement": "local",
}
"""Fixed settings of the matches that serve as pseudo-labels."""
UNUSED_SETTINGS = (
    "matching.untrained",
    "matching.threshold",
    "matching.partners",
    "matching.points",
)
"""Settings of matching on which pseudo-labels do not depend; they do on all others."""
MOST_IMAGES = 20
"""Of larger sets so many images are drawn at random, and all their pairs matched."""
LEAST_INLIERS = 0.3
"""Share of inliers from which on a pair is learned from."""


@dataclass(frozen=True)
class PseudoMatch:
    """Where the cells of one image are in another.

    Attributes
    ----------
    target, source
        Indices of the images.
    ends : (p, 2)
        Positions in the source, from -1 to 1, of the centres of the target's cells.
    confidence : (p,)
        In [0, 1].
    """

    target: int
    source: int
    ends: Tensor
    confidence: Tensor


@dataclass(frozen=True)
class PseudoLabels:
    """Features of the images of a set, and where their cells are in each other.

    Attributes
    ----------
    cells : per image (p, D) of every level, half precision
        The maps that the refinement compares, the coarsest first: cells of length 1, row by
        row, the same number p on every level.
    pairs
        Matches in both directions of every pair with enough inliers.
    """

    cells: list[list[Tensor]]
    pairs: list[tuple[PseudoMatch, PseudoMatch]]


def find_pseudo_labels(
    network: MaCoSNet,
    collection: ImageCollection,
    config: MatchConfig,
    progress: Progress,
) -> PseudoLabels:
    """Match the images of a set along paths through each other, without the adaptation.

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
    config = apply_overrides(config, LABEL_SETTINGS)
    generator = generator_for(config.training.seed, "agreement")
    chosen = torch.randperm(len(collection), generator=generator)[:MOST_IMAGES]
    collection = collection.select(sorted(chosen.tolist()))
    training = network.training
    matcher = Matcher(network, config, has_masks=False)
    with network.adaptation.left_out():
        described = matcher.describe(collection, progress)
        pairs = list(combinations(range(len(collection)), 2))
        consensus = ConsensusMatcher(TrainedMatcher(matcher, config, {}))
        found = list(consensus.match(collection, pairs, progress))
        cells = [_cells(described.detail(image)) for image in range(len(collection))]
    network.train(training)
    side = math.isqrt(len(cells[0][0]))
    good = [pair for pair in found if pair.inlier_share >= LEAST_INLIERS]
    return PseudoLabels(cells, [_both_directions(pair, side) for pair in good])


def _cells(pyramid: Pyramid) -> list[Tensor]:
    """Cells (p, D) of both maps, the finer one resampled to the grid of the coarse one."""
    side = pyramid.features.shape[-1]
    maps = [pyramid.features]
    if pyramid.skips[0] is not None:
        maps.append(
            torch.nn.functional.interpolate(
                pyramid.skips[0], (side, side), mode="bilinear", antialias=True
            )
        )
    return [unit_length(level)[0].flatten(1).T.half().cpu() for level in maps]


def _both_directions(pair: PairResult, side: int) -> tuple[PseudoMatch, PseudoMatch]:
    source, target = pair.sizes
    cells = pixel_centres(side, side, EXACT)[0].numpy()
    in_target, in_source = from_unit(cells, target), from_unit(cells, source)
    there, back = pair.to_source(in_target), pair.to_target(in_source)

    def weigh(points: FloatArray) -> Tensor:
        # The share of the paths, but for a factor of the pair that the loss divides out.
        return _single(np.square(pair.confidence_at(points)))

    return (
        PseudoMatch(
            pair.target,
            pair.source,
            _single(to_unit(there, source)),
            weigh(in_target),
        ),
        PseudoMatch(
            pair.source,
            pair.target,
            _single(to_unit(back, target)),
            weigh(back),
        ),
    )


def _single(values: FloatArray) -> Tensor:
    return torch.from_numpy(values).float()
