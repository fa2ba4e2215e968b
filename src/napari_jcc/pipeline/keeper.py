"""Work that is done once: results kept by key, in parallel, progress told, times taken."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import dask
from dask.system import CPU_COUNT

from napari_jcc.errors import ConfigError
from napari_jcc.pipeline.cache import Cache, digest
from napari_jcc.progress import Progress
from napari_jcc.spill import SpilledList

if TYPE_CHECKING:
    from distributed import Client

T = TypeVar("T")
R = TypeVar("R")
Task = tuple[Any, ...]


def as_client(client: Client | None) -> Client | None:
    """Take a client of a cluster, or None, as it is.

    Raises
    ------
    ConfigError
        If it is neither.
    """
    if client is None or hasattr(client, "scheduler_info"):
        return client
    raise ConfigError(
        f"{client!r} is no client of a dask cluster. Give distributed.Client(address), or "
        "leave it out to compute here."
    )


def for_each(
    function: Callable[[T], R],
    items: Sequence[T],
    keep: Callable[[int, R], None],
    progress: Progress,
    client: Client | None = None,
    workers: int = 0,
) -> None:
    """Apply `function` to every item in parallel and hand over each result at once.

    Parameters
    ----------
    function
        Called once per item; for a cluster it and the items must be picklable.
    items
        What to work on.
    keep
        Called with the position of an item and its result, as soon as that is there, so
        that nothing finished is lost when a later item fails. With threads it is called
        from them.
    progress
        Told of every finished item; when it is cancelled, items not yet begun are dropped.
    client
        Client of a dask cluster; None: threads of this process.
    workers
        Number of threads; 0: one per core.

    Raises
    ------
    Cancelled
        If `progress` was cancelled.
    """
    if client is not None:
        _on_cluster(function, items, keep, progress, client)
        return

    def step(position: int) -> None:
        progress.raise_if_cancelled()
        keep(position, function(items[position]))
        progress.advance()

    tasks = [dask.delayed(step, pure=False)(position) for position in range(len(items))]
    # Dask's own pool has no threads any more in a process that was forked, and would wait
    # for them for ever; outside the main thread it has more than there are cores.
    threads = workers or CPU_COUNT
    pool = ThreadPoolExecutor(threads)
    try:
        # Global callbacks, such as a viewer's cache of slices, are for one thread only.
        dask.compute(
            *tasks, scheduler="threads", pool=pool, num_workers=threads, callbacks=()
        )
    finally:
        pool.shutdown(wait=False)


def _on_cluster(
    function: Callable[[T], R],
    items: Sequence[T],
    keep: Callable[[int, R], None],
    progress: Progress,
    client: Client,
) -> None:
    from distributed import as_completed

    futures = client.map(function, list(items), pure=False)
    position = {future.key: place for place, future in enumerate(futures)}
    try:
        for future, result in as_completed(futures, loop=client.loop, with_results=True):
            keep(position[future.key], result)
            progress.advance()
    except BaseException:
        client.cancel(futures)
        raise


def _call(function: Callable[..., R], task: Task) -> R:
    return function(*task)


class Keeper:
    """Does the work of stages, unless its result is kept.

    Parameters
    ----------
    cache
        Where results are kept.
    progress
        Told of every step, and the way to cancel.
    client
        Client of a dask cluster for the work on single images; None: threads.
    workers
        Number of threads; 0: one per core.

    Attributes
    ----------
    seconds
        Time of every stage whose result was not kept.
    """

    def __init__(
        self, cache: Cache, progress: Progress, client: Client | None, workers: int
    ) -> None:
        self.cache = cache
        self.progress = progress
        self.seconds: dict[str, float] = {}
        self._client = client
        self._workers = workers

    def once(self, key: str, compute: Callable[[], R]) -> R:
        """Return what is kept under `key`, or compute and keep it."""
        found: R | None = self.cache.get(key)
        if found is None:
            found = compute()
            self.cache.put(key, found)
        return found

    def map(
        self, stage: str, function: Callable[..., R], keys: list[str], tasks: Sequence[Task]
    ) -> list[R]:
        """Call `function` for the tasks whose result is not kept; an empty key is never.

        A task is what the function is given for one image.
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
        """Do what `map` does and set the results in a sequence of as many places."""
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
            # A text says why there is no image (`stages.read_image`).
            if keys[place] and not isinstance(result, str):
                self.cache.put(keys[place], result)

        if missing:
            with self.timed(stage):
                left = [tasks[i] for i in missing]
                call = partial(_call, function)
                for_each(call, left, keep, self.progress, self._client, self._workers)

    def single(self, stage: str, compute: Callable[[], R]) -> R:
        """Compute one thing for the whole set as a stage of its own."""
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
    """Derive a stage's keys from those before and its settings, JSON values."""
    return [digest(stage, key, settings) for key in keys]
