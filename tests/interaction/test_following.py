"""Strokes settle what looks like them: a picture of a square grid of superpixels."""

import numpy as np
import pytest
from scipy import sparse

from napari_jcc.interaction.edit import BACKGROUND, OBJECT
from napari_jcc.interaction.following import Appearance, follow_marks
from napari_jcc.regions import ImageRegions
from napari_jcc.regions.superpixels import measure_superpixels

SIDE, CELL = 160, 16
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE]
FOREST = (ROWS >= 80) & (ROWS < 144)
DISK = (ROWS - 52) ** 2 + (COLUMNS - 72) ** 2 < 24**2
NOTHING = np.zeros((SIDE, SIDE), np.bool_)


def follow(mask, drawn_on, marks, appearance, prior=None):
    """Follow marks where the prior says what the mask does."""
    prior = mask.astype(np.float32) if prior is None else prior
    return follow_marks(mask, prior, drawn_on, marks, appearance)


@pytest.fixture(scope="module")
def appearance() -> Appearance:
    """A red disk on a light ground, and a green forest under it, with noise."""
    image = np.full((SIDE, SIDE, 3), (200, 200, 210))
    image[FOREST], image[DISK] = (60, 120, 60), (190, 60, 60)
    image = image + np.random.default_rng(0).normal(0, 5, image.shape)
    image = np.clip(image, 0, 255).astype(np.uint8)
    return Appearance(image, squares(image))


def squares(image) -> ImageRegions:
    grid = (ROWS // CELL) * (SIDE // CELL) + COLUMNS // CELL
    return ImageRegions(
        superpixels=measure_superpixels(grid, image),
        saliency_map=np.zeros((SIDE, SIDE), np.float32),
        boxes=np.zeros((0, 4), np.float32),
        box_merit=np.zeros(0, np.float32),
        overlap=sparse.csr_array((0, (SIDE // CELL) ** 2)),
    )


def stroke(kind, rows, columns):
    marks = np.zeros((SIDE, SIDE), np.uint8)
    marks[rows, columns] = kind
    return marks


def test_a_line_in_the_forest_crosses_out_what_looks_like_it_around(appearance):
    wrong = FOREST | DISK
    marks = stroke(BACKGROUND, slice(110, 114), slice(64, 96))
    found = follow(wrong, wrong, marks, appearance)
    assert not found[100:124, 56:104].any()
    kept = follow(wrong, wrong, np.zeros_like(marks), appearance)
    np.testing.assert_array_equal(found[:68], kept[:68])
    assert (kept == wrong).mean() > 0.99


def test_a_line_along_a_rim_does_not_take_what_lies_beyond_it(appearance):
    """The pixels drawn on are the disk's, most of their superpixel is the ground's."""
    marks = stroke(OBJECT, slice(29, 32), slice(66, 78))
    assert DISK[marks > 0].all()
    assert DISK[16:32, 64:80].mean() < 0.25
    found = follow(NOTHING, NOTHING, marks, appearance)
    assert not found[~DISK & ~(marks > 0)].any()


def test_marks_that_confirm_the_mask_leave_it(appearance):
    marks = stroke(OBJECT, slice(100, 104), slice(0, 16)) + stroke(
        BACKGROUND, slice(60, 64), slice(16, 32)
    )
    found = follow(FOREST, FOREST, marks, appearance)
    assert (found == FOREST).mean() > 0.99


def test_outlines_are_those_of_the_image_not_of_superpixels(appearance):
    whole = np.kron(DISK[8::CELL, 8::CELL], np.ones((CELL, CELL), np.bool_))
    marks = stroke(OBJECT, slice(48, 56), slice(60, 84))
    found = follow(whole, whole, marks, appearance)
    assert (found != DISK).sum() < 0.2 * (whole != DISK).sum()


def test_a_doubtful_mask_gives_way_sooner(appearance):
    """A stroke on the left of the forest reaches as far as the prior is in doubt."""
    marks = stroke(BACKGROUND, slice(110, 114), slice(0, 24))
    sure, unsure = FOREST.astype(np.float32), np.where(FOREST, 0.2, 0.0).astype(np.float32)
    left = [follow(FOREST, FOREST, marks, appearance, p).sum() for p in (sure, unsure)]
    assert left[1] < 0.8 * left[0]


def test_what_the_mask_drawn_on_had_wrong_was_wrong(appearance):
    wrong = FOREST | DISK
    marks = stroke(BACKGROUND, slice(110, 114), slice(64, 96))
    found = follow(wrong, wrong, marks, appearance)
    confirmed = follow(wrong, DISK, marks, appearance)
    assert (FOREST & ~confirmed).sum() < 0.15 * (FOREST & ~found).sum()


def test_masks_of_another_size_are_brought_to_that_of_the_marks(appearance):
    wrong = FOREST | DISK
    marks = stroke(BACKGROUND, slice(110, 114), slice(64, 96))
    large = wrong.repeat(3, axis=0).repeat(3, axis=1)
    np.testing.assert_array_equal(
        follow(wrong, large, marks, appearance),
        follow(wrong, wrong, marks, appearance),
    )


def test_an_image_of_one_colour_is_compared_by_place():
    image = np.full((SIDE, SIDE, 3), 90, np.uint8)
    plain = Appearance(image, squares(image))
    assert np.isfinite(plain.superpixels).all()
    marks = stroke(OBJECT, slice(0, 16), slice(0, 16))
    found = follow(NOTHING, NOTHING, marks, plain)
    assert found[:16, :16].all() and not found[SIDE // 2 :, SIDE // 2 :].any()
