"""A folder written by a run, as a project to go on with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from napari_jcc.config.presets import closest_preset
from napari_jcc.errors import InputError
from napari_jcc.plugin.layers import LayerData
from napari_jcc.plugin.projects.opened import show_project
from napari_jcc.project import ImageInput, LoadReport, Project, describe_inputs
from napari_jcc.results import ImageResult
from napari_jcc.results.saved import SavedResult, read_result

_ALONE = (
    "The images are not where they were, or not as large, so masks and boxes are shown "
    "alone: what you draw teaches nothing. Put the images back and open the folder again."
)


def open_saved_result(folder: Path) -> list[LayerData]:
    """Read a saved result as layers: images where they still are, masks and boxes.

    A dock goes on with them as with a project that was never saved.

    Raises
    ------
    InputError
        If the result cannot be read.
    """
    saved = read_result(folder)
    inputs = _find_inputs(saved)
    config = saved.result.config
    notes: tuple[str, ...] = ()
    if inputs is None:
        inputs = tuple(map(_unfiled, saved.result.images))
        notes = (_ALONE,)
    project = Project(inputs, config, closest_preset(config), saved.result)
    return show_project(project, LoadReport(notes=notes), None, folder=folder)


def _find_inputs(saved: SavedResult) -> tuple[ImageInput, ...] | None:
    """Describe the images by the names they had; None where one is gone or has changed."""
    collection = saved.open_images()
    if collection is None:
        return None
    try:
        found = describe_inputs(collection)
    except (InputError, OSError):
        return None
    return tuple(
        replace(one, name=image.name)
        for one, image in zip(found, saved.result.images, strict=True)
    )


def _unfiled(image: ImageResult) -> ImageInput:
    height, width = image.mask.shape
    return ImageInput(image.name, path="", page=0, shape=(height, width), fingerprint="")
