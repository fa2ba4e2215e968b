"""The stage that decides where the smoothed map of every image is cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from napari_jcc._types import FloatArray, ImageArray
from napari_jcc.config import JccConfig
from napari_jcc.pipeline import stages
from napari_jcc.pipeline.cache import digest
from napari_jcc.pipeline.encoding import EncodedImages
from napari_jcc.pipeline.keeper import Keeper
from napari_jcc.priors.masks import DIMENSIONS, choose_masks
from napari_jcc.regions import ImageRegions
from napari_jcc.results.cuts import CUTS, OWN_CUT, Cut


def choose_cuts(
    key: str,
    images: Sequence[ImageArray],
    regions: Sequence[ImageRegions],
    values: Mapping[int, tuple[FloatArray, FloatArray]],
    encoded: EncodedImages,
    config: JccConfig,
    keeper: Keeper,
) -> list[Cut]:
    """Choose the cut of every image as the set teaches, or by the common rule.

    Parameters
    ----------
    key
        Of all that the smoothed maps depend on.
    images
        The set, at working size.
    regions
        Their pieces, and the prior.
    values
        y and z by the place of their image; the prior alone counts in images without.
    encoded
        The encoder's maps of the same images.
    config
        Settings of the run.
    keeper
        Where results are kept.
    """
    if not config.learns_cuts:
        return [OWN_CUT] * len(images)

    def compute() -> tuple[int, ...]:
        tasks = [
            stages.CutTask(image, pieces, values.get(place), cells)
            for place, (image, pieces, cells) in enumerate(
                zip(images, regions, encoded.cells(DIMENSIONS), strict=True)
            )
        ]
        described = keeper.map("Cuts", stages.describe_cuts, [""] * len(tasks), tasks)
        features, overlaps = zip(*described, strict=True)
        return tuple(choose_masks(features, overlaps, CUTS.index(OWN_CUT)))

    sources = encoded.extend([key], "learned cuts", config.features)
    return [CUTS[number] for number in keeper.once(digest(*sources), compute)]
