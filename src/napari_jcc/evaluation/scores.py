"""Scores of images, and of a set, as tables and plain values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from napari_jcc.tables import format_csv

TITLES = {
    "accuracy": "P",
    "jaccard": "J",
    "boundary_f": "F",
    "box_iou": "box IoU",
    "localized": "CorLoc",
}
"""Short title of every score, in the order of the table."""


@dataclass(frozen=True)
class ImageScore:
    """Scores of one image; None where there is no truth of that sort.

    Attributes
    ----------
    name
        Name of the image.
    accuracy
        Share of pixels right (P), in [0, 1].
    jaccard
        Foreground IoU (J), in [0, 1].
    box_iou
        IoU of the box with the truth box that it meets best, in [0, 1].
    localized
        Whether that is above one half; its mean is CorLoc.
    boundary_f
        Agreement of the outlines (F), in [0, 1].
    """

    name: str
    accuracy: float | None = None
    jaccard: float | None = None
    box_iou: float | None = None
    localized: bool | None = None
    boundary_f: float | None = None


@dataclass(frozen=True)
class Evaluation:
    """Scores of a set of images.

    Attributes
    ----------
    scores
        One entry per image with truth.
    missing
        Names of the images without truth, which do not count.
    """

    scores: tuple[ImageScore, ...]
    missing: tuple[str, ...] = ()

    @property
    def means(self) -> dict[str, float | None]:
        """Mean over the images that have the score; None if none has."""
        return {key: _mean(getattr(score, key) for score in self.scores) for key in TITLES}

    def as_table(self) -> list[list[str]]:
        """Return rows of text: titles, one row per image, and the means."""
        means = self.means
        rows = [[score.name, *map(_format, _values(score))] for score in self.scores]
        last = ["mean", *(_format(means[key]) for key in TITLES)]
        return [["image", *TITLES.values()], *rows, last]

    def to_csv(self) -> str:
        """Return the table as CSV: scores in full, yes and no as 1 and 0, no means."""
        rows: list[list[Any]] = [["image", *TITLES]]
        for score in self.scores:
            values = _values(score)
            numbers = [None if value is None else float(value) for value in values]
            rows.append([score.name, *numbers])
        return format_csv(rows)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values that JSON can hold."""
        return {
            "means": self.means,
            "images": [asdict(score) for score in self.scores],
            "missing": list(self.missing),
        }


def _values(score: ImageScore) -> list[float | None]:
    return [getattr(score, key) for key in TITLES]


def _mean(values: Iterable[float | None]) -> float | None:
    known = [float(value) for value in values if value is not None]
    return float(np.mean(known)) if known else None


def _format(value: float | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3f}"
