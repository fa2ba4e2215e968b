"""Images that a saved result is about, read from where they were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from numpy.typing import NDArray

from napari_jcc.collection import ImageCollection
from napari_jcc.collection.spacing import Spacing
from napari_jcc.errors import InputError
from napari_jcc.results.saved import SavedResult


class SavedPictures(Mapping[str, NDArray[Any]]):
    """Images of a saved result as stored, each read when asked for."""

    def __init__(self, saved: SavedResult) -> None:
        self._places = {
            image.name: source
            for image, source in zip(saved.result.images, saved.sources, strict=True)
        }
        self._config = saved.result.config.collection
        self._opened: dict[str, ImageCollection] = {}

    def __getitem__(self, name: str) -> NDArray[Any]:
        file, page = self._find(name)
        return file.raw(page)

    def spacing(self, name: str) -> Spacing | None:
        """Size of a pixel, if the image's file can be read and says so."""
        try:
            file, page = self._find(name)
        except (InputError, OSError):
            return None
        return file.spacing(page)

    def _find(self, name: str) -> tuple[ImageCollection, int]:
        """File of an image, and its number in there."""
        source = self._places[name]
        if not source:
            raise InputError("the image was in no file")
        if source not in self._opened:  # pages of a file share it
            opened = ImageCollection.from_paths([source], config=self._config)
            self._opened[source] = opened
        file = self._opened[source]
        if len(file) == 1:
            return file, 0
        # Pages are called after their file; folders may stand before the name.
        pages = [page for page in file.names if name == page or name.endswith(f"/{page}")]
        if not pages:
            raise InputError(f"{source} has no page of that name any more")
        return file, file.names.index(pages[0])

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)
