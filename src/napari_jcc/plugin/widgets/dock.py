"""Base of the plugin's docks: shares the viewer's session, ends its jobs when it goes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from napari.settings import get_settings
from napari.utils.notifications import show_info
from napari.utils.theme import get_theme
from qtpy.QtCore import QEvent, QSize, Qt, Signal
from qtpy.QtGui import QKeyEvent, QKeySequence
from qtpy.QtWidgets import QAbstractButton, QApplication, QMainWindow, QWidget

from napari_jcc.device import free_unused_memory
from napari_jcc.plugin.background.worker import Task, stop_tasks
from napari_jcc.plugin.session import get_session
from napari_jcc.plugin.tabs import frame_of, join_tabs
from napari_jcc.plugin.widgets.focus_mark import FocusMark
from napari_jcc.plugin.widgets.project_menu import save_project_of
from napari_jcc.plugin.widgets.run_panel import RunPanel
from napari_jcc.progress import Progress

if TYPE_CHECKING:
    import napari

_ENTER = Qt.Key.Key_Return, Qt.Key.Key_Enter
NO_IMAGES = "To begin, open a folder of images or drop it into the window."
_UNSIZED = "QLineEdit, QToolButton, QTableView, QHeaderView::section"


class Dock(QWidget):
    """A dock that does one job at a time and shows it in its `RunPanel`.

    Enter presses the button that has the keyboard, Escape cancels the job.

    Attributes
    ----------
    session
        What this dock shares with the other docks of the viewer.
    panel
        Progress, cancel and status line; the subclass puts it into its layout.
    """

    _framed = Signal()

    def __init__(self, viewer: napari.viewer.Viewer, run_text: str) -> None:
        super().__init__()
        self.session = get_session(viewer)
        self.panel = RunPanel(run_text)
        self.panel.cancel_wanted.connect(self.cancel)
        FocusMark(self)
        self._viewer = viewer
        viewer.events.theme.connect(self._apply_theme)
        self._apply_theme()
        get_settings().appearance.events.font_size.connect(self._apply_font)
        self._apply_font()
        self._needed = self._if_cancelled = ""
        # Queued: the frame comes into the window after the widget into the frame, and is to
        # be a tab before the window makes room for it.
        self._framed.connect(self._on_framed, Qt.ConnectionType.QueuedConnection)
        # Emptied in place: also seen by the handler that outlives this widget.
        self._tasks: list[Task] = []
        self.destroyed.connect(partial(stop_tasks, self._tasks))

    @property
    def running(self) -> bool:
        """Whether this dock's work is in progress."""
        return bool(self._tasks)

    def cancel(self) -> None:
        """Ask the work in progress to stop, unless its result is there; returns at once."""
        for task in self._tasks:
            task.cancel()
            if task.cancelled:
                self.panel.set_cancelling()

    def start(
        self,
        title: str,
        work: Callable[[Progress], Any],
        on_success: Callable[[Any], None],
        *,
        lasting: bool = False,
        if_cancelled: str = "Cancelled.",
    ) -> None:
        """Do work in a thread and show it; returns at once.

        While other work is in progress nothing is begun, and that is told.

        Parameters
        ----------
        title
            What is done, for the list of jobs: ``"Co-segment"``.
        work
            As for `Task`: touches no widget and no layer of a viewer.
        on_success
            Called in the GUI thread with what `work` returned.
        lasting
            As for `Task`.
        if_cancelled
            What is said when it was cancelled.
        """
        if self.running:
            show_info(
                f"{self._tasks[0].title} is in progress. Wait for it, then try again."
            )
            return
        task = Task(work, title, lasting=lasting)
        self._tasks.append(task)
        self._if_cancelled = if_cancelled
        task.progress.signals.started.connect(self.panel.bar.start_stage)
        task.progress.signals.advanced.connect(self.panel.bar.advance)
        task.succeeded.connect(on_success)
        task.failed.connect(self.tell)
        task.ended.connect(self._on_ended)
        self.panel.set_status("")
        self.panel.set_running(True)
        self.session.jobs.run(task, owner=self)

    def tell(self, message: str) -> None:
        """Say something in the status line; in napari's corner where that is not seen."""
        self.panel.set_status(message)
        if self.isVisible() and self.visibleRegion().isEmpty():
            show_info(message)

    def finish(self) -> None:
        """Show that the work has ended; called once the last signal has been handled."""
        (task,) = self._tasks
        self._tasks.clear()
        free_unused_memory()
        self.panel.set_running(False)
        if task.cancelled:
            self.panel.set_status(self._if_cancelled)
        self.refresh()

    def refresh(self) -> None:
        """Show what can be done now; for subclasses."""

    def show_need(self, needed: str, ready: str) -> None:
        """Let the job be run unless something is `needed` first, and say what that is."""
        self.panel.run_button.setEnabled(not needed)
        self.panel.run_button.setToolTip(needed or ready)
        if not self.running and needed != self._needed:
            # Only what is new: else it would wipe out what the panel says of the last run.
            self._needed = needed
            self.panel.set_status(needed)

    def first_control(self) -> QWidget:
        """Return what the keyboard is put at first, where it is enabled; for subclasses."""
        return self.panel.run_button

    def take_keyboard(self) -> None:
        """Put the keyboard at the control that a user who opens the dock begins with."""
        control: QWidget | None = self.first_control()
        if control is not None and not control.isEnabled():
            control = self.nextInFocusChain()
            while control is not None and control is not self and not _is_stop(control):
                control = control.nextInFocusChain()
        if control is not None:
            control.setFocus()

    def leave(self) -> None:
        """Let go of the viewer when the dock is closed; for subclasses."""

    def sizeHint(self) -> QSize:
        """Wide enough for the labels, as high as there is room."""
        return QSize(350, 700)

    def event(self, event: QEvent | None) -> bool:
        """Stop the work of a dock that is closed; take Ctrl+S, napari's for layers, too.

        To close a dock only takes its parent away; it would go on hearing of the session.
        """
        if isinstance(event, QKeyEvent) and event.matches(QKeySequence.StandardKey.Save):
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()  # now it comes as a key
            elif event.type() == QEvent.Type.KeyPress:
                save_project_of(self._viewer)
            return True
        if event is not None and event.type() == QEvent.Type.ParentChange:
            if self.parent() is None:
                if self.session.docks.get(type(self)) is self:
                    del self.session.docks[type(self)]
                self.session.jobs.stop(self)
                self._viewer.events.theme.disconnect(self._apply_theme)
                get_settings().appearance.events.font_size.disconnect(self._apply_font)
                self.leave()
                self.deleteLater()
            else:
                self.session.docks[type(self)] = self
                self._framed.emit()
        return bool(super().event(event))

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Press the button at hand with Enter, and cancel the job with Escape."""
        if event is None:
            return
        button = self.focusWidget()
        if event.key() in _ENTER and isinstance(button, QAbstractButton):
            button.click()
        elif event.key() == Qt.Key.Key_Escape and self.running:
            self.cancel()
        else:
            super().keyPressEvent(event)

    def _apply_theme(self) -> None:
        theme = get_theme(self._viewer.theme)
        self.panel.set_colours(theme.current.as_rgb(), theme.text.as_rgb())

    def _apply_font(self) -> None:
        """Give texts the size of napari's preferences that its style leaves out."""
        size = get_settings().appearance.font_size
        usual = size == QApplication.font().pointSize()
        self.setStyleSheet("" if usual else f"{_UNSIZED} {{ font-size: {size}pt; }}")

    def _on_framed(self) -> None:
        """Find a place in the window, and keep the session's work when it is closed."""
        join_tabs(self, self.session.viewer)
        frame = frame_of(self)
        if frame is not None:
            frame.visibilityChanged.connect(self._show_parts)
        parent = self.parentWidget()
        while parent is not None and not isinstance(parent, QMainWindow):
            parent = parent.parentWidget()
        if parent is not None:
            parent.installEventFilter(self.session.keeper)

    def _show_parts(self, in_front: bool) -> None:
        """Hide what is behind another dock: Qt hears the letters of its buttons there too.

        A letter that two docks have then presses neither button, but goes to and fro.
        """
        layout, window = self.layout(), self.window()
        item = None if layout is None else layout.itemAt(0)
        content = None if item is None else item.widget()
        if content is not None and window is not None and not window.isMinimized():
            content.setVisible(in_front)

    def _on_ended(self) -> None:
        self.finish()


def _is_stop(widget: QWidget) -> bool:
    """Whether the tab key stops at a widget."""
    by_tab = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    return bool(by_tab and widget.isVisible() and widget.isEnabled())
