"""Stacks with any leading axes, lists of arrays, and the way back."""

import pickle

import dask.array as da
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_jcc.collection import ImageCollection
from napari_jcc.config import CollectionConfig
from napari_jcc.errors import InputError


@settings(max_examples=60)
@given(
    leading=st.lists(st.integers(1, 3), max_size=3).map(tuple),
    colour=st.booleans(),
    lazy=st.booleans(),
)
def test_restore_puts_the_leading_axes_back(leading, colour, lazy):
    shape = (*leading, 2, 5, 3) if colour else (*leading, 2, 5)
    array = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    stack = da.from_array(array, chunks=2) if lazy else array
    collection = ImageCollection.from_array(stack)
    assert len(collection) == np.prod(leading, dtype=int)
    raw = np.stack([collection.raw(i) for i in range(len(collection))])
    np.testing.assert_array_equal(collection.restore(raw), array)
    means = raw.reshape(len(collection), -1).sum(axis=1)
    assert collection.restore(means).shape == leading


@given(axis=st.integers(-4, 3), channels=st.integers(1, 5))
def test_channel_axis_anywhere(axis, channels):
    shape = [2, 4, 6]
    shape.insert(axis % 4, channels)
    array = np.arange(np.prod(shape), dtype=np.uint16).reshape(shape)
    collection = ImageCollection.from_array(array, channel_axis=axis)
    expected = np.moveaxis(array, axis, -1)
    assert len(collection) == 2
    np.testing.assert_array_equal(collection.raw(1), expected[1])
    assert collection.image(1).shape == (4, 6, 3)


@pytest.mark.parametrize(
    ("shape", "dtype", "count", "image_shape"),
    [
        ((5, 6), "u1", 1, (5, 6)),
        ((7, 5, 6), "u2", 7, (5, 6)),
        ((5, 6, 3), "u1", 1, (5, 6)),  # a colour image
        ((2, 5, 6, 4), "u1", 2, (5, 6)),
        ((6, 3), "u1", 1, (6, 3)),
        ((6, 4), "f4", 1, (6, 4)),
        ((7, 5, 2), "u2", 7, (5, 2)),
    ],
)
def test_colour_is_guessed_for_bytes_only(shape, dtype, count, image_shape):
    collection = ImageCollection.from_array(np.zeros(shape, dtype))
    assert len(collection) == count
    assert collection.shape(0) == image_shape


@pytest.mark.parametrize(("shape", "dtype"), [((5, 6, 3), "u2"), ((2, 5, 6, 4), "f4")])
def test_what_may_be_colour_of_other_types_must_be_said(shape, dtype):
    array = np.zeros(shape, dtype)
    with pytest.raises(InputError, match=r"may be one of colours.*channel_axis=-1"):
        ImageCollection.from_array(array)
    said = ImageCollection.from_array(array, channel_axis=-1)
    assert said.shape(0) == (5, 6)
    assert len(ImageCollection.from_arrays(list(array.reshape(-1, 6, shape[-1])))) > 0


def test_dask_stays_lazy():
    computed = []

    def load(block):
        computed.append(block.shape)
        return block

    stack = da.zeros((3, 8, 8), chunks=(1, 8, 8), dtype="u2").map_blocks(
        load, meta=np.empty((0, 0, 0), "u2")
    )
    collection = ImageCollection.from_array(stack)
    assert collection.shape(2) == (8, 8)
    assert not computed
    collection.image(1)
    assert computed == [(1, 8, 8)]


def test_fingerprints_depend_on_values_shape_and_type():
    base = np.arange(12, dtype=np.uint16).reshape(3, 4)
    variants = [base, base + 1, base.reshape(4, 3), base.astype(np.int16), base[:, ::-1]]
    prints = [ImageCollection.from_array(array).fingerprint(0) for array in variants]
    assert len(set(prints)) == len(variants)
    lazy = ImageCollection.from_array(da.from_array(base, chunks=2))
    assert lazy.fingerprint(0) == prints[0]


def test_identical_images_are_allowed():
    collection = ImageCollection.from_arrays([np.ones((3, 3), np.uint8)] * 3)
    assert len({collection.fingerprint(i) for i in range(3)}) == 1
    assert len(set(collection.names)) == 3


def test_mixed_sizes_and_channels():
    arrays = [np.zeros((3, 4)), np.zeros((9, 2, 3), np.uint8), np.zeros((1, 1, 2), "u2")]
    collection = ImageCollection.from_arrays(arrays, names=["a", "b", "c"])
    assert [collection.image(i).shape for i in range(3)] == [
        (3, 4, 3),
        (9, 2, 3),
        (1, 1, 3),
    ]
    assert collection.location(0) == ""


def test_sixteen_bit_colour_given_as_one_array_keeps_its_colour():
    red = np.zeros((2, 2, 3), np.uint16)
    red[0, 0, 0] = 900
    assert ImageCollection.from_arrays([red]).image(0)[0, 0].tolist() == [255, 0, 0]


def test_select_keeps_order_names_and_reasons():
    stack = np.arange(4 * 10, dtype=np.uint8).reshape(4, 2, 5)
    collection = ImageCollection.from_array(stack, names="abcd")
    rest = collection.select([2, 0], skipped={"b": "no", "d": "no"})
    assert rest.names == ("c", "a")
    assert rest.skipped == {"b": "no", "d": "no"}
    assert rest.restore(np.zeros((2, 5))).shape == (2, 5)
    np.testing.assert_array_equal(rest.raw(0), stack[2])


def test_leading_axes_with_holes_cannot_be_restored():
    collection = ImageCollection.from_array(np.zeros((2, 3, 4, 5)))
    assert collection.select(range(6)).restore(np.zeros((6, 1))).shape == (2, 3, 1)
    with pytest.raises(InputError, match="left out"):
        collection.select([0, 1]).restore(np.zeros((2, 1)))
    with pytest.raises(InputError, match="5 entries for 6"):
        collection.restore(np.zeros((5, 1)))


def test_an_image_of_a_stack_pickles_alone():
    stack = np.zeros((50, 100, 100), np.uint8)
    one = ImageCollection.from_array(stack).select([3])
    assert len(pickle.dumps(one)) < 12_000
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(one)).raw(0), stack[3])


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(5),
        np.float64(3),
        np.zeros((0, 4, 4)),
        np.zeros((3, 0, 4)),
        np.zeros((4, 4), complex),
        np.array([["a", "b"], ["c", "d"]]),
        np.array([[None, None]]),
    ],
)
def test_arrays_that_are_no_images(array):
    with pytest.raises(InputError):
        ImageCollection.from_array(array)
    with pytest.raises(InputError):
        ImageCollection.from_arrays([array])


def test_no_array_and_wrong_names_and_axes():
    with pytest.raises(InputError, match="empty"):
        ImageCollection.from_arrays([])
    with pytest.raises(InputError, match="2 names"):
        ImageCollection.from_array(np.zeros((3, 2, 2)), names=["a", "b"])
    with pytest.raises(InputError, match="of its own"):
        ImageCollection.from_array(np.zeros((2, 2, 2)), names=["a", "a"])
    with pytest.raises(InputError, match="channel_axis 3"):
        ImageCollection.from_array(np.zeros((2, 2, 2)), channel_axis=3)
    with pytest.raises(InputError, match="from_array for a stack"):
        ImageCollection.from_arrays([np.zeros((2, 2, 2, 2))])


def test_not_a_number_in_a_stack_hurts_one_image_only():
    stack = np.random.default_rng(0).random((2, 4, 5))
    stack[0] = np.nan
    collection = ImageCollection.from_array(stack, config=CollectionConfig())
    with pytest.raises(InputError, match=r"image_0.*finite"):
        collection.image(0)
    assert collection.image(1).max() == 255


def test_images_are_asked_for_by_name_too():
    arrays = [np.full((4, 5 + number, 3), number, np.uint8) for number in range(2)]
    images = ImageCollection.from_arrays(arrays, names=["coin_01", "coin_02"])
    assert images.place("coin_02") == 1
    for ask in (images.image, images.working_image, images.raw):
        np.testing.assert_array_equal(ask("coin_02"), arrays[1])
    for ask in (images.shape, images.location, images.spacing, images.fingerprint):
        assert ask("coin_02") == ask(1)
    assert images.shape("coin_02") != images.shape("coin_01")
    # Also after some were left out: places are those of this collection.
    assert images.select([1]).place("coin_02") == 0


def test_a_name_that_no_image_has_is_refused_with_the_nearest():
    images = ImageCollection.from_arrays([np.zeros((4, 5))] * 2, names=["cow", "horse"])
    for ask in (images.raw, images.shape, images.fingerprint):
        with pytest.raises(InputError, match=r"^No image is called 'hors.png'.*'horse'\?"):
            ask("hors.png")
