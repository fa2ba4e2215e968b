"""Where a mask is right and where it is wrong, pixel by pixel."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from napari_jcc._types import ImageArray, MaskArray
from napari_jcc.evaluation.metrics import check_masks


class Agreement(IntEnum):
    """What a pixel of `map_agreement` says."""

    REST = 0
    """Rightly left out."""
    HIT = 1
    """Rightly object."""
    MISS = 2
    """Object that the mask leaves out."""
    FALSE_ALARM = 3
    """Object only in the mask."""


def map_agreement(mask: MaskArray, truth: MaskArray) -> ImageArray:
    """Compare a mask with the truth.

    Parameters
    ----------
    mask : (H, W) bool
        The answer.
    truth : (H, W) bool
        The truth.

    Returns
    -------
    codes : (H, W) uint8
        Values of `Agreement`; shown as labels they need no further work.

    Raises
    ------
    InputError
        If the masks differ in size or have no pixels.
    """
    check_masks(mask, truth)
    table = np.array(
        [[Agreement.REST, Agreement.FALSE_ALARM], [Agreement.MISS, Agreement.HIT]],
        dtype=np.uint8,
    )
    codes: ImageArray = table[truth.astype(np.intp), mask.astype(np.intp)]
    return codes
