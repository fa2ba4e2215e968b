"""The state of a session at one moment, and the project that it makes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from napari.layers import Image, Layer

from napari_jcc.collection import ImageCollection
from napari_jcc.collection.sources import ImageSource
from napari_jcc.config import JccConfig
from napari_jcc.errors import InputError
from napari_jcc.interaction import Edits, ImageKey
from napari_jcc.plugin.shown import Answer
from napari_jcc.plugin.source import find_source
from napari_jcc.plugin.truth import TruthChoice
from napari_jcc.project import ImageInput, ImageStatus, Project, describe_inputs
from napari_jcc.results import ImageResult

if TYPE_CHECKING:
    from napari_jcc.plugin.session import Session


@dataclass
class KnownInputs:
    """Remembers the hashes of the images that were described last."""

    _sources: tuple[ImageSource, ...] = ()
    _inputs: tuple[ImageInput, ...] = ()

    def describe(
        self, collection: ImageCollection, keys: Sequence[ImageKey]
    ) -> tuple[ImageInput, ...]:
        """Describe all images, answered ones by the content that their answers belong to.

        Those whose files are gone are described as they were known.
        """
        if self._sources is not collection.sources:
            self._inputs = _describe(collection, {key.name: key for key in keys})
            self._sources = collection.sources
        return self._inputs


@dataclass(frozen=True)
class Snapshot:
    """State of a session at one moment, taken at once and made a project in a thread.

    Attributes
    ----------
    layers
        What the images come from while there is no answer.
    answer
        What is shown; None before the first run.
    machine
        The answers without edits.
    config, preset, edits, truth
        As in the project.
    statuses
        What became of images, of other projects too.
    former
        The project that the images were opened with, if there is one.
    """

    layers: tuple[Layer, ...]
    answer: Answer | None
    machine: tuple[ImageResult, ...]
    config: JccConfig
    preset: str
    edits: Edits
    statuses: Mapping[ImageKey, ImageStatus] = field(default_factory=dict)
    truth: str = ""
    former: Project | None = None

    def to_project(self, known: KnownInputs) -> Project:
        """Hash what is not known yet, and build the project.

        Images of the former project that are missing today stay in it, with their masks.

        Raises
        ------
        InputError
            If there are no images.
        """
        former = self.former or Project((), self.config, self.preset)
        images, inputs = self._images(), former.inputs
        axes, spacing = former.axes, former.spacing
        if images is not None:
            corrector = None if self.answer is None else self.answer.corrector
            keys = () if corrector is None else corrector.keys
            inputs = _join(known.describe(images, keys), former.inputs)
            if len(inputs) == len(images):  # else former ones are missing
                axes, spacing = images.axes, images.common_spacing()
        project = Project(
            inputs=inputs,
            config=self.config,
            preset=self.preset,
            result=former.result,
            edits=self.edits,
            numbers=former.numbers,
            statuses={
                image.name: self.statuses[image.key]
                for image in inputs
                if image.key in self.statuses
            },
            truth=self.truth,
            axes=axes,
            spacing=spacing,
        )
        if self.answer is None:
            return project
        shown = self.answer.result
        project = project.with_result(replace(shown, images=self.machine))
        return project.with_numbers(shown.images)

    def _images(self) -> ImageCollection | None:
        """Find the images; None where the masks of the former project are shown alone."""
        if self.answer is None:
            layers = [layer for layer in self.layers if isinstance(layer, Image)]
            return find_source(layers, self.config.collection).collection
        if self.former is not None and not _has_sources(self.answer, self.former):
            return None
        return self.answer.chosen


def take_snapshot(session: Session) -> Snapshot:
    """Note the state of a session; nothing is computed or copied."""
    answer = session.answer
    machine: tuple[ImageResult, ...] = ()
    if answer is not None:
        corrector = answer.corrector
        machine = answer.result.images if corrector is None else corrector.machine
    return Snapshot(
        layers=session.shown_on,
        answer=answer,
        machine=machine,
        config=session.config,
        preset=session.preset,
        edits=session.edits,
        statuses=session.all_statuses,
        truth=_truth_files(session.truth),
        former=session.former,
    )


def _truth_files(truth: TruthChoice | None) -> str:
    """Where the truth is, empty for none; that in a layer is in no project."""
    return "" if truth is None or truth.folder is None else str(truth.folder)


def _join(
    present: tuple[ImageInput, ...], former: tuple[ImageInput, ...]
) -> tuple[ImageInput, ...]:
    """Images of a project in its order, those that are there as they are now."""
    now = {image.name: image for image in present}
    known = {image.name for image in former}
    kept = tuple(now.get(image.name, image) for image in former)
    return kept + tuple(image for image in present if image.name not in known)


def _has_sources(answer: Answer, former: Project) -> bool:
    """Whether the images themselves are there, not only their masks."""
    in_files = any(image.path for image in former.inputs)
    locations = any(source.location for source in answer.chosen.sources)
    return locations or not in_files


def _describe(
    collection: ImageCollection, keys: Mapping[str, ImageKey]
) -> tuple[ImageInput, ...]:
    try:
        found = describe_inputs(collection)
    except (InputError, OSError):
        found = tuple(_describe_one(collection, i, keys) for i in range(len(collection)))
    return tuple(_of_content(image, keys) for image in found)


def _describe_one(
    collection: ImageCollection, place: int, keys: Mapping[str, ImageKey]
) -> ImageInput:
    try:
        (found,) = describe_inputs(collection.select([place]))
    except (InputError, OSError):
        source, name = collection.sources[place], collection.names[place]
        return ImageInput(
            name=name,
            path=os.path.abspath(source.location) if source.location else "",
            page=source.page,
            shape=source.shape,
            fingerprint=keys[name].fingerprint if name in keys else "",
        )
    return found


def _of_content(image: ImageInput, keys: Mapping[str, ImageKey]) -> ImageInput:
    """Input with the content that its answer belongs to, if the file has another now."""
    key = keys.get(image.name)
    if key is None or key.fingerprint == image.fingerprint:
        return image
    return replace(image, fingerprint=key.fingerprint, modified=0)
