"""Corrections: edits of a user override results, and the whole set learns from them."""

from napari_jcc.interaction.corrector import Corrector, Settled
from napari_jcc.interaction.edit import BACKGROUND, NONE, OBJECT, Edit, EditKind, ImageKey
from napari_jcc.interaction.edits import Edits
from napari_jcc.interaction.overlay import image_keys, lay_over, lay_over_image
from napari_jcc.interaction.reopened import ReopenedCorrector
from napari_jcc.interaction.storage import edits_from_state, edits_to_state
from napari_jcc.interaction.told_apart import tell_apart

__all__ = [
    "BACKGROUND",
    "NONE",
    "OBJECT",
    "Corrector",
    "Edit",
    "EditKind",
    "Edits",
    "ImageKey",
    "ReopenedCorrector",
    "Settled",
    "edits_from_state",
    "edits_to_state",
    "image_keys",
    "lay_over",
    "lay_over_image",
    "tell_apart",
]
