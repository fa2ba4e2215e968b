"""Layers come into a viewer without being selected, where something else is to be."""

from __future__ import annotations

from typing import Any

from napari.layers import Layer


def add_unselected(layers: Any, layer: Layer, index: int | None = None) -> None:
    """Add a layer and leave selected what is.

    napari selects every layer that it is given and draws the controls for it, which is a
    fifth of the time that it takes. It is not told of that selection, nor of its end.

    Parameters
    ----------
    layers
        Of the viewer.
    layer
        In no viewer yet.
    index
        Where it is inserted; None: above all others.
    """
    selected = set(layers.selection)
    with layers.selection.events.blocker_all():
        layers.insert(len(layers) if index is None else index, layer)
        layers.selection = selected
