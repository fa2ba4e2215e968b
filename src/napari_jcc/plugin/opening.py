"""Docks as napari opens them: there at once, while their libraries are still loaded."""

from __future__ import annotations

import importlib
import sys
import threading
from contextlib import suppress
from typing import Any, ClassVar, cast

from qtpy.QtCore import QEvent, QSize, Qt, QTimer, Signal
from qtpy.QtWidgets import QApplication, QDockWidget, QLabel, QVBoxLayout, QWidget

from napari_jcc.plugin.background.garbage import without_garbage_collection
from napari_jcc.plugin.background.turns import short_turns
from napari_jcc.plugin.tabs import join_tabs

_LOOK = 20
"""Milliseconds between two looks whether all is loaded."""


class OpeningDock(QWidget):
    """Stands where a dock will be, which takes its place as soon as it is loaded.

    The first dock of a napari session loads for a second what it computes with. Where
    that has been done the dock itself is returned.

    Parameters
    ----------
    napari_viewer
        As for the dock.
    at_once
        Whether it is. Otherwise napari first makes room in the window, and the dock is
        made in another turn of the event loop.
    """

    location: ClassVar[tuple[str, str]]
    """Module and name of the dock."""
    _framed = Signal()

    def __new__(cls, napari_viewer: Any, *, at_once: bool = True) -> OpeningDock:
        """Return a stand-in, or the dock where that is at hand."""
        if at_once and cls.is_loaded():
            dock = cls.kind()(napari_viewer)
            if is_in_use():
                give_keyboard(dock)
            return cast("OpeningDock", dock)
        return super().__new__(cls)

    def __init__(self, napari_viewer: Any, *, at_once: bool = True) -> None:
        super().__init__()
        self._viewer = napari_viewer
        self._by_hand = is_in_use()
        self._label = QLabel("" if self.is_loaded() else "Loading…")
        self._label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        QVBoxLayout(self).addWidget(self._label)
        # Queued, as by the docks themselves.
        self._framed.connect(self._on_framed, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=_load, args=(self.location[0],))
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)
        self._timer.start(_LOOK)

    @classmethod
    def is_loaded(cls) -> bool:
        """Whether the dock can be made without loading anything."""
        module, name = cls.location
        return hasattr(sys.modules.get(module), name)

    @classmethod
    def kind(cls) -> type[QWidget]:
        """Class of the dock; loads what it needs."""
        module, name = cls.location
        return cast("type[QWidget]", getattr(importlib.import_module(module), name))

    def sizeHint(self) -> QSize:
        """As wide and high as the dock, about."""
        return QSize(350, 700)

    @classmethod
    def fits(cls, widget: QWidget) -> bool:
        """Whether a widget is the dock or stands in for it; loads nothing."""
        kind = type(widget)
        return kind is cls or (kind.__module__, kind.__name__) == cls.location

    def finish(self) -> QWidget | None:
        """Make way for the dock, wait for its libraries if need be, and return it.

        None where the place was closed meanwhile.
        """
        self._timer.stop()
        if self._thread.ident is not None:
            self._thread.join()
        self._label.setText("This could not be opened.")  # to be read if what follows fails
        dock, frame = None, self.parentWidget()
        if isinstance(frame, QDockWidget):
            dock = self.kind()(self._viewer)
            frame.setWidget(dock)
            if self._by_hand:
                give_keyboard(dock)
        self.deleteLater()
        return dock

    def event(self, event: QEvent | None) -> bool:
        """Become a tab of the other docks as soon as there is a frame."""
        if event is not None and event.type() == QEvent.Type.ParentChange:
            self._framed.emit()
        return bool(super().event(event))

    def _on_framed(self) -> None:
        join_tabs(self, self._viewer)

    def _look(self) -> None:
        if self._thread.ident is None and not self.is_loaded():
            self._thread.start()  # not sooner: napari was making room in the window
        elif not self._thread.is_alive():
            self.finish()


def is_in_use() -> bool:
    """Whether docks are opened by the user: no window is active while napari starts."""
    return QApplication.activeWindow() is not None


def give_keyboard(dock: Any) -> None:
    """Put the keyboard at a dock of this plugin as soon as that is in its place."""
    QTimer.singleShot(0, dock.take_keyboard)


def _load(module: str) -> None:
    # What cannot be loaded is told where the dock is made.
    with suppress(Exception), short_turns(), without_garbage_collection():
        importlib.import_module(module)


def _stand_in(module: str, name: str) -> type[OpeningDock]:
    """Make the stand-in of a dock."""
    location = f"napari_jcc.plugin.widgets.{module}", name
    return type(name, (OpeningDock,), {"location": location})


# Those of the manifest.
Cosegment = _stand_in("cosegment", "CosegmentWidget")
Sweep = _stand_in("sweep.dock", "SweepDock")
Review = _stand_in("review.dock", "ReviewDock")
Match = _stand_in("matching.match_dock", "MatchDock")
Landmarks = _stand_in("matching.landmark_dock", "LandmarkDock")
Train = _stand_in("matching.train_dock", "TrainDock")
