"""A sample set as a folder of images, and of masks where the truth is exact."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from napari_jcc.atomic import replace_files
from napari_jcc.errors import OutputError
from napari_jcc.samples.registry import Sample, make_sample


def write_sample(
    name: str, folder: str | os.PathLike[str], *, overwrite: bool = False, seed: int = 0
) -> list[Path]:
    """Write a sample set to ``folder/images`` and, where truth is exact, ``folder/truth``.

    Parameters
    ----------
    name
        A key of `SAMPLES`.
    folder
        Made where it is missing.
    overwrite
        Whether files of the same names may be replaced; all others are left alone.
    seed
        Start of the random numbers.

    Returns
    -------
    paths
        Images (PNG for 8 bit, TIFF for 16 bit), then masks (PNG, 0 and 255).

    Raises
    ------
    InputError
        If there is no such set.
    OutputError
        If a file exists already and may not be replaced, or the folder cannot be written.
    """
    contents = _encode(make_sample(name, seed=seed), Path(folder))
    existing = [path for path in contents if path.exists()]
    if existing and not overwrite:
        raise OutputError(
            f"{existing[0]} exists already. Choose another folder, or allow overwriting "
            "(--overwrite)."
        )
    files = {path.relative_to(folder).as_posix(): contents[path] for path in contents}
    replace_files(Path(folder), files)
    return list(contents)


def _encode(sample: Sample, folder: Path) -> dict[Path, bytes]:
    images = {}
    for name, image in zip(sample.names, sample.images, strict=True):
        is_deep = image.dtype == np.uint16
        path = folder / "images" / (name + (".tif" if is_deep else ".png"))
        images[path] = _as_tiff(image) if is_deep else _as_png(image)
    masks = {
        folder / "truth" / f"{name}.png": _as_png(mask.astype(np.uint8) * 255)
        for name, mask in zip(sample.names, sample.masks or (), strict=bool(sample.masks))
    }
    return images | masks


def _as_png(image: NDArray[Any]) -> bytes:
    buffer = BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def _as_tiff(image: NDArray[Any]) -> bytes:
    buffer = BytesIO()
    # Without description and date: the same pixels give the same bytes.
    tifffile.imwrite(buffer, image, photometric="minisblack", metadata=None, software="")
    return buffer.getvalue()
