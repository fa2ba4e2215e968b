"""Doubts about answers whose scores are made by hand."""

import numpy as np
import pytest

from napari_jcc.pipeline import segment
from napari_jcc.results.uncertainty import find_uncertainty
from results_samples import empty_image_result, image_result

NAMES = ("loss", "margin", "entropy", "blur", "box", "misfit", "redrawn", "unlike_prior")


def test_a_clear_answer_leaves_no_doubt():
    # The sample's scores are 1 on the mask and 0 off it; prior and box agree.
    found = find_uncertainty(image_result())
    assert {name: getattr(found, name) for name in NAMES} == pytest.approx(
        dict.fromkeys(NAMES, 0.0), abs=1e-9
    )
    assert found.overall == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(found.superpixels, [0, 0])


def test_no_answer_is_all_doubt():
    image = empty_image_result()
    found = find_uncertainty(
        image_result(
            mask=image.mask,
            box=image.box,
            superpixel_scores=np.zeros(2, np.float32),
            candidate_boxes=np.zeros((0, 4), np.float32),
            candidate_scores=np.zeros(0, np.float32),
        )
    )
    assert {getattr(found, name) for name in (*NAMES, "overall")} == {1.0}
    assert found.superpixels.tolist() == [1, 1]


def four_columns(scores, mask):
    """Four superpixels side by side, ten pixels each."""
    labels = np.repeat(np.arange(4), 10)[None].astype(np.int32)
    chosen = np.repeat(np.array(mask, bool), 10)[None]
    return image_result(
        shape=(1, 40),
        mask=chosen,
        superpixel_scores=np.array(scores, np.float32),
        label_map=labels,
        saliency_map=chosen.astype(np.float32),
    )


def test_expected_loss_by_hand():
    # Otsu's threshold lies between the groups; read from 0 at the lowest score and 1 at the
    # highest, what is left are the two scores in between.
    found = find_uncertainty(four_columns([0, 0.2, 0.8, 1], [0, 0, 1, 1]))
    near, far = 1 - found.superpixels[[1, 2]]
    inside, outside = (0.5 + far / 2) + 1, 0.5 - near / 2
    assert found.loss == pytest.approx(1 - inside / (2 + outside), abs=1e-6)
    assert found.margin == pytest.approx(found.superpixels.mean())


def test_scores_near_the_threshold_are_doubtful():
    clear = find_uncertainty(four_columns([0, 0.1, 0.9, 1], [0, 0, 1, 1]))
    vague = find_uncertainty(four_columns([0, 0.35, 0.65, 1], [0, 0, 1, 1]))
    for name in ("loss", "margin", "entropy", "blur", "overall"):
        assert getattr(vague, name) > getattr(clear, name)


def test_variance_within_by_hand():
    # Means .1 and .9, variance .01 within and .16 + .01 in all.
    found = find_uncertainty(four_columns([0, 0.2, 0.8, 1], [0, 0, 1, 1]))
    assert found.blur == pytest.approx(0.01 / 0.17, rel=1e-5)


def test_boxes_that_score_alike_are_doubtful():
    boxes = np.array([[5, 3, 15, 9], [0, 0, 20, 12]], np.float32)
    found = find_uncertainty(
        image_result(
            candidate_boxes=boxes, candidate_scores=np.array([0.6, 0.3], np.float32)
        )
    )
    assert found.box == pytest.approx(0.5)


def test_box_and_mask_that_disagree():
    # The box has half the width of the mask's.
    image = image_result(box=np.array([5, 3, 10, 9], np.float32))
    assert find_uncertainty(image).misfit == pytest.approx(0.5)


def test_scores_all_equal_are_undecided():
    found = find_uncertainty(four_columns([0.5] * 4, [0, 0, 1, 1]))
    assert found.margin == found.entropy == found.blur == 1
    # Every pixel is object with one half: 10 of 20 + 10.
    assert found.loss == pytest.approx(1 - 10 / 30)


def test_real_answers_stay_in_range(tiny_collection):
    result = segment(tiny_collection.open(), overrides={"superpixels.count": 40})
    for image in result.images:
        found = find_uncertainty(image)
        assert all(0 <= getattr(found, name) <= 1 for name in NAMES)
        assert found.superpixels.shape == image.superpixel_scores.shape
