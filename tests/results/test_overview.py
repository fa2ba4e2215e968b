from dataclasses import replace

import numpy as np
import pytest

from napari_jcc.errors import InputError
from napari_jcc.results.captions import caption_font, wrap, write_name
from napari_jcc.results.overview import MOST_IMAGES, draw_overview, draw_tile, spread_evenly
from results_samples import Pictures, empty_image_result, image_result, result_of


def test_outline_and_box_lie_where_mask_and_box_are():
    mask = np.zeros((64, 128), bool)
    mask[16:48, 32:64] = True
    box = np.array([24, 8, 100, 56], np.float32)
    image = image_result(shape=(64, 128), mask=mask, box=box)
    tile = draw_tile(image, np.zeros((64, 128, 3), np.uint8)).astype(int)
    assert tile.shape == (128, 256, 3)
    yellow = (tile[..., 0] > 200) & (tile[..., 2] < 80)
    blue = (tile[..., 2] > 200) & (tile[..., 0] < 120)
    # Twice the size of the image; lines are two pixels wide.
    for found, (x_min, y_min, x_max, y_max) in (
        (blue, (64, 32, 128, 96)),
        (yellow, (48, 16, 200, 112)),
    ):
        rows, columns = np.nonzero(found)
        assert abs(columns.min() - x_min) <= 2
        assert abs(rows.min() - y_min) <= 2
        assert abs(columns.max() + 1 - x_max) <= 2
        assert abs(rows.max() + 1 - y_max) <= 2
    assert not blue[60, 96]
    assert (tile[60, 96] == 0).all()


def test_every_object_has_an_outline_of_its_own_colour_and_nothing_hides_it():
    instances = np.zeros((64, 128), np.int32)
    instances[10:20, 10:30], instances[10:20, 30:50], instances[40:60, 100:120] = 1, 2, 3
    image = replace(image_result(shape=(64, 128), mask=instances > 0), instances=instances)
    tile = draw_tile(image, np.zeros((64, 128, 3), np.uint8), 128)
    drawn = tile.any(axis=-1)
    assert (drawn <= (instances > 0)).all()  # no box, and no rim that covers a neighbour
    colours = [tile[instances == number] for number in (1, 2, 3)]
    outlines = [{tuple(c) for c in found.tolist()} - {(0, 0, 0)} for found in colours]
    assert [len(found) for found in outlines] == [1, 1, 1]
    assert len(set.union(*outlines)) == 3
    assert not drawn[45:55, 105:115].any()


def test_image_without_answer_is_shown_bare():
    picture = np.full((12, 20, 3), 90, np.uint8)
    assert (draw_tile(empty_image_result(), picture) == 90).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 20000), (20000, 1), (3, 700)])
def test_extreme_shapes_fit_the_tile(shape):
    image = image_result(
        mask=np.ones(shape, bool), box=np.array([0, 0, shape[1], shape[0]], np.float32)
    )
    tile = draw_tile(image, np.zeros((*shape, 3), np.uint8))
    assert max(tile.shape[:2]) == 256
    assert min(tile.shape[:2]) >= 1


def test_picture_of_another_size_than_the_mask_is_fitted():
    image = image_result(shape=(600, 1000))
    assert draw_tile(image, np.zeros((192, 320, 3), np.uint8)).shape == (154, 256, 3)


def test_large_sets_are_sampled_evenly_with_both_ends():
    assert spread_evenly(5, MOST_IMAGES) == [0, 1, 2, 3, 4]
    chosen = spread_evenly(1000, MOST_IMAGES)
    assert len(chosen) == 64
    assert (chosen[0], chosen[-1]) == (0, 999)
    steps = np.diff(chosen)
    assert steps.min() >= 15
    assert steps.max() <= 16


@pytest.mark.parametrize("count", [0, 1, 2, 7, 65])
def test_sheet_is_bounded_and_not_blank(count):
    result = result_of(*(image_result(f"cow {i}") for i in range(count)))
    sheet = draw_overview(result, Pictures(result))
    assert sheet.mode == "RGB"
    assert sheet.width <= 2180
    assert sheet.height <= 2500
    assert len(sheet.getcolors(1 << 24)) > 10


def test_sheets_of_numbered_objects_are_bounded_too():
    images = [
        replace(image_result(f"cow {i}"), instances=np.ones_like(image_result().mask, int))
        for i in range(16)
    ]
    sheet = draw_overview(result_of(*images), None)
    assert sheet.width <= 2180
    assert sheet.height <= 2500


def test_captions_differ_with_name_score_and_warning():
    def pixels(image):
        return draw_overview(result_of(image), None).tobytes()

    plain = pixels(image_result("cow"))
    bare = replace(image_result("cow"), superpixel_scores=np.zeros(0, np.float32))
    assert plain == pixels(image_result("cow"))
    assert plain != pixels(image_result("ox"))
    assert plain != pixels(image_result("cow", box_score=0.1))
    assert plain != pixels(image_result("cow", warning="only a guess"))
    assert plain != pixels(replace(bare, uncertainty=0.3)) != pixels(bare)


@pytest.mark.parametrize("name", ["long " * 60, "ü☃\n\x07", "\ud800", ""])
def test_odd_names_can_be_drawn(name):
    draw_overview(result_of(image_result(name)), None)


class Vanished(Pictures):
    """Images that were deleted while the run was on."""

    def working_image(self, number):
        raise InputError(f"Cannot read {self.names[number]}")


def test_image_that_is_gone_is_drawn_from_its_mask():
    result = result_of(image_result("cow"))
    gone = draw_overview(result, Vanished(result))
    assert gone.tobytes() == draw_overview(result, None).tobytes()


def test_captions_have_umlauts_and_greek_letters():
    font = caption_font(12)
    missing = bytes(font.getmask("\uffff"))
    assert all(bytes(font.getmask(letter)) != missing for letter in "äößµé")


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Größe µ 1", "Größe µ 1"),
        ("细胞", "image 7: …"),
        ("bild 细胞 a\nb", "image 7: bild … a…b"),
        ("\ud800", "image 7: …"),
    ],
)
def test_letters_that_the_font_lacks_give_way_to_the_number(name, written):
    assert write_name(name, 7) == written


def test_warnings_are_broken_into_lines_and_only_then_cut():
    font = caption_font(12)
    warning = "the image shows nothing: all its pixels have the same value"
    lines = wrap(warning, font, 160, 4)
    assert len(lines) > 1
    assert " ".join(lines) == warning
    assert max(map(font.getlength, lines)) <= 160
    cut = wrap(warning, font, 160, 1)
    assert len(cut) == 1
    assert "…" in cut[0]
    assert font.getlength(cut[0]) <= 160
