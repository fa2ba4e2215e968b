"""How the shown masks compare with the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QCheckBox, QLabel, QWidget

from napari_jcc._types import ImageArray
from napari_jcc.evaluation import Agreement, Evaluation, map_agreement
from napari_jcc.evaluation.scores import format_score
from napari_jcc.plugin.background.worker import Task
from napari_jcc.plugin.overlay import Overlay
from napari_jcc.plugin.widgets.parts import in_column, wrapped
from napari_jcc.plugin.widgets.truth_chooser import TruthChooser
from napari_jcc.progress import Progress
from napari_jcc.sweep.scoring import PackedTruth
from napari_jcc.words import count_of

if TYPE_CHECKING:
    from napari_jcc.plugin.session import Session

# Of Okabe and Ito, which nearly all eyes tell apart.
_COLOURS = {
    Agreement.HIT: ("#009e73", "hit"),
    Agreement.MISS: ("#e69f00", "miss"),
    Agreement.FALSE_ALARM: ("#cc79a7", "false alarm"),
}
_NONE = "Choose masks known to be right to see how near the answers are."


class ComparePanel(QWidget):
    """Choice of the truth, the means over all images, and an overlay of hits and misses.

    Attributes
    ----------
    truth
        What was read; None without truth.
    truth_read
        Signal when that is another one.
    """

    truth_read = Signal()

    def __init__(self, session: Session, owner: QObject) -> None:
        super().__init__()
        self._session = session
        self._owner = owner
        self.truth: PackedTruth | None = None
        self.chooser = TruthChooser(session)
        self.means = wrapped(_NONE)
        self.overlay_box = QCheckBox("Sh&ow hits and misses")
        self.overlay_box.setEnabled(False)
        self.overlay_box.setToolTip("Colour every pixel by how it compares with the truth")
        self.legend = QLabel(
            "  ".join(
                f"<span style='color:{colour}'>■</span> {name}"
                for colour, name in _COLOURS.values()
            )
        )
        colours: dict[int | None, str] = {0: "transparent", None: "transparent"}
        colours |= {int(code): colour for code, (colour, _) in _COLOURS.items()}
        self.overlay = Overlay(session.viewer, "hits and misses", colours, 0.6)
        parts = self.chooser, self.means, self.overlay_box, self.legend
        in_column(*parts, within=self, spacing=4)
        self.legend.hide()
        self.overlay_box.toggled.connect(self._show_overlay)
        session.truth_changed.connect(self.read)

    def read(self) -> None:
        """Read the truth for the images shown; returns at once."""
        choice, answer = self._session.truth, self._session.answer
        if choice is None or answer is None:
            self._take(None)
            return
        reader = choice.reader()
        collection, placement = answer.collection, answer.placement

        def work(progress: Progress) -> PackedTruth:
            progress.start("Truth", 1)
            return PackedTruth.read(reader(collection, placement), collection)

        task = Task(work, "Read the truth")
        task.succeeded.connect(self._take)
        task.failed.connect(self._refuse)
        self._session.jobs.run(task, owner=self._owner)

    def show_means(self, evaluation: Evaluation) -> None:
        """Show the means over the images with truth."""
        if self.truth is None:
            return
        # Titles and values are not torn apart where the line ends.
        parts = [
            f"{title}\N{NO-BREAK SPACE}{format_score(mean)}"
            for key, title in evaluation.titles.items()
            if (mean := evaluation.means[key]) is not None
        ]
        images = count_of(len(evaluation.scores), "image")
        self.means.setText(f"Mean over {images}: {',  '.join(parts)}" if parts else "…")

    def refresh(self) -> None:
        """Bring the overlay up to date with the masks."""
        shown, answer = self._session.shown, self._session.answer
        wanted = self.overlay_box.isChecked() and self.truth is not None
        if not wanted or answer is None or shown is None:
            self.overlay.clear()
            return
        self.overlay.show(answer.placement, self._draw, (shown.masks,))

    def leave(self) -> None:
        """Take the overlay away and let go of the viewer."""
        self.overlay.clear()
        self.chooser.disconnect_viewer()

    def _take(self, truth: PackedTruth | None) -> None:
        self.truth = truth
        self.means.setText(_NONE if truth is None else "…")
        self.overlay_box.setEnabled(truth is not None and len(truth.masks) > 0)
        if not self.overlay_box.isEnabled():
            self.overlay_box.setChecked(False)
        self.refresh()
        self.truth_read.emit()

    def _refuse(self, message: str) -> None:
        self._take(None)
        self.means.setText(f"⚠ {message}")

    def _show_overlay(self, wanted: bool) -> None:
        self.legend.setVisible(wanted)
        self.refresh()

    def _draw(self, place: int) -> ImageArray | None:
        answer = self._session.answer
        if answer is None or self.truth is None:
            return None
        image = answer.result.images[place]
        truth = self.truth.masks.get(image.name)
        if truth is None or truth.shape != image.mask.shape:
            return None
        return map_agreement(image.mask, truth)
