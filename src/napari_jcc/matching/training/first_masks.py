"""Before the second stage: the decoder is trained on a prior of where objects are.

Objects lie in the middle more often than at the edge. A decoder that is trained to predict,
from the features of an image, how near to the middle each pixel is learns to respond to
what lies there in most images: the object. Stopped early, before it overfits to single
images, it gives masks that the second stage can improve. From random masks that stage
cannot tell object from background, because its terms treat both alike, or prefer what
varies less.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from napari_jcc.config import MatchConfig
from napari_jcc.matching.network import MaCoSNet, correlate
from napari_jcc.matching.training.pair_views import PairViews
from napari_jcc.matching.training.randomness import generator_for
from napari_jcc.matching.training.samples import ImageSamples
from napari_jcc.progress import Progress


class FirstMasksObjective(nn.Module):
    """Binary cross entropy of both masks of a pair and the prior."""

    def __init__(self, network: MaCoSNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, samples: ImageSamples) -> dict[str, Tensor]:
        """Return the loss (B,) as ``total``."""
        pyramids = samples.describe(self.network)
        losses = []
        for source, target, prior in zip(
            reversed(pyramids), pyramids, samples.priors, strict=True
        ):
            correlation = correlate(source.features, target.features)
            logits = self.network.mask(target, correlation).float()
            prior = nn.functional.interpolate(prior, logits.shape[2:], mode="bilinear")
            entropy = nn.functional.binary_cross_entropy_with_logits(
                logits, prior, reduction="none"
            )
            losses.append(entropy.mean(dim=(1, 2, 3)))
        return {"total": torch.stack(losses).sum(dim=0)}


class FirstMasksStage:
    """Training of the decoder alone, for a few steps, on pairs of the set.

    Parameters
    ----------
    network
        Its decoder is trained.
    views
        Views of the images.
    config
        All settings.
    """

    name = "first masks"
    minimised = "total"

    def __init__(self, network: MaCoSNet, views: PairViews, config: MatchConfig) -> None:
        self.objective: nn.Module = FirstMasksObjective(network)
        self.steps = config.training.mask_steps
        self.batch = config.training.batch
        self._network = network
        self._views = views
        self._config = config

    def prepare(self, device: torch.device, progress: Progress) -> None:
        """Encode the views in advance, if the encoder is frozen."""
        self._views.describe(self._network, device, progress)

    def parameter_groups(self) -> list[dict[str, object]]:
        """Parameters of the decoder."""
        weights = list(self._network.decoder.parameters())
        return [{"params": weights, "lr": self._config.training.mask_learning_rate}]

    def draw(self, step: int, count: int, rank: int) -> ImageSamples:
        """Draw the pairs of one step."""
        generator = generator_for(self._config.training.seed, self.name, step, rank)
        total = self._views.images_count
        first = torch.randint(total, (count,), generator=generator)
        apart = torch.randint(1, total, (count,), generator=generator)
        chosen = torch.stack([first, (first + apart) % total])
        return self._views.load(self._views.draw(chosen, generator), with_priors=True)

    def held_out(self) -> list[ImageSamples]:
        """No samples: agreement with the prior is no criterion for stopping."""
        return []
