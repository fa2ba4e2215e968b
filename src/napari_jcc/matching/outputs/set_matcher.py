"""One interface to whatever matches the images of a set, trained or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from napari_jcc._types import FloatArray, ImageArray, MaskArray
from napari_jcc.collection import ImageCollection
from napari_jcc.config import MatchConfig, changed_settings
from napari_jcc.device import choose_device
from napari_jcc.errors import ConfigError, WeightsError
from napari_jcc.features.encoders import load_encoder
from napari_jcc.matching.baselines import (
    Describer,
    EncoderDescriber,
    PairMatch,
    PairMatcher,
    RegistrationMatcher,
    Remembering,
    SiftDescriber,
)
from napari_jcc.matching.outputs.pair import PairResult
from napari_jcc.progress import Progress

if TYPE_CHECKING:
    from napari_jcc.matching.inference import MatchedPair, Matcher
    from napari_jcc.matching.training import Checkpoint

ENCODER_SIZE = 320
"""Longer side of the image, in pixels, that an encoder sees where nothing is trained."""
ENCODER_STRIDE = 16
KEPT_IMAGES = 256
Adapt: TypeAlias = Callable[[MatchConfig], MatchConfig]
"""Settings to work by, from those that a network was trained with, or the defaults."""


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


def open_set_matcher(
    checkpoint: str | Path | None = None, adapt: Adapt | None = None
) -> SetMatcher:
    """Open the trained network in a checkpoint, or a matcher that needs no training.

    Parameters
    ----------
    checkpoint
        File that `train` wrote. None: `RegistrationMatcher` on the maps of
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
    adapt = adapt or (lambda config: config)
    if checkpoint is None:
        return UntrainedMatcher(adapt(MatchConfig()))
    return _open_trained(Path(checkpoint), adapt)


def open_pair_matcher(
    checkpoint: str | Path | None = None, adapt: Adapt | None = None
) -> PairMatcher:
    """Open what matches two images at a time, such as `LandmarkTransfer` needs it.

    Parameters and errors are those of `open_set_matcher`.
    """
    adapt = adapt or (lambda config: config)
    if checkpoint is None:
        config = adapt(MatchConfig())
        return open_registration(config.network.encoder, config.training.device)
    with needing_torch():
        from napari_jcc.matching.inference import NetworkMatcher
    matcher, config, _ = _load_network(Path(checkpoint), adapt)
    matcher.settings = config.matching
    return NetworkMatcher(matcher)


def open_registration(encoder: str, device: str) -> RegistrationMatcher:
    """Open the matcher without training, on what `open_describer` gives."""
    return RegistrationMatcher(open_describer(encoder, device))


def open_describer(encoder: str = "", device: str = "auto") -> Describer:
    """Open what describes images on a grid, each once: an encoder, or without, gradients.

    Raises
    ------
    WeightsError
        If the encoder cannot be had, or torch is missing.
    ConfigError
        If the device is not there.
    """
    if not encoder:
        return Remembering(SiftDescriber())
    loaded = load_encoder(encoder, choose_device(device), ENCODER_STRIDE)
    return Remembering(EncoderDescriber(loaded, ENCODER_SIZE))


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
            "lightning-fabric, not installed here. Install with: "
            "pip install 'napari-jcc[match]', or match without a checkpoint."
        ) from error


class UntrainedMatcher:
    """Registers images by the maps of an encoder, or by gradients; learns nothing.

    Parameters
    ----------
    config
        Settings; ``network.encoder``, ``training.device`` and ``matching`` count.
    """

    def __init__(self, config: MatchConfig) -> None:
        self.config, self.base = config, MatchConfig()
        name = config.network.encoder
        self.origin: dict[str, Any] = {
            "method": RegistrationMatcher.name,
            "features": name or "gradients",
        }
        self._matcher = open_registration(name, config.training.device)

    def match(
        self,
        collection: ImageCollection,
        pairs: Sequence[tuple[int, int]],
        progress: Progress,
    ) -> Iterator[PairResult]:
        """Match pairs; see `SetMatcher.match`."""
        read = lru_cache(KEPT_IMAGES)(collection.working_image)
        progress.start("Matching", len(pairs))
        for source, target in pairs:
            sizes = collection.shape(source), collection.shape(target)
            yield PairResult.judge(
                (source, target),
                sizes,
                self._match(read(source), read(target), sizes),
                self._match(read(target), read(source), sizes[::-1]),
                self.config.matching.tolerance,
            )
            progress.advance()

    def masks(
        self, collection: ImageCollection, progress: Progress
    ) -> list[MaskArray] | None:
        """None: registration finds no objects."""
        return None

    def _match(
        self,
        source: ImageArray,
        target: ImageArray,
        sizes: tuple[tuple[int, int], tuple[int, int]],
    ) -> PairMatch:
        """Match reduced images; the answer is in pixels of the full ones."""
        match = self._matcher.match(source, target)
        grow, shrink = _scale(source, sizes[0]), 1 / _scale(target, sizes[1])

        def transfer(points: FloatArray) -> FloatArray:
            return _rescale(match.transfer(_rescale(points, shrink)), grow)

        def confidence(points: FloatArray) -> FloatArray:
            if match.confidence is None:
                return np.ones(len(points))
            return match.confidence(_rescale(points, shrink))

        return PairMatch(transfer, confidence)


class TrainedMatcher:
    """Asks a trained network.

    Parameters
    ----------
    matcher
        The network.
    config
        Settings that it is used by.
    origin
        Where it is from.
    """

    def __init__(
        self, matcher: Matcher, config: MatchConfig, origin: dict[str, Any]
    ) -> None:
        self._matcher = matcher
        self._matcher.settings = config.matching
        self.config, self.base = config, matcher.config
        self.origin: dict[str, Any] = {"method": "macosnet", **origin}

    def match(
        self,
        collection: ImageCollection,
        pairs: Sequence[tuple[int, int]],
        progress: Progress,
    ) -> Iterator[PairResult]:
        """Match pairs; see `SetMatcher.match`."""
        found = self._matcher.match(collection, pairs, progress)
        return map(_from_network, found)

    def masks(
        self, collection: ImageCollection, progress: Progress
    ) -> list[MaskArray] | None:
        """Masks of all images, or None if the network was trained for geometry only."""
        if not self._matcher.has_masks:
            return None
        return self._matcher.masks(collection, progress)


def _open_trained(path: Path, adapt: Adapt) -> TrainedMatcher:
    matcher, config, saved = _load_network(path, adapt)
    origin = {
        "checkpoint": str(path),
        "finished": saved.training is None,
        "trained": {k: v for k, v in saved.provenance.items() if k != "images"},
    }
    return TrainedMatcher(matcher, config, origin)


def _load_network(path: Path, adapt: Adapt) -> tuple[Matcher, MatchConfig, Checkpoint]:
    with needing_torch():
        from napari_jcc.matching.inference import Matcher
        from napari_jcc.matching.training import Checkpoint
    saved = Checkpoint.load(path)
    config = adapt(saved.config)
    _require_same_network(config, saved.config)
    moved = config.network.encoder != saved.config.network.encoder
    device = choose_device(config.training.device)
    network = saved.build(device, config.network.encoder if moved else None)
    has_masks = bool(saved.provenance.get("masks"))
    return Matcher(network, saved.config, has_masks=has_masks), config, saved


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


def _from_network(pair: MatchedPair) -> PairResult:
    return PairResult(
        pair.source,
        pair.target,
        pair.sizes,
        to_source=lambda points: pair.to_source(points)[0],
        to_target=lambda points: pair.to_target(points)[0],
        sureness=lambda points: pair.to_source(points)[1],
        theta_affine=pair.theta_affine.astype(np.float64),
        theta_tps=pair.theta_tps.astype(np.float64),
        cycle_error=pair.cycle_error,
        inlier_share=pair.inlier_share,
        confidence=pair.confidence,
        tolerance=pair.tolerance,
    )


def _scale(image: ImageArray, size: tuple[int, int]) -> FloatArray:
    """Pixels of the full image of `size` (height, width) per pixel of `image`, x and y."""
    return np.array([size[1] / image.shape[1], size[0] / image.shape[0]])


def _rescale(points: FloatArray, scale: FloatArray) -> FloatArray:
    return (np.asarray(points, dtype=np.float64) + 0.5) * scale - 0.5
