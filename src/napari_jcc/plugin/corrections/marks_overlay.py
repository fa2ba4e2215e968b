"""A layer that shows what the user drew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_jcc.interaction import BACKGROUND, OBJECT
from napari_jcc.interaction.edit import MarkArray
from napari_jcc.plugin.overlay import Overlay

if TYPE_CHECKING:
    from napari_jcc.plugin.session import Session

_COLOURS = {0: "transparent", OBJECT: "#22dd55", BACKGROUND: "#ff4040", None: "transparent"}


class MarksOverlay(QObject):
    """A layer of the pixels that were drawn or confirmed by hand.

    Parameters
    ----------
    session
        Whose edits it shows.

    Attributes
    ----------
    gone
        Signal when the user has removed the layer.
    """

    gone = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._wanted = False
        self._overlay = Overlay(
            session.viewer, "drawn by hand", _COLOURS, 0.7, self._on_gone
        )
        session.edits_changed.connect(self._refresh)
        session.corrections_changed.connect(self._refresh)

    def set_visible(self, visible: bool) -> None:
        """Show the layer, or take it away."""
        self._wanted = visible
        self._refresh()

    def _refresh(self) -> None:
        answer = self._session.answer
        if not self._wanted or answer is None or answer.corrector is None:
            self._overlay.clear()
            return
        self._overlay.show(answer.placement, self._draw)

    def _draw(self, place: int) -> MarkArray | None:
        answer = self._session.answer
        if answer is None or answer.corrector is None:
            return None
        rows, columns = answer.result.images[place].mask.shape
        return self._session.edits.marks(answer.corrector.keys[place], (rows, columns))

    def _on_gone(self) -> None:
        self._wanted = False
        self.gone.emit()
