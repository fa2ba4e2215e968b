"""The one-call entry point."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from numpy.typing import ArrayLike

from napari_jcc.collection import ImageCollection
from napari_jcc.config import JccConfig, apply_overrides, as_config, get_preset
from napari_jcc.errors import InputError
from napari_jcc.pipeline.run import Run
from napari_jcc.progress import Progress
from napari_jcc.results import JccResult

if TYPE_CHECKING:
    from distributed import Client

_Path: TypeAlias = str | os.PathLike[str]
Images: TypeAlias = ImageCollection | _Path | ArrayLike | Iterable[_Path | ArrayLike]
"""A set of images as `segment` takes them."""


def segment(
    inputs: Images,
    *,
    preset: str = "fast",
    config: JccConfig | Mapping[str, Any] | None = None,
    overrides: Mapping[str, Any] | Iterable[str] | str = (),
    progress: Progress | None = None,
    client: Client | None = None,
) -> JccResult:
    """Find the object that a set of images shares.

    Parameters
    ----------
    inputs
        A folder, a file, a list of them, an array (..., H, W), or (..., H, W, 3) of uint8,
        a list of arrays, or an `ImageCollection`, whose own settings hold but where
        others are set.
    preset
        Named settings to start from; ignored if `config` is given.
    config
        Settings to start from; a mapping is one of sections,
        ``{"problem": {"nu": 0.2}}``, over the defaults.
    overrides
        Changes to them: ``{"problem.nu": 0.2}``, ``"problem.nu=0.2"`` or several such
        texts.
    progress
        Told of every step; cancels.
    client
        Client of a dask cluster for the work on single images.

    Returns
    -------
    JccResult
        A mask and a box per image, with scores.

    Warns
    -----
    UserWarning
        If the encoder is ``auto`` and cannot be loaded, so that the preset ``fast``
        replaces the settings that need it. ``warnings`` of the result has this as well.

    Raises
    ------
    InputError, ConfigError, SolverError, Cancelled
        With a message that says what to do.
    """
    start = get_preset(preset) if config is None else as_config(config)
    settings = apply_overrides(start, overrides)
    run = Run(as_collection(inputs), settings, progress=progress, client=client)
    result = run.result()
    if settings.uses_encoder and not result.config.uses_encoder:
        # Other masks than were asked for; the command line and the window say it too.
        warnings.warn(result.notes[0], stacklevel=2)
    return result


def as_collection(inputs: Images) -> ImageCollection:
    """Make a collection of paths or arrays; a collection is returned as it is.

    Raises
    ------
    InputError
        If `inputs` are none of these, or hold no usable image.
    """
    if isinstance(inputs, ImageCollection):
        return inputs
    if isinstance(inputs, str | os.PathLike):
        return ImageCollection.from_paths(inputs)
    if hasattr(inputs, "shape"):
        return ImageCollection.from_array(inputs)
    if not isinstance(inputs, Iterable) or isinstance(inputs, Mapping | bytes):
        raise InputError(
            f"{type(inputs).__name__} is no set of images. Give a folder, files, arrays or "
            "an ImageCollection."
        )
    entries = list(inputs)
    paths = [entry for entry in entries if isinstance(entry, str | os.PathLike)]
    if len(paths) == len(entries):
        return ImageCollection.from_paths(paths)
    if paths:
        raise InputError(
            f"{len(paths)} of the {len(entries)} images are paths. Give paths alone, or "
            "arrays alone."
        )
    return ImageCollection.from_arrays(entries)
