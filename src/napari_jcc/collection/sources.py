"""Where one image comes from: a file, or an array in memory or computed by dask."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from dask.base import is_dask_collection
from numpy.typing import NDArray

from napari_jcc.collection.intensity import Pixels, label_channels
from napari_jcc.collection.reading import read_file
from napari_jcc.collection.spacing import Spacing


class ImageSource(Protocol):
    """One image, read when asked for; must pickle."""

    @property
    def location(self) -> str:
        """Path of the file, or empty."""
        ...

    @property
    def page(self) -> int:
        """Number of the image within its file, from 0; 0 for arrays."""
        ...

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width as shown, known without reading the pixels."""
        ...

    @property
    def spacing(self) -> Spacing | None:
        """Size of a pixel, where it is known."""
        ...

    @property
    def separate(self) -> int:
        """Number of channels that are neither colours nor opacity; 1 for gray."""
        ...

    def read(self) -> Pixels:
        """Read the pixels as stored.

        Raises
        ------
        InputError
            With the reason alone, if the image cannot be read completely.
        """
        ...

    def fingerprint(self) -> str:
        """Hash of the content, as hexadecimal digits."""
        ...


@dataclass(frozen=True)
class FileSource:
    """Image number `page` of a file or of an OME-Zarr folder.

    It has `separate` channels besides its colours.

    `others` are the names of files beside it that hold pixels of the image, as those of an
    OME set do.
    """

    location: str
    page: int
    shape: tuple[int, int]
    spacing: Spacing | None = None
    separate: int = 1
    others: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[Path, ...]:
        """All files that the image is in, the one it is opened by first."""
        path = Path(self.location)
        return path, *(path.with_name(name) for name in self.others)

    def read(self) -> Pixels:
        """Decode the image."""
        return read_file(Path(self.location), self.page)

    def fingerprint(self) -> str:
        """Hash of the bytes of its files, or of a folder's pixels, and the page number."""
        if Path(self.location).is_dir():
            return f"{_hash_values(self.read().values)}{self.page:08x}"
        digests = []
        for path in self.files:
            state = path.stat()
            digests.append(_hash_file(str(path), state.st_mtime_ns, state.st_size))
        digest, *others = digests
        if others:
            joined = "".join(digests).encode()
            digest = hashlib.blake2b(joined, digest_size=16).hexdigest()
        return f"{digest}{self.page:08x}"


@dataclass(frozen=True, eq=False)
class ArraySource:
    """One image of an array.

    Attributes
    ----------
    array : (H, W) or (H, W, C)
        numpy or dask.
    is_colour
        Whether three or four channels are RGB(A).
    """

    array: Any
    is_colour: bool
    location: str = ""
    page: int = 0
    spacing: Spacing | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return int(self.array.shape[0]), int(self.array.shape[1])

    @property
    def separate(self) -> int:
        """Number of channels that are no colours."""
        has_channels = self.array.ndim == 3 and not self.is_colour
        return int(self.array.shape[2]) if has_channels else 1

    def read(self) -> Pixels:
        """Compute the image where it is dask's."""
        values = self._values()
        return label_channels(values) if self.is_colour else Pixels(values)

    def fingerprint(self) -> str:
        """Hash of the bytes, shape, type and meaning of the array."""
        return _hash_values(self._values(), f" {self.is_colour}")

    def _values(self) -> NDArray[Any]:
        if is_dask_collection(self.array):
            # Images are worked on in parallel already; a nested scheduler could dead-lock.
            # Global callbacks, such as a viewer's cache of slices, are for one thread only.
            return np.asarray(self.array.compute(scheduler="synchronous", callbacks=()))
        return np.asarray(self.array)


def _hash_values(values: NDArray[Any], meaning: str = "") -> str:
    values = np.ascontiguousarray(values)
    head = f"{values.shape} {values.dtype.str}{meaning}"
    digest = hashlib.blake2b(head.encode(), digest_size=16)
    digest.update(values.view(np.uint8).data)
    return digest.hexdigest()


# Stages ask for all images of a set again and again: of a smaller cache none would be left.
@lru_cache(maxsize=2**16)
def _hash_file(path: str, modified: int, size: int) -> str:
    """Hash a file; time and size make a changed file a new one (pages share the hash)."""
    with open(path, "rb") as file:
        return hashlib.file_digest(
            file, lambda: hashlib.blake2b(digest_size=16)
        ).hexdigest()
