"""From the name of an encoder to the encoder."""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path

from napari_jcc.errors import WeightsError
from napari_jcc.features.encoders.encoder import Encoder
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
