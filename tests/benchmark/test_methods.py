import numpy as np
import pytest

from napari_jcc.benchmark import GROUPS, RECIPES, Method, find_methods
from napari_jcc.benchmark.guesses import (
    best_box,
    fill_box,
    guess_background,
    guess_centre,
    guess_foreground,
    mask_box,
    most_salient,
    smooth_prior,
    threshold_prior,
)
from napari_jcc.benchmark.methods import DEFAULT, find_same
from napari_jcc.config import get_preset
from napari_jcc.errors import ConfigError
from napari_jcc.results import ImageResult
from napari_jcc.results.cuts import OWN_CUT

IMAGE = np.zeros((4, 5, 3), np.uint8)


def found(prior, candidates=((0, 0, 2, 2), (1, 1, 4, 3)), scores=(0.4, 0.6)):
    """What a run without answer knows of an image of 4 x 5 pixels."""
    return ImageResult(
        name="a",
        mask=np.zeros((4, 5), bool),
        box=np.full(4, np.nan, np.float32),
        box_score=0.0,
        superpixel_scores=np.zeros(1, np.float32),
        candidate_boxes=np.array(candidates, np.float32).reshape(-1, 4),
        candidate_scores=np.array(scores, np.float32),
        label_map=np.zeros((4, 5), np.int32),
        saliency_map=np.asarray(prior, np.float32),
        warning="no boxes",
    )


def test_every_method_has_a_recipe():
    assert set(RECIPES) == set(Method)
    assert len({recipe.title for recipe in RECIPES.values()}) == len(Method)


@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize("preset", ["fast", "photo", "microscopy"])
def test_recipes_change_settings_that_there_are(method, preset):
    RECIPES[method].config(get_preset(preset))


def test_trivial_answers():
    mask, box = guess_background((4, 6))
    assert not mask.any()
    assert np.isnan(box).all()
    mask, box = guess_foreground((4, 6))
    assert mask.all()
    np.testing.assert_array_equal(box, [0, 0, 6, 4])
    mask, box = guess_centre((100, 200))
    width, height = box[2] - box[0], box[3] - box[1]
    assert width * height == pytest.approx(100 * 200 / 2, rel=1e-4)
    assert (box[0] + box[2], box[1] + box[3]) == pytest.approx((200, 100))
    assert mask.mean() == pytest.approx(0.5, abs=0.01)


def test_a_box_is_filled_by_the_middles_of_pixels():
    mask, _ = fill_box(np.array([0.6, 0, 2.4, 1]), (2, 3))
    np.testing.assert_array_equal(mask, [[False, True, False], [False] * 3])


def test_the_thresholded_prior_has_the_box_of_its_largest_piece():
    prior = np.zeros((4, 5))
    prior[1:3, 2:5] = 0.9
    prior[3, 0] = 0.8
    answer = threshold_prior(found(prior), IMAGE, OWN_CUT)
    np.testing.assert_array_equal(answer.mask, prior > 0.5)
    np.testing.assert_array_equal(answer.box, [2, 1, 5, 3])
    assert answer.warning == ""


def test_an_even_prior_finds_nothing():
    answer = threshold_prior(found(np.full((4, 5), 0.5)), IMAGE, OWN_CUT)
    assert not answer.mask.any()
    assert np.isnan(answer.box).all()


def test_b2_takes_two_fifths_of_the_pixels():
    prior = np.arange(20).reshape(4, 5) / 20
    answer = most_salient(found(prior), IMAGE, OWN_CUT)
    np.testing.assert_array_equal(answer.mask, np.arange(20).reshape(4, 5) >= 12)


def test_the_smoother_takes_a_speck_away_and_keeps_edges():
    prior = np.zeros((40, 40), np.float32)
    prior[:, 20:] = 0.8
    prior[10, 30] = 0.0
    image = np.zeros((40, 40, 3), np.uint8)
    image[:, 20:] = 200
    given = found(prior)
    given = ImageResult(**{**given.__dict__, "mask": np.zeros((40, 40), bool)})
    answer = smooth_prior(given, image, OWN_CUT)
    np.testing.assert_array_equal(answer.mask, image[..., 0] > 0)


def test_boxes_alone_answer_with_the_best_candidate():
    answer = best_box(found(np.zeros((4, 5))), IMAGE, OWN_CUT)
    np.testing.assert_array_equal(answer.box, [1, 1, 4, 3])
    assert answer.mask.sum() == 6
    assert answer.box_score == pytest.approx(0.6)
    none = found(np.zeros((4, 5)), (), ())
    assert best_box(none, IMAGE, OWN_CUT) is none


def test_masks_alone_get_their_own_box():
    given = found(np.zeros((4, 5)))
    given.mask[0, 1:3] = True
    np.testing.assert_array_equal(mask_box(given, IMAGE, OWN_CUT).box, [1, 0, 3, 1])


def test_names_and_groups_each_once():
    chosen = find_methods(["joint", "readings", "b2"])
    assert chosen[0] is Method.JOINT
    assert set(chosen) == {*GROUPS["readings"], Method.B2}
    assert len(chosen) == len(set(chosen))
    assert find_methods([]) == list(DEFAULT)
    with pytest.raises(ConfigError, match="Did you mean joint"):
        find_methods(["jiont"])


def test_what_takes_nothing_away_is_the_same():
    same = find_same(GROUPS["ablation"], get_preset("fast"))
    assert same[Method.NO_DEEP] is Method.JOINT
    assert same[Method.NO_ROUNDS] is Method.NO_COMMON
    assert Method.SEPARATE not in same
    assert find_same(GROUPS["ablation"], get_preset("photo")) == {}
