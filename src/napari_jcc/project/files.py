"""A project as one file, written whole and read with care."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import napari_jcc
from napari_jcc.atomic import explained, replacing
from napari_jcc.collection.axes import Axis
from napari_jcc.collection.spacing import Spacing
from napari_jcc.config.saved import read_settings
from napari_jcc.errors import InputError
from napari_jcc.project.archive import reading, write_archive
from napari_jcc.project.content import (
    Arrays,
    describe_edits,
    describe_numbers,
    describe_result,
    read_edits,
    read_numbers,
    read_result,
)
from napari_jcc.project.inputs import Found, ImageInput, Search, relative_to
from napari_jcc.project.project import Project
from napari_jcc.project.report import LoadReport
from napari_jcc.project.schema import (
    FORMAT,
    FORMAT_VERSION,
    ProjectRecord,
    check_record,
)

EXTENSION = ".jcc"


@dataclass(frozen=True)
class ProjectHeader:
    """What can be told of a project without reading its arrays.

    Attributes
    ----------
    program_version
        Of the program that saved it.
    saved
        When, in UTC.
    origin
        For an automatic copy: the file that the user saved the project to, or empty.
    images
        How many images it has.
    answered
        How many of them have a mask.
    """

    program_version: str
    saved: datetime
    origin: str
    images: int
    answered: int


def save_project(
    project: Project, path: str | os.PathLike[str], *, origin: str = ""
) -> Path:
    """Write a project to one file.

    The file is complete on the disk before it takes the place of a former one: when there
    is no space left, or the program or the machine stops in between, the former one is
    still there.

    Parameters
    ----------
    project
        What to keep.
    path
        File, by custom with the extension ``.jcc``.
    origin
        For an automatic copy: the file that the user saves the project to.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    path = Path(path)
    arrays: Arrays = {}
    outline = _outline(project, Path(os.path.abspath(path)).parent, origin, arrays)
    with explained(path, "the project"):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            write_archive(file, outline, arrays.items())
    return path


def load_project(
    path: str | os.PathLike[str], root: str | os.PathLike[str] | None = None
) -> tuple[Project, LoadReport]:
    """Read a project, and look for its images.

    Images are looked for at the same place relative to the project, at their former path,
    at the same places below the project's folder and `root`, and in the folders beside the
    project; below `root` also by content, so that other names do not matter.

    Parameters
    ----------
    path
        What `save_project` wrote, by this or an earlier version of the program.
    root
        Folder that images have moved to, searched with all its subfolders.

    Returns
    -------
    project
        With the files as they are now. Images that are missing stay in it.
    report
        What is missing, has moved or changed, and settings that are not as they were.

    Raises
    ------
    InputError
        If the file cannot be read, is damaged, or was written by a later version, or
        `root` is no folder.
    """
    path = Path(path)
    search = _search(Path(os.path.abspath(path)).parent, root)
    with reading(path) as archive:
        record = check_record(archive.outline(), str(path))
        config, notes = read_settings(record.config, record.preset)
        result = read_result(record, archive)
        edits = read_edits(record.edits, archive)
        numbers = read_numbers(record, archive)
    found = [search.find(ImageInput(**item.model_dump())) for item in record.inputs]
    truth, truth_notes = _find_truth(record, search)
    project = Project(
        inputs=tuple(item.image for item in found),
        config=config,
        preset=record.preset,
        result=result,
        edits=edits,
        numbers=numbers,
        statuses=record.statuses,
        truth=truth,
        axes=_read_axes(record),
        spacing=None if record.spacing is None else Spacing(**record.spacing.model_dump()),
    )
    return project, _report(found, (*notes, *truth_notes, *_cache_notes(project)))


def find_images_again(
    project: Project, root: str | os.PathLike[str]
) -> tuple[Project, LoadReport]:
    """Look for the images of a project that is open, as `load_project` with a `root`.

    Raises
    ------
    InputError
        If `root` is no folder.
    """
    search = _search(Path(root), root)
    found = [search.find(image) for image in project.inputs]
    inputs = tuple(item.image for item in found)
    return replace(project, inputs=inputs), _report(found, ())


def read_header(path: str | os.PathLike[str]) -> ProjectHeader:
    """Tell when a project was saved and how many images it has.

    Raises
    ------
    InputError
        As `load_project`.
    """
    with reading(Path(path)) as archive:
        record = check_record(archive.outline(), str(path))
    answered = 0 if record.result is None else len(record.result.images)
    return ProjectHeader(
        record.program_version, record.saved, record.origin, len(record.inputs), answered
    )


def _outline(project: Project, folder: Path, origin: str, arrays: Arrays) -> dict[str, Any]:
    result = project.result
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "program_version": napari_jcc.__version__,
        "saved": datetime.now(UTC).isoformat(timespec="seconds"),
        "origin": origin,
        "preset": project.preset,
        "config": project.config.model_dump(mode="json"),
        "inputs": [
            asdict(image) | {"relative": relative_to(image.path, folder)}
            for image in project.inputs
        ],
        "statuses": dict(project.statuses),
        "truth": {
            "path": os.path.abspath(project.truth) if project.truth else "",
            "relative": relative_to(project.truth, folder),
        },
        "result": None if result is None else describe_result(result, arrays),
        "edits": describe_edits(project.edits, arrays),
        "numbers": describe_numbers(project.numbers, arrays),
        "axes": None if project.axes is None else [axis._asdict() for axis in project.axes],
        "spacing": None if project.spacing is None else project.spacing._asdict(),
    }


def _read_axes(record: ProjectRecord) -> tuple[Axis, ...] | None:
    axes = record.axes
    return None if axes is None else tuple(Axis(**axis.model_dump()) for axis in axes)


def _find_truth(record: ProjectRecord, search: Search) -> tuple[str, tuple[str, ...]]:
    truth = record.truth
    if not truth.path:
        return "", ()
    place = search.find_path(truth.path, truth.relative)
    if place:
        return place, ()
    return truth.path, (f"The truth is gone: {truth.path}. Choose it again.",)


def _cache_notes(project: Project) -> tuple[str, ...]:
    folder = project.config.runtime.cache_folder
    if not folder or os.path.isdir(folder):
        return ()
    note = f"The cache folder {folder} is gone. The next run computes everything again."
    return (note,)


def _search(folder: Path, root: str | os.PathLike[str] | None) -> Search:
    if root is not None and not Path(root).is_dir():
        raise InputError(f"There is no folder {root} to search for images. Check its name.")
    return Search(folder, None if root is None else Path(root))


def _report(found: list[Found], notes: tuple[str, ...]) -> LoadReport:
    def files(state: str) -> dict[str, str]:
        return {item.image.name: item.image.path for item in found if item.state == state}

    return LoadReport(
        missing=files("missing"),
        moved=files("moved"),
        changed=files("changed"),
        unfiled=tuple(files("unfiled")),
        notes=notes,
    )
