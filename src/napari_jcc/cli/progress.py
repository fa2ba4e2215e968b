"""Progress of a run in the terminal, and Ctrl-C as a clean cancel."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import ExitStack, suppress
from datetime import timedelta
from types import FrameType, TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import Progress as Bars

from napari_jcc.progress import Progress

SECONDS_A_LINE = 30.0
"""How often a stage is heard of where there are lines for bars."""


class TerminalProgress(Progress):
    """One bar per stage on standard error; nothing when `quiet`.

    Where standard error is a file, as in a batch job, a stage is a line when it is done,
    and one every `SECONDS_A_LINE` until then.

    Use as a context. It takes the bars away from the keyboard's line in the end, and lets
    the first Ctrl-C cancel the run at its next step, and the second end it at once; outside
    the main thread, where Python takes no signals, Ctrl-C stays what it is.
    """

    def __init__(self, quiet: bool = False, console: Console | None = None) -> None:
        super().__init__()
        # Disabled bars may still end in a new line.
        console = console or Console(stderr=True, quiet=quiet)
        self._writes_lines = not (quiet or console.is_terminal)
        self._last_line = time.monotonic()
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=quiet or self._writes_lines,
        )
        self._stage: TaskID | None = None
        self._entered = ExitStack()

    def __enter__(self) -> Self:
        self._entered.enter_context(self._bars)
        if threading.current_thread() is threading.main_thread():
            before = signal.signal(signal.SIGINT, self._on_interrupt)
            self._entered.callback(signal.signal, signal.SIGINT, before)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._finish(complete=error is None)
        self._entered.close()

    def on_start(self, stage: str, total: int) -> None:
        """Complete the bar of the stage before, and open one for `stage`."""
        self._finish(complete=True)
        self._stage = self._bars.add_task(stage.capitalize(), total=total)

    def on_advance(self, steps: int) -> None:
        """Move the bar of the current stage on."""
        if self._stage is not None:
            self._bars.advance(self._stage, steps)
            finished = self._task(self._stage).finished
            if not finished and time.monotonic() - self._last_line > SECONDS_A_LINE:
                self._say_how_far(self._stage)

    def describe(self, text: str) -> None:
        """Put other words before the bar of the current stage."""
        if self._stage is not None:
            self._bars.update(self._stage, description=text)

    def detail(self) -> Progress:
        """Return what shows the stages of a step: one more bar, the same for all."""
        return _DetailProgress(self._bars)

    def say(self, text: str) -> None:
        """Show a line above the bars; none where it cannot be written."""
        with suppress(OSError):  # a disk full of logs must not end the work
            self._bars.console.print(text, markup=False, highlight=False)

    def _on_interrupt(self, number: int, frame: FrameType | None) -> None:
        if self.cancelled:
            raise KeyboardInterrupt
        self.cancel()
        self.say("Cancelling after the current step; press Ctrl-C again to stop now.")

    def _finish(self, complete: bool) -> None:
        if self._stage is None:
            return
        if complete:
            self._bars.update(self._stage, completed=self._task(self._stage).total)
        self._bars.stop_task(self._stage)
        self._say_how_far(self._stage)
        self._stage = None

    def _say_how_far(self, stage: TaskID) -> None:
        if not self._writes_lines:
            return
        task = self._task(stage)
        elapsed = timedelta(seconds=int(task.elapsed or 0))
        self.say(f"{task.description} {task.completed:.0f}/{task.total:.0f} {elapsed}")
        self._last_line = time.monotonic()

    def _task(self, stage: TaskID) -> Task:
        return next(task for task in self._bars.tasks if task.id == stage)


class _DetailProgress(Progress):
    """A bar that every stage takes over from the one before."""

    def __init__(self, bars: Bars) -> None:
        super().__init__()
        self._bars = bars
        self._task: TaskID | None = None

    def on_start(self, stage: str, total: int) -> None:
        """Show `stage` in place of the stage before."""
        if self._task is not None:
            self._bars.remove_task(self._task)
        self._task = self._bars.add_task(f"  {stage}", total=total)

    def on_advance(self, steps: int) -> None:
        """Move the bar on."""
        if self._task is not None:
            self._bars.advance(self._task, steps)
