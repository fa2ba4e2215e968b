"""Images mirrored and turned by quarters, and points on them."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_jcc import ImageCollection
from napari_jcc.collection.sources import ArraySource
from napari_jcc.collection.spacing import Spacing
from napari_jcc.collection.turns import AS_IS, MIRRORED, Turn, TurnedSource, turn_images

TURNS = [Turn(mirrored, quarters) for mirrored in (False, True) for quarters in range(4)]


@given(st.sampled_from(TURNS), st.integers(1, 9), st.integers(1, 9))
def test_points_move_with_their_pixels(turn, height, width):
    image = np.arange(height * width).reshape(height, width)
    turned = turn.apply(image)
    assert turned.shape == turn.size((height, width))
    rows, columns = np.indices(image.shape)
    points = np.column_stack([columns.ravel(), rows.ravel()]).astype(np.float64)
    x, y = turn.carry(points, (height, width)).T
    np.testing.assert_array_equal(turned[y.astype(int), x.astype(int)], image.ravel())
    back = turn.carry_back(np.column_stack([x, y]), (height, width))
    np.testing.assert_array_equal(back, points)


@pytest.mark.parametrize(("first", "second"), list(product(TURNS, TURNS)))
def test_turns_compose_as_what_they_do(first, second):
    image = np.arange(6).reshape(2, 3)
    both = first.then(second)
    np.testing.assert_array_equal(both.apply(image), second.apply(first.apply(image)))
    np.testing.assert_allclose(both.matrix, second.matrix @ first.matrix, atol=1e-12)
    assert first.then(first.inverse) == AS_IS


def test_a_turn_is_said_in_words():
    assert [str(turn) for turn in (AS_IS, MIRRORED, Turn(False, 2), Turn(True, 1))] == [
        "as it is",
        "mirrored",
        "turned by 180 degrees",
        "mirrored and turned by 90 degrees to the left",
    ]


def test_a_turned_image_is_read_turned_with_its_size_and_spacing(rng):
    pixels = rng.integers(0, 255, (4, 6, 3), dtype=np.uint8)
    plain = ArraySource(pixels, is_colour=True, spacing=Spacing(0.5, 0.25, "um"))
    turned = TurnedSource(plain, Turn(True, 1))
    assert turned.shape == (6, 4)
    assert turned.spacing == Spacing(0.25, 0.5, "um")
    np.testing.assert_array_equal(turned.read().values, np.rot90(pixels[:, ::-1]))
    marks = {TurnedSource(plain, turn).fingerprint() for turn in TURNS}
    assert len(marks) == len(TURNS)


def test_only_the_images_that_are_turned_are_changed(rng):
    images = [rng.integers(0, 255, (4, 6, 3), dtype=np.uint8) for _ in range(2)]
    collection = ImageCollection.from_arrays(images)
    turned = turn_images(collection, [AS_IS, MIRRORED])
    assert turned.names == collection.names
    assert turned.sources[0] is collection.sources[0]
    np.testing.assert_array_equal(turned.image(1), images[1][:, ::-1])
