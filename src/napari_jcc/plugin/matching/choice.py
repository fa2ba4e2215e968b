"""What the user wants images to be matched by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from napari_jcc.config import MatchConfig, apply_overrides


@dataclass(frozen=True)
class MatcherChoice:
    """A trained network, or a way to match without one.

    Attributes
    ----------
    checkpoint
        File of a trained network; empty to match without training.
    encoder
        Encoder of the matcher without training, gradients when empty.
    untrained
        What matches without training, as in ``matching.untrained``.
    device
        auto, cpu, cuda or mps.
    facing
        How images may lie beside each other, as in ``matching.facing``.
    """

    checkpoint: str = ""
    encoder: str = ""
    untrained: str = "registration"
    device: str = "auto"
    facing: str = "as_is"

    @property
    def network(self) -> str | None:
        """File of the trained network; None to match without training."""
        return self.checkpoint or None

    def adapt(self, config: MatchConfig) -> MatchConfig:
        """Make the settings of a run of those that the matcher starts from."""
        changes: dict[str, Any] = {
            "training.device": self.device,
            "matching.facing": self.facing,
        }
        if not self.checkpoint:
            changes["network.encoder"] = self.encoder
            changes["matching.untrained"] = self.untrained
        return apply_overrides(config, changes)
