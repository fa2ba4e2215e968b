"""How far the answer for an image can be trusted, told from the answer itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_jcc._types import Float32Array, FloatArray, MaskArray
from napari_jcc.otsu import otsu_threshold
from napari_jcc.regions import box_iou, largest_piece
from napari_jcc.results.decode import enlarge_mask
from napari_jcc.results.result import ImageResult

_BINS = 256


@dataclass(frozen=True)
class Uncertainty:
    """Doubts about the answer for one image, each from 0, none, to 1.

    Attributes
    ----------
    superpixels : (S,) float32
        How close the score of every superpixel is to the threshold that decides it: 1 on
        it, 0 at the lowest and the highest score.
    loss
        One minus the IoU of the mask with the truth that is to be expected if every score
        were the probability of object, with one half at the threshold.
    margin
        Mean of the doubts about superpixels over the image's area.
    entropy
        Mean over the area of the binary entropy, in bits, of the scores read as
        probabilities, with one half at the threshold.
    blur
        Share of the scores' variance over the area that lies within object and rest, and
        not between them.
    box
        One minus the lead of the best candidate box over the second, as share of the best.
    misfit
        One minus the IoU of the box and that of the mask's largest piece.
    redrawn
        One minus the IoU of the mask with that made of whole superpixels.
    unlike_prior
        One minus the IoU of the mask with the prior alone, cut at its own threshold.
    """

    superpixels: Float32Array
    loss: float
    margin: float
    entropy: float
    blur: float
    box: float
    misfit: float
    redrawn: float
    unlike_prior: float

    @property
    def overall(self) -> float:
        """Mean of `loss` and `blur`: by it, images are sorted for a second look."""
        return (self.loss + self.blur) / 2


def find_uncertainty(image: ImageResult) -> Uncertainty:
    """Rate the doubts about the answer for one image.

    An image without an answer is entirely uncertain: every number is 1.

    Parameters
    ----------
    image
        As a run returns it, with superpixels and candidates.
    """
    scores = image.superpixel_scores.astype(np.float64)
    if not len(scores) or not image.candidate_scores.size:
        return Uncertainty(np.ones(len(scores), np.float32), *[1.0] * 8)
    area = np.bincount(image.label_map.ravel(), minlength=len(scores)).astype(np.float64)
    share = area / area.sum()
    threshold = otsu_threshold(scores, area)
    probability = _centre(scores, threshold)
    doubt = 1 - np.abs(2 * probability - 1)
    coarse = (scores > threshold)[image.label_map]
    prior = image.saliency_map > _pixel_threshold(image.saliency_map)
    size = image.mask.shape
    return Uncertainty(
        superpixels=doubt.astype(np.float32),
        loss=_expected_loss(image, probability),
        margin=float(share @ doubt),
        entropy=float(share @ _entropy(probability)),
        blur=_variance_within(scores, share, scores > threshold),
        box=_box_doubt(image.candidate_scores),
        misfit=_misfit(image),
        redrawn=1 - _iou(image.mask, enlarge_mask(coarse, size)),
        unlike_prior=1 - _iou(image.mask, enlarge_mask(prior, size)),
    )


def _pixel_threshold(values: Float32Array) -> float:
    count, edges = np.histogram(values, bins=_BINS)
    middle = (edges[:-1] + edges[1:]) / 2
    return otsu_threshold(middle, count.astype(np.float64))


def _centre(scores: FloatArray, threshold: float) -> FloatArray:
    """Scores with the lowest at 0, the threshold at one half and the highest at 1."""
    low, high = float(scores.min()), float(scores.max())
    if low == high:
        return np.full(len(scores), 0.5)
    return np.interp(scores, [low, np.clip(threshold, low, high), high], [0, 0.5, 1])


def _entropy(probability: FloatArray) -> FloatArray:
    p = np.clip(probability, 1e-12, 1 - 1e-12)
    return np.asarray(-(p * np.log2(p) + (1 - p) * np.log2(1 - p)))


def _variance_within(scores: FloatArray, share: FloatArray, chosen: MaskArray) -> float:
    total = float(share @ (scores - share @ scores) ** 2)
    if total <= 0:
        return 1.0
    within = 0.0
    for part in (chosen, ~chosen):
        weight = float(share[part].sum())
        if weight > 0:
            mean = share[part] @ scores[part] / weight
            within += float(share[part] @ (scores[part] - mean) ** 2)
    return min(1.0, within / total)


def _expected_loss(image: ImageResult, probability: FloatArray) -> float:
    """1 - sum(p in the mask) / (mask + sum(p outside)), both expected areas in pixels."""
    height, width = image.label_map.shape
    rows = np.arange(image.mask.shape[0]) * height // image.mask.shape[0]
    columns = np.arange(image.mask.shape[1]) * width // image.mask.shape[1]
    p = probability[image.label_map][np.ix_(rows, columns)]
    inside = float(p[image.mask].sum())
    union = np.count_nonzero(image.mask) + float(p.sum()) - inside
    return 1 - inside / union if union > 0 else 1.0


def _box_doubt(z: Float32Array) -> float:
    if len(z) < 2:
        return 0.0
    second, best = np.partition(z, -2)[-2:]
    return float(second / best) if best > 0 else 1.0


def _misfit(image: ImageResult) -> float:
    if not image.mask.any() or not np.isfinite(image.box).all():
        return 1.0
    return 1 - float(box_iou(image.box, largest_piece(image.mask)[None])[0])


def _iou(mask: MaskArray, other: MaskArray) -> float:
    union = np.count_nonzero(mask | other)
    return np.count_nonzero(mask & other) / union if union else 1.0
