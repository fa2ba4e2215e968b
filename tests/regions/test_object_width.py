"""What the images tell of the width and the polarity of their objects."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from napari_jcc.config import SaliencyConfig
from napari_jcc.regions import fit_saliency, vote_on_width

LEFT_OPEN = SaliencyConfig(method="local_contrast")
WIDE = 0.07
"""Of the longer side: 28 of 400 pixels."""


def draw(seed: int) -> np.ndarray:
    """Draw dark discs and long rods of one width in a lit field on black, with noise."""
    rng = np.random.default_rng(seed)
    scene = np.full((300, 400), 0.05, np.float32)
    cv2.circle(scene, (200, 150), 145, 0.7, -1)
    for row, column in ((70, 130), (70, 210), (150, 110), (150, 270)):
        cv2.circle(scene, (column + seed, row), 14, 0.35, -1)
    cv2.line(scene, (130, 220), (250, 220), 0.35, 28)
    scene = cv2.GaussianBlur(
        scene * np.linspace(0.7, 1.2, 400, dtype=np.float32), (0, 0), 2
    )
    noisy = scene + 0.02 * rng.standard_normal(scene.shape)
    return np.repeat(np.clip(noisy * 255, 0, 255).astype(np.uint8)[..., None], 3, axis=-1)


@pytest.fixture(scope="module")
def images():
    return [draw(seed) for seed in range(2)]


@pytest.mark.parametrize(("invert", "polarity"), [(False, "darker"), (True, "brighter")])
def test_a_set_tells_how_wide_its_objects_are_and_whether_dark(images, invert, polarity):
    votes = [vote_on_width(255 - image if invert else image) for image in images]
    found = fit_saliency(LEFT_OPEN, votes)
    assert found.polarity == polarity
    assert WIDE < found.object_width < 2 * WIDE
    assert not found.measures_objects


def test_what_the_user_sets_is_kept(images):
    votes = [vote_on_width(image) for image in images]
    width = LEFT_OPEN.model_copy(update={"object_width": 0.013})
    assert fit_saliency(width, votes).object_width == 0.013
    either = LEFT_OPEN.model_copy(update={"polarity": "either"})
    assert fit_saliency(either, votes).polarity == "either"
    votes[0][1, 20] = 50 * votes[0].sum()  # brighter things of one width
    brighter = LEFT_OPEN.model_copy(update={"polarity": "brighter"})
    assert fit_saliency(brighter, votes).object_width < WIDE / 2


def test_even_images_tell_nothing():
    votes = [vote_on_width(np.full((20, 30, 3), 90, np.uint8))]
    found = fit_saliency(LEFT_OPEN, votes)
    assert (found.object_width, found.polarity) == (0.025, "either")
