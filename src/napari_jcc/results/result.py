"""What a run returns: masks, boxes, scores, and how they came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from napari_jcc._types import Float32Array, LabelMap, MaskArray
from napari_jcc.config import JccConfig
from napari_jcc.words import count_of, list_by_reason, list_some

NO_BOX: Float32Array = np.full(4, np.nan, np.float32)
"""Stands for the box of an image without one."""


@dataclass(frozen=True)
class ImageResult:
    """Answer for one image; pixels are the image's own unless said otherwise.

    Attributes
    ----------
    name
        Name of the image in its collection, without extension.
    mask : (H, W) bool
    box : (4,) float32
        ``xyxy``, half-open; all NaN when the image has no answer.
    box_score
        Score of the chosen box, in [0, 1].
    superpixel_scores : (S,) float32
        Score of every superpixel of `label_map`, in [0, 1].
    candidate_boxes : (R, 4) float32
        All candidates, ``xyxy`` in the image's own pixels, best merit first.
    candidate_scores : (R,) float32
        Score of every candidate, in [0, 1]; they sum to 1.
    label_map : (h, w) int32
        Superpixels at working size.
    saliency_map : (h, w) float32
        Saliency in [0, 1] at working size.
    instances : (H, W) int32, optional
        The mask, object by object: 0 for none, then 1 to K. None where one object an
        image is looked for.
    instance_boxes : (K, 4) float32, optional
        Boxes of these objects, ``xyxy``, half-open; None with `instances`.
    instance_scores : (K,) float32, optional
        Their scores, in [0, 1]; None with `instances`.
    warning
        Why the answer of this image is only a fallback; empty when it is not.
    """

    name: str
    mask: MaskArray
    box: Float32Array
    box_score: float
    superpixel_scores: Float32Array
    candidate_boxes: Float32Array
    candidate_scores: Float32Array
    label_map: LabelMap
    saliency_map: Float32Array
    warning: str = ""
    instances: LabelMap | None = None
    instance_boxes: Float32Array | None = None
    instance_scores: Float32Array | None = None

    def __repr__(self) -> str:
        """Say what was found; arrays would fill a notebook."""
        height, width = self.mask.shape
        share = f"object on {self.foreground_share:.1%}"
        return f"ImageResult({self.name!r}, {height} x {width}, {share})"

    @property
    def boxes(self) -> Float32Array:
        """Boxes of all objects, (K, 4); of the one object where only one is looked for."""
        if self.instance_boxes is not None:
            return self.instance_boxes
        known = bool(np.isfinite(self.box).all())
        return self.box[None] if known else np.zeros((0, 4), np.float32)

    @property
    def scores(self) -> Float32Array:
        """Scores of `boxes`, (K,)."""
        if self.instance_scores is not None:
            return self.instance_scores
        return np.full(len(self.boxes), self.box_score, np.float32)

    @property
    def labels(self) -> LabelMap:
        """The mask with the number of the object in every pixel, (H, W) int32."""
        return self.mask.astype(np.int32) if self.instances is None else self.instances

    @cached_property
    def foreground_share(self) -> float:
        """Share of the image's pixels in the mask."""
        return np.count_nonzero(self.mask) / self.mask.size


def bare_image(
    name: str,
    *,
    mask: MaskArray | None = None,
    box: Float32Array | None = None,
    score: float = 0.0,
    warning: str = "",
) -> ImageResult:
    """Build the answer for an image of which only mask and box are known."""
    return ImageResult(
        name=name,
        mask=np.zeros((1, 1), bool) if mask is None else mask,
        box=NO_BOX.copy() if box is None else box,
        box_score=float(score),
        superpixel_scores=np.zeros(0, np.float32),
        candidate_boxes=np.zeros((0, 4), np.float32),
        candidate_scores=np.zeros(0, np.float32),
        label_map=np.zeros((1, 1), np.int32),
        saliency_map=np.zeros((1, 1), np.float32),
        warning=warning,
    )


@dataclass(frozen=True)
class JccResult:
    """Answer for a set of images.

    Attributes
    ----------
    images
        One entry per image of the collection, in its order.
    config
        Settings that produced the answer.
    skipped
        Files that could not be used, with the reason.
    solver_report
        Status, objective, residuals, iterations and times of the solver.
    seconds
        Time of every stage that was not found in the cache.
    notes
        What the user should know of the whole run, such as settings that could not be
        followed.
    """

    images: tuple[ImageResult, ...]
    config: JccConfig
    skipped: Mapping[str, str] = field(default_factory=dict)
    solver_report: Mapping[str, Any] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Say what the answer is about; arrays would fill a notebook."""
        names = list_some([image.name for image in self.images])
        return f"JccResult({count_of(len(self.images), 'image')}: {names})"

    @property
    def typical_share(self) -> float:
        """Share of the pixels in the mask, the median of the images."""
        return float(np.median([image.foreground_share for image in self.images]))

    @property
    def warnings(self) -> tuple[str, ...]:
        """The notes, and a line for all images that are a fallback for the same reason."""
        fallbacks = ((image.name, image.warning) for image in self.images if image.warning)
        return (*self.notes, *list_by_reason(fallbacks))
