"""Area, shape and brightness of every object."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import regionprops_table

from napari_jcc._types import LabelMap, MaskArray
from napari_jcc.errors import InputError
from napari_jcc.results.pieces import SPECK, drop_pieces
from napari_jcc.results.result import ImageResult
from napari_jcc.tables import format_csv

_SHAPE = {
    # our name: the one of scikit-image
    "object": "label",
    "area": "area",
    "centroid_x": "centroid-1",
    "centroid_y": "centroid-0",
    "major_axis": "axis_major_length",
    "minor_axis": "axis_minor_length",
    "eccentricity": "eccentricity",
    "orientation": "orientation",
    "perimeter": "perimeter",
    "solidity": "solidity",
    "x_min": "bbox-1",
    "y_min": "bbox-0",
    "x_max": "bbox-3",
    "y_max": "bbox-2",
}
_STATISTICS: Sequence[tuple[str, Any]] = (
    ("mean", ndimage.mean),
    ("min", ndimage.minimum),
    ("max", ndimage.maximum),
    ("std", ndimage.standard_deviation),
)


@dataclass(frozen=True)
class Measurements:
    """One row per object of a set of images.

    Attributes
    ----------
    rows
        Name of the image (``image``), unit of length (``unit``), where one object was
        looked for the number of its pieces (``pieces``), and what `measure_objects`
        returns.
    notes
        Images whose brightness could not be measured, and why; or that images are slices.
    """

    rows: tuple[Mapping[str, Any], ...]
    notes: tuple[str, ...] = ()

    def to_csv(self) -> str:
        """Write the rows as CSV; what an object has no value for is empty."""
        columns = list(dict.fromkeys(name for row in self.rows for name in row)) or [
            "image"
        ]
        rows = [[_plain(row.get(name, "")) for name in columns] for row in self.rows]
        return format_csv([columns, *rows])


def measure_objects(
    objects: NDArray[Any],
    image: NDArray[Any] | None = None,
    *,
    spacing: tuple[float, float] = (1.0, 1.0),
) -> dict[str, NDArray[Any]]:
    """Measure every object of one image.

    Parameters
    ----------
    objects : (H, W) bool or integer
        Numbered objects, 0 for none; of a mask, every piece (also across corners) is one.
    image : (H, W) or (H, W, C), optional
        As stored; brightness is measured in its own values, channel by channel.
    spacing
        Height and width of a pixel, in any unit of length.

    Returns
    -------
    measures
        (K,) each. ``object``, its number; ``area`` in squared units; ``centroid_x``,
        ``centroid_y``, ``major_axis``, ``minor_axis`` (of the ellipse with the same second
        moments) and ``perimeter`` in units, the last NaN where pixels are not square;
        ``eccentricity`` in [0, 1]; ``orientation`` of the major axis in degrees,
        counter-clockwise from the x axis, in (-90, 90]; ``solidity``, the share of the
        convex hull; ``x_min``, ``y_min``, ``x_max``, ``y_max`` in pixels, half-open; with
        an image ``mean_C``, ``min_C``, ``max_C`` and ``std_C`` for every channel C, counted
        from 0, over the pixels that are finite numbers; NaN where there is none.

    Raises
    ------
    InputError
        If `objects` are no mask or labels, `image` is not as large, or the spacing is not
        above 0.
    """
    labels = _as_labels(objects)
    if len(spacing) != 2 or not all(0 < side < math.inf for side in spacing):
        raise InputError(f"The size of a pixel must be above 0, got {spacing}.")
    square = spacing[0] == spacing[1]
    names = [name for name in _SHAPE if square or name != "perimeter"]
    properties = dict.fromkeys(_SHAPE[name].partition("-")[0] for name in names)
    found = regionprops_table(labels, properties=tuple(properties), spacing=spacing)
    measures = {name: np.asarray(found[_SHAPE[name]]) for name in names}
    measures.setdefault("perimeter", np.full(len(measures["object"]), np.nan))
    measures = {name: measures[name] for name in _SHAPE}
    measures["orientation"] = _turn(measures["orientation"])
    if image is not None:
        measures |= _measure_brightness(labels, np.asarray(image), measures["object"])
    return measures


def measure_images(
    images: Iterable[ImageResult],
    pictures: Mapping[str, NDArray[Any]] | None = None,
    *,
    spacing: tuple[float, float] = (1.0, 1.0),
    unit: str = "pixel",
) -> Measurements:
    """Measure the objects of several images.

    Parameters
    ----------
    images
        Answers: each numbered object is measured or, where one was looked for, the mask.
    pictures
        The images as stored, by name; may leave some out, and may read them when asked.
    spacing
        Height and width of a pixel, in `unit`.
    unit
        Written into every row.

    Raises
    ------
    InputError
        As `measure_objects`.
    """
    rows: list[dict[str, Any]] = []
    notes: list[str] = []
    for image in images:
        picture, note = _find_picture(image, pictures)
        notes += [f"{image.name}: {note}"] if note else []
        objects = measured_objects(image)
        measures = measure_objects(objects, picture, spacing=spacing)
        about: dict[str, Any] = {"image": image.name, "unit": unit}
        if image.instances is None:
            about["pieces"] = int(_number_pieces(objects > 0).max(initial=0))
        rows += [
            about | dict(zip(measures, row, strict=True))
            for row in zip(*measures.values(), strict=True)
        ]
    return Measurements(tuple(rows), tuple(notes))


def note_slices(on_z: bool) -> list[str]:
    """Say what is counted where images are slices along a z axis; nothing elsewhere."""
    return (
        ["objects are counted in every slice of a z-stack, not through it"] if on_z else []
    )


def _find_picture(
    image: ImageResult, pictures: Mapping[str, NDArray[Any]] | None
) -> tuple[NDArray[Any] | None, str]:
    """Picture of an image, or why its brightness is not measured."""
    if pictures is None:
        return None, ""
    try:
        picture = np.asarray(pictures[image.name])
    except KeyError:
        return None, ""
    except (InputError, OSError) as error:
        return None, f"brightness not measured: {error}"
    if picture.shape[:2] != image.mask.shape:
        return None, "brightness not measured: the image has another size by now"
    return picture, ""


def _as_labels(objects: NDArray[Any]) -> NDArray[Any]:
    objects = np.asarray(objects)
    if objects.ndim != 2 or objects.dtype.kind not in "bui":
        raise InputError(
            f"Objects must be a mask or labels (height, width), got shape {objects.shape} "
            f"of {objects.dtype}."
        )
    return _number_pieces(objects) if objects.dtype == np.bool_ else objects


def measured_objects(image: ImageResult) -> LabelMap:
    """Return the objects of an answer that are measured, numbered (H, W), 0 for none.

    Those that are numbered already; else the mask is one object, without its specks.
    """
    if image.instances is not None:
        return image.instances
    return drop_pieces(image.mask, SPECK).astype(np.int32)


def _number_pieces(mask: MaskArray) -> LabelMap:
    """Give the pieces of a mask, (H, W) bool, the numbers that `measure_objects` does."""
    return np.asarray(cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)[1])


def _turn(angles: NDArray[Any]) -> NDArray[Any]:
    """From radians against the y axis to degrees against the x axis, in (-90, 90]."""
    degrees = np.rad2deg(angles) + 90
    return np.asarray(np.where(degrees > 90 + 1e-9, degrees - 180, degrees))


def _measure_brightness(
    labels: NDArray[Any], image: NDArray[Any], numbers: NDArray[Any]
) -> dict[str, NDArray[Any]]:
    if image.shape[:2] != labels.shape or image.ndim > 3:
        raise InputError(
            f"The image has shape {image.shape} but its objects {labels.shape} (height, "
            "width). Measure on the image that was segmented."
        )
    channels = image.reshape(*labels.shape, -1).astype(np.float64)
    return {
        f"{name}_{channel}": values
        for channel in range(channels.shape[-1])
        for name, values in _measure_finite(channels[..., channel], labels, numbers)
    }


def _measure_finite(
    values: NDArray[Any], labels: NDArray[Any], numbers: NDArray[Any]
) -> Iterator[tuple[str, NDArray[Any]]]:
    """Measure objects by their finite pixels; NaN where an object has none."""
    finite = np.isfinite(values)
    values, labels = np.where(finite, values, 0), np.where(finite, labels, 0)
    known = np.isin(numbers, labels)
    for name, measure in _STATISTICS:
        found = np.full(len(numbers), np.nan)
        with np.errstate(invalid="ignore"):  # of numbers that no object has
            found[known] = measure(values, labels, numbers[known])
        yield name, found


def _plain(value: Any) -> Any:
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float):
        return f"{value:.10g}" if math.isfinite(value) else ""
    return value
