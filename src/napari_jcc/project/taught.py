"""Images segmented as the corrections of a project teach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_jcc.collection import ImageCollection
from napari_jcc.config import CollectionConfig, JccConfig, as_config
from napari_jcc.errors import InputError
from napari_jcc.interaction import Corrector, ImageKey, image_keys
from napari_jcc.pipeline import Cache, Run, as_collection
from napari_jcc.progress import Progress, as_progress
from napari_jcc.project.inputs import open_inputs
from napari_jcc.project.project import Project
from napari_jcc.results import ImageResult, JccResult

if TYPE_CHECKING:
    from distributed import Client


def segment_taught(
    inputs: Any,
    project: Project,
    config: JccConfig | Mapping[str, Any] | None = None,
    *,
    cache: Cache | None = None,
    client: Client | None = None,
    progress: Progress | None = None,
) -> JccResult:
    """Find the object in images, taught by what was corrected in a project.

    The corrected images of the project join the set, and the set is settled under their
    edits, as in the window. On the project's own images, by its own settings, the answer is
    the one that the window shows.

    Parameters
    ----------
    inputs
        Images, as `napari_jcc.segment` takes them. Those of the project may be among them;
        they are known again by their content.
    project
        Where the corrections are; what else was segmented there does not count.
    config
        Settings; None: the project's.
    cache, client, progress
        As of `Run`.

    Returns
    -------
    JccResult
        Of `inputs` alone. Edits are laid over those of them that were corrected.

    Raises
    ------
    InputError
        If the project has no corrections, or none of the images corrected can be opened.
    ConfigError, SolverError, Cancelled
        As of `Run` and `Corrector`.
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
    result = corrector.settle(progress).result
    asked = set(images.names)
    return replace(
        result, images=tuple(image for image in result.images if image.name in asked)
    )


def join_corrected(
    images: ImageCollection, project: Project, config: CollectionConfig
) -> ImageCollection:
    """Append the corrected images of a project that are not among `images` by content.

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
    contents = {image.name: image.fingerprint for image in absent}
    opened = open_inputs(absent, config)
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
    """Answers that corrected images keep: those that the user saw, by these settings."""
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
    """Whether settings differ in nothing but where and how fast they are computed."""
    return config.model_copy(update={"runtime": other.runtime}) == other
