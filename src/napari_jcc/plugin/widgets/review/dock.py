"""Look through all images: which need a second look, how right they are, their objects."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSize, Qt, QTimer
from qtpy.QtGui import QIcon, QKeySequence, QShortcut
from qtpy.QtWidgets import QGridLayout, QWidget

from napari_jcc.atomic import replace_file
from napari_jcc.interaction import ImageKey
from napari_jcc.plugin.background.worker import Task
from napari_jcc.plugin.navigation import current_place, go_to
from napari_jcc.plugin.review.ratings import Rater, Rating
from napari_jcc.plugin.review.tiles import Tiles
from napari_jcc.plugin.shown import Answer
from napari_jcc.plugin.widgets.dock import Dock
from napari_jcc.plugin.widgets.fold import Fold
from napari_jcc.plugin.widgets.parts import fill_dock, push_button, wrapped
from napari_jcc.plugin.widgets.questions import save_as
from napari_jcc.plugin.widgets.review.compare_panel import ComparePanel
from napari_jcc.plugin.widgets.review.images import ReviewImages
from napari_jcc.plugin.widgets.review.measure_panel import MeasurePanel
from napari_jcc.plugin.widgets.review.model import STATUSES, ReviewModel
from napari_jcc.project import ImageStatus
from napari_jcc.results import ImageResult
from napari_jcc.tables import encode_csv

if TYPE_CHECKING:
    import napari

_NOTHING = "Nothing to review yet: co-segment a set of images first."
_PAUSE = 100
"""Milliseconds in which changes are gathered before summary and widths follow."""


class ReviewDock(Dock):
    """Table and tiles of all images, in step with the viewer's slider."""

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__(napari_viewer, "&Measure objects")
        self._answer: Answer | None = None
        self._keys: tuple[ImageKey, ...] = ()
        self._unrated: dict[int, ImageResult] = {}
        self._task: Task | None = None
        self._rater = Rater(self)
        self._icons = Tiles(self.session, self)
        self.model = ReviewModel(self._icon)
        self.images = ReviewImages(self.model)
        self.compare = ComparePanel(self.session, self)
        self.measure = MeasurePanel(self)
        self.summary = wrapped(_NOTHING)
        self.export_button = push_button(
            "E&xport table…",
            "Save this table, with the scores if there are any",
            self._ask_export,
        )
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_PAUSE)
        self._build()
        self._connect()
        self._on_shown()

    @property
    def answer(self) -> Answer | None:
        """What is looked through."""
        return self._answer

    def accept(self) -> None:
        """Call the selected images right, and go on to the next."""
        self._set_status("accepted")

    def flag(self) -> None:
        """Mark the selected images for a second look, and go on to the next."""
        self._set_status("flagged")

    def go_to_flagged(self, by: int) -> None:
        """Bring the next (1) or previous (-1) flagged image into view."""
        place = self.images.step(by, "flagged")
        if place is None:
            self.summary.setText(f"No image is flagged. {self._count()}")
        else:
            self._visit(place)

    def export(self, path: str | Path) -> None:
        """Write the table as CSV.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        replace_file(path, encode_csv(self.model.to_csv()))
        self.summary.setText(f"Saved as {path}")

    def refresh(self) -> None:
        """Show what can be done now."""
        ready = self._answer is not None
        self.panel.run_button.setEnabled(ready)
        self.export_button.setEnabled(ready)
        self.measure.refresh()

    def first_control(self) -> QWidget:
        """Return the images, where the keys for their status are heard."""
        return self.images.table

    def leave(self) -> None:
        """Let go of the viewer."""
        self._later.stop()
        self.compare.leave()
        self._viewer.dims.events.current_step.disconnect(self._on_step)

    def sizeHint(self) -> QSize:
        """As wide as the other docks, as high as there is room."""
        return QSize(380, 700)

    def _build(self) -> None:
        buttons = QGridLayout()
        named = (
            ("Previo&us flagged", "P", "Previous flagged image", self._previous),
            ("&Next flagged", "N", "Next flagged image", self._next),
            ("&Accept", "A", "This mask is right: on to the next image", self.accept),
            ("Fla&g", "F", "Needs a second look: on to the next image", self.flag),
        )
        for number, (text, key, tip, action) in enumerate(named):
            pressed = push_button(text, f"{tip} (key {key})", action)
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(action)
            buttons.addWidget(pressed, number // 2, number % 2)
        self.compare_fold = Fold("Compare with truth", self.compare)
        self.measure_fold = Fold("Measure objects", self.measure)
        fill_dock(
            self,
            self.summary,
            (self.images, 1),
            buttons,
            self.compare_fold,
            self.measure_fold,
            self.export_button,
        )

    def _connect(self) -> None:
        session = self.session
        session.shown_changed.connect(self._on_shown)
        session.statuses_changed.connect(self._on_statuses)
        self._viewer.dims.events.current_step.connect(self._on_step)
        self.images.picked.connect(self._visit)
        self._icons.drawn.connect(self.model.tell_icons)
        self._rater.rated.connect(self._on_rated)
        self.compare.truth_read.connect(self._rate_all)
        self.panel.run_wanted.connect(self.measure.run)
        self._later.timeout.connect(self._summarise)

    def _icon(self, place: int) -> QIcon | None:
        return None if self._answer is None else self._icons.icon(place, self._answer)

    def _on_shown(self) -> None:
        """Show another result, or only what is new in it."""
        before, now = self._answer, self.session.answer
        same = self._keys == self.session.keys
        self._answer, self._keys = now, self.session.keys
        if now is None:
            self.refresh()
            return
        images = now.result.images
        if before is None or not same or before.placement.shape != now.placement.shape:
            self._icons.clear()
            self.model.set_images(images, self.session.statuses)
            self.compare.read()
            self.images.fit()
            self._on_step()
        else:
            former = before.result.images
            new = {i: x for i, x in enumerate(images) if x is not former[i]}
            self.model.update_images(new)
            self._rate(new)
            self.compare.refresh()
        self.refresh()
        self._later.start()

    def _on_statuses(self) -> None:
        self.model.set_statuses(self.session.statuses)
        self._later.start()

    def _on_step(self, event: Any = None) -> None:
        if self._answer is not None:
            place = current_place(self._viewer, self._answer.placement)
            if place is not None:
                self.images.go_to(place)

    def _visit(self, place: int) -> None:
        if self._answer is not None:
            self.images.go_to(place)
            go_to(self._viewer, self._answer.placement, place)

    def _previous(self) -> None:
        self.go_to_flagged(-1)

    def _next(self) -> None:
        self.go_to_flagged(1)

    def _set_status(self, status: ImageStatus) -> None:
        places = self.images.selected
        following = self.images.step(1) if len(places) == 1 else None
        keys = self.session.keys
        self.session.set_statuses({keys[place]: status for place in places})
        if following is not None:
            self._visit(following)

    def _rate_all(self) -> None:
        if self._answer is not None:
            self._rate(dict(enumerate(self._answer.result.images)))

    def _rate(self, images: dict[int, ImageResult]) -> None:
        """Rate images as soon as those before are done."""
        self._unrated.update(images)
        if self._task is not None or not self._unrated:
            return
        wanted, self._unrated = self._unrated, {}
        truth, rater = self.compare.truth, self._rater
        self._task = Task(lambda progress: rater.rate(wanted, truth, progress), "Rate")
        self._task.ended.connect(self._on_rate_ended)
        self.session.jobs.run(self._task, owner=self)

    def _on_rate_ended(self) -> None:
        cancelled = self._task is not None and self._task.cancelled
        self._task = None
        if not cancelled:
            self._rate({})

    def _on_rated(self, ratings: dict[int, Rating]) -> None:
        count = len(self.model.names)
        self.model.set_ratings({p: r for p, r in ratings.items() if p < count})
        self._later.start()

    def _summarise(self) -> None:
        self.summary.setText(self._count() if self._answer is not None else _NOTHING)
        evaluation = self.model.evaluation
        known = self.compare.truth is not None
        self.images.show_scores(evaluation.titles if known else ())
        self.compare.show_means(evaluation)
        self.images.fit()

    def _count(self) -> str:
        counts = Counter(self.model.statuses)
        said = [f"{counts[s]} {s}" for s in STATUSES if s != "machine"]
        return f"{', '.join(said)} of {len(self.model.names)}"

    def _ask_export(self) -> None:
        kinds, say = "Table (*.csv)", self.summary.setText
        save_as(self, "Save the table", "review.csv", kinds, self.export, say)
