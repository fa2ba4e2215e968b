"""What the set teaches about its masks: where they are cut, and what pixels look like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from napari_jcc._types import FloatArray
from napari_jcc.pipeline import stages
from napari_jcc.pipeline.cache import digest
from napari_jcc.pipeline.working_set import WorkingSet
from napari_jcc.priors.masks import DIMENSIONS, choose_masks
from napari_jcc.regions import ImageRegions
from napari_jcc.results.cuts import CUTS, OWN_CUT, Cut
from napari_jcc.results.look import Look, choose_teachers, learn_look


def choose_cuts(
    key: str,
    work: WorkingSet,
    regions: Sequence[ImageRegions],
    values: Mapping[int, tuple[FloatArray, FloatArray]],
) -> list[Cut]:
    """Choose the cut of every image as the set teaches, or by the common rule.

    Parameters
    ----------
    key
        Of all that the smoothed maps depend on.
    work : WorkingSet
        The set.
    regions
        Their pieces, and the prior.
    values
        y and z by the place of their image; the prior alone counts in images without.
    """
    if not work.config.learns_cuts:
        return [OWN_CUT] * len(work.images)

    def compute() -> tuple[int, ...]:
        tasks = [
            (image, pieces, values.get(place), cells)
            for place, (image, pieces, cells) in enumerate(
                zip(work.images, regions, work.encoded.cells(DIMENSIONS), strict=True)
            )
        ]
        described = work.runner.map("Cuts", stages.describe_cuts, [""] * len(tasks), tasks)
        features, overlaps = zip(*described, strict=True)
        return tuple(choose_masks(features, overlaps, CUTS.index(OWN_CUT)))

    sources = work.encoded.extend([key], "learned cuts", work.config.features)
    return [CUTS[number] for number in work.runner.cached(digest(*sources), compute)]


def find_look(
    key: str,
    work: WorkingSet,
    regions: Sequence[ImageRegions],
    values: Mapping[int, tuple[FloatArray, FloatArray]],
) -> Look | None:
    """Learn what objects look like in the set, if the settings ask for it.

    Parameters are those of `choose_cuts`; images without values teach nothing.
    """
    if work.config.decode.refinement != "look" or not values:
        return None

    def compute() -> Look:
        decided = sorted(values)
        places = [decided[i] for i in choose_teachers(len(decided))]
        tasks = [(work.images[i], regions[i], values[i]) for i in places]
        samples = work.runner.map("Look", stages.sample_look, [""] * len(tasks), tasks)
        return learn_look(samples)

    return work.runner.cached(digest("look", key), compute)
