"""A classifier of superpixels that learns from corrected images.

Its target is the share of a superpixel that the mask covers. Superpixels of corrected
images count more than the others, whose masks are only the machine's own opinion, and
marked ones most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from napari_jcc._types import Float32Array, FloatArray, ImageArray, MaskArray
from napari_jcc.features.looks import describe_looks, gather_looks
from napari_jcc.interaction.answer import tame_marked
from napari_jcc.interaction.edit import BACKGROUND, OBJECT
from napari_jcc.interaction.guidance import Guidance
from napari_jcc.interaction.joint import JointSolver, SolvedProgram
from napari_jcc.pipeline import FinishedRun
from napari_jcc.priors.kernel_ridge import KernelRidge
from napari_jcc.progress import Progress
from napari_jcc.regions import ImageRegions, area_means
from napari_jcc.results.decode import blend_scores, unit_scores
from napari_jcc.results.look import (
    Look,
    PixelSample,
    choose_teachers,
    learn_look,
    sample_pixels,
)

Lesson = tuple[FloatArray, FloatArray]
"""Share of every superpixel that is object, and how much it counts, (S,) each."""
LANDMARKS = 400
CORRECTED_WEIGHT = 5.0
MARKED_WEIGHT = 20.0
"""How many times a superpixel of a corrected image, and a marked one, counts."""


class Teacher:
    """The classifier of one set: features and kernel once, a small fit per lesson.

    Parameters
    ----------
    images
        By place in the collection.
    regions
        Pieces of those in the joint problem, likewise.
    learned : (S, K) float64
        The run's own features of all their superpixels, of total variance 1.
    """

    def __init__(
        self,
        images: Sequence[ImageArray],
        regions: Mapping[int, ImageRegions],
        learned: FloatArray,
    ) -> None:
        self._regions = regions
        looks = [describe_looks(images[i], own.superpixels) for i, own in regions.items()]
        features = np.concatenate([2.0 * learned, gather_looks(looks)], axis=1)
        self._ridge = KernelRidge(features, LANDMARKS)

    def rate(
        self,
        masks: Sequence[MaskArray],
        corrected: Mapping[int, MaskArray],
        guidance: Mapping[int, Guidance],
    ) -> dict[int, FloatArray]:
        """Fit to the masks of all images and rate their superpixels, (S,) in [0, 1] each.

        Corrected images are not rated but covered as they were corrected: the classifier
        would blur by all others what was settled in them.

        Parameters
        ----------
        masks
            The machine's, (H, W) bool each, at any size, by place in the collection.
        corrected
            Those of corrected images, likewise.
        guidance
            What the user said of these.

        Returns
        -------
        dict of (S,) float64
            By place, of every image.
        """
        lessons = [
            _read_lesson(own, corrected.get(i, masks[i]), guidance.get(i))
            for i, own in self._regions.items()
        ]
        target, weight = (np.concatenate(part) for part in zip(*lessons, strict=True))
        rated = np.clip(self._ridge.at_points(self._ridge.fit(target, weight)), 0.0, 1.0)
        ends = np.cumsum([len(own) for own, _ in lessons])[:-1]
        pairs = zip(self._regions, np.split(rated, ends), lessons, strict=True)
        return {i: own if i in corrected else found for i, found, (own, _) in pairs}


def _read_lesson(regions: ImageRegions, mask: MaskArray, said: Guidance | None) -> Lesson:
    """Return the share of every superpixel that is object, (S,), and how much it counts."""
    labels = regions.superpixels.label_map
    target = regions.superpixels.pool(area_means(mask, labels.shape))
    weight = (regions.superpixels.area / labels.size).astype(np.float64)
    if said is not None:
        weight *= CORRECTED_WEIGHT
        weight[said.decided.superpixels] *= MARKED_WEIGHT / CORRECTED_WEIGHT
    return target, weight


class LookTeacher:
    """Learns the look of a finished run's objects again, from what the user marked."""

    def __init__(self, run: FinishedRun) -> None:
        self._run = run
        self._samples: dict[int, PixelSample] = {}
        self._rated: tuple[Look, int, Float32Array] | None = None

    @property
    def latest(self) -> int | None:
        """Place of the image whose rating is kept."""
        return None if self._rated is None else self._rated[1]

    def rate(self, look: Look, place: int, *, keep: bool = True) -> Float32Array:
        """Rate the pixels of an image, (h, w); the last rating that was to be is kept.

        Parameters
        ----------
        look
            What objects look like.
        place
            The image's place in the collection.
        keep
            Whether the rating is kept.
        """
        last = self._rated
        if last is not None and last[0] is look and last[1] == place:
            return last[2]
        rating = look.rate(self._run.images[place])
        if keep:
            self._rated = look, place, rating
        return rating

    def learn(
        self,
        joint: JointSolver,
        solved: SolvedProgram,
        regions: Sequence[ImageRegions],
        guidance: Mapping[int, Guidance],
        progress: Progress,
    ) -> Look:
        """Learn from the marks, and from scores and priors of all images.

        Raises
        ------
        Cancelled
            If the progress was cancelled.
        """
        marked = [joint.places.index(place) for place in guidance]
        places = [joint.places[i] for i in choose_teachers(len(joint.places), marked)]
        progress.start("Look", len(places))
        samples = []
        for place in places:
            own, said = regions[place], guidance.get(place)
            samples.append(self._sample(joint, solved, place, own, said))
            progress.advance()
        return learn_look(samples)

    def _sample(
        self,
        joint: JointSolver,
        solved: SolvedProgram,
        place: int,
        regions: ImageRegions,
        said: Guidance | None,
    ) -> PixelSample:
        """Choose the pixels of an image that teach; kept where nothing has changed."""
        unchanged = said is None and solved is joint.start
        if unchanged and place in self._samples:
            return self._samples[place]
        values = joint.values(solved, place)[0]
        drawn = {}
        if said is not None:
            values = tame_marked(values, said)
            drawn = {1.0: said.marks == OBJECT, 0.0: said.marks == BACKGROUND}
        blended = blend_scores(regions, unit_scores(values))
        sample = sample_pixels(self._run.images[place], blended, drawn)
        if unchanged:
            self._samples[place] = sample
        return sample
