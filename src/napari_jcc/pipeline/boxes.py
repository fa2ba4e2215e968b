"""The stages of boxes: proposal, rating and choice of candidates."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from napari_jcc._types import Float32Array, IntArray
from napari_jcc.pipeline import stages
from napari_jcc.pipeline.cache import digest
from napari_jcc.pipeline.prior import LearnedPriors
from napari_jcc.pipeline.stage_runner import extend_keys
from napari_jcc.pipeline.working_set import WorkingSet
from napari_jcc.priors import rate_boxes
from napari_jcc.progress import Watched
from napari_jcc.regions import (
    ImageRegions,
    Superpixels,
    candidate_boxes,
    is_blank,
    propose_boxes,
)
from napari_jcc.results.smooth import smooth_twice, split_at_steps
from napari_jcc.spill import GIGABYTE


class BoxStage:
    """Finds the candidate boxes of the images of a set."""

    def __init__(self, work: WorkingSet, superpixels: Sequence[Superpixels]) -> None:
        self._work = work
        self._superpixels = superpixels

    def search(self, keys: list[str]) -> list[IntArray]:
        """Propose boxes without a prior; `keys` are those of the superpixels.

        Separate from `choose`, so that a missing method is reported before the encoder
        runs, which takes minutes.
        """
        fields = {"method", "proposal_size", "objects"}
        search = self._work.config.boxes.model_dump(include=fields)
        keys = extend_keys(keys, "proposals", search)
        tasks = [
            (image, pieces, self._work.config.boxes)
            for image, pieces in zip(self._work.images, self._superpixels, strict=True)
        ]
        return self._work.runner.map("Box search", propose_boxes, keys, tasks)

    def choose(
        self,
        proposals: list[IntArray],
        priors: LearnedPriors,
    ) -> tuple[list[str], list[ImageRegions]]:
        """Choose among the proposals by the prior, or by a rating learned from the set.

        Parameters
        ----------
        proposals : list of (R', 4) int64
            From `search`.
        priors
            Priors of every image.

        Returns
        -------
        keys
            Cache keys of the regions.
        regions
            Superpixels and boxes of every image.
        """
        config = self._work.config
        keys = extend_keys(
            priors.keys, "candidate boxes", config.boxes.model_dump(mode="json")
        )
        # A blank image has no proposals, but a learned prior has parts everywhere.
        candidates = [
            found[:0] if is_blank(image) else candidate_boxes(found, prior, config.boxes)
            for image, found, prior in zip(
                self._work.images, proposals, priors.maps, strict=True
            )
        ]
        merit: Sequence[Float32Array | None] = [None] * len(priors.maps)
        if config.boxes.learned:
            sources = self._work.encoded.extend(keys, "learned boxes", config.features)
            # The rating of an image depends on all images, so all share one key.
            whole = digest("boxes learned by several cuts, smoothed twice", sources)
            rate = partial(self._rate, candidates, priors.maps)
            merit = self._work.runner.cached(whole, rate)
            keys = [digest(key, whole) for key in keys]
        tasks = [
            (*parts, config.boxes)
            for parts in zip(self._superpixels, priors.maps, candidates, merit, strict=True)
        ]
        return keys, self._work.runner.map("Boxes", stages.compute_regions, keys, tasks)

    def _rate(
        self, candidates: list[IntArray], priors: list[Float32Array]
    ) -> tuple[Float32Array, ...]:
        """Rate candidates by the boxes of the masks of the smoothed priors."""
        progress = self._work.runner.progress
        maps = Watched(self._work.encoded.maps(), progress)
        images = Watched(self._work.images, progress)
        budget = self._work.config.runtime.memory_budget_gb * GIGABYTE / 4

        def learn() -> list[Float32Array]:
            masks = [
                split_at_steps(smooth_twice(*pair))
                for pair in zip(images, priors, strict=True)
            ]
            return rate_boxes(maps, candidates, masks, budget)

        return tuple(self._work.runner.single("Learning boxes", learn))
