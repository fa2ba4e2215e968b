"""Last stage: the encoder's maps are adapted by pseudo-labels of the set itself.

Through other images, a pair is matched better than directly. These matches serve as labels:
the adaptation learns which directions of the encoder's features tell the cell that matches
from all others, so that later two images alone are matched better.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from napari_jcc.collection import ImageCollection
from napari_jcc.config import MatchConfig
from napari_jcc.matching.network import MaCoSNet
from napari_jcc.matching.network.adaptation import Adaptation
from napari_jcc.matching.network.transforms import pixel_centres
from napari_jcc.matching.refinement import compare_cells
from napari_jcc.matching.training.pseudo_labels import (
    PseudoLabels,
    PseudoMatch,
    find_pseudo_labels,
)
from napari_jcc.matching.training.randomness import generator_for
from napari_jcc.progress import Progress

logger = logging.getLogger(__name__)

FEWEST_IMAGES = 3
"""Fewer have no paths through others."""
PAIRS_PER_STEP = 4
MOST_HELD_OUT = 8
FEWEST_FOR_CHECKS = 5
"""Pairs; with fewer, none is held out for checks."""
SPREAD = 0.5
"""Standard deviation, in cells, of the Gaussian target around a pseudo-label."""
LEVEL_NAMES = "coarse", "fine"


def uses_self_training(config: MatchConfig) -> bool:
    """Whether the settings ask for this stage, which needs the matching to be learned."""
    return config.training.agreed_steps > 0 and config.losses.use_matching


@dataclass(frozen=True)
class LabelledCells:
    """Cells of B pairs of images, with the positions of target cells in the source.

    Attributes
    ----------
    targets, sources : (B, p, D) of every level
        Features before the adaptation.
    ends : (B, p, 2)
        Positions in the source, from -1 to 1.
    confidence : (B, p)
        In [0, 1].
    """

    targets: tuple[Tensor, ...]
    sources: tuple[Tensor, ...]
    ends: Tensor
    confidence: Tensor

    def __len__(self) -> int:
        return len(self.ends)

    def part(self, rows: slice) -> LabelledCells:
        """Keep some of the pairs."""
        return LabelledCells(
            tuple(cells[rows] for cells in self.targets),
            tuple(cells[rows] for cells in self.sources),
            self.ends[rows],
            self.confidence[rows],
        )

    def to(self, device: torch.device) -> LabelledCells:
        """Move to a device, in single precision."""
        return LabelledCells(
            tuple(cells.to(device).float() for cells in self.targets),
            tuple(cells.to(device).float() for cells in self.sources),
            self.ends.to(device),
            self.confidence.to(device),
        )


def pseudo_label_loss(targets: Tensor, sources: Tensor, pairs: LabelledCells) -> Tensor:
    """Cross entropy of labelled and predicted position over the source cells, (B,).

    The prediction is the softmax of the similarities that the refinement uses; the target
    is a Gaussian around the labelled position. Each target cell is weighted by its
    confidence, and by 0 if its position lies outside the source.

    Parameters
    ----------
    targets, sources : (B, p, D)
        Adapted features of square maps, row by row.
    pairs
        Positions and confidence.
    """
    side = math.isqrt(sources.shape[1])
    likeness = compare_cells(sources.transpose(1, 2), targets.transpose(1, 2))
    centres = pixel_centres(side, side, pairs.ends).expand(len(sources), -1, -1)
    distance = torch.cdist(pairs.ends, centres) * (side / 2)
    share = (-distance.square() / (2 * SPREAD**2)).softmax(dim=2)
    entropy = -(share * likeness.log_softmax(dim=2)).sum(dim=2)
    counts = pairs.confidence * (pairs.ends.abs() <= 1).all(dim=2)
    return (entropy * counts).sum(dim=1) / counts.sum(dim=1).clamp_min(1e-6)


class SelfTrainingObjective(nn.Module):
    """Loss of a batch of labelled cells."""

    def __init__(self, adaptation: Adaptation) -> None:
        super().__init__()
        self.adaptation = adaptation

    def forward(self, pairs: LabelledCells) -> dict[str, Tensor]:
        """Return the loss (B,) of every level by name, and their sum as ``total``."""
        terms = {
            name: pseudo_label_loss(
                self.adaptation(targets, level), self.adaptation(sources, level), pairs
            )
            for level, (name, targets, sources) in enumerate(
                zip(LEVEL_NAMES, pairs.targets, pairs.sources, strict=False)
            )
        }
        return {"total": torch.stack(list(terms.values())).sum(dim=0), **terms}


class SelfTrainingStage:
    """Training of the adaptation on pseudo-labels; called ``agreed`` in settings and logs.

    Parameters
    ----------
    network
        Its adaptation is trained.
    collection
        At least `FEWEST_IMAGES` images of one kind.
    config
        All settings.
    """

    name = "agreed"
    minimised = "total"
    batch = PAIRS_PER_STEP

    def __init__(
        self, network: MaCoSNet, collection: ImageCollection, config: MatchConfig
    ) -> None:
        self.objective: nn.Module = SelfTrainingObjective(network.adaptation)
        self.steps = config.training.agreed_steps
        self._network = network
        self._collection = collection
        self._config = config
        self._labels = PseudoLabels([], [])
        self._kept = 0

    def prepare(self, device: torch.device, progress: Progress) -> None:
        """Find the pseudo-labels, and hold out some pairs for checks.

        Where no two images match well enough to learn from, there are no steps.
        """
        labels = find_pseudo_labels(self._network, self._collection, self._config, progress)
        count = len(labels.pairs)
        if count == 0:
            logger.warning(
                "No two images match well enough to serve as labels; the stage agreed is "
                "left out."
            )
            self.steps = 0
        spared = min(MOST_HELD_OUT, round(self._config.training.validation * count))
        self._kept = count - (spared if count >= FEWEST_FOR_CHECKS else 0)
        generator = generator_for(self._config.training.seed, self.name, "held out")
        order = torch.randperm(count, generator=generator).tolist()
        self._labels = PseudoLabels(labels.cells, [labels.pairs[i] for i in order])

    def parameter_groups(self) -> list[dict[str, object]]:
        """Parameters of the adaptation."""
        weights = list(self._network.adaptation.parameters())
        return [{"params": weights, "lr": self._config.training.agreed_learning_rate}]

    def draw(self, step: int, count: int, rank: int) -> LabelledCells:
        """Draw the pairs of one step."""
        generator = generator_for(self._config.training.seed, self.name, step, rank)
        pairs = torch.randint(self._kept, (count,), generator=generator).tolist()
        directions = torch.randint(2, (count,), generator=generator).tolist()
        return self._gather(
            [
                self._labels.pairs[pair][direction]
                for pair, direction in zip(pairs, directions, strict=True)
            ]
        )

    def held_out(self) -> list[LabelledCells]:
        """Both directions of the pairs that are not trained on."""
        return [self._gather(pair) for pair in self._labels.pairs[self._kept :]]

    def _gather(self, matches: Sequence[PseudoMatch]) -> LabelledCells:
        cells = self._labels.cells
        levels = range(len(cells[0]))
        return LabelledCells(
            tuple(torch.stack([cells[m.target][at] for m in matches]) for at in levels),
            tuple(torch.stack([cells[m.source][at] for m in matches]) for at in levels),
            torch.stack([m.ends for m in matches]),
            torch.stack([m.confidence for m in matches]),
        )
