"""What is running in this viewer, with progress and cancel."""

from __future__ import annotations

from qtpy.QtCore import QPoint, Qt, QTimer
from qtpy.QtWidgets import (
    QFrame,
    QGridLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_jcc.plugin.background.jobs import Jobs
from napari_jcc.plugin.background.worker import Task
from napari_jcc.plugin.widgets.stage_bar import StageBar

_FRAME = "#888888"
"""Seen on dark and on light ground."""

_MOMENT = 200
"""Milliseconds after which the button counts a job. To draw its text is to draw the window
anew, which would delay the answer to a stroke."""


class JobRow(QWidget):
    """Title, progress and cancel of one job."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self._task = task
        self.bar = StageBar()
        self.bar.setAccessibleName(f"Progress of {task.title}")
        self.bar.start_stage("Starting", 0)
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setAccessibleName(f"Cancel {task.title}")
        self.cancel_button.setToolTip("Stop this job after the step at hand")
        self.cancel_button.clicked.connect(self._cancel)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(QLabel(f"<b>{task.title}</b>"), 0, 0)
        grid.addWidget(self.bar, 1, 0)
        grid.addWidget(self.cancel_button, 0, 1, 2, 1)
        grid.setColumnMinimumWidth(0, 180)
        task.progress.signals.started.connect(self.bar.start_stage)
        task.progress.signals.advanced.connect(self.bar.advance)

    def _cancel(self) -> None:
        self._task.cancel()
        self.cancel_button.setEnabled(False)
        self.cancel_button.setToolTip("It stops at its next step")


class JobsButton(QToolButton):
    """Says how many jobs run; pressed, it lists them."""

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self._jobs = jobs
        self.rows: dict[Task, JobRow] = {}
        self.setToolTip("What is running, with progress and cancel")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.popup = QFrame(self, Qt.WindowType.Popup)
        self.popup.setObjectName("jcc_jobs")
        # napari's style draws no frame; the list would run into what lies beneath.
        self.popup.setStyleSheet(f"#jcc_jobs {{ border: 1px solid {_FRAME}; }}")
        self._empty = QLabel("Nothing is running.")
        self._layout = QVBoxLayout(self.popup)
        self._layout.addWidget(self._empty)
        self.moment = QTimer(self)
        self.moment.setSingleShot(True)
        self.moment.setInterval(_MOMENT)
        self.moment.timeout.connect(self._count)
        self.clicked.connect(self._show_list)
        jobs.changed.connect(self.refresh)
        self.refresh()
        self._count()

    def refresh(self) -> None:
        """Show the jobs that run now."""
        running = tuple(self._jobs)
        for task in [task for task in self.rows if task not in running]:
            row = self.rows.pop(task)
            self._layout.removeWidget(row)
            row.deleteLater()
        for task in running:
            if task not in self.rows:
                self.rows[task] = JobRow(task)
                self._layout.addWidget(self.rows[task])
        self._empty.setVisible(not running)
        if not self.moment.isActive():
            self.moment.start()
        if self.popup.isVisible():
            self.popup.adjustSize()

    def _count(self) -> None:
        self.setText(f"Jo&bs ({len(self._jobs)})" if self._jobs else "Jo&bs")

    def _show_list(self) -> None:
        self.popup.adjustSize()
        corner = self.mapToGlobal(QPoint(self.width(), self.height()))
        self.popup.move(corner - QPoint(self.popup.width(), 0))
        self.popup.show()
