"""Last stage: maps learn to say of two images what all images of the set agree on.

By way of the others, two images are matched better than by themselves alone. Where a cell
of one is in the other is then as good as known, though no truth is; and which directions of
the encoder's maps tell such cells from all others can be learned.
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
from napari_jcc.matching.training.agreement import AgreedWay, Agreement, find_agreement
from napari_jcc.matching.training.randomness import generator_for
from napari_jcc.progress import Progress

logger = logging.getLogger(__name__)

FEWEST = 3
"""Images that there is an agreement among."""
PAIRS_PER_STEP = 4
MOST_HELD_OUT = 8
FEWEST_FOR_CHECKS = 5
"""Pairs; with fewer, none is spared for checks."""
SPREAD = 0.5
"""Standard deviation, in cells, of where a cell is in the other image."""
LEVEL_NAMES = "coarse", "fine"


def learns_agreement(config: MatchConfig) -> bool:
    """Tell whether the settings ask for this stage; where only masks are learned, not."""
    return config.training.agreed_steps > 0 and config.losses.use_matching


@dataclass(frozen=True)
class AgreedCells:
    """Cells of pairs of images, and where each of the target is in the source.

    Attributes
    ----------
    targets, sources : (B, p, D) of every level
        Before they are adapted.
    ends : (B, p, 2)
        From -1 to 1.
    sureness : (B, p)
        In [0, 1].
    """

    targets: tuple[Tensor, ...]
    sources: tuple[Tensor, ...]
    ends: Tensor
    sureness: Tensor

    def __len__(self) -> int:
        return len(self.ends)

    def part(self, rows: slice) -> AgreedCells:
        """Keep some of the pairs."""
        return AgreedCells(
            tuple(cells[rows] for cells in self.targets),
            tuple(cells[rows] for cells in self.sources),
            self.ends[rows],
            self.sureness[rows],
        )

    def to(self, device: torch.device) -> AgreedCells:
        """Move to a device, in single precision."""
        return AgreedCells(
            tuple(cells.to(device).float() for cells in self.targets),
            tuple(cells.to(device).float() for cells in self.sources),
            self.ends.to(device),
            self.sureness.to(device),
        )


def agreement_loss(targets: Tensor, sources: Tensor, pairs: AgreedCells) -> Tensor:
    """Cross entropy of where target cells are and which source cells they are like, (B,).

    Cells are compared as the refinement does. Each counts by its sureness, and not where it
    is beyond the source.

    Parameters
    ----------
    targets, sources : (B, p, D)
        Adapted cells of square maps, row by row.
    pairs
        Where they belong.
    """
    side = math.isqrt(sources.shape[1])
    likeness = compare_cells(sources.transpose(1, 2), targets.transpose(1, 2))
    centres = pixel_centres(side, side, pairs.ends).expand(len(sources), -1, -1)
    distance = torch.cdist(pairs.ends, centres) * (side / 2)
    share = (-distance.square() / (2 * SPREAD**2)).softmax(dim=2)
    entropy = -(share * likeness.log_softmax(dim=2)).sum(dim=2)
    counts = pairs.sureness * (pairs.ends.abs() <= 1).all(dim=2)
    return (entropy * counts).sum(dim=1) / counts.sum(dim=1).clamp_min(1e-6)


class AgreedObjective(nn.Module):
    """Loss of a batch of agreed cells."""

    def __init__(self, adaptation: Adaptation) -> None:
        super().__init__()
        self.adaptation = adaptation

    def forward(self, pairs: AgreedCells) -> dict[str, Tensor]:
        """Return the loss (B,) of every level by name, and their sum as ``total``."""
        terms = {
            name: agreement_loss(
                self.adaptation(targets, level), self.adaptation(sources, level), pairs
            )
            for level, (name, targets, sources) in enumerate(
                zip(LEVEL_NAMES, pairs.targets, pairs.sources, strict=False)
            )
        }
        return {"total": torch.stack(list(terms.values())).sum(dim=0), **terms}


class AgreedStage:
    """Training of the adaptation on what the images of a set agree on.

    Parameters
    ----------
    network
        Its adaptation is trained.
    collection
        At least `FEWEST` images of one kind.
    config
        All settings.
    """

    name = "agreed"
    minimised = "total"
    batch = PAIRS_PER_STEP

    def __init__(
        self, network: MaCoSNet, collection: ImageCollection, config: MatchConfig
    ) -> None:
        self.objective: nn.Module = AgreedObjective(network.adaptation)
        self.steps = config.training.agreed_steps
        self._network = network
        self._collection = collection
        self._config = config
        self._agreement = Agreement([], [])
        self._kept = 0

    def prepare(self, device: torch.device, progress: Progress) -> None:
        """Match the set by way of its own images, and spare some pairs for checks.

        Where no two images match well enough to learn from, there are no steps.
        """
        agreement = find_agreement(self._network, self._collection, self._config, progress)
        count = len(agreement.ways)
        if count == 0:
            logger.warning(
                "No two images match well enough to learn from what all agree on; that "
                "stage is left out."
            )
            self.steps = 0
        spared = min(MOST_HELD_OUT, round(self._config.training.validation * count))
        self._kept = count - (spared if count >= FEWEST_FOR_CHECKS else 0)
        generator = generator_for(self._config.training.seed, self.name, "held out")
        order = torch.randperm(count, generator=generator).tolist()
        self._agreement = Agreement(
            agreement.cells, [agreement.ways[place] for place in order]
        )

    def parameter_groups(self) -> list[dict[str, object]]:
        """Parameters of the adaptation."""
        weights = list(self._network.adaptation.parameters())
        return [{"params": weights, "lr": self._config.training.agreed_learning_rate}]

    def draw(self, step: int, count: int, rank: int) -> AgreedCells:
        """Draw the pairs of one step."""
        generator = generator_for(self._config.training.seed, self.name, step, rank)
        pairs = torch.randint(self._kept, (count,), generator=generator).tolist()
        turned = torch.randint(2, (count,), generator=generator).tolist()
        ways = self._agreement.ways
        return self._gather(
            [ways[pair][turn] for pair, turn in zip(pairs, turned, strict=True)]
        )

    def held_out(self) -> list[AgreedCells]:
        """Both ways of the pairs that are not trained on."""
        return [self._gather(pair) for pair in self._agreement.ways[self._kept :]]

    def _gather(self, ways: Sequence[AgreedWay]) -> AgreedCells:
        cells = self._agreement.cells
        levels = range(len(cells[0]))
        return AgreedCells(
            tuple(torch.stack([cells[way.target][at] for way in ways]) for at in levels),
            tuple(torch.stack([cells[way.source][at] for way in ways]) for at in levels),
            torch.stack([way.ends for way in ways]),
            torch.stack([way.sureness for way in ways]),
        )
