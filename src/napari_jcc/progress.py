"""The interface through which long computations report progress and are cancelled."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Generic, TypeVar, overload

from napari_jcc.errors import Cancelled, ConfigError

T = TypeVar("T")


class Progress:
    """Counts the steps of consecutive stages; shows nothing by default.

    Front ends (terminal, window) derive from it and override the ``on_`` hooks. Hooks are
    called from the thread that does the work, never two at the same time. `cancel` may be
    called from any thread; the work stops at its next step.
    """

    def __init__(self) -> None:
        self._cancelled = threading.Event()
        self._lock = threading.Lock()

    def start(self, stage: str, total: int) -> None:
        """Begin a stage of `total` steps.

        Raises
        ------
        Cancelled
            If the user has cancelled the run.
        """
        self.raise_if_cancelled()
        with self._lock:
            self.on_start(stage, total)

    def advance(self, steps: int = 1) -> None:
        """Report `steps` more steps of the current stage as done.

        Raises
        ------
        Cancelled
            If the user has cancelled the run.
        """
        with self._lock:
            self.on_advance(steps)
        self.raise_if_cancelled()

    def cancel(self) -> None:
        """Ask the work to stop at its next step."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled.is_set()

    def raise_if_cancelled(self) -> None:
        """Raise `Cancelled` if `cancel` was called."""
        if self.cancelled:
            raise Cancelled("The run was cancelled. Start it again.")

    def on_start(self, stage: str, total: int) -> None:
        """Show that a stage begins; the default shows nothing."""

    def on_advance(self, steps: int) -> None:
        """Show that steps are done; the default shows nothing."""


class Watched(Sequence[T], Generic[T]):
    """A sequence that gives no item out any more once the work on them is cancelled.

    For work on a whole set that passes over its images, and knows of no progress.

    Parameters
    ----------
    items
        Of the sequence.
    progress
        Of the work; reading an item raises `Cancelled` after its `cancel`.
    """

    def __init__(self, items: Sequence[T], progress: Progress) -> None:
        self._items, self._progress = items, progress

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        self._progress.raise_if_cancelled()
        return self._items[index]


def as_progress(progress: Progress | None) -> Progress:
    """Return a progress as it is, and a silent one for None.

    Raises
    ------
    ConfigError
        If it is neither.
    """
    if progress is None:
        return Progress()
    if not isinstance(progress, Progress):
        raise ConfigError(
            f"{progress!r} is no progress. Leave it out, or give a napari_jcc.Progress: "
            "override its on_start and on_advance to show it."
        )
    return progress
