"""One function over many images, on the cores of this machine or of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import dask
from dask.system import CPU_COUNT

from napari_jcc.progress import Progress

if TYPE_CHECKING:
    from distributed import Client

T = TypeVar("T")
R = TypeVar("R")


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
    # Said in any case: outside the main thread dask would take more threads than cores.
    threads = workers or CPU_COUNT
    # Global callbacks, such as a viewer's cache of slices, are for one thread only.
    dask.compute(*tasks, scheduler="threads", num_workers=threads, callbacks=())


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
