"""The result of a run: masks, boxes and scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from napari_jcc._types import Float32Array, IntArray, LabelMap, MaskArray
from napari_jcc.config import JccConfig
from napari_jcc.words import count_of, list_by_reason, list_some

NO_BOX: Float32Array = np.full(4, np.nan, np.float32)
"""Stands for the box of an image without one."""


@dataclass(frozen=True)
class ImageResult:
    """Result for one image, in pixels of its full size unless stated otherwise.

    Attributes
    ----------
    name
        Name of the image in its collection, without extension.
    mask : (H, W) bool
    box : (4,) float32
        ``xyxy``, half-open; all NaN if no box was found.
    box_score
        Score of the chosen box, in [0, 1].
    superpixel_scores : (S,) float32
        Score of every superpixel of `label_map`, in [0, 1].
    candidate_boxes : (R, 4) float32
        All candidates, ``xyxy``, best merit first.
    candidate_scores : (R,) float32
        Score of every candidate, in [0, 1]; they sum to 1, or where several objects are
        looked for to about their number.
    label_map : (h, w) int32
        Superpixels at working size.
    saliency_map : (h, w) float32
        Saliency in [0, 1] at working size.
    instances : (H, W) int32, optional
        The mask with objects numbered from 1, 0 for background. A run leaves no gap, but
        those that remain in a corrected image keep their numbers. None if one object per
        image is looked for.
    instance_boxes : (K, 4) float32, optional
        Boxes of these objects, ``xyxy``, half-open, by ascending number; None with
        `instances`.
    instance_scores : (K,) float32, optional
        Means of the saliency over them, in [0, 1]; None with `instances`.
    warning
        Why this result is only a fallback; empty if it is not.
    uncertainty
        `Uncertainty.overall` as it was when the result was written, of one that was read
        back: the scores that it follows from are not saved with masks and boxes.
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
    uncertainty: float | None = None

    def __repr__(self) -> str:
        """Summarise the result; printed arrays would fill a notebook."""
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
    def numbers(self) -> IntArray:
        """Numbers of the objects in `labels`, ascending, (K,) int64."""
        if self.instances is None:
            return np.ones(int(self.mask.any()), np.int64)
        return 1 + np.flatnonzero(np.bincount(self.instances.ravel())[1:])

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
    """Build the result of an image of which only mask and box are known."""
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
    """Result for a set of images.

    Attributes
    ----------
    images
        One entry per image that could be read, in the order of the collection. Images in
        `skipped` are left out, so that places may differ: look them up by name.
    config
        The settings in use.
    skipped
        Files that could not be used, with the reason.
    solver_report
        Status, objective, residuals, iterations and times of the solver.
    seconds
        Wall time of every stage that was not cached.
    notes
        Messages about the whole run, such as settings that could not be applied.
    measured
        Settings that were left to the images, by key, with what was found.
    """

    images: tuple[ImageResult, ...]
    config: JccConfig
    skipped: Mapping[str, str] = field(default_factory=dict)
    solver_report: Mapping[str, Any] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    measured: Mapping[str, float | str] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Summarise the result; printed arrays would fill a notebook."""
        names = list_some([image.name for image in self.images])
        skipped = f"; {len(self.skipped)} skipped" if self.skipped else ""
        warned = f"; {count_of(len(self.warnings), 'warning')}" if self.warnings else ""
        return f"JccResult({count_of(len(self.images), 'image')}: {names}{skipped}{warned})"

    @cached_property
    def by_name(self) -> dict[str, ImageResult]:
        """The images by their names."""
        return {image.name: image for image in self.images}

    @property
    def typical_share(self) -> float:
        """Share of the pixels in the mask, the median of the images."""
        return float(np.median([image.foreground_share for image in self.images]))

    @property
    def warnings(self) -> tuple[str, ...]:
        """The notes, and one line per reason for the images with a fallback."""
        fallbacks = ((image.name, image.warning) for image in self.images if image.warning)
        return (*self.notes, *list_by_reason(fallbacks))
