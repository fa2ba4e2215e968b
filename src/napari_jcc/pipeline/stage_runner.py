"""Runs stages with caching, in parallel, with progress and timing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from napari_jcc.pipeline.cache import Cache, digest
from napari_jcc.pipeline.parallel import for_each
from napari_jcc.progress import Progress
from napari_jcc.spill import SpilledList

if TYPE_CHECKING:
    from distributed import Client

R = TypeVar("R")
Task = tuple[Any, ...]


def _call(function: Callable[..., R], task: Task) -> R:
    return function(*task)


class StageRunner:
    """Runs stages, and reuses cached results.

    Parameters
    ----------
    cache
        Keeps the results.
    progress
        Told of every step; cancels.
    client
        Client of a dask cluster for the work on single images; None: threads.
    workers
        Number of threads; 0: one per core.

    Attributes
    ----------
    seconds
        Wall time of every stage that was not entirely cached.
    """

    def __init__(
        self, cache: Cache, progress: Progress, client: Client | None, workers: int
    ) -> None:
        self.cache = cache
        self.progress = progress
        self.seconds: dict[str, float] = {}
        self._client = client
        self._workers = workers

    def cached(self, key: str, compute: Callable[[], R]) -> R:
        """Return what the cache has under `key`, or compute and cache it."""
        found: R | None = self.cache.get(key)
        if found is None:
            found = compute()
            self.cache.put(key, found)
        return found

    def map(
        self, stage: str, function: Callable[..., R], keys: list[str], tasks: Sequence[Task]
    ) -> list[R]:
        """Call `function` once per image, in parallel, and return the results in order.

        Parameters
        ----------
        stage
            Name of the stage, for progress and times.
        function
            Called with the arguments of each task that is not in the cache.
        keys
            Cache key of every image; an empty one is neither looked up nor cached.
        tasks
            Arguments for every image.
        """
        results: list[R | None] = [None] * len(tasks)
        self.map_into(results, stage, function, keys, tasks)
        return [result for result in results if result is not None]

    def map_into(
        self,
        results: list[R | None] | SpilledList[R],
        stage: str,
        function: Callable[..., R],
        keys: list[str],
        tasks: Sequence[Task],
    ) -> None:
        """Do what `map` does, but put the results into a sequence of the same length."""
        missing = []
        for place, key in enumerate(keys):
            found: R | None = self.cache.get(key) if key else None
            if found is None:
                missing.append(place)
            else:
                results[place] = found
        self.progress.start(stage, len(tasks))
        self.progress.advance(len(tasks) - len(missing))

        def keep(position: int, result: R) -> None:
            place = missing[position]
            results[place] = result
            # A text is the reason why an image cannot be read (`stages.read_image`).
            if keys[place] and not isinstance(result, str):
                self.cache.put(keys[place], result)

        if missing:
            with self.timed(stage):
                left = [tasks[i] for i in missing]
                call = partial(_call, function)
                for_each(call, left, keep, self.progress, self._client, self._workers)

    def single(self, stage: str, compute: Callable[[], R]) -> R:
        """Run a stage of a single step, for the whole set."""
        self.progress.start(stage, 1)
        with self.timed(stage):
            found = compute()
        self.progress.advance()
        return found

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the time of the block to `seconds`."""
        start = time.perf_counter()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start


def extend_keys(keys: Sequence[str], stage: str, settings: Any) -> list[str]:
    """Derive a stage's keys from those of the stage before and from its settings (JSON)."""
    return [digest(stage, key, settings) for key in keys]
