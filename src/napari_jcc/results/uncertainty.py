"""How far the answer for an image can be trusted, told from the answer itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_jcc._types import FloatArray, MaskArray
from napari_jcc.otsu import otsu_threshold
from napari_jcc.results.result import ImageResult


@dataclass(frozen=True)
class Uncertainty:
    """Doubts about the answer for one image, each from 0, none, to 1.

    Attributes
    ----------
    loss
        One minus the IoU of the mask with the truth that is to be expected if every score
        were the probability of object, with one half at the threshold.
    blur
        Share of the scores' variance over the area that lies within object and rest, and
        not between them.
    """

    loss: float
    blur: float

    @property
    def overall(self) -> float:
        """Mean of both: by it, images are sorted for a second look."""
        return (self.loss + self.blur) / 2


def find_uncertainty(image: ImageResult) -> Uncertainty:
    """Rate the doubts about the answer for one image.

    An image without an answer, or whose scores were not saved with it, is entirely
    uncertain: every number is 1.

    Parameters
    ----------
    image
        As a run returns it, with superpixels and candidates.
    """
    scores = image.superpixel_scores.astype(np.float64)
    if not len(scores):
        return Uncertainty(1.0, 1.0)
    area = np.bincount(image.label_map.ravel(), minlength=len(scores)).astype(np.float64)
    threshold = otsu_threshold(scores, area)
    return Uncertainty(
        loss=_expected_loss(image, _centre(scores, threshold)),
        blur=_variance_within(scores, area / area.sum(), scores > threshold),
    )


def overall_uncertainty(image: ImageResult) -> float | None:
    """`Uncertainty.overall` of an answer; None where only its mask and boxes are known."""
    if not len(image.superpixel_scores):
        if image.uncertainty is not None:
            return image.uncertainty
        if not image.warning:
            return None
    return float(find_uncertainty(image).overall)


def _centre(scores: FloatArray, threshold: float) -> FloatArray:
    """Scores with the lowest at 0, the threshold at one half and the highest at 1."""
    low, high = float(scores.min()), float(scores.max())
    if low == high:
        return np.full(len(scores), 0.5)
    return np.interp(scores, [low, np.clip(threshold, low, high), high], [0, 0.5, 1])


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
