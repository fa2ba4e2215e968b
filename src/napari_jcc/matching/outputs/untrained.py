"""Images of a set registered by their descriptors, without any training."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from napari_jcc._types import FloatArray, ImageArray, MaskArray
from napari_jcc.collection import ImageCollection
from napari_jcc.config import MatchConfig
from napari_jcc.device import choose_device
from napari_jcc.features.encoders import FittingEncoder
from napari_jcc.matching.baselines import (
    CachedDescriber,
    Describer,
    EncoderDescriber,
    GridFeatures,
    Instance,
    PairMatch,
    RegistrationMatcher,
    SiftDescriber,
)
from napari_jcc.matching.baselines.grid_features import KEPT_IMAGES, SIFT_SIZE
from napari_jcc.matching.match_graph import MatchGraph, UncertainPair
from napari_jcc.matching.pair import PairResult, Sizes, from_unit, to_unit
from napari_jcc.progress import Progress
from napari_jcc.registration.frame import resize_points

ENCODER_SIZE = 320
"""Longer side of the image, in pixels, that an encoder sees where nothing is trained."""
INSTANCE_ZOOM = 1.6
"""Times that, where several instances are looked for, each a part of the image."""
ENCODER_STRIDE = 16
ReadImage: TypeAlias = Callable[[int], ImageArray]


class UntrainedMatcher:
    """Registers images by the feature maps of an encoder, or by gradients; not trained.

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
        self._most = config.matching.instances
        zoom = 1.0 if self._most == 1 else INSTANCE_ZOOM
        self._matcher = RegistrationMatcher(
            open_describer(name, config.training.device, zoom)
        )

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
            found = self._match(read(source), read(target))
            for number, instance in enumerate(found, 1):
                yield self._judge(collection, read, (source, target), instance, number)
            progress.advance()

    def rematch(
        self,
        collection: ImageCollection,
        uncertain: Sequence[UncertainPair],
        consensus: MatchGraph,
        progress: Progress,
    ) -> Iterator[PairResult]:
        """Match pairs by averaged descriptors; see `DirectMatcher.rematch`."""
        read = lru_cache(KEPT_IMAGES)(collection.working_image)
        progress.start("Matching again", len(uncertain))
        for part in uncertain:
            places = part.pair.source, part.pair.target
            source, target = (
                self._average_descriptors(read, place, part, consensus) for place in places
            )
            there = self._matcher.match_described(source, target)
            back = self._matcher.match_described(target, source)
            yield self._judge(collection, read, places, Instance(there, back))
            progress.advance()

    def masks(
        self, collection: ImageCollection, progress: Progress
    ) -> list[MaskArray] | None:
        """None: registration finds no objects."""
        return None

    def _match(self, source: ImageArray, target: ImageArray) -> Sequence[Instance]:
        """Match reduced images, both ways."""
        if self._most != 1:
            return self._matcher.match_instances(source, target, self._most)
        there, back = (
            self._matcher.match(source, target),
            self._matcher.match(target, source),
        )
        return [Instance(there, back)]

    def _average_descriptors(
        self, read: ReadImage, place: int, part: UncertainPair, consensus: MatchGraph
    ) -> GridFeatures:
        """Describe an image by the mean over the same points in several images."""
        own = self._matcher.describe(read(place))
        points = to_unit(own.centres, read(place).shape[:2])
        seen = []
        for other in part.others:
            ends, confidence = consensus.transfer_normalised(place, other, points)
            ends = from_unit(ends, read(other).shape[:2])
            shown = self._matcher.describe(read(other)).sample(ends)
            seen.append((shown, part.weight * confidence))
        return own.blend(seen)

    def _judge(
        self,
        collection: ImageCollection,
        read: ReadImage,
        places: tuple[int, int],
        found: Instance,
        number: int = 1,
    ) -> PairResult:
        """Judge what was found in the reduced images of a pair."""
        source, target = places
        sizes = collection.shape(source), collection.shape(target)
        return PairResult.judge(
            places,
            sizes,
            _enlarge(found.forward, (read(source), read(target)), sizes),
            _enlarge(found.backward, (read(target), read(source)), sizes[::-1]),
            self.config.matching.tolerance,
            number,
        )


def _enlarge(
    match: PairMatch, shown: tuple[ImageArray, ImageArray], sizes: Sizes
) -> PairMatch:
    """Convert a match between reduced images `shown` to their full `sizes`."""
    grow, shrink = _scale(shown[0], sizes[0]), 1 / _scale(shown[1], sizes[1])

    def transfer(points: FloatArray) -> FloatArray:
        return resize_points(match.transfer(resize_points(points, shrink)), grow)

    def confidence(points: FloatArray) -> FloatArray:
        if match.confidence is None:
            return np.ones(len(points))
        return match.confidence(resize_points(points, shrink))

    return PairMatch(transfer, confidence)


def open_registration(encoder: str, device: str) -> RegistrationMatcher:
    """Open the matcher without training, on what `open_describer` gives."""
    return RegistrationMatcher(open_describer(encoder, device))


def open_describer(encoder: str = "", device: str = "auto", zoom: float = 1.0) -> Describer:
    """Open what describes images on a grid, each once: an encoder, or without, gradients.

    Parameters
    ----------
    encoder
        Name or file; gradients when empty.
    device
        auto, cpu, cuda or mps.
    zoom
        How much larger than usual images are described.

    Raises
    ------
    WeightsError
        If the encoder cannot be had, or torch is missing.
    ConfigError
        If the device is not there.
    """
    if not encoder:
        return CachedDescriber(SiftDescriber(round(zoom * SIFT_SIZE)))
    loaded = FittingEncoder(encoder, choose_device(device), ENCODER_STRIDE)
    return CachedDescriber(EncoderDescriber(loaded, round(zoom * ENCODER_SIZE)))


def _scale(image: ImageArray, size: tuple[int, int]) -> FloatArray:
    """Pixels of the full image of `size` (height, width) per pixel of `image`, x and y."""
    return np.array([size[1] / image.shape[1], size[0] / image.shape[0]])
