"""Computes results under edits: for one image, or for the whole set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from napari_jcc._types import FloatArray
from napari_jcc.interaction.answer import DrawnOn, decode_guided, hold_answers
from napari_jcc.interaction.edit import ImageKey
from napari_jcc.interaction.edits import Edits
from napari_jcc.interaction.following import Appearances
from napari_jcc.interaction.guidance import (
    Guidance,
    hold_marks,
    local_fixings,
    read_guidance,
)
from napari_jcc.interaction.joint import JointSolver, SolvedProgram
from napari_jcc.interaction.overlay import lay_over_image
from napari_jcc.interaction.pixel_training import PixelTrainer
from napari_jcc.interaction.propagation import MaskPropagator
from napari_jcc.interaction.spreading import (
    NO_MARKS,
    describe_superpixels,
    spread_marks,
    with_prior,
)
from napari_jcc.interaction.state import State
from napari_jcc.interaction.superpixel_classifier import SuperpixelClassifier
from napari_jcc.pipeline import FinishedRun
from napari_jcc.pipeline.parallel import for_each
from napari_jcc.problem.fixings import Fixings
from napari_jcc.progress import Progress
from napari_jcc.regions import ImageRegions
from napari_jcc.results import ImageResult
from napari_jcc.results.decode import REDRAWN
from napari_jcc.results.pixel_classifier import PixelClassifier

LEARNED_SHARE = 0.9
"""Weight of the superpixel classifier in the prior after corrections."""


class Resegmenter:
    """Computes results of a finished run under edits; it has no state but caches.

    Attributes
    ----------
    start
        The results of the run itself.
    """

    def __init__(self, run: FinishedRun, keys: Sequence[ImageKey]) -> None:
        self._run = run
        self._keys = keys
        self._joint = None if run.joint is None else JointSolver(run.joint, run.config)
        self._superpixel_classifier: SuperpixelClassifier | None = None
        self._propagator: MaskPropagator | None = None
        # For several thin objects the prior is finer than superpixels.
        self._several = any(regions.objects > 1 for regions in run.regions)
        # Where masks are thresholded from a map, marks change the map (`spreading`). With
        # GrabCut, corrected masks train a classifier (`superpixel_classifier`), and similar
        # pixels follow the strokes (`following`).
        by_map = run.config.decode.refinement in ("smoother", "blend", "look")
        self._spreads = by_map and not self._several
        self._follows = run.config.decode.refinement in REDRAWN and not self._several
        self._pixel_trainer = PixelTrainer(run)
        self._appearances = Appearances(run.images, run.regions)
        solved = None if self._joint is None else self._joint.start
        images = run.result.images
        self.start = State(run.regions, solved, run.pixel_classifier, images, images)

    def prepare(self, state: State, place: int, progress: Progress) -> None:
        """Compute in advance all that `answer` needs and that no edit changes.

        Raises
        ------
        SolverError
            If the image's part of the problem is not solved.
        Cancelled
            If the progress was cancelled.
        """
        joint, solved = self._joint, state.solved
        if joint is None or solved is None or place not in joint.places:
            return
        if self._follows:
            self._appearances.of(place, keep=True)
        if state.pixel_classifier is not None:
            self._pixel_trainer.predict(state.pixel_classifier, place)
        # A solver in a process of its own takes seconds to start.
        pieces = [state.regions[i] for i in joint.places]
        joint.solve_image(pieces, solved, place, Fixings(), progress)

    def answer(
        self,
        edits: Edits,
        state: State,
        place: int,
        progress: Progress,
        *,
        keep: bool = True,
    ) -> State:
        """Solve again for one image; all others stay as they are in `state`.

        An image without candidate boxes is not in the problem and stays as it is. With
        `keep`, the subproblem is kept for the next stroke on the same image.
        """
        joint, solved = self._joint, state.solved
        if joint is None or solved is None or place not in joint.places:
            return state
        before, marks = state.regions[place], self._read(edits, place)
        own, chosen = hold_marks(before, marks)
        pieces = [own if i == place else state.regions[i] for i in joint.places]
        fixings = local_fixings(marks, chosen, own.objects)
        moved = own is not before
        solved = joint.solve_image(
            pieces, solved, place, fixings, progress, rebuild=moved, keep=keep
        )
        values = joint.values(solved, place)
        if self._spreads:
            own = with_prior(own, self._spread(joint, {place: own}, {place: marks})[place])
        classifier, rating = state.pixel_classifier, None
        if classifier is not None:
            rating = self._pixel_trainer.predict(classifier, place)
        drawn_on = self._drawn_on(state, place, keep=keep)
        found = decode_guided(self._run, place, own, values, marks, rating, drawn_on)
        return replace(state.with_image(place, found), solved=solved)

    def forget(self, state: State, place: int) -> State:
        """Return the state with one image as in the run, before any edit."""
        regions, settled = list(state.regions), list(state.settled)
        regions[place], settled[place] = self.start.regions[place], self.start.images[place]
        return replace(state, regions=tuple(regions), settled=tuple(settled))

    def settle(
        self, edits: Edits, held: Mapping[int, ImageResult], progress: Progress
    ) -> State:
        """Learn from the edits and solve again for the whole set.

        Parameters
        ----------
        edits
            What was drawn.
        held
            Corrected images whose masks and boxes stay as they are, by index.
        progress
            Told of every step; cancels.

        Raises
        ------
        SolverError
            If the joint problem is not solved.
        Cancelled
            If the progress was cancelled.
        """
        joint = self._joint
        places = () if joint is None else joint.places
        corrected = [i for i in edits.edited_places(self._keys) if i in places]
        without_learning = self._several and self.start.pixel_classifier is None
        if joint is None or not corrected or without_learning:
            return self.start
        guidance = {place: self._read(edits, place) for place in corrected}
        regions = list(self._run.regions)
        if not self._several:
            changes = self._learn(joint, edits, guidance, held, progress)
            for place, change in changes.items():
                regions[place] = with_prior(regions[place], change)
        fixings: dict[int, Fixings] = {}
        for place, marks in guidance.items():
            regions[place], chosen = hold_marks(regions[place], marks)
            fixings[place] = local_fixings(marks, chosen, regions[place].objects)
        solved, classifier = joint.start, self.start.pixel_classifier
        if not self._several:
            progress.start("Joint problem", 1)
            solved = joint.solve([regions[i] for i in joint.places], fixings, progress)
            progress.advance()
        if classifier is not None:
            classifier = self._pixel_trainer.fit(joint, solved, regions, guidance, progress)
        images = self._decode(joint, regions, solved, guidance, classifier, progress)
        images = hold_answers(images, held)
        return State(tuple(regions), solved, classifier, images, images)

    def _read(self, edits: Edits, place: int) -> Guidance:
        """Convert the edits of an image to labels of its superpixels."""
        key, shape = self._keys[place], self._run.collection.shape(place)
        return read_guidance(
            self._run.regions[place], edits.marks(key, shape), edits.box(key)
        )

    def _learn(
        self,
        joint: JointSolver,
        edits: Edits,
        guidance: Mapping[int, Guidance],
        held: Mapping[int, ImageResult],
        progress: Progress,
    ) -> dict[int, FloatArray]:
        """Return the change of the prior by the corrections, (S,) in [-1, 1], by index."""
        if not self._spreads:
            return self._classify(joint, edits, guidance, held, progress)
        progress.start("Learning", 1)
        # A pixel classifier, where there is one, informs the other images better.
        affected = joint.places if self.start.pixel_classifier is None else guidance
        changes = self._spread(joint, {i: self._run.regions[i] for i in affected}, guidance)
        progress.advance()
        return changes

    def _spread(
        self,
        joint: JointSolver,
        regions: Mapping[int, ImageRegions],
        guidance: Mapping[int, Guidance],
    ) -> dict[int, FloatArray]:
        """Return the change of the prior by the marks of all images, by index."""
        before = [own.saliency.astype(np.float64) for own in regions.values()]
        after = spread_marks(
            [describe_superpixels(joint.features(i), own) for i, own in regions.items()],
            before,
            [guidance[i].decided if i in guidance else NO_MARKS for i in regions],
        )
        pairs = zip(regions, before, after, strict=True)
        return {place: new - old for place, old, new in pairs}

    def _classify(
        self,
        joint: JointSolver,
        edits: Edits,
        guidance: Mapping[int, Guidance],
        held: Mapping[int, ImageResult],
        progress: Progress,
    ) -> dict[int, FloatArray]:
        """Return the change of the prior by a classifier trained on corrected masks.

        In images without corrections, the masks transferred to them count as well.
        """
        corrected = {}
        progress.start("Corrected images", len(guidance))
        for place in guidance:
            answered = held.get(place)
            if answered is None:
                state = self.answer(edits, self.start, place, progress, keep=False)
                answered = state.images[place]
            corrected[place] = lay_over_image(answered, edits, self._keys[place]).mask
            progress.advance()
        regions = {i: self._run.regions[i] for i in joint.places}
        if self._superpixel_classifier is None or self._propagator is None:
            images, workers = self._run.images, self._run.config.runtime.workers
            self._superpixel_classifier = SuperpixelClassifier(
                images, regions, joint.features, workers
            )
            self._propagator = MaskPropagator(images, regions, workers)
        masks = [image.mask for image in self.start.images]
        classifier = self._superpixel_classifier
        predicted = classifier.predict(masks, corrected, guidance, progress)
        before = {i: own.saliency.astype(np.float64) for i, own in regions.items()}
        shares = {i: 1.0 if i in corrected else LEARNED_SHARE for i in before}
        prior = {i: m + shares[i] * (predicted[i] - m) for i, m in before.items()}
        prior = self._propagator.propagate(prior, corrected, progress)
        return {i: prior[i] - m for i, m in before.items()}

    def _decode(
        self,
        joint: JointSolver,
        regions: Sequence[ImageRegions],
        solved: SolvedProgram,
        guidance: Mapping[int, Guidance],
        classifier: PixelClassifier | None,
        progress: Progress,
    ) -> tuple[ImageResult, ...]:
        decided = list(self.start.images)
        trainer, latest = self._pixel_trainer, self._pixel_trainer.latest

        def decide(place: int) -> ImageResult:
            marks, values = guidance.get(place), joint.values(solved, place)
            rating = drawn_on = None
            if classifier is not None:
                rating = trainer.predict(classifier, place, keep=place == latest)
            if marks is not None:
                drawn_on = self._drawn_on(self.start, place, keep=False)
            own = regions[place]
            return decode_guided(self._run, place, own, values, marks, rating, drawn_on)

        def keep(position: int, result: ImageResult) -> None:
            decided[joint.places[position]] = result

        progress.start("Masks", len(joint.places))
        workers = self._run.config.runtime.workers
        for_each(decide, joint.places, keep, progress, workers=workers)
        return tuple(decided)

    def _drawn_on(self, state: State, place: int, *, keep: bool) -> DrawnOn | None:
        """Return the state that strokes were drawn on, if the mask stays far from them.

        With a classifier of pixels it may change anywhere, which was not seen to harm.
        """
        if self._several or state.pixel_classifier is not None:
            return None
        appearance = self._appearances.of(place, keep=keep) if self._follows else None
        return DrawnOn(state.settled[place].mask, appearance)
