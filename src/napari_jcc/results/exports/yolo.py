"""Objects as YOLO's labels: one text file per image, one line per object."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from scipy.spatial import cKDTree

from napari_jcc._types import IntArray, MaskArray
from napari_jcc.results.exports.objects import ExportObject, ExportSet, find_objects
from napari_jcc.results.names import place_files

_FEWEST = 3
"""Corners that readers expect of a polygon."""


def write_yolo(exported: ExportSet, out: Path) -> None:
    """Write ``detect`` and ``segment``, each with ``labels/<name>.txt`` and ``data.yaml``.

    Lines of ``detect`` are ``0 x y width height`` (centre of the box), those of
    ``segment`` ``0 x1 y1 x2 y2 ...``; all as shares of the image's width and height. An
    image without object has an empty file. YOLO looks for the images in ``images`` beside
    ``labels``; they are not copied.
    """
    for folder, describe in (("detect", _box_line), ("segment", _polygon_line)):
        _write_task(exported, out / folder, describe)


def outline(mask: MaskArray) -> IntArray:
    """Outline of a mask as one closed polygon through the centres of its border pixels.

    Holes and separate parts hang on the longest outline by a way there and back, which
    encloses nothing.

    Parameters
    ----------
    mask : (H, W) bool
        Not empty.

    Returns
    -------
    (P, 2) int64
        x and y; P at least 3. Filled by the even-odd rule, border included, it is the
        mask again, with lines one pixel wide between separate parts.
    """
    contours, _ = cv2.findContours(
        mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE
    )
    rings = sorted((np.asarray(ring[:, 0], np.int64) for ring in contours), key=len)
    main, others = rings[-1], rings[:-1]
    detours: dict[int, list[IntArray]] = {}
    tree = cKDTree(main)
    for ring in others:
        distance, nearest = tree.query(ring)
        start = int(np.argmin(distance))
        detour = np.concatenate([ring[start:], ring[: start + 1]])
        detours.setdefault(int(np.asarray(nearest)[start]), []).append(detour)
    parts = []
    for place, corner in enumerate(main):
        parts.append(corner[None])
        for detour in detours.get(place, ()):
            parts += [detour, corner[None]]
    polygon = np.concatenate(parts)
    return np.resize(polygon, (max(len(polygon), _FEWEST), 2))


def _write_task(
    exported: ExportSet, folder: Path, describe: Callable[[ExportObject], str]
) -> None:
    places = place_files((image.name for image in exported.images), "labels", ".txt")
    for image, place in zip(exported.images, places, strict=True):
        lines = [describe(item) for item in find_objects(image)]
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(line for line in lines if line), encoding="ascii")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data.yaml").write_text(
        "# Put the images into the folder images, named as the files in labels.\n"
        "train: images\nval: images\nnames:\n"
        # A text in JSON is one in YAML.
        f"  0: {json.dumps(exported.category)}\n",
        encoding="ascii",
    )


def _box_line(item: ExportObject) -> str:
    rows, columns = item.shape
    x_min, y_min, x_max, y_max = item.box.astype(float) / [columns, rows, columns, rows]
    centre = (x_min + x_max) / 2, (y_min + y_max) / 2
    return _line([*centre, x_max - x_min, y_max - y_min])


def _polygon_line(item: ExportObject) -> str:
    if not item.mask.any():
        return ""
    rows, columns = item.shape
    # Centres of pixels: readers that cut to whole pixels get the border pixels again.
    corners = outline(item.mask) + item.corner[::-1] + 0.5
    return _line((corners / [columns, rows]).ravel().tolist())


def _line(shares: list[float]) -> str:
    return " ".join(["0", *(f"{share:.6f}" for share in shares)]) + "\n"
