"""What is narrow and differs from its surroundings."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from napari_jcc.config import BoxConfig, SaliencyConfig, SuperpixelConfig
from napari_jcc.regions.boxes import (
    box_excess,
    candidate_boxes,
    choose_boxes,
    count_objects,
)
from napari_jcc.regions.local_contrast import local_contrast
from napari_jcc.regions.superpixels import find_superpixels
from napari_jcc.results.smooth import split_by_otsu

DARK = SaliencyConfig(method="local_contrast", object_width=0.08, polarity="darker")


@pytest.fixture
def field():
    """Return a lit field on black with two dark rods and one bright one."""
    image = np.full((140, 160, 3), 10, np.uint8)
    cv2.circle(image, (80, 70), 60, (200, 200, 200), -1)
    image[34:38, 60:100] = image[50:90, 40:44] = 100
    image[70:74, 60:120] = 255
    return image


def test_rods_stand_out_and_the_field_does_not(field):
    found = local_contrast(field, DARK)
    assert found.shape == (140, 160)
    assert found[36, 80] > 0.8
    assert found[70, 42] > 0.8
    assert found[72, 90] < 0.05
    assert found[70, 23] < 0.05  # the edge of the field
    assert found[2, 2] < 0.05


def test_polarity_says_which_rods(field):
    bright = local_contrast(field, DARK.model_copy(update={"polarity": "brighter"}))
    either = local_contrast(field, DARK.model_copy(update={"polarity": "either"}))
    assert bright[72, 90] > 0.5 > bright[36, 80]
    assert min(either[72, 90], either[36, 80]) > 0.3


@pytest.mark.parametrize("polarity", ["brighter", "darker", "either"])
@pytest.mark.parametrize("ground", [0, 120])
def test_outlines_lie_where_the_light_is_half_way(ground, polarity):
    """Blurred discs, some half as strong as the others."""
    light = np.zeros((300, 300), np.float32)
    for number, centre in enumerate(np.ndindex(5, 5)):
        place = tuple(30 + 60 * step for step in centre)
        cv2.circle(light, place, 13, (0.5, 1.0)[number % 2], -1)
    true = light > 0
    shown = ground + (220 - ground) * cv2.GaussianBlur(light, (0, 0), 1.5)
    if polarity == "darker":
        shown = 255 - shown
    image = np.repeat(np.rint(shown).astype(np.uint8)[:, :, None], 3, axis=2)
    config = DARK.model_copy(update={"object_width": 0.11, "polarity": polarity})
    mask = split_by_otsu(local_contrast(image, config))
    assert 0.95 < mask.sum() / true.sum() < 1.05
    assert (mask & true).sum() > 0.9 * (mask | true).sum()


def test_an_even_image_has_no_contrast():
    assert not local_contrast(np.full((20, 30, 3), 90, np.uint8), DARK).any()


def test_objects_are_counted_and_boxed(field):
    found = local_contrast(field, DARK)
    assert count_objects(found, BoxConfig(objects=0, smallest_area=0.005)) == 2
    assert count_objects(found, BoxConfig(objects=7)) == 7
    assert count_objects(np.zeros((9, 9), np.float32), BoxConfig(objects=0)) == 1

    config = BoxConfig(objects=0, smallest_area=0.005, overlap_limit=0.3)
    none = np.zeros((0, 4), np.int64)
    candidates = candidate_boxes(none, found, config)
    pieces = find_superpixels(field, SuperpixelConfig(count=2000))
    boxes, _ = choose_boxes(candidates, box_excess(candidates, found), pieces, config)
    assert len(boxes) == 2
    for rod in ((60, 34, 100, 38), (40, 50, 44, 90)):
        assert np.abs(boxes - rod).max(axis=1).min() <= 3


def test_disks_of_any_size_do_not_break_it():
    image = np.zeros((8, 8, 3), np.uint8)
    cv2.circle(image, (4, 4), 2, (255, 255, 255), -1)
    for width in (0.001, 1.0):
        config = DARK.model_copy(update={"object_width": width, "polarity": "either"})
        assert np.isfinite(local_contrast(image, config)).all()
