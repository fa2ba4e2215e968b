"""From the name of an encoder to the encoder."""

from __future__ import annotations

import importlib.util
import logging
from functools import lru_cache, partial
from pathlib import Path

from napari_jcc._types import ImageArray
from napari_jcc.device import within_memory
from napari_jcc.errors import WeightsError
from napari_jcc.features.encoders.encoder import Encoder, FeatureMap
from napari_jcc.features.encoders.hub import HubEncoder
from napari_jcc.features.encoders.program import ProgramEncoder
from napari_jcc.words import how_to_install


@lru_cache(maxsize=1)
def load_encoder(name: str, device: str, stride: int) -> Encoder:
    """Return the encoder called `name`; the one used last is kept.

    Parameters
    ----------
    name
        A file of torch.export, a folder of Transformers, or a name on the Hugging Face
        hub.
    device
        Where it runs: cpu, cuda or mps.
    stride
        Of several maps, the deepest no coarser than this is used, in pixels of the image
        it sees.

    Raises
    ------
    WeightsError
        If the encoder, or a package it needs, cannot be had; the message says what would
        be needed.
    """
    path = Path(name).expanduser()
    if path.is_file():
        require_packages("torch")
        return ProgramEncoder(path, device, stride)
    require_packages("torch", "transformers")
    if not path.is_dir() and (path.is_absolute() or path.suffix == ".pt2"):
        raise WeightsError(
            f"There is no encoder at {path}. Say where it is (--encoder, the setting "
            "Encoder), or name another: a .pt2 file, a folder of Transformers, or a model "
            "on the Hugging Face hub."
        )
    return HubEncoder(str(path) if path.is_dir() else name, device, stride)


def require_packages(*packages: str) -> None:
    """Raise WeightsError if one of the packages that deep features need is missing."""
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise WeightsError(
            f"Deep features need {' and '.join(missing)}, not installed here. "
            f"{how_to_install('deep')}"
        )


logger = logging.getLogger(__name__)


class FittingEncoder:
    """Wraps an encoder that, out of memory, gets smaller batches and then moves to the CPU.

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
