"""The common interface of all matchers of image sets, trained or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from napari_jcc._types import MaskArray
from napari_jcc.collection import ImageCollection
from napari_jcc.config import MatchConfig
from napari_jcc.matching.baselines import PairMatcher
from napari_jcc.matching.match_graph import MatchGraph, UncertainPair
from napari_jcc.matching.outputs.consensus_matcher import ConsensusMatcher
from napari_jcc.matching.outputs.trained import (
    Adapt,
    load_network,
    load_refinement,
    open_refinement,
    open_trained,
)
from napari_jcc.matching.outputs.turning_matcher import TurningMatcher
from napari_jcc.matching.outputs.untrained import UntrainedMatcher, open_registration
from napari_jcc.matching.pair import PairResult
from napari_jcc.progress import Progress

if TYPE_CHECKING:
    from napari_jcc.matching.inference import Matcher


class SetMatcher(Protocol):
    """Matches the images of a set.

    Attributes
    ----------
    config
        The settings in use.
    base
        The settings it would use by default.
    origin
        The ``method`` and where its weights or features come from; JSON values.
    """

    config: MatchConfig
    base: MatchConfig
    origin: dict[str, Any]

    def match(
        self,
        collection: ImageCollection,
        pairs: Sequence[tuple[int, int]],
        progress: Progress,
    ) -> Iterator[PairResult]:
        """Match pairs of source and target, given as places in the collection.

        Raises
        ------
        InputError
            If an image cannot be read.
        WeightsError
            If the encoder cannot be had or used.
        Cancelled
            If the progress was cancelled.
        """
        ...

    def masks(
        self, collection: ImageCollection, progress: Progress
    ) -> list[MaskArray] | None:
        """Masks (H, W) bool of all images; None from matchers that find no objects."""
        ...


class DirectMatcher(SetMatcher, Protocol):
    """A `SetMatcher` that matches every pair from its own two images."""

    def rematch(
        self,
        collection: ImageCollection,
        uncertain: Sequence[UncertainPair],
        consensus: MatchGraph,
        progress: Progress,
    ) -> Iterator[PairResult]:
        """Match pairs again, by descriptors averaged over several images.

        Parameters
        ----------
        collection
            The images.
        uncertain
            The pairs, and the images to average with.
        consensus
            Matches of the images of the pairs with those images.
        progress
            Told of every pair.

        Raises
        ------
        InputError, WeightsError, Cancelled
            As `match`.
        """
        ...


def open_set_matcher(
    checkpoint: str | Path | None = None, adapt: Adapt | None = None
) -> SetMatcher:
    """Open the trained network in a checkpoint, or a matcher that needs no training.

    In sets of three images or more, pairs are matched along paths through other images as
    well (``matching.through``). Images that may be mirrored or turned are turned before
    (``matching.facing``).

    Parameters
    ----------
    checkpoint
        File written by `train`. None: the method named by ``matching.untrained``, on the
        maps of ``network.encoder``, or on gradients when that is empty.
    adapt
        Changes the settings: takes those that the network was trained with, or the
        defaults, and returns those to use. With a checkpoint only ``collection``,
        ``matching``, ``training.device`` and, for an encoder file that has moved,
        ``network.encoder`` may differ.

    Raises
    ------
    WeightsError
        If checkpoint or encoder cannot be had or do not fit, or torch is missing.
    ConfigError
        If the device is not there, or other settings of the network differ.
    """
    return TurningMatcher(ConsensusMatcher(open_direct_matcher(checkpoint, adapt)))


def open_direct_matcher(
    checkpoint: str | Path | None = None, adapt: Adapt | None = None
) -> DirectMatcher:
    """Open a matcher of single pairs for sets; otherwise as `open_set_matcher`."""
    adapt = adapt or (lambda config: config)
    if checkpoint is not None:
        return open_trained(Path(checkpoint), adapt)
    config = adapt(MatchConfig())
    refines = config.matching.untrained == "refinement"
    return open_refinement(config) if refines else UntrainedMatcher(config)


def open_pair_matcher(
    checkpoint: str | Path | None = None, adapt: Adapt | None = None
) -> PairMatcher:
    """Open a matcher of two image arrays, as `LandmarkTransfer` takes it.

    Parameters and errors are those of `open_set_matcher`.
    """
    adapt = adapt or (lambda config: config)
    if checkpoint is None:
        config = adapt(MatchConfig())
        if config.matching.untrained == "registration":
            return open_registration(config.network.encoder, config.training.device)
        return _by_pair(load_refinement(config), "refinement")
    return _by_pair(load_network(Path(checkpoint), adapt)[0], "macosnet")


def _by_pair(matcher: Matcher, name: str) -> PairMatcher:
    from napari_jcc.matching.inference import NetworkMatcher

    return NetworkMatcher(matcher, name)
