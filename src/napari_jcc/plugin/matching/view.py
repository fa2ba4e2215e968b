"""Layers that show matched pairs: side by side with lines, or over each other."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import dask.array as da
from napari.layers import Image, Labels, Layer, Vectors

from napari_jcc.matching.outputs.confidence import colour_by_confidence
from napari_jcc.plugin.adding import add_unselected
from napari_jcc.plugin.background.steps import Step
from napari_jcc.plugin.layers import MASK_COLOURS
from napari_jcc.plugin.matching.matches import Matched
from napari_jcc.plugin.matching.pictures import SideBySide, mask_labels
from napari_jcc.plugin.navigation import camera_of, go_to
from napari_jcc.plugin.placement import METADATA_KEY, PLACEMENT_KEY
from napari_jcc.plugin.stack import stack_layer

View = Literal["side", "over"]
_OTHER: dict[View, View] = {"side": "over", "over": "side"}
_TAIL = ("scale", "units", "axis_labels")


class MatchView:
    """Shows one pair at a time; use from the GUI thread only.

    What adds layers returns the steps to take for it, see `Steps`.

    Parameters
    ----------
    viewer
        Where the layers are shown.

    Attributes
    ----------
    layers
        The view's own layers by what they show: ``pair``, ``lines``, ``warped``, ``masks``
        and ``stack``. Layers that the user removed come again with the next pair.
    """

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._matched: Matched | None = None
        self._hidden: list[Layer] = []
        self._view: View = "over"
        self._drawn: tuple[SideBySide, int] | None = None
        self._opacity: float | None = None
        self._looks: dict[View, tuple[tuple[float, ...], float]] = {}
        self._size: tuple[int, ...] | None = None
        self.layers: dict[str, Layer] = {}

    def begin(self, matched: Matched) -> list[Step]:
        """Show the pairs of another run from now on; its masks are shown at once."""
        former = self._matched
        is_other = former is not None and _images_of(former) != _images_of(matched)
        self._matched, self._drawn = matched, None
        put = partial(self._put_stack, matched), partial(self._put_masks, matched)
        forget = self.layers.clear, self._looks.clear
        return [*self._remove_side(), *forget, *put] if is_other else [*put]

    def show(
        self, row: int, side: SideBySide, warped: da.Array, view: View, opacity: float
    ) -> list[Step]:
        """Show a pair, one layer a step.

        Parameters
        ----------
        row
            Which pair.
        side, warped
            The pair as drawn by `draw_pair`.
        view
            side: beside each other; over: in each other's place.
        opacity
            Of what is drawn over the images.
        """
        matched = self._matched
        if matched is None:
            return []
        place = matched.result.pairs[row].target

        def draw() -> None:
            self._put("warped", warped, lambda data: _make_warped(data, matched, opacity))
            self._drawn = side, row

        go = partial(go_to, self._viewer, matched.source.placement, place)
        return [draw, go, *self.turn(view)]

    def turn(self, view: View) -> list[Step]:
        """Show pairs beside or over each other; other layers are hidden meanwhile."""
        put = [self._put_pair, self._put_lines] if view == "side" else self._remove_side()
        return [*put, partial(self._turn, view)]

    def _turn(self, view: View) -> None:
        turned = view != self._view
        self._view = view
        if self._opacity is not None:
            self.set_opacity(self._opacity)
            self._opacity = None
        if view == "side":
            mine = [self._present(name) for name in ("pair", "lines")]
            others = [x for x in self._viewer.layers if x.visible and x not in mine]
            self._hidden += others
            for layer in others:
                layer.visible = False
        else:
            self.unhide()
        resized = view == "side" and self._take_size()
        if resized:
            self._looks.pop("side", None)
        if turned:
            self._turn_camera(view)
        elif resized:
            self._viewer.reset_view()

    def _take_size(self) -> bool:
        """Remember the size of the pair side by side; whether it is another one."""
        before = self._size
        self._size = None if self._drawn is None else self._drawn[0].picture.shape
        return self._size != before

    def _turn_camera(self, view: View) -> None:
        """Look at what is shown as when it was left; at all of it the first time."""
        camera = camera_of(self._viewer)
        self._looks[_OTHER[view]] = camera.center, camera.zoom
        if view in self._looks:
            camera.center, camera.zoom = self._looks[view]
        else:
            self._viewer.reset_view()

    def set_opacity(self, opacity: float) -> None:
        """Let more or less of the image under the warped one be seen."""
        layer = self._present("warped")
        if layer is not None:
            layer.opacity = opacity

    def unhide(self) -> None:
        """Show the layers again that were hidden for pairs side by side."""
        for layer in self._hidden:
            layer.visible = True
        self._hidden.clear()

    def step_aside(self) -> list[Step]:
        """Show the images alone, until `turn` is asked for."""
        return [*self._remove_side(), self._leave]

    def _leave(self) -> None:
        if self._view == "side":
            self._turn("over")
        warped = self._present("warped")
        if warped is not None and self._opacity is None:
            # Not hidden: the user has not hidden it, and finds it as it was left.
            self._opacity, warped.opacity = warped.opacity, 0

    def clear(self) -> None:
        """Take the pair away that lies beside the images, and show these alone again."""
        if self._matched is not None:
            for step in self.turn("over"):
                step()
            warped = self._present("warped")
            if warped is not None:
                warped.visible = False

    def _put_stack(self, matched: Matched) -> None:
        source = matched.source
        if source.needs_stack and not self._present("stack"):
            data = stack_layer(source.collection, source.name)
            self._add("stack", Layer.create(*data))

    def _put_masks(self, matched: Matched) -> None:
        labels = mask_labels(matched)
        if labels is not None:
            self._put("masks", labels, lambda data: _make_masks(data, matched))

    def _put_pair(self) -> None:
        if self._matched is not None and self._drawn is not None:
            matched, (side, _) = self._matched, self._drawn
            self._put("pair", side.picture, lambda data: _make_pair(data, matched))

    def _remove_side(self) -> list[Step]:
        """Remove the pair side by side: napari takes its time for each of the two layers.

        Hidden, they would still make room for themselves when the view is reset.
        """
        return [partial(self._remove, name) for name in ("lines", "pair")]

    def _remove(self, name: str) -> None:
        layer = self._present(name)
        if layer is not None:
            self._viewer.layers.remove(layer)

    def _present(self, name: str) -> Layer | None:
        layer = self.layers.get(name)
        return layer if layer is not None and layer in self._viewer.layers else None

    def _add(self, name: str, layer: Layer) -> None:
        # So that choosing a pair does not change what the tools act on.
        add_unselected(self._viewer.layers, layer)
        self.layers[name] = layer

    def _put(self, name: str, data: Any, make: Callable[[Any], Layer]) -> None:
        """Give a layer other data; made where it is not in the viewer."""
        layer = self._present(name)
        if layer is None:
            self._add(name, make(data))
        else:
            layer.data = data

    def _put_lines(self) -> None:
        if self._matched is None or self._drawn is None:
            return
        matched, (side, row) = self._matched, self._drawn
        look, layer = _line_look(side, matched, row), self._present("lines")
        if layer is None:
            # With its look: napari takes as long again to change it.
            self._add("lines", _make_lines(side, matched, look))
            return
        layer.data = side.lines
        for name, value in look.items():
            setattr(layer, name, value)


def _images_of(matched: Matched) -> tuple[Any, ...]:
    """Return what tells sets of images apart; all of selected layers have one name."""
    source = matched.source
    return source.name, source.collection.names, source.placement.shape


def _make_masks(data: Any, matched: Matched) -> Labels:
    return Labels(
        data,
        name=f"{matched.source.name} matched masks",
        opacity=0.4,
        colormap=MASK_COLOURS,
        metadata={
            METADATA_KEY: matched.source.collection,
            PLACEMENT_KEY: matched.source.placement,
        },
        **matched.source.placement.transform,
    )


def _make_warped(data: Any, matched: Matched, opacity: float) -> Image:
    return Image(
        data,
        name=f"{matched.source.name} warped",
        rgb=True,
        multiscale=False,
        opacity=opacity,
        metadata={PLACEMENT_KEY: matched.source.placement},
        **matched.source.placement.transform,
    )


def _make_pair(data: Any, matched: Matched) -> Image:
    return Image(
        data,
        name=f"{matched.source.name} pair",
        rgb=True,
        metadata={PLACEMENT_KEY: matched.source.placement},
        **_in_plane(matched),
    )


def _make_lines(side: SideBySide, matched: Matched, look: dict[str, Any]) -> Vectors:
    return Vectors(
        side.lines,
        ndim=2,
        name=f"{matched.source.name} lines",
        vector_style="line",
        **look,
        **_in_plane(matched),
    )


def _line_look(side: SideBySide, matched: Matched, row: int) -> dict[str, Any]:
    """Return table, width and colours of the lines of a pair."""
    pair, names = matched.result.pairs[row], matched.result.names
    count = len(side.lines)
    look = {
        "features": {
            "confidence": side.confidence,
            "source": [names[pair.source]] * count,
            "target": [names[pair.target]] * count,
            "source_x": side.sources[:, 0],
            "source_y": side.sources[:, 1],
            "target_x": side.targets[:, 0],
            "target_y": side.targets[:, 1],
        },
        "edge_width": max(1.0, max(side.picture.shape[:2]) / 500),
    }
    if count:
        look["edge_color"] = colour_by_confidence(side.confidence)
    return look


def _in_plane(matched: Matched) -> dict[str, Any]:
    """Return what of the images' transform a picture of two of them shares."""
    transform = matched.source.placement.transform
    return {key: transform[key][-2:] for key in _TAIL if key in transform}
