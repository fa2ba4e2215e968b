"""What the settings of saliency leave to the images, measured over the whole set."""

from __future__ import annotations

from napari_jcc.config import SaliencyConfig
from napari_jcc.pipeline.stage_runner import extend_keys
from napari_jcc.pipeline.working_set import WorkingSet
from napari_jcc.regions import fit_saliency, vote_on_width


def measure_objects(work: WorkingSet, keys: list[str]) -> SaliencyConfig:
    """Return the settings of saliency, with what was found for what they leave open.

    Parameters
    ----------
    work
        The images, settings and runner.
    keys
        Cache keys of the images.
    """
    settings = work.config.saliency
    if not settings.measures_objects:
        return settings
    keys = extend_keys(keys, "object width", None)
    tasks = [(image,) for image in work.images]
    return fit_saliency(
        settings, work.runner.map("Object width", vote_on_width, keys, tasks)
    )


def list_measured(given: SaliencyConfig, used: SaliencyConfig) -> dict[str, float | str]:
    """List the settings that were found, by key."""
    before, after = given.model_dump(), used.model_dump()
    return {
        f"saliency.{name}": after[name] for name in after if after[name] != before[name]
    }
