"""Encoders from a file that torch.export wrote."""

from __future__ import annotations

import zipfile
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


class ProgramEncoder:
    """An exported program that maps RGB in [0, 1] to one or several feature maps.

    Batch, height and width of the program must be dynamic. Nothing is loaded before the
    first image is encoded.

    Parameters
    ----------
    path
        A ``.pt2`` file.
    device
        Where it runs: cpu, cuda or mps.
    stride
        The deepest map no coarser than this is used.

    Raises
    ------
    WeightsError
        If the file is not an exported program.
    """

    multiple = 1
    patch = 0

    def __init__(self, path: Path, device: str, stride: int) -> None:
        if not zipfile.is_zipfile(path):
            raise WeightsError(
                f"{path} is not a program of torch.export (a .pt2 file). Write one with "
                "torch.export.save, or name a Transformers model or its folder."
            )
        if _holds_weights_alone(path):
            raise WeightsError(
                f"{path} holds weights without a network, as torch.save and `napari-jcc "
                "train` write them, so it cannot describe images. Name a program of "
                "torch.export (a .pt2 file), or a Transformers model or its folder."
            )
        self.name = str(path)
        self.fingerprint = blake2b(path.read_bytes(), digest_size=20).hexdigest()
        self.batch_size = batch_size(device)
        self._path = path
        self._device = device
        self._stride = stride

    def encode(self, images: ImageArray) -> list[FeatureMap]:
        """Describe images (B, H, W, 3) uint8 of one size."""
        place, grid = self._chosen
        return run_network(
            lambda batch: self.maps(batch)[place], images, grid, self._device
        )

    @cached_property
    def module(self) -> Any:
        """The program as a module, whose parameters can be trained."""
        import torch
        from torch.export.passes import move_to_device_pass

        try:
            # Weights that were made in inference mode could never be trained.
            with torch.inference_mode(False):
                program = torch.export.load(self._path)
                if self._device != "cpu":
                    program = move_to_device_pass(program, self._device)
                return program.module().float()
        except (RuntimeError, ValueError, KeyError, OSError, AttributeError) as error:
            raise WeightsError(
                f"{self._path} cannot be opened by torch {torch.__version__} as an "
                f"exported program: {error}. Export it again with this version."
            ) from error

    @cached_property
    def _chosen(self) -> tuple[int, Grid]:
        try:
            grids = measure_grids(self.maps, self._device)
        except (RuntimeError, AssertionError) as error:
            raise WeightsError(
                f"{self._path} does not take images of any size: {error}. Export it with "
                "dynamic batch, height and width, for RGB in [0, 1] as (B, 3, H, W)."
            ) from error
        place = choose_map(grids, self._stride)
        return place, grids[place]

    def maps(self, batch: torch.Tensor) -> list[torch.Tensor]:
        """Return all maps (B, D, h, w) of images (B, 3, H, W) float32 in [0, 1].

        Raises
        ------
        WeightsError
            If the file cannot be opened, or returns something else.
        """
        answer = self.module(batch)
        parts = answer.values() if isinstance(answer, dict) else answer
        maps = [answer] if hasattr(answer, "ndim") else list(parts)
        if not maps or any(part.ndim != 4 for part in maps):
            raise WeightsError(
                f"{self._path} must return feature maps (B, D, h, w), one or a tuple of "
                "them."
            )
        return maps


def _holds_weights_alone(path: Path) -> bool:
    """Tell an archive of torch.save from one of torch.export."""
    try:
        with zipfile.ZipFile(path) as archive:
            ends = {name.rpartition("/")[2] for name in archive.namelist()}
    except zipfile.BadZipFile:
        return False
    return "data.pkl" in ends and "archive_format" not in ends
