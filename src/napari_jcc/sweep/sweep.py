"""A set of images under many settings, each from its first changed stage on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dask.system import CPU_COUNT

from napari_jcc.collection import ImageCollection
from napari_jcc.config import JccConfig, apply_overrides, as_config
from napari_jcc.errors import Cancelled, InputError, JccError, OutputError
from napari_jcc.pipeline import Cache, Run
from napari_jcc.pipeline.parallel import as_client
from napari_jcc.progress import Progress, as_progress
from napari_jcc.results import JccResult
from napari_jcc.sweep.folder import SweepFolder
from napari_jcc.sweep.grid import Grid, Index
from napari_jcc.sweep.point import SweepPoint, summarise_result
from napari_jcc.sweep.scoring import KnownTruth, PackedTruth, find_truth_of
from napari_jcc.sweep.table import SweepTable

if TYPE_CHECKING:
    from distributed import Client


class Sweep:
    """Tries settings on a set of images; iterating gives each point as it is finished.

    The base, the settings that all points start from, is solved as well, to compare with.
    A point that fails says why and does not stop the others. When the sweep is cancelled,
    finished points stay, and iterating again goes on with the rest; failed points are
    tried again.

    Parameters
    ----------
    collection
        The images.
    config
        Settings that every point starts from, or a mapping of some sections.
    grid
        A `Grid`, or what `Grid.build` takes: ``{"problem.nu": [0.1, 0.2]}``, or one or
        several texts such as ``"problem.nu=0.1:1:5"``.
    truth
        Masks (H, W) bool or numbered objects (H, W) int by name of the image, a folder or
        table of the truth, or the `Truth` that `find_truth` finds.
    cache
        Where stages are kept; None: a new one, on disk if ``runtime.cache_folder`` is set.
    client
        Client of a dask cluster for the work on single images; None: threads.
    progress
        Told of every finished point; cancels.
    stages
        Told of the stages of the points that are computed one at a time.
    folder
        Where points are kept; those that are there are taken from there. None: memory.
    former
        Points of an earlier sweep of the same images, not to be computed again.
    command
        Writes the command line that equals a point, from its settings and its key.

    Attributes
    ----------
    table
        Finished points.

    Raises
    ------
    ConfigError
        If the grid is not allowed, or `folder` holds a sweep from other settings.
    InputError
        If the truth does not fit the images, or `folder` holds a sweep of others.
    OutputError
        If `folder` holds something else, or cannot be written.
    """

    def __init__(
        self,
        collection: ImageCollection,
        config: JccConfig | Mapping[str, Any],
        grid: Grid | Mapping[str, Sequence[Any]] | Iterable[str] | str,
        *,
        truth: KnownTruth | str | Path | None = None,
        cache: Cache | None = None,
        client: Client | None = None,
        progress: Progress | None = None,
        stages: Progress | None = None,
        folder: str | Path | None = None,
        former: SweepTable | None = None,
        command: Callable[[JccConfig, str], str] | None = None,
    ) -> None:
        if not isinstance(collection, ImageCollection):
            raise InputError(
                f"A sweep is over an ImageCollection, not {type(collection).__name__}. "
                "Make one by from_paths or from_arrays."
            )
        config = as_config(config)
        grid = grid if isinstance(grid, Grid) else Grid.build(config, grid)
        self._collection = collection
        if isinstance(truth, str | Path):
            truth = find_truth_of(collection, truth)
        self._truth = None if truth is None else PackedTruth.read(truth, collection)
        self._cache = cache or Cache.of(config.runtime)
        self._client = as_client(client)
        self._progress = as_progress(progress)
        self._stages = stages
        self._command = command
        self._workers = config.runtime.workers or CPU_COUNT
        self._folder = None if folder is None else SweepFolder(folder)
        opened = self._folder.open(grid, collection) if self._folder else None
        self.table = opened or SweepTable(grid)
        if former is not None:
            self.table.take_over(former)
        # Grid and truth may be others than when these points were computed.
        points = [self._score(point) for point in self.table.points]
        self.table.add(points)
        if self._folder is not None:
            new = former is not None or self._truth is not None
            self._folder.write(self.table, points if new else ())

    def __iter__(self) -> Iterator[SweepPoint]:
        """Compute the points that are missing, the base first.

        Raises
        ------
        Cancelled
            If the progress was cancelled.
        OutputError
            If a finished point cannot be written.
        """
        waves = [self._missing(wave) for wave in self.table.grid.waves()]
        left = sum(map(len, waves))
        self._progress.start("Settings", self.count)
        self._progress.advance(self.count - left)
        try:
            for wave in filter(None, waves):
                if len(wave) == 1 or self._workers == 1:
                    yield from self._compute_one_by_one(wave)
                else:
                    yield from self._compute_together(wave)
        finally:
            # Once: a figure takes longer than a point that changes little.
            if self._folder is not None:
                self._folder.draw(self.table)

    def run(self) -> SweepTable:
        """Compute all points; see `__iter__`."""
        for _ in self:
            pass
        return self.table

    def result(self, point: SweepPoint) -> JccResult:
        """Return the complete result of a point, computed anew from what is kept.

        Raises
        ------
        JccError
            As `Run.result`.
        """
        config = self.table.grid.config(point.index)
        return Run(
            self._collection,
            config,
            cache=self._cache,
            client=self._client,
            progress=self._stages,
        ).result()

    @property
    def count(self) -> int:
        """Number of points, with the base."""
        return len(self.table.grid) + (self.table.grid.base_index is None)

    @property
    def missing_count(self) -> int:
        """Number of points, with the base, that are still to be computed."""
        return sum(len(self._missing(wave)) for wave in self.table.grid.waves())

    def _missing(self, wave: list[Index | None]) -> list[Index | None]:
        found = {index: self.table.at(index) for index in wave}
        return [i for i, point in found.items() if point is None or not point.has_answer]

    def _compute_one_by_one(self, wave: list[Index | None]) -> Iterator[SweepPoint]:
        for index in wave:
            progress = _PointProgress(self._progress, self._stages)
            yield self._keep(self._compute(index, self._workers, progress))

    def _compute_together(self, wave: list[Index | None]) -> Iterator[SweepPoint]:
        """Compute points side by side: the joint problem alone fills one core only."""
        together = min(self._workers, len(wave))
        each = max(1, self._workers // together)
        inner = _PointProgress(self._progress)
        with ThreadPoolExecutor(together, thread_name_prefix="sweep") as pool:
            left: set[Future[SweepPoint]] = {
                pool.submit(self._compute, index, each, inner) for index in wave
            }
            try:
                while left:
                    done, left = wait(left, return_when=FIRST_COMPLETED)
                    # A cancelled point must not take finished ones with it.
                    for future in sorted(done, key=_has_failed):
                        yield self._keep(future.result())
            finally:
                # Also when the caller stops iterating: nothing must go on unseen.
                inner.cancel()
                for future in left:
                    future.cancel()

    def _compute(self, index: Index | None, workers: int, progress: Progress) -> SweepPoint:
        progress.raise_if_cancelled()
        grid = self.table.grid
        point = SweepPoint(self.table.key(index), grid.parameters(index), index)
        start = time.perf_counter()
        try:
            config = grid.config(index)
            inner = apply_overrides(config, {"runtime.workers": workers})
            result = Run(
                self._collection,
                inner,
                cache=self._cache,
                client=self._client,
                progress=progress,
            ).result()
            found = summarise_result(result)
            if self._command is not None:
                found["command"] = self._command(config, point.key)
        except (Cancelled, OutputError):
            raise
        # Extreme settings also make libraries stop with errors of their own.
        except (JccError, ValueError, ArithmeticError, MemoryError) as error:
            text = str(error) or type(error).__name__
            return replace(point, error=text, seconds=time.perf_counter() - start)
        point = replace(point, seconds=time.perf_counter() - start, **found)
        return self._score(point)

    def _score(self, point: SweepPoint) -> SweepPoint:
        if self._truth is None or not point.has_answer:
            return point
        return replace(point, scores=self._truth.score(point))

    def _keep(self, point: SweepPoint) -> SweepPoint:
        self.table.add([point])
        found = self.table.at(point.index)
        point = point if found is None else found
        if self._folder is not None:
            self._folder.write(self.table, [point])
        self._progress.advance()
        return point


def _has_failed(future: Future[SweepPoint]) -> bool:
    return future.exception() is not None


class _PointProgress(Progress):
    """Progress of the run of one point: its stages, cancelled with the whole sweep."""

    def __init__(self, whole: Progress, stages: Progress | None = None) -> None:
        super().__init__()
        self._whole = whole
        self._stages = stages

    @property
    def cancelled(self) -> bool:
        """Whether the sweep, or this point, was cancelled."""
        return super().cancelled or self._whole.cancelled

    def on_start(self, stage: str, total: int) -> None:
        """Hand on that a stage begins."""
        if self._stages is not None:
            self._stages.start(stage, total)

    def on_advance(self, steps: int) -> None:
        """Hand on that steps are done."""
        if self._stages is not None:
            self._stages.advance(steps)
