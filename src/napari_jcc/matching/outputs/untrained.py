"""Images of a set registered by what they look like, without any training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from napari_jcc._types import FloatArray, ImageArray, MaskArray
from napari_jcc.collection import ImageCollection
from napari_jcc.config import MatchConfig
from napari_jcc.device import choose_device
from napari_jcc.features.encoders import load_encoder
from napari_jcc.matching.baselines import (
    Describer,
    EncoderDescriber,
    PairMatch,
    RegistrationMatcher,
    Remembering,
    SiftDescriber,
)
from napari_jcc.matching.outputs.pair import PairResult
from napari_jcc.progress import Progress

ENCODER_SIZE = 320
"""Longer side of the image, in pixels, that an encoder sees where nothing is trained."""
ENCODER_STRIDE = 16
KEPT_IMAGES = 256


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


def _scale(image: ImageArray, size: tuple[int, int]) -> FloatArray:
    """Pixels of the full image of `size` (height, width) per pixel of `image`, x and y."""
    return np.array([size[1] / image.shape[1], size[0] / image.shape[0]])


def _rescale(points: FloatArray, scale: FloatArray) -> FloatArray:
    return (np.asarray(points, dtype=np.float64) + 0.5) * scale - 0.5
