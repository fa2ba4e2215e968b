"""What stands out in one image: the prior of both parts of the problem."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph
from scipy.sparse.linalg import spsolve
from scipy.spatial.distance import cdist

from napari_jcc._types import Float32Array, FloatArray, ImageArray, IntArray
from napari_jcc.collection.intensity import resize_image
from napari_jcc.config import SaliencyConfig
from napari_jcc.errors import InputError
from napari_jcc.regions.local_contrast import local_contrast
from napari_jcc.regions.regions import Superpixels

_SMALLEST_CONTRAST = 1e-6
"""Below this spread of contrasts (of at most 1) an image counts as featureless."""
_SHORTEST_STEP = 1e-6
"""Keeps equal neighbours linked: a stored zero would mean "no edge" to the graph code."""
_REACH = 4.0
"""Geodesic distances beyond this many sigmas weigh less than 4e-4 and are not followed."""
_BACKGROUND_PULL = 1.5
_SMOOTHNESS_SIGMA = 10.0
_LEAST_SMOOTHNESS = 0.3
"""Weights of the smoothing, chosen on half of MSRC cow, car, plane and of Pascal cow,
horse, aeroplane, where halving or doubling them moves the mean J by about 1."""


def find_saliency(
    image: ImageArray,
    superpixels: Superpixels,
    config: SaliencyConfig,
    supplied: NDArray[np.generic] | None = None,
) -> Float32Array:
    """Rate how much every pixel stands out in its image.

    Parameters
    ----------
    image : (h, w, 3) uint8
        RGB at working size.
    superpixels
        Pieces of the same image.
    config
        Method and scales; for ``local_contrast`` by `fit_saliency`.
    supplied : (H, W) real or bool, optional
        A map of the user's own, of any size and range; higher stands out more.
        Used, and needed, by the method ``supplied``.

    Returns
    -------
    (h, w) float32
        From 0 to 1, both reached; 0.5 everywhere for the method ``uniform``, and 0
        everywhere where nothing stands out.

    Raises
    ------
    InputError
        If the supplied map is missing, empty, not two-dimensional or not finite.
    """
    shape = superpixels.label_map.shape
    if config.method == "uniform":
        return np.full(shape, 0.5, np.float32)
    if config.method == "local_contrast":
        return local_contrast(image, config)
    if config.method == "supplied":
        return _fit_supplied(supplied, (image.shape[0], image.shape[1]))
    return robust_background(superpixels, config)[superpixels.label_map]


def robust_background(superpixels: Superpixels, config: SaliencyConfig) -> Float32Array:
    r"""Contrast of every superpixel with the background, (S,), 0 to 1.

    With :math:`d_{ij}` the length of the cheapest path of colour differences between
    two superpixels, boundary connectivity is border length over square root of area, both
    soft: :math:`b_i = \sum_j k_{ij} \ell_j / \sqrt{\sum_j k_{ij} a_j}`,
    :math:`k_{ij} = \exp(-d_{ij}^2 / 2 \sigma^2)`. Lengths and areas are in pixels, so
    that superpixels may be uneven. :math:`1 - \exp(-b_i^2 / 2)` is the probability of
    background; contrast with near, probable background is then smoothed by least squares.
    All zeros if nothing differs.

    Different from the source: superpixels of nearly the same colour are also linked where
    they do not touch, at a fixed price (`look_alike`), so that a blob in the middle that
    resembles blobs on the border is background as well; contrast saturates.

    References
    ----------
    Zhu, Liang, Wei and Sun, Saliency optimization from robust background detection,
    CVPR 2014.
    """
    colour = superpixels.colour.astype(float)
    difference = cdist(colour, colour)
    edges = _edges(superpixels)
    geodesic = _geodesic(difference, edges, superpixels, config)
    background = _background(geodesic, superpixels, config)
    contrast = _contrast(difference, background, superpixels, config)
    if np.ptp(contrast) <= _SMALLEST_CONTRAST:
        return np.zeros(len(superpixels), np.float32)
    smooth = _smooth(_normalise(contrast), background, difference, edges)
    return _normalise(smooth).astype(np.float32)


def _fit_supplied(
    supplied: NDArray[np.generic] | None, shape: tuple[int, int]
) -> Float32Array:
    if supplied is None:
        raise InputError(
            'saliency.method is "supplied" but this image has no map: put one of the same '
            "name into saliency.folder, or choose robust_background."
        )
    if supplied.ndim != 2 or supplied.size == 0:
        raise InputError(
            "A supplied saliency map must be a gray image of at least one pixel, got an "
            f"array of shape {supplied.shape}. Save it with a single channel."
        )
    values = supplied.astype(np.float32)
    if not np.isfinite(values).all():
        raise InputError(
            "A supplied saliency map holds NaN or infinite values. Replace them first."
        )
    # Before the resize, so that huge ranges do not overflow in its weighted sums.
    scaled = _normalise(values.astype(float)).astype(np.float32)
    resized = resize_image(scaled, shape)
    return _normalise(resized.astype(float)).astype(np.float32)


def _border_length(superpixels: Superpixels) -> FloatArray:
    """Pixels that every superpixel has along the four sides of the image, (S,)."""
    labels = superpixels.label_map
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return np.bincount(border, minlength=len(superpixels)).astype(float)


def _edges(superpixels: Superpixels) -> IntArray:
    """Neighbours, and every pair on the image border (E, 2): the frame is one region."""
    border = np.flatnonzero(_border_length(superpixels))
    first, second = np.triu_indices(len(border), 1)
    frame = np.stack([border[first], border[second]], axis=1)
    count = len(superpixels)
    pairs = np.concatenate([superpixels.neighbours, frame])
    codes = np.unique(pairs[:, 0] * count + pairs[:, 1])
    return np.stack([codes // count, codes % count], axis=1)


def _geodesic(
    difference: FloatArray,
    edges: IntArray,
    superpixels: Superpixels,
    config: SaliencyConfig,
) -> FloatArray:
    """Length of the cheapest path between any two superpixels, (S, S)."""
    count = len(superpixels)
    slack = _typical_step(difference, superpixels)
    step = np.maximum(difference - slack, 0)
    first, second = edges.T
    weights = step[first, second] + _SHORTEST_STEP
    graph = sparse.csr_array((weights, (first, second)), shape=(count, count))
    limit = _REACH * config.background_sigma
    path: FloatArray = csgraph.dijkstra(graph, directed=False, limit=limit)
    return np.minimum(path, step + config.look_alike)


def _typical_step(difference: FloatArray, superpixels: Superpixels) -> float:
    """Mean difference from a superpixel to its most similar neighbour.

    Steps this small are texture and cost nothing, else long paths through one region
    would add up.
    """
    if len(superpixels.neighbours) == 0:
        return 0.0
    first, second = superpixels.neighbours.T
    nearest = np.full(len(superpixels), np.inf)
    np.minimum.at(nearest, first, difference[first, second])
    np.minimum.at(nearest, second, difference[first, second])
    return float(nearest.mean())


def _background(
    geodesic: FloatArray, superpixels: Superpixels, config: SaliencyConfig
) -> FloatArray:
    """Probability of being background, (S,)."""
    kernel = _gaussian(geodesic, config.background_sigma)
    length = kernel @ _border_length(superpixels)
    connectivity = length / np.sqrt(kernel @ superpixels.area)
    return 1 - _gaussian(connectivity, config.boundary_sigma)


def _contrast(
    difference: FloatArray,
    background: FloatArray,
    superpixels: Superpixels,
    config: SaliencyConfig,
) -> FloatArray:
    """Mean saturating colour contrast with the background around, (S,), 0 to 1."""
    side = max(superpixels.label_map.shape)
    distance = cdist(superpixels.centre, superpixels.centre) / side
    nearness = _gaussian(distance, config.spatial_sigma)
    contrast = 1 - _gaussian(difference, config.colour_sigma)
    weight = superpixels.area * background / superpixels.area.sum()
    return np.asarray((nearness * contrast) @ weight)


def _smooth(
    contrast: FloatArray, background: FloatArray, difference: FloatArray, edges: IntArray
) -> FloatArray:
    """Least squares: 1 where contrast is high, 0 where background, equal along edges."""
    count = len(contrast)
    first, second = edges.T
    alike = _gaussian(difference[first, second], _SMOOTHNESS_SIGMA) + _LEAST_SMOOTHNESS
    adjacency = sparse.coo_array((alike, (first, second)), shape=(count, count))
    symmetric = adjacency + adjacency.T
    laplacian = sparse.diags_array(symmetric.sum(axis=1)) - symmetric
    # The small constant keeps the matrix regular where both weights vanish.
    diagonal = _BACKGROUND_PULL * background + contrast + 1e-9
    matrix = sparse.csc_array(laplacian + sparse.diags_array(diagonal))
    return np.asarray(spsolve(matrix, contrast))


def _gaussian(values: FloatArray, sigma: float) -> FloatArray:
    return np.exp(-(values**2) / (2 * sigma**2))


def _normalise(values: FloatArray) -> FloatArray:
    """Map the range to 0-1; all zeros if the values are all the same."""
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return np.zeros_like(values)
    return np.asarray((values - low) / (high - low))
