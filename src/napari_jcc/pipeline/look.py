"""The stage that learns what pixels of the object look like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from napari_jcc._types import FloatArray, ImageArray
from napari_jcc.config import JccConfig
from napari_jcc.pipeline import stages
from napari_jcc.pipeline.cache import digest
from napari_jcc.pipeline.keeper import Keeper
from napari_jcc.regions import ImageRegions
from napari_jcc.results.look import Look, choose_teachers, learn_look


def find_look(
    key: str,
    images: Sequence[ImageArray],
    regions: Sequence[ImageRegions],
    values: Mapping[int, tuple[FloatArray, FloatArray]],
    config: JccConfig,
    keeper: Keeper,
) -> Look | None:
    """Learn what objects look like in the set, if the settings ask for it.

    Parameters
    ----------
    key
        Of all that the scores and priors depend on.
    images
        The set, at working size.
    regions
        Their pieces, and the prior.
    values
        y and z by the place of their image. Images without teach nothing.
    config
        Settings of the run.
    keeper
        Where results are kept.
    """
    if config.decode.refinement != "look" or not values:
        return None

    def compute() -> Look:
        decided = sorted(values)
        places = [decided[i] for i in choose_teachers(len(decided))]
        tasks = [stages.SampleTask(images[i], regions[i], values[i]) for i in places]
        samples = keeper.map("Look", stages.sample_look, [""] * len(tasks), tasks)
        return learn_look(samples)

    return keeper.once(digest("look", key), compute)
