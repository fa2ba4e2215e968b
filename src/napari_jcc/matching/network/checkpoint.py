"""A trained network in a file: weights, settings, where it comes from, where it stopped."""

from __future__ import annotations

import json
import os
import pickle
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import napari_jcc
from napari_jcc.atomic import replacing
from napari_jcc.collection import ImageCollection
from napari_jcc.config import (
    MatchConfig,
    NetworkConfig,
    dump_config,
    format_changes,
    load_config_text,
)
from napari_jcc.errors import ConfigError, OutputError, WeightsError
from napari_jcc.matching.network import MaCoSNet, build_network
from napari_jcc.matching.network.trunks import NO_FINGERPRINT

_DAMAGED = (
    RuntimeError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    EOFError,
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    zlib.error,
)
FORMAT = 2
"""Raised when networks of before would no longer do the same: 2, as the decoder crops its
steps otherwise."""
_PARTS = {"format", "config", "weights", "provenance", "training"}
_ZIP_START = b"PK\x03\x04"
_EXPORTED = ("/archive_format", "serialized_exported_program.json")
"""Ends of names in the archives of exported programs, of torch now and of before 2.8."""


@dataclass
class Checkpoint:
    """What a checkpoint file holds.

    Attributes
    ----------
    config
        Settings of the training.
    weights
        Weights of the network by name; those of a loaded encoder only if it was trained.
    provenance
        Versions, images with their hashes, hash of the encoder, time.
    training
        State of unfinished training: stage, step, optimiser; None when finished.
    """

    config: MatchConfig
    weights: Mapping[str, Tensor]
    provenance: dict[str, Any]
    training: dict[str, Any] | None = field(default=None)

    def save(self, path: Path) -> None:
        """Write the file in one step: there is always a whole one.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        content = {
            "format": FORMAT,
            "config": dump_config(self.config),
            "provenance": json.dumps(self.provenance),
            "weights": dict(self.weights),
            "training": self.training,
        }
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as file:
                torch.save(content, file)
        except OSError as error:
            raise OutputError(
                f"Cannot write the checkpoint {path}: {error}. Choose another place, or "
                "make room."
            ) from error

    @classmethod
    def load(cls, path: str | Path) -> Checkpoint:
        """Read a file; its content cannot run code.

        Raises
        ------
        WeightsError
            If there is no such file, or it is truncated or no checkpoint.
        """
        path = Path(path)
        if not path.is_file():
            raise WeightsError(
                f"There is no checkpoint at {path}. Name a file that `napari-jcc train` "
                "wrote."
            )
        try:
            _require_whole(path)
            content = torch.load(path, map_location="cpu", weights_only=True)
        except OSError as error:
            raise WeightsError(
                f"{path} cannot be read: {error.strerror or error}. Check that you may "
                "read it and that its disk is there."
            ) from error
        except _DAMAGED as error:
            raise WeightsError(
                f"{path} is damaged: its content does not fit together. Copy it again, or "
                "train anew."
            ) from error
        return cls._read(path, content)

    @classmethod
    def _read(cls, path: Path, content: Any) -> Checkpoint:
        if not isinstance(content, dict) or _PARTS - content.keys():
            raise WeightsError(
                f"{path} holds no network of this program. Name a file that `napari-jcc "
                "train` wrote."
            )
        if content["format"] != FORMAT:
            raise WeightsError(
                f"{path} has format {content['format']}, this version of napari-jcc reads "
                f"{FORMAT}. Install the version that wrote it, or train anew."
            )
        try:
            config = load_config_text(content["config"], str(path), base=MatchConfig())
        except ConfigError as error:
            raise WeightsError(
                f"{error} The checkpoint was written by another version of napari-jcc: "
                "install that one, or train anew."
            ) from error
        return cls(
            config,
            content["weights"],
            json.loads(content["provenance"]),
            content["training"],
        )

    def build(self, device: str, encoder: str | None = None) -> MaCoSNet:
        """Build the network with these weights.

        Parameters
        ----------
        device
            cpu, cuda or mps.
        encoder
            Where the encoder is now, if it has moved.

        Raises
        ------
        WeightsError
            If the encoder cannot be had or is another one, or the weights do not fit.
        """
        network = self.config.network
        if encoder is not None:
            network = network.model_copy(update={"encoder": encoder})
        built = build_network(network, device, self.config.training.seed)
        self.restore(built)
        return built.eval()

    def restore(self, network: MaCoSNet) -> None:
        """Put the weights into a network that was built by the same settings.

        Raises
        ------
        WeightsError
            If encoder or shapes differ; the message says how.
        """
        found, known = network.encoder.trunk.fingerprint, self.provenance["encoder"]
        if found != known:
            trained = _describe_encoder(self.config.network.encoder, known)
            given = _describe_encoder(network.config.encoder, found)
            raise WeightsError(
                f"The checkpoint was trained on {trained}, but the encoder is {given}. "
                "Give the one that it was trained on (--encoder)."
            )
        own_encoder = any(name.startswith("encoder.") for name in self.weights)
        wanted = trained_weights(network, with_encoder=own_encoder)
        if not any(name.startswith("adaptation.") for name in self.weights):
            # Of before there was one: without it nothing is adapted.
            wanted = {k: v for k, v in wanted.items() if not k.startswith("adaptation.")}
        problems = _differences(wanted, self.weights)
        if problems:
            raise WeightsError(
                f"The checkpoint is of another architecture: {problems}. "
                f"{self._propose_settings(network.config)}"
            )
        network.load_state_dict(dict(self.weights), strict=False)

    def _propose_settings(self, given: NetworkConfig) -> str:
        other = self.config.model_copy(update={"network": given})
        apart = format_changes(self.config, other, ignored=("network.encoder",))
        if not apart:
            return "Train anew, or install the version of napari-jcc that wrote it."
        return f"It was trained with {' '.join(apart)}: set the same."


def trained_weights(network: MaCoSNet, *, with_encoder: bool) -> dict[str, Tensor]:
    """Weights of the network by name, copied to the CPU.

    Parameters
    ----------
    network
        The network.
    with_encoder
        Whether the encoder's are among them; a user's encoder that was not trained need
        not be kept twice.
    """
    return {
        name: weight.detach().cpu().clone()
        for name, weight in network.state_dict().items()
        if with_encoder or not name.startswith("encoder.")
    }


def describe_origin(network: MaCoSNet, collection: ImageCollection) -> dict[str, Any]:
    """Return what a network was trained on and by, as JSON values."""
    return {
        "version": napari_jcc.__version__,
        "torch": torch.__version__,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "encoder": network.encoder.trunk.fingerprint,
        "images": {
            name: collection.fingerprint(index)
            for index, name in enumerate(collection.names)
        },
    }


def _require_whole(path: Path) -> None:
    """Refuse what torch cannot have written; it writes a zip archive.

    Raises
    ------
    WeightsError
        If the file is of another kind or lacks its end.
    BadZipFile
        If a part of it is damaged.
    OSError
        If it cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(len(_ZIP_START))
        size = file.seek(0, os.SEEK_END)
        archive = zipfile.ZipFile(file) if zipfile.is_zipfile(file) else None
        # torch does not look at the sums itself, and would take wrong weights for right.
        broken = archive.testzip() if archive else None
    if start and not _ZIP_START.startswith(start):
        raise WeightsError(
            f"{path} is no checkpoint. Name a file that `napari-jcc train` wrote."
        )
    if archive is None:
        raise WeightsError(
            f"{path} is cut off: its end is missing after {size} bytes, as when copying or "
            "downloading was interrupted. Copy it again, or train anew."
        )
    if broken is not None:
        raise zipfile.BadZipFile(broken)
    if any(name.endswith(_EXPORTED) for name in archive.namelist()):
        raise WeightsError(
            f"{path} is an exported program, which can be an encoder (--encoder), but no "
            "checkpoint. Name a file that `napari-jcc train` wrote."
        )


def _describe_encoder(name: str, fingerprint: str) -> str:
    if fingerprint == NO_FINGERPRINT:
        return "the small network that is learned from nothing"
    return f"{name!r} with hash {fingerprint[:12]}"


def _differences(wanted: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> str:
    """First difference of names or shapes, in words; empty if there is none."""
    for name in {**wanted, **found}:
        if name not in found:
            return f"it lacks {name}"
        if name not in wanted:
            return f"it has {name}, which this network lacks"
        if wanted[name].shape != found[name].shape:
            shapes = tuple(found[name].shape), tuple(wanted[name].shape)
            return f"{name} has shape {shapes[0]}, expected {shapes[1]}"
    return ""
