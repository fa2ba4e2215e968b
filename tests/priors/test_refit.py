"""A prior learned from the masks of a set."""

import numpy as np

from napari_jcc.features import FeatureMap
from napari_jcc.priors import refit, refit_prior

OBJECT, REST = np.array([3.0, 0.0, 1.0]), np.array([0.0, 2.0, 1.0])


def scene(place, size=8):
    """Feature map with an object at `place`, and the object's mask at the map's size."""
    rng = np.random.default_rng(size + place[0].start)
    mask = np.zeros((size, size), np.float32)
    mask[place] = 1
    grid = np.where(mask[..., None] > 0, OBJECT, REST) + rng.normal(0, 0.1, (size, size, 3))
    return FeatureMap(grid.astype(np.float16), 4, 1.5, (4 * size, 4 * size)), mask


PLACES = [np.s_[2:5, 2:5], np.s_[3:7, 1:4], np.s_[1:4, 3:6], np.s_[3:6, 3:7]]


def test_what_most_masks_show_corrects_the_odd_one_out():
    maps, masks = zip(*map(scene, PLACES), strict=True)
    wrong = np.zeros_like(masks[0])
    wrong[6:, 6:] = 1
    flat = [np.full_like(mask, 0.5) for mask in masks]
    learned = refit_prior(maps, [wrong, *masks[1:]], flat)[0]
    assert learned[masks[0] > 0].min() > learned[wrong > 0].max() + 0.2


def test_cells_learn_from_what_lies_where_they_do():
    """The cells of strided convolutions lie half a cell before the middle of their tile."""
    size, stride = 10, 8
    maps, masks = [], []
    for column in (3, 4, 5, 6):
        grid = np.tile(REST, (size, size, 1))
        grid[3:7, column] = OBJECT
        mask = np.zeros((size * stride,) * 2, np.float32)
        mask[20:52, stride * column - 4 : stride * column + 4] = 1
        maps.append(FeatureMap(grid.astype(np.float16), stride, 0, mask.shape))
        masks.append(mask)
    nothing = [np.zeros_like(mask) for mask in masks]
    for learned, mask in zip(refit_prior(maps, masks, nothing), masks, strict=True):
        # At most .75, as the prior is 0; .37 where cells learn half from their neighbours.
        assert learned[mask > 0].max() > 0.6


def test_a_quarter_of_the_prior_stays():
    maps, masks = zip(*map(scene, PLACES), strict=True)
    nothing = [np.zeros_like(mask) for mask in masks]
    everything = [np.ones_like(mask) for mask in masks]
    low, high = (refit_prior(maps, masks, priors) for priors in (nothing, everything))
    for first, second in zip(low, high, strict=True):
        np.testing.assert_allclose(second - first, 0.25, atol=1e-6)
        assert first.min() >= 0
        assert second.max() <= 1


def test_an_image_without_the_object_is_rated_low_on_the_scale_of_the_others():
    maps, masks = zip(*map(scene, PLACES), strict=True)
    rest = np.random.default_rng(9).normal(0, 0.1, (8, 8, 3)) + REST
    empty = FeatureMap(rest.astype(np.float16), 4, 1.5, (32, 32))
    flat = [np.zeros_like(mask) for mask in masks] + [np.zeros((8, 8), np.float32)]
    nothing = np.zeros((8, 8), np.float32)
    *found, without = refit_prior([*maps, empty], [*masks, nothing], flat)
    lowest = [each[mask > 0].min() for each, mask in zip(found, masks, strict=True)]
    assert without.max() < 0.4 < min(lowest)


def test_empty_masks_teach_that_nothing_is_object():
    maps, masks = zip(*map(scene, PLACES), strict=True)
    learned = refit_prior(maps, [np.zeros_like(mask) for mask in masks], masks)
    for found, prior in zip(learned, masks, strict=True):
        np.testing.assert_allclose(found, prior / 4, atol=1e-5)


def test_full_masks_stay_in_range():
    maps, masks = zip(*map(scene, PLACES), strict=True)
    for found in refit_prior(maps, [np.ones_like(mask) for mask in masks], masks):
        assert found.min() >= 0
        assert found.max() <= 1


def test_what_runs_out_of_the_images_is_unlearned():
    """A shore that every mask takes along, over the full width, of a look of its own."""
    shore = np.s_[12:14, :]
    maps, objects, masks = [], [], []
    for place in PLACES:
        found, mask = scene(place, 20)
        found.values[shore] = [0.0, 1.0, 3.0]
        maps.append(found)
        objects.append(mask > 0)
        masks.append(mask.copy())
        masks[-1][shore] = 1
    flat = [np.zeros_like(mask) for mask in masks]

    def margin(border_weight):
        learned = refit_prior(maps, masks, flat, border_weight=border_weight)
        things = [each[thing].mean() for each, thing in zip(learned, objects, strict=True)]
        return np.mean(things) - np.mean([each[shore].mean() for each in learned])

    assert margin(0.0) < margin(refit.BORDER_WEIGHT) - 0.01
    assert margin(refit.BORDER_WEIGHT) < margin(refit.FIRM_BORDER_WEIGHT) - 0.01
