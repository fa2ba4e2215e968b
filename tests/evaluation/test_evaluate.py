"""Scores of whole sets, from files and from memory."""

import json
import os

import numpy as np
import pytest
from PIL import Image

from napari_jcc.config import JccConfig
from napari_jcc.errors import InputError
from napari_jcc.evaluation import (
    evaluate_folder,
    evaluate_masks,
    evaluate_result,
    score_image,
    score_objects,
)
from napari_jcc.results import write_result
from napari_jcc.results.result import ImageResult, JccResult
from results_samples import image_result, result_of

#   a: answer ##..   truth .##.      b: answer ....   truth ##..     c: no truth
#             ##..         .##.                ....         ##..
ANSWERS = {"a": (0, 2), "b": (0, 0), "c": (0, 4)}
TRUTHS = {"a": (1, 3), "b": (0, 2)}
NO_BOX = np.full(4, np.nan, np.float32)


def columns(start, stop):
    mask = np.zeros((2, 4), bool)
    mask[:, start:stop] = True
    return mask


def write(path, mask):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(mask.astype(np.uint8) * 255).save(path)


@pytest.fixture
def out(tmp_path):
    for name, span in ANSWERS.items():
        write(tmp_path / "out/masks" / f"{name}.png", columns(*span))
    (tmp_path / "out/boxes.csv").write_text(
        "image,x_min,y_min,x_max,y_max,score\na,1,0,4,2,0.9\nb,,,,,0\nc,0,0,4,2,0.1\n"
    )
    return tmp_path / "out"


@pytest.fixture
def truth(tmp_path):
    for name, span in TRUTHS.items():
        write(tmp_path / "truth" / f"{name}_mask.png", columns(*span))
    return tmp_path / "truth"


@pytest.fixture
def result():
    def answer(name):
        pieces = np.zeros((0,), np.float32)
        box = [1, 0, 4, 2] if name == "a" else NO_BOX
        return ImageResult(
            name,
            columns(*ANSWERS[name]),
            np.array(box, np.float32),
            0.5,
            pieces,
            np.zeros((0, 4), np.float32),
            pieces,
            np.zeros((2, 4), np.int32),
            np.zeros((2, 4), np.float32),
        )

    return JccResult(tuple(map(answer, "abc")), JccConfig())


def check(evaluation):
    a, b = evaluation.scores
    # Outlines one column apart, with a tolerance of one pixel.
    assert (a.boundary_f, b.boundary_f) == (1, 0)
    assert (a.name, a.accuracy, a.jaccard) == ("a", 0.5, pytest.approx(1 / 3))
    # Truth box 1 0 3 2 inside answer 1 0 4 2: 4 of 6.
    assert (a.box_iou, a.localized) == (pytest.approx(4 / 6), True)
    assert (b.accuracy, b.jaccard, b.box_iou, b.localized) == (0.5, 0, 0, False)
    assert evaluation.missing == ("c",)
    assert evaluation.means == pytest.approx(
        {
            "accuracy": 0.5,
            "jaccard": 1 / 6,
            "boundary_f": 0.5,
            "box_iou": 1 / 3,
            "localized": 0.5,
        }
    )


def test_folder_by_hand(out, truth):
    check(evaluate_folder(out, truth))


def test_result_by_hand(result):
    check(evaluate_result(result, {name: columns(*span) for name, span in TRUTHS.items()}))


def test_perfect_answer_scores_one(out):
    # The masks folder of the run serves as truth; boxes are redrawn from it.
    evaluation = evaluate_folder(out, out / "masks")
    assert evaluation.means["accuracy"] == evaluation.means["jaccard"] == 1
    assert not evaluation.missing


def test_table_of_boxes_goes_before_boxes_of_masks(out, truth):
    (truth / "boxes.csv").write_text(
        "image,x_min,y_min,x_max,y_max\na.bmp,1,0,4,2\na.bmp,0,0,1,1\n"
    )
    a, b = evaluate_folder(out, truth).scores
    assert a.box_iou == 1
    assert a.jaccard == pytest.approx(1 / 3)
    assert b.box_iou == 0


def test_boxes_only(out, tmp_path):
    table = tmp_path / "truth.csv"
    table.write_text("image,x_min,y_min,x_max,y_max\na,1,0,4,2\n")
    evaluation = evaluate_folder(out, table)
    assert [score.name for score in evaluation.scores] == ["a"]
    assert evaluation.missing == ("b", "c")
    assert evaluation.means == {
        "accuracy": None,
        "jaccard": None,
        "boundary_f": None,
        "box_iou": 1,
        "localized": 1,
    }


def test_an_overlap_of_one_half_is_not_enough(out, truth):
    row = "image,x_min,y_min,x_max,y_max,score\na,0,0,4,2,1\n"
    (out / "boxes.csv").write_text(row)
    score = evaluate_folder(out, truth).scores[0]
    assert (score.box_iou, score.localized) == (0.5, False)


def test_image_left_out_of_the_table_is_not_localized(out, truth):
    (out / "boxes.csv").write_text("image,x_min,y_min,x_max,y_max\na,1,0,4,2\n")
    assert [score.localized for score in evaluate_folder(out, truth).scores] == [
        True,
        False,
    ]


def test_run_without_boxes_is_scored_on_masks(out, truth):
    (out / "boxes.csv").unlink()
    means = evaluate_folder(out, truth).means
    assert means["jaccard"] == pytest.approx(1 / 6)
    assert means["localized"] is None


def test_image_without_object_is_not_localizable():
    score = score_image("a", columns(0, 0), [0, 0, 1, 1], columns(0, 0), None)
    assert score.jaccard == 1
    assert score.localized is None


def test_sizes_must_match(out, truth):
    write(truth / "b_mask.png", np.ones((3, 5), bool))
    with pytest.raises(InputError, match="b: the mask is 4 x 2 but its truth 5 x 3"):
        evaluate_folder(out, truth)


def test_folder_without_results(tmp_path, truth):
    with pytest.raises(InputError, match="no masks in"):
        evaluate_folder(tmp_path / "absent", truth)


def test_result_without_any_truth(result):
    with pytest.raises(InputError, match=r"None of the 3 images.*'a'"):
        evaluate_result(result, {"d": columns(0, 1)})


ODD_NAMES = ["n" * 240, "trailing ", os.fsdecode(b"f\xe4lle"), "Ox", "ox"]


def test_every_image_has_its_own_box_however_it_is_called(tmp_path):
    """Names that files and tables write otherwise, and two that differ in case alone."""
    found = result_of(*(image_result(name) for name in ODD_NAMES))
    write_result(found, tmp_path / "out")
    evaluation = evaluate_folder(tmp_path / "out", tmp_path / "out")
    assert {score.name: score.box_iou for score in evaluation.scores} == (
        dict.fromkeys(ODD_NAMES, 1.0)
    )


def test_edited_masks_are_scored_without_a_result():
    answers = {name: columns(*span) for name, span in ANSWERS.items()}
    truth = {name: columns(*span) for name, span in TRUTHS.items()}
    evaluation = evaluate_masks(answers, truth)
    assert [score.name for score in evaluation.scores] == ["a", "b"]
    assert evaluation.missing == ("c",)
    assert evaluation.means["jaccard"] == pytest.approx(1 / 6)
    assert evaluation.means["localized"] is None
    boxes = {"a": np.array([1, 0, 3, 2], np.float32)}
    a, b = evaluate_masks(answers, truth, boxes).scores
    assert (a.box_iou, b.box_iou) == (1, 0)


def test_result_with_boxes_only(result):
    evaluation = evaluate_result(result, {}, {"a": np.array([[1, 0, 4, 2]], np.float32)})
    assert evaluation.means["localized"] == 1
    assert evaluation.means["jaccard"] is None


def test_names_come_in_natural_order(tmp_path):
    for name in ("n10", "n9", "n1"):
        write(tmp_path / "out/masks" / f"{name}.png", columns(0, 1))
    scores = evaluate_folder(tmp_path / "out", tmp_path / "out/masks").scores
    assert [score.name for score in scores] == ["n1", "n9", "n10"]


def test_table_and_json(out, truth):
    evaluation = evaluate_folder(out, truth)
    assert evaluation.as_table() == [
        ["image", "P", "J", "F", "box IoU", "CorLoc"],
        ["a", "0.500", "0.333", "1.000", "0.667", "yes"],
        ["b", "0.500", "0.000", "0.000", "0.000", "no"],
        ["mean", "0.500", "0.167", "0.500", "0.333", "0.500"],
    ]
    assert repr(evaluation) == (
        "Evaluation(2 images: P 0.500, J 0.167, F 0.500, box IoU 0.333, CorLoc 0.500; "
        "1 without truth)"
    )
    assert evaluation.to_csv().splitlines() == [
        "image,accuracy,jaccard,boundary_f,box_iou,localized",
        f"a,0.5,{1 / 3},1.0,{np.float64(4 / 6)},1.0",
        "b,0.5,0.0,0.0,0.0,0.0",
    ]
    values = json.loads(json.dumps(evaluation.to_dict()))
    assert values["missing"] == ["c"]
    assert values["images"][1]["localized"] is False
    assert values["means"]["localized"] == 0.5


def test_scores_without_truth_read_as_dashes(out, tmp_path):
    table = tmp_path / "truth.csv"
    table.write_text("image,x_min,y_min,x_max,y_max\na,1,0,4,2\n")
    assert evaluate_folder(out, table).as_table()[1] == [
        "a",
        "-",
        "-",
        "-",
        "1.000",
        "yes",
    ]


NUMBERED = np.array([[1, 1, 0, 3, 3, 0], [1, 1, 0, 3, 3, 5]])
"""Three objects, numbers left out."""
FOUND = np.array([[1, 1, 0, 2, 2, 2], [1, 0, 0, 2, 2, 2]])
"""One of them too small, with IoU 3/4, and two taken for one, which is 2/3 of the first."""


def test_objects_are_matched_one_to_one():
    score = score_objects(FOUND, NUMBERED)
    assert (score.found, score.true) == (2, 3)
    assert (score.f1, score.ap) == (pytest.approx(4 / 5), pytest.approx(2 / 3))
    half = score_objects(np.where(FOUND == 2, 2, 0), NUMBERED * (NUMBERED != 3))
    assert (half.found, half.true, half.f1) == (1, 2, 0)
    nothing = np.zeros_like(FOUND)
    assert score_objects(nothing, nothing).f1 == 1
    with pytest.raises(InputError, match="but the true ones"):
        score_objects(FOUND, NUMBERED[:1])


@pytest.mark.parametrize("numbered", [True, False])
def test_numbered_objects_are_scored_where_the_truth_numbers_them(tmp_path, numbered):
    truth = NUMBERED if numbered else (NUMBERED > 0) * 1
    for name, found in {"a": FOUND, "b": FOUND > 9}.items():
        write(tmp_path / "out/masks" / f"{name}.png", found > 0)
        folder = tmp_path / "truth"
        folder.mkdir(exist_ok=True)
        Image.fromarray((truth * (name == "a")).astype(np.uint16)).save(
            folder / f"{name}.png"
        )
    (tmp_path / "out/instances").mkdir()  # b has one object at most, and no file
    Image.fromarray(FOUND.astype(np.uint8)).save(tmp_path / "out/instances/a.png")
    evaluation = evaluate_folder(tmp_path / "out", tmp_path / "truth")
    titles, first, _, mean = evaluation.as_table()
    assert ("F1@.5" in titles, "CorLoc" in titles) == (numbered, not numbered)
    assert evaluation.to_dict()["images"][0]["objects"] == (
        {"found": 2, "true": 3, "f1": 0.8, "ap": pytest.approx(2 / 3)} if numbered else None
    )
    assert ("f1" in evaluation.means) == numbered
    if numbered:
        assert first[4:] == ["2", "3", "0.800", "0.667"]
        assert mean[4:] == ["1.000", "1.5", "0.900", "0.833"]
        assert evaluation.to_csv().splitlines()[0].endswith(",found,true,f1,ap")


def test_objects_of_a_result_in_memory_are_scored(result):
    truth = {name: columns(*span) for name, span in TRUTHS.items()}
    objects = {name: mask.astype(np.int32) for name, mask in truth.items()}
    a, b = evaluate_result(result, truth, objects=objects).scores
    assert (a.objects.found, a.objects.true, a.objects.f1) == (1, 1, 0)
    assert (b.objects.found, b.objects.true) == (0, 1)


@pytest.mark.parametrize("truth", [NUMBERED, (NUMBERED > 0) * 1], ids=["numbers", "mask"])
def test_a_result_has_the_scores_of_its_folder(tmp_path, truth):
    boxes = np.array([[0, 0, 2, 2], [3, 0, 6, 2]], np.float32)
    several = image_result(
        "a", mask=FOUND > 0, box=boxes[1], instances=FOUND, instance_boxes=boxes,
        instance_scores=np.ones(2, np.float32),
    )  # fmt: skip
    found = result_of(several, image_result("b"), image_result("c"))
    write_result(found, tmp_path / "out")
    (tmp_path / "truth").mkdir()
    for name, values in {"a": truth, "b": found.images[1].mask}.items():
        numbers = Image.fromarray(values.astype(np.uint16))
        numbers.save(tmp_path / "truth" / f"{name}.png")
    scores = evaluate_result(found, str(tmp_path / "truth"))
    assert scores == evaluate_folder(tmp_path / "out", tmp_path / "truth")
    assert (scores.missing, scores.scores[0].box_iou) == (("c",), 1)  # of the better box
