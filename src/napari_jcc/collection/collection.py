"""The ordered set of images that everything else works on."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from napari_jcc._types import ImageArray
from napari_jcc.collection.arrays import name_arrays, split_stack, wrap_images
from napari_jcc.collection.axes import Axis
from napari_jcc.collection.by_name import find_place
from napari_jcc.collection.files import OpenedFiles, as_paths, open_files
from napari_jcc.collection.intensity import reduce_image, to_rgb
from napari_jcc.collection.sources import ImageSource
from napari_jcc.collection.spacing import Spacing
from napari_jcc.collection.zarr_files import is_zarr
from napari_jcc.config import CollectionConfig
from napari_jcc.errors import InputError
from napari_jcc.words import count_of, list_some

StrPath = str | os.PathLike[str]
_DEFAULTS = CollectionConfig()


@dataclass(frozen=True, eq=False)
class ImageCollection:
    """Images that show the same kind of object, read only when asked for.

    Build one by a `from_` method. Sizes, types and channels may differ between images. All
    that is asked of one image takes its place, from 0, or its name as `index`.

    Attributes
    ----------
    sources
        Where every image comes from.
    names
        Unique name of every image, without extension; may hold ``/``.
    config
        How images are shown: channels, intensity stretch, working size. A run shows them
        so too, but where its own settings say otherwise.
    skipped
        Files (or names) that are left out, with the reason.
    leading_shape
        Leading axes of the array or file the images came from; None once images were
        left out.
    axes
        Their names, steps and units, with as many entries; empty for a single image that
        is no stack of one. None where they have no names, or images were left out.
    """

    sources: tuple[ImageSource, ...]
    names: tuple[str, ...]
    config: CollectionConfig = _DEFAULTS
    skipped: Mapping[str, str] = field(default_factory=dict)
    leading_shape: tuple[int, ...] | None = None
    axes: tuple[Axis, ...] | None = None

    @classmethod
    def from_paths(
        cls,
        paths: StrPath | Iterable[StrPath],
        *,
        recursive: bool = False,
        config: CollectionConfig = _DEFAULTS,
    ) -> ImageCollection:
        """Collect the images of files and folders in natural order, reading headers only.

        Hidden files in folders are ignored; those that are damaged, no images or masks of
        others are in `skipped`. Every page of a TIFF or OME-Zarr is an image; those of a
        single one lie on its axes where these have names.

        Parameters
        ----------
        paths
            Files and folders, mixed.
        recursive
            Whether folders inside the folders are searched too.
        config
            How images are shown.

        Raises
        ------
        InputError
            If a path does not exist, or no usable image is found.
        """
        return cls._of_files(open_files(as_paths(paths), recursive=recursive), config)

    @classmethod
    def from_folder(
        cls,
        folder: StrPath,
        *,
        recursive: bool = False,
        config: CollectionConfig = _DEFAULTS,
    ) -> ImageCollection:
        """Collect the images of one folder; see `from_paths`.

        Raises
        ------
        InputError
            If `folder` is no folder, or holds no usable image.
        """
        if not Path(*as_paths([folder])).is_dir():
            raise InputError(
                f"{folder} is not a folder. Name an existing folder of images."
            )
        return cls.from_paths([folder], recursive=recursive, config=config)

    @classmethod
    def from_files(
        cls, files: Iterable[StrPath], *, config: CollectionConfig = _DEFAULTS
    ) -> ImageCollection:
        """Collect image files, also masks that are among them; see `from_paths`.

        Raises
        ------
        InputError
            If a file does not exist or is a folder, or none is a usable image.
        """
        for file in (files := as_paths(files)):
            if Path(file).is_dir() and not is_zarr(Path(file)):
                raise InputError(f"{file} is a folder. Use from_folder or from_paths.")
        return cls._of_files(open_files(files, recursive=False, keep_named=True), config)

    @classmethod
    def _of_files(cls, opened: OpenedFiles, config: CollectionConfig) -> ImageCollection:
        sources, names, skipped, axes = opened
        plain = cls(sources, names, config, skipped, (len(sources),))
        return plain if axes is None else plain.on_axes(axes)

    @classmethod
    def from_array(
        cls,
        array: Any,
        *,
        channel_axis: int | None = None,
        names: Sequence[str] | None = None,
        config: CollectionConfig = _DEFAULTS,
    ) -> ImageCollection:
        """Take every image of a stack; `restore` puts the leading axes back.

        Parameters
        ----------
        array : (..., H, W), or with channels (..., H, W, C) or C elsewhere
            numpy or dask; dask stays lazy.
        channel_axis
            Axis of the channels; 3 or 4 on the last axis are RGB(A), others separate.
            None: no channels, but in a uint8 array whose last of three or more axes has 3
            or 4 entries, which are RGB(A); other types of that shape are refused.
        names
            Unique name of every image, in the order of the flattened leading axes.
        config
            How images are shown.

        Raises
        ------
        InputError
            If the array holds no images (`split_stack`), or the names do not fit.
        """
        sources, leading = split_stack(array, channel_axis)
        return cls(sources, name_arrays(names, len(sources)), config, {}, leading)

    @classmethod
    def from_arrays(
        cls,
        arrays: Iterable[Any],
        *,
        names: Sequence[str] | None = None,
        config: CollectionConfig = _DEFAULTS,
    ) -> ImageCollection:
        """Take a list of single images, which may differ in size, type and channels.

        Parameters
        ----------
        arrays : each (H, W) or (H, W, C)
            numpy or dask. 3 or 4 channels are RGB(A), others are separate.
        names
            Unique name of every image.
        config
            How images are shown.

        Raises
        ------
        InputError
            If an array is no image (`wrap_images`), or the names do not fit.
        """
        sources = wrap_images(arrays)
        return cls(sources, name_arrays(names, len(sources)), config, {}, (len(sources),))

    def __repr__(self) -> str:
        """Say which images; arrays would fill a notebook."""
        return f"ImageCollection({count_of(len(self), 'image')}: {list_some(self.names)})"

    def __len__(self) -> int:
        return len(self.sources)

    def place(self, index: int | str) -> int:
        """Find the place of an image, from 0, by its name; a place is returned as it is.

        Raises
        ------
        InputError
            If no image is called so.
        """
        return find_place(self._places, index) if isinstance(index, str) else index

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {name: place for place, name in enumerate(self.names)}

    def location(self, index: int | str) -> str:
        """Path of the file that image `index` comes from; empty for arrays."""
        return self.sources[self.place(index)].location

    def shape(self, index: int | str) -> tuple[int, int]:
        """Height and width of image `index` in pixels, without reading the pixels."""
        return self.sources[self.place(index)].shape

    def spacing(self, index: int | str) -> Spacing | None:
        """Size of a pixel of image `index`, from the header of its file, or None."""
        return self.sources[self.place(index)].spacing

    def common_spacing(self) -> Spacing | None:
        """Size of a pixel that all images have; None where it differs or is not known."""
        spacing, *others = {source.spacing for source in self.sources}
        return None if others else spacing

    def fingerprint(self, index: int | str) -> str:
        """Hash of the content that image `index` is read from, whatever the config.

        An `InputError` is raised if the file cannot be read any more.
        """
        with self._named(index) as source:
            return source.fingerprint()

    def raw(self, index: int | str) -> NDArray[Any]:
        """Read image `index` as stored.

        Returns
        -------
        values : (H, W) or (H, W, C), upright, palettes looked up

        Raises
        ------
        InputError
            If the image cannot be read completely.
        """
        with self._named(index) as source:
            return source.read().values

    def image(self, index: int | str) -> ImageArray:
        """Read image `index` as it is shown.

        Returns
        -------
        image : (H, W, 3) uint8, RGB, full size

        Raises
        ------
        InputError
            If the image cannot be read completely or shown (`to_rgb`).
        """
        with self._named(index) as source:
            return to_rgb(source.read(), self.config)

    def working_image(self, index: int | str) -> ImageArray:
        """Read image `index`, its longer side reduced to ``config.working_size`` at most.

        Returns
        -------
        image : (h, w, 3) uint8, RGB, h and w at least 1
        """
        return reduce_image(self.image(index), self.config.working_size)

    def select(
        self, indices: Iterable[int], skipped: Mapping[str, str] | None = None
    ) -> ImageCollection:
        """Keep the images at `indices`, in that order, and add reasons for the others."""
        chosen = list(indices)
        whole = len(chosen) == len(self) and chosen == list(range(len(self)))
        flat = self.leading_shape is not None and len(self.leading_shape) == 1
        remaining = (len(chosen),) if flat else None
        return replace(
            self,
            sources=tuple(self.sources[i] for i in chosen),
            names=tuple(self.names[i] for i in chosen),
            skipped={**self.skipped, **(skipped or {})},
            leading_shape=self.leading_shape if whole else remaining,
            axes=self.axes if whole else None,
        )

    def on_axes(self, axes: Sequence[Axis]) -> ImageCollection:
        """Lay the images on axes, the last of which counts fastest.

        Raises
        ------
        InputError
            If there are more or fewer places than images.
        """
        shape = tuple(axis.length for axis in axes)
        if math.prod(shape) != len(self):
            raise InputError(f"Axes of lengths {shape} do not hold {len(self)} images.")
        return replace(self, leading_shape=shape, axes=tuple(axes))

    def with_config(self, config: CollectionConfig) -> ImageCollection:
        """Return the same images, shown by other settings."""
        return replace(self, config=config)

    def restore(self, stacked: NDArray[Any]) -> NDArray[Any]:
        """Put the leading axes of `from_array` back in place of axis 0.

        Parameters
        ----------
        stacked : (N, ...)
            One entry per image.

        Returns
        -------
        restored : (*leading_shape, ...)

        Raises
        ------
        InputError
            If axis 0 does not fit, or images of several leading axes were left out.
        """
        if self.leading_shape is None:
            raise InputError(
                "Images were left out, so the leading axes cannot be put back. Keep the "
                "stack of one entry per name."
            )
        if len(stacked) != math.prod(self.leading_shape):
            raise InputError(
                f"Got {len(stacked)} entries for {len(self)} images; give one per image."
            )
        return stacked.reshape((*self.leading_shape, *stacked.shape[1:]))

    @contextmanager
    def _named(self, index: int | str) -> Iterator[ImageSource]:
        """Give the source of an image, and say in an error which image it is about."""
        place = self.place(index)
        try:
            yield self.sources[place]
        except (InputError, OSError) as error:
            about = self.location(place) or self.names[place]
            message = f"Cannot use {about}: {error}. Repair it or leave it out."
            raise InputError(message) from error
