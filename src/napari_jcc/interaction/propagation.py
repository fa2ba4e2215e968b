r"""Masks of corrected images, propagated to the other images of the set.

Every image is registered, by gradients alone, to the corrected ones, whose masks are warped
onto it. With m, the prediction of the superpixel classifier, and c, the share of the
superpixel that the warped masks cover in the mean, its new value is

.. math::
   m + s^2 (c - m), \qquad s = \sum \min(c, m) / \sum \max(c, m),

with sums over the image, weighted by area. So c counts where appearance and position agree
on the whole; if objects have no common pose, warped masks overlap little with m and are
nearly ignored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from napari_jcc._types import FloatArray, ImageArray, MaskArray
from napari_jcc.features.gradients import map_gradients
from napari_jcc.pipeline.parallel import for_each
from napari_jcc.priors.propagation import MatchedView, match_views, view_image
from napari_jcc.progress import Progress
from napari_jcc.regions import ImageRegions, area_means
from napari_jcc.threads import one_thread

SIZE, CELL, PATCH = 256, 16, 48.0
"""Longer side of the reduced image, distance of grid points, width of a patch; pixels."""


class _Propagated(NamedTuple):
    """The mask of a corrected image, warped onto another image.

    Attributes
    ----------
    share : (S,) float64
        Share of every superpixel that it covers.
    support
        Total probability of the correspondences that agree with the map.
    """

    share: FloatArray
    support: float


class MaskPropagator:
    """Registers the images of one set to its corrected ones, each pair once.

    Parameters
    ----------
    images
        All images, by index in the collection.
    regions
        Superpixels of the images in the joint problem, by index.
    workers
        Number of threads; 0: one per core.
    """

    def __init__(
        self,
        images: Sequence[ImageArray],
        regions: Mapping[int, ImageRegions],
        workers: int,
    ) -> None:
        self._images, self._regions, self._workers = images, regions, workers
        self._views: dict[int, MatchedView] = {}
        # By corrected image: its mask, and that mask warped onto the others, by place.
        self._known: dict[int, tuple[MaskArray, dict[int, _Propagated]]] = {}

    def propagate(
        self,
        values: Mapping[int, FloatArray],
        masks: Mapping[int, MaskArray],
        progress: Progress,
    ) -> dict[int, FloatArray]:
        """Move the values of uncorrected images towards the masks warped onto them.

        Parameters
        ----------
        values
            Values of the superpixels of every image in the joint problem, (S,) in [0, 1].
        masks
            Of the corrected images, (H, W) bool each.
        progress
            Told of every image; cancels.

        Returns
        -------
        dict of (S,) float64
            Of every image, in [0, 1]; those of corrected images are unchanged.

        Raises
        ------
        Cancelled
            If the progress was cancelled.
        """
        self._warp(masks, progress)
        blended = dict(values)
        for place in values.keys() - masks.keys():
            warped = [known[place] for _, known in self._known.values() if place in known]
            area = self._regions[place].superpixels.area
            blended[place] = blend_propagated(
                values[place],
                [(found.share, found.support) for found in warped],
                area.astype(np.float64),
            )
        return blended

    def _warp(self, masks: Mapping[int, MaskArray], progress: Progress) -> None:
        """Warp the masks that are new or have changed; an empty one moves nothing."""
        masks = {place: mask for place, mask in masks.items() if mask.any()}
        known = {
            place: self._known[place]
            for place, mask in masks.items()
            if place in self._known and np.array_equal(self._known[place][0], mask)
        }
        fresh = {place: mask for place, mask in masks.items() if place not in known}
        if fresh:
            places = list(self._regions)
            progress.start("Carrying masks", len(places))
            sources = {
                place: self._corrected_view(place, mask) for place, mask in fresh.items()
            }
            found: dict[int, dict[int, _Propagated]] = {place: {} for place in fresh}

            def keep(position: int, warped: dict[int, _Propagated]) -> None:
                for source, one in warped.items():
                    found[source][places[position]] = one

            def warp(place: int) -> dict[int, _Propagated]:
                return self._warp_onto(place, sources)

            for_each(warp, places, keep, progress, workers=self._workers)
            known |= {place: (mask, found[place]) for place, mask in fresh.items()}
        # In one order, whichever were known: sums depend on it in the last digit.
        self._known = {place: known[place] for place in masks}

    @one_thread
    def _warp_onto(
        self, place: int, sources: Mapping[int, MatchedView]
    ) -> dict[int, _Propagated]:
        own, warped = self._view(place), {}
        for source, shown in sources.items():
            evidence = match_views(own, shown) if source != place else None
            if evidence is not None:
                pixels = own.enlarge(evidence.warped.astype(np.float64))
                share = self._regions[place].superpixels.pool(pixels)
                warped[source] = _Propagated(share, evidence.support)
        return warped

    def _view(self, place: int) -> MatchedView:
        """Return an image as it is registered, with the run's prior; kept once made."""
        if place not in self._views:
            found = map_gradients(self._images[place], SIZE, CELL, PATCH)
            values = found.values.astype(np.float32)
            length = np.maximum(np.linalg.norm(values, axis=-1, keepdims=True), 1.0)
            cells = replace(found, values=(values / length).astype(np.float16))
            prior = self._regions[place].saliency_map
            self._views[place] = view_image(cells, prior)
        return self._views[place]

    def _corrected_view(self, place: int, mask: MaskArray) -> MatchedView:
        """Return a corrected image as it is registered, with its mask as the prior."""
        shape = self._regions[place].saliency_map.shape
        return view_image(self._view(place).cells, area_means(mask, shape))


def blend_propagated(
    values: FloatArray, warped: Sequence[tuple[FloatArray, float]], area: FloatArray
) -> FloatArray:
    """Move the ratings of an image towards the masks that were warped onto it.

    Parameters
    ----------
    values : (S,) float64
        In [0, 1].
    warped
        Share (S,) of every superpixel that a warped mask covers, and the mask's weight.
    area : (S,) float64
        Of the superpixels.
    """
    total = sum(support for _, support in warped)
    if total <= 0:
        return values
    mean = sum(support * share for share, support in warped) / total
    both, either = area @ np.minimum(values, mean), area @ np.maximum(values, mean)
    agreed = both / either if either > 0 else 0.0
    return np.asarray(values + agreed**2 * (mean - values))
