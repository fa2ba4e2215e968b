"""Encoders from Hugging Face Transformers: a name on the hub or a folder."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_jcc._types import ImageArray
from napari_jcc.errors import WeightsError
from napari_jcc.features.encoders.encoder import FeatureMap
from napari_jcc.features.encoders.geometry import Grid, measure_grids
from napari_jcc.features.encoders.run import batch_size, choose_map, run_network

if TYPE_CHECKING:
    import torch

_PATIENCE = 5
"""Seconds that the hub has for its first answer."""

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class HubEncoder:
    """A vision model of Transformers, convolutional or with patch tokens.

    Of a convolutional model the maps are its hidden states, of a transformer the tokens of
    its last layer without those that stand for no patch. Files in the hub's cache are used
    without asking the hub. Weights are read when the first image is encoded.

    Parameters
    ----------
    name
        Name on the hub such as ``facebook/dinov2-small``, or a folder written by
        ``save_pretrained``.
    device
        Where it runs: cpu, cuda or mps.
    stride
        The deepest map no coarser than this is used.

    Raises
    ------
    WeightsError
        If the model's description cannot be had.
    """

    def __init__(self, name: str, device: str, stride: int) -> None:
        self.name = name
        self._device = device
        self._stride = stride
        self._config = _fetch("AutoConfig", name)
        self.patch = _patch_size(self._config)
        self.multiple = self.patch or 1
        self.batch_size = batch_size(device)
        self.fingerprint = _fingerprint(name, self._config)

    def encode(self, images: ImageArray) -> list[FeatureMap]:
        """Describe images (B, H, W, 3) uint8 of one size."""
        if self.patch:
            grid = Grid(self.patch, (self.patch - 1) / 2)
            return run_network(self._tokens, images, grid, self._device)
        place, grid = self._chosen
        return run_network(
            lambda batch: self._states(batch)[place], images, grid, self._device
        )

    @cached_property
    def module(self) -> Any:
        """The model of Transformers, as for inference."""
        import torch

        # Weights that were made in inference mode could never be trained.
        with torch.inference_mode(False):
            return _fetch("AutoModel", self.name).eval().to(self._device)

    def maps(self, batch: torch.Tensor) -> list[torch.Tensor]:
        """Return all maps (B, D, h, w) of images (B, 3, H, W) float32 in [0, 1].

        Raises
        ------
        WeightsError
            If the weights cannot be had, or the model offers no maps.
        """
        return [self._tokens(batch)] if self.patch else self._states(batch)

    @cached_property
    def _normalisation(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and standard deviation that the model expects, (3, 1, 1) each."""
        import torch

        settings = _processor_settings(self.name)
        mean = settings.get("image_mean") or IMAGENET_MEAN
        std = settings.get("image_std") or IMAGENET_STD
        shape = (3, 1, 1)
        return (
            torch.tensor(mean, device=self._device).expand(3).reshape(shape),
            torch.tensor(std, device=self._device).expand(3).reshape(shape),
        )

    @cached_property
    def _chosen(self) -> tuple[int, Grid]:
        grids = measure_grids(self._states, self._device)
        place = choose_map(grids, self._stride)
        return place, grids[place]

    def _call(self, batch: torch.Tensor, **options: Any) -> Any:
        mean, std = self._normalisation
        return self.module(pixel_values=(batch - mean) / std, **options)

    def _states(self, batch: torch.Tensor) -> list[torch.Tensor]:
        states = self._call(batch, output_hidden_states=True).hidden_states or ()
        maps = [state for state in states if state.ndim == 4]
        if not maps:
            raise WeightsError(
                f"The model {self.name} offers no feature maps. Name an image encoder, "
                "such as facebook/dinov2-small or microsoft/resnet-50."
            )
        return maps

    def _tokens(self, batch: torch.Tensor) -> torch.Tensor:
        """Patch tokens as a map (B, D, gh, gw)."""
        options = {} if _interpolates(self._config) else {"interpolate_pos_encoding": True}
        tokens: torch.Tensor = self._call(batch, **options).last_hidden_state
        height, width = (side // self.multiple for side in batch.shape[2:])
        # Class and register tokens come first, the patches last.
        patches = tokens[:, -height * width :]
        return patches.transpose(1, 2).reshape(len(batch), -1, height, width)


def _patch_size(config: Any) -> int:
    """Side of the patches of a model whose output is tokens; 0 for maps."""
    patch = getattr(config, "patch_size", None)
    is_flat = hasattr(config, "num_hidden_layers") and hasattr(config, "hidden_size")
    if patch is None or not is_flat:
        return 0
    return int(patch if isinstance(patch, int) else max(patch))


def _interpolates(config: Any) -> bool:
    """Whether the model fits its positions to any image by itself."""
    return str(config.model_type).startswith(("dinov2", "dinov3"))


def _fingerprint(name: str, config: Any) -> str:
    """Commit of a model on the hub, or hash of the files of a folder."""
    commit = getattr(config, "_commit_hash", None)
    if not Path(name).is_dir():
        return f"{name}@{commit}"
    digest = blake2b(digest_size=20)
    for file in sorted(Path(name).iterdir()):
        if file.suffix in (".json", ".safetensors", ".bin"):
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()


def _processor_settings(name: str) -> dict[str, Any]:
    from transformers import ImageProcessingMixin

    try:
        settings, _ = ImageProcessingMixin.get_image_processor_dict(name)
    except OSError:
        # A model without a description of its input: ImageNet's values are the custom.
        return {}
    return dict(settings)


def _fetch(loader: str, name: str) -> Any:
    """Load by a class of Transformers: from a folder, the hub's cache, or the hub."""
    import transformers

    load = getattr(transformers, loader).from_pretrained
    try:
        return load(name, local_files_only=True)
    except (OSError, ValueError) as error:
        if Path(name).is_dir() or is_offline():
            raise _weights_error(name, error) from error
    try:
        _knock()
        with _without_warnings():
            return load(name)
    except (OSError, ValueError) as error:
        raise _weights_error(name, error) from error


def _knock() -> None:
    """Ask once whether the hub is there: its client tries for half a minute to reach it.

    Raises
    ------
    OSError
        If it gives no answer.
    """
    from huggingface_hub import get_session
    from huggingface_hub.constants import ENDPOINT

    try:
        get_session().head(ENDPOINT, timeout=_PATIENCE)
    except Exception as error:  # of requests, httpx or another, as the hub's client has it
        raise OSError(f"{ENDPOINT} gave no answer: {error}.") from error


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Keep the hub's client from printing every retry; the error at the end says why."""
    from huggingface_hub.utils.logging import get_verbosity, set_verbosity

    before = get_verbosity()
    set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        set_verbosity(before)


def _weights_error(name: str, error: Exception) -> WeightsError:
    from huggingface_hub.constants import HF_HUB_CACHE

    reason = str(error).partition("\n")[0]
    offline = (
        " HF_HUB_OFFLINE is set, so the hub was not asked."
        if is_offline()
        else " HF_HUB_OFFLINE=1 spares the wait for a hub that cannot be reached."
    )
    return WeightsError(
        f"The encoder {name!r} cannot be had: {reason} Download it once with a "
        "connection, or give --encoder (the setting Encoder) the path of a folder of "
        "Transformers or of a .pt2 file of torch.export. Looked for it as a folder, in the "
        f"cache {HF_HUB_CACHE} and on the Hugging Face hub.{offline}"
    )


def is_offline() -> bool:
    """Whether the environment forbids to ask the hub, or any other place on the net."""
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "TRUE", "YES", "ON")
