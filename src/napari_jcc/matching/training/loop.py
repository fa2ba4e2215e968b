"""Steps and checks of one stage of training, and its state."""

from __future__ import annotations

import gc
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from napari_jcc.config import TrainingConfig
from napari_jcc.device import free_unused_memory, within_memory
from napari_jcc.errors import TrainingError
from napari_jcc.matching.training.stage import Batch, Stage

if TYPE_CHECKING:
    from lightning_fabric import Fabric

logger = logging.getLogger(__name__)


@dataclass
class StageState:
    """State of a stage of training.

    Attributes
    ----------
    step
        Steps done.
    parts
        Number of parts that every batch is split into to fit the memory.
    best, best_step
        Smallest value of the term that is checked, and the step after which it was.
    stale
        Checks since then.
    best_weights
        The objective's weights at that check.
    optimizer
        State of the optimiser.
    """

    step: int = 0
    parts: int = 1
    best: float = math.inf
    best_step: int = 0
    stale: int = 0
    best_weights: dict[str, Tensor] | None = None
    optimizer: dict[str, Any] = field(default_factory=dict)


class Loop:
    """Steps and checks of one stage.

    Parameters
    ----------
    fabric
        Devices and precision.
    config
        Settings of the training.
    stage
        What is trained, and on what.
    state
        Where the stage stands; moved on by every step.

    Attributes
    ----------
    rate : float
        Learning rate of the last step, that of the first group of weights.
    """

    def __init__(
        self, fabric: Fabric, config: TrainingConfig, stage: Stage, state: StageState
    ) -> None:
        self._fabric = fabric
        self._config = config
        self._stage = stage
        self._state = state
        optimizer = torch.optim.Adam(stage.parameter_groups())
        if state.optimizer:
            optimizer.load_state_dict(state.optimizer)
        # Initial learning rates, which the schedule scales.
        self._rates = [float(group["lr"]) for group in stage.parameter_groups()]  # type: ignore[arg-type]
        self._trained = [
            weight for group in optimizer.param_groups for weight in group["params"]
        ]
        for weight in stage.objective.parameters():
            weight.requires_grad_(False)
        for weight in self._trained:
            weight.requires_grad_(True)
        self._objective, self._optimizer = fabric.setup(stage.objective, optimizer)
        self._objective.train()
        self.rate = self._rates[0]

    def step(self) -> dict[str, float]:
        """Do one step; return the mean of every term."""
        state, stage, fabric = self._state, self._stage, self._fabric
        self._set_rates()
        count = max(1, stage.batch // fabric.world_size)
        batch = stage.draw(state.step, count, fabric.global_rank).to(fabric.device)
        terms = self._backward(batch)
        self._require_finite(terms)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        state.step += 1
        return terms

    def check(self, held_out: list[Batch]) -> dict[str, float]:
        """Compute the mean of every term on held-out samples, and note the best."""
        self._objective.eval()
        with torch.no_grad():
            parts = [
                part for batch in held_out for part in _split(batch, self._state.parts)
            ]
            found = [self._objective(part) for part in parts]
        self._objective.train()
        terms = {name: torch.cat([part[name] for part in found]) for name in found[0]}
        means = {name: float(values.float().mean()) for name, values in terms.items()}
        state = self._state
        if means[self._stage.minimised] < state.best:
            state.best, state.stale = means[self._stage.minimised], 0
            state.best_step = state.step
            state.best_weights = {
                name: weight.detach().cpu().clone()
                for name, weight in self._stage.objective.state_dict().items()
                if name in self._kept_names()
            }
        else:
            state.stale += 1
        return means

    def note_optimizer(self) -> None:
        """Bring the optimiser's state into the stage's."""
        self._state.optimizer = self._optimizer.state_dict()

    def finish(self) -> None:
        """Go back to the weights of the best check."""
        if self._state.best_weights is not None:
            self._stage.objective.load_state_dict(self._state.best_weights, strict=False)
        self._stage.objective.eval()

    def _kept_names(self) -> set[str]:
        """Names of trained weights, and of the statistics beside them."""
        trained = {id(weight) for weight in self._trained}
        names = {
            name
            for name, weight in self._stage.objective.named_parameters()
            if id(weight) in trained
        }
        owners = {name.rpartition(".")[0] for name in names}
        return names | {
            name
            for name, _ in self._stage.objective.named_buffers()
            if name.rpartition(".")[0] in owners
        }

    def _set_rates(self) -> None:
        share = self._state.step / max(self._stage.steps, 1)
        factor = 0.5 * (1 + math.cos(math.pi * share))
        if self._config.schedule == "constant":
            factor = 1.0
        for group, rate in zip(self._optimizer.param_groups, self._rates, strict=True):
            group["lr"] = rate * factor
        self.rate = self._rates[0] * factor

    def _backward(self, batch: Batch) -> dict[str, float]:
        """Gradient of the mean loss, in as many parts as the memory demands."""
        return within_memory(
            partial(self._backward_in_parts, batch), partial(self._split_more, len(batch))
        )

    def _split_more(self, pairs: int, error: Exception) -> None:
        self._optimizer.zero_grad(set_to_none=True)
        gc.collect()
        free_unused_memory()
        if self._state.parts >= pairs:
            reason = str(error).partition("\n")[0]
            raise TrainingError(
                f"The memory of {self._fabric.device} does not suffice for a single "
                f"pair: {reason}. Reduce network.input_size or network.decoder_channels, "
                "keep the encoder as it is (training.encoder_learning_rate = 0), or train "
                "on another device."
            )
        self._state.parts *= 2
        logger.warning(
            "The memory of %s does not suffice; every batch is split into %d parts.",
            self._fabric.device,
            self._state.parts,
        )

    def _backward_in_parts(self, batch: Batch) -> dict[str, float]:
        parts = _split(batch, self._state.parts)
        sums: dict[str, Tensor] = {}
        for place, part in enumerate(parts):
            waits = place < len(parts) - 1
            with self._fabric.no_backward_sync(self._objective, enabled=waits):
                terms = self._objective(part)
                self._fabric.backward(terms["total"].sum() / len(batch))
            for name, values in terms.items():
                sums[name] = sums.get(name, 0) + values.detach().float().sum()
        means = torch.stack(list(sums.values())) / len(batch)
        if self._fabric.world_size > 1:
            means = self._fabric.all_reduce(means, reduce_op="mean")  # type: ignore[assignment]
        return dict(zip(sums, means.tolist(), strict=True))

    def _require_finite(self, terms: Mapping[str, float]) -> None:
        bad = [name for name, value in terms.items() if not math.isfinite(value)]
        named = [name for name in bad if name != "total"] or bad
        if not bad and not self._config.precision.startswith("16"):
            # In half precision the gradient scaler checks them, and skips such steps.
            gradients = [weight.grad for weight in self._trained if weight.grad is not None]
            norm = torch.nn.utils.get_total_norm(gradients)
            named = [] if bool(torch.isfinite(norm)) else ["the gradient"]
        if named:
            raise TrainingError(
                f"Training stopped at step {self._state.step + 1} of the stage "
                f"{self._stage.name}: {', '.join(named)} is not a finite number. The last "
                "checkpoint is kept. Lower the learning rate or the weight of the term, or "
                "use precision 32-true, and resume."
            )


def _split(batch: Batch, parts: int) -> list[Batch]:
    size = -(-len(batch) // min(parts, len(batch)))
    return [batch.part(slice(at, at + size)) for at in range(0, len(batch), size)]
