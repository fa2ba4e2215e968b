"""What the table of images says of each, worked out off the GUI thread."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_jcc.evaluation import ImageScore
from napari_jcc.progress import Progress
from napari_jcc.results import ImageResult
from napari_jcc.results.uncertainty import overall_uncertainty
from napari_jcc.sweep.scoring import PackedTruth

_PAUSE = 0.2
"""Seconds between two reports."""


@dataclass(frozen=True)
class Rating:
    """Numbers of one image.

    Attributes
    ----------
    score
        Of its box, the best where there are several; None without a box.
    uncertainty
        `Uncertainty.overall`; None where only masks and boxes are known.
    share
        Of its pixels in the mask.
    truth
        Against the truth; None where there is none.
    """

    score: float | None
    uncertainty: float | None
    share: float
    truth: ImageScore | None = None


def rate_image(image: ImageResult, truth: PackedTruth | None) -> Rating:
    """Work out the numbers of one image.

    Raises
    ------
    InputError
        If its mask and its truth differ in size.
    """
    score = None
    if truth is not None:
        score = truth.score_image(image.name, image.mask, image.boxes, image.instances)
    return Rating(
        score=float(np.max(image.scores)) if len(image.scores) else None,
        uncertainty=overall_uncertainty(image),
        share=image.foreground_share,
        truth=score,
    )


class Rater(QObject):
    """Rates images and tells in between.

    Attributes
    ----------
    rated
        Signal with some of the ratings by place.
    """

    rated = Signal(object)

    def rate(
        self,
        images: Mapping[int, ImageResult],
        truth: PackedTruth | None,
        progress: Progress,
    ) -> None:
        """Rate images by place; may run in another thread.

        Raises
        ------
        Cancelled
            If the progress was cancelled.
        """
        progress.start("Ratings", len(images))
        found: dict[int, Rating] = {}
        told = time.monotonic()
        for place, image in images.items():
            found[place] = rate_image(image, truth)
            progress.advance()
            if time.monotonic() - told > _PAUSE:
                self.rated.emit(found)
                found, told = {}, time.monotonic()
        self.rated.emit(found)
