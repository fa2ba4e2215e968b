"""From scores to masks and boxes, on a picture of four superpixels."""

from dataclasses import replace

import numpy as np
import pytest

from napari_jcc.config import DecodeConfig
from napari_jcc.regions import ImageRegions, find_overlap
from napari_jcc.regions.superpixels import measure_superpixels
from napari_jcc.results.decode import (
    Scene,
    decode_image,
    enlarge_mask,
    find_box,
    redraw_mask,
    undecided_image,
)

PLAIN = DecodeConfig(refinement="none", box="scores")


@pytest.fixture
def quarters():
    """Superpixels 0 and 1 above 2 and 3 on 40 x 40 pixels; boxes round 0 and round 3."""
    labels = np.kron([[0, 1], [2, 3]], np.ones((20, 20))).astype(np.int32)
    image = np.where(labels[..., None] == 3, 220, 30).astype(np.uint8).repeat(3, axis=2)
    superpixels = measure_superpixels(labels, image)
    boxes = np.array([[0, 0, 20, 20], [20, 20, 40, 40]], np.float32)
    regions = ImageRegions(
        superpixels,
        (labels == 3).astype(np.float32),
        boxes,
        np.array([-0.25, 0.75], np.float32),
        find_overlap(superpixels, boxes),
    )
    return image, regions


def decode(quarters, y, z, config=PLAIN, shape=(40, 40)):
    image, regions = quarters
    scene = Scene("q", image, shape, regions)
    return decode_image(scene, (np.array(y), np.array(z)), config)


def test_box_of_the_largest_score(quarters):
    result = decode(quarters, [0, 0, 0, 0.02], [0.3, 0.7])
    np.testing.assert_array_equal(result.box, [20, 20, 40, 40])
    assert result.box_score == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        # The mask is superpixel 3, so the box round it agrees with the mask.
        ("scores", [0, 0, 20, 20]),
        ("fitted", [0, 0, 20, 20]),
        ("agreement", [20, 20, 40, 40]),
        ("mask", [20, 20, 40, 40]),
    ],
)
def test_box_rules_when_score_and_mask_disagree(quarters, box, expected):
    config = DecodeConfig(refinement="none", box=box)
    result = decode(quarters, [0.1, 0, 0, 1], [0.6, 0.4], config)
    np.testing.assert_array_equal(result.box, expected)
    by_score = box in ("scores", "fitted")
    assert result.box_score == pytest.approx(0.6 if by_score else 0.4)


def test_agreement_follows_the_scores_among_boxes_that_fit_alike(quarters):
    config = DecodeConfig(refinement="none", box="agreement")
    result = decode(quarters, [1, 0, 0, 1], [0.9, 0.1], config)
    np.testing.assert_array_equal(result.box, [0, 0, 20, 20])


@pytest.mark.parametrize("rule", ["agreement", "fitted"])
@pytest.mark.parametrize(
    ("candidate", "expected", "score"),
    [
        # The mask is 10 x 10 at (10, 10): IoU 100 / 110, then 100 / 130. Of the two
        # others, with 100 / 160 and 100 / 250, the first agrees with its box.
        ([10, 10, 21, 20], [10, 10, 20, 20], 0.7),
        ([10, 10, 23, 20], [10, 10, 23, 20], 0.6),
    ],
)
def test_the_box_of_the_mask_is_taken_where_the_best_candidate_coincides(
    candidate, expected, score, rule
):
    mask = np.zeros((40, 40), np.bool_)
    mask[10:20, 10:20] = True
    boxes = np.array([candidate, [10, 10, 20, 26], [10, 10, 20, 35]], np.float32)
    box, found = find_box(mask, boxes, np.array([0.6, 0.1, 0.3], np.float32), rule)
    np.testing.assert_array_equal(box, expected)
    assert found == pytest.approx(score)


def test_nothing_scores_nothing_is_object_and_the_box_is_left_to_the_scores(quarters):
    config = DecodeConfig(refinement="none", box="agreement")
    result = decode(quarters, [0, 0, 0, 0], [0.2, 0.8], config)
    assert not result.mask.any()
    np.testing.assert_array_equal(result.box, [20, 20, 40, 40])


def test_paper_rule_divides_by_the_largest_and_rounds(quarters):
    result = decode(
        quarters,
        [0.001, 0.004, 0.006, 0.01],
        [0, 1],
        DecodeConfig(rounding="paper", refinement="none"),
    )
    np.testing.assert_allclose(result.superpixel_scores, [0.1, 0.4, 0.6, 1.0], rtol=1e-6)
    assert [bool(result.mask[y, x]) for y, x in ((0, 0), (0, 30), (30, 0), (30, 30))] == [
        False,
        False,
        True,
        True,
    ]


def test_otsu_rule_splits_where_the_gap_is(quarters):
    result = decode(quarters, [0.1, 0.15, 0.2, 1.0], [0, 1])
    assert result.mask.sum() == 400
    assert result.mask[30, 30]


def test_equal_scores_are_all_object(quarters):
    assert decode(quarters, [0.2] * 4, [0, 1]).mask.all()


def test_results_are_scaled_to_the_own_size(quarters):
    result = decode(quarters, [0, 0, 0, 1], [0, 1], shape=(80, 120))
    assert result.mask.shape == (80, 120)
    assert result.mask.mean() == pytest.approx(0.25, abs=0.02)
    np.testing.assert_allclose(result.box, [60, 40, 120, 80])


def test_slightly_negative_values_stay_in_range(quarters):
    result = decode(quarters, [-1e-6, 0, 0.1, 0.5], [-1e-6, 1.0001])
    assert result.superpixel_scores.min() == 0
    assert result.candidate_scores.sum() == pytest.approx(1)
    assert result.candidate_scores.min() == 0


def test_undecided_image_is_empty_and_says_why(quarters):
    result = undecided_image(Scene("q", quarters[0], (80, 40), quarters[1]))
    assert not result.mask.any()
    assert result.mask.shape == (80, 40)
    assert np.isnan(result.box).all()
    assert "box" in result.warning


@pytest.mark.parametrize("colour", [(93, 93, 93), (250, 120, 10)])
def test_an_image_of_one_colour_is_told_from_too_strict_settings(quarters, colour):
    image, regions = quarters
    flat = np.broadcast_to(np.array(colour, np.uint8), image.shape)
    assert "shows nothing" in undecided_image(Scene("q", flat, (40, 40), regions)).warning


def test_an_image_of_a_pixel_is_told_to_be_too_small(quarters):
    _, regions = quarters
    result = undecided_image(Scene("q", np.full((1, 1, 3), 9, np.uint8), (2, 5), regions))
    assert "too small, 5 x 2 pixels" in result.warning


def test_enlarged_outline_stays_in_place():
    mask = np.zeros((10, 10), bool)
    mask[2:6, 3:8] = True
    large = enlarge_mask(mask, (100, 100))
    rows, columns = np.nonzero(large)
    assert (rows.min(), rows.max() + 1) == (20, 60)
    assert (columns.min(), columns.max() + 1) == (30, 80)


def test_blend_lets_the_prior_cut_through_a_superpixel(quarters):
    image, regions = quarters
    prior = np.zeros((40, 40), np.float32)
    prior[25:30, 22:38] = 1
    thin = replace(regions, saliency_map=prior)
    values = [0, 0, 0, 0.4], [0.3, 0.7]
    config = DecodeConfig(refinement="blend", scores_share=0.1)
    np.testing.assert_array_equal(decode((image, thin), *values, config).mask, prior > 0)
    whole = decode((image, thin), *values, config.model_copy(update={"scores_share": 1.0}))
    np.testing.assert_array_equal(whole.mask, regions.superpixels.label_map == 3)


def test_several_objects_are_numbered_and_boxed(quarters):
    image, regions = quarters
    prior = np.full((40, 40), 0.1, np.float32)
    prior[:20, :10], prior[:20, 10:20] = 0.9, 0.5
    two = replace(regions, objects=2, saliency_map=prior)
    joined = DecodeConfig(refinement="none", touching="joined")
    result = decode((image, two), [1, 0, 0, 1], [0.8, 0.2], joined)
    assert result.instances is not None
    # Pieces that touch at a corner are one.
    assert result.instances.max() == 1

    apart = decode((image, two), [1, 0, 0, 0], [0.8, 0.2], DecodeConfig(refinement="none"))
    np.testing.assert_array_equal(apart.boxes, [[0, 0, 20, 20]])
    np.testing.assert_allclose(apart.scores, [0.7])  # of the prior alone, not of the boxes
    np.testing.assert_array_equal(apart.labels > 0, apart.mask)
    # Candidates of several objects are not shares: two may both be certain.
    sure = decode((image, two), [1, 0, 0, 0], [1.0, 1.0], DecodeConfig(refinement="none"))
    np.testing.assert_array_equal(sure.candidate_scores, [1, 1])


def test_by_colour_the_mask_ends_where_the_object_does(quarters):
    """The last superpixel is bright but for a strip of the dark ground."""
    image, regions = quarters
    image = image.copy()
    image[:, 34:] = 30
    truth = image[..., 0] == 220
    wrong = {}
    for refinement in ("none", "colour"):
        config = DecodeConfig(refinement=refinement, box="scores")
        mask = decode((image, regions), [0.1, 0, 0, 1], [0.2, 0.8], config).mask
        wrong[refinement] = int((mask != truth).sum())
    assert wrong["none"] == 6 * 20
    assert wrong["colour"] < 20


@pytest.mark.parametrize(
    ("refinement", "objects", "cleared"),
    [("colour", 1, True), ("colour", 2, False), ("grabcut", 1, False)],
)
def test_masks_of_one_object_come_without_specks(quarters, refinement, objects, cleared):
    image, regions = quarters
    image[5, 5:8] = 220  # 3 pixels beside an object of 400
    mask = image[:, :, 0] == 220
    scene = Scene("q", image, (40, 40), replace(regions, objects=objects))
    found = redraw_mask(scene, mask, DecodeConfig(refinement=refinement))
    assert found[20:, 20:].all()
    assert found[5, 5:8].any() != cleared
    marked = redraw_mask(scene, mask, DecodeConfig(refinement=refinement), (~mask, mask))
    np.testing.assert_array_equal(marked, mask)
