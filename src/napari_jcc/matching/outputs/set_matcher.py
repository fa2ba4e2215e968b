"""One interface to whatever matches the images of a set, trained or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from napari_jcc._types import MaskArray
from napari_jcc.collection import ImageCollection
from napari_jcc.config import MatchConfig
from napari_jcc.matching.baselines import PairMatcher
from napari_jcc.matching.known import Doubtful, KnownPairs
from napari_jcc.matching.outputs.through import ThroughOthers
from napari_jcc.matching.outputs.trained import (
    Adapt,
    load_network,
    load_refinement,
    open_refinement,
    open_trained,
)
from napari_jcc.matching.outputs.untrained import UntrainedMatcher, open_registration
from napari_jcc.matching.pair import PairResult
from napari_jcc.progress import Progress

if TYPE_CHECKING:
    from napari_jcc.matching.inference import Matcher


class SetMatcher(Protocol):
    """A way of matching the images of a set.

    Attributes
    ----------
    config
        All settings that it works by.
    base
        Settings that it works by when nothing is said.
    origin
        What it is: ``method``, and where from; JSON values.
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
    """A way of matching that looks at two images at a time."""

    def match_again(
        self,
        collection: ImageCollection,
        doubtful: Sequence[Doubtful],
        agreed: KnownPairs,
        progress: Progress,
    ) -> Iterator[PairResult]:
        """Match pairs again, each point by what all images show where it was found.

        Parameters
        ----------
        collection
            The images.
        doubtful
            The pairs.
        agreed
            Where points of their images are in others.
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

    Sets of three images or more are also matched by way of others (``matching.through``).

    Parameters
    ----------
    checkpoint
        File that `train` wrote. None: what ``matching.untrained`` says, on the maps of
        ``network.encoder``, or on gradients when that is empty.
    adapt
        Makes the settings to work by of those that the network was trained with, or of
        the defaults. With a checkpoint ``collection``, ``matching``, ``training.device``
        and, if the encoder has moved, ``network.encoder`` may differ.

    Raises
    ------
    WeightsError
        If checkpoint or encoder cannot be had or do not fit, or torch is missing.
    ConfigError
        If the device is not there, or other settings of the network differ.
    """
    return ThroughOthers(open_direct_matcher(checkpoint, adapt))


def open_direct_matcher(
    checkpoint: str | Path | None = None, adapt: Adapt | None = None
) -> DirectMatcher:
    """Open what looks at two images at a time; otherwise as `open_set_matcher`."""
    adapt = adapt or (lambda config: config)
    if checkpoint is not None:
        return open_trained(Path(checkpoint), adapt)
    config = adapt(MatchConfig())
    refines = config.matching.untrained == "refinement"
    return open_refinement(config) if refines else UntrainedMatcher(config)


def open_pair_matcher(
    checkpoint: str | Path | None = None, adapt: Adapt | None = None
) -> PairMatcher:
    """Open what matches two images at a time, such as `LandmarkTransfer` needs it.

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
