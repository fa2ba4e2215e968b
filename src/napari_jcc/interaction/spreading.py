r"""Marks change the map of all superpixels that are similar to the marked ones.

The map m is the mean of a Gaussian process over superpixels, and the marks are observations
t of it, 1 on the object and 0 on the background. Given those of superpixels M, it becomes

.. math::
   m(x) + k(x, M) (k(M, M) + \sigma^2 I)^{-1} (t - m(M))

(Rasmussen and Williams, Gaussian processes for machine learning, 2006, equation 2.38).
Where no marked superpixel is similar, or the marks confirm the map, it does not change.

The errors of the map may be common to all images, or particular to one. So the process is
the sum of one that all images share and one of each image (a random effects model),

.. math::
   k(a, b) = \exp(-|a - b|^2) \cdot (1 \text{ in one image}, \rho \text{ between two}),

and the share :math:`\rho` is estimated from the marks: near 1 if those of one image predict
those of the next, near 0 if they contradict them.

:math:`\sigma^2` is `NOISE`. Within the marked image it is divided by the share of the
superpixel that was marked, because a stroke along an outline grazes superpixels beyond it.
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
"""Variance of an observation, that of the process being 1."""
SHARES = np.linspace(0.0, 1.0, 5)
"""Values of rho that are considered, with equal prior probabilities."""
MOST_MARKS = 1000
"""Most marked superpixels that are used; of more, this many are chosen evenly."""


@dataclass(frozen=True)
class Marked:
    """The superpixels of an image that the user labelled.

    Attributes
    ----------
    superpixels : (M,) int64
        Indices in the image.
    target : (M,) float64
        1 for object, 0 for background.
    share : (M,) float64
        Share that was marked, in (0, 1].
    """

    superpixels: IntArray
    target: FloatArray
    share: FloatArray


NO_MARKS = Marked(np.zeros(0, np.int64), np.zeros(0), np.zeros(0))


def describe_superpixels(learned: FloatArray, regions: ImageRegions) -> FloatArray:
    """Append the position of every superpixel to its features, (S, K + 2).

    Parameters
    ----------
    learned : (S, K) float64
        Features that the run has learned from, of total variance 1 over the set.
    regions
        Superpixels of the image.
    """
    size = np.array(regions.saliency_map.shape[::-1], np.float64)
    return np.hstack([learned, regions.superpixels.centre / size])


def spread_marks(
    features: Sequence[FloatArray],
    before: Sequence[FloatArray],
    marked: Sequence[Marked],
) -> list[FloatArray]:
    """Return the map of every image, given the marks of all images.

    Parameters
    ----------
    features
        (S, D) of every image, as `describe_superpixels` returns.
    before
        Map of every image without marks, (S,) in [0, 1].
    marked
        Labelled superpixels of every image.

    Returns
    -------
    list of (S,) float64
        In [0, 1].
    """
    images = list(zip(features, before, marked, strict=True))
    seen = np.concatenate([own[marks.superpixels] for own, _, marks in images])
    residual = np.concatenate(
        [marks.target - m[marks.superpixels] for _, m, marks in images]
    )
    drawn = np.concatenate([marks.share for marks in marked])
    image = np.repeat(np.arange(len(images)), [len(marks.target) for marks in marked])
    if len(seen) > MOST_MARKS:
        kept = np.linspace(0, len(seen) - 1, MOST_MARKS).astype(np.int64)
        seen, residual, drawn, image = seen[kept], residual[kept], drawn[kept], image[kept]
    alike = _kernel(seen, seen)
    share = _likely_share(alike, image, residual)
    # numpy releases the GIL here, so that the window stays responsive; scipy does not.
    inverse = np.linalg.inv(_covariance(alike, image, share))
    precision = np.asarray(inverse, np.float64)
    weights = precision @ residual
    after = []
    for number, (features_here, m, _) in enumerate(images):
        own = np.flatnonzero(image == number)
        own_weights = _reweight(weights, precision, own, NOISE / drawn[own] - NOISE)
        weighted = np.where(image == number, own_weights, share * own_weights)
        after.append(np.clip(m + _kernel(features_here, seen) @ weighted, 0.0, 1.0))
    return after


def spread_residual(
    points: FloatArray, seen: FloatArray, residual: FloatArray
) -> FloatArray:
    """Return the change of the map of one image at points, given observations, (P,).

    Parameters
    ----------
    points, seen
        (P, D) and (M, D) features.
    residual : (M,) float64
        Observed values minus the map.
    """
    covariance = _kernel(seen, seen)
    covariance[np.diag_indices(len(seen))] += NOISE
    return np.asarray(_kernel(points, seen) @ np.linalg.solve(covariance, residual))


def with_prior(regions: ImageRegions, change: FloatArray) -> ImageRegions:
    """Return regions with a changed prior.

    The change is constant over each superpixel, so that the prior keeps its detail within
    superpixels, which the refinement of masks uses.

    Parameters
    ----------
    regions
        Of an image.
    change : (S,) float64
        Added to the prior of every superpixel, in [-1, 1].
    """
    before = regions.saliency_map
    moved = change.astype(np.float32)[regions.superpixels.label_map]
    both = np.clip(before + moved, 0.0, 1.0)
    bounds = pixel_bounds(regions.boxes, before.shape)
    # If merit is the excess, this is the new excess; a learned merit changes by as much.
    gained = box_excess(bounds, both) - box_excess(bounds, before)
    merit = (regions.box_merit + gained).astype(np.float32)
    return replace(regions, saliency_map=both, box_merit=merit)


def _reweight(
    weights: FloatArray, precision: FloatArray, places: IntArray, more: FloatArray
) -> FloatArray:
    """Return the weights of marks if some have more noise than `precision` assumes.

    By the Woodbury identity, as few marks differ. `more` is their additional variance.
    """
    inner = np.eye(len(places)) + more[:, None] * precision[np.ix_(places, places)]
    return np.asarray(
        weights - precision[:, places] @ np.linalg.solve(inner, more * weights[places])
    )


def _likely_share(alike: FloatArray, image: IntArray, residual: FloatArray) -> float:
    """Return the posterior mean of rho, with the most likely scale of the variance."""
    evidence = np.zeros(len(SHARES))
    if len(np.unique(image)) > 1:
        for number, share in enumerate(SHARES):
            lower = np.linalg.cholesky(_covariance(alike, image, float(share)))
            white = np.linalg.solve(lower, residual)
            scale = max(float(white @ white) / len(white), 1e-12)
            spread = 0.5 * len(white) * np.log(scale)
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
