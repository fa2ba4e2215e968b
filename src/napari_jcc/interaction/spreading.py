r"""What marks say about the superpixels that look like the marked ones.

The map is the mean m of a Gaussian process over superpixels, and the marks are what was
observed of it, t, 1 on the object and 0 beside it. Given those of superpixels M, it becomes

.. math::
   m(x) + k(x, M) (k(M, M) + \sigma^2 I)^{-1} (t - m(M))

(Rasmussen and Williams, Gaussian processes for machine learning, 2006, equation 2.38).
Where nothing looks like a marked superpixel, or marks only confirm it, the map stays.

What the machine got wrong may be the same in all images, or an image's own. So the process
is the sum of one that all images share and one of each image (a model of random effects),

.. math::
   k(a, b) = \exp(-|a - b|^2) \cdot (1 \text{ in one image}, \rho \text{ between two}),

and the shared part :math:`\rho` is what the marks make likely: near 1 where those of one
image foretell those of the next, near 0 where they contradict them.

:math:`\sigma^2` is `NOISE`; in its own image that over the share of the superpixel that was
drawn on, as a stroke along an outline grazes what lies beyond.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from napari_jcc._types import FloatArray, IntArray
from napari_jcc.priors.kernel_ridge import square_distances
from napari_jcc.regions import ImageRegions
from napari_jcc.regions.boxes import box_excess
from napari_jcc.regions.overlap import pixel_bounds

NOISE = 0.1
"""Variance of a mark, the process having 1: a superpixel may hold both kinds."""
SHARES = np.linspace(0.0, 1.0, 5)
"""Values of rho, before there are marks all as likely."""
MOST_MARKS = 1000
"""Marked superpixels that are learned from; of more, these many spread evenly."""


@dataclass(frozen=True)
class Marked:
    """The superpixels of an image that the user decided.

    Attributes
    ----------
    superpixels : (M,) int64
        Their numbers in the image.
    target : (M,) float64
        1 where object, 0 where not.
    share : (M,) float64
        How much of them was drawn on, in (0, 1].
    """

    superpixels: IntArray
    target: FloatArray
    share: FloatArray


NO_MARKS = Marked(np.zeros(0, np.int64), np.zeros(0), np.zeros(0))


def describe_superpixels(learned: FloatArray, regions: ImageRegions) -> FloatArray:
    """Put the place of every superpixel of an image beside its features, (S, K + 2).

    Parameters
    ----------
    learned : (S, K) float64
        The run's own features, of total variance 1 over the set.
    regions
        Pieces of the image.
    """
    size = np.array(regions.saliency_map.shape[::-1], np.float64)
    return np.hstack([learned, regions.superpixels.centre / size])


def spread_marks(
    features: Sequence[FloatArray],
    before: Sequence[FloatArray],
    marked: Sequence[Marked],
) -> list[FloatArray]:
    """Return the map of every image given the marks of all of them.

    Parameters
    ----------
    features
        (S, D) of every image, as `describe_superpixels` returns.
    before
        Its map without marks, (S,) in [0, 1].
    marked
        What was decided in it.

    Returns
    -------
    list of (S,) float64
        In [0, 1].
    """
    images = list(zip(features, before, marked, strict=True))
    seen = np.concatenate([own[said.superpixels] for own, _, said in images])
    surprise = np.concatenate([said.target - m[said.superpixels] for _, m, said in images])
    drawn = np.concatenate([said.share for said in marked])
    image = np.repeat(np.arange(len(images)), [len(said.target) for said in marked])
    if len(seen) > MOST_MARKS:
        kept = np.linspace(0, len(seen) - 1, MOST_MARKS).astype(np.int64)
        seen, surprise, drawn, image = seen[kept], surprise[kept], drawn[kept], image[kept]
    alike = _kernel(seen, seen)
    share = _likely_share(alike, image, surprise)
    # By numpy, which lets other threads run meanwhile, as a window's; scipy does not.
    inverse = np.linalg.inv(_covariance(alike, image, share))
    precision = np.asarray(inverse, np.float64)
    weights = precision @ surprise
    after = []
    for number, (features_here, m, _) in enumerate(images):
        own = np.flatnonzero(image == number)
        doubted = _doubt(weights, precision, own, NOISE / drawn[own] - NOISE)
        believed = np.where(image == number, doubted, share * doubted)
        after.append(np.clip(m + _kernel(features_here, seen) @ believed, 0.0, 1.0))
    return after


def spread_surprise(
    points: FloatArray, seen: FloatArray, surprise: FloatArray
) -> FloatArray:
    """Return how much the map of an image moves at points by what was observed in it, (P,).

    Parameters
    ----------
    points, seen
        (P, D) and (M, D) features.
    surprise : (M,) float64
        What was observed less the map.
    """
    covariance = _kernel(seen, seen)
    covariance[np.diag_indices(len(seen))] += NOISE
    return np.asarray(_kernel(points, seen) @ np.linalg.solve(covariance, surprise))


def with_prior(regions: ImageRegions, change: FloatArray) -> ImageRegions:
    """Regions with another prior.

    Every superpixel moves as a whole: what the prior knows of the pixels within one stays,
    as refinement of the mask goes by it.

    Parameters
    ----------
    regions
        Pieces of an image.
    change : (S,) float64
        What is added to the prior of every superpixel, in [-1, 1].
    """
    before = regions.saliency_map
    moved = change.astype(np.float32)[regions.superpixels.label_map]
    both = np.clip(before + moved, 0.0, 1.0)
    bounds = pixel_bounds(regions.boxes, before.shape)
    # Where merit is excess this is the new excess; a learned rating moves by as much.
    gained = box_excess(bounds, both) - box_excess(bounds, before)
    merit = (regions.box_merit + gained).astype(np.float32)
    return replace(regions, saliency_map=both, box_merit=merit)


def _doubt(
    weights: FloatArray, precision: FloatArray, places: IntArray, more: FloatArray
) -> FloatArray:
    """Return the weights of marks, of which some are noisier by `more` than in `precision`.

    By the Woodbury identity, as it is few marks that differ.
    """
    inner = np.eye(len(places)) + more[:, None] * precision[np.ix_(places, places)]
    return np.asarray(
        weights - precision[:, places] @ np.linalg.solve(inner, more * weights[places])
    )


def _likely_share(alike: FloatArray, image: IntArray, surprise: FloatArray) -> float:
    """Return the mean of rho given the marks, whose variance has the likeliest scale."""
    evidence = np.zeros(len(SHARES))
    if len(np.unique(image)) > 1:
        for number, share in enumerate(SHARES):
            lower = np.linalg.cholesky(_covariance(alike, image, float(share)))
            residual = np.linalg.solve(lower, surprise)
            scale = max(float(residual @ residual) / len(residual), 1e-12)
            spread = 0.5 * len(residual) * np.log(scale)
            evidence[number] = -spread - np.log(np.diag(lower)).sum()
    likely = np.exp(evidence - evidence.max())
    return float(likely @ SHARES / likely.sum())


def _covariance(alike: FloatArray, image: IntArray, share: float) -> FloatArray:
    """Covariance of the marks, (M, M)."""
    covariance = alike * np.where(image[:, None] == image, 1.0, share)
    covariance[np.diag_indices(len(image))] += NOISE
    return covariance


def _kernel(points: FloatArray, others: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-square_distances(points, others)))
