"""The stages in order, each done only when something it depends on has changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from napari_jcc._types import Float32Array, FloatArray, ImageArray
from napari_jcc.collection import ImageCollection
from napari_jcc.config import JccConfig
from napari_jcc.errors import InputError
from napari_jcc.features import RegionDescriptors, combine
from napari_jcc.pipeline import stages
from napari_jcc.pipeline.cache import Cache, digest
from napari_jcc.pipeline.parallel import for_each
from napari_jcc.pipeline.supplied import find_supplied
from napari_jcc.problem import JointFactors, Variables, factorise, gather, joint_model
from napari_jcc.problem.data import JointData
from napari_jcc.progress import Progress
from napari_jcc.regions import ImageRegions, Superpixels
from napari_jcc.results import ImageResult, JccResult
from napari_jcc.solvers import Solution, get_solver, require_solved

if TYPE_CHECKING:
    from distributed import Client

T = TypeVar("T")
R = TypeVar("R")


class Run:
    """One run of the joint program over a set of images.

    Stages: read, superpixels, saliency, boxes, features, factors, solve, masks. Every
    stage is kept under a key made of the settings and inputs it depends on, so that a
    second run with other settings, or with images added, redoes only what must change.

    Parameters
    ----------
    collection
        The images.
    config
        Settings; None: the defaults.
    cache
        Where stages are kept; None: a new one, on disk if ``runtime.cache_folder`` is set.
    client
        Client of a dask cluster for the work on single images; None: threads.
    progress
        Told of every step, and the way to cancel.
    """

    def __init__(
        self,
        collection: ImageCollection,
        config: JccConfig | None = None,
        *,
        cache: Cache | None = None,
        client: Client | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.config = config or JccConfig()
        self.collection = collection.with_config(self.config.collection)
        self.cache = cache or Cache(self.config.runtime.cache_folder or None)
        self.client = client
        self.progress = progress or Progress()
        self.seconds: dict[str, float] = {}

    def with_config(self, config: JccConfig) -> Run:
        """Return a run on the same images with other settings, sharing what is kept."""
        return Run(
            self.collection,
            config,
            cache=self.cache,
            client=self.client,
            progress=self.progress,
        )

    def result(self) -> JccResult:
        """Run all stages and return masks, boxes and scores.

        Raises
        ------
        InputError
            If no image can be read.
        SolverError
            If the joint problem is not solved.
        Cancelled
            If the progress was cancelled; finished stages stay in the cache.
        """
        self.seconds = {}
        keys, images = self._read()
        keys, superpixels = self._superpixels(keys, images)
        keys, regions = self._regions(keys, images, superpixels)
        # An image without candidate boxes has no feasible point; the others go on.
        usable = [i for i, found in enumerate(regions) if len(found.boxes)]
        values: dict[int, tuple[FloatArray, FloatArray]] = {}
        report: dict[str, Any] = {}
        if usable:
            data = gather([regions[i] for i in usable])
            factors_key, factors = self._factors(keys, images, regions, usable, data)
            solution, report = self._solve(factors_key, factors, data)
            values = _split_by_image(solution, data, usable)
        results = self._decode(images, regions, values)
        return JccResult(
            images=tuple(results),
            config=self.config,
            skipped=dict(self.collection.skipped),
            solver_report=report,
            seconds=dict(self.seconds),
        )

    def _read(self) -> tuple[list[str], list[ImageArray]]:
        """Read all images; those that cannot be read leave the set with a reason."""
        settings = self.config.collection.model_dump(mode="json")
        singles = [self.collection.select([i]) for i in range(len(self.collection))]
        keys = [digest("image", _content(single), settings) for single in singles]
        images = self._map("Reading images", stages.read_image, keys, singles)
        good = [i for i, image in enumerate(images) if not isinstance(image, str)]
        failed = {
            self.collection.location(i) or self.collection.names[i]: image
            for i, image in enumerate(images)
            if isinstance(image, str)
        }
        if not good:
            reasons = "\n".join(str(reason) for reason in failed.values())
            raise InputError(f"None of the {len(images)} images can be read.\n{reasons}")
        self.collection = self.collection.select(good, skipped=failed)
        usable = [image for image in images if not isinstance(image, str)]
        return [keys[i] for i in good], usable

    def _superpixels(
        self, keys: list[str], images: list[ImageArray]
    ) -> tuple[list[str], list[Superpixels]]:
        keys = self._extend(keys, "superpixels", self.config.superpixels)
        tasks = [(image, self.config) for image in images]
        return keys, self._map("Superpixels", stages.compute_superpixels, keys, tasks)

    def _regions(
        self, keys: list[str], images: list[ImageArray], superpixels: list[Superpixels]
    ) -> tuple[list[str], list[ImageRegions]]:
        keys, maps = self._saliency(keys, images, superpixels)
        keys = self._extend(keys, "boxes", self.config.boxes)
        tasks = [
            stages.RegionsTask(*parts, self.config)
            for parts in zip(images, superpixels, maps, strict=True)
        ]
        return keys, self._map("Boxes", stages.compute_regions, keys, tasks)

    def _saliency(
        self, keys: list[str], images: list[ImageArray], superpixels: list[Superpixels]
    ) -> tuple[list[str], list[Float32Array]]:
        supplied = find_supplied(self.collection.names, self.config.saliency)
        keys = self._extend(keys, "saliency", self.config.saliency)
        keys = [
            key if own is None else digest(key, own.fingerprint(0))
            for key, own in zip(keys, supplied, strict=True)
        ]
        tasks = [
            stages.SaliencyTask(*parts, self.config)
            for parts in zip(images, superpixels, supplied, strict=True)
        ]
        return keys, self._map("Saliency", stages.compute_saliency, keys, tasks)

    def _factors(
        self,
        keys: list[str],
        images: list[ImageArray],
        regions: list[ImageRegions],
        usable: list[int],
        data: JointData,
    ) -> tuple[str, JointFactors]:
        """Describe the pieces and factor the common classifiers of the set."""
        keys = self._extend([keys[i] for i in usable], "features", self.config.features)
        settings = self.config.discriminative.model_dump(mode="json")
        key = digest("factors", keys, settings)

        def compute() -> JointFactors:
            tasks = [
                stages.DescriptionTask(images[i], regions[i], self.config) for i in usable
            ]
            descriptions: list[dict[str, RegionDescriptors]] = self._map(
                "Features", stages.compute_description, keys, tasks
            )
            self.progress.start("Common classifier", 1)
            with self._timed("Common classifier"):
                features = combine(descriptions, self.config.features)
                factors = factorise(features, data, self.config.discriminative)
            self.progress.advance()
            return factors

        return key, self._once(key, compute)

    def _solve(
        self, factors_key: str, factors: JointFactors, data: JointData
    ) -> tuple[Solution, dict[str, Any]]:
        """Build and solve the joint program.

        There is no warm start from an earlier run: the answer must not depend on which
        settings were tried before.
        """
        problem, solver_config = self.config.problem, self.config.solver
        program = joint_model(data, factors, problem).build()
        settings = problem.model_dump(), solver_config.model_dump()
        key = digest("solution", factors_key, *settings)

        def compute() -> Solution:
            self.progress.start("Joint problem", 1)
            with self._timed("Joint problem"):
                solver = get_solver(solver_config.name)
                solver.setup(program, solver_config)
                solved = require_solved(solver.solve())
            self.progress.advance()
            return solved

        solution = self._once(key, compute)
        return solution, {
            "solver": solver_config.name,
            "status": solution.status.name,
            "objective": solution.objective(program),
            "primal_residual": solution.primal_residual(program),
            "dual_residual": solution.dual_residual(program),
            "duality_gap": solution.duality_gap(program),
            "iterations": solution.iterations,
            "variables": program.variable_count,
            "rows": len(program.l),
            "rank": program.rank,
            "setup_seconds": solution.setup_seconds,
            "solve_seconds": solution.solve_seconds,
        }

    def _decode(
        self,
        images: list[ImageArray],
        regions: list[ImageRegions],
        values: dict[int, tuple[FloatArray, FloatArray]],
    ) -> list[ImageResult]:
        """Decide masks and boxes; not kept, as no later stage asks for them."""
        tasks = [
            stages.DecodeTask(
                self.collection.names[i],
                image,
                self.collection.shape(i),
                regions[i],
                values.get(i),
                self.config,
            )
            for i, image in enumerate(images)
        ]
        return self._map("Masks", stages.compute_result, [""] * len(tasks), tasks)

    def _extend(self, keys: list[str], stage: str, section: Any) -> list[str]:
        settings = section.model_dump(mode="json")
        return [digest(stage, key, settings) for key in keys]

    def _once(self, key: str, compute: Callable[[], R]) -> R:
        """Return what is kept under `key`, or compute and keep it."""
        found: R | None = self.cache.get(key)
        if found is None:
            found = compute()
            self.cache.put(key, found)
        return found

    def _map(
        self, stage: str, function: Callable[[T], R], keys: list[str], items: Sequence[T]
    ) -> list[R]:
        """Apply `function` to the items whose result is not kept; an empty key is never."""
        results: list[R | None] = [self.cache.get(key) if key else None for key in keys]
        missing = [i for i, result in enumerate(results) if result is None]
        self.progress.start(stage, len(items))
        self.progress.advance(len(items) - len(missing))

        def keep(position: int, result: R) -> None:
            place = missing[position]
            results[place] = result
            if keys[place] and not isinstance(result, str):
                self.cache.put(keys[place], result)

        if missing:
            with self._timed(stage):
                tasks = [items[i] for i in missing]
                workers = self.config.runtime.workers
                for_each(function, tasks, keep, self.progress, self.client, workers)
        return [result for result in results if result is not None]

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start


def _content(single: ImageCollection) -> str:
    """Fingerprint of an image; one that cannot be read is told from `read_image`."""
    try:
        return single.fingerprint(0)
    except InputError as error:
        return f"unreadable: {error}"


def _split_by_image(
    solution: Solution, data: JointData, usable: list[int]
) -> dict[int, tuple[FloatArray, FloatArray]]:
    """Values y and z of every image in the problem, by its place in the collection."""
    y, z = Variables(data).split(solution.x)
    return {
        place: (y[data.superpixel_image == number], z[data.box_image == number])
        for number, place in enumerate(usable)
    }
