"""A classifier of the superpixels of a set, trained on its masks and corrections.

The target of a superpixel is the share of it that the mask covers. Superpixels of corrected
images have a larger weight than those of other images, whose masks are predictions
themselves, and marked superpixels the largest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from napari_jcc._types import Float32Array, FloatArray, ImageArray, MaskArray
from napari_jcc.features.appearance import describe_appearance, scale_appearance
from napari_jcc.interaction.guidance import Guidance
from napari_jcc.pipeline.parallel import for_each
from napari_jcc.priors.kernel_ridge import KernelRidge
from napari_jcc.progress import Progress
from napari_jcc.regions import ImageRegions, area_means

LANDMARKS = 400
"""Points of the kernel's low-rank approximation."""
CORRECTED_WEIGHT = 5.0
MARKED_WEIGHT = 20.0
"""Weights of a superpixel of a corrected image, and of a marked one; of others 1."""


class SuperpixelClassifier:
    """Kernel ridge classifier; its kernel is computed once, then fitted to any targets.

    Parameters
    ----------
    images
        All images, by index in the collection.
    regions
        Superpixels of the images in the joint problem, by index.
    learned
        Gives the features that the run computed of all their superpixels, (S, K) float64,
        of total variance 1.
    workers
        Number of threads; 0: one per core.
    """

    def __init__(
        self,
        images: Sequence[ImageArray],
        regions: Mapping[int, ImageRegions],
        learned: Callable[[], FloatArray],
        workers: int,
    ) -> None:
        self._images, self._regions, self._learned = images, regions, learned
        self._workers = workers
        self._described: dict[int, Float32Array] = {}
        self._ridge: KernelRidge | None = None

    def predict(
        self,
        masks: Sequence[MaskArray],
        corrected: Mapping[int, MaskArray],
        guidance: Mapping[int, Guidance],
        progress: Progress,
    ) -> dict[int, FloatArray]:
        """Fit to the masks of all images and predict their superpixels, in [0, 1].

        Corrected images keep the shares that their masks cover: a prediction would blur, by
        all other images, what the user has settled.

        Parameters
        ----------
        masks
            Predicted masks, (H, W) bool of any size, by index in the collection.
        corrected
            Masks of the corrected images, by index.
        guidance
            Marks of the corrected images, by index.
        progress
            Told of every image; cancels. What was described until then is kept.

        Returns
        -------
        dict of (S,) float64
            By index, of every image in the joint problem.

        Raises
        ------
        Cancelled
            If the progress was cancelled.
        """
        ridge = self._prepare(progress)
        targets = [
            _read_target(own, corrected.get(i, masks[i]), guidance.get(i))
            for i, own in self._regions.items()
        ]
        target, weight = (np.concatenate(part) for part in zip(*targets, strict=True))
        found = np.clip(ridge.at_points(ridge.fit(target, weight)), 0.0, 1.0)
        ends = np.cumsum([len(own) for own, _ in targets])[:-1]
        images = zip(self._regions, np.split(found, ends), targets, strict=True)
        return {
            i: own if i in corrected else predicted for i, predicted, (own, _) in images
        }

    def _prepare(self, progress: Progress) -> KernelRidge:
        """Return the classifier's kernel, computed by the first call."""
        missing = (
            [] if self._ridge else [i for i in self._regions if i not in self._described]
        )
        progress.start("Learning", len(missing))

        def describe(place: int) -> Float32Array:
            return describe_appearance(
                self._images[place], self._regions[place].superpixels
            )

        def keep(position: int, found: Float32Array) -> None:
            self._described[missing[position]] = found

        for_each(describe, missing, keep, progress, workers=self._workers)
        if self._ridge is None:
            appearance = scale_appearance([self._described[i] for i in self._regions])
            features = np.concatenate([2.0 * self._learned(), appearance], axis=1)
            self._ridge = KernelRidge(features, LANDMARKS)
            self._described.clear()
        return self._ridge


def _read_target(
    regions: ImageRegions, mask: MaskArray, guidance: Guidance | None
) -> tuple[FloatArray, FloatArray]:
    """Return target and weight of every superpixel of an image, (S,) each."""
    labels = regions.superpixels.label_map
    target = regions.superpixels.pool(area_means(mask, labels.shape))
    weight = (regions.superpixels.area / labels.size).astype(np.float64)
    if guidance is not None:
        weight *= CORRECTED_WEIGHT
        weight[guidance.decided.superpixels] *= MARKED_WEIGHT / CORRECTED_WEIGHT
    return target, weight
