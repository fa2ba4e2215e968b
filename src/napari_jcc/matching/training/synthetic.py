"""First stage: the heads learn randomly drawn, hence known, transformations."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from napari_jcc.config import MatchConfig
from napari_jcc.matching.network import MaCoSNet, Pyramid
from napari_jcc.matching.network.decoder import SKIP_STRIDES
from napari_jcc.matching.network.images import to_float
from napari_jcc.matching.training.randomness import generator_for
from napari_jcc.matching.training.view_pool import ViewPool
from napari_jcc.matching.training.warped_pairs import WarpedPairs, grid_loss, warp_pairs
from napari_jcc.progress import Progress

HELD_OUT_PAIRS = 32
NO_SKIPS = (None,) * len(SKIP_STRIDES)


class SyntheticObjective(nn.Module):
    """Loss of a batch of known pairs."""

    def __init__(self, network: MaCoSNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, pairs: WarpedPairs) -> dict[str, Tensor]:
        """Terms (B,) of the loss, with their sum as ``total``."""
        network = self.network
        if pairs.features is None:
            source = network.encode(pairs.source, with_skips=False)
            target = network.encode(pairs.target, with_skips=False)
        else:
            source, target = (Pyramid(maps, NO_SKIPS) for maps in pairs.features)
        match = network.match(source, target, pairs.source)
        terms = grid_loss(match.transform, pairs.transform)
        return {"total": terms["affine"] + terms["tps"], **terms}


class SyntheticStage:
    """Training of the two heads on warped images.

    Parameters
    ----------
    network
        Its heads are trained, and the small encoder if no pretrained one is used.
    images : (N, 3, H, W) uint8
        Images of any kind.
    config
        All settings.
    """

    name = "synthetic"
    minimised = "error"

    def __init__(self, network: MaCoSNet, images: Tensor, config: MatchConfig) -> None:
        self.objective: nn.Module = SyntheticObjective(network)
        self.steps = config.synthetic.steps
        self.batch = config.synthetic.batch
        self._images = images
        self._config = config
        self._network = network
        self._pool: ViewPool | None = None

    def prepare(self, device: torch.device, progress: Progress) -> None:
        """Encode the views of the pairs in advance, if the encoder is frozen."""
        if self._config.network.encoder and self._config.synthetic.views:
            self._pool = ViewPool(
                self._network, self._images, self._config, device, progress
            )

    def parameter_groups(self) -> list[dict[str, object]]:
        """Parameters with their learning rates."""
        modules: list[nn.Module] = [self._network.affine_head, self._network.tps_head]
        if not self._config.network.encoder:
            modules.append(self._network.encoder)
        weights = [weight for module in modules for weight in module.parameters()]
        return [{"params": weights, "lr": self._config.synthetic.learning_rate}]

    def draw(self, step: int, count: int, rank: int) -> WarpedPairs:
        """Draw the pairs of one step."""
        generator = generator_for(self._config.training.seed, self.name, step, rank)
        if self._pool is not None:
            return self._pool.pairs(count, generator)
        return self._warp(count, generator)

    def held_out(self) -> list[WarpedPairs]:
        """Pairs for checks: transformations that are not trained on."""
        generator = generator_for(self._config.training.seed, self.name, "held out")
        return [self._warp(HELD_OUT_PAIRS // 2, generator) for _ in range(2)]

    def _warp(self, count: int, generator: torch.Generator) -> WarpedPairs:
        chosen = torch.randint(len(self._images), (count,), generator=generator)
        return warp_pairs(to_float(self._images[chosen], "cpu"), self._config, generator)
