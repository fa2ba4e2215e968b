"""What the settings leave to the images, measured over the whole set."""

from __future__ import annotations

from napari_jcc.config import DecodeConfig, JccConfig, SaliencyConfig
from napari_jcc.pipeline.stage_runner import extend_keys
from napari_jcc.pipeline.stages import compare_objects
from napari_jcc.pipeline.working_set import WorkingSet
from napari_jcc.regions import fit_saliency, vote_on_width
from napari_jcc.results import ImageResult
from napari_jcc.results.decode import join_touching
from napari_jcc.results.parting import are_compact


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


def settle_touching(
    work: WorkingSet, results: list[ImageResult]
) -> tuple[list[ImageResult], DecodeConfig]:
    """Decide whether touching objects are parted, if the settings leave it open.

    Parameters
    ----------
    work
        The settings and runner.
    results
        Of all images, with touching objects parted.

    Returns
    -------
    results
        With touching objects joined, where the objects of the set are not compact.
    settings
        Of decoding, with what was decided.
    """
    settings = work.config.decode
    several = any(image.instances is not None for image in results)
    if settings.touching != "auto" or not several:
        return results, settings
    tasks, uncached = [(image,) for image in results], [""] * len(results)
    compared = work.runner.map("Touching objects", compare_objects, uncached, tasks)
    if are_compact(compared):
        return results, settings.model_copy(update={"touching": "parted"})
    joined = work.runner.map("Touching objects", join_touching, uncached, tasks)
    return joined, settings.model_copy(update={"touching": "joined"})


def list_measured(given: JccConfig, used: JccConfig) -> dict[str, float | str]:
    """List the settings that were found, by key."""
    before, after = given.model_dump(), used.model_dump()
    return {
        f"{section}.{name}": after[section][name]
        for section in ("saliency", "decode")
        for name in after[section]
        if after[section][name] != before[section][name]
    }
