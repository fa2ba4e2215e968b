"""How far a stage of a job is."""

from __future__ import annotations

import time

from qtpy.QtCore import QTimer
from qtpy.QtGui import QHideEvent
from qtpy.QtWidgets import QProgressBar

_TICK = 1000
"""Milliseconds between two looks at the clock, in a stage that counts no steps."""


class StageBar(QProgressBar):
    """Counts the steps of a stage, and seconds where a stage has one step or none.

    Qt's own bar of unknown length moves all the time, and napari's canvas makes Qt draw the
    whole window for it: without a graphics card that takes half of two cores from the job.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setTextVisible(True)
        self._stage, self._since = "", 0.0
        self._clock = QTimer(self)
        self._clock.setInterval(_TICK)
        self._clock.timeout.connect(self._write)

    def start_stage(self, stage: str, total: int) -> None:
        """Show the beginning of a stage."""
        self._stage, self._since = stage, time.monotonic()
        self.setRange(0, max(total, 1))
        self.setValue(0)
        self._write()
        if total > 1:
            self._clock.stop()
        else:
            self._clock.start()

    def advance(self, steps: int) -> None:
        """Show that steps are done."""
        self.setValue(min(self.value() + steps, self.maximum()))
        self._write()

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Let the clock rest."""
        self._clock.stop()
        super().hideEvent(event)

    def _write(self) -> None:
        if self.maximum() > 1:
            count = f"{self.value()} of {self.maximum()}"
        else:
            seconds = round(time.monotonic() - self._since)
            count = f"{seconds} s" if seconds else ""
        self.setFormat(f"{self._stage}  {count}".rstrip())
