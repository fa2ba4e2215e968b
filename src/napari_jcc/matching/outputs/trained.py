"""Images of a set matched by a trained network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from napari_jcc._types import MaskArray
from napari_jcc.collection import ImageCollection
from napari_jcc.config import MatchConfig, changed_settings
from napari_jcc.device import choose_device
from napari_jcc.errors import ConfigError, WeightsError
from napari_jcc.matching.match_graph import MatchGraph, UncertainPair
from napari_jcc.matching.pair import PairResult
from napari_jcc.progress import Progress
from napari_jcc.words import how_to_install

if TYPE_CHECKING:
    from napari_jcc.matching.inference import Matcher
    from napari_jcc.matching.network.checkpoint import Checkpoint

Adapt: TypeAlias = Callable[[MatchConfig], MatchConfig]
"""Returns the settings to use, given those of the trained network or the defaults."""


@contextmanager
def needing_torch() -> Iterator[None]:
    """Turn a missing package of the trained network into a message with a remedy.

    Raises
    ------
    WeightsError
        In place of an `ImportError`.
    """
    try:
        yield
    except ImportError as error:
        raise WeightsError(
            "Matching by a trained network, and training it, need torch and "
            f"lightning-fabric, not installed here. {how_to_install('match')}. "
            "Matching without a checkpoint needs neither."
        ) from error


class TrainedMatcher:
    """A `DirectMatcher` that applies a trained network."""

    def __init__(
        self, matcher: Matcher, config: MatchConfig, origin: dict[str, Any]
    ) -> None:
        self._matcher = matcher
        self.config, self.base = config, matcher.config
        self.origin: dict[str, Any] = {"method": "macosnet", **origin}

    def match(
        self,
        collection: ImageCollection,
        pairs: Sequence[tuple[int, int]],
        progress: Progress,
    ) -> Iterator[PairResult]:
        """Match pairs; see `SetMatcher.match`."""
        return iter(self._matcher.match(collection, pairs, progress))

    def rematch(
        self,
        collection: ImageCollection,
        uncertain: Sequence[UncertainPair],
        consensus: MatchGraph,
        progress: Progress,
    ) -> Iterator[PairResult]:
        """Refine pairs on averaged descriptors; see `DirectMatcher.rematch`."""
        return iter(self._matcher.rematch(collection, uncertain, consensus, progress))

    def masks(
        self, collection: ImageCollection, progress: Progress
    ) -> list[MaskArray] | None:
        """Masks of all images, or None if the network was trained for geometry only."""
        if not self._matcher.has_masks:
            return None
        return self._matcher.masks(collection, progress)


def open_trained(path: Path, adapt: Adapt) -> TrainedMatcher:
    """Open the network in a checkpoint for sets; errors as of `load_network`."""
    matcher, config, saved = load_network(path, adapt)
    origin = {
        "checkpoint": str(path),
        "finished": saved.training is None,
        "trained": {k: v for k, v in saved.provenance.items() if k != "images"},
    }
    return TrainedMatcher(matcher, config, origin)


def open_refinement(config: MatchConfig) -> TrainedMatcher:
    """Open matching by refinement alone, for sets; errors as of `load_refinement`."""
    origin = {"method": "refinement", "features": config.network.encoder}
    return TrainedMatcher(load_refinement(config), config, origin)


def load_refinement(config: MatchConfig) -> Matcher:
    """Build an untrained network: its answer is the identity, which is then refined.

    Raises
    ------
    ConfigError
        If there is no encoder, or the device is not there.
    WeightsError
        If the encoder cannot be had, or torch is missing.
    """
    if not config.network.encoder:
        raise ConfigError(
            "matching.untrained is refinement, which compares maps of an encoder, but none "
            "is given. Name one (--encoder), or use registration, which works on gradients "
            "too."
        )
    with needing_torch():
        from napari_jcc.matching.inference import Matcher
        from napari_jcc.matching.network import build_network
        from napari_jcc.matching.refinement import BLIND_REACH
    device = choose_device(config.training.device)
    network = build_network(config.network, device, config.training.seed)
    return Matcher(
        network, MatchConfig(), config.matching, has_masks=False, reach=BLIND_REACH
    )


def load_network(path: Path, adapt: Adapt) -> tuple[Matcher, MatchConfig, Checkpoint]:
    """Read a checkpoint: the network, the settings to use it by, and what the file holds.

    Raises
    ------
    WeightsError
        If checkpoint or encoder cannot be had or do not fit, or torch is missing.
    ConfigError
        If the device is not there, or `adapt` changes the network itself.
    """
    with needing_torch():
        from napari_jcc.matching.inference import Matcher
        from napari_jcc.matching.network.checkpoint import Checkpoint
    saved = Checkpoint.load(path)
    config = adapt(saved.config)
    _require_same_network(config, saved.config)
    moved = config.network.encoder != saved.config.network.encoder
    encoder = config.network.encoder if moved else None
    device, settings = config.training.device, config.matching
    return Matcher.from_checkpoint(saved, device, encoder, settings), config, saved


def _require_same_network(config: MatchConfig, trained: MatchConfig) -> None:
    changed = [
        name
        for name in changed_settings(config, trained)
        if name.startswith("network.") and name != "network.encoder"
    ]
    if changed:
        raise ConfigError(
            f"The network of the checkpoint was trained with another {', '.join(changed)}. "
            "Leave these settings out, or train anew with them."
        )
