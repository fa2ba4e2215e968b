"""A project, as layers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from napari.utils.notifications import show_warning

from napari_jcc.collection import ImageCollection
from napari_jcc.errors import InputError
from napari_jcc.plugin.layers import LayerData, to_layers
from napari_jcc.plugin.placement import Placement
from napari_jcc.plugin.stack import stack_layer
from napari_jcc.project import Project, load_project

PROJECT_KEY = "napari_jcc_project"
"""Where the layers of a project keep the `Project`."""

PROJECT_PATH_KEY = "napari_jcc_project_path"
"""Where they keep its file."""


def open_project(path: Path) -> list[LayerData]:
    """Read a project as layers: its images, masks with the user's edits, and boxes.

    Images are read when they are looked at; those that are missing are left out, with
    their masks, which the project in the layers' metadata still has. What is missing, has
    moved or changed is told in a warning. Where no image is left, masks and boxes are
    shown alone.

    Raises
    ------
    InputError
        If the file cannot be read, or holds neither images nor a result.
    """
    project, report = load_project(path)
    if not report.is_clean:
        show_warning("\n".join(report.messages()))
    kept = {PROJECT_KEY: project, PROJECT_PATH_KEY: str(path)}
    layers = _layers(project, path.stem)
    for _, options, _ in layers:
        options["metadata"] = {**options["metadata"], **kept}
    return layers


def _layers(project: Project, name: str) -> list[LayerData]:
    try:
        collection = project.open_images()
    except InputError:
        return _answers_alone(project, name)
    return [stack_layer(collection, name), *_answers(project, collection, name)]


def _answers(project: Project, collection: ImageCollection, name: str) -> list[LayerData]:
    result = project.edited_result()
    found = {} if result is None else {image.name: image for image in result.images}
    places = [i for i, image in enumerate(collection.names) if image in found]
    if result is None or not places:
        return []
    shown = replace(result, images=tuple(found[collection.names[i]] for i in places))
    placement = Placement.of_stack(collection).select(places)
    return to_layers(shown, placement, collection.select(places), f"{name} ")[1:]


def _answers_alone(project: Project, name: str) -> list[LayerData]:
    if project.result is None:
        raise InputError(
            f"The project {name} has no result, and none of its images is where it was. "
            f"Find them by: napari-jcc project info {name}.jcc --root FOLDER"
        )
    masks = [image.mask for image in project.result.images]
    names = [image.name for image in project.result.images]
    return _answers(project, ImageCollection.from_arrays(masks, names=names), name)
