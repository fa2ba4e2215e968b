"""Doubts about answers whose scores are made by hand."""

from dataclasses import replace

import numpy as np
import pytest

from napari_jcc.pipeline import segment
from napari_jcc.results import read_result, write_result
from napari_jcc.results.hints import name_doubtful
from napari_jcc.results.result import bare_image
from napari_jcc.results.uncertainty import find_uncertainty, overall_uncertainty
from results_samples import empty_image_result, image_result, result_of


def test_a_clear_answer_leaves_no_doubt():
    # The sample's scores are 1 on the mask and 0 off it.
    found = find_uncertainty(image_result())
    assert found.loss == pytest.approx(0, abs=1e-9)
    assert found.blur == pytest.approx(0, abs=1e-9)
    assert found.overall == pytest.approx(0, abs=1e-9)


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
    assert (found.loss, found.blur, found.overall) == (1, 1, 1)


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
    # Otsu's threshold lies half way between the groups, so the scores are probabilities.
    found = find_uncertainty(four_columns([0, 0.2, 0.8, 1], [0, 0, 1, 1]))
    assert found.loss == pytest.approx(1 - 1.8 / (2 + 0.2), abs=1e-6)


def test_scores_near_the_threshold_are_doubtful():
    clear = find_uncertainty(four_columns([0, 0.1, 0.9, 1], [0, 0, 1, 1]))
    vague = find_uncertainty(four_columns([0, 0.35, 0.65, 1], [0, 0, 1, 1]))
    for name in ("loss", "blur", "overall"):
        assert getattr(vague, name) > getattr(clear, name)


def test_variance_within_by_hand():
    # Means .1 and .9, variance .01 within and .16 + .01 in all.
    found = find_uncertainty(four_columns([0, 0.2, 0.8, 1], [0, 0, 1, 1]))
    assert found.blur == pytest.approx(0.01 / 0.17, rel=1e-5)


def test_scores_all_equal_are_undecided():
    found = find_uncertainty(four_columns([0.5] * 4, [0, 0, 1, 1]))
    assert found.blur == 1
    # Every pixel is object with one half: 10 of 20 + 10.
    assert found.loss == pytest.approx(1 - 10 / 30)


def test_real_answers_stay_in_range(tiny_collection):
    result = segment(tiny_collection.open(), overrides={"superpixels.count": 40})
    for image in result.images:
        found = find_uncertainty(image)
        assert 0 <= found.loss <= 1
        assert 0 <= found.blur <= 1


def with_doubt(name, share):
    """Scores that are the further from 0 and 1 the larger `share` is."""
    vague = four_columns([0, share, 1 - share, 1], [0, 0, 1, 1])
    return replace(vague, name=name)


def test_doubt_goes_into_files_and_comes_back(tmp_path):
    images = with_doubt("vague", 0.4), bare_image("drawn"), empty_image_result()
    write_result(result_of(*images), tmp_path / "out")
    again = read_result(tmp_path / "out").result
    vague, drawn, fog = map(overall_uncertainty, again.images)
    assert vague == pytest.approx(find_uncertainty(images[0]).overall)
    assert drawn is None  # of a mask alone nothing is known
    assert fog == overall_uncertainty(images[2]) > 0.4


def test_the_images_with_most_doubt_are_named_without_those_warned_of():
    shares = {"a": 0.1, "b": 0.45, "c": 0.2, "d": 0.3}
    images = [with_doubt(*pair) for pair in shares.items()]
    text = name_doubtful(result_of(*images, empty_image_result("fog")))
    doubt = [find_uncertainty(images[place]).overall for place in (1, 3)]
    assert text.startswith("first b ({:.2f}), d ({:.2f}): ".format(*doubt))
    many = result_of(*(with_doubt(f"i{number}", 0.1) for number in range(40)))
    assert name_doubtful(many).count("(") == 5


def test_no_image_is_named_where_there_is_no_choice_or_no_doubt_known():
    one = with_doubt("a", 0.3)
    assert name_doubtful(result_of(one)) == ""
    assert name_doubtful(result_of(one, empty_image_result())) == ""
    assert name_doubtful(result_of(bare_image("a"), bare_image("b"))) == ""
