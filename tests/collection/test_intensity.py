"""From any pixels to 8-bit RGB, by hand and by property."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from napari_jcc.collection import ImageCollection
from napari_jcc.collection.intensity import reduce_image, resize_image
from napari_jcc.config import CollectionConfig
from napari_jcc.errors import InputError

TYPES = ["?", "u1", "i1", "u2", "i2", "u4", "i8", "u8", "f2", "f4", "f8", ">u2"]


def show(values, **config):
    config = {"low_percentile": 0, "high_percentile": 100} | config
    return ImageCollection.from_arrays([values], config=CollectionConfig(**config)).image(0)


def test_eight_bits_stay_as_they_are():
    values = np.array([[3, 9], [100, 250]], np.uint8)
    assert show(values)[..., 0].tolist() == values.tolist()


@pytest.mark.parametrize("channels", [1, 3])
def test_eight_bits_are_shown_without_a_detour_by_floats(channels):
    values = np.tile(np.arange(256, dtype=np.uint8)[:, None, None], (1, 900, channels))
    tracemalloc.start()
    shown = show(values.squeeze())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (shown == values).all()
    assert peak < 1.5 * shown.nbytes
    shown[:] = 7
    assert values[9, 0, 0] == 9  # a copy


def test_sixteen_bits_are_stretched():
    # 1000 to black, 1100 to white, the middle to half.
    assert show(np.array([[1000, 1050, 1100]], np.uint16))[0, :, 2].tolist() == [
        0,
        128,
        255,
    ]


def test_always_and_never_stretch():
    values = np.array([[100, 150]], np.uint8)
    assert show(values, normalise="always")[0, :, 0].tolist() == [0, 255]
    deep = np.array([[0, 32768, 65535]], np.uint16)
    assert show(deep // 2, normalise="never")[0, :, 0].tolist() == [0, 64, 127]
    signed = np.array([[-128, 127]], np.int8)
    assert show(signed, normalise="never")[0, :, 0].tolist() == [0, 255]
    real = np.array([[-1, 0.5, 3]], np.float32)
    assert show(real, normalise="never")[0, :, 0].tolist() == [0, 128, 255]


def test_percentiles_cut_off_outliers():
    values = np.arange(1001, dtype=np.float64)[None]
    values[0, -1] = 1e9
    shown = show(values, low_percentile=1, high_percentile=99)[0, :, 0]
    assert shown[10] == 0
    assert shown[11] <= 1
    assert shown[990] == shown[1000] == 255
    assert shown[500] == 127 or shown[500] == 128


def test_a_few_bright_pixels_on_black_do_not_vanish():
    values = np.zeros((100, 100), np.uint16)
    values[3, 4] = 500
    shown = show(values, low_percentile=1, high_percentile=99)
    assert shown[3, 4].tolist() == [255, 255, 255]
    assert shown.sum() == 3 * 255


def test_colour_is_stretched_as_one_but_channels_each_on_its_own():
    values = np.zeros((1, 2, 3), np.uint16)
    values[0, 1] = (1000, 500, 0)
    assert show(values)[0, 1].tolist() == [255, 128, 0]
    separate = show(values[..., :2], channels=(0, 1))
    assert separate[0, 1].tolist() == [255, 255, 255]


def test_channels_are_chosen_or_averaged():
    values = np.zeros((1, 1, 5), np.uint8)
    values[0, 0] = (10, 20, 30, 40, 100)
    assert show(values)[0, 0].tolist() == [40, 40, 40]
    assert show(values, channels=(4,))[0, 0].tolist() == [100, 100, 100]
    assert show(values, channels=(2, 0, 4))[0, 0].tolist() == [30, 10, 100]
    assert show(values, channels=(0, 1))[0, 0].tolist() == [15, 15, 15]
    assert show(values[..., :3], channels=(1,))[0, 0].tolist() == [20, 20, 20]


def test_three_separate_channels_are_averaged_unless_chosen():
    stack = np.array([30, 60, 90], np.uint8).reshape(3, 1, 1)
    plain = ImageCollection.from_array(stack, channel_axis=0)
    assert plain.image(0)[0, 0].tolist() == [60, 60, 60]
    chosen = plain.with_config(CollectionConfig(channels=(0, 1, 2)))
    assert chosen.image(0)[0, 0].tolist() == [30, 60, 90]


def test_an_opacity_that_is_no_number_leaves_the_pixel_as_it_is():
    values = np.array([[[0.2, 0.4, 1.0, np.nan], [0.2, 0.4, 1.0, 0.0]]], np.float32)
    shown = show(values, normalise="never")
    assert shown.tolist() == [[[51, 102, 255], [255, 255, 255]]]


def test_a_missing_channel_is_named_with_the_setting():
    with pytest.raises(InputError, match=r"channel 3 .* is 0.*collection\.channels"):
        show(np.zeros((2, 2), np.uint8), channels=(3,))


def test_values_that_are_not_finite_take_the_smallest():
    values = np.array([[np.nan, 2.0, np.inf], [-np.inf, 3.0, 4.0]], np.float32)
    assert show(values)[..., 0].tolist() == [[0, 0, 0], [0, 128, 255]]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_no_finite_pixel_is_an_error(value):
    with pytest.raises(InputError, match="finite"):
        show(np.full((3, 3), value))


@pytest.mark.parametrize("value", [0, 7, 255])
@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
@pytest.mark.parametrize("normalise", ["auto", "always", "never"])
def test_constant_images_stay_constant(value, dtype, normalise):
    shown = show(np.full((4, 5), value, dtype), normalise=normalise)
    assert len(np.unique(shown)) == 1


def test_the_largest_floats_do_not_overflow():
    huge = np.finfo(np.float64).max
    shown = show(np.array([[-huge, 0, huge]]))
    assert shown[0, :, 0].tolist() == [0, 128, 255]


configs = st.builds(
    CollectionConfig,
    normalise=st.sampled_from(["auto", "always", "never"]),
    low_percentile=st.sampled_from([0.0, 0.1, 10.0]),
    high_percentile=st.sampled_from([60.0, 99.9, 100.0]),
    working_size=st.sampled_from([32, 320]),
    channels=st.sampled_from([(), (0,), (0, 0, 0), (0, 0)]),
)
shapes = npst.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=6)


@settings(max_examples=300)
@given(
    values=st.sampled_from(TYPES).flatmap(lambda kind: npst.arrays(kind, shapes)),
    config=configs,
)
def test_every_image_is_rgb_of_eight_bits(values, config):
    collection = ImageCollection.from_arrays([values], config=config)
    finite = values[..., :1] if config.channels and values.ndim == 3 else values
    if values.dtype.kind == "f" and not np.isfinite(finite).all():
        try:
            image = collection.image(0)
        except InputError as error:
            assert "finite" in str(error)
            return
    else:
        image = collection.image(0)
    assert image.dtype == np.uint8
    assert image.shape == (*values.shape[:2], 3)
    assert image.flags.c_contiguous
    assert image.flags.writeable


@given(height=st.integers(1, 400), width=st.integers(1, 400), longest=st.integers(32, 90))
def test_working_size_bounds_the_longer_side_and_never_enlarges(height, width, longest):
    image = reduce_image(np.full((height, width, 3), 9, np.uint8), longest)
    h, w, _ = image.shape
    assert max(h, w) == min(max(height, width), longest)
    assert 1 <= h <= height
    assert 1 <= w <= width
    assert np.all(image == 9)


@pytest.mark.parametrize("shape", [(20, 400), (90, 400), (400, 20), (400, 100), (20, 30)])
def test_resized_images_show_the_means_of_areas_where_they_lie(shape, rng):
    """Also where one side shrinks and the other grows, as of long images made square."""
    side = 80
    for axis, own in enumerate(shape):
        line = np.arange(own, dtype=np.float32)
        ramp = np.broadcast_to(np.expand_dims(line, 1 - axis), shape)
        found = resize_image(np.ascontiguousarray(ramp), (side, side)).mean(axis=1 - axis)
        centres = (np.arange(side) + 0.5) * own / side - 0.5
        np.testing.assert_allclose(found, np.clip(centres, 0, own - 1), atol=0.3)
    noise = rng.normal(size=shape).astype(np.float32)
    shrunk = resize_image(noise, (side, side))
    if max(shape) == 400:  # fivefold means have a fifth of the variance at most
        assert shrunk.var() < 0.25
