"""Coins cut from the photograph that comes inside scikit-image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from skimage import data

from napari_jcc._types import ImageArray

# x_min, y_min, x_max, y_max of the 24 coins in the photograph of 384 x 303 pixels, by a
# local threshold; good to about 2 pixels, which is enough to cut around a coin.
_COINS = np.array(
    [
        (22, 35, 67, 74),
        (81, 39, 120, 74),
        (132, 29, 179, 74),
        (192, 30, 240, 73),
        (255, 34, 297, 72),
        (305, 16, 365, 72),
        (25, 104, 67, 145),
        (84, 107, 122, 145),
        (134, 110, 174, 145),
        (186, 105, 227, 145),
        (245, 96, 296, 144),
        (317, 105, 356, 145),
        (25, 178, 63, 217),
        (80, 175, 124, 217),
        (135, 179, 174, 217),
        (189, 170, 237, 217),
        (251, 172, 297, 217),
        (315, 156, 379, 218),
        (18, 233, 75, 288),
        (92, 245, 136, 287),
        (144, 236, 201, 288),
        (220, 240, 270, 288),
        (274, 239, 326, 288),
        (336, 248, 382, 289),
    ]
)
_LEAST_MARGIN = 3  # pixels
_MOST_MARGIN = 36
_TRIALS = 400


def cut_coins(rng: np.random.Generator) -> tuple[ImageArray, ...]:
    """Cut a rectangle around each of the 24 coins, with the coin rarely in its centre.

    Returns
    -------
    images : each (H, W) uint8
        About 50 to 100 pixels a side; no other coin reaches into a rectangle.
    """
    photograph = np.asarray(data.coins(), np.uint8)
    pieces = (
        _choose_window(number, photograph.shape, rng) for number in range(len(_COINS))
    )
    return tuple(photograph[y0:y1, x0:x1].copy() for x0, y0, x1, y1 in pieces)


def _choose_window(
    number: int, shape: tuple[int, ...], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw windows with random margins, and take the largest that holds one coin only."""
    margins = rng.integers(_LEAST_MARGIN, _MOST_MARGIN + 1, (_TRIALS, 4))
    margins[0] = _LEAST_MARGIN  # holds for every coin, so that there is always an answer
    windows = _COINS[number] + margins * (-1, -1, 1, 1)
    height, width = shape
    windows = np.clip(windows, 0, (width, height, width, height))
    others = np.delete(_COINS, number, axis=0)
    apart = (
        (windows[:, None, 2] <= others[:, 0] - 2)
        | (windows[:, None, 0] >= others[:, 2] + 2)
        | (windows[:, None, 3] <= others[:, 1] - 2)
        | (windows[:, None, 1] >= others[:, 3] + 2)
    ).all(axis=1)
    areas = (windows[:, 2] - windows[:, 0]) * (windows[:, 3] - windows[:, 1])
    return np.asarray(windows[np.argmax(np.where(apart, areas, -1))])
