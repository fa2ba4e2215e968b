"""Colour histograms of known colours."""

import numpy as np
import pytest
from skimage.color import rgb2lab

from napari_jcc.features.lab import HIGHEST, LOWEST, NODES, LabExtractor, assign_colours


def node_colours():
    """Lab of every histogram node, (144, 3)."""
    axes = [np.linspace(*ends) for ends in zip(LOWEST, HIGHEST, NODES, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)


def test_black_is_one_lightness_between_two_pairs_of_nodes():
    nodes, weights = assign_colours(np.zeros((1, 1, 3), np.uint8))
    # L is on its lowest node; a = b = 0 lie midway between nodes 2 and 3 of 0 to 5.
    found = {int(n): w for n, w in zip(nodes.ravel(), weights.ravel(), strict=True) if w}
    assert found == pytest.approx({14: 0.25, 15: 0.25, 20: 0.25, 21: 0.25}, abs=1e-3)


def test_mean_colour_can_be_read_off_the_histogram(regions_of, tiles_of, rng):
    # Muted colours: none beyond the outer nodes.
    image = rng.integers(90, 150, (24, 36, 3)).astype(np.uint8)
    described = LabExtractor().describe(image, regions_of(tiles_of(24, 36, 12)))
    lab = rgb2lab(image).reshape(2, 12, 3, 12, 3).mean(axis=(1, 3)).reshape(6, 3)
    np.testing.assert_allclose(described.superpixels @ node_colours(), lab, atol=0.1)


def test_every_histogram_sums_to_one(regions_of, tiles_of, rng):
    image = rng.integers(0, 256, (33, 50, 3)).astype(np.uint8)
    boxes = [[0, 0, 50, 33], [10.5, 3, 11, 4], [40, 20, 50, 33]]
    described = LabExtractor().describe(image, regions_of(tiles_of(33, 50, 9), boxes))
    assert described.superpixels.shape == (24, 144)
    assert described.boxes.shape == (3, 576)
    np.testing.assert_allclose(described.superpixels.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(described.boxes.sum(axis=1), 4, rtol=1e-5)
    assert (described.superpixels >= 0).all()


def test_vivid_colours_count_at_the_outer_nodes():
    _, weights = assign_colours(np.array([[[0, 0, 255], [255, 0, 0]]], np.uint8))
    np.testing.assert_allclose(weights.sum(axis=0), 1, rtol=1e-6)
    assert (weights >= 0).all()


def test_box_cells_see_their_own_colour(regions_of):
    image = np.zeros((160, 160, 3), np.uint8)
    image[:80, 80:] = 255
    label_map = (image[..., 0] > 0).astype(int)
    described = LabExtractor().describe(image, regions_of(label_map, [[0, 0, 160, 160]]))
    black, white = described.superpixels
    cells = described.boxes.reshape(4, 144)
    for cell, colour in zip(cells, [black, white, black, black], strict=True):
        np.testing.assert_allclose(cell, colour, atol=1e-6)
