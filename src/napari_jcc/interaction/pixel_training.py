"""Fits the pixel classifier of a run again, with the marks of a user as targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from napari_jcc._types import Float32Array
from napari_jcc.interaction.answer import rescale_marked
from napari_jcc.interaction.edit import BACKGROUND, OBJECT
from napari_jcc.interaction.guidance import Guidance
from napari_jcc.interaction.joint import JointSolver, SolvedProgram
from napari_jcc.pipeline import FinishedRun
from napari_jcc.progress import Progress
from napari_jcc.regions import ImageRegions
from napari_jcc.results.decode import blend_scores, unit_scores
from napari_jcc.results.pixel_classifier import (
    PixelClassifier,
    PixelSample,
    choose_training_images,
    fit_pixel_classifier,
    sample_pixels,
)


class PixelTrainer:
    """Trains pixel classifiers for a finished run, and keeps the latest prediction."""

    def __init__(self, run: FinishedRun) -> None:
        self._run = run
        self._samples: dict[int, PixelSample] = {}
        # Read once and replaced whole, as several threads predict.
        self._latest: tuple[PixelClassifier, int, Float32Array] | None = None

    @property
    def latest(self) -> int | None:
        """Index of the image whose prediction is kept."""
        return None if self._latest is None else self._latest[1]

    def predict(
        self, classifier: PixelClassifier, image: int, *, keep: bool = True
    ) -> Float32Array:
        """Predict how likely the pixels of an image are object, (h, w) in [0, 1].

        Parameters
        ----------
        classifier
            A classifier of this run.
        image
            Index of the image in the collection.
        keep
            Whether the prediction replaces the one that is kept for the next call.
        """
        last = self._latest
        if last is not None and last[0] is classifier and last[1] == image:
            return last[2]
        prediction = classifier.predict(self._run.images[image])
        if keep:
            self._latest = classifier, image, prediction
        return prediction

    def fit(
        self,
        joint: JointSolver,
        solved: SolvedProgram,
        regions: Sequence[ImageRegions],
        guidance: Mapping[int, Guidance],
        progress: Progress,
    ) -> PixelClassifier:
        """Fit a classifier to the scores and priors of all images, and to the marks.

        Parameters
        ----------
        joint
            Of the run.
        solved
            The joint problem, solved under the edits.
        regions
            Superpixels and prior of every image.
        guidance
            Marks of the images that have any, by index.
        progress
            Told of every image; cancels.

        Raises
        ------
        Cancelled
            If the progress was cancelled.
        """
        marked = [joint.places.index(image) for image in guidance]
        chosen = choose_training_images(len(joint.places), marked)
        images = [joint.places[number] for number in chosen]
        progress.start("Pixel classifier", len(images))
        samples = []
        for image in images:
            own, marks = regions[image], guidance.get(image)
            samples.append(self._sample(joint, solved, image, own, marks))
            progress.advance()
        return fit_pixel_classifier(samples)

    def _sample(
        self,
        joint: JointSolver,
        solved: SolvedProgram,
        image: int,
        regions: ImageRegions,
        guidance: Guidance | None,
    ) -> PixelSample:
        """Draw the training pixels of an image; kept where nothing has changed."""
        unchanged = guidance is None and solved is joint.start
        if unchanged and image in self._samples:
            return self._samples[image]
        values = joint.values(solved, image)[0]
        drawn = {}
        if guidance is not None:
            values = rescale_marked(values, guidance)
            drawn = {1.0: guidance.marks == OBJECT, 0.0: guidance.marks == BACKGROUND}
        blended = blend_scores(regions, unit_scores(values), self._run.config.decode)
        sample = sample_pixels(self._run.images[image], blended, drawn)
        if unchanged:
            self._samples[image] = sample
        return sample
