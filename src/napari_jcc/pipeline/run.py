"""A run: all stages in order, each repeated only when its inputs have changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from napari_jcc._types import Float32Array, FloatArray, ImageArray
from napari_jcc.collection import ImageCollection, describe_skipped
from napari_jcc.config import JccConfig, SaliencyConfig, as_config
from napari_jcc.device import choose_device
from napari_jcc.errors import InputError, WeightsError
from napari_jcc.pipeline import stages
from napari_jcc.pipeline.boxes import BoxStage
from napari_jcc.pipeline.cache import Cache, digest
from napari_jcc.pipeline.encoding import EncodedImages, open_encoder
from napari_jcc.pipeline.fallback import fall_back
from napari_jcc.pipeline.finished import FinishedRun
from napari_jcc.pipeline.formulation import JOINT, Formulation
from napari_jcc.pipeline.joint import JointAnswer, JointStage
from napari_jcc.pipeline.masks import choose_cuts, learn_pixel_classifier
from napari_jcc.pipeline.measured import list_measured, measure_objects
from napari_jcc.pipeline.parallel import as_client
from napari_jcc.pipeline.prior import rate_priors
from napari_jcc.pipeline.stage_runner import StageRunner, extend_keys
from napari_jcc.pipeline.supplied import check_folder, find_supplied
from napari_jcc.pipeline.working_set import WorkingSet
from napari_jcc.progress import Progress, as_progress
from napari_jcc.regions import ImageRegions, Superpixels, find_superpixels
from napari_jcc.results import ImageResult, JccResult
from napari_jcc.results.cuts import Cut
from napari_jcc.results.decode import Scene
from napari_jcc.results.pixel_classifier import PixelClassifier
from napari_jcc.solvers import check_solver

if TYPE_CHECKING:
    from distributed import Client

_ALONE = (
    "There is only one image, so there is nothing in common to find: the answer rests on "
    "its saliency alone."
)


class Run:
    """One run of the joint program over a set of images.

    Stages: read, object width, superpixels, saliency, encoder, prior, boxes, features,
    factors, solve, cuts, pixel classifier, masks; object width, encoder, prior, cuts and
    pixel classifier only where the settings ask for them.

    The result of every stage is cached under a key of the settings and inputs it depends
    on, so that a run with other settings, or more images, recomputes only what has changed.

    Parameters
    ----------
    collection
        The images.
    config
        Settings, or a mapping of some sections; None: the defaults.
    cache
        Cache of stages; None: a new one, on disk if ``runtime.cache_folder`` is set.
    client
        Client of a dask cluster for the work on single images; None: threads.
    progress
        Told of every step; cancels.
    formulation
        The program to solve; None: none, so that only the prior is computed and images have
        no masks and boxes.
    """

    def __init__(
        self,
        collection: ImageCollection,
        config: JccConfig | Mapping[str, Any] | None = None,
        *,
        cache: Cache | None = None,
        client: Client | None = None,
        progress: Progress | None = None,
        formulation: Formulation | None = JOINT,
    ) -> None:
        if not isinstance(collection, ImageCollection):
            raise InputError(
                f"A run is over an ImageCollection, not {type(collection).__name__}. Make "
                "one by from_paths or from_arrays, or call segment, which does so."
            )
        self.config = as_config({} if config is None else config)
        self.collection = collection.with_config(self.config.collection)
        self.cache = cache or Cache.of(self.config.runtime)
        self.client = as_client(client)
        self.progress = as_progress(progress)
        self.formulation = formulation

    def with_config(self, config: JccConfig) -> Run:
        """Return a run on the same images with other settings and the same cache."""
        return Run(
            self.collection,
            config,
            cache=self.cache,
            client=self.client,
            progress=self.progress,
            formulation=self.formulation,
        )

    def result(self) -> JccResult:
        """Run all stages and return masks, boxes and scores.

        If the encoder is ``auto`` and cannot be loaded, the preset ``fast`` replaces the
        settings that need it; the notes of the result say so.

        Raises
        ------
        InputError
            If no image can be read.
        ConfigError
            If the device asked for is not there.
        WeightsError
            If the encoder named in the settings cannot be had.
        SolverError
            If the joint problem is not solved.
        Cancelled
            If the progress was cancelled; finished stages stay in the cache.
        """
        return self.finish().result

    def finish(self) -> FinishedRun:
        """As `result`, but return all data of the run, for corrections."""
        try:
            return self._finish()
        except WeightsError as error:
            config, note = fall_back(self.config, error)
        finished = self.with_config(config)._finish()
        notes = (note, *finished.result.notes)
        return replace(finished, result=replace(finished.result, notes=notes))

    def _finish(self) -> FinishedRun:
        self._runner = StageRunner(
            self.cache, self.progress, self.client, self.config.runtime.workers
        )
        check_folder(self.config.saliency)
        if self.config.runtime.device not in ("auto", "cpu"):
            # Also where no stage would use it: a card asked for is not left out in silence.
            choose_device(self.config.runtime.device)
        if self.formulation is not None:
            check_solver(self.config.solver.name)
        encoder = open_encoder(self.config)
        keys, images = self._read()
        supplied = find_supplied(self.collection.names, self.config.saliency)
        encoded = EncodedImages(self.collection, self.config, encoder, self._runner)
        work = WorkingSet(images, encoded, self.config, self._runner)
        settings = measure_objects(work, keys)
        keys, superpixels = self._superpixels(keys, images)
        salient_keys, saliency = self._saliency(
            keys, images, superpixels, supplied, settings
        )
        boxes = BoxStage(work, superpixels)
        proposals = boxes.search(keys)
        priors = rate_priors(work, salient_keys, saliency, superpixels)
        keys, regions = boxes.choose(proposals, priors)
        answer = JointStage(work, self.formulation).solve(keys, regions)
        whole = digest("decided", answer.key, keys)
        cuts = choose_cuts(whole, work, regions, answer.values)
        classifier = learn_pixel_classifier(whole, work, regions, answer.values)
        results = self._decode(images, regions, answer.values, cuts, classifier)
        return FinishedRun(
            collection=self.collection,
            config=self.config,
            images=tuple(images),
            regions=tuple(regions),
            cuts=tuple(cuts),
            pixel_classifier=classifier,
            joint=answer.joint,
            result=JccResult(
                images=tuple(results),
                config=self.config,
                skipped=dict(self.collection.skipped),
                solver_report=answer.report,
                seconds=dict(self._runner.seconds),
                notes=_notes(results, encoded, answer),
                measured=list_measured(self.config.saliency, settings),
            ),
        )

    def _read(self) -> tuple[list[str], list[ImageArray]]:
        """Read all images; unreadable ones are removed from the set, with the reason."""
        settings = self.config.collection.model_dump(mode="json")
        singles = [self.collection.select([i]) for i in range(len(self.collection))]
        keys = [
            digest("image", stages.find_content(single), settings) for single in singles
        ]
        images = self._runner.map(
            "Reading images", stages.read_image, keys, [*zip(singles, strict=True)]
        )
        good = [i for i, image in enumerate(images) if not isinstance(image, str)]
        failed = {
            self.collection.location(i) or self.collection.names[i]: image
            for i, image in enumerate(images)
            if isinstance(image, str)
        }
        if not good:
            reasons = "\n".join(describe_skipped(failed))
            raise InputError(f"None of the {len(images)} images can be read.\n{reasons}")
        self.collection = self.collection.select(good, skipped=failed)
        usable = [image for image in images if not isinstance(image, str)]
        return [keys[i] for i in good], usable

    def _superpixels(
        self, keys: list[str], images: list[ImageArray]
    ) -> tuple[list[str], list[Superpixels]]:
        keys = _extend(keys, "superpixels", self.config.superpixels)
        tasks = [(image, self.config.superpixels) for image in images]
        found = self._runner.map("Superpixels", find_superpixels, keys, tasks)
        return keys, found

    def _saliency(
        self,
        keys: list[str],
        images: list[ImageArray],
        superpixels: list[Superpixels],
        supplied: list[ImageCollection | None],
        settings: SaliencyConfig,
    ) -> tuple[list[str], list[Float32Array]]:
        keys = _extend(keys, "saliency", settings)
        keys = [
            key if own is None else digest(key, own.fingerprint(0))
            for key, own in zip(keys, supplied, strict=True)
        ]
        tasks = [
            (*parts, settings) for parts in zip(images, superpixels, supplied, strict=True)
        ]
        return keys, self._runner.map("Saliency", stages.compute_saliency, keys, tasks)

    def _decode(
        self,
        images: list[ImageArray],
        regions: list[ImageRegions],
        values: dict[int, tuple[FloatArray, FloatArray]],
        cuts: list[Cut],
        classifier: PixelClassifier | None,
    ) -> list[ImageResult]:
        """Decode masks and boxes; not cached, as no later stage needs them."""
        names = self.collection.names
        tasks = [
            (
                Scene(names[i], image, self.collection.shape(i), regions[i]),
                values.get(i),
                cuts[i],
                classifier,
                self.config.decode,
            )
            for i, image in enumerate(images)
        ]
        keys = [""] * len(tasks)
        return self._runner.map("Masks", stages.compute_result, keys, tasks)


def _extend(keys: list[str], stage: str, section: BaseModel) -> list[str]:
    return extend_keys(keys, stage, section.model_dump(mode="json"))


def _notes(
    results: list[ImageResult], encoded: EncodedImages, answer: JointAnswer
) -> tuple[str, ...]:
    """Collect the notes of a run for the user."""
    alone = (_ALONE,) if len(results) == 1 else ()
    solved = () if answer.joint is None else answer.joint.solution.notes
    return (*alone, *encoded.notes, *solved)
