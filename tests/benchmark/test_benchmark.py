import csv
import io
import json

import numpy as np
import pytest

from labelled_trees import SHAPE, gray, object_mask, picture, save
from napari_jcc.benchmark import Benchmark, ImageTruth, Method, find_methods, load_set
from napari_jcc.benchmark.scores import (
    MEASURES,
    ClassScore,
    compare_image,
    difference_interval,
    mean_interval,
)
from napari_jcc.benchmark.sets import SETS
from napari_jcc.benchmark.tables import PRINTED, Scores, format_markdown, format_scores
from napari_jcc.config import apply_overrides, get_preset
from napari_jcc.errors import InputError
from napari_jcc.evaluation import ImageScore

TRIVIAL = ["background", "foreground", "centre"]


@pytest.fixture
def root(tmp_path):
    """Two classes of three images, object and truth the same block everywhere."""
    for name in ("cat", "dog"):
        for number in range(3):
            save(tmp_path / "set" / "images" / name / f"{number}.png", picture(number))
            save(tmp_path / "set" / "masks" / name / f"{number}.png", gray(object_mask()))
    return tmp_path / "set"


@pytest.fixture
def quick():
    changes = {"superpixels.count": 40, "boxes.method": "grid", "decode.iterations": 1}
    return apply_overrides(get_preset("fast"), {**changes, "runtime.workers": 1})


def benchmark(root, out, config, methods=TRIVIAL, classes=(), **options):
    found = load_set("folder", root, classes)
    return Benchmark("folder", found, find_methods(methods), config, out, **options)


def test_trivial_answers_score_what_they_must(root, tmp_path, quick):
    scores, notes = benchmark(root, tmp_path / "out", quick).run()
    share = 100 * object_mask().mean()
    for name in ("cat", "dog"):
        background = scores.by_method[Method.BACKGROUND][name]
        np.testing.assert_allclose(
            list(background.values("accuracy").values()), 100 - share
        )
        assert set(background.values("jaccard").values()) == {0.0}
        assert set(background.values("box_iou").values()) == {0.0}
        foreground = scores.by_method[Method.FOREGROUND][name]
        np.testing.assert_allclose(list(foreground.values("jaccard").values()), share)
        # The truth is one block, so that mask and box overlap alike.
        np.testing.assert_allclose(list(foreground.values("box_iou").values()), share)
    changes = "superpixels.count=40 boxes.method=grid"
    assert notes == (f"settings: preset fast with {changes}",)


def test_the_joint_program_finds_a_bright_block(root, tmp_path, quick):
    methods = ["joint", "separate", "saliency", "refit", "cover"]
    task = benchmark(root, tmp_path / "out", quick, methods, ["cat"])
    scores, notes = task.run()
    for method in (Method.JOINT, Method.SALIENCY):
        assert mean_interval(scores.by_method[method].values(), "jaccard").mean > 80
    assert Method.COVER not in scores.by_method
    (note,) = (note for note in notes if note.startswith("cover"))
    assert f"- {note}" in (tmp_path / "out" / "tables.md").read_text()
    # The first method found nothing in the cache, those after it share its stages.
    assert scores.by_method[Method.JOINT]["cat"].seconds > 0
    assert scores.by_method[Method.SEPARATE]["cat"].seconds is None


def test_on_request_every_method_is_timed(root, tmp_path, quick):
    methods = ["saliency", "b2", "sal"]
    task = benchmark(root, tmp_path / "out", quick, methods, ["cat"], timed=True)
    scores, _ = task.run()
    assert all(found["cat"].seconds > 0 for found in scores.by_method.values())
    assert scores.by_method[Method.SAL]["cat"].values("jaccard") == {}


def test_what_is_there_is_not_done_again(root, tmp_path, quick, monkeypatch):
    out = tmp_path / "out"
    first, _ = benchmark(root, out, quick).run()
    texts = {path.name: path.read_text() for path in out.glob("tables.*")}
    for name in ("predictions.write_result", "scores.read_mask"):
        monkeypatch.setattr(f"napari_jcc.benchmark.{name}", None)
    second, _ = benchmark(root, out, quick).run()
    assert second == first
    assert {path.name: path.read_text() for path in out.glob("tables.*")} == texts


@pytest.mark.parametrize("damage", ["other settings", "damaged", "other images"])
def test_other_answers_are_not_taken_for_these(damage, root, tmp_path, quick):
    out = tmp_path / "out"
    benchmark(root, out, quick, ["background"]).run()
    mark = out / "predictions" / "cat" / "background.json"
    before = mark.read_bytes()
    if damage == "other settings":
        quick = apply_overrides(quick, {"problem.nu": 0.7})
    elif damage == "damaged":
        mark.write_text("{")
    else:
        (root / "images" / "cat" / "0.png").unlink()
    scores, _ = benchmark(root, out, quick, ["background"]).run()
    expected = 2 if damage == "other images" else 3
    assert len(scores.by_method[Method.BACKGROUND]["cat"].images) == expected
    assert (mark.read_bytes() == before) == (damage == "damaged") or damage == "damaged"
    assert json.loads(mark.read_text())["key"]


def test_an_image_that_cannot_be_read_counts_as_empty(root, tmp_path, quick):
    # The head is whole, the pixels are not.
    path = root / "images" / "cat" / "1.png"
    path.write_bytes(path.read_bytes()[:200])
    scores, _ = benchmark(root, tmp_path / "out", quick, ["saliency"], ["cat"]).run()
    found = scores.by_method[Method.SALIENCY]["cat"].values("jaccard")
    assert found["1"] == 0
    assert found["0"] > 80


def test_open_pixels_are_not_scored():
    truth, answer, ignored = (np.zeros((2, 4), bool) for _ in range(3))
    truth[0], answer[0, :2], ignored[0, 2:] = True, True, True
    boxes = np.array([[0, 0, 4, 1]], np.float32)
    given = compare_image("a", answer, boxes, ImageTruth(boxes, truth, ignored))
    assert (given.accuracy, given.jaccard, given.box_iou) == (1.0, 1.0, 1.0)
    whole = compare_image("a", answer, boxes, ImageTruth(boxes, truth))
    assert (whole.accuracy, whole.jaccard) == (0.75, 0.5)


def test_an_answer_of_another_size_is_refused():
    truth = ImageTruth(np.zeros((0, 4), np.float32), np.zeros((2, 2), bool))
    with pytest.raises(InputError, match="different copies"):
        compare_image("a", np.zeros(SHAPE, bool), np.zeros((0, 4), np.float32), truth)


def scored(method, values, name="cat"):
    images = tuple(
        ImageScore(str(number), value, value, value, value > 0.5)
        for number, value in enumerate(values)
    )
    return {name: ClassScore(method, name, images, 0.5)}


def test_differences_are_taken_image_by_image():
    ours = scored(Method.JOINT, [0.9, 0.5, 0.1])
    theirs = scored(Method.SEPARATE, [0.8, 0.4, 0.0])
    found = difference_interval(ours, theirs, "jaccard")
    assert found == pytest.approx((10, 10, 10))


def test_tables_hold_means_intervals_and_what_was_printed():
    ours = scored(Method.JOINT, [0.9, 0.7]) | scored(Method.JOINT, [0.4], "dog")
    theirs = scored(Method.SAL, [0.1, 0.1]) | scored(Method.SAL, [0.1], "dog")
    scores = Scores("msrc", "MSRC v2", {Method.JOINT: ours, Method.SAL: theirs})
    text = format_markdown(scores)
    assert "| joint | 60.0 [55.0, 65.0] |" in text
    assert "| cat | 80.0 | 10.0 | - | - |" in text
    assert "| mean | 60.0 | 10.0 | 85.0 | 86.6 |" in text
    assert "arXiv 1705.06000 *(printed)*" in text
    rows = list(csv.DictReader(io.StringIO(format_scores(scores))))
    mean = [row for row in rows if (row["class"], row["measure"]) == ("mean", "J")]
    assert [(row["method"], row["value"], row["source"]) for row in mean] == [
        ("joint", "60.00", "measured"),
        ("sal", "10.00", "measured"),
    ]
    printed = [row for row in rows if row["source"] == "printed"]
    assert [(row["method"], row["value"]) for row in printed] == [
        ("arXiv 1705.06000", "85.00"),
        ("WHG13", "86.60"),
    ]


def test_figures_of_papers_are_of_sets_and_measures_that_there_are():
    assert set(PRINTED) <= set(SETS)
    for figures in PRINTED.values():
        assert {each.measure for each in figures} <= set(MEASURES)
