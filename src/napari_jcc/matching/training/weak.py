"""Second stage: pairs and triplets of the set, without labels."""

from __future__ import annotations

import torch
from torch import nn

from napari_jcc.config import MatchConfig
from napari_jcc.matching.network import MaCoSNet
from napari_jcc.matching.training.pair_views import PairViews, trains_encoder
from napari_jcc.matching.training.randomness import generator_for
from napari_jcc.matching.training.samples import ImageSamples
from napari_jcc.matching.training.weak_objective import WeakObjective
from napari_jcc.progress import Progress

MOST_HELD_OUT = 32
FEWEST_FOR_CHECKS = 5
"""Smaller sets have no pair to spare, and train to the end."""
MOST_SCALED = 64
"""Images that the scale of the contrast is measured on."""


class WeakStage:
    """Training on a collection.

    Parameters
    ----------
    network
        All parts are trained, the encoder only if it has a learning rate.
    views
        Views of N >= 2 images of one kind of object.
    config
        All settings.
    """

    name = "weak"
    minimised = "total"

    def __init__(self, network: MaCoSNet, views: PairViews, config: MatchConfig) -> None:
        self._objective = WeakObjective(network, config)
        self.objective: nn.Module = self._objective
        self.batch = config.training.batch
        self.steps = config.training.epochs * -(-views.images_count // self.batch)
        self._network = network
        self._config = config
        self._count = views.images_count
        self._views = views
        losses = config.losses
        rounds = losses.use_matching and losses.transitivity > 0
        self._members = 3 if rounds and self._count > 2 else 2
        self._held_out = self._choose_held_out()

    def prepare(self, device: torch.device, progress: Progress) -> None:
        """Encode all views, if the encoder is frozen, and scale the contrast."""
        self._views.describe(self._network, device, progress)
        every = torch.linspace(0, self._count - 1, min(self._count, MOST_SCALED)).long()
        # One by one, which takes the least memory.
        views = torch.split(self._views.plain(every), 1)
        self._objective.set_contrast_scale(self._views.images(v).to(device) for v in views)

    def parameter_groups(self) -> list[dict[str, object]]:
        """Parameters with their learning rates; the encoder's last."""
        config, network = self._config, self._network
        groups: list[dict[str, object]] = []
        if config.losses.use_segmentation:
            weights = list(network.decoder.parameters())
            groups.append({"params": weights, "lr": config.training.learning_rate})
        if config.losses.use_matching:
            weights = [*network.affine_head.parameters(), *network.tps_head.parameters()]
            groups.append({"params": weights, "lr": config.training.head_learning_rate})
        if trains_encoder(config):
            rate = config.training.encoder_learning_rate
            if not config.network.encoder:
                rate = rate or config.training.learning_rate
            groups.append({"params": list(self._network.encoder.parameters()), "lr": rate})
        return groups

    def draw(self, step: int, count: int, rank: int) -> ImageSamples:
        """Draw the samples of one step."""
        generator = generator_for(self._config.training.seed, self.name, step, rank)
        samples = [self._draw_images(generator) for _ in range(count)]
        chosen = torch.tensor(samples).T  # (K, B)
        return self._views.load(
            self._views.draw(chosen, generator), with_priors=self._views.guided
        )

    def held_out(self) -> list[ImageSamples]:
        """Pairs (or triplets) that are not trained on, without augmentation."""
        generator = generator_for(self._config.training.seed, self.name, "held out")
        samples = [
            (*pair, *self._others(pair, self._members - 2, generator))
            for pair in sorted(self._held_out)
        ]
        return [
            self._views.load(
                self._views.plain(torch.tensor(samples[at : at + self.batch]).T),
                with_priors=self._views.guided,
            )
            for at in range(0, len(samples), self.batch)
        ]

    def _choose_held_out(self) -> set[tuple[int, int]]:
        pairs = self._count * (self._count - 1) // 2
        wanted = min(MOST_HELD_OUT, round(self._config.training.validation * pairs))
        if self._count < FEWEST_FOR_CHECKS:
            return set()
        generator = generator_for(self._config.training.seed, "held out pairs")
        chosen: set[tuple[int, int]] = set()
        while len(chosen) < wanted:
            first, second = sorted(self._others((), 2, generator))
            chosen.add((first, second))
        return chosen

    def _draw_images(self, generator: torch.Generator) -> list[int]:
        while True:
            images = self._others((), self._members, generator)
            first, second = sorted(images[:2])
            if (first, second) not in self._held_out:
                return images

    def _others(
        self, taken: tuple[int, ...], count: int, generator: torch.Generator
    ) -> list[int]:
        """Draw different images that are not among `taken`."""
        found: list[int] = []
        while len(found) < count:
            image = int(torch.randint(self._count, (), generator=generator))
            if image not in taken and image not in found:
                found.append(image)
        return found
