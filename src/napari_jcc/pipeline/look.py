"""The stage that learns what pixels of the object look like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from napari_jcc._types import FloatArray
from napari_jcc.pipeline import stages
from napari_jcc.pipeline.cache import digest
from napari_jcc.pipeline.working_set import WorkingSet
from napari_jcc.regions import ImageRegions
from napari_jcc.results.look import Look, choose_teachers, learn_look


def find_look(
    key: str,
    work: WorkingSet,
    regions: Sequence[ImageRegions],
    values: Mapping[int, tuple[FloatArray, FloatArray]],
) -> Look | None:
    """Learn what objects look like in the set, if the settings ask for it.

    Parameters
    ----------
    key
        Of all that the scores and priors depend on.
    work : WorkingSet
        The set.
    regions
        Their pieces, and the prior.
    values
        y and z by the place of their image. Images without teach nothing.
    """
    if work.config.decode.refinement != "look" or not values:
        return None

    def compute() -> Look:
        decided = sorted(values)
        places = [decided[i] for i in choose_teachers(len(decided))]
        tasks = [(work.images[i], regions[i], values[i]) for i in places]
        samples = work.keeper.map("Look", stages.sample_look, [""] * len(tasks), tasks)
        return learn_look(samples)

    return work.keeper.once(digest("look", key), compute)
