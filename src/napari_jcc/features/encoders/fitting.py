"""An encoder that fits the memory there is."""

from __future__ import annotations

import logging
from functools import partial

from napari_jcc._types import ImageArray
from napari_jcc.device import within_memory
from napari_jcc.errors import WeightsError
from napari_jcc.features.encoders.encoder import FeatureMap
from napari_jcc.features.encoders.load import load_encoder

logger = logging.getLogger(__name__)


class FittingEncoder:
    """Gives an encoder fewer images at once where memory runs out, then the processor.

    Attributes
    ----------
    fingerprint, multiple
        As of the encoder.
    batch_size
        Images that it is given at once.
    note
        What was done about memory that ran out; empty where it sufficed.

    Raises
    ------
    WeightsError
        If the encoder, or a package it needs, cannot be had.
    """

    def __init__(self, name: str, device: str, stride: int) -> None:
        self._name, self._device, self._stride = name, device, stride
        self._encoder = load_encoder(name, device, stride)
        self.fingerprint = self._encoder.fingerprint
        self.multiple = self._encoder.multiple
        self.batch_size = self._encoder.batch_size
        self.note = ""

    def encode(self, images: ImageArray) -> list[FeatureMap]:
        """Describe images (B, H, W, 3) uint8 of one size.

        Raises
        ------
        WeightsError
            If the encoder cannot be used, or the processor has no memory for one image.
        """
        found: list[FeatureMap] = []
        while len(found) < len(images):
            rest = images[len(found) :]
            found += within_memory(
                partial(self._encode, rest), partial(self._retreat, len(rest))
            )
        return found

    def _encode(self, images: ImageArray) -> list[FeatureMap]:
        return self._encoder.encode(images[: self.batch_size])

    def _retreat(self, wanted: int, error: Exception) -> None:
        tried = min(wanted, self.batch_size)
        if tried > 1:
            self.batch_size = tried // 2
            self.note = (
                f"Out of memory on {self._device}; the encoder is given "
                f"{self.batch_size} of the images at once."
            )
        elif self._device != "cpu":
            self.note = (
                f"Out of memory on {self._device} even with single images; the encoder "
                "works on the processor, which takes longer."
            )
            self._device, self.batch_size = "cpu", 1
            self._encoder = load_encoder(self._name, self._device, self._stride)
        else:
            raise WeightsError(
                "The memory of this computer does not suffice for the encoder on a single "
                "image. Lower features.encoder_size, or name a smaller encoder."
            ) from error
        logger.warning(self.note)
