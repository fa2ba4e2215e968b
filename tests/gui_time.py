"""How long the GUI thread is kept busy in one turn of the event loop, and by whom."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest
from napari._vispy.canvas import VispyCanvas
from napari.components import LayerList
from napari.layers import Image, Labels, Layer, Shapes, Vectors
from qtpy.QtCore import QTimer

_USUAL = 0.0135
"""Seconds that `slowness` works where the limits were set, an AMD EPYC."""


def slowness() -> float:
    """How many times as long as usual this machine now takes for the same work; 1 or more.

    Other programs slow the processor down even by this thread's own clock.
    """
    start, total = time.thread_time(), 0
    for number in range(150_000):
        total += number * number
    return max(1.0, (time.thread_time() - start) / _USUAL)


class GuiTime:
    """Processor time of this thread between two beats of a timer, without napari's.

    Time of this thread alone, so that other programs do not count; without what napari
    needs to make and add a layer, to draw, and without Python's collections of garbage.

    Attributes
    ----------
    longest
        Seconds of the turn in which the plugin took longest, by what was done.
    slowness
        The largest that was found in between.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.longest: dict[str, float] = {}
        self.slowness = slowness()
        self._title, self._others, self._depth = "", 0.0, 0
        self._last, self._began = time.thread_time(), 0.0
        self._thread = threading.get_ident()
        self._timer = QTimer()
        self._timer.timeout.connect(self._beat)
        created = (Image, Labels, Shapes, Vectors)
        for owner, name in (
            (LayerList, "insert"),
            (VispyCanvas, "on_draw"),
            (Layer, "refresh"),
            (Shapes, "add_rectangles"),
            *((kind, "__init__") for kind in created),
        ):
            monkeypatch.setattr(owner, name, self._leave_out(getattr(owner, name)))
        gc.callbacks.append(self._on_garbage)

    def begin(self, title: str) -> None:
        """Count what follows under a title."""
        self._timer.stop()
        self.slowness = max(self.slowness, slowness())
        self._title, self._others = title, 0.0
        self._last = time.thread_time()
        self._timer.start(1)

    def stop(self) -> None:
        """Count no longer."""
        self._timer.stop()
        self.slowness = max(self.slowness, slowness())
        gc.callbacks.remove(self._on_garbage)

    def _beat(self) -> None:
        now = time.thread_time()
        own = now - self._last - self._others
        self.longest[self._title] = max(own, self.longest.get(self._title, 0.0))
        self._last, self._others = now, 0.0

    def _leave_out(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            self._enter()
            try:
                return function(*args, **kwargs)
            finally:
                self._leave()

        return wrapped

    def _enter(self) -> None:
        if not self._depth:
            self._began = time.thread_time()
        self._depth += 1

    def _leave(self) -> None:
        self._depth -= 1
        if not self._depth:
            self._others += time.thread_time() - self._began

    def _on_garbage(self, phase: str, info: dict[str, int]) -> None:
        if threading.get_ident() == self._thread:
            (self._enter if phase == "start" else self._leave)()
