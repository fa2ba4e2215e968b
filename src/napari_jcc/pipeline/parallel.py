"""Work on many items in parallel: in threads of this process, or on a dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, TypeVar

from dask.system import CPU_COUNT

from napari_jcc.errors import ConfigError
from napari_jcc.progress import Progress
from napari_jcc.threads import one_thread

if TYPE_CHECKING:
    from distributed import Client

T = TypeVar("T")
R = TypeVar("R")


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
    """Apply `function` to every item in parallel; hand over each result when it is there.

    Parameters
    ----------
    function
        Called once per item; for a cluster it and the items must be picklable.
    items
        What to work on.
    keep
        Called with the position of an item and its result as soon as it is computed, so
        that no result is lost when a later item fails. With threads it is called from
        them.
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

    _in_threads(step, len(items), workers or CPU_COUNT)


# Each of the threads would else have as many again multiply its matrices.
@one_thread
def _in_threads(step: Callable[[int], None], count: int, workers: int) -> None:
    pool = ThreadPoolExecutor(workers)
    try:
        for done in as_completed(pool.submit(step, place) for place in range(count)):
            done.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _on_cluster(
    function: Callable[[T], R],
    items: Sequence[T],
    keep: Callable[[int, R], None],
    progress: Progress,
    client: Client,
) -> None:
    import distributed

    futures = client.map(function, list(items), pure=False)
    position = {future.key: place for place, future in enumerate(futures)}
    try:
        done = distributed.as_completed(futures, loop=client.loop, with_results=True)
        for future, result in done:
            keep(position[future.key], result)
            progress.advance()
    except BaseException:
        client.cancel(futures)
        raise
