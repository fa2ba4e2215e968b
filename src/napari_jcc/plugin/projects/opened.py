"""A project or a saved result, as layers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from napari.utils.notifications import show_warning

from napari_jcc.collection import ImageCollection
from napari_jcc.errors import InputError
from napari_jcc.interaction import ImageKey
from napari_jcc.plugin.layers import LayerData, to_layers
from napari_jcc.plugin.placement import Placement
from napari_jcc.plugin.shown import Answer
from napari_jcc.plugin.stack import stack_layer
from napari_jcc.plugin.summary import summarise
from napari_jcc.project import LoadReport, Project, load_project

PROJECT_KEY = "napari_jcc_project"
"""Where the layers of a project keep the `Project`."""

PROJECT_PATH_KEY = "napari_jcc_project_path"
"""Where they keep its file."""

OPENED_KEY = "napari_jcc_opened"
"""Where they keep the `Opened` that they all belong to."""


@dataclass(frozen=True, eq=False)
class Opened:
    """A project with its images, ready to be gone on with.

    Attributes
    ----------
    project, report
        What `load_project` returned.
    path
        The user's file; None for a recovered session that was never saved.
    collection
        Images that are there; None if not one is.
    answer
        The part of the result that is shown; None without result.
    is_saved
        Whether the file has it as it is; not one from an automatic copy.
    folder
        Where a run wrote the result, if the project was made of that.
    """

    project: Project
    report: LoadReport
    path: Path | None
    collection: ImageCollection | None
    answer: Answer | None
    is_saved: bool = True
    folder: Path | None = None

    @property
    def name(self) -> str:
        """Name of the project, for layers."""
        if self.path is not None:
            return self.path.stem
        return "recovered" if self.folder is None else self.folder.name

    def messages(self) -> tuple[str, ...]:
        """Say what is no longer as it was, and what to do about it in the window."""
        hint = "Project, Find images… looks for them in a folder that you choose."
        return (*self.report.messages(), *([hint] if self.report.missing else []))

    @property
    def layer_count(self) -> int:
        """How many layers show it."""
        return (self.collection is not None) + 2 * (self.answer is not None)

    def keys(self) -> tuple[ImageKey, ...]:
        """Keys of the images that are answered, by which the edits know them."""
        contents = {image.name: image.fingerprint for image in self.project.inputs}
        images = () if self.answer is None else self.answer.result.images
        return tuple(ImageKey(i.name, contents.get(i.name, "")) for i in images)

    def layers(self) -> list[LayerData]:
        """Images, masks with the user's edits, and boxes, as far as they are there.

        Raises
        ------
        InputError
            If the project holds neither images nor a result.
        """
        found: list[LayerData] = []
        if self.collection is not None:
            found.append(stack_layer(self.collection, self.name))
        if self.answer is not None:
            shown = self.answer
            prefix = f"{self.name} "
            parts = to_layers(shown.result, shown.placement, shown.collection, prefix)
            found += parts[1:]  # the saliency comes with the next run
        if not found:
            raise InputError(
                f"The project {self.name} has no result, and none of its images is where "
                "it was. Find them by: napari-jcc project info "
                f"{self.name}.jcc --root FOLDER"
            )
        kept = {PROJECT_KEY: self.project, PROJECT_PATH_KEY: str(self.path or "")}
        for _, options, _ in found:
            options["metadata"] = {**options["metadata"], **kept, OPENED_KEY: self}
        return found


def open_project(path: Path, root: Path | None = None) -> list[LayerData]:
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
    project, report = load_project(path, root)
    return show_project(project, report, path)


def show_project(
    project: Project,
    report: LoadReport,
    path: Path | None,
    *,
    is_saved: bool = True,
    folder: Path | None = None,
) -> list[LayerData]:
    """Show a project that was read, as `open_project`; see `Opened`."""
    try:
        collection = project.open_images()
    except InputError:
        collection = None
    answer = _answer(project, collection)
    opened = Opened(project, report, path, collection, answer, is_saved, folder)
    if not report.is_clean:
        show_warning("\n".join(opened.messages()))
    return opened.layers()


def _answer(project: Project, collection: ImageCollection | None) -> Answer | None:
    """Find the part of the result that can be shown, edits laid over."""
    result = project.edited_result()
    if result is None:
        return None
    if collection is None:
        collection = project.masks_as_images(result)
    found = {image.name: image for image in result.images}
    places = [i for i, name in enumerate(collection.names) if name in found]
    if not places:
        return None
    images = tuple(found[collection.names[i]] for i in places)
    placement = Placement.of_stack(collection).select(places)
    shown = collection if len(places) == len(collection) else collection.select(places)
    result = replace(result, images=images)
    summary = summarise(result)
    return Answer(result, shown, placement, source=collection, summary=summary)
