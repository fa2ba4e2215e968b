"""The images of a project as stored, to measure its objects in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from numpy.typing import NDArray

from napari_jcc.collection import ImageCollection
from napari_jcc.collection.axes import has_depth
from napari_jcc.collection.spacing import Spacing
from napari_jcc.errors import InputError
from napari_jcc.project.project import Project
from napari_jcc.results.saved import StoredPictures


class ProjectPictures(StoredPictures):
    """Images of a project where these are now."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._images: ImageCollection | None = None
        # All may be gone, or were in no file.
        with suppress(InputError):
            self._images = project.open_images()
        names = () if self._images is None else self._images.names
        self._places = {name: place for place, name in enumerate(names)}

    def __getitem__(self, name: str) -> NDArray[Any]:
        if self._images is None or name not in self._places:
            raise InputError("the image is in no file that the project knows of")
        return self._images.raw(self._places[name])

    def spacing(self, name: str) -> Spacing | None:
        """Size of a pixel, as its file says or, if that is gone, of all images then."""
        if self._images is None or name not in self._places:
            return self._project.spacing
        return self._images.spacing(self._places[name]) or self._project.spacing

    def lies_on_z(self, name: str) -> bool:
        """Whether the image is a slice of a stack, as its file or the project says."""
        own = None if self._images is None else self._images.axes
        return has_depth(self._project.axes if own is None else own)

    def __iter__(self) -> Iterator[str]:
        return iter(self._project.names)

    def __len__(self) -> int:
        return len(self._project.names)
