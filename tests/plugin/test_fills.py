"""Fill, polygon and outline say what they are used on, also where nothing changes."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Labels
from napari.utils._proxies import ReadOnlyWrapper
from napari.utils.interactions import (
    mouse_double_click_callbacks,
    mouse_move_callbacks,
    mouse_press_callbacks,
    mouse_release_callbacks,
)

from napari_jcc.plugin.corrections.fills import RegionTrail
from napari_jcc.plugin.corrections.strokes import BrushTrail

pytestmark = pytest.mark.gui

SHAPE = (3, 30, 40)


@pytest.fixture
def labels(make_napari_viewer) -> Labels:
    """Return a layer with a block of 10 x 20 in its middle slice, in view."""
    viewer = make_napari_viewer()
    data = np.zeros(SHAPE, np.uint8)
    data[1, 10:20, 10:30] = 1
    layer = viewer.add_labels(data)
    viewer.dims.set_current_step(0, 1)
    layer.selected_label = 1
    return layer


@pytest.fixture
def trail(labels):
    ended = []
    trail = RegionTrail(labels, lambda: ended.append(1))
    trail.ended = ended
    yield trail
    trail.stop()


class Cursor:
    """A mouse event as napari hands it to the tools of a layer."""

    modifiers = ()
    view_direction = None
    handled = False
    dims_displayed = (1, 2)

    def __init__(self, layer, point, kind, button=1):
        self.position, self.type, self.button = layer.data_to_world(point), kind, button
        self.pos = np.array(point[1:])
        self.is_dragging = kind == "mouse_move" and button == 1


def send(layer, call, kind, *point, button=1):
    event = Cursor(layer, (1, *point), kind, button)
    call(layer, ReadOnlyWrapper(event, exceptions=("handled",)))


def click(layer, *point, button=1):
    send(layer, mouse_press_callbacks, "mouse_press", *point, button=button)
    send(layer, mouse_release_callbacks, "mouse_release", *point, button=button)


def test_a_fill_that_changes_nothing_confirms_what_it_is_on(labels, trail):
    labels.mode = "fill"
    send(labels, mouse_press_callbacks, "mouse_press", 15, 12)
    send(labels, mouse_move_callbacks, "mouse_move", 15, 28)
    send(labels, mouse_release_callbacks, "mouse_release", 15, 28)
    (region,) = trail.take()
    assert (region.index, region.label) == ((1,), 1)
    np.testing.assert_array_equal(region.under(SHAPE[1:]), labels.data[1] == 1)
    assert trail.ended == [1]


def test_a_fill_that_changes_pixels_is_left_to_napari(labels, trail):
    labels.mode = "fill"
    click(labels, 2, 2)
    assert labels.data[1].all()
    assert trail.take() == []


def test_a_polygon_counts_with_all_its_pixels(labels, trail):
    labels.mode = "polygon"
    for corner in ((12, 12), (12, 35), (18, 35), (18, 12)):
        click(labels, *corner)
        send(labels, mouse_move_callbacks, "mouse_move", *corner, button=0)
    send(labels, mouse_double_click_callbacks, "mouse_double_click", 18, 12)
    (region,) = trail.take()
    under = region.under(SHAPE[1:])
    assert under[12:19, 12:36].all() and under.sum() == 7 * 24
    before = np.zeros(SHAPE[1:], bool)
    before[10:20, 10:30] = True
    np.testing.assert_array_equal(labels.data[1] == 1, before | under)


def test_a_polygon_that_was_given_up_says_nothing(labels, trail):
    labels.mode = "polygon"
    for corner in ((12, 12), (12, 20), (18, 20)):
        click(labels, *corner)
    labels.mode = "pan_zoom"
    assert trail.take() == []


def test_an_outline_counts_when_it_is_closed(labels, trail):
    if "brush_stroke" not in labels._overlays:
        pytest.skip("this napari fills no outlines")
    brush = BrushTrail(labels, lambda: None)
    labels.mode, labels.brush_size = "paint", 3
    send(labels, mouse_press_callbacks, "mouse_press", 12, 14, button=2)
    send(labels, mouse_release_callbacks, "mouse_release", 12, 14, button=2)
    for corner in ((12, 26), (18, 26), (18, 14)):
        send(labels, mouse_move_callbacks, "mouse_move", *corner, button=0)
    assert brush.is_down
    assert trail.take() == []
    send(labels, mouse_move_callbacks, "mouse_move", 12, 14, button=0)
    assert not brush.is_down
    (region,) = trail.take()
    assert region.under(SHAPE[1:])[12:19, 14:27].all()
    brush.stop()


def test_tools_of_other_axes_and_layers_let_alone_are_not_followed(labels, trail):
    labels.n_edit_dimensions = 3
    labels.fill((1, 15, 15), 1)
    assert trail.take() == []
    labels.n_edit_dimensions = 2
    trail.stop()
    labels.fill((1, 15, 15), 1)
    assert trail.take() == []
    assert "fill" not in vars(labels)
