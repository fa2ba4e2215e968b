"""Small images among large ones in the canvas."""

import numpy as np
import pytest
from napari.layers import Image

from napari_jcc import ImageCollection, JccConfig, JccResult
from napari_jcc.plugin.equal_view import enlargements
from napari_jcc.plugin.navigation import camera_of
from napari_jcc.plugin.placement import Placement
from napari_jcc.plugin.rectangles import box_widths
from napari_jcc.plugin.session import get_session
from napari_jcc.plugin.stack import stack_layer
from napari_jcc.results.result import bare_image

pytestmark = pytest.mark.gui

SIZES = (40, 50), (400, 500), (390, 30), (200, 250), (20, 90)


def images_of(sizes):
    arrays = [np.full((*size, 3), 9, np.uint8) for size in sizes]
    return ImageCollection.from_arrays(arrays)


@pytest.fixture
def layer(viewer):
    layer = viewer.add_layer(Image.create(*stack_layer(images_of(SIZES), "set")))
    viewer.dims.set_current_step(0, 0)
    return layer


def view(viewer):
    """Middle of the view, y and x, and the side of a pixel of the screen."""
    camera = camera_of(viewer)
    return (*camera.center[-2:], 1 / camera.zoom)


def look(viewer, y, x, zoom):
    camera = camera_of(viewer)
    camera.center, camera.zoom = (0, y, x), zoom


def test_only_what_is_much_smaller_is_enlarged():
    assert enlargements(images_of(SIZES)) == (10, 1, 1, 1, 500 / 90)
    assert enlargements(images_of([(30, 40), (60, 70)])) == ()


def test_lines_of_boxes_are_as_thin_for_their_images():
    sizes = (40, 60), (4000, 6000), (2000, 3000)
    images = [
        bare_image(str(i), mask=np.ones(size, bool), box=np.array([1, 1, *size[::-1]]))
        for i, size in enumerate(sizes)
    ]
    placement = Placement.of_stack(images_of(sizes))
    widths = box_widths(JccResult(tuple(images), JccConfig()), placement)
    assert widths == [1, 20, 20]
    assert box_widths(JccResult(tuple(images), JccConfig()), placement, [1, 2]) == 20


def test_every_image_fills_the_canvas_and_the_part_in_view_stays(viewer, layer):
    viewer.reset_view()
    y, x, width = view(viewer)
    tenth = (y + 0.5) / 10 - 0.5, (x + 0.5) / 10 - 0.5, width / 10
    get_session(viewer).choose((layer,))  # at a small one, seen from far
    assert view(viewer) == pytest.approx(tenth)
    viewer.dims.set_current_step(0, 1)
    assert view(viewer) == pytest.approx((y, x, width))
    look(viewer, 99.5, 199.5, 4)
    viewer.dims.set_current_step(0, 0)
    assert view(viewer) == pytest.approx((9.5, 19.5, 1 / 40))
    viewer.dims.set_current_step(0, 3)  # half the size: as large as it is
    assert view(viewer) == pytest.approx((99.5, 199.5, 1 / 4))
    viewer.dims.set_current_step(0, 0)
    viewer.reset_view()
    assert view(viewer) == pytest.approx(tenth)


def test_what_the_user_looks_at_already_stays(viewer, layer):
    look(viewer, 20, 30, 8)
    get_session(viewer).choose((layer,))
    assert view(viewer) == pytest.approx((20, 30, 1 / 8))
    viewer.dims.set_current_step(0, 1)
    assert view(viewer) == pytest.approx((204.5, 304.5, 10 / 8))


def test_other_layers_are_looked_at_as_they_are(viewer, layer, stack):
    viewer.reset_view()
    session = get_session(viewer)
    session.choose((stack,))  # of sizes that are not very mixed
    before = view(viewer)
    viewer.dims.set_current_step(0, 2)
    assert view(viewer) == before
    heard = viewer.dims.events.current_step.callbacks
    session.choose((layer,))
    assert len(viewer.dims.events.current_step.callbacks) == len(heard) + 1
    session.choose((stack,))
    assert viewer.dims.events.current_step.callbacks == heard
    session.choose((layer,))
    layer.visible = False
    before = view(viewer)
    viewer.dims.set_current_step(0, 0)
    viewer.dims.set_current_step(0, 1)
    assert view(viewer) == before
