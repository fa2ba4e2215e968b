"""A run: all stages in order, each repeated only when its inputs have changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from napari_jcc._types import Float32Array, FloatArray
from napari_jcc.collection import ImageCollection
from napari_jcc.collection.readable import leave_out
from napari_jcc.config import JccConfig, SaliencyConfig, as_config
from napari_jcc.config.overrides import overlay
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
from napari_jcc.pipeline.measured import list_measured, measure_objects, settle_touching
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
from napari_jcc.threads import wait_asleep

if TYPE_CHECKING:
    from distributed import Client

    from napari_jcc.features.encoders import FittingEncoder

_ALONE = (
    "There is only one image, so there is nothing in common to find: the answer rests on "
    "its saliency alone."
)


class Run:
    """One run of the joint program over a set of images.

    Stages: read, object width, superpixels, saliency, encoder, prior, boxes, features,
    factors, solve, cuts, pixel classifier, masks, touching objects; object width, encoder,
    prior, cuts, pixel classifier and touching objects only where the settings ask for them.

    The result of every stage is cached under a key of the settings and inputs it depends
    on, so that a run with other settings, or more images, recomputes only what has changed.

    Parameters
    ----------
    collection
        The images, shown by their own settings but where `config` sets others.
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
        wait_asleep()  # if no stage has loaded torch yet
        config = as_config({} if config is None else config)
        shown = overlay(collection.config, config.collection)
        self.config = config.model_copy(update={"collection": shown})
        self.collection = collection.with_config(shown)
        self._given = collection
        self.cache = cache or Cache.of(self.config.runtime)
        self.client = as_client(client)
        self.progress = as_progress(progress)
        self.formulation = formulation

    def with_config(self, config: JccConfig) -> Run:
        """Return a run on the same images with other settings and the same cache."""
        return Run(
            self._given,
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
        check_folder(self.config.saliency)
        if self.config.runtime.device not in ("auto", "cpu"):
            # Also where no stage would use it: a card asked for is not left out in silence.
            choose_device(self.config.runtime.device)
        if self.formulation is not None:
            check_solver(self.config.solver.name)
        encoder = open_encoder(self.config)
        keys, work = self._read(encoder)
        supplied = find_supplied(work.collection.names, self.config.saliency)
        settings = measure_objects(work, keys)
        keys, superpixels = _find_superpixels(work, keys)
        salient_keys, saliency = _find_saliency(work, keys, superpixels, supplied, settings)
        boxes = BoxStage(work, superpixels)
        proposals = boxes.search(keys)
        priors = rate_priors(work, salient_keys, saliency, superpixels)
        keys, regions = boxes.choose(proposals, priors)
        answer = JointStage(work, self.formulation).solve(keys, regions)
        share = self.config.decode.scores_share
        whole = digest("decided", answer.key, keys, share)
        cuts = choose_cuts(whole, work, regions, answer.values)
        classifier = learn_pixel_classifier(whole, work, regions, answer.values)
        results = _decode(work, regions, answer.values, cuts, classifier)
        results, decode = settle_touching(work, results)
        used = self.config.model_copy(update={"saliency": settings, "decode": decode})
        return FinishedRun(
            collection=work.collection,
            config=used,
            images=tuple(work.images),
            regions=tuple(regions),
            cuts=tuple(cuts),
            pixel_classifier=classifier,
            joint=answer.joint,
            result=JccResult(
                images=tuple(results),
                config=self.config,
                skipped=dict(work.collection.skipped),
                solver_report=answer.report,
                seconds=dict(work.runner.seconds),
                notes=_notes(results, work.encoded, answer),
                measured=list_measured(self.config, used),
            ),
        )

    def _read(self, encoder: FittingEncoder | None) -> tuple[list[str], WorkingSet]:
        """Read all images; unreadable ones are left out, with the reason.

        Returns
        -------
        keys
            Cache keys of the images.
        work
            The images that could be read, and what the stages share.
        """
        collection, config = self.collection, self.config
        runner = StageRunner(self.cache, self.progress, self.client, config.runtime.workers)
        settings = config.collection.model_dump(mode="json")
        singles = [collection.select([i]) for i in range(len(collection))]
        keys = [
            digest("image", stages.find_content(single), settings) for single in singles
        ]
        images = runner.map(
            "Reading images", stages.read_image, keys, [*zip(singles, strict=True)]
        )
        failed = {i: image for i, image in enumerate(images) if isinstance(image, str)}
        collection = leave_out(collection, failed)
        usable = [image for image in images if not isinstance(image, str)]
        encoded = EncodedImages(collection, config, encoder, runner)
        work = WorkingSet(collection, usable, encoded, config, runner)
        return [key for i, key in enumerate(keys) if i not in failed], work


def _find_superpixels(
    work: WorkingSet, keys: list[str]
) -> tuple[list[str], list[Superpixels]]:
    config = work.config.superpixels
    keys = _extend(keys, "superpixels", config)
    tasks = [(image, config) for image in work.images]
    return keys, work.runner.map("Superpixels", find_superpixels, keys, tasks)


def _find_saliency(
    work: WorkingSet,
    keys: list[str],
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
        (*parts, settings) for parts in zip(work.images, superpixels, supplied, strict=True)
    ]
    return keys, work.runner.map("Saliency", stages.compute_saliency, keys, tasks)


def _decode(
    work: WorkingSet,
    regions: list[ImageRegions],
    values: dict[int, tuple[FloatArray, FloatArray]],
    cuts: list[Cut],
    classifier: PixelClassifier | None,
) -> list[ImageResult]:
    """Decode masks and boxes; not cached, as no later stage needs them."""
    collection = work.collection
    tasks = [
        (
            Scene(collection.names[i], image, collection.shape(i), regions[i]),
            values.get(i),
            cuts[i],
            classifier,
            work.config.decode,
        )
        for i, image in enumerate(work.images)
    ]
    return work.runner.map("Masks", stages.compute_result, [""] * len(tasks), tasks)


def _extend(keys: list[str], stage: str, section: BaseModel) -> list[str]:
    return extend_keys(keys, stage, section.model_dump(mode="json"))


def _notes(
    results: list[ImageResult], encoded: EncodedImages, answer: JointAnswer
) -> tuple[str, ...]:
    """Collect the notes of a run for the user."""
    alone = (_ALONE,) if len(results) == 1 else ()
    solved = () if answer.joint is None else answer.joint.solution.notes
    return (*alone, *encoded.notes, *solved)
