"""Sample sets of the File > Open Sample menu, as the reader would open them."""

from __future__ import annotations

from napari_jcc.plugin.layers import LayerData
from napari_jcc.plugin.stack import stack_layer
from napari_jcc.samples import make_sample


def open_coins() -> list[LayerData]:
    """Open single coins cut from a photograph."""
    return _open("coins")


def open_cells() -> list[LayerData]:
    """Open generated fluorescence-like images of cells."""
    return _open("cells")


def open_worms() -> list[LayerData]:
    """Open generated bright-field-like images of worms."""
    return _open("worms")


def _open(name: str) -> list[LayerData]:
    return [stack_layer(make_sample(name).collection(), name)]
