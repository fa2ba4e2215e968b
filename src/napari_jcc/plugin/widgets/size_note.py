"""A line that says how far images are reduced before they are worked on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QLabel, QWidget

from napari_jcc.collection import ImageCollection
from napari_jcc.collection.intensity import reduced
from napari_jcc.plugin.placement import METADATA_KEY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Image

    from napari_jcc.plugin.session import Session


class SizeNote(QLabel):
    """Says at which size the chosen images are worked on; hidden where it is their own.

    Without a parent it would open as a window of its own.
    """

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self.setWordWrap(True)
        self.setToolTip(
            "A larger working size is finer and slower; it is among the settings below, "
            "under Images."
        )
        session.chosen_changed.connect(self.refresh)
        session.settings_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Say it of the images and settings there are now."""
        chosen = self._session.chosen
        size = self._session.config.collection.working_size
        self.setText(describe_reduction(_sizes(chosen), size))
        self.setVisible(bool(self.text()))


def describe_reduction(sizes: set[tuple[int, int]], working_size: int) -> str:
    """Say in words how images are reduced; empty where none is.

    Parameters
    ----------
    sizes
        Heights and widths of the images, in pixels.
    working_size
        Longer side that they are reduced to.
    """
    larger = {size for size in sizes if max(size) > working_size}
    if not larger:
        return ""
    largest = max(larger, key=lambda size: (size[0] * size[1], size))
    (rows, columns), (height, width) = largest, reduced(largest, working_size)
    upto = "up to " if len(sizes) > 1 else ""
    return (
        f"Images of {upto}{columns} x {rows} pixels are worked on at {width} x {height}; "
        "masks come back at full size. To change it: Images > Working size."
    )


def _sizes(layers: Sequence[Image]) -> set[tuple[int, int]]:
    sizes: set[tuple[int, int]] = set()
    for layer in layers:
        kept = layer.metadata.get(METADATA_KEY)
        if isinstance(kept, ImageCollection):
            sizes |= {kept.shape(i) for i in range(len(kept))}
        else:
            full = layer.data[0] if layer.multiscale else layer.data
            rows, columns = full.shape[layer.ndim - 2 : layer.ndim]
            sizes.add((int(rows), int(columns)))
    return sizes
