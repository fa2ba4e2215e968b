"""Edits become constraints and lessons: one image answers at once, then the whole set."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from napari_jcc._types import FloatArray, MaskArray
from napari_jcc.errors import InputError
from napari_jcc.interaction.answer import decode_guided
from napari_jcc.interaction.edits import Edits, ImageKey
from napari_jcc.interaction.guidance import (
    Guidance,
    hold_marks,
    local_fixings,
    read_guidance,
)
from napari_jcc.interaction.joint import JointSolver, Point
from napari_jcc.interaction.overlay import image_keys, lay_over, lay_over_image
from napari_jcc.interaction.teaching import Lesson, Teacher, read_lesson, teaching_features
from napari_jcc.pipeline import FinishedRun
from napari_jcc.pipeline.parallel import for_each
from napari_jcc.progress import Progress
from napari_jcc.regions import ImageRegions
from napari_jcc.regions.boxes import box_excess
from napari_jcc.regions.overlap import pixel_bounds
from napari_jcc.results import ImageResult, JccResult

ROUNDS = 2
"""How often the classifier learns, from its own answer the second time."""
TAUGHT_SHARE = 0.8
"""Share of the prior that the classifier takes, where something was corrected."""
CHANGED_BELOW = 0.98
"""Masks whose intersection over union with those before is below this are flagged."""


@dataclass(frozen=True)
class Settled:
    """What `Corrector.settle` answers.

    Attributes
    ----------
    result
        All images, edits laid over.
    changed
        Places of the images whose masks differ from those before, ascending.
    seconds
        Wall time.
    """

    result: JccResult
    changed: tuple[int, ...]
    seconds: float


@dataclass(frozen=True)
class _State:
    """The machine's answers, replaced as a whole so that other threads see one or other."""

    regions: tuple[ImageRegions, ...]
    point: Point | None
    images: tuple[ImageResult, ...]


class Corrector:
    """Takes a finished run further by what the user draws.

    `update` takes over edits; `answer` then re-solves one image against the others as
    they are, `settle` the whole set, after learning from the corrected images what the
    object looks like. `settle` depends on the run and the edits alone, not on the order
    of earlier calls; without edits it gives the run's own result. It may run in a worker
    thread while `update` and `answer` are called from another; every result has the
    latest edits laid over.

    Parameters
    ----------
    run
        A finished run; its own result is never changed.
    edits
        What was drawn before, in another session or on a run with other settings.

    Raises
    ------
    InputError
        If an image cannot be read any more, or was drawn on at another size.
    """

    def __init__(self, run: FinishedRun, edits: Edits | None = None) -> None:
        self.keys: tuple[ImageKey, ...] = image_keys(run.collection)
        self._run = run
        self._edits = Edits()
        self._joint = None if run.joint is None else JointSolver(run.joint, run.config)
        self._teacher: Teacher | None = None
        self._working = threading.Lock()
        point = None if self._joint is None else self._joint.start
        self._state = _State(run.regions, point, run.result.images)
        self.update(edits or Edits())

    @property
    def edits(self) -> Edits:
        """What was drawn, as last taken over."""
        return self._edits

    @property
    def machine(self) -> tuple[ImageResult, ...]:
        """The machine's latest answers without the edits laid over."""
        return self._state.images

    @property
    def result(self) -> JccResult:
        """The latest answers, edits laid over."""
        return self._lay_over(self._state.images)

    @property
    def edited(self) -> tuple[int, ...]:
        """Places of the images that something is drawn on, ascending."""
        edited = set(self._edits.edited)
        return tuple(i for i, key in enumerate(self.keys) if key in edited)

    def update(self, edits: Edits) -> tuple[int, ...]:
        """Take over edits and return the places of the images where they differ.

        Entries of renamed images are brought to their present names.

        Raises
        ------
        InputError
            If an image was drawn on at another size; the edits before stay in place.
        """
        edits = edits.adopt(self.keys)
        for place in range(len(self.keys)):
            self._guidance(edits, place, self._run.regions[place])
        before, self._edits = self._edits, edits
        return tuple(
            i for i, key in enumerate(self.keys) if before.of(key) != edits.of(key)
        )

    def answer(self, image: int) -> ImageResult:
        """Re-solve one image under its edits, the others staying as they are.

        Parameters
        ----------
        image
            Its place in the collection.

        Raises
        ------
        InputError
            If there is no such image.
        """
        if not 0 <= image < len(self.keys):
            raise InputError(
                f"There are {len(self.keys)} images, but image {image} was asked for."
            )
        edits, state = self._edits, self._state
        found, _, point = self._answer(edits, state, image)
        if state is self._state:
            images = list(state.images)
            images[image] = found
            self._state = replace(state, point=point, images=tuple(images))
        return lay_over_image(found, edits, self.keys[image])

    def settle(self, progress: Progress | None = None) -> Settled:
        """Learn from the edits and re-solve the whole set under them.

        Parameters
        ----------
        progress
            Told of every step, and the way to cancel.

        Raises
        ------
        SolverError
            If the joint problem is not solved; the answers before stay in place.
        Cancelled
            If the progress was cancelled; likewise.
        """
        progress = progress or Progress()
        start = time.perf_counter()
        with self._working:
            before = self._state.images
            state = self._settle(self._edits, progress)
            self._state = state
        old, result = self._lay_over(before), self._lay_over(state.images)
        pairs = zip(old.images, result.images, strict=True)
        changed = [i for i, (a, b) in enumerate(pairs) if _differ(a.mask, b.mask)]
        return Settled(result, tuple(changed), time.perf_counter() - start)

    def _settle(self, edits: Edits, progress: Progress) -> _State:
        run, edited = self._run, set(edits.edited)
        corrected = [i for i, key in enumerate(self.keys) if key in edited]
        start = None if self._joint is None else self._joint.start
        state = _State(run.regions, start, run.result.images)
        if not corrected or self._joint is None:
            return state
        progress.start("Corrected images", len(corrected))
        images = list(run.result.images)
        for place in corrected:
            images[place] = self._answer(edits, state, place)[0]
            progress.advance()
        for _ in range(ROUNDS):
            state = self._round(edits, images, corrected, progress)
            images = list(state.images)
        return state

    def _round(
        self,
        edits: Edits,
        images: Sequence[ImageResult],
        corrected: Sequence[int],
        progress: Progress,
    ) -> _State:
        """Learn from masks, solve with what was learned, and decide masks again."""
        run, joint = self._run, self._require_joint()
        regions = list(run.regions)
        rated = self._learn(edits, images, corrected, progress)
        for place, taught in zip(joint.places, rated, strict=True):
            regions[place] = _with_prior(regions[place], taught)
        guidance = {i: self._guidance(edits, i, regions[i]) for i in corrected}
        fixings = {}
        for place, said in guidance.items():
            regions[place], chosen = hold_marks(regions[place], said)
            fixings[place] = local_fixings(said, chosen)
        progress.start("Joint problem", 1)
        point = joint.solve([regions[i] for i in joint.places], fixings)
        progress.advance()
        decided = self._decode(regions, point, guidance, progress)
        return _State(tuple(regions), point, tuple(decided))

    def _learn(
        self,
        edits: Edits,
        images: Sequence[ImageResult],
        corrected: Sequence[int],
        progress: Progress,
    ) -> list[FloatArray]:
        """Rate the superpixels of all images in the problem by the corrected ones."""
        joint, run = self._require_joint(), self._run
        progress.start("Learning", 1)
        lessons: list[Lesson] = []
        for place in joint.places:
            final = lay_over_image(images[place], edits, self.keys[place])
            said = self._guidance(edits, place, run.regions[place])
            marked = np.concatenate([said.object, said.background])
            own = place in corrected
            lessons.append(read_lesson(run.regions[place], final.mask, own, marked))
        if self._teacher is None:
            chosen = [run.images[i] for i in joint.places]
            pieces = [run.regions[i] for i in joint.places]
            self._teacher = Teacher(teaching_features(chosen, pieces, joint.features))
        rated = self._teacher.rate(lessons)
        progress.advance()
        ends = np.cumsum([len(lesson.target) for lesson in lessons])[:-1]
        return list(np.split(rated, ends))

    def _decode(
        self,
        regions: Sequence[ImageRegions],
        point: Point,
        guidance: dict[int, Guidance],
        progress: Progress,
    ) -> list[ImageResult]:
        run, joint = self._run, self._require_joint()
        decided = list(run.result.images)

        def decide(place: int) -> ImageResult:
            values = joint.values(point, place)
            said = guidance.get(place) or self._guidance(Edits(), place, regions[place])
            return self._decide(place, regions[place], values, said)

        def keep(position: int, result: ImageResult) -> None:
            decided[joint.places[position]] = result

        progress.start("Masks", len(joint.places))
        workers = run.config.runtime.workers
        for_each(decide, joint.places, keep, progress, workers=workers)
        return decided

    def _answer(
        self, edits: Edits, state: _State, place: int
    ) -> tuple[ImageResult, ImageRegions, Point | None]:
        """Answer for one image, from a state of all."""
        joint, point = self._joint, state.point
        regions = state.regions[place]
        said = self._guidance(edits, place, regions)
        if joint is None or point is None or place not in joint.places:
            return state.images[place], regions, point
        regions, chosen = hold_marks(regions, said)
        moved = regions is not state.regions[place]
        pieces = [regions if i == place else state.regions[i] for i in joint.places]
        point = joint.solve_image(
            pieces, point, place, local_fixings(said, chosen), rebuild=moved
        )
        found = self._decide(place, regions, joint.values(point, place), said)
        return found, regions, point

    def _decide(
        self,
        place: int,
        regions: ImageRegions,
        values: tuple[FloatArray, FloatArray],
        said: Guidance,
    ) -> ImageResult:
        run = self._run
        return decode_guided(
            run.collection.names[place],
            run.images[place],
            run.collection.shape(place),
            regions,
            values,
            said,
            run.config.decode,
        )

    def _guidance(self, edits: Edits, place: int, regions: ImageRegions) -> Guidance:
        key, shape = self.keys[place], self._run.collection.shape(place)
        return read_guidance(regions, edits.marks(key, shape), edits.box(key))

    def _lay_over(self, images: tuple[ImageResult, ...]) -> JccResult:
        return lay_over(replace(self._run.result, images=images), self._edits, self.keys)

    def _require_joint(self) -> JointSolver:
        if self._joint is None:
            raise InputError("No image of this run has candidate boxes to correct.")
        return self._joint


def _with_prior(regions: ImageRegions, taught: FloatArray) -> ImageRegions:
    """Regions whose prior is what was taught and, in part, what it was before."""
    before = regions.saliency_map
    rated = taught.astype(np.float32)[regions.superpixels.label_map]
    both = np.asarray(TAUGHT_SHARE * rated + (1 - TAUGHT_SHARE) * before, dtype=np.float32)
    bounds = pixel_bounds(regions.boxes, before.shape)
    excess = box_excess(bounds, both).astype(np.float32)
    return replace(regions, saliency_map=both, box_excess=excess)


def _differ(mask: MaskArray, other: MaskArray) -> bool:
    union = int((mask | other).sum())
    return union > 0 and int((mask & other).sum()) < CHANGED_BELOW * union
