"""The one seam where work leaves the GUI thread: progress by signals, clean cancel."""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable
from typing import Any

from napari.qt.threading import FunctionWorker, create_worker
from napari.utils.notifications import show_info
from qtpy.QtCore import QObject, QThreadPool, Signal

from napari_jcc.errors import Cancelled, JccError
from napari_jcc.plugin.background.turns import short_turns
from napari_jcc.plugin.notices import forget_frames, show_problem
from napari_jcc.progress import Progress

_LAST_SIGNALS = 10_000
"""Milliseconds."""

_MOMENT = 0.25
"""Seconds between two reports of progress. Where Qt draws without a graphics card, each
takes up to a tenth of a second of the processor from the work that it reports on."""


@atexit.register
def _wait_for_last_signals() -> None:
    """Let stopped work send its last signals: Qt crashes when a script ends before that."""
    pool = QThreadPool.globalInstance()
    if pool is not None:
        pool.waitForDone(_LAST_SIGNALS)


class _ProgressSignals(QObject):
    started = Signal(str, int)
    advanced = Signal(int)


class QtProgress(Progress):
    """Progress that tells the window, from whichever thread the work runs in.

    Connect to ``signals.started(stage, total)`` and ``signals.advanced(steps)``; Qt
    queues them to the GUI thread. Steps that follow each other closely come as one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.signals = _ProgressSignals()
        self._steps, self._told = 0, 0.0

    def on_start(self, stage: str, total: int) -> None:
        """Emit ``signals.started``."""
        self._steps, self._told = 0, 0.0
        self.signals.started.emit(stage, total)

    def on_advance(self, steps: int) -> None:
        """Emit ``signals.advanced``, unless it was emitted a moment ago."""
        self._steps += steps
        now = time.monotonic()
        if now - self._told >= _MOMENT:
            self.signals.advanced.emit(self._steps)
            self._steps, self._told = 0, now


class _Worker(FunctionWorker):
    """A napari worker whose `quit` cancels the work's progress.

    napari and Qt call `quit` themselves before the window or the program closes, so a
    running task never outlives them.
    """

    progress: QtProgress

    def quit(self) -> None:
        """Ask the work to stop at its next step.

        napari's own `quit` would drop the value of work that had come to its end.
        """
        self.progress.cancel()


class _Problem:
    """Error that the user can act on, passed to the GUI thread as a value."""

    def __init__(self, error: JccError) -> None:
        self.error = error


class Task(QObject):
    """One piece of work in a thread; every signal arrives in the GUI thread.

    Parameters
    ----------
    work
        Called with the task's `Progress` in a thread of Qt's pool; must touch no widget
        and no layer that is in a viewer.
    title
        What is done, for the list of jobs: ``"Co-segment"``.
    lasting
        Whether what the work has done stands, as a file that was written does, where it was
        cancelled too late. Otherwise nothing comes of that.

    Attributes
    ----------
    succeeded
        Signal with the value that `work` returned; not where it counts as cancelled.
    failed
        Signal with the error's message; the message has been shown as a notification.
    ended
        Signal after all others, whatever happened.
    """

    succeeded = Signal(object)
    failed = Signal(str)
    ended = Signal()

    def __init__(
        self, work: Callable[[Progress], Any], title: str = "", *, lasting: bool = False
    ) -> None:
        super().__init__()
        self.title = title
        self._lasting, self._stands = lasting, False
        self.progress = QtProgress()
        self._done = threading.Event()
        self._worker: _Worker = create_worker(
            _guarded, [work], self.progress, self._done, _worker_class=_Worker
        )
        self._worker.progress = self.progress
        self._worker.returned.connect(self._on_returned)
        self._worker.errored.connect(self._on_errored)
        self._worker.finished.connect(self.ended)

    def start(self) -> None:
        """Start the work; returns at once."""
        self._worker.start()

    def cancel(self) -> None:
        """Ask the work to stop at its next step; returns at once."""
        self._worker.quit()

    @property
    def cancelled(self) -> bool:
        """Whether the work was asked to stop before anything came of it."""
        return self.progress.cancelled and not self._stands

    def stop(self, seconds: float = 10.0) -> bool:
        """Cancel, wait until the work has left its thread, and tell whether it has."""
        self.cancel()
        return self._done.wait(seconds)

    def _on_returned(self, value: Any) -> None:
        self._stands = self._lasting and value is not None
        if self.cancelled:
            return  # perhaps only after it had returned: who asked for it may be gone
        if isinstance(value, _Problem):
            show_problem(value.error, self.title)
            # Else only a collection lets go, and there is none while modules are loaded.
            forget_frames(value.error)
            self.failed.emit(str(value.error))
        else:
            self._stands = True
            self.succeeded.emit(value)

    def _on_errored(self, error: Exception) -> None:
        # napari has shown the unexpected error already, with its traceback.
        forget_frames(error)
        self.failed.emit(f"{type(error).__name__}: {error}")


def _guarded(
    work: list[Callable[[Progress], Any]], progress: QtProgress, done: threading.Event
) -> Any:
    """Do the only work of a list, which is taken out: napari never lets go of a worker."""
    own = work.pop()
    try:
        progress.raise_if_cancelled()
        with short_turns():
            return own(progress)
    except Cancelled:
        return None
    except JccError as error:
        return _Problem(error)
    finally:
        done.set()


def stop_tasks(tasks: list[Task]) -> None:
    """Cancel all that is running and wait for it, before its window goes."""
    for task in tasks:
        task.cancel()  # all of them before the first wait
    for task in tasks:
        if not task.stop():
            show_info("A step of the cancelled run is still being finished.")
