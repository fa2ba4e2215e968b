"""The machine's side of a correction: answers under edits, for one image or all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from napari_jcc._types import Float32Array, FloatArray
from napari_jcc.interaction.answer import DrawnOn, decode_guided
from napari_jcc.interaction.edits import Edits, ImageKey
from napari_jcc.interaction.following import LastLooked
from napari_jcc.interaction.guidance import (
    Guidance,
    hold_marks,
    local_fixings,
    read_guidance,
)
from napari_jcc.interaction.joint import JointSolver, Point
from napari_jcc.interaction.overlay import lay_over_image
from napari_jcc.interaction.relook import LookTeacher
from napari_jcc.interaction.spreading import (
    Marked,
    describe_superpixels,
    spread_marks,
    with_prior,
)
from napari_jcc.interaction.teaching import Lesson, Teacher, read_lesson, teaching_features
from napari_jcc.pipeline import FinishedRun
from napari_jcc.pipeline.parallel import for_each
from napari_jcc.problem.fixings import Fixings
from napari_jcc.progress import Progress
from napari_jcc.regions import ImageRegions
from napari_jcc.results import ImageResult
from napari_jcc.results.cuts import OWN_CUT
from napari_jcc.results.look import Look

TAUGHT_SHARE = 0.9
"""Share of the prior that the classifier takes, where something was corrected."""


@dataclass(frozen=True)
class State:
    """Answers for a set, replaced as a whole so that other threads see one or the other.

    Attributes
    ----------
    regions
        Pieces of every image, with the prior and boxes that `point` was found with.
    point
        Of the joint problem; None without one.
    look
        What objects look like in the set; None where masks are not redrawn by it.
    images
        Masks and boxes, no edits laid over.
    settled
        Those that answers for one image start from: of the run, or of the whole set.
    """

    regions: tuple[ImageRegions, ...]
    point: Point | None
    look: Look | None
    images: tuple[ImageResult, ...]
    settled: tuple[ImageResult, ...]


class Machine:
    """Answers of a finished run under edits; remembers nothing of earlier ones.

    Parameters
    ----------
    run
        The finished run.
    keys
        Of its images.

    Attributes
    ----------
    start
        The run's own answers.
    """

    def __init__(self, run: FinishedRun, keys: Sequence[ImageKey]) -> None:
        self._run = run
        self._keys = keys
        self._joint = None if run.joint is None else JointSolver(run.joint, run.config)
        self._teacher: Teacher | None = None
        # Of several thin objects the prior knows more than superpixels could be taught.
        self._several = any(regions.objects > 1 for regions in run.regions)
        by_map = run.config.decode.refinement in ("smoother", "blend", "look")
        self._spreads = by_map and not self._several
        self._follows = run.config.decode.refinement == "grabcut" and not self._several
        self._looks = LookTeacher(run)
        self._looked = LastLooked(run.images, run.regions)
        point = None if self._joint is None else self._joint.start
        images = run.result.images
        self.start = State(run.regions, point, run.look, images, images)

    def guidance(self, edits: Edits, place: int, regions: ImageRegions) -> Guidance:
        """Read what the edits of an image say about its pieces.

        Raises
        ------
        InputError
            If the image was drawn on at another size.
        """
        key, shape = self._keys[place], self._run.collection.shape(place)
        return read_guidance(regions, edits.marks(key, shape), edits.box(key))

    def prepare(self, state: State, place: int, progress: Progress) -> None:
        """Do what an answer for an image needs and no edit changes, so that it is quicker.

        Raises
        ------
        SolverError
            If the image's part of the problem is not solved.
        Cancelled
            If the progress was cancelled.
        """
        joint, point = self._joint, state.point
        if joint is None or point is None or place not in joint.places:
            return
        if self._follows:
            self._looked.look(place, keep=True)
        if state.look is not None:
            self._looks.rate(state.look, place)
        # Where an image's part is solved in a process, that takes seconds to start.
        pieces = [state.regions[i] for i in joint.places]
        joint.solve_image(pieces, point, place, Fixings(), progress)

    def answer(self, edits: Edits, state: State, place: int, progress: Progress) -> State:
        """Re-solve one image, the others staying as they are in `state`.

        An image without candidate boxes is not in the problem; its answer stays.
        """
        joint, point = self._joint, state.point
        if joint is None or point is None or place not in joint.places:
            return state
        before = state.regions[place]
        said = self.guidance(edits, place, before)
        own, chosen = hold_marks(before, said)
        pieces = [own if i == place else state.regions[i] for i in joint.places]
        fixings = local_fixings(said, chosen, own.objects)
        moved = own is not before
        point = joint.solve_image(pieces, point, place, fixings, progress, rebuild=moved)
        images = list(state.images)
        values = joint.values(point, place)
        if self._spreads:
            own = with_prior(own, self._spread(joint, {place: own}, {place: said})[place])
        rating = None if state.look is None else self._looks.rate(state.look, place)
        drawn_on = self._drawn_on(state, place, keep=True)
        images[place] = self._decide(place, own, values, said, rating, drawn_on)
        return replace(state, point=point, images=tuple(images))

    def settle(self, edits: Edits, progress: Progress) -> State:
        """Learn from the edits and re-solve the whole set under them.

        Raises
        ------
        SolverError
            If the joint problem is not solved.
        Cancelled
            If the progress was cancelled.
        """
        joint, edited = self._joint, set(edits.edited)
        places = () if joint is None else joint.places
        corrected = [i for i in places if self._keys[i] in edited]
        untaught = self._several and self.start.look is None
        if joint is None or not corrected or untaught:
            return self.start
        regions = list(self._run.regions)
        if not self._several:
            for place, change in self._learn(joint, edits, corrected, progress).items():
                regions[place] = with_prior(regions[place], change)
        guidance: dict[int, Guidance] = {}
        fixings: dict[int, Fixings] = {}
        for place in corrected:
            guidance[place] = self.guidance(edits, place, regions[place])
            regions[place], chosen = hold_marks(regions[place], guidance[place])
            fixings[place] = local_fixings(guidance[place], chosen, regions[place].objects)
        point, look = joint.start, self.start.look
        if not self._several:
            progress.start("Joint problem", 1)
            point = joint.solve([regions[i] for i in joint.places], fixings, progress)
            progress.advance()
        if look is not None:
            look = self._looks.learn(joint, point, regions, guidance, progress)
        decided = self._decode(joint, regions, point, guidance, look, progress)
        images = tuple(decided)
        return State(tuple(regions), point, look, images, images)

    def _learn(
        self,
        joint: JointSolver,
        edits: Edits,
        corrected: Sequence[int],
        progress: Progress,
    ) -> dict[int, FloatArray]:
        """Find how the prior of all superpixels changes by what was corrected.

        By image, in [-1, 1].
        """
        regions = {place: self._run.regions[place] for place in joint.places}
        if self._spreads:
            progress.start("Learning", 1)
            if self.start.look is not None:
                # The look tells the others, and more surely.
                regions = {place: regions[place] for place in corrected}
            said = {i: self.guidance(edits, i, own) for i, own in regions.items()}
            changes = self._spread(joint, regions, said)
        else:
            progress.start("Corrected images", len(corrected))
            images = list(self.start.images)
            for place in corrected:
                answered = self.answer(edits, self.start, place, progress)
                images[place] = answered.images[place]
                progress.advance()
            progress.start("Learning", 1)
            rated = self._rate(joint, edits, images, corrected)
            changes = {
                i: TAUGHT_SHARE * (taught - regions[i].saliency)
                for i, taught in zip(joint.places, rated, strict=True)
            }
        progress.advance()
        return changes

    def _spread(
        self,
        joint: JointSolver,
        regions: Mapping[int, ImageRegions],
        said: Mapping[int, Guidance],
    ) -> dict[int, FloatArray]:
        """Find how the prior of images changes by the marks in all of them."""
        images = regions.items()
        before = [own.saliency.astype(np.float64) for own in regions.values()]
        after = spread_marks(
            [describe_superpixels(joint.features(i), own) for i, own in images],
            before,
            [_marked(said[i]) for i in regions],
        )
        pairs = zip(regions, before, after, strict=True)
        return {place: new - old for place, old, new in pairs}

    def _rate(
        self,
        joint: JointSolver,
        edits: Edits,
        images: Sequence[ImageResult],
        corrected: Sequence[int],
    ) -> list[FloatArray]:
        """Rate the superpixels of all images in the problem by what was corrected."""
        run = self._run
        pieces = [run.regions[i] for i in joint.places]
        lessons: list[Lesson] = []
        for place, regions in zip(joint.places, pieces, strict=True):
            final = lay_over_image(images[place], edits, self._keys[place])
            said = self.guidance(edits, place, regions)
            marked = np.concatenate([said.object, said.background])
            own = place in corrected
            lessons.append(read_lesson(regions, final.mask, own, marked))
        if self._teacher is None:
            chosen = [run.images[i] for i in joint.places]
            self._teacher = Teacher(teaching_features(chosen, pieces, joint.features()))
        ends = np.cumsum([len(lesson.target) for lesson in lessons])[:-1]
        return list(np.split(self._teacher.rate(lessons), ends))

    def _decode(
        self,
        joint: JointSolver,
        regions: Sequence[ImageRegions],
        point: Point,
        guidance: Mapping[int, Guidance],
        look: Look | None,
        progress: Progress,
    ) -> list[ImageResult]:
        decided = list(self.start.images)
        latest = self._looks.latest

        def decide(place: int) -> ImageResult:
            said = guidance.get(place) or self.guidance(Edits(), place, regions[place])
            values = joint.values(point, place)
            keep = place == latest
            rating = None if look is None else self._looks.rate(look, place, keep=keep)
            drawn_on = None if said.empty else self._drawn_on(self.start, place, keep=False)
            return self._decide(place, regions[place], values, said, rating, drawn_on)

        def keep(position: int, result: ImageResult) -> None:
            decided[joint.places[position]] = result

        progress.start("Masks", len(joint.places))
        workers = self._run.config.runtime.workers
        for_each(decide, joint.places, keep, progress, workers=workers)
        return decided

    def _decide(
        self,
        place: int,
        regions: ImageRegions,
        values: tuple[FloatArray, FloatArray],
        said: Guidance,
        rating: Float32Array | None,
        drawn_on: DrawnOn | None,
    ) -> ImageResult:
        run = self._run
        # A map that the user moved is another than the cut was rated for.
        cut = run.cuts[place] if said.empty else OWN_CUT
        return decode_guided(
            run.collection.names[place],
            run.images[place],
            run.collection.shape(place),
            regions,
            values,
            said,
            run.config.decode,
            cut,
            rating,
            drawn_on,
        )

    def _drawn_on(self, state: State, place: int, *, keep: bool) -> DrawnOn | None:
        """Return what an image was drawn on, where strokes settle what looks like them."""
        if not self._follows:
            return None
        own, settled = self._run.result.images[place].mask, state.settled[place].mask
        return DrawnOn((own, settled), self._looked.look(place, keep=keep))


def _marked(said: Guidance) -> Marked:
    """Return the superpixels that an image's edits decide, and how."""
    return Marked(
        np.concatenate([said.object, said.background]),
        np.repeat([1.0, 0.0], [len(said.object), len(said.background)]),
    )
