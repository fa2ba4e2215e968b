"""Folders, lists of images and TIFFs as one stack, saved results and projects as layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from napari.utils.notifications import show_info, show_warning

from napari_jcc.collection import ImageCollection, describe_files, describe_skipped
from napari_jcc.collection.discovery import EXTENSIONS
from napari_jcc.collection.file_names import split_name
from napari_jcc.collection.reading import is_tiff
from napari_jcc.collection.zarr_files import is_ome_zarr, is_zarr
from napari_jcc.plugin.notices import name_controls
from napari_jcc.plugin.stack import stack_layer
from napari_jcc.results.saved import is_saved_result

# Others are imported where they are needed: napari calls the reader in the window's thread,
# for every image that is dropped on it.
if TYPE_CHECKING:
    from napari_jcc.plugin.layers import LayerData

_GO_ON = (
    "To go on with these masks, open the dock: Plugins > Joint Co-segmentation > "
    "Co-segment. There you correct masks, run, review, export and save."
)

PathOrPaths = str | Path | Sequence[str | Path]
Reader = Callable[[PathOrPaths], "list[LayerData]"]


def get_reader(path: PathOrPaths) -> Reader | None:
    """Return the reader for folders, lists of images, TIFFs and projects; else None.

    A single image of another kind, which has neither pages nor a size of pixel, is left to
    napari, and so is Zarr that is no OME-Zarr. Of a file no more than its first bytes are
    read here, and nothing is raised.
    """
    paths = _as_paths(path)
    try:
        if len(paths) == 1:
            (only,) = paths
            if is_zarr(only):
                return read_stack if is_ome_zarr(only) else None
            if only.is_dir():
                return read_saved if is_saved_result(only) else read_stack
            if is_tiff(only):
                return read_stack
            return read_project if _is_project(only) else None
        return read_stack if paths and all(item.exists() for item in paths) else None
    except (OSError, ValueError):
        # A name the file system refuses (too long, a null byte) is not ours.
        return None


def _is_project(path: Path) -> bool:
    if path.suffix.lower() in EXTENSIONS:
        return False
    from napari_jcc.project.files import EXTENSION

    return path.suffix.lower() == EXTENSION


def read_stack(path: PathOrPaths) -> list[LayerData]:
    """Open folders and image files as one lazily padded stack, a TIFF alone on its axes.

    Files that cannot be used are told in a warning, and how files of several pages, such
    as z-stacks, or channels are taken in a message.

    Raises
    ------
    InputError
        If no usable image is found.
    """
    paths = _as_paths(path)
    collection = ImageCollection.from_paths(paths)
    if collection.skipped:
        lines = describe_skipped(collection.skipped)
        show_warning("\n".join(f"Left out: {line}" for line in lines))
    for note in describe_files(collection):
        show_info(name_controls(note))
    name = _name_set(paths)
    return [stack_layer(collection, name or "images", tuple(map(str, paths)))]


def _name_set(paths: list[Path]) -> str:
    first = paths[0].resolve()
    if len(paths) > 1:
        return first.parent.name
    is_folder = first.is_dir() and not is_zarr(first)
    return first.name if is_folder else split_name(first.name)[0]


def read_saved(path: PathOrPaths) -> list[LayerData]:
    """Open a folder written by a run: its images where they still are, masks and boxes.

    Raises
    ------
    InputError
        If the record of the run cannot be read.
    """
    from napari_jcc.plugin.docks import offer_dock
    from napari_jcc.plugin.saved import open_saved_result

    (folder,) = _as_paths(path)
    layers = open_saved_result(folder)
    offer_dock("Co-segment", _GO_ON)
    return layers


def read_project(path: PathOrPaths) -> list[LayerData]:
    """Open a project: its images where they are now, masks and boxes with all edits.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    from napari_jcc.plugin.docks import offer_dock
    from napari_jcc.plugin.projects.opened import open_project

    (file,) = _as_paths(path)
    layers = open_project(file)
    offer_dock("Co-segment", _GO_ON)
    return layers


def _as_paths(path: PathOrPaths) -> list[Path]:
    if isinstance(path, str | Path):
        return [Path(path)]
    return [Path(item) for item in path]
