"""The state of a session."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

import numpy as np

from napari_jcc._types import LabelMap
from napari_jcc.collection import ImageCollection
from napari_jcc.collection.arrays import wrap_images
from napari_jcc.collection.axes import Axis
from napari_jcc.collection.spacing import Spacing
from napari_jcc.config import JccConfig
from napari_jcc.interaction.edit import ImageKey
from napari_jcc.interaction.edits import Edits
from napari_jcc.interaction.overlay import lay_over
from napari_jcc.project.inputs import ImageInput, open_inputs
from napari_jcc.results import ImageResult, JccResult
from napari_jcc.results.numbering import keep_numbers
from napari_jcc.words import count_of, list_some

ImageStatus: TypeAlias = Literal["machine", "edited", "accepted", "flagged"]
"""What the user thinks of an image's answer; ``machine``: not looked at yet."""


@dataclass(frozen=True, eq=False)
class Project:
    """Everything that a session needs to go on.

    Regions and features are not in it. They are kept in the cache folder under keys that
    follow from the fingerprints of the images and the settings, both of which are here: a
    run finds them again, also after images have moved, and computes them anew otherwise.

    Attributes
    ----------
    inputs
        The images.
    config
        Settings as they are now; the result has those it was found with.
    preset
        Name of the preset that `config` started from.
    result
        The latest answer of the program, without edits; for some or all of the images.
    edits
        What the user painted and drew.
    numbers
        By name of the image, how the objects of an edited answer are numbered, (H, W)
        int32, where the program would number them otherwise.
    statuses
        By name of the image; those not named are ``machine``.
    truth
        File or folder with the truth, or empty.
    axes, spacing
        Named axes that the images lie on, and the size of a pixel that all have: for
        masks to be shown on where the images are in no file, or gone.
    """

    inputs: tuple[ImageInput, ...]
    config: JccConfig
    preset: str
    result: JccResult | None = None
    edits: Edits = field(default_factory=Edits)
    numbers: Mapping[str, LabelMap] = field(default_factory=dict)
    statuses: Mapping[str, ImageStatus] = field(default_factory=dict)
    truth: str = ""
    axes: tuple[Axis, ...] | None = None
    spacing: Spacing | None = None

    def __repr__(self) -> str:
        """Say which images and how many were drawn on; arrays would fill a notebook."""
        images = f"{count_of(len(self.inputs), 'image')}: {list_some(self.names)}"
        return f"Project({images}; {len(self.edits.edited)} corrected)"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the images."""
        return tuple(image.name for image in self.inputs)

    def open_images(self) -> ImageCollection:
        """Open the images whose files are there; the others are listed as skipped.

        Raises
        ------
        InputError
            If there is none.
        """
        return open_inputs(self.inputs, self.config.collection)

    def masks_as_images(self, result: JccResult) -> ImageCollection:
        """Put masks in place of images that are gone or in no file, where these lay."""
        masks = wrap_images([image.mask for image in result.images])
        sources = tuple(replace(mask, spacing=self.spacing) for mask in masks)
        names = tuple(image.name for image in result.images)
        plain = ImageCollection(sources, names, leading_shape=(len(names),))
        if self.axes is None or names != self.names:
            return plain
        return plain.on_axes(self.axes)

    def edited_result(self) -> JccResult | None:
        """Return the answer with the user's edits laid over it; None where there is none.

        Raises
        ------
        InputError
            If an image was drawn on at another size.
        """
        if self.result is None:
            return None
        contents = {image.name: image.fingerprint for image in self.inputs}
        keys = [
            ImageKey(image.name, contents.get(image.name, ""))
            for image in self.result.images
        ]
        edited = lay_over(self.result, self.edits, keys)
        images = tuple(
            keep_numbers(image, self.numbers[image.name])
            if image.name in self.numbers
            else image
            for image in edited.images
        )
        return replace(edited, images=images)

    def with_result(self, result: JccResult) -> Project:
        """Take a new answer; images that it does not cover keep their former one.

        So the masks of images that are missing today are there when they come back.
        """
        new = {image.name: image for image in result.images}
        former = self.result.images if self.result is not None else ()
        kept = {image.name: image for image in former} | new
        order = [name for name in self.names if name in kept]
        order += [name for name in new if name not in set(order)]
        return replace(
            self, result=replace(result, images=tuple(kept[name] for name in order))
        )

    def with_numbers(self, shown: Iterable[ImageResult]) -> Project:
        """Remember how the objects of some answers are numbered, edits laid over them.

        What is known of other images stays.
        """
        images = () if self.result is None else self.result.images
        machine = {image.name: image.instances for image in images}
        known = dict(self.numbers)
        for image in shown:
            known.pop(image.name, None)
            found, own = image.instances, machine.get(image.name)
            if found is None or own is None or found is own:
                continue
            if not np.array_equal(found, own):
                known[image.name] = found
        return replace(self, numbers=known)
