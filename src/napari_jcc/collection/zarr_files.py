"""OME-Zarr (OME-NGFF 0.4 and 0.5): a folder that holds a stack in several sizes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from napari_jcc.collection.axes import Axis
from napari_jcc.collection.intensity import Pixels
from napari_jcc.collection.layout import Layout, cut_image
from napari_jcc.collection.spacing import Spacing, checked_spacing, checked_step
from napari_jcc.collection.units import find_length, find_time
from napari_jcc.errors import InputError
from napari_jcc.words import how_to_install

_RECORDS = "zarr.json", ".zattrs", ".zgroup", ".zarray"


@dataclass(frozen=True)
class ZarrStack:
    """What is known of a stack without its pixels.

    Attributes
    ----------
    pixels
        Array of zarr in full size, which reads what is indexed.
    layout
        Which of its axes count images.
    axes
        Those that do, with steps and units.
    spacing
        Size of a pixel, or None.
    """

    pixels: Any
    layout: Layout
    axes: tuple[Axis, ...]
    spacing: Spacing | None

    def read(self, index: int) -> Pixels:
        """Read one image, whose place counts as on `axes`."""
        counting = self.layout.image_axes
        lengths = [self.layout.shape[axis] for axis in counting]
        part = [slice(None)] * len(self.layout.shape)
        for axis, place in zip(counting, np.unravel_index(index, lengths), strict=True):
            part[axis] = slice(int(place), int(place) + 1)
        stack = np.asarray(self.pixels[tuple(part)])
        image = cut_image(stack, replace(self.layout, shape=stack.shape), 0)
        return Pixels(image[..., 0] if image.shape[2] == 1 else image)


def is_zarr(path: Path) -> bool:
    """Whether a folder is of Zarr, an array or a group of any kind; none that is closed."""
    # Unlike Path.is_file, it says no where the folder may not be entered.
    return any(os.path.isfile(path / name) for name in _RECORDS)


def is_ome_zarr(path: Path) -> bool:
    """Whether a folder is one stack of OME-Zarr."""
    return "multiscales" in _read_attributes(path)


def open_zarr(path: Path) -> ZarrStack:
    """Read what the records of a stack say.

    Raises
    ------
    InputError
        With the reason alone, if there is no such stack, or the package zarr is missing.
    OSError, ValueError, LookupError, TypeError
        If they are damaged.
    """
    attributes = _read_attributes(path)
    if "multiscales" not in attributes:
        inside = sorted(place for place in path.iterdir() if is_ome_zarr(place))
        raise InputError(
            "Zarr, but no image of OME-Zarr 0.4 or 0.5; "
            + (
                f"name an image inside, such as {inside[0]}"
                if inside
                else "open a plain array as a layer of napari, or in Python as an array"
            )
        )
    stack = attributes["multiscales"][0]
    full = stack["datasets"][0]
    pixels = _open_array(path / full["path"])
    names = [str(axis["name"]) for axis in stack["axes"]]
    if [len(name) for name in names] != [1] * pixels.ndim or not {"x", "y"} <= {*names}:
        raise InputError(
            f"its {pixels.ndim} axes are called {', '.join(names)}; they need one letter "
            "each, x and y among them"
        )
    layout = Layout("".join(names).upper(), tuple(map(int, pixels.shape)))
    steps = dict(zip(names, _find_steps(stack, full), strict=True))
    (row, unit), (column, other) = steps["y"], steps["x"]
    axes = [(names[i], layout.shape[i], *steps[names[i]]) for i in layout.image_axes]
    return ZarrStack(
        pixels,
        layout,
        tuple(Axis(*axis) for axis in axes if axis[1] > 1),
        checked_spacing(row, column, unit) if unit == other != "pixel" else None,
    )


def _find_steps(
    stack: Mapping[str, Any], level: Mapping[str, Any]
) -> Iterator[tuple[float, str]]:
    """Step and unit of every axis; those of the level are scaled by those of all."""
    scale = np.ones(len(stack["axes"]))
    for part in (stack, level):
        for change in part.get("coordinateTransformations", ()):
            if change["type"] == "scale":
                scale = scale * np.asarray(change["scale"], float)
    for axis, size in zip(stack["axes"], scale, strict=True):
        find = find_time if axis.get("type") == "time" else find_length
        yield checked_step(size, axis.get("unit"), find)


def _read_attributes(path: Path) -> dict[str, Any]:
    """Read what 0.5 keeps in the record of Zarr 3, and 0.4 in a file of its own."""
    if (path / "zarr.json").is_file():
        record = json.loads((path / "zarr.json").read_bytes())
        return dict(record.get("attributes", {}).get("ome", {}))
    if (path / ".zattrs").is_file():
        return dict(json.loads((path / ".zattrs").read_bytes()))
    return {}


def _open_array(path: Path) -> Any:
    try:
        import zarr
    except ModuleNotFoundError as error:
        raise InputError(f"OME-Zarr needs another package. {how_to_install('zarr')}") from (
            error
        )
    return zarr.open_array(path, mode="r")
