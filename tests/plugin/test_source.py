"""From layers to collections; layers, but no window."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels

from napari_jcc.config import CollectionConfig
from napari_jcc.errors import InputError
from napari_jcc.plugin.axes import axis_roles, count_images, set_axis_role
from napari_jcc.plugin.navigation import current_place, go_to
from napari_jcc.plugin.pixel_size import PixelSize, pixel_size
from napari_jcc.plugin.placement import PLACEMENT_KEY
from napari_jcc.plugin.source import find_inputs, find_source
from napari_jcc.plugin.stack import stack_layer

CONFIG = CollectionConfig(working_size=32)


def test_own_stack_gives_its_collection_back(tiny_collection):
    collection = tiny_collection.open()
    layer = Image.create(*stack_layer(collection, "set", ("folder",)))

    source = find_source([layer], CONFIG)

    assert source.collection.names == collection.names
    assert source.collection.config is CONFIG
    assert source.placement.shape == (4, 72, 90)
    assert find_inputs([layer]) == ("folder",)


def test_crop_of_the_own_stack_is_taken_as_it_is(tiny_collection):
    data, options, _ = stack_layer(tiny_collection.open(), "set")
    layer = Image(data[:2, :50, :40], **options)

    source = find_source([layer], CONFIG)

    assert len(source.collection) == 2
    assert source.collection.shape(0) == (50, 40)


@pytest.mark.parametrize(
    ("shape", "rgb", "leading"),
    [
        ((5, 20, 30), False, (5,)),
        ((5, 20, 30, 3), True, (5,)),
        ((2, 3, 20, 30), False, (2, 3)),
        ((20, 4), False, ()),
        ((6, 20, 4), False, (6,)),
    ],
)
def test_axes_before_row_and_column_count_the_images(shape, rgb, leading, rng):
    values = rng.integers(0, 255, shape).astype(np.uint8)
    source = find_source([Image(values, rgb=rgb)], CONFIG)

    count = int(np.prod(leading, dtype=int))
    assert source.placement.leading == leading
    assert len(source.collection) == count
    last = source.collection.raw(count - 1)
    np.testing.assert_array_equal(last, values.reshape(count, *shape[len(leading) :])[-1])


@pytest.mark.parametrize(
    ("labels", "last"),
    [
        (("t", "z", "y", "x"), "t1_z10"),
        (("c", "z", "y", "x"), "z10"),
        (("t", "c", "y", "x"), "t1"),
        (None, "image_1_10"),
    ],
)
def test_images_are_named_by_their_place_on_the_axes(labels, last):
    layer = Image(np.zeros((2, 11, 8, 8)), axis_labels=labels)
    names = find_source([layer], CONFIG).collection.names
    assert names[-1] == last
    assert list(names) == sorted(names)


def test_dask_stays_lazy():
    calls = []

    def load(block_id):
        calls.append(block_id)
        return np.ones((1, 8, 8))

    data = da.map_blocks(
        load, chunks=((1,) * 3, 8, 8), dtype=float, meta=np.empty((0, 0, 0))
    )
    layer = Image(data, contrast_limits=(0, 1))
    calls.clear()
    source = find_source([layer], CONFIG)
    assert not calls
    source.collection.raw(2)
    assert calls == [(2, 0, 0)]


def test_several_2d_layers_are_a_set(rng):
    layers = [Image(rng.random((8, 9)), name="x"), Image(rng.random((7, 12)), name="y")]
    source = find_source(layers, CONFIG)
    assert source.needs_stack
    assert source.collection.names == ("x", "y")
    assert source.placement.shape == (2, 8, 12)


@pytest.mark.parametrize(("second", "kept"), [(0.2, True), (0.3, False)])
def test_several_2d_layers_keep_the_size_of_pixel_that_all_have(rng, second, kept):
    units = ("um", "um")
    layers = [
        Image(rng.random((8, 9)), name="x", scale=(0.2, 0.2), units=units),
        Image([rng.random((8, 9))], name="y", scale=(second, second), units=units),
    ]
    source = find_source(layers, CONFIG)
    stack = Image.create(*stack_layer(source.collection, source.name))
    size = PixelSize((0.2, 0.2), "um") if kept else PixelSize()
    assert pixel_size(stack) == size
    assert (
        pixel_size(Labels(np.zeros((2, 8, 9), int), **source.placement.transform)) == size
    )


@pytest.mark.parametrize(
    ("scale", "units", "expected"),
    [
        ((2, 3), ("um", "um"), (2, 3, "um")),
        ((0.5, 0.5), ("micron", "micron"), (0.5, 0.5, "um")),
        ((0.001, 2), ("mm", "um"), (1, 2, "um")),
        ((2, 2), ("pixel", "pixel"), None),  # of the world, whatever that is
        ((1, 1), ("pixel", "pixel"), None),
        ((1, 1), ("s", "s"), None),
    ],
)
@pytest.mark.parametrize("layers", [1, 2])
def test_the_size_of_a_pixel_is_told_by_the_units_of_files(scale, units, expected, layers):
    images = [Image(np.eye(8), scale=scale, units=units) for _ in range(layers)]
    assert find_source(images, CONFIG).collection.spacing(0) == expected


def test_several_layers_with_a_stack_among_them_are_refused(rng):
    with pytest.raises(InputError, match="stack"):
        find_source([Image(np.eye(8)), Image(rng.random((3, 8, 8)), name="stack")], CONFIG)


def test_no_layer_is_an_error_with_a_remedy():
    with pytest.raises(InputError, match="Open a folder"):
        find_source([], CONFIG)


def test_scale_and_translation_are_passed_on():
    layer = Image(np.zeros((3, 8, 8)), scale=(1, 0.5, 0.5), translate=(0, 3, 4))
    transform = find_source([layer], CONFIG).placement.transform
    labels = Labels(np.zeros((3, 8, 8), np.uint8), **transform)
    point = (1, 5, 6)
    np.testing.assert_allclose(labels.data_to_world(point), layer.data_to_world(point))


@pytest.mark.parametrize("rotate", [0, 30])
def test_coarse_level_lies_on_the_fine_one(rotate):
    layer = Image(
        [np.zeros((2, 128, 128)), np.zeros((2, 64, 64)), np.zeros((2, 16, 16))],
        scale=(1, 2, 2),
        rotate=rotate,
    )
    source = find_source([layer], CONFIG)  # 64 is the smallest that is not below 32

    assert source.placement.canvas == (64, 64)
    labels = Labels(np.zeros((2, 64, 64), np.uint8), **source.placement.transform)
    # Coarse pixel 0 covers fine pixels 0 and 1, so its centre is at 0.5 of them.
    for coarse, fine in [((0, 0, 0), (0, 0.5, 0.5)), ((1, 5, 7), (1, 10.5, 14.5))]:
        np.testing.assert_allclose(
            labels.data_to_world(coarse), layer.data_to_world(fine), atol=1e-9
        )


class CountingArray:
    """A time series of z-stacks that, as zarr does, reads what is asked for."""

    shape, ndim, dtype = (3, 4, 20, 30), 4, np.dtype(np.uint16)

    def __init__(self) -> None:
        self.pixels_read = 0

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index):
        values = np.arange(3 * 4 * 600, dtype=self.dtype).reshape(self.shape)[index]
        self.pixels_read += values.size
        return values


def test_of_a_lazy_stack_only_the_image_asked_for_is_read():
    array = CountingArray()
    scale, labels = (5, 2, 0.5, 0.25), ("t", "z", "y", "x")
    options = {"scale": scale, "axis_labels": labels, "contrast_limits": (0, 9000)}
    layer = Image(array, multiscale=False, **options)
    array.pixels_read = 0

    source = find_source([layer], CollectionConfig())
    assert len(source.collection) == 12
    assert source.collection.shape(5) == (20, 30)
    assert array.pixels_read == 0

    assert source.collection.raw(5)[0, 0] == 5 * 600
    assert array.pixels_read == 600
    assert source.placement.leading == (3, 4)
    assert tuple(source.placement.transform["axis_labels"]) == labels
    np.testing.assert_array_equal(source.placement.transform["scale"], scale)


def test_channels_are_no_images_and_results_are_seen_at_all_of_them(rng):
    values = rng.integers(0, 4096, (2, 3, 20, 30)).astype(np.uint16)
    layer = Image(
        values,
        scale=(5, 1, 0.5, 0.25),
        translate=(0, 10, 0, 0),
        axis_labels=("t", "c", "y", "x"),
    )
    source = find_source([layer], CONFIG)
    assert count_images(layer) == len(source.collection) == 2
    raw = source.collection.raw(1)
    np.testing.assert_array_equal(raw, np.moveaxis(values[1], 0, -1))
    assert source.placement.shape == (2, 1, 20, 30)

    labels = Labels(np.zeros((2, 1, 20, 30), np.uint8), **source.placement.transform)
    for channel in range(3):
        point = labels.world_to_data(layer.data_to_world((1, channel, 4, 7)))
        np.testing.assert_array_equal(np.rint(point), (1, 0, 4, 7))

    set_axis_role(layer, 1, "images")
    assert count_images(layer) == len(find_source([layer], CONFIG).collection) == 6
    set_axis_role(layer, 0, "channels")
    assert axis_roles(layer) == ("channels", "images")
    assert find_source([layer], CONFIG).placement.shape == (1, 3, 20, 30)


def test_channels_of_a_lazy_stack_are_read_for_one_image_at_a_time():
    array = CountingArray()
    options = {"axis_labels": ("t", "c", "y", "x"), "contrast_limits": (0, 9000)}
    layer = Image(array, multiscale=False, **options)
    source = find_source([layer], CollectionConfig())
    array.pixels_read = 0
    assert source.collection.raw(2).shape == (20, 30, 4)
    assert array.pixels_read == 4 * 600


def test_place_in_view_does_not_hang_on_the_channel(rng):
    layer = Image(rng.random((3, 2, 20, 30)), axis_labels=("t", "c", "y", "x"))
    placement = find_source([layer], CONFIG).placement
    viewer = ViewerModel()
    viewer.add_layer(layer)
    viewer.add_labels(np.zeros(placement.shape, np.uint8), **placement.transform)
    viewer.dims.set_current_step([0, 1], [2, 1])
    assert current_place(viewer, placement) == 2
    go_to(viewer, placement, 1)
    assert viewer.dims.current_step[:2] == (1, 1)  # the channel in view stays


@pytest.mark.parametrize("has_result", [False, True])
def test_place_in_view_does_not_hang_on_scale_or_position_of_other_layers(has_result, rng):
    layer = Image(rng.random((6, 20, 30)), scale=(1.5, 0.2, 0.2), translate=(3, 0, 0))
    placement = find_source([layer], CONFIG).placement
    viewer = ViewerModel()
    viewer.add_layer(layer)
    viewer.add_image(rng.random((9, 20, 30)))
    if has_result:
        metadata = {PLACEMENT_KEY: placement}
        masks = np.zeros(placement.shape, np.uint8)
        viewer.add_labels(masks, metadata=metadata, **placement.transform)
    for place in range(6):
        go_to(viewer, placement, place)
        assert layer.world_to_data(viewer.dims.point)[0] == pytest.approx(place)
        assert current_place(viewer, placement) == place
    viewer.dims.set_point(0, 1.0)  # before the first
    assert current_place(viewer, placement) is None
