"""Regions built by hand, so that features are tested without finding regions."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import sparse

from napari_jcc.regions.regions import ImageRegions, Superpixels


def make_superpixels(label_map: np.ndarray) -> Superpixels:
    label_map = np.asarray(label_map, np.int32)
    labels, size = label_map.ravel(), int(label_map.max()) + 1
    area = np.bincount(labels, minlength=size)
    rows, columns = np.indices(label_map.shape)
    x, y = (np.bincount(labels, axis.ravel(), size) / area for axis in (columns, rows))
    return Superpixels(
        label_map,
        np.zeros((size, 3), np.float32),
        np.stack([x, y], -1).astype(np.float32),
        area.astype(np.float32),
        np.zeros((0, 2), np.int64),
    )


@pytest.fixture
def superpixels_of() -> Callable[..., Superpixels]:
    """Return a function that turns a label map into superpixels."""
    return make_superpixels


@pytest.fixture
def regions_of() -> Callable[..., ImageRegions]:
    """Return a function from label map and boxes to the regions of an image."""

    def build(label_map, boxes=()):
        superpixels = make_superpixels(label_map)
        boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
        return ImageRegions(
            superpixels,
            np.zeros(superpixels.label_map.shape, np.float32),
            boxes,
            np.zeros(len(boxes), np.float32),
            sparse.csr_array((len(boxes), len(superpixels)), dtype=bool),
        )

    return build


@pytest.fixture
def tiles_of() -> Callable[[int, int, int], np.ndarray]:
    """Return a function that gives the label map of square tiles of some side."""

    def build(height, width, side):
        rows, columns = (np.arange(length) // side for length in (height, width))
        return rows[:, None] * (columns[-1] + 1) + columns

    return build
