"""Masks of corrected images carried to the others."""

import cv2
import numpy as np
import pytest

from napari_jcc.errors import Cancelled
from napari_jcc.interaction import propagation
from napari_jcc.interaction.propagation import MaskPropagator, blend_propagated
from napari_jcc.progress import Progress


def test_a_carried_mask_counts_as_much_as_it_overlaps_what_was_taught():
    taught, area = np.array([0.8, 0.2, 0.0]), np.array([1.0, 2.0, 1.0])
    carried = [(np.array([1.0, 0.0, 0.0]), 3.0), (np.array([0.0, 0.0, 1.0]), 1.0)]
    mean = np.array([0.75, 0.0, 0.25])
    agreed = 0.75 / (0.8 + 2 * 0.2 + 0.25)
    expected = taught + agreed**2 * (mean - taught)
    np.testing.assert_allclose(blend_propagated(taught, carried, area), expected)


@pytest.mark.parametrize(
    "carried", [[], [(np.array([0.0, 0.0, 1.0]), 2.0)], [(np.ones(3), 0.0)]]
)
def test_what_lies_elsewhere_or_says_nothing_moves_nothing(carried):
    taught = np.array([0.9, 0.1, 0.0])
    np.testing.assert_array_equal(blend_propagated(taught, carried, np.ones(3)), taught)
    nothing = np.zeros(3)
    np.testing.assert_array_equal(blend_propagated(nothing, carried, np.ones(3)), nothing)


@pytest.fixture(scope="module")
def scenes(finished):
    """The same thing at three places of bare images, and a bare one; their masks."""
    noise = np.random.default_rng(0).normal(size=(40, 30, 3)).astype(np.float32)
    thing = np.clip(128 + 500 * cv2.GaussianBlur(noise, (0, 0), 3), 0, 255)
    images, masks = [], []
    for regions, corner in zip(
        finished.regions, [(12, 10), (20, 30), (8, 24), None], strict=True
    ):
        image = np.full((*regions.saliency_map.shape, 3), 128, np.uint8)
        mask = np.zeros(image.shape[:2], np.bool_)
        if corner is not None:
            part = tuple(slice(a, a + n) for a, n in zip(corner, thing.shape, strict=False))
            image[part], mask[part] = thing, True
        images.append(image)
        masks.append(mask)
    return images, masks


@pytest.fixture
def carrier(finished, scenes):
    return MaskPropagator(scenes[0], dict(enumerate(finished.regions)), workers=1)


@pytest.fixture(scope="module")
def shares(finished, scenes):
    pairs = zip(scenes[1], finished.regions, strict=True)
    return {place: own.superpixels.pool(mask) for place, (mask, own) in enumerate(pairs)}


def test_a_mask_is_carried_to_where_the_object_is(carrier, scenes, shares):
    taught = {place: 0.2 + 0.3 * (share > 0.5) for place, share in shares.items()}
    heeded = carrier.propagate(taught, {0: scenes[1][0]}, Progress())
    for place in (1, 2):
        inside = shares[place] > 0.9
        assert (heeded[place] - taught[place])[inside].mean() > 0.05
        assert (heeded[place] - taught[place])[shares[place] == 0].mean() < -0.02
    np.testing.assert_array_equal(heeded[0], taught[0])
    # Nothing in a bare image is like anything.
    np.testing.assert_array_equal(heeded[3], taught[3])


def test_a_pair_is_registered_once_while_the_mask_stays(
    carrier, finished, scenes, shares, monkeypatch
):
    met = []

    def count(own, other, match_views=propagation.match_views):
        met.append((own, other))
        return match_views(own, other)

    monkeypatch.setattr(propagation, "match_views", count)
    masks = dict(enumerate(scenes[1][:2]))
    carrier.propagate(shares, masks, Progress())
    assert len(met) == 2 * 3
    carrier.propagate(shares, masks, Progress())
    assert len(met) == 2 * 3
    smaller = {0: masks[0], 1: masks[1] & (np.arange(masks[1].shape[1]) < 50)}
    after = carrier.propagate(shares, smaller, Progress())
    assert len(met) == 3 * 3
    fresh = MaskPropagator(scenes[0], dict(enumerate(finished.regions)), workers=1)
    for place, expected in fresh.propagate(shares, smaller, Progress()).items():
        np.testing.assert_array_equal(after[place], expected)
    # A correction that was taken back is heeded no more.
    alone = carrier.propagate(shares, {0: masks[0]}, Progress())
    expected = fresh.propagate(shares, {0: masks[0]}, Progress())
    np.testing.assert_array_equal(alone[2], expected[2])


def test_an_empty_mask_has_nothing_to_carry(carrier, scenes, shares):
    nothing = np.zeros_like(scenes[1][0])
    heeded = carrier.propagate(shares, {0: nothing}, Progress())
    for place, share in shares.items():
        np.testing.assert_array_equal(heeded[place], share)


def test_what_was_cancelled_is_done_by_the_next(carrier, finished, scenes, shares):
    cancelled = Progress()
    cancelled.cancel()
    masks = {0: scenes[1][0]}
    with pytest.raises(Cancelled):
        carrier.propagate(shares, masks, cancelled)
    fresh = MaskPropagator(scenes[0], dict(enumerate(finished.regions)), workers=1)
    expected = fresh.propagate(shares, masks, Progress())
    heeded = carrier.propagate(shares, masks, Progress())
    np.testing.assert_array_equal(heeded[1], expected[1])
