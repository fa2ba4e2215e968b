"""Drop-down lists that fit a narrow dock."""

from __future__ import annotations

from qtpy.QtWidgets import QComboBox


def let_shrink(combo: QComboBox, letters: int) -> None:
    """Let a list be as narrow as `letters`, however long its entries are."""
    combo.setSizeAdjustPolicy(
        QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
    )
    combo.setMinimumContentsLength(letters)
