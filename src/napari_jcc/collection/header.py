"""What is known of an image of a file without its pixels."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from napari_jcc.collection.axes import Axis
from napari_jcc.collection.spacing import Spacing


class Header(NamedTuple):
    """What the header of an image says.

    Attributes
    ----------
    shape
        Height and width in pixels, as shown.
    spacing
        Size of a pixel, or None.
    separate
        Channels that are neither colours nor opacity.
    axes
        Named axes that the images of the file lie on; None where it has none.
    others
        More files that the image is in.
    """

    shape: tuple[int, int]
    spacing: Spacing | None = None
    separate: int = 1
    axes: tuple[Axis, ...] | None = None
    others: frozenset[Path] = frozenset()
