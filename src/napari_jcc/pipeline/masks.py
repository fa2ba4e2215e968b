"""What is learned from the masks of a set: their thresholds, and a pixel classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from napari_jcc._types import FloatArray
from napari_jcc.pipeline import stages
from napari_jcc.pipeline.cache import digest
from napari_jcc.pipeline.working_set import WorkingSet
from napari_jcc.priors.masks import DIMENSIONS, choose_masks
from napari_jcc.regions import ImageRegions
from napari_jcc.results.cuts import CUTS, OWN_CUT, Cut
from napari_jcc.results.pixel_classifier import (
    PixelClassifier,
    choose_training_images,
    fit_pixel_classifier,
)


def choose_cuts(
    key: str,
    work: WorkingSet,
    regions: Sequence[ImageRegions],
    values: Mapping[int, tuple[FloatArray, FloatArray]],
) -> list[Cut]:
    """Choose the cut of every image: learned from the set, or the same rule for all.

    Parameters
    ----------
    key
        Cache key of all that the smoothed maps depend on.
    work : WorkingSet
        The set.
    regions
        Superpixels and prior of every image.
    values
        y and z by the index of their image; images without them are cut by the prior.
    """
    if not work.config.learns_cuts:
        return [OWN_CUT] * len(work.images)

    decode = work.config.decode

    def compute() -> tuple[int, ...]:
        tasks = [
            (image, pieces, values.get(place), cells, decode)
            for place, (image, pieces, cells) in enumerate(
                zip(work.images, regions, work.encoded.cells(DIMENSIONS), strict=True)
            )
        ]
        described = work.runner.map("Cuts", stages.describe_cuts, [""] * len(tasks), tasks)
        features, overlaps = zip(*described, strict=True)
        return tuple(choose_masks(features, overlaps, CUTS.index(OWN_CUT)))

    sources = work.encoded.extend([key], "learned cuts", work.config.features)
    return [CUTS[number] for number in work.runner.cached(digest(*sources), compute)]


def learn_pixel_classifier(
    key: str,
    work: WorkingSet,
    regions: Sequence[ImageRegions],
    values: Mapping[int, tuple[FloatArray, FloatArray]],
) -> PixelClassifier | None:
    """Fit the pixel classifier of ``decode.refinement=look``, if the settings ask for it.

    Parameters are those of `choose_cuts`; images without values are not learned from.
    """
    decode = work.config.decode
    if decode.refinement != "look" or not values:
        return None

    def compute() -> PixelClassifier:
        decided = sorted(values)
        places = [decided[i] for i in choose_training_images(len(decided))]
        tasks = [(work.images[i], regions[i], values[i], decode) for i in places]
        samples = work.runner.map(
            "Pixel classifier", stages.sample_training_pixels, [""] * len(tasks), tasks
        )
        return fit_pixel_classifier(samples)

    return work.runner.cached(digest("pixel classifier", key), compute)
