r"""Masks of corrected images, carried to where the others show the like.

Every image is registered, by gradients alone, to the corrected ones, and their masks are
carried there. With what the set was taught, m, and the mean of the carried masks, c, a
superpixel is then rated

.. math::
   m + s^2 (c - m), \qquad s = \sum \min(c, m) / \sum \max(c, m),

sums over the image by area. So c counts where two ways to know, by look and by place, agree
on the whole; where objects have no pose in common a carried mask lies elsewhere and is not
heeded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from napari_jcc._types import FloatArray, ImageArray, MaskArray
from napari_jcc.features.gradients import map_gradients
from napari_jcc.pipeline.parallel import for_each
from napari_jcc.priors.carried import Sight, meet, see_image
from napari_jcc.progress import Progress
from napari_jcc.regions import ImageRegions, area_means
from napari_jcc.threads import one_thread

SIZE, CELL, PATCH = 256, 16, 48.0
"""Longer side of the image that is described, distance of grid points, width of a patch."""


class _Carried(NamedTuple):
    """A corrected image's mask in another image.

    Attributes
    ----------
    share : (S,) float64
        How much of every superpixel it covers.
    support
        Probability of all partners where the map leads.
    """

    share: FloatArray
    support: float


class Carrier:
    """Registers the images of one set to its corrected ones, each pair once.

    Parameters
    ----------
    images
        By place in the collection.
    regions
        Pieces of those in the joint problem, likewise.
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
        self._sights: dict[int, Sight] = {}
        # Of every corrected image the mask that was carried, and where to.
        self._known: dict[int, tuple[MaskArray, dict[int, _Carried]]] = {}

    def heed(
        self,
        taught: Mapping[int, FloatArray],
        masks: Mapping[int, MaskArray],
        progress: Progress,
    ) -> dict[int, FloatArray]:
        """Move what was taught of the other images towards the masks carried to them.

        Parameters
        ----------
        taught
            (S,) of every image in the joint problem, in [0, 1].
        masks
            Of the corrected images, (H, W) bool each.
        progress
            Told of every image, and the way to cancel.

        Returns
        -------
        dict of (S,) float64
            Of every image, in [0, 1]; of the corrected ones as taught.

        Raises
        ------
        Cancelled
            If the progress was cancelled.
        """
        self._carry(masks, progress)
        heeded = dict(taught)
        for place in taught.keys() - masks.keys():
            carried = [known[place] for _, known in self._known.values() if place in known]
            area = self._regions[place].superpixels.area
            heeded[place] = heed_carried(
                taught[place],
                [(found.share, found.support) for found in carried],
                area.astype(np.float64),
            )
        return heeded

    def _carry(self, masks: Mapping[int, MaskArray], progress: Progress) -> None:
        """Bring what is known to these masks; an empty one has nothing to carry."""
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
            sources = {place: self._show(place, mask) for place, mask in fresh.items()}
            found: dict[int, dict[int, _Carried]] = {place: {} for place in fresh}

            def keep(position: int, carried: dict[int, _Carried]) -> None:
                for source, one in carried.items():
                    found[source][places[position]] = one

            def carry(place: int) -> dict[int, _Carried]:
                return self._carry_to(place, sources)

            for_each(carry, places, keep, progress, workers=self._workers)
            known |= {place: (mask, found[place]) for place, mask in fresh.items()}
        # In one order, whichever were known: sums depend on it in the last digit.
        self._known = {place: known[place] for place in masks}

    @one_thread
    def _carry_to(self, place: int, sources: Mapping[int, Sight]) -> dict[int, _Carried]:
        own, carried = self._see(place), {}
        for source, shown in sources.items():
            met = meet(own, shown) if source != place else None
            if met is not None:
                pixels = own.enlarge(met.carried.astype(np.float64))
                share = self._regions[place].superpixels.pool(pixels)
                carried[source] = _Carried(share, met.support)
        return carried

    def _see(self, place: int) -> Sight:
        """Return an image as the run left it, and remember it."""
        if place not in self._sights:
            found = map_gradients(self._images[place], SIZE, CELL, PATCH)
            values = found.values.astype(np.float32)
            length = np.maximum(np.linalg.norm(values, axis=-1, keepdims=True), 1.0)
            cells = replace(found, values=(values / length).astype(np.float16))
            prior = self._regions[place].saliency_map
            self._sights[place] = see_image(cells, prior)
        return self._sights[place]

    def _show(self, place: int, mask: MaskArray) -> Sight:
        """Return a corrected image, of which its mask is known."""
        shape = self._regions[place].saliency_map.shape
        return see_image(self._see(place).cells, area_means(mask, shape))


def heed_carried(
    taught: FloatArray, carried: Sequence[tuple[FloatArray, float]], area: FloatArray
) -> FloatArray:
    """Move what was taught of an image towards the masks that were carried there.

    Parameters
    ----------
    taught : (S,) float64
        In [0, 1].
    carried
        Shares (S,) of superpixels that carried masks cover, and how much each counts.
    area : (S,) float64
        Of the superpixels.
    """
    total = sum(support for _, support in carried)
    if total <= 0:
        return taught
    mean = sum(support * share for share, support in carried) / total
    both, either = area @ np.minimum(taught, mean), area @ np.maximum(taught, mean)
    agreed = both / either if either > 0 else 0.0
    return np.asarray(taught + agreed**2 * (mean - taught))
