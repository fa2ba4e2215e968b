"""Segmentation of images that learns from the corrections of a project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_jcc.collection import ImageCollection
from napari_jcc.config import CollectionConfig, JccConfig, as_config
from napari_jcc.errors import InputError
from napari_jcc.interaction import Corrector, ImageKey, image_keys
from napari_jcc.pipeline import Cache, Images, Run, as_collection
from napari_jcc.progress import Progress, as_progress
from napari_jcc.project.inputs import GONE, open_inputs
from napari_jcc.project.project import Project
from napari_jcc.results import ImageResult, JccResult

if TYPE_CHECKING:
    from distributed import Client


def segment_taught(
    inputs: Images,
    project: Project,
    config: JccConfig | Mapping[str, Any] | None = None,
    *,
    cache: Cache | None = None,
    client: Client | None = None,
    progress: Progress | None = None,
) -> JccResult:
    """Segment images, learning from the corrections of a project.

    The corrected images of the project are added to the set, which is then solved under
    their edits as in the window (`Corrector.settle`). For the project's own images and
    settings, the result is the one shown in the window.

    Parameters
    ----------
    inputs
        Images, as `napari_jcc.segment` takes them. They may include images of the project,
        which are recognised by their content.
    project
        Source of the corrections. Its images without corrections are not used.
    config
        Settings; None: those of the project.
    cache, client, progress
        As for `Run`.

    Returns
    -------
    JccResult
        Results for `inputs` only, with the edits applied to those that were corrected.

    Raises
    ------
    InputError
        If the project has no corrections, or none of the images corrected can be opened.
    ConfigError, SolverError, Cancelled
        As for `Run` and `Corrector`.
    """
    settings = project.config if config is None else as_config(config)
    images, progress = as_collection(inputs), as_progress(progress)
    everything = join_corrected(images, project, settings.collection)
    run = Run(everything, settings, cache=cache, client=client, progress=progress)
    finished = run.finish()
    held = _find_held(project, settings, image_keys(finished.collection))
    corrector = Corrector(finished, project.edits, held=held)
    if not corrector.edited:
        raise InputError(
            "None of the images that were corrected can be used any more: "
            f"{'; '.join(finished.result.skipped.values())}. Put them back."
        )
    settled = corrector.settle(progress)
    asked = set(images.names)
    return replace(
        settled.result,
        images=tuple(image for image in settled.result.images if image.name in asked),
        seconds={**settled.result.seconds, "Corrections": settled.seconds},
    )


def join_corrected(
    images: ImageCollection, project: Project, config: CollectionConfig
) -> ImageCollection:
    """Append the corrected images of a project whose content is not among `images`.

    Raises
    ------
    InputError
        If the project has no corrections, or none of the images corrected can be opened.
    """
    corrected = set(project.edits.edited)
    teachers = [image for image in project.inputs if image.key in corrected]
    if not teachers:
        raise InputError(
            "The project has no corrections on images of its own, so there is nothing to "
            "learn from. Paint or erase on a few masks in the window and save it."
        )
    present = {images.fingerprint(place) for place in range(len(images))}
    absent = [image for image in teachers if image.fingerprint not in present]
    if not absent:
        return images
    try:
        opened = open_inputs(absent, config)
    except InputError:
        if len(absent) == len(teachers):
            raise
        gone = {image.path or image.name: GONE for image in absent}
        return images.select(range(len(images)), gone)
    contents = {image.name: image.fingerprint for image in absent}
    same = [
        place
        for place, name in enumerate(opened.names)
        if opened.fingerprint(place) == contents[name]
    ]
    changed = {
        opened.location(place): "has other content than when it was corrected"
        for place in range(len(opened))
        if place not in same
    }
    if not same and len(absent) == len(teachers):
        raise InputError(
            f"None of the {len(teachers)} images that were corrected has the content it "
            f"had then, such as {next(iter(changed))}. Put the images back."
        )
    return _append(images, opened.select(same, changed))


def _append(images: ImageCollection, others: ImageCollection) -> ImageCollection:
    names = list(images.names)
    for name in others.names:
        while name in names:
            name = f"corrected/{name}"
        names.append(name)
    sources = images.sources + others.sources
    skipped = {**images.skipped, **others.skipped}
    return ImageCollection(sources, tuple(names), images.config, skipped, (len(names),))


def _find_held(
    project: Project, config: JccConfig, keys: Sequence[ImageKey]
) -> dict[ImageKey, ImageResult]:
    """Return the results that corrected images keep: those shown with these settings."""
    if project.result is None or not _same_answer(project.result.config, config):
        return {}
    answers = {image.name: image for image in project.result.images}
    corrected = set(project.edits.edited)
    seen = {
        image.fingerprint: answers[image.name]
        for image in project.inputs
        if image.name in answers and image.key in corrected
    }
    return {
        key: replace(seen[key.fingerprint], name=key.name)
        for key in keys
        if key.fingerprint in seen
    }


def _same_answer(config: JccConfig, other: JccConfig) -> bool:
    """Whether two settings differ at most in the section ``runtime``."""
    return config.model_copy(update={"runtime": other.runtime}) == other
