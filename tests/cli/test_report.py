import io
from pathlib import Path
from unittest import mock

import numpy as np
from rich.console import Console

from napari_jcc.cli.report import show_scores, show_summary
from napari_jcc.config import get_preset
from napari_jcc.evaluation import Evaluation, ImageScore
from results_samples import empty_image_result, image_result, result_of


def shown(show, *arguments):
    console = Console(file=io.StringIO(), width=100)
    with mock.patch("napari_jcc.cli.report.Console", return_value=console):
        show(*arguments)
    return console.file.getvalue()


def test_summary_tells_all_that_matters():
    result = result_of(
        image_result("cow"),
        empty_image_result("fog"),
        skipped={"a.txt": "not an image"},
        seconds={"regions": 1.25, "solve": 0.5},
        measured={"saliency.object_width": 0.04, "saliency.polarity": "darker"},
    )
    text = shown(show_summary, result, Path("my out"))
    for part in (
        "2 done, 1 without object",
        "a.txt: not an image",
        "fog: No box survived",
        "1.8 (regions 1.2, solve 0.5)",
        "saliency.object_width 0.04, saliency.polarity darker",
        "my out/overview.png",
        "napari-jcc evaluate 'my out' --truth",
    ):
        assert part in text


def test_what_did_not_happen_is_not_mentioned():
    text = shown(show_summary, result_of(image_result()), Path("out"))
    assert "1 done" in text
    for word in ("without", "Skipped", "Warning", "Objects", "Check", "Seconds"):
        assert word not in text


def test_the_images_to_look_at_first_are_named():
    vague = image_result("ox", superpixel_scores=np.array([0.6, 0.6], np.float32))
    text = shown(show_summary, result_of(image_result("cow"), vague), Path("out"))
    assert "Check    first ox (0.90)" in text
    assert "run.json has it for all" in text


def test_masks_of_the_whole_field_bring_up_the_preset_for_many_objects():
    field = result_of(image_result(mask=np.ones((4, 4), bool)))
    assert "the preset many" in shown(show_summary, field, Path("out"))
    small = result_of(image_result(mask=np.eye(4, dtype=bool)))
    assert "the preset many" not in shown(show_summary, small, Path("out"))


def test_what_stands_out_like_the_object_brings_up_that_preset_too():
    salient = np.zeros((12, 60), np.float32)
    salient[3:9, 5:15] = salient[3:9, 20:26] = salient[3:9, 30:40] = 0.9
    alone = image_result(shape=salient.shape, saliency_map=salient)
    assert "Hint" not in shown(show_summary, result_of(alone), Path("out"))
    salient[3:9, 45:50] = 0.8
    one_of_many = image_result(shape=salient.shape, saliency_map=salient)
    text = shown(show_summary, result_of(one_of_many), Path("out"))
    assert "the preset many" in text


def test_pieces_of_similar_size_bring_up_that_preset_too():
    mask = np.zeros((12, 60), bool)
    mask[3:9, 5:15] = mask[3:9, 20:26] = mask[3, 50] = True
    assert "the preset many" not in shown(
        show_summary, result_of(image_result(mask=mask)), Path("out")
    )
    mask[3:9, 30:40] = True
    assert "the preset many" in shown(
        show_summary, result_of(image_result(mask=mask)), Path("out")
    )


def test_scores_that_do_not_tell_the_object_apart_bring_up_what_helps():
    def said(scores, preset="fast"):
        columns = np.repeat(np.arange(4), 10)[None].astype(np.int32)
        image = image_result(
            shape=(1, 40),
            mask=columns > 2,
            superpixel_scores=np.array(scores, np.float32),
            label_map=columns,
            saliency_map=np.zeros((1, 40), np.float32),
        )
        result = result_of(image, config=get_preset(preset))
        return shown(show_summary, result, Path("out"))

    assert "Hint" not in said([0, 0.02, 0.1, 1])
    assert "the preset photo" in said([0, 0.4, 0.6, 1])
    assert "Hint" not in said([0, 0.4, 0.6, 1], "photo")  # tried already


def test_masks_of_what_lies_between_many_objects_bring_up_their_width():
    mask = np.ones((12, 20), bool)
    many = result_of(
        image_result(mask=mask, instances=mask.astype(np.int32)), config=get_preset("many")
    )
    assert "saliency.object_width" in shown(show_summary, many, Path("out"))


def test_long_lists_are_cut_and_names_are_not_taken_for_markup():
    skipped = {f"[red]{number}.txt": f"damaged at {number}" for number in range(30)}
    text = shown(show_summary, result_of(image_result(), skipped=skipped), Path("[b]out"))
    assert "[red]9.txt" in text
    assert "[red]10.txt" not in text
    assert "and 20 more, all in run.json" in text
    assert "[b]out" in text


def test_files_left_out_for_one_reason_share_a_line():
    skipped = {f"/data/{number}.txt": "not an image" for number in range(30)}
    text = shown(show_summary, result_of(image_result(), skipped=skipped), Path("out"))
    assert "Skipped  0.txt, 1.txt, 2.txt and 27 more: not an image" in text


def test_images_that_fail_for_one_reason_share_a_line():
    result = result_of(*(empty_image_result(f"day/{number}") for number in range(30)))
    text = shown(show_summary, result, Path("out"))
    assert "Warning  day/0, day/1, day/2 and 27 more: No box survived" in text


def test_scores_are_a_table_with_means():
    scores = Evaluation(
        (
            ImageScore("cow", 0.9, 0.5, 0.25, False, 0.4),
            ImageScore("[i]ox", 0.8, 0.7, 0.75, True, 0.6),
        ),
        missing=tuple(f"fog{number}" for number in range(12)),
    )
    text = shown(show_scores, scores)
    rows = [line.replace("│", " ").split() for line in text.splitlines()]
    assert ["cow", "0.900", "0.500", "0.400", "0.250", "no"] in rows
    assert ["[i]ox", "0.800", "0.700", "0.600", "0.750", "yes"] in rows
    assert ["mean", "0.850", "0.600", "0.500", "0.500", "0.500"] in rows
    assert "not counted: fog0, fog1," in text
    assert "fog9 and 2 more" in " ".join(text.split())
