"""Projects: a session in one file, its recovery, and other images taught by it."""

from napari_jcc.project.files import (
    ProjectHeader,
    find_images_again,
    load_project,
    read_header,
    save_project,
)
from napari_jcc.project.inputs import ImageInput, describe_inputs
from napari_jcc.project.project import ImageStatus, Project
from napari_jcc.project.recovery import Autosave, Recoverable, find_recoverable
from napari_jcc.project.report import LoadReport
from napari_jcc.project.taught import segment_taught

__all__ = [
    "Autosave",
    "ImageInput",
    "ImageStatus",
    "LoadReport",
    "Project",
    "ProjectHeader",
    "Recoverable",
    "describe_inputs",
    "find_images_again",
    "find_recoverable",
    "load_project",
    "read_header",
    "save_project",
    "segment_taught",
]
